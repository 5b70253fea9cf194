// SPDX-License-Identifier: GPL-2.0-only
/*
 * From one provider to another
 *
 * A switch has two halves. In the first, everything that can fail is done: the
 * module is held, the new backend is initialised and prepares every CPU, the old
 * one agrees to go. A failure undoes these steps, in reverse. The second half binds,
 * and cannot fail.
 *
 * Some backends have to be let go of before the first half can go on, by way of the
 * base: one that needs more ops than it was prepared for, and one of another hypervisor
 * than a new one. So does, after a failure, one that was drained. These are prepared
 * again then, and are lost if that fails.
 *
 * A change of policy moves single ops. It goes by the same two halves. Of backends any
 * number can come and go in it, for each is in use, and prepared, as long as it is in
 * charge or has an op.
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <kunit/visibility.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "trace.h"
#include "vmi_core.h"

/* Where a switch leads. Which ops a backend has then is in its entry. */
struct plan {
	const char		*name;
	struct vmi_entry	*entry;
	bool			base_native;
	struct vmi_ops		ops;
};

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

/* Told by the function, so that it holds whatever led there. */
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

static const struct vmi_ops *base_ops(const struct vmi_table *table,
				      bool native)
{
	return native ? &table->native : &table->builtin;
}

static bool is_in(const struct plan *plan, const struct vmi_entry *entry)
{
	return plan->entry == entry || entry->wanted;
}

/*
 * A backend that is named by a policy, and not in use, was not there at the time, or
 * failed. It must not stand in the way of requests that are about others.
 */
static void choose_eligible(struct vmi_table *table,
			    const struct vmi_policy *policy,
			    vmi_opmask_t starting, const struct plan *plan)
{
	struct vmi_entry *entry;
	enum vmi_op op;

	list_for_each_entry(entry, &table->entries, node)
		entry->eligible = vmi_in_use(entry) || entry == plan->entry;
	for_each_vmi_op_in(op, starting) {
		entry = vmi_table_find(table, policy->provider[op]);
		if (entry)
			entry->eligible = true;
	}
}

static struct vmi_entry *plan_owner(struct vmi_table *table, const char *policy,
				    enum vmi_op op, const struct plan *plan)
{
	struct vmi_entry *entry = policy ? vmi_table_find(table, policy) : NULL;

	if (entry && entry->eligible && (entry->usable & BIT_ULL(op)))
		return entry;
	entry = plan->entry;
	return entry && (entry->usable & BIT_ULL(op)) ? entry : NULL;
}

static void plan_op(struct vmi_table *table, const struct vmi_policy *policy,
		    enum vmi_op op, struct plan *plan)
{
	const char *provider = vmi_policy_provider(policy, op);
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
			       base_ops(table, plan->base_native);
	}
	vmi_set_op(&plan->ops, op, vmi_get_op(from, op));
}

/* All that have a signature have the same. */
static int check_hypervisors(const struct vmi_table *table,
			     const struct plan *plan, struct vmi_error *error)
{
	struct vmi_entry *entry, *first = plan->entry;

	list_for_each_entry(entry, &table->entries, node) {
		if (!is_in(plan, entry))
			continue;
		if (!first || !first->backend->signature)
			first = entry;
		if (vmi_excludes(first, entry))
			return vmi_fail(error, -EBUSY, "request",
					"backends '%s' and '%s' are for different hypervisors and cannot be in use together",
					first->backend->name,
					entry->backend->name);
	}
	return 0;
}

static int make_plan(struct vmi_table *table, const char *name,
		     const struct vmi_policy *policy, vmi_opmask_t starting,
		     struct plan *plan, struct vmi_error *error)
{
	struct vmi_entry *entry;
	enum vmi_op op;

	plan->name = name;
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

	choose_eligible(table, policy, starting, plan);
	list_for_each_entry(entry, &table->entries, node)
		entry->wanted = 0;
	for_each_vmi_op(op)
		plan_op(table, policy, op, plan);
	return check_hypervisors(table, plan, error);
}

static int fail_to_prepare(struct vmi_table *table, struct vmi_entry *entry,
			   int err, const struct vmi_error *own,
			   struct vmi_error *error)
{
	/* What it kept from before is not what is to be known of it now. */
	entry->error = *own;
	table->hw->changed(table, entry);
	vmi_error_copy_first(error, own);
	return err;
}

