// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backends come and go
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <kunit/visibility.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "registry.h"
#include "sysfs.h"
#include "trace.h"
#include "validate.h"

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

	/* A backend that refuses the machine stays registered, to be asked why. */
	err = vmi_detect(table, entry);
	if (err) {
		vmi_set_state(table, entry, VMI_STATE_FAILED);
		return 0;
	}
	vmi_set_state(table, entry, VMI_STATE_VALIDATED);
	return 0;
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
		vmi_notify_changed(table, NULL);
	} else if (entry->state == VMI_STATE_FAILED) {
		pr_info("registered backend '%s', not usable: %s\n",
			backend->name, entry->error.message);
	} else {
		pr_info("registered backend '%s': %s\n", backend->name,
			entry->evidence);
	}
	/* A refused backend may have no name that can be read, and has no state. */
	name = err ? "?" : backend->name;
	state = err ? "none" : vmi_state_names[entry->state];
	trace_vmi_register(name, state, vmi_error_text(&entry->error), err);
	mutex_unlock(&table->lock);

	if (err) {
		kobject_put(&entry->kobj);
		return err;
	}

	/* A test's table has no directories. A missing one is no reason to refuse. */
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
	/* A backend in use holds its module, so this is a bug in the exit of the module. */
	if (WARN_ON_ONCE(!found || vmi_in_use(found))) {
		mutex_unlock(&table->lock);
		return;
	}
	list_del(&found->node);
	table->generation++;
	found->gone = true;
	vmi_notify_changed(table, found);
	mutex_unlock(&table->lock);

	/* kobject_del() waits for readers of the directory, and these may want the lock. */
	if (found->kobj.state_in_sysfs)
		kobject_del(&found->kobj);
	pr_info("unregistered backend '%s'\n", backend->name);
	kobject_put(&found->kobj);
}
EXPORT_SYMBOL_IF_KUNIT(vmi_table_unregister);

int vmi_backend_register(struct vmi_backend *backend)
{
	if (!vmi_live.arch)
		return -ENODEV;
	return vmi_table_register(&vmi_live, backend);
}
EXPORT_SYMBOL_GPL(vmi_backend_register);

void vmi_backend_unregister(struct vmi_backend *backend)
{
	vmi_table_unregister(&vmi_live, backend);
}
EXPORT_SYMBOL_GPL(vmi_backend_unregister);

