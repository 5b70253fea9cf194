// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/vmi, read only
 *
 *	active, requested, state, ...	the core, see Documentation/ABI
 *	ops/GROUP.OP/			one directory an op
 *	backends/NAME/			one directory a backend
 *
 * Changes are requested through netlink, where a refusal can say why.
 */

#include <linux/cleanup.h>
#include <linux/init.h>
#include <linux/kallsyms.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "arch.h"
#include "stats.h"
#include "sysfs.h"

static struct kobject *backends_kobj;

static enum vmi_op op_of(struct kobject *kobj)
{
	return vmi_op_find(kobject_name(kobj));
}

static struct vmi_entry *entry_of(struct kobject *kobj)
{
	return container_of(kobj, struct vmi_entry, kobj);
}

static ssize_t emit(char *buf, const char *text)
{
	return sysfs_emit(buf, "%s\n", text);
}

static ssize_t emit_number(char *buf, u64 number)
{
	return sysfs_emit(buf, "%llu\n", number);
}

static ssize_t emit_error(char *buf, const struct vmi_error *error)
{
	if (!error->kind)
		return emit(buf, "none");
	return sysfs_emit(buf, "%s: %s\n", error->kind, error->message);
}

/*
 * The symbol of the bound function, for probes. The file has no address: it says "none" where
 * there is no symbol, and for an op that can enter no function. A native op with inline sites
 * enters its function while it is counted.
 */
static ssize_t emit_function(char *buf, enum vmi_op op)
{
	unsigned long func = (unsigned long)vmi_get_op(&vmi_live.bound, op);
	char name[KSYM_NAME_LEN];

	if ((vmi_live.fixed & VMI_IRQ_OPS & BIT_ULL(op)) || lookup_symbol_name(func, name))
		return emit(buf, "none");
	return emit(buf, name);
}

/* Each attribute is one expression, read under the lock of the table. */
#define VMI_ATTR(_dir, _name, _value)					\
static ssize_t _dir##_##_name##_show(struct kobject *kobj,		\
				     struct kobj_attribute *attr,	\
				     char *buf)				\
{									\
	scoped_cond_guard(mutex_intr, return -ERESTARTSYS, &vmi_live.lock)	\
		return _value;						\
}									\
static struct kobj_attribute _dir##_##_name =				\
	__ATTR(_name, 0444, _dir##_##_name##_show, NULL)

VMI_ATTR(core, active, emit(buf, vmi_active_name(&vmi_live)));
VMI_ATTR(core, requested, emit(buf, vmi_live.requested));
VMI_ATTR(core, state, emit(buf, vmi_live.active ?
			   vmi_state_names[vmi_live.active->state] : "none"));
VMI_ATTR(core, hypervisor, emit(buf, vmi_live.hypervisor));
VMI_ATTR(core, builtin, emit(buf, vmi_builtin_name(&vmi_live)));
VMI_ATTR(core, choice, emit(buf, vmi_live.choice));
VMI_ATTR(core, api_major, emit_number(buf, VMI_API_MAJOR));
VMI_ATTR(core, api_minor, emit_number(buf, VMI_API_MINOR));
VMI_ATTR(core, switches, emit_number(buf, vmi_live.switches));
VMI_ATTR(core, switched_at_ns, emit_number(buf, vmi_live.switched_at_ns));
VMI_ATTR(core, before_init, emit_number(buf, vmi_live.before_init));
VMI_ATTR(core, last_error, emit_error(buf, &vmi_live.error));

static struct attribute *core_attrs[] = {
	&core_active.attr,
	&core_requested.attr,
	&core_state.attr,
	&core_hypervisor.attr,
	&core_builtin.attr,
	&core_choice.attr,
	&core_api_major.attr,
	&core_api_minor.attr,
	&core_switches.attr,
	&core_switched_at_ns.attr,
	&core_before_init.attr,
	&core_last_error.attr,
	NULL
};
ATTRIBUTE_GROUPS(core);

VMI_ATTR(op, provider, emit(buf, vmi_provider_name(&vmi_live, op_of(kobj))));
VMI_ATTR(op, policy, emit(buf, vmi_policy_provider(&vmi_live.policy,
						   op_of(kobj))));
VMI_ATTR(op, function, emit_function(buf, op_of(kobj)));
VMI_ATTR(op, counting, emit_number(buf, vmi_is_counting(op_of(kobj))));
VMI_ATTR(op, calls, emit_number(buf, vmi_stats_calls(op_of(kobj))));

static struct attribute *op_attrs[] = {
	&op_provider.attr,
	&op_policy.attr,
	&op_function.attr,
	&op_counting.attr,
	&op_calls.attr,
	NULL
};
ATTRIBUTE_GROUPS(op);

VMI_ATTR(entry, hypervisor, emit(buf, entry_of(kobj)->backend->hypervisor));
VMI_ATTR(entry, state, emit(buf, vmi_state_names[entry_of(kobj)->state]));
VMI_ATTR(entry, evidence, emit(buf, entry_of(kobj)->evidence));
VMI_ATTR(entry, last_error, emit_error(buf, &entry_of(kobj)->error));

static struct attribute *entry_attrs[] = {
	&entry_hypervisor.attr,
	&entry_state.attr,
	&entry_evidence.attr,
	&entry_last_error.attr,
	NULL
};
ATTRIBUTE_GROUPS(entry);

static void entry_release(struct kobject *kobj)
{
	kfree(entry_of(kobj));
}

static const struct kobj_type entry_type = {
	.release	= entry_release,
	.sysfs_ops	= &kobj_sysfs_ops,
	.default_groups	= entry_groups,
};

/* The kobject owns the entry's memory whether it gets a directory or not. */
void vmi_entry_init(struct vmi_entry *entry)
{
	kobject_init(&entry->kobj, &entry_type);
}

int vmi_sysfs_add(struct vmi_entry *entry)
{
	if (!backends_kobj)
		return -ENODEV;
	return kobject_add(&entry->kobj, backends_kobj, "%s",
			   entry->backend->name);
}

/*
 * Runs before the first backend can register. If memory runs out, keep the directories made so
 * far; backends then have none.
 */
static int __init vmi_sysfs_init(void)
{
	struct kobject *vmi_kobj, *ops_kobj, *op_kobj;
	enum vmi_op op;
	int err;

	vmi_kobj = kobject_create_and_add("vmi", kernel_kobj);
	if (!vmi_kobj)
		return -ENOMEM;
	err = sysfs_create_groups(vmi_kobj, core_groups);
	ops_kobj = kobject_create_and_add("ops", vmi_kobj);
	if (err || !ops_kobj)
		return -ENOMEM;
	for_each_vmi_op(op) {
		op_kobj = kobject_create_and_add(vmi_op_infos[op].name, ops_kobj);
		if (!op_kobj || sysfs_create_groups(op_kobj, op_groups))
			return -ENOMEM;
	}
	backends_kobj = kobject_create_and_add("backends", vmi_kobj);
	return backends_kobj ? 0 : -ENOMEM;
}
subsys_initcall(vmi_sysfs_init);
