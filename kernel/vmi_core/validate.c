// SPDX-License-Identifier: GPL-2.0-only
/*
 * Validation of a backend, and the reasons why its ops are not bound
 *
 * A backend is checked in layers, and each relies on the layers before it: ABI, names, ops,
 * text, callbacks, detect. Each refusal is a sentence.
 */

#include <kunit/visibility.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <asm/sections.h>
#include <linux/string.h>

#include "validate.h"

static int validate_abi(const struct vmi_backend *backend,
			struct vmi_error *error)
{
	const char *rule = NULL;

	if (backend->api_major != VMI_API_MAJOR)
		rule = "the major version must be equal";
	else if (backend->api_minor > VMI_API_MINOR)
		rule = "the minor version must not be newer";
	if (rule)
		return vmi_fail(error, -EOPNOTSUPP, "abi",
				"the backend has API %u.%u, the core has %u.%u: %s",
				backend->api_major, backend->api_minor,
				VMI_API_MAJOR, VMI_API_MINOR, rule);
	/* No released minor had a smaller structure. */
	if (backend->size != sizeof(*backend))
		return vmi_fail(error, -EOPNOTSUPP, "abi",
				"struct vmi_backend has %u bytes in the backend and %zu in the core",
				backend->size, sizeof(*backend));
	if (!backend->nr_ops || backend->nr_ops > VMI_NR_OPS)
		return vmi_fail(error, -EOPNOTSUPP, "abi",
				"the backend has %u ops, the core has %u",
				backend->nr_ops, VMI_NR_OPS);
	return 0;
}

/* The name becomes a module alias and the name of a directory. */
static bool name_is_valid(const char *name)
{
	size_t len;

	if (!name || name[0] < 'a' || name[0] > 'z')
		return false;
	len = strnlen(name, VMI_NAME_LEN + 1);
	return len <= VMI_NAME_LEN &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len;
}

static int validate_names(const struct vmi_backend *backend,
			  struct vmi_error *error)
{
	const char *name = backend->name, *cap;
	unsigned int i, j;

	if (!name_is_valid(name))
		return vmi_fail(error, -EINVAL, "name",
				"the backend's name must be a lower-case letter, then up to %u of these, digits, dashes or dots",
				VMI_NAME_LEN - 1);
	if (vmi_is_reserved_name(name))
		return vmi_fail(error, -EINVAL, "name",
				"the name '%s' has a meaning of its own", name);
	if (!backend->hypervisor)
		return vmi_fail(error, -EINVAL, "name",
				"backend '%s' does not name its hypervisor", name);
	if (backend->nr_caps && !backend->caps)
		return vmi_fail(error, -EINVAL, "name",
				"backend '%s' has %u capabilities but no table of them",
				name, backend->nr_caps);
	for (i = 0; i < backend->nr_caps; i++) {
		cap = backend->caps[i].name;
		if (!name_is_valid(cap))
			return vmi_fail(error, -EINVAL, "name",
					"capability %u of backend '%s' has no valid name",
					i, name);
		for (j = 0; j < i; j++) {
			if (!strcmp(cap, backend->caps[j].name))
				return vmi_fail(error, -EINVAL, "name",
						"backend '%s' has the capability '%s' twice",
						name, cap);
		}
	}
	return 0;
}

static void *op_of(const struct vmi_backend *backend, enum vmi_op op)
{
	return op < backend->nr_ops ? vmi_get_op(backend->ops, op) : NULL;
}

static int validate_ops(const struct vmi_backend *backend,
			struct vmi_error *error)
{
	vmi_opmask_t present = 0, missing, together;
	enum vmi_group group;
	enum vmi_op op;

	if (!backend->ops)
		return vmi_fail(error, -EINVAL, "ops",
				"backend '%s' has no table of ops",
				backend->name);
	for_each_vmi_op(op) {
		if (op_of(backend, op))
			present |= BIT_ULL(op);
	}
	if (!present)
		return vmi_fail(error, -EINVAL, "ops",
				"backend '%s' implements no op", backend->name);

	for (group = 0; group < VMI_NR_GROUPS; group++) {
		together = vmi_groups[group].together ? vmi_ops_of_group(group) : 0;
		missing = together & ~present;
		if (missing && missing != together)
			return vmi_fail(error, -EINVAL, "ops",
					"backend '%s' has %s but not %s: the group moves together",
					backend->name,
					vmi_op_infos[__ffs64(together & present)].name,
					vmi_op_infos[__ffs64(missing)].name);
	}
	return 0;
}

