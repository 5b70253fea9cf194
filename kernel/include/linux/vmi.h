/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual Machine Interface: what a backend includes
 *
 * API overview:
 *
 *   vmi_backend_register(backend);
 *   vmi_backend_unregister(backend);
 *   module_vmi_backend(backend), VMI_BACKEND(backend);
 *   vmi_native();
 *   vmi_builtin_binds(ops), vmi_cap_usable(cap);
 *   vmi_clock_is_unsafe();
 *   vmi_pv_lock_slowpath(), PV_CALLEE_SAVE(vmi_pv_lock_unlock)
 *   vmi_tlb_describe(info, flush), vmi_tlb_is_lazy(cpu)
 *
 * Usage example:
 *
 *   static void my_io_delay(void)
 *   {
 *   }
 *
 *   static const struct vmi_ops my_ops = {
 *           .io_delay = my_io_delay,
 *   };
 *
 *   static struct vmi_capability my_caps[] = {
 *           { .name = "no-io-delay", .ops = VMI_OP_BIT(io_delay) },
 *   };
 *
 *   static int my_detect(struct vmi_backend *backend, char *evidence)
 *   {
 *           if (!hypervisor_cpuid_base("MyHypervisor", 0))
 *                   return -ENODEV;
 *           strscpy(evidence, "CPUID signature MyHypervisor", VMI_EVIDENCE_LEN);
 *           my_caps[0].offered = true;
 *           return 0;
 *   }
 *
 *   static struct vmi_backend my_backend = {
 *           VMI_BACKEND_HEADER("my", "My Hypervisor"),
 *           .ops    = &my_ops,
 *           .caps   = my_caps,
 *           .nr_caps = ARRAY_SIZE(my_caps),
 *           .detect = my_detect,
 *   };
 *   module_vmi_backend(my_backend);
 *   VMI_BACKEND_ALIAS("my");
 *
 * Life of a backend:
 *
 *   Registration validates, and changes no binding. A switch to the backend calls
 *   init(), then cpu_online() on every online CPU, then binds the ops. A switch away
 *   calls drain(), binds the ops to other providers, waits until no CPU can be inside
 *   one of the backend's, then calls cpu_offline() on every online CPU and exit(). Only
 *   then may memory that the hypervisor writes to, or the module, go away.
 *
 * Contract of an op:
 *
 *   An op never sleeps. It runs in the context of the native function it
 *   replaces, which may be NMI or have RCU not watching: sched_clock,
 *   safe_halt, halt and the irq ops have to be noinstr, and the unlock, wait
 *   and kick ops must not take a lock. Function pointers have to lie in the
 *   module's own text, or be one of the helpers below.
 */
#ifndef _LINUX_VMI_H
#define _LINUX_VMI_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/vmi_file.h>
#include <linux/vmi_ops.h>

#include <asm/paravirt_types.h>

#include <uapi/linux/vmi.h>

struct cpumask;
struct flush_tlb_info;
struct mm_struct;
struct qspinlock;

#define VMI_EVIDENCE_LEN	64

enum vmi_op {
#define VMI_OP_ENUM(group, name, ...)	VMI_OP_##group##_##name,
	VMI_OPS(VMI_OP_ENUM)
#undef VMI_OP_ENUM
	VMI_NR_OPS
};

/* A set of ops. */
typedef u64 vmi_opmask_t;

static_assert(sizeof(vmi_opmask_t) * BITS_PER_BYTE > VMI_NR_OPS);

#define VMI_OP_BIT(op)	BIT_ULL(VMI_OP_##op)

/* A backend has all of these or none: they move together. */
#define VMI_LOCK_OPS	(VMI_OP_BIT(lock_slowpath) |	\
			 VMI_OP_BIT(lock_unlock) |	\
			 VMI_OP_BIT(lock_wait) |	\
			 VMI_OP_BIT(lock_kick) |	\
			 VMI_OP_BIT(lock_vcpu_is_preempted))

