/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_KERNEL_H
#define VMICTL_KERNEL_H

#include "lib/vmi.h"

/* The one handle on the kernel, opened by the first command that needs it. */
int kernel_open(struct vmi **vmi);
void kernel_close(void);

/* Report the failure of a call on the handle, and return the exit status. */
int kernel_result(int err);

#endif /* VMICTL_KERNEL_H */
