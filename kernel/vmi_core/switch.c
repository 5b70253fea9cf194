// SPDX-License-Identifier: GPL-2.0-only
/*
 * From one provider to another
 *
 * A switch has two halves. In the first, everything that can fail is done: the
 * module is held, the new backend is initialised and prepares every CPU, the old
 * one agrees to go. Any failure undoes just these steps, in reverse, and no
 * binding was touched. The second half binds, and cannot fail.
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

/* Where a switch leads; "of" is whose an op is, NULL if it is no backend's. */
struct plan {
	const char		*name;
	struct vmi_entry	*entry;
	bool			base_native;
	struct vmi_ops		ops;
	struct vmi_entry	*of[VMI_NR_OPS];
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

static const struct vmi_ops *base(const struct vmi_table *table, bool native)
{
	return native ? &table->native : &table->builtin;
}

/*
 * A backend that a policy named, and that failed, is passed over until it is asked for
 * again: it must not stand in the way of requests that are about others.
 */
static struct vmi_entry *plan_owner(struct vmi_table *table, const char *policy,
				    enum vmi_op op, const struct plan *plan)
{
	struct vmi_entry *entry = policy ? vmi_table_find(table, policy) : NULL;

	if (entry && (entry->usable & BIT_ULL(op)) &&
	    (vmi_in_use(entry) || !entry->error.kind))
		return entry;
	entry = plan->entry;
	return entry && (entry->usable & BIT_ULL(op)) ? entry : NULL;
}

static void plan_op(struct vmi_table *table, const struct vmi_policy *policy,
		    enum vmi_op op, struct plan *plan)
{
	const char *provider = vmi_policy_provider(policy, op);
	const struct vmi_ops *from;

	plan->of[op] = NULL;
	/* Bound for good; saying otherwise would be a lie. */
	if (table->inlined & BIT_ULL(op)) {
		from = &table->bound;
	} else if (provider && !strcmp(provider, "native")) {
		from = &table->native;
	} else if (provider && !strcmp(provider, "builtin")) {
		from = &table->builtin;
	} else {
		plan->of[op] = plan_owner(table, provider, op, plan);
		from = plan->of[op] ? &plan->of[op]->ops :
				      base(table, plan->base_native);
	}
	vmi_set_op(&plan->ops, op, vmi_get_op(from, op));
}

static int make_plan(struct vmi_table *table, const char *name,
		     const struct vmi_policy *policy, struct plan *plan,
		     struct vmi_error *error)
{
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

