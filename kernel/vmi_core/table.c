// SPDX-License-Identifier: GPL-2.0-only
/*
 * State of the core, and the names of its parts
 *
 * Nothing is decided here.
 */

#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "table.h"

struct vmi_table vmi_live;
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

/* The text of an error, or "none". */
const char *vmi_error_text(const struct vmi_error *error)
{
	return error->kind ? error->message : "none";
}
EXPORT_SYMBOL_IF_KUNIT(vmi_error_text);

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

void vmi_notify_changed(struct vmi_table *table, struct vmi_entry *entry)
{
	if (table->notify)
		table->notify->changed(table, entry);
}

void vmi_set_state(struct vmi_table *table, struct vmi_entry *entry,
		   enum vmi_state state)
{
	lockdep_assert_held(&table->lock);

	entry->state = state;
	vmi_notify_changed(table, entry);
}

void vmi_table_init(struct vmi_table *table, const struct vmi_arch_ops *arch)
{
	mutex_init(&table->lock);
	INIT_LIST_HEAD(&table->entries);
	/* Netlink takes 0 for a dump that knows no generation. */
	table->generation = 1;
	table->arch = arch;
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

/* Find an op by its name, GROUP.OP. Return -ENOENT if there is none. */
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

/* Find ops by the name of one or of a group. Return 0, and the error, if no such name exists. */
vmi_opmask_t vmi_ops_find(const char *name, struct vmi_error *error)
{
	enum vmi_group group;
	int op;

	for (group = 0; group < VMI_NR_GROUPS; group++) {
		if (!strcmp(vmi_groups[group].name, name))
			return vmi_ops_of_group(group);
	}
	op = vmi_op_find(name);
	if (op >= 0)
		return BIT_ULL(op);
	vmi_fail(error, -ENOENT, "name", "there is no op or group named '%s'", name);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_ops_find);

/* Words of the boot line that cannot be the name of a backend. */
bool vmi_is_reserved_name(const char *name)
{
	return !strcmp(name, "auto") || !strcmp(name, "native") ||
	       !strcmp(name, "builtin") || !strcmp(name, "stats") ||
	       !strcmp(name, "histograms");
}

/* The guest code that the kernel booted with, "native" if there is none. */
const char *vmi_builtin_name(const struct vmi_table *table)
{
	return memcmp(table->builtin, table->native, sizeof(*table->native)) ?
	       table->builtin_name : "native";
}

const char *vmi_active_name(const struct vmi_table *table)
{
	if (table->active)
		return table->active->backend->name;
	return table->base_native ? "native" : "builtin";
}
EXPORT_SYMBOL_IF_KUNIT(vmi_active_name);

/*
 * Find the ops that a policy can be about, by the name of an op or a group. A mix of two
 * providers in a move-together group would not be correct, so a policy for such a group is for
 * all of it.
 */
int vmi_policy_find(const char *target, vmi_opmask_t *ops,
		    struct vmi_error *error)
{
	enum vmi_group group;

	*ops = vmi_ops_find(target, error);
	if (!*ops)
		return -ENOENT;

	group = vmi_op_infos[__ffs64(*ops)].group;
	if (vmi_groups[group].together && *ops != vmi_ops_of_group(group))
		return vmi_fail(error, -EINVAL, "policy",
				"%s moves together with its group: name all of '%s'",
				target, vmi_groups[group].name);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_policy_find);

/*
 * Write down a policy, without effect on the machine. Return -EINVAL if a policy cannot name the
 * provider; then nothing is written.
 */
int vmi_policy_put(struct vmi_policy *policy, vmi_opmask_t ops,
		   const char *provider, struct vmi_error *error)
{
	bool native = !strcmp(provider, "native");
	bool builtin = !strcmp(provider, "builtin");

	if (!native && !builtin && strcmp(provider, "default"))
		return vmi_fail(error, -EINVAL, "policy",
				"a policy is native, builtin or default, not '%s'",
				provider);
	policy->native = (policy->native & ~ops) | (native ? ops : 0);
	policy->builtin = (policy->builtin & ~ops) | (builtin ? ops : 0);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_policy_put);

/* The policy of an op, "default" if it has none. */
const char *vmi_policy_provider(const struct vmi_policy *policy, enum vmi_op op)
{
	if (policy->native & BIT_ULL(op))
		return "native";
	return policy->builtin & BIT_ULL(op) ? "builtin" : "default";
}

/* Ops that are bound to a backend. */
vmi_opmask_t vmi_bound_ops(const struct vmi_table *table,
			   const struct vmi_entry *entry)
{
	if (entry != table->active)
		return 0;
	return entry->usable & ~(table->policy.native | table->policy.builtin);
}

const char *vmi_provider_name(const struct vmi_table *table, enum vmi_op op)
{
	if (table->active &&
	    (vmi_bound_ops(table, table->active) & BIT_ULL(op)))
		return table->active->backend->name;
	return vmi_get_op(&table->bound, op) == vmi_get_op(table->native, op) ?
	       "native" : "builtin";
}
EXPORT_SYMBOL_IF_KUNIT(vmi_provider_name);

/* Refuse native ops, or a backend that falls back to them, where they cannot work. */
int vmi_refuse_native(const struct vmi_table *table, int err, const char *kind,
		      struct vmi_error *error)
{
	return vmi_fail(error, err, kind,
			"builtin is mandatory here: native ops do not work in a guest of type '%s'",
			table->builtin_name);
}

int vmi_refuse_shutdown(struct vmi_error *error)
{
	return vmi_fail(error, -ESHUTDOWN, "request",
			"the kernel is shutting down");
}

const struct vmi_ops *vmi_native(void)
{
	return vmi_live.native;
}
EXPORT_SYMBOL_GPL(vmi_native);

bool vmi_builtin_binds(vmi_opmask_t ops)
{
	enum vmi_op op;

	for_each_vmi_op_in(op, ops) {
		if (vmi_get_op(vmi_live.builtin, op) !=
		    vmi_get_op(vmi_live.native, op))
			return true;
	}
	return false;
}
EXPORT_SYMBOL_GPL(vmi_builtin_binds);
