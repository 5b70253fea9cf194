/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * State of the core: one struct vmi_table
 *
 * The kernel has one table, vmi_live. Each test makes its own, whose struct vmi_arch_ops
 * record instead of patching.
 */
#ifndef _VMI_TABLE_H
#define _VMI_TABLE_H

#include <linux/bitops.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/vmi.h>

#define VMI_MESSAGE_LEN	160

enum vmi_group {
#define VMI_GROUP_ENUM(group, ...)	VMI_GROUP_##group,
	VMI_GROUPS(VMI_GROUP_ENUM)
#undef VMI_GROUP_ENUM
	VMI_NR_GROUPS
};

struct vmi_group_info {
	const char	*name;
	bool		together;
};

/* An op goes to all CPUs of the mask in its first argument, or to the others among them. */
enum vmi_mask {
	VMI_MASK_NONE,
	VMI_MASK_ALL,
	VMI_MASK_OTHERS,
};

struct vmi_op_info {
	const char	*name;
	enum vmi_group	group;
	enum vmi_mask	mask;
};

extern const struct vmi_group_info vmi_groups[VMI_NR_GROUPS];
extern const struct vmi_op_info vmi_op_infos[VMI_NR_OPS];
extern const char *const vmi_state_names[];

/* First error since the last success: later ones are mostly its consequences. */
struct vmi_error {
	const char	*kind;
	char		message[VMI_MESSAGE_LEN];
};

/**
 * struct vmi_entry - a registered backend
 * @node: in vmi_table.entries, and empty once the backend is unregistered
 * @hotplug: instance in the CPU hotplug state machine
 * @live: in the list of those that have CPUs prepared
 * @kobj: its directory in sysfs; also owns the memory of the entry
 * @backend: the backend's own description
 * @ops: copy of its ops, padded with NULL if it was built with fewer
 * @usable: ops that can be bound on this machine
 * @state: where it is in its life
 * @evidence: what detect() saw
 * @error: first error, with the kind NULL if there was none
 */
struct vmi_entry {
	struct list_head	node;
	struct hlist_node	hotplug;
	struct hlist_node	live;
	struct kobject		kobj;
	struct vmi_backend	*backend;
	struct vmi_ops		ops;
	vmi_opmask_t		usable;
	enum vmi_state		state;
	char			evidence[VMI_EVIDENCE_LEN];
	struct vmi_error	error;
};

/**
 * struct vmi_policy - the operator's choices for single ops
 * @native: ops that are to be native
 * @builtin: ops that are to be builtin
 *
 * An op in neither has no policy. A move-together group is in a set as a whole.
 */
struct vmi_policy {
	vmi_opmask_t	native;
	vmi_opmask_t	builtin;
};

struct vmi_table;

/**
 * struct vmi_arch_ops - how decisions reach the call sites
 * @bind: make the call sites of some ops enter the functions of a table, each at a
 *	moment of its own. Cannot fail.
 * @quiesce: return when no CPU is inside a function that was bound to one of these ops
 *	before the call
 * @lock_bypass: while on, the native slow path of spinlocks does not queue
 * @cpus_online: prepare every online CPU for a backend, and each CPU that comes up later
 * @cpus_offline: undo @cpus_online
 *
 * All may sleep.
 */
struct vmi_arch_ops {
	void	(*bind)(vmi_opmask_t ops, const struct vmi_ops *to);
	void	(*quiesce)(vmi_opmask_t ops);
	void	(*lock_bypass)(bool on);
	int	(*cpus_online)(struct vmi_entry *entry);
	void	(*cpus_offline)(struct vmi_entry *entry);
};

/**
 * struct vmi_notify - functions that announce changes
 * @changed: a backend changed, or the table itself if the entry is NULL
 * @policy_changed: the policy of some ops changed
 *
 * Both are called in process context, under the table's lock.
 */
struct vmi_notify {
	void	(*changed)(struct vmi_table *table, struct vmi_entry *entry);
	void	(*policy_changed)(vmi_opmask_t ops);
};

