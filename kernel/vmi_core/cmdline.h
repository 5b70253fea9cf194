/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_CMDLINE_H
#define _VMI_CMDLINE_H

#include "arch.h"

/* Init data, as the boot line says. */
extern char vmi_boot_provider[];
extern struct vmi_policy vmi_boot_policy;
extern enum vmi_counting vmi_boot_counting;

#endif /* _VMI_CMDLINE_H */
