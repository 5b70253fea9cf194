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
 * base: one that needs more ops than it was prepared for, and one for another hypervisor
 * than a new one. If the rest fails, these are prepared again, as are those that had
 * agreed to go. One that cannot be is lost.
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

/* First half for a new backend. Leaves nothing behind if it fails, but the error. */
static int prepare_backend(struct vmi_table *table, struct vmi_entry *entry,
			   vmi_opmask_t ops, struct vmi_error *error)
{
	struct vmi_backend *backend = entry->backend;
	struct vmi_error own = {};
	int err;

	/* These two are over soon, and no reason for anything then. */
	if (entry->loading)
		return vmi_fail(error, -EBUSY, "module",
				"the module of backend '%s' is still being loaded",
				backend->name);
	if (!try_module_get(backend->owner))
		return vmi_fail(error, -EBUSY, "module",
				"the module of backend '%s' is being removed",
				backend->name);

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
	entry->error.kind = NULL;
	vmi_set_state(table, entry, VMI_STATE_PREPARED);
	return 0;

exit_backend:
	if (backend->exit)
		backend->exit(backend);
put_module:
	module_put(backend->owner);
	/* What it kept from before is not what is to be known of it now. */
	entry->error = own;
	table->hw->changed(table, entry);
	vmi_error_copy_first(error, &own);
	return err;
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
static void bind_plan(struct vmi_table *table, const struct vmi_plan *plan)
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
	const struct vmi_ops *base = vmi_base_ops(table, table->base_native);
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
			  const struct vmi_plan *plan,
			  const struct vmi_entry *entry)
{
	const struct vmi_entry *other;

	if (vmi_plan_uses(plan, entry))
		return entry->wanted & ~entry->prepared;
	list_for_each_entry(other, &table->entries, node) {
		if (vmi_plan_uses(plan, other) && vmi_excludes(entry, other))
			return true;
	}
	return false;
}

/* One for another hypervisor has not gone yet. */
static bool must_wait(const struct vmi_table *table,
		      const struct vmi_entry *entry)
{
	const struct vmi_entry *other;

	list_for_each_entry(other, &table->entries, node) {
		if (vmi_in_use(other) && vmi_excludes(entry, other))
			return true;
	}
	return false;
}

static int drain_first(struct vmi_table *table, const struct vmi_plan *plan,
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

static int prepare_new(struct vmi_table *table, const struct vmi_plan *plan,
		       struct vmi_error *error)
{
	struct vmi_entry *entry;
	int err;

	list_for_each_entry(entry, &table->entries, node) {
		if (vmi_in_use(entry) || !vmi_plan_uses(plan, entry) ||
		    must_wait(table, entry))
			continue;
		err = prepare_backend(table, entry, entry->wanted, error);
		if (err)
			return err;
	}
	return 0;
}

static int drain_old(struct vmi_table *table, const struct vmi_plan *plan,
		     struct vmi_error *error)
{
	struct vmi_entry *entry;
	int err;

	list_for_each_entry(entry, &table->entries, node) {
		if (!vmi_in_use(entry) || vmi_plan_uses(plan, entry))
			continue;
		err = drain_backend(table, entry, error);
		if (err)
			return err;
	}
	return 0;
}

/* It was prepared again, and that will do for what it had. */
static bool can_stay(const struct vmi_entry *entry, const struct vmi_entry *was)
{
	return (entry == was || entry->had) && !(entry->had & ~entry->prepared);
}

/* Leaves those whose ops are with the base to go_back(). */
static void undo(struct vmi_table *table, const struct vmi_entry *was)
{
	struct vmi_entry *entry;
	bool drained = false;

	list_for_each_entry_reverse(entry, &table->entries, node) {
		if (entry->state == VMI_STATE_PREPARED && !can_stay(entry, was))
			release_backend(table, entry);
		drained |= entry->state == VMI_STATE_DRAINING;
	}
	if (drained)
		take_back(table);
}

/* Who waits for nobody is asked first: no other is let go of for one that fails. */
static int try_plan(struct vmi_table *table, const struct vmi_plan *plan,
		    struct vmi_error *error)
{
	return prepare_new(table, plan, error) ?:
	       drain_first(table, plan, error) ?:
	       prepare_new(table, plan, error) ?:
	       drain_old(table, plan, error);
}

static void note_switch(struct vmi_table *table, const char *choice)
{
	strscpy(table->choice, choice);
	table->switches++;
	table->switched_at_ns = ktime_get_boottime_ns();
	table->before_init = system_state < SYSTEM_RUNNING;
}

/* Each is prepared again by itself. One that cannot be is lost, the others are not. */
static void go_back(struct vmi_table *table, struct vmi_plan *before)
{
	struct vmi_entry *entry, *was = before->entry;

	list_for_each_entry(entry, &table->entries, node)
		entry->wanted = entry->had;
	list_for_each_entry(entry, &table->entries, node) {
		struct vmi_error error = {};
		int err;

		if (vmi_in_use(entry) || !vmi_plan_uses(before, entry))
			continue;
		err = prepare_backend(table, entry, entry->had, &error);
		if (!err)
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
static int carry_out(struct vmi_table *table, const struct vmi_plan *plan,
		     struct vmi_error *error)
{
	struct vmi_plan before = {
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
	if (err) {
		undo(table, was);
		go_back(table, &before);
	} else {
		bind_plan(table, plan);
	}
	hold_modules(table, was, false);
	if (err)
		trace_vmi_revert(plan->name, vmi_active_name(table),
				 error->message, err);
	return err;
}

/**
 * vmi_rebind() - exchange the policy, with the same provider in charge
 * @table: the table
 * @policy: the new one
 * @about: ops that the request is about, see vmi_make_plan()
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
	       vmi_opmask_t about, struct vmi_error *error)
{
	struct vmi_plan plan;
	int err;

	lockdep_assert_held(&table->lock);

	err = vmi_make_plan(table, vmi_active_name(table), policy, about, &plan,
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
	struct vmi_plan plan;
	int err;

	lockdep_assert_held(&table->lock);

	err = vmi_make_plan(table, name, &table->policy, 0, &plan, error);
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
	}
	table->hw->changed(table, NULL);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_switch);
