/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libvmi: the Virtual Machine Interface of the running kernel, for programs.
 *
 *	struct vmi_op *ops, *op;
 *	struct vmi *vmi;
 *
 *	if (vmi_open(&vmi) || vmi_list_ops(vmi, &ops)) {
 *		fprintf(stderr, "%s\n", vmi_strerror(vmi));
 *	} else {
 *		vmi_for_each(op, ops)
 *			printf("%s is bound to %s\n", op->name, op->provider);
 *		vmi_free(ops);
 *	}
 *	vmi_close(vmi);
 *
 * Unless documented otherwise, a function that returns an int returns 0 or a
 * negative errno. After an error, vmi_strerror() describes it, and only
 * vmi_open() has stored something through its pointer. All functions but
 * vmi_next_event() wait for the kernel's answer. The library prints nothing.
 * Handles share nothing: each thread may have one, and a handle is for one
 * thread at a time.
 *
 * Besides its documented errors, any function that asks the kernel can return
 * those of socket(2), sendmsg(2) and recvmsg(2), and these:
 *
 *	-ENOENT		this kernel has no VMI
 *	-EBADMSG	the kernel's answer is truncated or malformed
 *	-ENOMEM		out of memory
 *
 * Results consist of the structures below. vmi_free() frees a result with all
 * its strings. A string is not NULL unless that is documented. It can hold any
 * byte, since it may come from a hypervisor or a module. The structures of
 * results can get more members at their ends in later versions. Only struct
 * vmi_policy_entry never grows, since callers have arrays of it.
 */
#ifndef LIBVMI_VMI_H
#define LIBVMI_VMI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/vmi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A handle on the kernel. */
struct vmi;

/* The library's description of one kind of object. */
struct vmi_set;

/**
 * struct vmi_object - First member of every structure of a result
 * @next: The next object of a list, or NULL; see vmi_for_each.
 * @set: For vmi_visit().
 * @present: For vmi_has().
 */
struct vmi_object {
	struct vmi_object *next;
	const struct vmi_set *set;
	uint32_t present;
};

/**
 * struct vmi_error - The first error since the last success
 * @object: Common part.
 * @kind: What failed, in one word.
 * @message: Why, in a sentence.
 */
struct vmi_error {
	struct vmi_object object;
	const char *kind;
	const char *message;
};

/**
 * struct vmi_status - State of the core
 * @object: Common part.
 * @active: The default provider: native, builtin or the name of a backend.
 * @requested: The word of the boot line, or of the last vmi_use().
 * @hypervisor: The hypervisor that the kernel detected; unknown if the kernel has
 *	no guest code for it, none on bare hardware.
 * @builtin: Name of the kernel's own guest code bound at boot, or native.
 * @choice: Why the default provider was chosen, in a sentence.
 * @switches: Switches completed since boot.
 * @switched_at_ns: When the last switch was, in nanoseconds of CLOCK_BOOTTIME;
 *	0 if there was none.
 * @last_error: NULL if there is none.
 * @state: State of the active backend. It is valid only if there is one, which
 *	vmi_has(&status->object, VMI_A_STATUS_STATE) tells.
 * @api_major: Major version of the backend API.
 * @api_minor: Minor version of the backend API.
 * @before_init: The last switch was complete before PID 1 ran.
 */
struct vmi_status {
	struct vmi_object object;
	const char *active;
	const char *requested;
	const char *hypervisor;
	const char *builtin;
	const char *choice;
	uint64_t switches;
	uint64_t switched_at_ns;
	const struct vmi_error *last_error;
	enum vmi_state state;
	uint32_t api_major;
	uint32_t api_minor;
	bool before_init;
};

/**
 * struct vmi_backend - A backend
 * @object: Common part.
 * @name: Its name.
 * @hypervisor: The hypervisor it is for; NULL in the event of its
 *	unregistration, in which only the name is set.
 * @version: The backend's own version; NULL if it has none.
 * @module: Name of its module; NULL if it is built in.
 * @evidence: Why it claims the machine; NULL if it does not.
 * @last_error: NULL if there is none.
 * @state: Its state.
 */
struct vmi_backend {
	struct vmi_object object;
	const char *name;
	const char *hypervisor;
	const char *version;
	const char *module;
	const char *evidence;
	const struct vmi_error *last_error;
	enum vmi_state state;
};

/**
 * struct vmi_op - A paravirtual operation
 * @object: Common part.
 * @name: GROUP.OP, for example tlb.flush_multi.
 * @group: GROUP.
 * @provider: What it is bound to: native, builtin or the name of a backend.
 * @policy: The operator's choice, native or builtin; default if there is none.
 * @reason: Why the active backend does not have it; NULL if it does.
 * @calls: Calls counted, summed over all CPUs.
 * @counting: Calls are being counted.
 */
