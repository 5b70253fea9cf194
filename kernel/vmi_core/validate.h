/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_VALIDATE_H
#define _VMI_VALIDATE_H

#include "table.h"

int vmi_validate(const struct vmi_backend *backend, struct vmi_error *error);
int vmi_detect(struct vmi_table *table, struct vmi_entry *entry);
const char *vmi_unbound_reason(const struct vmi_table *table,
			       const struct vmi_entry *entry, enum vmi_op op);
const char *vmi_cap_reason(const struct vmi_table *table,
			   const struct vmi_capability *cap,
			   const struct vmi_entry *entry);
bool vmi_cap_bound(const struct vmi_table *table,
		   const struct vmi_capability *cap,
		   const struct vmi_entry *entry);

#endif /* _VMI_VALIDATE_H */
