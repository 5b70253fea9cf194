// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backends and their names
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <kunit/visibility.h>
#include <linux/atomic.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "trace.h"
#include "vmi_core.h"

struct vmi_table vmi_live = {
	.undecided = true,
};
EXPORT_SYMBOL_IF_KUNIT(vmi_live);

const struct vmi_group_info vmi_groups[VMI_NR_GROUPS] = {
#define VMI_GROUP_INFO(group, alike)	\
	[VMI_GROUP_##group] = { .name = #group, .together = alike },
	VMI_GROUPS(VMI_GROUP_INFO)
};

const struct vmi_op_info vmi_op_infos[VMI_NR_OPS] = {
#define VMI_OP_INFO(g, n, kind, m, ...)	\
	[VMI_OP_##g##_##n] = { .name = #g "." #n, .group = VMI_GROUP_##g, \
			       .mask = VMI_MASK_##m },
	VMI_OPS(VMI_OP_INFO)
};
EXPORT_SYMBOL_IF_KUNIT(vmi_op_infos);

const char *const vmi_state_names[] = {
	[VMI_STATE_REGISTERED]	= "registered",
	[VMI_STATE_VALIDATED]	= "validated",
	[VMI_STATE_PREPARED]	= "prepared",
	[VMI_STATE_ACTIVE]	= "active",
	[VMI_STATE_DRAINING]	= "draining",
	[VMI_STATE_FAILED]	= "failed",
};
EXPORT_SYMBOL_IF_KUNIT(vmi_state_names);

/* For those who have no other word for no error. */
const char *vmi_error_text(const struct vmi_error *error)
{
	return error->kind ? error->message : "none";
}

/**
 * vmi_fail() - keep an error, if it is the first
 * @error: where
 * @err: errno to return
 * @kind: what failed, in one word
 * @fmt: why, a sentence without its full stop
 *
 * Return: @err
 */
int vmi_fail(struct vmi_error *error, int err, const char *kind,
	     const char *fmt, ...)
{
	va_list args;

	if (error->kind)
		return err;

	va_start(args, fmt);
	vscnprintf(error->message, sizeof(error->message), fmt, args);
	va_end(args);
	error->kind = kind;
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_fail);

void vmi_error_copy_first(struct vmi_error *to, const struct vmi_error *from)
{
	if (!to->kind && from->kind)
		*to = *from;
}

void vmi_set_state(struct vmi_table *table, struct vmi_entry *entry,
		   enum vmi_state state)
{
	lockdep_assert_held(&table->lock);

	WRITE_ONCE(entry->state, state);
	table->hw->changed(table, entry);
}

void vmi_table_init(struct vmi_table *table, const struct vmi_hw *hw)
{
	mutex_init(&table->lock);
	INIT_LIST_HEAD(&table->entries);
	table->hw = hw;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_table_init);

struct vmi_entry *vmi_table_find(struct vmi_table *table, const char *name)
{
	struct vmi_entry *entry;

	lockdep_assert_held(&table->lock);

	list_for_each_entry(entry, &table->entries, node) {
		if (!strcmp(entry->backend->name, name))
			return entry;
	}
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_table_find);

/* The backend that is for a hypervisor, one that is usable if there is one. */
struct vmi_entry *vmi_layer_entry(struct vmi_table *table,
				  const struct vmi_layer *layer)
{
	struct vmi_entry *entry, *found = NULL;

	lockdep_assert_held(&table->lock);

	list_for_each_entry(entry, &table->entries, node) {
		const char *signature = entry->backend->signature;

		if (!signature || strcmp(signature, layer->signature))
			continue;
		if (!found || found->state == VMI_STATE_FAILED)
			found = entry;
	}
	return found;
}

/* The signature that comes first, or "none". */
const char *vmi_hypervisor_name(const struct vmi_table *table)
{
	return table->nr_layers ? table->layers[0].signature : "none";
}

/**
 * vmi_op_find() - op by its name, GROUP.OP
 * @name: the name
 *
 * Return: the op, or -ENOENT
 */
int vmi_op_find(const char *name)
{
	enum vmi_op op;

	for_each_vmi_op(op) {
		if (!strcmp(vmi_op_infos[op].name, name))
			return op;
	}
	return -ENOENT;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_op_find);

vmi_opmask_t vmi_ops_of_group(enum vmi_group group)
{
	vmi_opmask_t ops = 0;
	enum vmi_op op;

	for_each_vmi_op(op) {
		if (vmi_op_infos[op].group == group)
			ops |= BIT_ULL(op);
	}
	return ops;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_ops_of_group);

/**
 * vmi_ops_find() - ops by the name of one or of a group
 * @name: GROUP.OP or GROUP
 *
 * Return: the ops, none if there is no such name
 */
vmi_opmask_t vmi_ops_find(const char *name)
{
	enum vmi_group group;
	int op;

	for (group = 0; group < VMI_NR_GROUPS; group++) {
		if (!strcmp(vmi_groups[group].name, name))
			return vmi_ops_of_group(group);
	}
	op = vmi_op_find(name);
	return op < 0 ? 0 : BIT_ULL(op);
}
EXPORT_SYMBOL_IF_KUNIT(vmi_ops_find);

static int register_locked(struct vmi_table *table, struct vmi_entry *entry)
{
	struct vmi_backend *backend = entry->backend;
	int err;

	lockdep_assert_held(&table->lock);

	err = vmi_validate(backend, &entry->error);
	if (err)
		return err;

	if (vmi_table_find(table, backend->name))
		return vmi_fail(&entry->error, -EEXIST, "name",
				"a backend named '%s' is registered already",
				backend->name);

	/* A table built against an older minor is shorter. */
	memcpy(&entry->ops, backend->ops, backend->nr_ops * sizeof(void *));
	list_add_tail(&entry->node, &table->entries);
	table->generation++;
	entry->state = VMI_STATE_REGISTERED;

	/* Stays registered when it refuses the machine, so that one can ask why. */
	err = vmi_detect(table, entry);
	if (err) {
		vmi_set_state(table, entry, VMI_STATE_FAILED);
		return 0;
	}
	vmi_set_state(table, entry, VMI_STATE_VALIDATED);
	return 0;
}

/* How many entries are loading, so that other modules need not wait for the lock. */
static atomic_t nr_loading = ATOMIC_INIT(0);

static void set_loading(struct vmi_entry *entry, bool loading)
{
	if (entry->loading == loading)
		return;
	entry->loading = loading;
	atomic_add(loading ? 1 : -1, &nr_loading);
}

static bool is_coming(const struct module *owner)
{
	return owner && READ_ONCE(owner->state) == MODULE_STATE_COMING;
}

static void meet_policies(struct vmi_table *table, struct vmi_entry *entry)
{
	if (entry->state == VMI_STATE_VALIDATED)
		vmi_policy_met(table, entry);
}

int vmi_table_register(struct vmi_table *table, struct vmi_backend *backend)
{
	const char *name, *state;
	struct vmi_entry *entry;
	int err;

	entry = kzalloc(sizeof(*entry), GFP_KERNEL);
	if (!entry)
		return -ENOMEM;
	entry->backend = backend;
	vmi_entry_init(entry);

	mutex_lock(&table->lock);
	err = register_locked(table, entry);
	if (err) {
		pr_err("backend refused: %s: %s\n", entry->error.kind,
		       entry->error.message);
		vmi_error_copy_first(&table->error, &entry->error);
		table->hw->changed(table, NULL);
	} else if (entry->state == VMI_STATE_FAILED) {
		pr_info("registered backend '%s', not usable: %s\n",
			backend->name, entry->error.message);
	} else {
		pr_info("registered backend '%s': %s\n", backend->name,
			entry->evidence);
	}
	/* What is refused may have no name that can be read, and has no state. */
	name = err ? "?" : backend->name;
	state = err ? "none" : vmi_state_names[entry->state];
	trace_vmi_register(name, state, vmi_error_text(&entry->error), err);
	if (!err) {
		set_loading(entry, true);
		/* Either this sees that the module is live, or module_changed() the count. */
		smp_mb__after_atomic();
		if (!is_coming(backend->owner)) {
			set_loading(entry, false);
			meet_policies(table, entry);
		}
	}
	mutex_unlock(&table->lock);

	if (err) {
		kobject_put(&entry->kobj);
		return err;
	}

	/* Only a live table has a directory; one without is no reason to refuse. */
	if (table == &vmi_live && vmi_sysfs_add(entry))
		pr_warn("no sysfs directory for backend '%s'\n", backend->name);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_table_register);

void vmi_table_unregister(struct vmi_table *table, struct vmi_backend *backend)
{
	struct vmi_entry *entry, *found = NULL;

	mutex_lock(&table->lock);
	list_for_each_entry(entry, &table->entries, node) {
		if (entry->backend == backend)
			found = entry;
	}
	/* One that is in use holds its module, so this is a bug in its exit. */
	if (WARN_ON_ONCE(!found || vmi_in_use(found))) {
		mutex_unlock(&table->lock);
		return;
	}
	list_del(&found->node);
	set_loading(found, false);
	table->generation++;
	found->gone = true;
	table->hw->changed(table, found);
	mutex_unlock(&table->lock);

	/* Waits for readers of the directory, who may want the lock. */
	if (found->kobj.state_in_sysfs)
		kobject_del(&found->kobj);
	pr_info("unregistered backend '%s'\n", backend->name);
	kobject_put(&found->kobj);
}
EXPORT_SYMBOL_IF_KUNIT(vmi_table_unregister);

/*
 * The init of a module may still fail after it registered a backend, and its code go away.
 * So policies that wait for it are met when that is over, and before whoever loads the
 * module is told that it is loaded.
 */
static int module_changed(struct notifier_block *nb, unsigned long state,
			  void *module)
{
	struct vmi_entry *entry;

	if (state != MODULE_STATE_LIVE)
		return NOTIFY_DONE;
	smp_mb();	/* see vmi_table_register() */
	if (!atomic_read(&nr_loading))
		return NOTIFY_DONE;
	mutex_lock(&vmi_live.lock);
	list_for_each_entry(entry, &vmi_live.entries, node) {
		if (!entry->loading || entry->backend->owner != module)
			continue;
		set_loading(entry, false);
		meet_policies(&vmi_live, entry);
	}
	mutex_unlock(&vmi_live.lock);
	return NOTIFY_DONE;
}

static struct notifier_block module_nb = {
	.notifier_call = module_changed,
};

static int __init vmi_registry_init(void)
{
	return vmi_live.hw ? register_module_notifier(&module_nb) : 0;
}
early_initcall(vmi_registry_init);

int vmi_backend_register(struct vmi_backend *backend)
{
	if (!vmi_live.hw)
		return -ENODEV;
	return vmi_table_register(&vmi_live, backend);
}
EXPORT_SYMBOL_GPL(vmi_backend_register);

void vmi_backend_unregister(struct vmi_backend *backend)
{
	vmi_table_unregister(&vmi_live, backend);
}
EXPORT_SYMBOL_GPL(vmi_backend_unregister);

const struct vmi_ops *vmi_native(void)
{
	return &vmi_live.native;
}
EXPORT_SYMBOL_GPL(vmi_native);

bool vmi_native_is_valid(void)
{
	return !vmi_live.native_invalid;
}
EXPORT_SYMBOL_GPL(vmi_native_is_valid);

bool vmi_builtin_owns(vmi_opmask_t ops)
{
	enum vmi_op op;

	for_each_vmi_op_in(op, ops) {
		if (vmi_get_op(&vmi_live.builtin, op) !=
		    vmi_get_op(&vmi_live.native, op))
			return true;
	}
	return false;
}
EXPORT_SYMBOL_GPL(vmi_builtin_owns);
