/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_STATS_H
#define _VMI_STATS_H

#include "table.h"

int vmi_stats_set(vmi_opmask_t ops, bool on, bool histograms);
void vmi_stats_reset(vmi_opmask_t ops);
u64 vmi_stats_calls(enum vmi_op op);
u64 vmi_stats_calls_on(enum vmi_op op, unsigned int cpu);
u64 vmi_sum_percpu(const u64 __percpu *counter);

#endif /* _VMI_STATS_H */