/* A backend may bind these functions of the core besides its own code. */
static bool is_helper(enum vmi_op op, void *func)
{
	return (op == VMI_OP_lock_slowpath && func == vmi_pv_lock_slowpath) ||
	       (op == VMI_OP_lock_unlock &&
		func == __raw_callee_save_vmi_pv_lock_unlock);
}

/*
 * Code of the backend that stays as long as the backend: not its init code, and
 * not somebody else's, which may be gone sooner.
 */
static bool in_own_text(const struct vmi_backend *backend, void *func)
{
	unsigned long addr = (unsigned long)func;

	if (!backend->owner)
		return core_kernel_text(addr) && !is_kernel_inittext(addr);
	return within_module_mem_type(addr, backend->owner, MOD_TEXT);
}

/* The kernel calls these where neither tracers nor RCU may run. */
static bool in_noinstr_text(const struct vmi_backend *backend, void *func)
{
	const struct module *owner = backend->owner;

	if (!owner)
		return func >= (void *)__noinstr_text_start && func < (void *)__noinstr_text_end;
	return func >= owner->noinstr_text_start &&
	       func < owner->noinstr_text_start + owner->noinstr_text_size;
}

static int validate_text(const struct vmi_backend *backend,
			 struct vmi_error *error)
{
	enum vmi_op op;

	for_each_vmi_op(op) {
		void *func = op_of(backend, op);

		if (func && !in_own_text(backend, func) && !is_helper(op, func))
			return vmi_fail(error, -EINVAL, "text",
					"%s of backend '%s' points outside its own text",
					vmi_op_infos[op].name, backend->name);
		if (func && (VMI_IRQ_OPS & BIT_ULL(op)) && !in_noinstr_text(backend, func))
			return vmi_fail(error, -EINVAL, "text",
					"%s of backend '%s' is not noinstr",
					vmi_op_infos[op].name, backend->name);
	}

	/* The two helpers share a hash table that is private to them. */
	if (is_helper(VMI_OP_lock_slowpath,
		      op_of(backend, VMI_OP_lock_slowpath)) !=
	    is_helper(VMI_OP_lock_unlock, op_of(backend, VMI_OP_lock_unlock)))
		return vmi_fail(error, -EINVAL, "ops",
				"backend '%s' has only one of the helpers for lock.slowpath and lock.unlock",
				backend->name);
	return 0;
}

static int validate_callbacks(const struct vmi_backend *backend,
			      struct vmi_error *error)
{
#define CALLBACK(name)	{ #name, backend->name }
	const struct {
		const char *name;
		void *func;
	} callbacks[] = {
		CALLBACK(detect), CALLBACK(init), CALLBACK(exit), CALLBACK(drain),
		CALLBACK(cpu_starting), CALLBACK(cpu_online),
		CALLBACK(cpu_offline), CALLBACK(shutdown), CALLBACK(suspend),
		CALLBACK(resume),
	};
#undef CALLBACK
	unsigned int i;

	if (!backend->detect)
		return vmi_fail(error, -EINVAL, "callbacks",
				"backend '%s' has no detect()", backend->name);
	if ((backend->cpu_online || backend->cpu_starting) &&
	    (!backend->cpu_offline || !backend->shutdown))
		return vmi_fail(error, -EINVAL, "callbacks",
				"backend '%s' prepares CPUs but has no cpu_offline() or shutdown() to undo it",
				backend->name);
	for (i = 0; i < ARRAY_SIZE(callbacks); i++) {
		if (callbacks[i].func &&
		    !in_own_text(backend, callbacks[i].func))
			return vmi_fail(error, -EINVAL, "text",
					"%s() of backend '%s' points outside its own text",
					callbacks[i].name, backend->name);
	}
	return 0;
}

/* Check everything that does not depend on the machine. See vmi_backend_register(). */
int vmi_validate(const struct vmi_backend *backend, struct vmi_error *error)
{
	return validate_abi(backend, error) ?:
	       validate_names(backend, error) ?:
	       validate_ops(backend, error) ?:
	       validate_text(backend, error) ?:
	       validate_callbacks(backend, error);
}
EXPORT_SYMBOL_IF_KUNIT(vmi_validate);

/* Return why an op of a backend cannot be bound, NULL if it can. */
static const char *unusable_reason(const struct vmi_table *table,
				   const struct vmi_entry *entry,
				   enum vmi_op op)
{
	const struct vmi_backend *backend = entry->backend;
	const char *reason = NULL;
	unsigned int i;