struct vmi_op {
	struct vmi_object object;
	const char *name;
	const char *group;
	const char *provider;
	const char *policy;
	const char *reason;
	uint64_t calls;
	bool counting;
};

/**
 * struct vmi_cpu_calls - Calls on a CPU
 * @object: Common part.
 * @calls: Calls counted.
 * @cpu: Number of the CPU.
 */
struct vmi_cpu_calls {
	struct vmi_object object;
	uint64_t calls;
	uint32_t cpu;
};

/**
 * struct vmi_bucket - Numbers of about the same size
 * @object: Common part.
 * @to: The largest number of the bucket: 0, 1, 3, 7 and so on. The smallest one
 *	is 0, or half of @to, rounded up.
 * @count: How often they occurred.
 */
struct vmi_bucket {
	struct vmi_object object;
	uint64_t to;
	uint64_t count;
};

/**
 * struct vmi_histogram - Distribution of numbers by their size
 * @object: Common part.
 * @sum: Sum of the numbers.
 * @buckets: List of the buckets that are not empty, the smallest numbers first;
 *	NULL if there were no numbers.
 */
struct vmi_histogram {
	struct vmi_object object;
	uint64_t sum;
	const struct vmi_bucket *buckets;
};

/**
 * struct vmi_op_stats - The counters of a paravirtual operation
 * @object: Common part.
 * @name: GROUP.OP, for example tlb.flush_multi.
 * @group: GROUP.
 * @provider: What it is bound to: native, builtin or the name of a backend.
 * @calls: Calls counted. It is the sum of @cpus: each CPU was read once.
 * @cpus: List of the possible CPUs, in the order of their numbers.
 * @latency: The cycles that calls took; NULL if that was never requested.
 * @targets: How many CPUs calls were for; NULL if that was never requested, and
 *	for ops that take no mask of CPUs.
 * @counting: Calls are being counted.
 * @measuring: Histograms are being filled.
 */
struct vmi_op_stats {
	struct vmi_object object;
	const char *name;
	const char *group;
	const char *provider;
	uint64_t calls;
	const struct vmi_cpu_calls *cpus;
	const struct vmi_histogram *latency;
	const struct vmi_histogram *targets;
	bool counting;
	bool measuring;
};

/**
 * struct vmi_cap - A capability, which is something that a hypervisor offers
 * @object: Common part.
 * @name: Its name.
 * @backend: The backend that knows it.
 * @reason: Why it is offered but not bound; NULL otherwise.
 * @uses: Times it was used. It is valid only if the backend counts that, which
 *	vmi_has(&cap->object, VMI_A_CAP_USES) tells.
 * @offered: The hypervisor offers it.
 * @bound: The backend uses it now.
 */
struct vmi_cap {
	struct vmi_object object;
	const char *name;
	const char *backend;
	const char *reason;
	uint64_t uses;
	bool offered;
	bool bound;
};

/**
 * struct vmi_policy_entry - A policy for vmi_set_policy() to set or clear
 * @target: GROUP.OP or GROUP; NULL for all ops.
 * @provider: native, builtin, or default to clear the policy; not NULL.
 *
 * The structure never grows, since it is the caller's. An entry with more
 * members would be another structure, for another function.
 */
struct vmi_policy_entry {
	const char *target;
	const char *provider;
};

/**
 * struct vmi_event - An event: the member that is not NULL
 * @status: A switch was completed or failed, or a registration was refused.
 * @backend: A backend was registered, unregistered or changed its state.
 * @op: The policy of this op changed.
 *
 * Later versions can have more members. With such a library, a program that was
 * compiled with this header can get an event in which all members are NULL. The
 * program must ignore such an event.
 */
struct vmi_event {
	const struct vmi_status *status;
	const struct vmi_backend *backend;
	const struct vmi_op *op;
};

/**
 * vmi_open() - Open a handle and find VMI in the kernel
 * @vmi: Where to store the handle. After an error, the handle has the sentence,
 *	and must be closed as well. After -ENOMEM it can be NULL, which
 *	vmi_strerror() and vmi_close() accept.
 *
 * Return: 0 or a negative errno; -ENOENT if this kernel has no VMI.
 */
int vmi_open(struct vmi **vmi);

/**
 * vmi_close() - Close a handle
 * @vmi: The handle, or NULL. Results stay valid.
 */
void vmi_close(struct vmi *vmi);

/**
 * vmi_strerror() - Describe the last error
 * @vmi: The handle, or NULL.
 *
 * Return: A sentence about the last call that failed, without a full stop: the
 * kernel's own if it gave one. The sentence belongs to the handle and lasts
 * until the next call. Never NULL.
 */