	for_each_vmi_op(op)
		plan_op(table, policy, op, plan);
	return 0;
}

/* What is, as a plan to come back to. */
static void plan_as_is(const struct vmi_table *table, struct plan *plan)
{
	enum vmi_op op;

	plan->name = vmi_active_name(table);
	plan->entry = table->active;
	plan->base_native = table->base_native;
	plan->ops = table->bound;
	for_each_vmi_op(op)
		plan->of[op] = vmi_op_owner(table, op);
}

static vmi_opmask_t ops_in(const struct plan *plan,
			   const struct vmi_entry *entry)
{
	vmi_opmask_t ops = 0;
	enum vmi_op op;

	for_each_vmi_op(op) {
		if (plan->of[op] == entry)
			ops |= BIT_ULL(op);
	}
	return ops;
}

static bool is_in(const struct plan *plan, const struct vmi_entry *entry)
{
	return plan->entry == entry || ops_in(plan, entry);
}

/* First half for a new backend. Leaves nothing behind if it fails, but the error. */
static int prepare(struct vmi_table *table, struct vmi_entry *entry,
		   vmi_opmask_t ops, struct vmi_error *error)
{
	struct vmi_backend *backend = entry->backend;
	int err;

	if (!try_module_get(backend->owner)) {
		err = vmi_fail(error, -EBUSY, "module",
			       "the module of backend '%s' is being removed",
			       backend->name);
		goto keep_error;
	}

	if (backend->init) {
		err = backend->init(backend, ops);
		if (err) {
			vmi_fail(error, err, "init",
				 "backend '%s' failed to initialise: error %d",
				 backend->name, err);
			goto put_module;
		}
	}

	err = table->hw->cpus_online(entry);
	if (err) {
		vmi_fail(error, err, "cpu",
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
keep_error:
	vmi_error_copy_first(&entry->error, error);
	return err;
}

/*
 * Undo prepare(), for a backend that has no op bound. The hypervisor stops
 * writing in cpus_offline(), so only then may exit() free its memory and the
 * module go.
 */
static void release(struct vmi_table *table, struct vmi_entry *entry)
{
	struct vmi_backend *backend = entry->backend;

	table->hw->cpus_offline(entry);
	if (backend->exit)
		backend->exit(backend);
	vmi_set_state(table, entry, VMI_STATE_VALIDATED);
	module_put(backend->owner);
}

static int drain(struct vmi_table *table, struct vmi_entry *entry,
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

/* Second half: nothing of it can fail. Lets go of who was drained. */
static void commit(struct vmi_table *table, const struct plan *plan)
{
	struct vmi_entry *entry;
	bool drained = false;

	vmi_bind(table, &plan->ops);
	table->active = plan->entry;
	table->base_native = plan->base_native;

	list_for_each_entry(entry, &table->entries, node) {
		entry->bound = ops_in(plan, entry);
		if (entry->state == VMI_STATE_PREPARED)
			vmi_set_state(table, entry, VMI_STATE_ACTIVE);
		drained |= entry->state == VMI_STATE_DRAINING;
	}
	/*
	 * A CPU may be in an op that its backend has just lost. One that is still in use
	 * stays prepared for it until it is left, which quiesces.
	 */
	if (!drained)
		return;
	table->hw->quiesce();
	list_for_each_entry_reverse(entry, &table->entries, node) {
		if (entry->state == VMI_STATE_DRAINING)
			release(table, entry);
	}
}

/* Ops of those that were drained go to the base, and they are let go of. */
static void take_back(struct vmi_table *table)
{
	struct plan plan;
	enum vmi_op op;

	plan_as_is(table, &plan);
	for_each_vmi_op(op) {
		if (!plan.of[op] || plan.of[op]->state != VMI_STATE_DRAINING)
			continue;
		plan.of[op] = NULL;
		vmi_set_op(&plan.ops, op,
			   vmi_get_op(base(table, plan.base_native), op));
	}
	if (plan.entry && plan.entry->state == VMI_STATE_DRAINING)
		plan.entry = NULL;
	commit(table, &plan);
}

/*
 * It stays, but for more ops than it was prepared for. A backend can be initialised once
 * at a time, so it has to be let go of first.
 */
static bool lacks(const struct plan *plan, const struct vmi_entry *entry)
{
	return ops_in(plan, entry) & ~entry->prepared;
}

static bool goes(const struct plan *plan, const struct vmi_entry *entry)
{
	return !is_in(plan, entry);
}

static int drain_those(struct vmi_table *table, const struct plan *plan,
		       bool (*who)(const struct plan *plan,
				   const struct vmi_entry *entry),
		       struct vmi_error *error)
{
	struct vmi_entry *entry;
	int err;

	list_for_each_entry(entry, &table->entries, node) {
		if (!vmi_in_use(entry) || !who(plan, entry))
			continue;
		err = drain(table, entry, error);
		if (err)
			return err;
	}
	return 0;
}

static int prepare_new_ones(struct vmi_table *table, const struct plan *plan,
			    struct vmi_error *error)
{
	struct vmi_entry *entry;
	int err;

	list_for_each_entry(entry, &table->entries, node) {
		if (vmi_in_use(entry) || !is_in(plan, entry))
			continue;
		err = prepare(table, entry, ops_in(plan, entry), error);
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
	int err;

	err = drain_those(table, plan, lacks, error);
	take_back(table);
	if (err)
		return err;

	err = prepare_new_ones(table, plan, error) ?:
	      drain_those(table, plan, goes, error);
	if (!err) {
		commit(table, plan);
		return 0;
	}
	list_for_each_entry_reverse(entry, &table->entries, node) {
		if (entry->state == VMI_STATE_PREPARED)
			release(table, entry);
	}
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

/* A backend that cannot be prepared again is lost, and with it those beside it. */
static void go_back(struct vmi_table *table, const struct plan *before,
		    struct vmi_error *error)
{
	struct vmi_entry *entry;

	if (!try_plan(table, before, error))
		return;
	list_for_each_entry(entry, &table->entries, node) {
		if (vmi_in_use(entry) || !is_in(before, entry))
			continue;
		pr_err("lost backend '%s': %s\n", entry->backend->name,
		       error->message);
		/* Whatever it kept from before, this is what is to be known of it. */
		entry->error = *error;
	}
	if (table->active != before->entry)
		note_switch(table,
			    "the policy changed, and the backend could not be prepared again");
}

/* A module must not begin to go while nothing of it is bound on the way. */
static void hold_modules(struct vmi_table *table, const struct plan *plan,
			 bool hold)
{
	struct vmi_entry *entry;

	list_for_each_entry(entry, &table->entries, node) {
		if (!is_in(plan, entry))
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
	struct vmi_entry *entry;
	struct plan before;
	int err;

	plan_as_is(table, &before);
	hold_modules(table, &before, true);
	err = try_plan(table, plan, error);
	if (err)
		go_back(table, &before, error);
	hold_modules(table, &before, false);
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
 * @error: gets the reason of a failure
 *
 * A backend that loses an op, and has others or is in charge, keeps what it prepared for
 * it until it is left, and so can have it back at no risk.
 *
 * Context: process context, under the table's lock, not under cpus_read_lock().
 * Return: 0, or
 * * -ESHUTDOWN  - the kernel is shutting down
 * * -EBUSY      - a backend would be without ops, or has to be prepared again, and cannot
 *		   be left now
 * * any other   - what a callback of the backend returned
 */
int vmi_rebind(struct vmi_table *table, const struct vmi_policy *policy,
	       struct vmi_error *error)
{
	struct plan plan;
	int err;

	lockdep_assert_held(&table->lock);

	err = make_plan(table, vmi_active_name(table), policy, &plan, error) ?:
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
 * Switching to the provider in charge does nothing and succeeds.
 *
 * Context: process context, under the table's lock, not under cpus_read_lock().
 * Return: 0, or
 * * -ENOENT     - no backend of that name is registered
 * * -ENODEV     - it cannot be used on this machine
 * * -EOPNOTSUPP - native ops cannot work here
 * * -ESHUTDOWN  - the kernel is shutting down
 * * -EBUSY      - its module is being removed, or the active backend cannot be
 *		   left now
 * * any other   - what the backend's callback returned
 */
int vmi_switch(struct vmi_table *table, const char *name, const char *choice,
	       struct vmi_error *error)
{
	const char *from = vmi_active_name(table);
	struct plan plan;
	int err;

	lockdep_assert_held(&table->lock);

	err = make_plan(table, name, &table->policy, &plan, error);
	if (!err) {
		strscpy(table->requested, name, sizeof(table->requested));
		if (strcmp(from, name))
			err = carry_out(table, &plan, error);
	}

	trace_vmi_switch(from, name, vmi_error_text(error), err);
	if (err) {
		pr_err("cannot switch from '%s' to '%s': %s\n", from, name,
		       error->message);
		if (plan.entry)
			vmi_error_copy_first(&plan.entry->error, error);
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
