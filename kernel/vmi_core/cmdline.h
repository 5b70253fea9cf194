/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_CMDLINE_H
#define _VMI_CMDLINE_H

#include "arch.h"

bool vmi_boot_wants_backend(void);
const char *vmi_boot_provider(void);
enum vmi_counting vmi_boot_wants_stats(void);

#endif /* _VMI_CMDLINE_H */