/* First half for a new backend. Leaves nothing behind if it fails, but the error. */
static int prepare_backend(struct vmi_table *table, struct vmi_entry *entry,
			   vmi_opmask_t ops, struct vmi_error *error)
{
	struct vmi_backend *backend = entry->backend;
	struct vmi_error own = {};
	int err;

	/* One whose init is under way may still fail, and be gone. */
	if (vmi_is_loading(backend->owner)) {
		err = vmi_fail(&own, -EBUSY, "module",
			       "the module of backend '%s' is still being loaded",
			       backend->name);
		return fail_to_prepare(table, entry, err, &own, error);
	}
	if (!try_module_get(backend->owner)) {
		err = vmi_fail(&own, -EBUSY, "module",
			       "the module of backend '%s' is being removed",
			       backend->name);
		return fail_to_prepare(table, entry, err, &own, error);
	}

	if (backend->init) {
		err = backend->init(backend, ops);
		if (err) {
			vmi_fail(&own, err, "init",
				 "backend '%s' failed to initialise: error %d",
				 backend->name, err);
			goto put_module;
		}
	}

	err = table->hw->cpus_online(entry);
	if (err) {
		vmi_fail(&own, err, "cpu",
			 "backend '%s' could not set up a CPU: error %d",
			 backend->name, err);
		goto exit_backend;
	}
	entry->prepared = ops;
	vmi_set_state(table, entry, VMI_STATE_PREPARED);
	return 0;

exit_backend:
	if (backend->exit)
		backend->exit(backend);
put_module:
	module_put(backend->owner);
	return fail_to_prepare(table, entry, err, &own, error);
}

/*
 * Undo prepare_backend(), for a backend that has no op bound. The hypervisor stops
 * writing in cpus_offline(), so only then may exit() free its memory and the
 * module go.
 */
static void release_backend(struct vmi_table *table, struct vmi_entry *entry)
{
	struct vmi_backend *backend = entry->backend;

	table->hw->cpus_offline(entry);
	if (backend->exit)
		backend->exit(backend);
	vmi_set_state(table, entry, VMI_STATE_VALIDATED);
	module_put(backend->owner);
}

static int drain_backend(struct vmi_table *table, struct vmi_entry *entry,
			 struct vmi_error *error)
{
	struct vmi_backend *backend = entry->backend;
	int err = backend->drain ? backend->drain(backend) : 0;

	if (err)
		return vmi_fail(error, err, "drain",
				"backend '%s' cannot be left now: error %d",
				backend->name, err);
	vmi_set_state(table, entry, VMI_STATE_DRAINING);
	return 0;
}

/*
 * A CPU may be in an op that its backend has just lost. One that is still in use
 * stays prepared for it until it is left, which quiesces.
 */
static void release_drained(struct vmi_table *table)
{
	struct vmi_entry *entry;
	bool drained = false;

	list_for_each_entry(entry, &table->entries, node)
		drained |= entry->state == VMI_STATE_DRAINING;
	if (!drained)
		return;
	table->hw->quiesce();
	list_for_each_entry_reverse(entry, &table->entries, node) {
		if (entry->state == VMI_STATE_DRAINING)
			release_backend(table, entry);
	}
}

/* Second half: nothing of it can fail. Lets go of who was drained. */
static void bind_plan(struct vmi_table *table, const struct plan *plan)
{
	struct vmi_entry *entry;

	vmi_bind(table, &plan->ops);
	table->active = plan->entry;
	table->base_native = plan->base_native;

	list_for_each_entry(entry, &table->entries, node) {
		entry->bound = entry->wanted;
		if (entry->state == VMI_STATE_PREPARED)
			vmi_set_state(table, entry, VMI_STATE_ACTIVE);
	}
	release_drained(table);
}

static void give_to_base(const struct vmi_table *table, vmi_opmask_t mask,
			 struct vmi_ops *ops)
{
	const struct vmi_ops *base = base_ops(table, table->base_native);
	enum vmi_op op;

	for_each_vmi_op_in(op, mask)
		vmi_set_op(ops, op, vmi_get_op(base, op));
}

