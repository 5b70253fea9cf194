// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the operator wants of single ops and groups
 *
 * A policy is the name of a provider, per op: what "vmictl use" chooses is for all ops
 * that have none. It is what is wanted and not what is: it is kept while the backend it
 * names is not loaded, or was lost, and the op is left to the provider in charge then.
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <kunit/visibility.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "trace.h"
#include "vmi_core.h"

/**
 * vmi_policy_find() - ops that a policy can be about
 * @target: GROUP.OP or GROUP
 * @ops: gets them
 * @error: gets the reason if there are none
 *
 * A mix of two providers in a move-together group would not be correct, so there a
 * policy is about the group.
 *
 * Return: 0, -ENOENT if there is no such name, or -EINVAL if it cannot have a policy of
 * its own
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

/*
 * The op that shows best why the backend does not have any of these: one that it could
 * have, if there is one, or else one that it implements.
 */
static enum vmi_op op_to_blame(const struct vmi_entry *entry, vmi_opmask_t ops)
{
	enum vmi_op op;

	if (ops & entry->usable)
		return __ffs64(ops & entry->usable);
	for_each_vmi_op_in(op, ops) {
		if (vmi_get_op(&entry->ops, op))
			return op;
	}
	return __ffs64(ops);
}

/**
 * vmi_policy_check() - can a policy be, now?
 * @table: the table
 * @ops: what it is about
 * @provider: what it says
 * @error: gets the reason if it cannot
 *
 * Context: process context, under the table's lock.
 * Return: 0, or
 * * -ENOENT     - no backend of that name is registered
 * * -ENODEV     - it cannot be used on this machine
 * * -EOPNOTSUPP - native ops cannot work here, or the backend can have none of @ops
 */
int vmi_policy_check(struct vmi_table *table, vmi_opmask_t ops,
		     const char *provider, struct vmi_error *error)
{
	struct vmi_entry *entry;
	enum vmi_op op;

	lockdep_assert_held(&table->lock);

	if (!strcmp(provider, "builtin"))
		return 0;
	if (!strcmp(provider, "native"))
		return table->native_invalid ?
		       vmi_refuse_native(table, -EOPNOTSUPP, "policy", error) : 0;

	entry = vmi_table_find(table, provider);
	if (!entry)
		return vmi_fail(error, -ENOENT, "policy",
				"no backend named '%s' is registered", provider);
	if (entry->state == VMI_STATE_FAILED) {
		vmi_error_copy_first(error, &entry->error);
		return -ENODEV;
	}
	if (entry->usable & ops)
		return 0;
	op = op_to_blame(entry, ops);
	return vmi_fail(error, -EOPNOTSUPP, "policy",
			"backend '%s' cannot have %s: %s", provider,
			vmi_op_infos[op].name,
			vmi_unbound_reason(table, entry, op));
}
EXPORT_SYMBOL_IF_KUNIT(vmi_policy_check);

/* Ops with a policy for a provider. */
vmi_opmask_t vmi_policy_for(const struct vmi_policy *policy,
			    const char *provider)
{
	vmi_opmask_t ops = 0;
	enum vmi_op op;

	for_each_vmi_op(op) {
		if (!strcmp(policy->provider[op], provider))
			ops |= BIT_ULL(op);
	}
	return ops;
}

/**
 * vmi_policy_put() - write down a policy
 * @policy: where
 * @ops: what it is about
 * @provider: what it says, empty for none
 */
void vmi_policy_put(struct vmi_policy *policy, vmi_opmask_t ops,
		    const char *provider)
{
	enum vmi_op op;

	for_each_vmi_op_in(op, ops)
		strscpy(policy->provider[op], provider);
}
EXPORT_SYMBOL_IF_KUNIT(vmi_policy_put);

/* What it says about an op, NULL for nothing. */
const char *vmi_policy_provider(const struct vmi_policy *policy, enum vmi_op op)
{
	return policy->provider[op][0] ? policy->provider[op] : NULL;
}

/**
 * vmi_policy_target() - what to call the policy of an op
 * @policy: the policy
 * @op: the op
 * @ops: gets what goes by that name
 *
 * Return: the name of the group if the same is said about all of its ops, otherwise that
 * of the op
 */
const char *vmi_policy_target(const struct vmi_policy *policy, enum vmi_op op,
			      vmi_opmask_t *ops)
{
	enum vmi_group group = vmi_op_infos[op].group;
	enum vmi_op other;

	*ops = vmi_ops_of_group(group);
	for_each_vmi_op_in(other, *ops) {
		if (!strcmp(policy->provider[other], policy->provider[op]))
			continue;
		*ops = BIT_ULL(op);
		return vmi_op_infos[op].name;
	}
	return vmi_groups[group].name;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_policy_target);

/**
 * vmi_policy_reason() - why a policy has no effect, or not on all that it is about
 * @table: the table
 * @ops: what it is about, with the same policy for all
 * @lacking: gets the first op that it has no effect on, VMI_NR_OPS if it has none at all
 *
 * Context: under the table's lock.
 * Return: a sentence, or NULL if it has its effect
 */