	if (!vmi_get_op(&entry->ops, op))
		return "not implemented by the backend";
	if (table->disabled & BIT_ULL(op))
		return "left out by nopvspin";
	if (table->fixed & VMI_IRQ_OPS & BIT_ULL(op) && !IS_ENABLED(CONFIG_VMI_LOWLEVEL))
		return "the kernel was built without CONFIG_VMI_LOWLEVEL";
	if (table->fixed & (VMI_IRQ_OPS | VMI_LOCK_OPS) & BIT_ULL(op))
		return "the kernel has no sites for it that can be hooked";
	if (table->fixed & BIT_ULL(op))
		return "kept native at boot: no hypervisor, and vmi= names no backend for it";

	for (i = 0; i < backend->nr_caps; i++) {
		const struct vmi_capability *cap = &backend->caps[i];

		if (!(cap->ops & BIT_ULL(op)))
			continue;
		if (vmi_cap_usable(cap))
			return NULL;
		if (!reason)
			reason = cap->offered ? cap->blocked :
				 "not offered by the hypervisor";
	}
	return reason;
}

/* A move-together group with one op missing is out of reach as a whole. */
static vmi_opmask_t usable_ops(const struct vmi_table *table,
			       const struct vmi_entry *entry)
{
	vmi_opmask_t unusable = 0;
	enum vmi_op op;

	for_each_vmi_op(op) {
		enum vmi_group group = vmi_op_infos[op].group;

		if (!unusable_reason(table, entry, op))
			continue;
		unusable |= vmi_groups[group].together ?
			    vmi_ops_of_group(group) : BIT_ULL(op);
	}
	return VMI_ALL_OPS & ~unusable;
}

/* A sentence that says why a backend does not have an op, NULL if the backend has it. */
const char *vmi_unbound_reason(const struct vmi_table *table,
			       const struct vmi_entry *entry, enum vmi_op op)
{
	if (vmi_bound_ops(table, entry) & BIT_ULL(op))
		return NULL;
	if (entry->state == VMI_STATE_FAILED)
		return entry->error.message;
	if (!(entry->usable & BIT_ULL(op)))
		return unusable_reason(table, entry, op) ?:
		       "another op of its move-together group cannot be bound";
	if (entry != table->active)
		return "the backend is not active";
	return table->policy.native & BIT_ULL(op) ? "native by policy" :
	       "builtin by policy";
}
EXPORT_SYMBOL_IF_KUNIT(vmi_unbound_reason);

/*
 * Check what depends on the machine. The entry gets its evidence, its usable ops, and the reason
 * of a refusal. Sleeps, under the table's lock.
 */
int vmi_detect(struct vmi_table *table, struct vmi_entry *entry)
{
	struct vmi_backend *backend = entry->backend;
	int err;

	lockdep_assert_held(&table->lock);

	/* Ops of a backend fall back to native code. */
	if (table->native_invalid)
		return vmi_refuse_native(table, -ENODEV, "detect",
					 &entry->error);

	err = backend->detect(backend, entry->evidence);
	if (err && err != -ENODEV)
		return vmi_fail(&entry->error, err, "detect",
				"backend '%s' could not look for its hypervisor: error %d",
				backend->name, err);
	if (err)
		return vmi_fail(&entry->error, err, "detect",
				"%s is not the hypervisor of this machine",
				backend->hypervisor);

	entry->usable = usable_ops(table, entry);
	if (!entry->usable)
		return vmi_fail(&entry->error, -ENODEV, "detect",
				"backend '%s' has no op that can be bound here",
				backend->name);
	return 0;
}

/* Is an op bound to the backend that uses this capability of the backend? */
bool vmi_cap_bound(const struct vmi_table *table,
		   const struct vmi_capability *cap,
		   const struct vmi_entry *entry)
{
	return vmi_cap_usable(cap) && (cap->ops & vmi_bound_ops(table, entry));
}

/* A sentence that says why an offered capability of the backend is not bound. */
const char *vmi_cap_reason(const struct vmi_table *table,
			   const struct vmi_capability *cap,
			   const struct vmi_entry *entry)
{
	const char *reason = cap->blocked;
	enum vmi_op op;

	for_each_vmi_op_in(op, cap->ops) {
		if (!reason)
			reason = vmi_unbound_reason(table, entry, op);
	}
	return reason ?: "no op uses it";
}