/* Ops of those that were drained go to the base, and they are let go of. */
static void take_back(struct vmi_table *table)
{
	struct vmi_ops ops = table->bound;
	struct vmi_entry *entry;

	list_for_each_entry(entry, &table->entries, node) {
		if (entry->state != VMI_STATE_DRAINING)
			continue;
		give_to_base(table, entry->bound, &ops);
		entry->bound = 0;
		if (table->active == entry)
			table->active = NULL;
	}
	vmi_bind(table, &ops);
	release_drained(table);
}

/*
 * A backend can be initialised once at a time, so one that stays, for more ops than it
 * was prepared for, has to be let go of first. So has one that goes, if a new one is for
 * another hypervisor.
 */
static bool must_go_first(const struct vmi_table *table,
			  const struct plan *plan,
			  const struct vmi_entry *entry)
{
	const struct vmi_entry *other;

	if (is_in(plan, entry))
		return entry->wanted & ~entry->prepared;
	list_for_each_entry(other, &table->entries, node) {
		if (is_in(plan, other) && vmi_excludes(entry, other))
			return true;
	}
	return false;
}

static int drain_first(struct vmi_table *table, const struct plan *plan,
		       struct vmi_error *error)
{
	struct vmi_entry *entry;
	bool drained = false;
	int err = 0;

	list_for_each_entry(entry, &table->entries, node) {
		if (!vmi_in_use(entry) || !must_go_first(table, plan, entry))
			continue;
		err = drain_backend(table, entry, error);
		if (err)
			break;
		drained = true;
	}
	if (drained)
		take_back(table);
	return err;
}

static int prepare_new(struct vmi_table *table, const struct plan *plan,
		       struct vmi_error *error)
{
	struct vmi_entry *entry;
	int err;

	list_for_each_entry(entry, &table->entries, node) {
		if (vmi_in_use(entry) || !is_in(plan, entry))
			continue;
		err = prepare_backend(table, entry, entry->wanted, error);
		if (err)
			return err;
	}
	return 0;
}

static int drain_old(struct vmi_table *table, const struct plan *plan,
		     struct vmi_error *error)
{
	struct vmi_entry *entry;
	int err;

	list_for_each_entry(entry, &table->entries, node) {
		if (!vmi_in_use(entry) || is_in(plan, entry))
			continue;
		err = drain_backend(table, entry, error);
		if (err)
			return err;
	}
	return 0;
}

/* If it fails, ops of those that were drained are with the base. */
static int try_plan(struct vmi_table *table, const struct plan *plan,
		    struct vmi_error *error)
{
	struct vmi_entry *entry;
	bool drained = false;
	int err;

	err = drain_first(table, plan, error);
	if (err)
		return err;
	err = prepare_new(table, plan, error) ?: drain_old(table, plan, error);
	if (!err) {
		bind_plan(table, plan);
		return 0;
	}
	list_for_each_entry_reverse(entry, &table->entries, node) {
		if (entry->state == VMI_STATE_PREPARED)
			release_backend(table, entry);
		drained |= entry->state == VMI_STATE_DRAINING;
	}
	if (drained)
		take_back(table);
	return err;
}

static void note_switch(struct vmi_table *table, const char *choice)
{
	strscpy(table->choice, choice);
	table->switches++;
	table->switched_at_ns = ktime_get_boottime_ns();
	table->before_init = system_state < SYSTEM_RUNNING;
}

/* Each is prepared again by itself. One that cannot be is lost, the others are not. */
static void go_back(struct vmi_table *table, struct plan *before)
{
	struct vmi_entry *entry, *was = before->entry;

	list_for_each_entry(entry, &table->entries, node)
		entry->wanted = entry->had;
	list_for_each_entry(entry, &table->entries, node) {
		struct vmi_error error = {};

		if (vmi_in_use(entry) || !is_in(before, entry) ||
		    !prepare_backend(table, entry, entry->had, &error))
			continue;
		pr_err("lost backend '%s': %s\n", entry->backend->name,
		       error.message);
		give_to_base(table, entry->had, &before->ops);
		entry->wanted = 0;
		if (before->entry == entry)
			before->entry = NULL;
	}
	bind_plan(table, before);
	if (before->entry != was)
		note_switch(table,
			    "the backend that was in charge could not be prepared again");
}

