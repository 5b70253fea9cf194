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

#include <linux/init.h>
#include <linux/kallsyms.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "stats.h"
#include "sysfs.h"

static struct kobject *vmi_kobj, *ops_kobj, *backends_kobj;

static ssize_t emit_error(char *buf, const struct vmi_error *error)
{
	if (!error->kind)
		return sysfs_emit(buf, "none\n");
	return sysfs_emit(buf, "%s: %s\n", error->kind, error->message);
}

/* Each attribute is one expression, read under the lock of the table. */
#define VMI_ATTR(_name, _fmt, _value)					\
static ssize_t _name##_show(struct kobject *kobj,			\
			    struct kobj_attribute *attr, char *buf)	\
{									\
	ssize_t len;							\
									\
	mutex_lock(&vmi_live.lock);					\
	len = sysfs_emit(buf, _fmt "\n", _value);			\
	mutex_unlock(&vmi_live.lock);					\
	return len;							\
}									\
static struct kobj_attribute _name##_attr = __ATTR_RO(_name)

VMI_ATTR(active, "%s", vmi_active_name(&vmi_live));
VMI_ATTR(requested, "%s", vmi_live.requested);
VMI_ATTR(state, "%s", vmi_live.active ?
	 vmi_state_names[vmi_live.active->state] : "none");
VMI_ATTR(hypervisor, "%s", vmi_hypervisor_name(&vmi_live));
VMI_ATTR(builtin, "%s", vmi_builtin_name(&vmi_live));
VMI_ATTR(choice, "%s", vmi_live.choice);
VMI_ATTR(api_major, "%u", VMI_API_MAJOR);
VMI_ATTR(api_minor, "%u", VMI_API_MINOR);
VMI_ATTR(switches, "%llu", vmi_live.switches);
VMI_ATTR(switched_at_ns, "%llu", vmi_live.switched_at_ns);
VMI_ATTR(before_init, "%d", vmi_live.before_init);

static ssize_t last_error_show(struct kobject *kobj,
			       struct kobj_attribute *attr, char *buf)
{
	ssize_t len;

	mutex_lock(&vmi_live.lock);
	len = emit_error(buf, &vmi_live.error);
	mutex_unlock(&vmi_live.lock);
	return len;
}

static struct kobj_attribute last_error_attr = __ATTR_RO(last_error);

static struct attribute *core_attrs[] = {
	&active_attr.attr,
	&requested_attr.attr,
	&state_attr.attr,
	&hypervisor_attr.attr,
	&builtin_attr.attr,
	&choice_attr.attr,
	&api_major_attr.attr,
	&api_minor_attr.attr,
	&switches_attr.attr,
	&switched_at_ns_attr.attr,
	&before_init_attr.attr,
	&last_error_attr.attr,
	NULL
};
ATTRIBUTE_GROUPS(core);

static struct kobject *op_kobjs[VMI_NR_OPS];

static enum vmi_op op_of_kobj(struct kobject *kobj)
{
	enum vmi_op op;

	for_each_vmi_op(op) {
		if (op_kobjs[op] == kobj)
			break;
	}
	return op;
}

#define VMI_OP_ATTR(_name, _fmt, _value)				\
static ssize_t _name##_show(struct kobject *kobj,			\
			    struct kobj_attribute *attr, char *buf)	\
{									\
	enum vmi_op op = op_of_kobj(kobj);				\
	ssize_t len;							\
									\
	if (op == VMI_NR_OPS)						\
		return -ENODEV;						\
	mutex_lock(&vmi_live.lock);					\
	len = sysfs_emit(buf, _fmt "\n", _value);			\
	mutex_unlock(&vmi_live.lock);					\
	return len;							\
}									\
static struct kobj_attribute _name##_attr = __ATTR_RO(_name)

VMI_OP_ATTR(provider, "%s", vmi_provider_name(&vmi_live, op));
VMI_OP_ATTR(policy, "%s",
	    vmi_policy_provider(&vmi_live.policy, op) ?: "none");
VMI_OP_ATTR(counting, "%d", vmi_is_counting(op));
VMI_OP_ATTR(calls, "%llu", vmi_stats_calls(op));

/*
 * The symbol of the bound function, for probes. The file has no address: it says "none" where
 * there is no symbol.
 */
