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
#include <linux/string.h>

#include "bind.h"
#include "policy.h"
#include "trace.h"

/**
 * vmi_policy_find() - ops that a policy can be about
 * @target: GROUP.OP or GROUP
 * @ops: gets them
 * @error: gets the reason if there are none
 *
 * A mix of two providers in a move-together group would not be correct, so a policy for
 * such a group is for all of it.
 *
 * Return: 0, -ENOENT if there is no such name, or -EINVAL if the op cannot have a policy
 * of its own
 */
int vmi_policy_find(const char *target, vmi_opmask_t *ops,
		    struct vmi_error *error)
{
	enum vmi_group group;

	*ops = vmi_ops_find(target);
	if (!*ops)
		return vmi_fail(error, -ENOENT, "policy",
				"there is no op or group named '%s'", target);

	group = vmi_op_infos[__ffs64(*ops)].group;
	if (vmi_groups[group].together && *ops != vmi_ops_of_group(group))
		return vmi_fail(error, -EINVAL, "policy",
				"%s moves together with its group: name all of '%s'",
				target, vmi_groups[group].name);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_policy_find);

/**
 * vmi_policy_set() - write down a policy if the machine allows it, without effect yet
 * @table: the table
 * @policy: where
 * @ops: what it is about
 * @provider: name of the provider
 * @error: gets the reason of a refusal
 *
 * Return: 0, -EINVAL if a policy cannot name this provider, or -EOPNOTSUPP if native ops
 * do not work here
 */
int vmi_policy_set(const struct vmi_table *table, struct vmi_policy *policy,
		   vmi_opmask_t ops, const char *provider,
		   struct vmi_error *error)
{
	if (table->native_invalid && !strcmp(provider, "native"))
		return vmi_refuse_native(table, -EOPNOTSUPP, "policy", error);
	if (!vmi_policy_put(policy, ops, provider))
		return vmi_fail(error, -EINVAL, "policy",
				"a policy is native or builtin, not '%s'",
				provider);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_policy_set);

static vmi_opmask_t with_same_policy(const struct vmi_policy *policy,
				     enum vmi_op op)
{
	if (policy->native & BIT_ULL(op))
		return policy->native;
	if (policy->builtin & BIT_ULL(op))
		return policy->builtin;
	return ~(policy->native | policy->builtin);
}

/**
 * vmi_policy_next_target() - take a target and its policy out of a set of ops
 * @policy: the policies
 * @ops: the set, not empty; loses the ops of the target
 * @provider: gets the name of the provider, NULL if the target has no policy
 *
 * A group whose ops all have the same policy is one target.
 *
 * Return: GROUP or GROUP.OP
 */
const char *vmi_policy_next_target(const struct vmi_policy *policy,
				   vmi_opmask_t *ops, const char **provider)
{
	enum vmi_op op = __ffs64(*ops);
	enum vmi_group group = vmi_op_infos[op].group;

	*provider = vmi_policy_provider(policy, op);
	if (vmi_ops_of_group(group) & ~with_same_policy(policy, op)) {
		*ops &= ~BIT_ULL(op);
		return vmi_op_infos[op].name;
	}
	*ops &= ~vmi_ops_of_group(group);
	return vmi_groups[group].name;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_policy_next_target);

/**
 * vmi_policy_change() - replace all policies
 * @table: the table
 * @policy: the new ones
 * @error: gets the reason of a refusal
 *
 * Context: process context, under the table's lock, not under cpus_read_lock().
 * Return: 0, or -ESHUTDOWN if the kernel is shutting down
 */
int vmi_policy_change(struct vmi_table *table, const struct vmi_policy *policy,
		      struct vmi_error *error)
{
	vmi_opmask_t changed = (policy->native ^ table->policy.native) |
			       (policy->builtin ^ table->policy.builtin);
	const char *target, *provider;
	vmi_opmask_t left = changed;

	lockdep_assert_held(&table->lock);

	if (!changed)
		return 0;
	if (READ_ONCE(table->closed))
		return vmi_refuse_shutdown(error);

	table->policy = *policy;
	table->generation++;
	vmi_bind_wanted(table);
	while (left) {
		target = vmi_policy_next_target(policy, &left, &provider);
		provider = provider ?: "none";
		trace_vmi_policy(target, provider);
		pr_info("policy for %s is %s\n", target, provider);
	}
	if (table->notify)
		table->notify->policy_changed(table, changed);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_policy_change);
