// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backends come and go
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <kunit/visibility.h>
#include <linux/cleanup.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "registry.h"
#include "sysfs.h"
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

	/* A backend that refuses the machine stays registered, to be asked why. */
	if (vmi_detect(table, entry)) {
		vmi_set_state(table, entry, VMI_STATE_FAILED);
		pr_info("registered backend '%s', not usable: %s\n",
			backend->name, entry->error.message);
	} else {
		vmi_set_state(table, entry, VMI_STATE_VALIDATED);
		pr_info("registered backend '%s': %s\n", backend->name,
			entry->evidence);
	}
	return 0;
}

int vmi_table_register(struct vmi_table *table, struct vmi_backend *backend)
{
	struct vmi_entry *entry = kzalloc(sizeof(*entry), GFP_KERNEL);
	int err;

	if (!entry)
		return -ENOMEM;
	entry->backend = backend;
	vmi_entry_init(entry);

	scoped_guard(mutex, &table->lock) {
		err = register_locked(table, entry);
		if (err) {
			pr_err("backend refused: %s: %s\n",
			       entry->error.kind, entry->error.message);
			vmi_error_copy_first(&table->error, &entry->error);
			vmi_notify_changed(table, NULL);
		}
	}
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

static struct vmi_entry *take_out(struct vmi_table *table,
				  const struct vmi_backend *backend)
{
	struct vmi_entry *entry;

	list_for_each_entry(entry, &table->entries, node) {
		if (entry->backend != backend)
			continue;
		/* A backend in use holds its module, so its exit cannot run. */
		if (WARN_ON_ONCE(entry == table->active))
			return NULL;
		list_del_init(&entry->node);
		table->generation++;
		vmi_notify_changed(table, entry);
		return entry;
	}
	WARN_ONCE(1, "vmi: a backend is unregistered that is not registered\n");
	return NULL;
}

void vmi_table_unregister(struct vmi_table *table, struct vmi_backend *backend)
{
	struct vmi_entry *entry;

	scoped_guard(mutex, &table->lock)
		entry = take_out(table, backend);
	if (!entry)
		return;
	/* kobject_del() waits for readers of the directory, and these may want the lock. */
	if (entry->kobj.state_in_sysfs)
		kobject_del(&entry->kobj);
	pr_info("unregistered backend '%s'\n", backend->name);
	kobject_put(&entry->kobj);
}
EXPORT_SYMBOL_IF_KUNIT(vmi_table_unregister);

int vmi_backend_register(struct vmi_backend *backend)
{
	return vmi_table_register(&vmi_live, backend);
}
EXPORT_SYMBOL_GPL(vmi_backend_register);

void vmi_backend_unregister(struct vmi_backend *backend)
{
	vmi_table_unregister(&vmi_live, backend);
}
EXPORT_SYMBOL_GPL(vmi_backend_unregister);