const char *vmi_strerror(const struct vmi *vmi);

/**
 * vmi_free() - Free a result
 * @result: A list, an object or an event that a call stored, or NULL.
 *	Members of a list are not freed one by one.
 */
void vmi_free(void *result);

/**
 * vmi_get_status() - Get the state of the core
 * @vmi: The handle.
 * @status: Where to store it, for the caller to free.
 *
 * Return: 0 or a negative errno.
 */
int vmi_get_status(struct vmi *vmi, struct vmi_status **status);

/**
 * vmi_list_backends() - List the registered backends
 * @vmi: The handle.
 * @backends: Where to store the list, for the caller to free; NULL if empty.
 *
 * Return: 0 or a negative errno; -EAGAIN if the list does not stop changing.
 */
int vmi_list_backends(struct vmi *vmi, struct vmi_backend **backends);

/**
 * vmi_list_ops() - List the ops with their counters
 * @vmi: The handle.
 * @ops: Where to store the list, for the caller to free; NULL if empty. The
 *	counters are not read at one instant.
 *
 * Return: 0 or a negative errno; -EAGAIN if the list does not stop changing.
 */
int vmi_list_ops(struct vmi *vmi, struct vmi_op **ops);

/**
 * vmi_list_stats() - List the counters of all ops, CPU by CPU
 * @vmi: The handle.
 * @stats: Where to store the list, for the caller to free; NULL if empty.
 *	Neither the ops nor the CPUs are read at one instant.
 *
 * Return: 0 or a negative errno; -EAGAIN if the list does not stop changing.
 */
int vmi_list_stats(struct vmi *vmi, struct vmi_op_stats **stats);

/**
 * vmi_list_caps() - List the capabilities of every backend
 * @vmi: The handle.
 * @caps: Where to store the list, for the caller to free; NULL if empty.
 *
 * Return: 0 or a negative errno; -EAGAIN if the list does not stop changing.
 */
int vmi_list_caps(struct vmi *vmi, struct vmi_cap **caps);

/**
 * vmi_for_each - Loop over a list
 * @item: Pointer to the current object.
 * @list: A list that one of the vmi_list functions stored.
 */
#define vmi_for_each(item, list)      \
	for ((item) = (list); (item); \
	     (item) = (__typeof__(item))(void *)(item)->object.next)

/**
 * vmi_use() - Switch to a provider
 * @vmi: The handle.
 * @provider: native, builtin or the name of a registered backend.
 *
 * The switch is complete when this returns. Needs CAP_SYS_ADMIN in the initial
 * user namespace, here and in vmi_open().
 *
 * Return: 0 or a negative errno. -ENOENT: there is no such backend; -ENODEV: it
 * does not claim this machine; -EOPNOTSUPP: native ops cannot work here;
 * -EBUSY: its module is being loaded or removed, or the active backend is for
 * another hypervisor; -ESHUTDOWN: the kernel is shutting down; -EPERM: no
 * privilege; other errors come from a backend.
 */
int vmi_use(struct vmi *vmi, const char *provider);

/**
 * vmi_set_stats() - Switch call counting on or off, or reset what was counted
 * @vmi: The handle.
 * @action: What to do.
 * @target: GROUP.OP or GROUP; NULL for all ops.
 *
 * Needs CAP_SYS_ADMIN in the initial user namespace, here and in vmi_open().
 *
 * Return: 0 or a negative errno; -ENOENT if there is no such op or group,
 * -EPERM without the privilege.
 */
int vmi_set_stats(struct vmi *vmi, enum vmi_stats_action action,
		  const char *target);

/**
 * vmi_set_histograms() - Switch histograms on or off
 * @vmi: The handle.
 * @on: If true, fill histograms and count calls. If false, fill no histograms;
 *	counting continues.
 * @target: GROUP.OP or GROUP; NULL for all ops.
 *
 * If vmi_set_stats() stops or resets the counters, it does the same to the
 * histograms. Needs CAP_SYS_ADMIN in the initial user namespace, here and in
 * vmi_open().
 *
 * Return: 0 or a negative errno; -ENOENT if there is no such op or group,
 * -ENOMEM if the kernel has no memory for them, -EPERM without the privilege.
 */
int vmi_set_histograms(struct vmi *vmi, bool on, const char *target);

/**
 * vmi_set_policy() - Set or clear the policies of ops or groups
 * @vmi: The handle.
 * @entries: The policies, set in this order: of several entries for an op, the
 *	last one is valid. Policies of other ops stay.
 * @count: Number of entries, at least 1.
 *
 * Either all entries have taken effect when this returns, or none has. After an
 * error, vmi_refused_entry() returns the entry that caused it. Needs
 * CAP_SYS_ADMIN in the initial user namespace, here and in vmi_open().
 *
 * Return: 0 or a negative errno. -ENOENT: there is no such op or group;
 * -EINVAL: the op has to move together with its group, or a provider is missing
 * or not one of the three; -EOPNOTSUPP: native ops cannot work here;
 * -ESHUTDOWN: the kernel is shutting down; -EPERM: no privilege.
 */
