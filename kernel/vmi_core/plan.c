// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who has which op, and who would have it
 *
 * A plan is where a request leads: what each op is to enter, and in the entry of each
 * backend which ops it has then. Nothing is done here.
 */

#include <kunit/visibility.h>
#include <linux/string.h>

#include "vmi_core.h"

/* What the kernel booted with, where it is not simply native. */
const char *vmi_builtin_name(const struct vmi_table *table)
{
	return memcmp(&table->builtin, &table->native, sizeof(table->native)) ?
	       table->builtin_name : "native";
}

const char *vmi_active_name(const struct vmi_table *table)
{
	if (table->active)
		return table->active->backend->name;
	return table->base_native ? "native" : "builtin";
}
EXPORT_SYMBOL_IF_KUNIT(vmi_active_name);

/* The backend that has an op, NULL if none has. */
struct vmi_entry *vmi_op_owner(const struct vmi_table *table, enum vmi_op op)
{
	struct vmi_entry *entry;

	lockdep_assert_held(&table->lock);

	list_for_each_entry(entry, &table->entries, node) {
		if (entry->bound & BIT_ULL(op))
			return entry;
	}
	return NULL;
}

const char *vmi_provider_name(const struct vmi_table *table, enum vmi_op op)
{
	const struct vmi_entry *owner = vmi_op_owner(table, op);
	void *func = vmi_get_op(&table->bound, op);

	if (owner)
		return owner->backend->name;
	return func == vmi_get_op(&table->native, op) ? "native" : "builtin";
}
EXPORT_SYMBOL_IF_KUNIT(vmi_provider_name);

/* Of whoever asked for them, or for a backend, whose ops go on to native ones. */
int vmi_refuse_native(const struct vmi_table *table, int err, const char *kind,
		      struct vmi_error *error)
{
	return vmi_fail(error, err, kind,
			"builtin is mandatory here: native ops do not work in a guest of type '%s'",
			table->builtin_name);
}

/* It is prepared, and has ops or is about to have or to lose them. */
bool vmi_in_use(const struct vmi_entry *entry)
{
	return entry->state == VMI_STATE_PREPARED ||
	       entry->state == VMI_STATE_ACTIVE ||
	       entry->state == VMI_STATE_DRAINING;
}

/*
 * A host that offers the interfaces of two hypervisors may take what is meant for the one
 * to be for the other: on KVM that imitates Hyper-V, every hypercall is Hyper-V's once the
 * guest has said that it knows of that.
 */
bool vmi_excludes(const struct vmi_entry *entry, const struct vmi_entry *other)
{
	const char *signature = entry->backend->signature;
	const char *others = other->backend->signature;

	return signature && others && strcmp(signature, others);
}

const struct vmi_ops *vmi_base_ops(const struct vmi_table *table, bool native)
{
	return native ? &table->native : &table->builtin;
}

/* It is to be in charge, or to have ops. */
bool vmi_plan_uses(const struct vmi_plan *plan, const struct vmi_entry *entry)
{
	return plan->entry == entry || entry->wanted;
}

/*
 * A backend that is named by a policy, and not in use, was not there at the time, or
 * failed. It must not stand in the way of requests that are about others.
 */
static void choose_eligible(struct vmi_table *table,
			    const struct vmi_plan *plan)
{
	struct vmi_entry *entry;
	enum vmi_op op;

	list_for_each_entry(entry, &table->entries, node)
		entry->eligible = vmi_in_use(entry) || entry == plan->entry;
	for_each_vmi_op_in(op, plan->about) {
		entry = vmi_table_find(table, plan->policy->provider[op]);
		if (entry)
			entry->eligible = true;
	}
}

/*
 * The one in charge has the ops without a policy, and those whose policy names a backend
 * that cannot have them. The latter are no reason to prepare it again, unless the request
 * is about them.
 */
static bool falls_to(const struct vmi_table *table, const char *policy,
		     enum vmi_op op, const struct vmi_plan *plan,
		     const struct vmi_entry *entry)
{
	return !policy || (plan->about & BIT_ULL(op)) ||
	       entry != table->active || (entry->prepared & BIT_ULL(op));
}