/* A module must not begin to go while nothing of it is bound on the way. */
static void hold_modules(struct vmi_table *table, const struct vmi_entry *was,
			 bool hold)
{
	struct vmi_entry *entry;

	list_for_each_entry(entry, &table->entries, node) {
		if (entry != was && !entry->had)
			continue;
		if (hold)
			__module_get(entry->backend->owner);
		else
			module_put(entry->backend->owner);
	}
}

/* All of it, or back to what was. */
static int carry_out(struct vmi_table *table, const struct plan *plan,
		     struct vmi_error *error)
{
	struct plan before = {
		.entry = table->active,
		.base_native = table->base_native,
		.ops = table->bound,
	};
	struct vmi_entry *entry, *was = table->active;
	int err;

	list_for_each_entry(entry, &table->entries, node)
		entry->had = entry->bound;
	hold_modules(table, was, true);
	err = try_plan(table, plan, error);
	if (err)
		go_back(table, &before);
	hold_modules(table, was, false);
	if (err) {
		trace_vmi_revert(plan->name, vmi_active_name(table),
				 error->message, err);
		return err;
	}
	list_for_each_entry(entry, &table->entries, node) {
		if (vmi_in_use(entry))
			entry->error.kind = NULL;
	}
	return 0;
}

/**
 * vmi_rebind() - exchange the policy, with the same provider in charge
 * @table: the table
 * @policy: the new one
 * @starting: ops whose policies may put backends in use that are not
 * @error: gets the reason of a failure
 *
 * A backend that loses an op, and has others or is in charge, keeps what it prepared for
 * it until it is left, and so can have it back at no risk.
 *
 * Context: process context, under the table's lock, not under cpus_read_lock().
 * Return: 0, or
 * * -ESHUTDOWN  - the kernel is shutting down
 * * -EBUSY      - a backend would be without ops, or has to be prepared again, and cannot
 *		   be left now; or two are for different hypervisors
 * * any other   - what a callback of the backend returned
 */
int vmi_rebind(struct vmi_table *table, const struct vmi_policy *policy,
	       vmi_opmask_t starting, struct vmi_error *error)
{
	struct plan plan;
	int err;

	lockdep_assert_held(&table->lock);

	err = make_plan(table, vmi_active_name(table), policy, starting, &plan,
			error) ?:
	      carry_out(table, &plan, error);
	if (!err)
		table->policy = *policy;
	return err;
}

/**
 * vmi_switch() - bind a provider
 * @table: the table
 * @name: native, builtin, or the name of a registered backend
 * @choice: why that one, a sentence
 * @error: gets the reason of a failure, which the table keeps as well
 *
 * Switching to the provider in charge does nothing and succeeds. Of the backends that
 * policies name, those that are in use stay, and no other is put in use.
 *
 * Context: process context, under the table's lock, not under cpus_read_lock().
 * Return: 0, or
 * * -ENOENT     - no backend of that name is registered
 * * -ENODEV     - it cannot be used on this machine
 * * -EOPNOTSUPP - native ops cannot work here
 * * -ESHUTDOWN  - the kernel is shutting down
 * * -EBUSY      - its module is being loaded or removed, the active backend cannot be left
 *		   now, or one that is in use by policy is for another hypervisor
 * * any other   - what the backend's callback returned
 */
int vmi_switch(struct vmi_table *table, const char *name, const char *choice,
	       struct vmi_error *error)
{
	const char *from = vmi_active_name(table);
	struct plan plan;
	int err;

	lockdep_assert_held(&table->lock);

	err = make_plan(table, name, &table->policy, 0, &plan, error);
	if (!err) {
		strscpy(table->requested, name, sizeof(table->requested));
		if (strcmp(from, name))
			err = carry_out(table, &plan, error);
	}

	trace_vmi_switch(from, name, vmi_error_text(error), err);
	if (err) {
		pr_err("cannot switch from '%s' to '%s': %s\n", from, name,
		       error->message);
		vmi_error_copy_first(&table->error, error);
	} else {
		if (strcmp(from, name)) {
			pr_info("switched from '%s' to '%s'\n", from, name);
			note_switch(table, choice);
		}
		table->error.kind = NULL;
		if (plan.entry)
			plan.entry->error.kind = NULL;
	}
	table->hw->changed(table, NULL);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_switch);
