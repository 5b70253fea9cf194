/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_X86_CLOCK_H
#define _VMI_X86_CLOCK_H

#include "../table.h"

void vmi_clock_init(void);
void vmi_bind_clocks(vmi_opmask_t ops, const struct vmi_ops *to);
void vmi_clock_suspend(void);
void vmi_clock_resume_early(void);
void vmi_clock_resume(void);

#endif /* _VMI_X86_CLOCK_H */
