/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_SYSFS_H
#define _VMI_SYSFS_H

#include "table.h"

int vmi_sysfs_add(struct vmi_entry *entry);
void vmi_entry_init(struct vmi_entry *entry);

#endif /* _VMI_SYSFS_H */
