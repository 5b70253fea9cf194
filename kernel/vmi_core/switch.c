// SPDX-License-Identifier: GPL-2.0-only
/*
 * From one default provider to another
 *
 * A switch has two halves. The first half does everything that can fail: it holds the
 * module of the new backend, initialises the backend, prepares every CPU for it, and asks
 * the old backend whether it can be left. A failure undoes these steps in reverse, and
 * no op has moved. The second half binds ops, and cannot fail.
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <kunit/visibility.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "bind.h"
#include "switch.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * The init of a module may still fail after it registered a backend, and its text is
 * freed then. Such a module cannot be held, although try_module_get() would succeed.
 */
static int hold_module(const struct vmi_backend *backend,
		       struct vmi_error *error)
{
	struct module *owner = backend->owner;

	if (owner && READ_ONCE(owner->state) == MODULE_STATE_COMING)
		return vmi_fail(error, -EBUSY, "module",
				"the module of backend '%s' is still being loaded",
				backend->name);
	if (!try_module_get(owner))
		return vmi_fail(error, -EBUSY, "module",
				"the module of backend '%s' is being removed",
				backend->name);
	return 0;
}

/* First half for a new backend. A failure leaves nothing behind but the error. */
static int prepare_backend(struct vmi_table *table, struct vmi_entry *entry,
			   struct vmi_error *error)
{
	struct vmi_backend *backend = entry->backend;
	struct vmi_error own = {};
	int err;

	/* Both refusals are transient, so do not record them as the backend's error. */
	err = hold_module(backend, error);
	if (err)
		return err;

	if (backend->init) {
		err = backend->init(backend, entry->usable);
		if (err) {
			vmi_fail(&own, err, "init",
				 "backend '%s' failed to initialise: error %d",
				 backend->name, err);
			goto put_module;
		}
	}

	err = table->arch->cpus_online(entry);
	if (err) {
		vmi_fail(&own, err, "cpu",
			 "backend '%s' could not set up a CPU: error %d",
			 backend->name, err);
		goto exit_backend;
	}
	entry->error.kind = NULL;
	vmi_set_state(table, entry, VMI_STATE_PREPARED);
	return 0;

exit_backend:
	if (backend->exit)
		backend->exit(backend);
put_module:
	module_put(backend->owner);
	/* Replace an error of an earlier attempt: it does not describe this one. */
	entry->error = own;
	vmi_notify_changed(table, entry);
	vmi_error_copy_first(error, &own);
	return err;
}

/*
 * Undo prepare_backend() for a backend that no CPU is inside of any more. The hypervisor
 * stops writing in cpus_offline(), so exit() may free its memory only after that.
 */
static void release_backend(struct vmi_table *table, struct vmi_entry *entry)
{
	struct vmi_backend *backend = entry->backend;

	table->arch->cpus_offline(entry);
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

/* A default provider: a backend if there is an entry, and what is below it. */
struct target {
	struct vmi_entry	*entry;
	bool			base_native;
};

/*
 * A switch prepares the new backend while the old one still has its ops. If both drive a
 * hypervisor, the old one may turn off what the new one has turned on, or the host may take a
 * hypercall of the one for a hypercall of the other.
 */
static bool must_leave_first(const struct vmi_entry *old,
			     const struct vmi_entry *new)
{
	return old && old != new && strcmp(old->backend->hypervisor, "none") &&
	       strcmp(new->backend->hypervisor, "none");
}

static int find_backend(struct vmi_table *table, const char *name,
			struct vmi_entry **entry, struct vmi_error *error)
{
	*entry = vmi_table_find(table, name);
	if (!*entry)
		return vmi_fail(error, -ENOENT, "request",
				"no backend named '%s' is registered", name);
	if ((*entry)->state == VMI_STATE_FAILED) {
		vmi_error_copy_first(error, &(*entry)->error);
		return -ENODEV;
	}
	if (must_leave_first(table->active, *entry))
		return vmi_fail(error, -EBUSY, "request",
				"'%s' and '%s' both drive a hypervisor: use native or builtin in between",
				table->active->backend->name, name);
	return 0;
}

static int find_target(struct vmi_table *table, const char *name,
		       struct target *target, struct vmi_error *error)
{
	target->entry = NULL;
	target->base_native = table->base_native;

	if (READ_ONCE(table->closed))
		return vmi_refuse_shutdown(error);
	if (!strcmp(name, "native")) {
		target->base_native = true;
		if (table->native_invalid)
			return vmi_refuse_native(table, -EOPNOTSUPP, "request",
						 error);
		return 0;
	}
	if (!strcmp(name, "builtin")) {
		target->base_native = false;
		return 0;
	}
	return find_backend(table, name, &target->entry, error);
}

/* First half. It leaves nothing behind if it fails. */
static int prepare_switch(struct vmi_table *table, struct vmi_entry *new,
			  struct vmi_entry *old, struct vmi_error *error)
{
	int err = 0;

	if (new)
		err = prepare_backend(table, new, error);
	if (err || !old)
		return err;
	err = drain_backend(table, old, error);
	if (err && new)
		release_backend(table, new);
	return err;
}

/* Second half. It cannot fail. */
static void bind_switch(struct vmi_table *table, const struct target *target)
{
	struct vmi_entry *old = table->active;

	table->active = target->entry;
	table->base_native = target->base_native;
	table->generation++;
	vmi_bind_wanted(table);
	if (target->entry)
		vmi_set_state(table, target->entry, VMI_STATE_ACTIVE);
	if (!old)
		return;
	/* A CPU may still be inside an op that the old backend has just lost. */
	table->arch->quiesce(old->usable);
	release_backend(table, old);
}

static void note_switch(struct vmi_table *table, const char *choice)
{
	strscpy(table->choice, choice);
	table->switches++;
	table->switched_at_ns = ktime_get_boottime_ns();
	table->before_init = system_state < SYSTEM_RUNNING;
}

/**
 * vmi_switch() - change the default provider
 * @table: the table
 * @name: native, builtin, or the name of a registered backend
 * @choice: why that one, a sentence
 * @error: gets the reason of a failure, which the table keeps as well
 *
 * A switch to the default provider does nothing and succeeds. Ops with a policy stay
 * where they are.
 *
 * Context: process context, under the table's lock, not under cpus_read_lock().
 * Return: 0, an errno of a refusal (-ENOENT, -ENODEV, -EOPNOTSUPP, -EBUSY, -ESHUTDOWN), or what
 * a callback of the backend returned
 */
int vmi_switch(struct vmi_table *table, const char *name, const char *choice,
	       struct vmi_error *error)
{
	const char *from = vmi_active_name(table);
	bool same = !strcmp(from, name);
	struct target target;
	int err;

	lockdep_assert_held(&table->lock);

	err = find_target(table, name, &target, error);
	if (!err) {
		strscpy(table->requested, name, sizeof(table->requested));
		if (!same)
			err = prepare_switch(table, target.entry, table->active,
					     error);
	}
	if (!err && !same)
		bind_switch(table, &target);

	trace_vmi_switch(from, name, vmi_error_text(error), err);
	if (err) {
		pr_err("cannot switch from '%s' to '%s': %s\n", from, name,
		       error->message);
		vmi_error_copy_first(&table->error, error);
	} else {
		if (!same) {
			pr_info("switched from '%s' to '%s'\n", from, name);
			note_switch(table, choice);
		}
		table->error.kind = NULL;
	}
	vmi_notify_changed(table, NULL);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_switch);
