/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_X86_SITE_H
#define _VMI_X86_SITE_H

#include "../arch.h"

/* thunks.S */
#define VMI_DECLARE_THUNK(group, name, ...)	\
	void vmi_count_##group##_##name(void);	\
	void vmi_measure_##group##_##name(void);
VMI_OPS(VMI_DECLARE_THUNK)
#undef VMI_DECLARE_THUNK

void vmi_bind_sites(vmi_opmask_t ops, const struct vmi_ops *to);
void vmi_capture_sites(void);

#endif /* _VMI_X86_SITE_H */