/*
 * Ops of CONFIG_VMI_LOWLEVEL. The kernel calls them where nothing may be
 * instrumented, so they have to be noinstr. Some instructions stay native: in init functions,
 * in assembly, and in native_irq_disable() and the like. So a provider has to change the real
 * interrupt flag, and cannot rely on seeing each call. A provider that reads or changes the flag by
 * local_irq_disable(), irqs_disabled() and the like would call itself: build it with VMI_NO_SITES,
 * as the backends of this tree are, and let it call nothing that has sites.
 */
#define VMI_IRQ_OPS	(VMI_OP_BIT(irq_save_fl) |	\
			 VMI_OP_BIT(irq_disable) |	\
			 VMI_OP_BIT(irq_enable))

/**
 * struct vmi_ops - one function per op, GROUP_OP; NULL keeps what is bound
 *
 * PLAIN ops are pointers. CALLEE_SAVE ops are struct paravirt_callee_save, made
 * with PV_CALLEE_SAVE() of a function that has a PV_CALLEE_SAVE_REGS_THUNK(), so
 * that a function with the normal convention is not taken by mistake.
 */
struct vmi_ops {
#define VMI_OP_MEMBER_PLAIN(member, ret, args)		typeof(ret args) *member;
#define VMI_OP_MEMBER_CALLEE_SAVE(member, ret, args)	\
	struct paravirt_callee_save member;
#define VMI_OP_MEMBER(group, name, kind, mask, ret, args)	\
	VMI_OP_MEMBER_##kind(group##_##name, ret, args)
	VMI_OPS(VMI_OP_MEMBER)
#undef VMI_OP_MEMBER
} __no_randomize_layout;

static_assert(sizeof(struct vmi_ops) == VMI_NR_OPS * sizeof(void *));

/**
 * struct vmi_capability - something the hypervisor can do
 * @name: name in netlink and vmictl, lower case and dashes
 * @ops: the ops that use it; an op is bound only if at least one capability
 *	that lists it is offered and not blocked, or if none lists it
 * @offered: set by detect(): the hypervisor offers it
 * @blocked: set by detect(): a sentence saying why it is not used although it
 *	is offered, or NULL
 * @uses: per-CPU count of uses, allocated by the backend, or NULL if the calls
 *	of @ops already are that count
 */
struct vmi_capability {
	const char	*name;
	vmi_opmask_t	ops;
	bool		offered;
	const char	*blocked;
	u64 __percpu	*uses;
};

/**
 * vmi_cap_usable() - can a capability be used on this machine?
 * @cap: the capability, after detect()
 *
 * Context: any.
 * Return: true if the hypervisor offers it and nothing blocks it
 */
static inline bool vmi_cap_usable(const struct vmi_capability *cap)
{
	return cap->offered && !cap->blocked;
}

