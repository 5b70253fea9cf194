// SPDX-License-Identifier: GPL-2.0-only
/*
 * From one provider to another
 *
 * A switch has two halves. In the first, everything that can fail is done: the
 * module is held, the new backend is initialised and prepares every CPU, the old
 * one agrees to go. Any failure undoes just these steps, in reverse, and no
 * binding was touched. The second half binds, and cannot fail.
 *
 * A change of policy moves single ops. It goes by the same two halves, or by the second
 * one alone where nobody has to be prepared for it.
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <kunit/visibility.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "trace.h"
#include "vmi_core.h"

/* Where a switch leads. */
struct plan {
	const char		*name;
	struct vmi_entry	*entry;
	bool			base_native;
	struct vmi_ops		ops;
	vmi_opmask_t		theirs;
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

/* Told by the function, so that it holds whatever led there. */
const char *vmi_provider_name(const struct vmi_table *table, enum vmi_op op)
{
	void *func = vmi_get_op(&table->bound, op);

	if (table->theirs & BIT_ULL(op))
		return table->active->backend->name;
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

static void plan_op(const struct vmi_table *table,
		    const struct vmi_policy *policy, enum vmi_op op,
		    struct plan *plan)
{
	const struct vmi_ops *from =
		plan->base_native ? &table->native : &table->builtin;
	const char *provider = vmi_policy_provider(policy, op) ?: plan->name;

	/* Bound for good; saying otherwise would be a lie. */
	if (table->inlined & BIT_ULL(op)) {
		from = &table->bound;
	} else if (!strcmp(provider, "native")) {
		from = &table->native;
	} else if (!strcmp(provider, "builtin")) {
		from = &table->builtin;
	} else if (plan->entry && (plan->entry->usable & BIT_ULL(op))) {
		/* The policy may name another backend, which is not there. */
		from = &plan->entry->ops;
		plan->theirs |= BIT_ULL(op);
	}
	vmi_set_op(&plan->ops, op, vmi_get_op(from, op));
}

static int make_plan(struct vmi_table *table, const char *name,
		     const struct vmi_policy *policy, struct plan *plan,
		     struct vmi_error *error)
{
	enum vmi_op op;

	plan->name = name;
	plan->theirs = 0;
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

/* First half for the new backend. Leaves nothing behind if it fails. */
static int prepare(struct vmi_table *table, struct vmi_entry *entry,
		   vmi_opmask_t ops, struct vmi_error *error)
{
	struct vmi_backend *backend = entry->backend;
	int err;

	if (!try_module_get(backend->owner))
		return vmi_fail(error, -EBUSY, "module",
				"the module of backend '%s' is being removed",
				backend->name);

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

/* Second half. */
static void apply(struct vmi_table *table, const struct plan *plan)
{
	vmi_bind(table, &plan->ops);
	table->theirs = plan->theirs;
}

static int drain(struct vmi_entry *entry, struct vmi_error *error)
{
	struct vmi_backend *backend = entry->backend;
	int err;

	if (!backend->drain)
		return 0;
	err = backend->drain(backend);
	if (err)
		vmi_fail(error, err, "drain",
			 "backend '%s' cannot be left now: error %d",
			 backend->name, err);
	return err;
}

static int switch_to(struct vmi_table *table, const struct plan *plan,
		     struct vmi_error *error)
{
	struct vmi_entry *old = table->active;
	int err;

	if (plan->entry) {
		err = prepare(table, plan->entry, plan->theirs, error);
		if (err)
			return err;
	}
	if (old) {
		err = drain(old, error);
		if (err) {
			if (plan->entry)
				release(table, plan->entry);
			return err;
		}
	}

	/* Committed: nothing from here on can fail. */
	if (old)
		vmi_set_state(table, old, VMI_STATE_DRAINING);
	apply(table, plan);
	table->active = plan->entry;
	table->base_native = plan->base_native;
	if (plan->entry)
		vmi_set_state(table, plan->entry, VMI_STATE_ACTIVE);
	if (old) {
		table->hw->quiesce();
		release(table, old);
	}
	return 0;
}

static void note_switch(struct vmi_table *table, const char *choice)
{
	strscpy(table->choice, choice);
	table->switches++;
	table->switched_at_ns = ktime_get_boottime_ns();
	table->before_init = system_state < SYSTEM_RUNNING;
}

/* By way of the base; and back if the backend cannot have them. */
static int prepare_more(struct vmi_table *table, const struct plan *plan,
			struct vmi_error *error)
{
	const char *base = table->base_native ? "native" : "builtin";
	struct plan before, between;
	int err;

	err = make_plan(table, plan->name, &table->policy, &before, error) ?:
	      make_plan(table, base, &table->policy, &between, error) ?:
	      switch_to(table, &between, error);
	if (err)
		return err;

	err = switch_to(table, plan, error);
	if (!err)
		return 0;
	if (!switch_to(table, &before, error)) {
		trace_vmi_revert(plan->name, plan->name, error->message, err);
		return err;
	}
	trace_vmi_revert(plan->name, base, error->message, err);
	pr_err("lost backend '%s': %s\n", plan->name, error->message);
	note_switch(table,
		    "the policy changed, and the backend could not be prepared again");
	return err;
}

/*
 * To the same backend, but for more ops than it was prepared for. It can be initialised
 * once at a time, so all of its ops are taken back on the way.
 */
static int prepare_again(struct vmi_table *table, const struct plan *plan,
			 struct vmi_error *error)
{
	struct module *owner = plan->entry->backend->owner;
	int err;

	/* Its module must not begin to go while nothing of it is bound. */
	__module_get(owner);
	err = prepare_more(table, plan, error);
	module_put(owner);
	if (err)
		vmi_error_copy_first(&plan->entry->error, error);
	return err;
}

/**
 * vmi_rebind() - exchange the policy, with the same provider in charge
 * @table: the table
 * @policy: the new one
 * @error: gets the reason of a failure
 *
 * A backend that loses an op keeps what it prepared for it until it is left, and so can
 * have it back at no risk.
 *
 * Context: process context, under the table's lock, not under cpus_read_lock().
 * Return: 0, or
 * * -ESHUTDOWN  - the kernel is shutting down
 * * -EBUSY      - the backend has to be prepared again, and cannot be left now
 * * any other   - what a callback of the backend returned
 */
int vmi_rebind(struct vmi_table *table, const struct vmi_policy *policy,
	       struct vmi_error *error)
{
	struct vmi_entry *entry = table->active;
	struct plan plan;
	int err;

	lockdep_assert_held(&table->lock);

	err = make_plan(table, vmi_active_name(table), policy, &plan, error);
	if (err)
		return err;
	if (entry && (plan.theirs & ~entry->prepared)) {
		err = prepare_again(table, &plan, error);
		if (err)
			return err;
	} else {
		/*
		 * A CPU may be in an op that its backend has just lost. That one stays
		 * prepared for it until it is left, which quiesces.
		 */
		apply(table, &plan);
	}
	table->policy = *policy;
	return 0;
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
			err = switch_to(table, &plan, error);
		if (err)
			trace_vmi_revert(name, from, error->message, err);
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
