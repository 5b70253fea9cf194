/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_REGISTRY_H
#define _VMI_REGISTRY_H

#include "table.h"

int vmi_table_register(struct vmi_table *table, struct vmi_backend *backend);
void vmi_table_unregister(struct vmi_table *table, struct vmi_backend *backend);

#endif /* _VMI_REGISTRY_H */