int vmi_set_policy(struct vmi *vmi, const struct vmi_policy_entry *entries,
		   size_t count);

/**
 * vmi_refused_entry() - Get the entry for which vmi_set_policy() failed
 * @vmi: The handle.
 *
 * Return: The number, from 0, of the entry that caused the error of the last
 * call; -1 if none did.
 */
int vmi_refused_entry(const struct vmi *vmi);

/**
 * vmi_subscribe() - Subscribe to the kernel's events
 * @vmi: The handle. Read the state after subscribing, so that no change is
 *	missed.
 *
 * Only the initial network namespace gets events.
 *
 * Return: 0 or a negative errno.
 */
int vmi_subscribe(struct vmi *vmi);

/**
 * vmi_event_fd() - Get a file descriptor to wait for events
 * @vmi: The handle, subscribed.
 *
 * Return: A file descriptor for poll(2) with POLLIN, which the handle owns; -1
 * if there is no subscription. When the file descriptor is readable, call
 * vmi_next_event() until that returns -EAGAIN.
 */
int vmi_event_fd(const struct vmi *vmi);

/**
 * vmi_next_event() - Get the next event without waiting
 * @vmi: The handle, subscribed.
 * @event: Where to store it, for the caller to free.
 *
 * Events that this version of the library does not know are skipped.
 *
 * Return: 0 or a negative errno. -EAGAIN: no event is pending; -ENOBUFS: the
 * kernel dropped events, because they were not fetched in time, so read the
 * state again; -EBADMSG: an event is malformed. After all three the
 * subscription stays.
 */
int vmi_next_event(struct vmi *vmi, struct vmi_event **event);

/**
 * vmi_state_name() - Get the name of a state
 * @state: The state.
 *
 * Return: A constant string: a word as in the specification of the netlink
 * family, or "unknown", since a newer kernel can have more states.
 */
const char *vmi_state_name(enum vmi_state state);

/**
 * vmi_has() - Check whether the kernel sent an attribute
 * @object: Common part of an object.
 * @attr: Number of an attribute of that object, VMI_A_...
 *
 * Return: Whether the attribute was in the kernel's message.
 */
bool vmi_has(const struct vmi_object *object, unsigned int attr);

/**
 * enum vmi_type - Type of a value, which is a member of struct vmi_value
 * @VMI_TYPE_STRING: string.
 * @VMI_TYPE_U32: number.
 * @VMI_TYPE_U64: number.
 * @VMI_TYPE_BOOL: truth.
 * @VMI_TYPE_STATE: state.
 * @VMI_TYPE_ERROR: error.
 * @VMI_TYPE_LIST: list.
 * @VMI_TYPE_HISTOGRAM: histogram.
 */
enum vmi_type {
	VMI_TYPE_STRING,
	VMI_TYPE_U32,
	VMI_TYPE_U64,
	VMI_TYPE_BOOL,
	VMI_TYPE_STATE,
	VMI_TYPE_ERROR,
	VMI_TYPE_LIST,
	VMI_TYPE_HISTOGRAM,
};

/**
 * struct vmi_value - A value of an object
 * @type: Type, which selects the member that is valid.
 * @string: A string.
 * @number: A number.
 * @truth: Yes or no.
 * @state: A state.
 * @error: An error, which is an object again.
 * @list: The common part of the first object of a list.
 * @histogram: A histogram, which is an object again.
 */
struct vmi_value {
	enum vmi_type type;
	union {
		const char *string;
		uint64_t number;
		bool truth;
		enum vmi_state state;
		const struct vmi_error *error;
		const struct vmi_object *list;
		const struct vmi_histogram *histogram;
	};
};

/**
 * typedef vmi_visitor - Function that vmi_visit() calls for each value
 * @name: Name of the value in the specification of the netlink family, for
 *	example switched-at-ns.
 * @value: The value.
 * @arg: The argument that vmi_visit() was given.
 */
typedef void vmi_visitor(const char *name, const struct vmi_value *value,
			 void *arg);

/**
 * vmi_visit() - Visit the values of an object of any kind
 * @object: Common part of the object.
 * @visit: Called for each value that is present, in the order of the
 *	specification.
 * @arg: Argument for @visit.
 */
void vmi_visit(const struct vmi_object *object, vmi_visitor *visit, void *arg);

#ifdef __cplusplus
}
#endif

#endif /* LIBVMI_VMI_H */
