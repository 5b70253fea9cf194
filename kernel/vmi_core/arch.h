/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls that the architecture counts on the way from a call site to a provider */
#ifndef _VMI_ARCH_H
#define _VMI_ARCH_H

#include "table.h"

/* Calls of an op are not counted, counted, or counted and measured. */
enum vmi_counting {
	VMI_COUNTING_OFF,
	VMI_COUNTING_CALLS,
	VMI_COUNTING_LATENCY,
};

/* x86/site.c */
DECLARE_PER_CPU(u64 [VMI_NR_OPS], vmi_op_calls);
void vmi_arch_count(vmi_opmask_t ops, enum vmi_counting counting);
enum vmi_counting vmi_arch_counting(enum vmi_op op);
#define vmi_is_counting(op)	(vmi_arch_counting(op) != VMI_COUNTING_OFF)

#endif /* _VMI_ARCH_H */