/**
 * struct vmi_backend - ops and life cycle of one hypervisor's backend
 * @api_major: VMI_API_MAJOR the backend was built with
 * @api_minor: VMI_API_MINOR the backend was built with
 * @size: size of this structure the backend was built with
 * @nr_ops: entries in @ops the backend was built with
 * @name: name used on the boot line and in every interface
 * @hypervisor: name of the hypervisor, for people; "none" if the backend drives none. Two
 *	backends that drive a hypervisor are never initialised at the same time
 * @version: the backend's own version
 * @owner: the module, NULL if built in
 * @ops: the implementations
 * @caps: capabilities, may be NULL
 * @nr_caps: number of @caps
 * @detect: does this machine run the hypervisor? Fills in @caps and writes what
 *	was seen to @evidence (VMI_EVIDENCE_LEN bytes). May sleep. Returns 0 or
 *	a negative errno; -ENODEV if the hypervisor is not there. Required.
 * @init: allocate what binding the ops needs, of which it is told those that can be
 *	bound on this machine. May sleep. Optional. From then on any of these can be
 *	bound or not, as the operator's policies say.
 * @exit: undo @init; no op of the backend runs any more, and no CPU is
 *	prepared. May sleep. Optional.
 * @drain: give up what the rest of the kernel may still hold, a clocksource for
 *	example; an error refuses the switch and has to leave everything as it
 *	was. There is no way back once it succeeded: @cpu_offline and @exit follow.
 *	May sleep. Optional.
 * @cpu_starting: called on a CPU that comes up, before anything on it asks for
 *	the time. Interrupts off, cannot fail. If something else keeps the CPU from
 *	coming up, another driver for example, neither @cpu_online
 *	nor @cpu_offline may follow. Optional.
 * @cpu_online: prepare the CPU it runs on, may sleep; called for all online
 *	CPUs before the ops are bound, later for each that comes up. Returns 0
 *	or a negative errno, which undoes the switch or the hotplug. Optional.
 * @cpu_offline: undo @cpu_online and @cpu_starting, on the CPU: afterwards the
 *	hypervisor must not write to memory on behalf of this CPU. Optional.
 * @shutdown: like @cpu_offline, for reboot, kexec and crash: interrupts off, no
 *	locks, other CPUs in any state. Optional.
 * @suspend: one CPU, interrupts off, before the machine sleeps, with the others
 *	offline, or before Xen saves it, with the others stopped. Optional.
 * @resume: undo @suspend, interrupts off. Where the machine slept, @cpu_starting has
 *	run before. Optional.
 *
 * No callback is called under cpus_read_lock(), except @shutdown and those whose name
 * begins with cpu_. None may wait for a module to be loaded. The core has a copy of @ops;
 * everything else must not change while the backend is registered, except that detect()
 * fills in @caps.
 */
struct vmi_backend {
	u16			api_major;
	u16			api_minor;
	u32			size;
	u32			nr_ops;

	const char		*name;
	const char		*hypervisor;
	const char		*version;
	struct module		*owner;

	const struct vmi_ops	*ops;
	struct vmi_capability	*caps;
	unsigned int		nr_caps;

	int	(*detect)(struct vmi_backend *backend, char *evidence);
	int	(*init)(struct vmi_backend *backend, vmi_opmask_t ops);
	void	(*exit)(struct vmi_backend *backend);
	int	(*drain)(struct vmi_backend *backend);

	void	(*cpu_starting)(unsigned int cpu);
	int	(*cpu_online)(unsigned int cpu);
	void	(*cpu_offline)(unsigned int cpu);
	void	(*shutdown)(void);
	void	(*suspend)(void);
	void	(*resume)(void);
};

#define VMI_IS_AT(member, offset) \
	static_assert(offsetof(struct vmi_backend, member) == (offset))

VMI_IS_AT(api_major, VMI_AT_API_MAJOR);
VMI_IS_AT(api_minor, VMI_AT_API_MINOR);
VMI_IS_AT(size, VMI_AT_SIZE);
VMI_IS_AT(nr_ops, VMI_AT_NR_OPS);
VMI_IS_AT(name, VMI_AT_NAME);
VMI_IS_AT(hypervisor, VMI_AT_HYPERVISOR);
VMI_IS_AT(version, VMI_AT_VERSION);
VMI_IS_AT(ops, VMI_AT_OPS);
VMI_IS_AT(detect, VMI_AT_DETECT);
static_assert(sizeof(struct vmi_backend) == VMI_BACKEND_SIZE);

#undef VMI_IS_AT

/*
 * Record where the backend is in the module file, for tools that read the file. Part of
 * module_vmi_backend(); a module with an init of its own has to do this itself.
 */
#ifdef MODULE
#define VMI_BACKEND(_backend)						\
	static const struct vmi_backend * const __used			\
	__section(VMI_BACKEND_SECTION) _backend##_in_file = &(_backend)
#else
#define VMI_BACKEND(_backend)						\
	static_assert(__same_type(_backend, struct vmi_backend))
#endif