/**
 * struct vmi_table - providers and bindings
 * @lock: serialises registration and switches. Taken before cpus_read_lock(),
 *	so no hotplug callback may take it.
 * @arch: how a binding reaches the call sites
 * @notify: see &struct vmi_notify; NULL at first
 * @entries: registered backends
 * @generation: counts changes of @entries, @active and @policy, for dumps
 * @native: native provider, complete
 * @builtin: what the kernel booted with, complete
 * @builtin_name: name of the kernel's own guest code
 * @bound: what each op enters now
 * @fixed: ops that stay what they are until the next boot
 * @disabled: ops that a boot word of the kernel's own keeps from every backend
 * @policy: see &struct vmi_policy
 * @native_invalid: the kernel cannot run on the native provider here
 * @native_bypass: state of the lock bypass that belongs to native spinlocks
 * @closed: the kernel is about to end, no more switches
 * @base_native: ops that the default provider does not have are native rather than builtin
 * @active: backend that is the default provider; NULL if that is native or builtin
 * @requested: word of the boot line or of the last request
 * @choice: why the default provider was chosen, a sentence
 * @hypervisor: name of the hypervisor that the kernel detected
 * @auto_backend: name of the backend for @hypervisor, NULL if there is none
 * @switches: completed switches
 * @switched_at_ns: CLOCK_BOOTTIME of the last one
 * @before_init: the last one was complete before PID 1 ran
 * @error: first error since the last success
 */
struct vmi_table {
	struct mutex		lock;	/* see above */
	const struct vmi_arch_ops *arch;
	const struct vmi_notify	*notify;
	struct list_head	entries;
	unsigned int		generation;

	const struct vmi_ops	*native;
	const struct vmi_ops	*builtin;
	const char		*builtin_name;
	struct vmi_ops		bound;
	vmi_opmask_t		fixed;
	vmi_opmask_t		disabled;
	struct vmi_policy	policy;
	bool			native_invalid;
	bool			native_bypass;

	bool			closed;
	bool			base_native;
	struct vmi_entry	*active;
	char			requested[VMI_NAME_LEN + 1];
	char			choice[VMI_MESSAGE_LEN];
	const char		*hypervisor;
	const char		*auto_backend;
	u64			switches;
	u64			switched_at_ns;
	bool			before_init;
	struct vmi_error	error;
};

extern struct vmi_table vmi_live;

#define VMI_ALL_OPS	GENMASK_ULL(VMI_NR_OPS - 1, 0)

/* All ops are pointers, so a table of ops is also an array of them. */
static inline void *vmi_get_op(const struct vmi_ops *ops, enum vmi_op op)
{
	return ((void *const *)ops)[op];
}

static inline void vmi_set_op(struct vmi_ops *ops, enum vmi_op op, void *func)
{
	((void **)ops)[op] = func;
}

#define for_each_vmi_op(op) \
	for ((op) = 0; (op) < VMI_NR_OPS; (op)++)

/* First op of a set from a certain one on, VMI_NR_OPS if there is none. */
static inline enum vmi_op vmi_next_op(vmi_opmask_t ops, unsigned int from)
{
	ops &= ~0ULL << from;
	return ops ? min_t(unsigned int, __ffs64(ops), VMI_NR_OPS) : VMI_NR_OPS;
}

#define for_each_vmi_op_in(op, ops)				\
	for ((op) = vmi_next_op(ops, 0); (op) < VMI_NR_OPS;	\
	     (op) = vmi_next_op(ops, (op) + 1))

__printf(4, 5)
int vmi_fail(struct vmi_error *error, int err, const char *kind,
	     const char *fmt, ...);
const char *vmi_error_text(const struct vmi_error *error);
void vmi_error_copy_first(struct vmi_error *to, const struct vmi_error *from);
void vmi_set_state(struct vmi_table *table, struct vmi_entry *entry,
		   enum vmi_state state);
void vmi_table_init(struct vmi_table *table, const struct vmi_arch_ops *arch);
void vmi_notify_changed(struct vmi_table *table, struct vmi_entry *entry);
struct vmi_entry *vmi_table_find(struct vmi_table *table, const char *name);
int vmi_op_find(const char *name);
vmi_opmask_t vmi_ops_find(const char *name, struct vmi_error *error);
vmi_opmask_t vmi_ops_of_group(enum vmi_group group);
const char *vmi_builtin_name(const struct vmi_table *table);
const char *vmi_active_name(const struct vmi_table *table);
bool vmi_is_reserved_name(const char *name);
int vmi_policy_find(const char *target, vmi_opmask_t *ops,
		    struct vmi_error *error);
int vmi_policy_put(struct vmi_policy *policy, vmi_opmask_t ops,
		   const char *provider, struct vmi_error *error);
const char *vmi_policy_provider(const struct vmi_policy *policy, enum vmi_op op);
vmi_opmask_t vmi_bound_ops(const struct vmi_table *table,
			   const struct vmi_entry *entry);
const char *vmi_provider_name(const struct vmi_table *table, enum vmi_op op);
int vmi_refuse_native(const struct vmi_table *table, int err, const char *kind,
		      struct vmi_error *error);
int vmi_refuse_shutdown(struct vmi_error *error);

#endif /* _VMI_TABLE_H */
