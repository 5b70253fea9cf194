/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_POLICY_H
#define _VMI_POLICY_H

#include "table.h"

int vmi_policy_change(struct vmi_table *table, const struct vmi_policy *policy,
		      struct vmi_error *error);

#endif /* _VMI_POLICY_H */