/* The first fields of every backend, filled in one way. */
#define VMI_BACKEND_HEADER(_name, _hypervisor)		\
	.api_major	= VMI_API_MAJOR,		\
	.api_minor	= VMI_API_MINOR,		\
	.size		= sizeof(struct vmi_backend),	\
	.nr_ops		= VMI_NR_OPS,			\
	.name		= _name,			\
	.hypervisor	= _hypervisor,			\
	.owner		= THIS_MODULE

/*
 * The core requests a backend by its name when the boot line names it. With vmi=auto it requests
 * the one for the hypervisor that the kernel detected: kvm, hyperv, vmware or xen.
 */
#define VMI_BACKEND_ALIAS(name)	MODULE_ALIAS("vmi-backend-" name)

/**
 * vmi_backend_register() - make a backend known to the core
 * @backend: the backend, which has to stay until it is unregistered
 *
 * Validates the backend, and binds nothing. A backend that is refused stays unregistered;
 * the reason is logged and kept as the last error of the core.
 *
 * Context: process context, may sleep.
 * Return: 0, or
 * * -EOPNOTSUPP - the API version or a size does not match
 * * -EINVAL     - a name, an op, a pointer or a callback is malformed
 * * -EEXIST     - a backend of that name is registered
 * * -ENOMEM     - out of memory
 *
 * A backend whose hypervisor is not present is registered all the same, in state
 * failed, so that its reason can be read.
 */
int vmi_backend_register(struct vmi_backend *backend);

/**
 * vmi_backend_unregister() - forget a backend
 * @backend: the backend, not in use
 *
 * A backend in use holds a reference to its module, so that module exit cannot find it
 * in use.
 *
 * Context: process context, may sleep.
 */
void vmi_backend_unregister(struct vmi_backend *backend);

/**
 * vmi_native() - the native provider
 *
 * Context: any.
 * Return: the native functions. Where they do not work, in a Xen PV or TDX guest, no backend is
 * usable.
 */
const struct vmi_ops *vmi_native(void);

/**
 * vmi_builtin_binds() - did the kernel's own guest code bind one of these at boot?
 * @ops: the ops
 *
 * A backend that borrows can tell by this whether the kernel uses a feature, or a boot word
 * turned it off.
 *
 * Context: any.
 * Return: true if the builtin provider of any of @ops is not the native one.
 */
bool vmi_builtin_binds(vmi_opmask_t ops);

/**
 * vmi_clock_is_unsafe() - the backend's clock may differ between CPUs
 *
 * To be called from init() by a backend whose sched_clock is not synchronised
 * across CPUs; the scheduler clock is filtered per CPU from then on, until the
 * next boot.
 *
 * Context: process context.
 */
void vmi_clock_is_unsafe(void);

/*
 * The kernel's paravirtual queued spinlock, for the lock group of a backend that
 * has its own wait and kick. See kernel/locking/qspinlock_paravirt.h.
 */
void vmi_pv_lock_slowpath(struct qspinlock *lock, u32 val);
void __raw_callee_save_vmi_pv_lock_unlock(struct qspinlock *lock);

/**
 * struct vmi_tlb_flush - what tlb.flush_multi is to flush
 * @cr3: physical address of the page tables, 0 for all address spaces
 * @start: first address
 * @end: the address after the last one, or TLB_FLUSH_ALL
 * @freed_tables: page tables are freed as well
 */
struct vmi_tlb_flush {
	u64		cr3;
	unsigned long	start;
	unsigned long	end;
	bool		freed_tables;
};

void vmi_tlb_describe(const struct flush_tlb_info *info,
		      struct vmi_tlb_flush *flush);
bool vmi_tlb_is_lazy(int cpu);

/* Module boilerplate for a backend that needs no other init and exit. */
#define module_vmi_backend(_backend)				\
	VMI_BACKEND(_backend);					\
	static int __init _backend##_init(void)			\
	{							\
		return vmi_backend_register(&(_backend));	\
	}							\
	module_init(_backend##_init);				\
	static void __exit _backend##_exit(void)		\
	{							\
		vmi_backend_unregister(&(_backend));		\
	}							\
	module_exit(_backend##_exit)

#endif /* _LINUX_VMI_H */
