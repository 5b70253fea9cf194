// SPDX-License-Identifier: GPL-2.0-only
/*
 * Policies: an operator's choice for one op or group
 *
 * A policy moves an op from the default provider to native or builtin. Both are always
 * there, so a policy that is accepted takes effect at once. It persists until it is cleared
 * or the machine reboots, whatever the default provider is.
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <kunit/visibility.h>
#include <linux/kernel.h>

#include "bind.h"
#include "policy.h"
#include "trace.h"

/**
 * vmi_policy_change() - replace all policies
 * @table: the table
 * @policy: the new ones
 * @error: gets the reason of a refusal
 *
 * Context: process context, under the table's lock, not under cpus_read_lock().
 * Return: 0, -ESHUTDOWN if the kernel is shutting down, or -EOPNOTSUPP if native ops do
 * not work here
 */
int vmi_policy_change(struct vmi_table *table, const struct vmi_policy *policy,
		      struct vmi_error *error)
{
	vmi_opmask_t changed = (policy->native ^ table->policy.native) |
			       (policy->builtin ^ table->policy.builtin);
	enum vmi_op op;

	lockdep_assert_held(&table->lock);

	if (!changed)
		return 0;
	if (READ_ONCE(table->closed))
		return vmi_refuse_shutdown(error);
	if (table->native_invalid && policy->native)
		return vmi_refuse_native(table, -EOPNOTSUPP, "policy", error);

	table->policy = *policy;
	table->generation++;
	vmi_bind_wanted(table);
	for_each_vmi_op_in(op, changed) {
		const char *name = vmi_op_infos[op].name;
		const char *provider = vmi_policy_provider(policy, op);

		trace_vmi_policy(name, provider);
		pr_info("policy of %s is %s\n", name, provider);
	}
	if (table->notify)
		table->notify->policy_changed(changed);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_policy_change);