static struct vmi_entry *plan_owner(struct vmi_table *table, const char *policy,
				    enum vmi_op op, const struct vmi_plan *plan)
{
	struct vmi_entry *entry = policy ? vmi_table_find(table, policy) : NULL;

	if (entry && entry->eligible && (entry->usable & BIT_ULL(op)))
		return entry;
	entry = plan->entry;
	if (entry && (entry->usable & BIT_ULL(op)) &&
	    falls_to(table, policy, op, plan, entry))
		return entry;
	return NULL;
}

static void plan_op(struct vmi_table *table, enum vmi_op op,
		    struct vmi_plan *plan)
{
	const char *provider = vmi_policy_provider(plan->policy, op);
	const struct vmi_ops *from;
	struct vmi_entry *owner;

	/* Bound for good; saying otherwise would be a lie. */
	if (table->inlined & BIT_ULL(op)) {
		from = &table->bound;
	} else if (provider && !strcmp(provider, "native")) {
		from = &table->native;
	} else if (provider && !strcmp(provider, "builtin")) {
		from = &table->builtin;
	} else {
		owner = plan_owner(table, provider, op, plan);
		if (owner)
			owner->wanted |= BIT_ULL(op);
		from = owner ? &owner->ops :
			       vmi_base_ops(table, plan->base_native);
	}
	vmi_set_op(&plan->ops, op, vmi_get_op(from, op));
}

/* All that have a signature have the same. */
static int check_hypervisors(const struct vmi_table *table,
			     const struct vmi_plan *plan,
			     struct vmi_error *error)
{
	struct vmi_entry *entry, *first = plan->entry;

	list_for_each_entry(entry, &table->entries, node) {
		if (!vmi_plan_uses(plan, entry))
			continue;
		if (!first || !first->backend->signature)
			first = entry;
		if (vmi_excludes(first, entry))
			return vmi_fail(error, -EBUSY, "request",
					"cannot use both '%s' and '%s': they are for different hypervisors",
					first->backend->name,
					entry->backend->name);
	}
	return 0;
}

/**
 * vmi_make_plan() - find out where a request leads
 * @table: the table; gets what is wanted of each backend
 * @name: native, builtin, or the name of a registered backend, to be in charge
 * @policy: what the operator wants of single ops
 * @about: ops that the request is about: policies for these, and no others, may put
 *	backends in use that are not
 * @plan: gets it
 * @error: gets the reason of a refusal
 *
 * Context: process context, under the table's lock.
 * Return: 0, or
 * * -ENOENT     - no backend of that name is registered
 * * -ENODEV     - it cannot be used on this machine
 * * -EOPNOTSUPP - native ops cannot work here
 * * -ESHUTDOWN  - the kernel is shutting down
 * * -EBUSY      - two backends would be in use that are for different hypervisors
 */
int vmi_make_plan(struct vmi_table *table, const char *name,
		  const struct vmi_policy *policy, vmi_opmask_t about,
		  struct vmi_plan *plan, struct vmi_error *error)
{
	struct vmi_entry *entry;
	enum vmi_op op;

	plan->name = name;
	plan->policy = policy;
	plan->about = about;
	plan->entry = NULL;
	plan->base_native = table->base_native;

	if (table->closed)
		return vmi_fail(error, -ESHUTDOWN, "request",
				"the kernel is shutting down");
	if (!strcmp(name, "native")) {
		if (table->native_invalid)
			return vmi_refuse_native(table, -EOPNOTSUPP, "request",
						 error);
		plan->base_native = true;
	} else if (!strcmp(name, "builtin")) {
		plan->base_native = false;
	} else {
		plan->entry = vmi_table_find(table, name);
		if (!plan->entry)
			return vmi_fail(error, -ENOENT, "request",
					"no backend named '%s' is registered",
					name);
		if (plan->entry->state == VMI_STATE_FAILED) {
			vmi_error_copy_first(error, &plan->entry->error);
			return -ENODEV;
		}
	}

	choose_eligible(table, plan);
	list_for_each_entry(entry, &table->entries, node)
		entry->wanted = 0;
	for_each_vmi_op(op)
		plan_op(table, op, plan);
	return check_hypervisors(table, plan, error);
}