static ssize_t function_show(struct kobject *kobj, struct kobj_attribute *attr,
			     char *buf)
{
	enum vmi_op op = op_of_kobj(kobj);
	char name[KSYM_NAME_LEN];
	void *func = NULL;
	ssize_t len;

	if (op == VMI_NR_OPS)
		return -ENODEV;
	mutex_lock(&vmi_live.lock);
	/* An inlined op enters no function. */
	if (!(vmi_live.inlined & BIT_ULL(op)))
		func = vmi_get_op(&vmi_live.bound, op);
	if (!func || lookup_symbol_name((unsigned long)func, name))
		len = sysfs_emit(buf, "none\n");
	else
		len = sysfs_emit(buf, "%s\n", name);
	mutex_unlock(&vmi_live.lock);
	return len;
}

static struct kobj_attribute function_attr = __ATTR_RO(function);

static struct attribute *op_attrs[] = {
	&provider_attr.attr,
	&policy_attr.attr,
	&function_attr.attr,
	&counting_attr.attr,
	&calls_attr.attr,
	NULL
};
ATTRIBUTE_GROUPS(op);

struct entry_attribute {
	struct attribute attr;
	ssize_t (*show)(struct vmi_entry *entry, char *buf);
};

#define VMI_ENTRY_ATTR(_name, _statement)				\
static ssize_t entry_##_name##_show(struct vmi_entry *entry, char *buf)	\
{									\
	return _statement;						\
}									\
static struct entry_attribute entry_##_name##_attr = {			\
	.attr = { .name = #_name, .mode = 0444 },			\
	.show = entry_##_name##_show,					\
}

VMI_ENTRY_ATTR(hypervisor,
	       sysfs_emit(buf, "%s\n", entry->backend->hypervisor));
VMI_ENTRY_ATTR(state,
	       sysfs_emit(buf, "%s\n", vmi_state_names[entry->state]));
VMI_ENTRY_ATTR(evidence,
	       sysfs_emit(buf, "%s\n", entry->evidence));
VMI_ENTRY_ATTR(last_error, emit_error(buf, &entry->error));

static struct attribute *entry_attrs[] = {
	&entry_hypervisor_attr.attr,
	&entry_state_attr.attr,
	&entry_evidence_attr.attr,
	&entry_last_error_attr.attr,
	NULL
};
ATTRIBUTE_GROUPS(entry);

static ssize_t entry_show(struct kobject *kobj, struct attribute *attr,
			  char *buf)
{
	struct vmi_entry *entry = container_of(kobj, struct vmi_entry, kobj);
	struct entry_attribute *entry_attr =
		container_of(attr, struct entry_attribute, attr);
	ssize_t len;

	mutex_lock(&vmi_live.lock);
	len = entry_attr->show(entry, buf);
	mutex_unlock(&vmi_live.lock);
	return len;
}

static const struct sysfs_ops entry_sysfs_ops = {
	.show = entry_show,
};

static void entry_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct vmi_entry, kobj));
}

static const struct kobj_type entry_type = {
	.release	= entry_release,
	.sysfs_ops	= &entry_sysfs_ops,
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

/* Runs before the first backend can register. */
static int __init vmi_sysfs_init(void)
{
	enum vmi_op op;
	int err;

	if (!vmi_live.arch)
		return 0;

	vmi_kobj = kobject_create_and_add("vmi", kernel_kobj);
	if (!vmi_kobj)
		return -ENOMEM;
	err = sysfs_create_groups(vmi_kobj, core_groups);
	if (err)
		goto put;

	err = -ENOMEM;
	backends_kobj = kobject_create_and_add("backends", vmi_kobj);
	ops_kobj = kobject_create_and_add("ops", vmi_kobj);
	if (!backends_kobj || !ops_kobj)
		goto put;

	for_each_vmi_op(op) {
		op_kobjs[op] = kobject_create_and_add(vmi_op_infos[op].name,
						      ops_kobj);
		if (!op_kobjs[op])
			goto put;
		err = sysfs_create_groups(op_kobjs[op], op_groups);
		if (err)
			goto put;
	}
	return 0;

put:
	for_each_vmi_op(op)
		kobject_put(op_kobjs[op]);
	kobject_put(ops_kobj);
	kobject_put(backends_kobj);
	kobject_put(vmi_kobj);
	/* Backends that register from now on have no directory. */
	backends_kobj = NULL;
	return err;
}
subsys_initcall(vmi_sysfs_init);