const char *vmi_policy_reason(struct vmi_table *table, vmi_opmask_t ops,
			      enum vmi_op *lacking)
{
	enum vmi_op first = __ffs64(ops);
	const char *provider = vmi_policy_provider(&table->policy, first);
	struct vmi_entry *entry;

	*lacking = VMI_NR_OPS;
	if (!provider || !strcmp(provider, "native") ||
	    !strcmp(provider, "builtin"))
		return NULL;
	entry = vmi_table_find(table, provider);
	if (!entry)
		return "waiting for the backend to be loaded";
	if (!(ops & ~entry->bound))
		return NULL;
	if (ops & entry->bound) {
		*lacking = __ffs64(ops & ~entry->bound);
		return vmi_unbound_reason(table, entry, *lacking);
	}
	if (!vmi_in_use(entry) && entry->error.kind)
		return entry->error.message;
	return vmi_unbound_reason(table, entry, op_to_blame(entry, ops));
}
EXPORT_SYMBOL_IF_KUNIT(vmi_policy_reason);

static void report(const struct vmi_policy *policy, vmi_opmask_t changed,
		   int err, const struct vmi_error *error)
{
	const char *target, *provider;
	vmi_opmask_t ops;
	enum vmi_op op;

	for_each_vmi_op_in(op, changed) {
		target = vmi_policy_target(policy, op, &ops);
		/* Said once about a group. */
		if (ops & changed & (BIT_ULL(op) - 1))
			continue;
		provider = vmi_policy_provider(policy, op) ?: "none";
		trace_vmi_policy(target, provider, err);
		if (err)
			pr_err("policy for %s cannot be %s: %s\n", target,
			       provider, error->message);
		else
			pr_info("policy for %s is %s\n", target, provider);
	}
}

/* Those that are with somebody else although the backend that is named can have them. */
static vmi_opmask_t passed_over(const struct vmi_table *table,
				const struct vmi_policy *policy)
{
	vmi_opmask_t waiting = 0;
	struct vmi_entry *entry;

	list_for_each_entry(entry, &table->entries, node)
		waiting |= vmi_policy_for(policy, entry->backend->name) &
			   entry->usable & ~entry->bound;
	return waiting;
}

/**
 * vmi_policy_change() - exchange the policy, and bind what it says
 * @table: the table
 * @policy: the new one
 * @ops: what the request is about; backends that are named for other ops, and not in
 *	use, are left alone
 * @error: gets the reason of a failure, which the table keeps as well
 *
 * All of it, or nothing. The policy that there is already is another try for a backend
 * that was passed over.
 *
 * Context: process context, under the table's lock, not under cpus_read_lock().
 * Return: 0, or what vmi_rebind() returned
 */
int vmi_policy_change(struct vmi_table *table, const struct vmi_policy *policy,
		      vmi_opmask_t ops, struct vmi_error *error)
{
	vmi_opmask_t waiting = passed_over(table, policy);
	vmi_opmask_t changed = waiting & ops;
	enum vmi_op op;
	int err;

	lockdep_assert_held(&table->lock);

	for_each_vmi_op(op) {
		if (strcmp(policy->provider[op], table->policy.provider[op]))
			changed |= BIT_ULL(op);
	}
	if (!changed)
		return 0;

	err = vmi_rebind(table, policy, ops, error);
	/* A backend that is in use again gets all that it is named for. */
	if (!err)
		changed |= waiting & ~passed_over(table, policy);
	report(policy, changed, err, error);
	if (err) {
		vmi_error_copy_first(&table->error, error);
		table->hw->changed(table, NULL);
		return err;
	}
	table->generation++;
	table->hw->policy_changed(table, changed);
	if (table->error.kind) {
		table->error.kind = NULL;
		table->hw->changed(table, NULL);
	}
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_policy_change);

/**
 * vmi_policy_met() - bind to a new backend what policies say
 * @table: the table; keeps the reason of a failure
 * @entry: the backend, usable
 *
 * Context: process context, under the table's lock, not under cpus_read_lock().
 */
void vmi_policy_met(struct vmi_table *table, struct vmi_entry *entry)
{
	vmi_opmask_t named = vmi_policy_for(&table->policy,
					    entry->backend->name);
	struct vmi_error error = {};
	int err;

	lockdep_assert_held(&table->lock);

	named &= entry->usable & ~entry->bound;
	if (!named || table->undecided)
		return;
	err = vmi_rebind(table, &table->policy, named, &error);
	report(&table->policy, named, err, &error);
	if (err) {
		vmi_error_copy_first(&table->error, &error);
		table->hw->changed(table, NULL);
		return;
	}
	table->hw->policy_changed(table, named);
}
EXPORT_SYMBOL_IF_KUNIT(vmi_policy_met);
