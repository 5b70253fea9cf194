/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_POLICY_H
#define _VMI_POLICY_H

#include "table.h"

int vmi_policy_find(const char *target, vmi_opmask_t *ops,
		    struct vmi_error *error);
int vmi_policy_set(const struct vmi_table *table, struct vmi_policy *policy,
		   vmi_opmask_t ops, const char *provider,
		   struct vmi_error *error);
const char *vmi_policy_next_target(const struct vmi_policy *policy,
				   vmi_opmask_t *ops, const char **provider);
int vmi_policy_change(struct vmi_table *table, const struct vmi_policy *policy,
		      struct vmi_error *error);

#endif /* _VMI_POLICY_H */
