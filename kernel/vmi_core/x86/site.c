// SPDX-License-Identifier: GPL-2.0-only
/*
 * Call sites of ops
 *
 *	call site -> static call of the op [-> thunk that counts] -> provider
 *
 * The kernel patches pv_ops call sites once, when it applies alternatives. Right before
 * that, vmi_capture_sites() notes the function in each member of pv_ops, points a static
 * call of VMI to it, and puts the trampoline of the static call into pv_ops. So the sites
 * become calls of the trampoline, and static_call_update() moves them from then on,
 * including those of modules. Ops that are static calls of the kernel already need no
 * detour.
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <kunit/visibility.h>
#include <linux/init.h>
#include <linux/kprobes.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/static_call.h>

#include <asm/apic.h>
#include <asm/cpufeature.h>
#include <asm/paravirt.h>
#include <asm/qspinlock.h>
#include <asm/timer.h>
#include <asm/vmi.h>

#include "inline_site.h"
#include "site.h"

struct apic apic_native __ro_after_init;

static struct vmi_ops native_ops __ro_after_init;
static struct vmi_ops builtin_ops __ro_after_init;

static void native_exit_mmap(struct mm_struct *mm)
{
}

static void native_wait(u8 *ptr, u8 val)
{
}

static void native_kick(int cpu)
{
}

/* SITE(op, pv_ops member, native function) */
#define VMI_PV_SITES(SITE)						      \
	SITE(idle_safe_halt, irq.safe_halt, pv_native_safe_halt)	      \
	SITE(idle_halt, irq.halt, pv_native_halt)			      \
	SITE(tlb_flush_local, mmu.flush_tlb_user, native_flush_tlb_local)     \
	SITE(tlb_flush_global, mmu.flush_tlb_kernel, native_flush_tlb_global) \
	SITE(tlb_flush_one, mmu.flush_tlb_one_user, native_flush_tlb_one_user)\
	SITE(tlb_flush_multi, mmu.flush_tlb_multi, native_flush_tlb_multi)    \
	SITE(mm_exit_mmap, mmu.exit_mmap, native_exit_mmap)			      \
	SITE(lock_slowpath, lock.queued_spin_lock_slowpath,		      \
	     native_queued_spin_lock_slowpath)				      \
	SITE(lock_wait, lock.wait, native_wait)				      \
	SITE(lock_kick, lock.kick, native_kick)				      \
	SITE(io_delay, cpu.io_delay, native_io_delay)

/* SITE(op, static call, native function) */
#define VMI_CALL_SITES(SITE)						      \
	SITE(clock_sched_clock, pv_sched_clock, native_sched_clock)	      \
	SITE(clock_steal_clock, pv_steal_clock, native_steal_clock)	      \
	SITE(ipi_send, apic_call_send_IPI, apic_native.send_IPI)	      \
	SITE(ipi_send_mask, apic_call_send_IPI_mask,			      \
	     apic_native.send_IPI_mask)					      \
	SITE(ipi_send_mask_allbutself, apic_call_send_IPI_mask_allbutself,    \
	     apic_native.send_IPI_mask_allbutself)			      \
	SITE(ipi_send_allbutself, apic_call_send_IPI_allbutself,	      \
	     apic_native.send_IPI_allbutself)				      \
	SITE(ipi_send_all, apic_call_send_IPI_all, apic_native.send_IPI_all)  \
	SITE(ipi_send_self, apic_call_send_IPI_self,			      \
	     apic_native.send_IPI_self)					      \
	SITE(eoi_eoi, apic_call_eoi, apic_native.eoi)

#define DEFINE_PV_SITE(op, member, native)	\
	DEFINE_STATIC_CALL(vmi_site_##op, native);
VMI_PV_SITES(DEFINE_PV_SITE)

static noinstr unsigned long vmi_native_irq_save_fl(void)
{
	return native_save_fl();
}

static noinstr void vmi_native_irq_disable(void)
{
	native_irq_disable();
}

static noinstr void vmi_native_irq_enable(void)
{
	native_irq_enable();
}

#define DEFINE_INLINE_SITE(op, native, ...)	\
	DEFINE_STATIC_CALL(vmi_site_##op, native);
VMI_INLINE_SITES(DEFINE_INLINE_SITE)

/* Only the thunks enter these, and they know no arguments, so the type does not matter. */
#define DEFINE_TARGET(group, name, ...)	\
	DEFINE_STATIC_CALL(vmi_target_##group##_##name, nop_func);
VMI_OPS(DEFINE_TARGET)

/* The thunks add to these, see thunks.S. */
DEFINE_PER_CPU(u64 [VMI_NR_OPS], vmi_op_calls);

/* The call sites of an op enter @func, through the thunk for @counting if there is one. */
static struct vmi_site {
	struct static_call_key	*key;		/* of the call sites */
	void			*tramp;
	struct static_call_key	*target_key;	/* by which the thunks enter @func */
	void			*target_tramp;
	void			*thunks[VMI_COUNTING_LATENCY + 1];
	void			*func;
	enum vmi_counting	counting;
} sites[VMI_NR_OPS] = {
#define SITE_TARGET(g, n, ...)						\
	[VMI_OP_##g##_##n].target_key = &STATIC_CALL_KEY(vmi_target_##g##_##n), \
	[VMI_OP_##g##_##n].target_tramp =				\
		STATIC_CALL_TRAMP_ADDR(vmi_target_##g##_##n),		\
	[VMI_OP_##g##_##n].thunks = {					\
		[VMI_COUNTING_CALLS] = vmi_count_##g##_##n,		\
		[VMI_COUNTING_LATENCY] = vmi_measure_##g##_##n,		\
	},
	VMI_OPS(SITE_TARGET)
#define SITE_OWN(op, ...)						\
	[VMI_OP_##op].key = &STATIC_CALL_KEY(vmi_site_##op),		\
	[VMI_OP_##op].tramp = STATIC_CALL_TRAMP_ADDR(vmi_site_##op),
	VMI_PV_SITES(SITE_OWN)
	VMI_INLINE_SITES(SITE_OWN)
#define SITE_CALL(op, call, native)					\
	[VMI_OP_##op].key = &STATIC_CALL_KEY(call),			\
	[VMI_OP_##op].tramp = STATIC_CALL_TRAMP_ADDR(call),
	VMI_CALL_SITES(SITE_CALL)
};

/*
 * All CPUs are interrupted for each batch of patches, so changes of static calls wait here for
 * others. No static call may be here twice. Under the lock of the live table.
 */
static struct static_call_change queued_changes[VMI_NR_OPS];
static unsigned int nr_queued;

static void queue_update(struct static_call_key *key, void *tramp, void *func)
{
	queued_changes[nr_queued++] = (struct static_call_change) {
		key, tramp, func
	};
}

/* The changes are made at different moments, in any order. */
static void apply_updates(void)
{
	if (nr_queued)
		__static_call_update_all(queued_changes, nr_queued);
	nr_queued = 0;
}

/* An inline site executes the native instruction while its op is native and not counted. */
static void update_hooks(void)
{
	vmi_opmask_t ops = 0;
	enum vmi_op op;

	for_each_vmi_op_in(op, VMI_INLINE_OPS) {
		if (sites[op].counting || sites[op].func != vmi_get_op(&native_ops, op))
			ops |= BIT_ULL(op);
	}
	vmi_hook_sites(ops);
}

/*
 * Make the call sites of some ops enter the functions of a table. Where calls are counted, the
 * thunks enter the function from now on. Sleeps, under the lock of the live table.
 */
void vmi_bind_sites(vmi_opmask_t ops, const struct vmi_ops *to)
{
	enum vmi_op op;

	lockdep_assert_held(&vmi_live.lock);

	for_each_vmi_op_in(op, ops) {
		struct vmi_site *site = &sites[op];

		site->func = vmi_get_op(to, op);
		if (site->counting)
			queue_update(site->target_key, site->target_tramp,
				     site->func);
		else
			queue_update(site->key, site->tramp, site->func);
	}
	apply_updates();
	update_hooks();
}

/*
 * The target has to be right before the first call can come through a thunk.
 * It is left alone when counting ends, because a CPU may still be inside the
 * thunk; that CPU has left it by the end of the next quiesce, so the target is
 * not entered any more when a module goes away.
 *
 * A measuring thunk is returned to late, because a provider may take long, or its task may be
 * preempted. So its text and its histograms are never freed.
 */
void vmi_arch_count(vmi_opmask_t ops, enum vmi_counting counting)
{
	vmi_opmask_t begin = 0;
	enum vmi_op op;

	lockdep_assert_held(&vmi_live.lock);

	/* An op without hooks has no call to count. */
	ops &= ~(vmi_live.fixed & VMI_INLINE_OPS);
	for_each_vmi_op(op) {
		if (sites[op].counting == counting)
			ops &= ~BIT_ULL(op);
		else if (sites[op].counting == VMI_COUNTING_OFF)
			begin |= BIT_ULL(op);
	}

	for_each_vmi_op_in(op, ops & begin)
		queue_update(sites[op].target_key, sites[op].target_tramp,
			     sites[op].func);
	apply_updates();

	for_each_vmi_op_in(op, ops)
		queue_update(sites[op].key, sites[op].tramp,
			     sites[op].thunks[counting] ?: sites[op].func);
	apply_updates();

	for_each_vmi_op_in(op, ops)
		WRITE_ONCE(sites[op].counting, counting);
	update_hooks();
}
EXPORT_SYMBOL_IF_KUNIT(vmi_arch_count);

enum vmi_counting vmi_arch_counting(enum vmi_op op)
{
	return READ_ONCE(sites[op].counting);
}
EXPORT_SYMBOL_IF_KUNIT(vmi_arch_counting);

static void __init capture_builtin(enum vmi_op op, void *func)
{
	vmi_set_op(&builtin_ops, op, func);
	sites[op].func = func;
	__static_call_update(sites[op].key, sites[op].tramp, func);
}

static void __init capture_op(enum vmi_op op, void *native, void *builtin)
{
	vmi_set_op(&native_ops, op, native);
	capture_builtin(op, builtin);
}

static void __init capture_pv_site(enum vmi_op op, void *native, void **member)
{
	capture_op(op, native, *member);
	*member = sites[op].tramp;
}

/*
 * nop_func has no type, which kCFI demands of a function that a backend calls by a pointer. So VMI
 * replaces it, in the builtin provider as well.
 */
static void __init replace_nop_func(void)
{
	if (pv_ops.mmu.exit_mmap == (void *)nop_func)
		pv_ops.mmu.exit_mmap = native_exit_mmap;
	if (pv_ops.lock.wait == (void *)nop_func)
		pv_ops.lock.wait = native_wait;
	if (pv_ops.lock.kick == (void *)nop_func)
		pv_ops.lock.kick = native_kick;
}

static void __init capture_inline_sites(void)
{
#define CAPTURE_INLINE(op, native, ...)	\
	capture_op(VMI_OP_##op, native, native);
	VMI_INLINE_SITES(CAPTURE_INLINE)
	if (!pv_is_native_spin_unlock())
		capture_builtin(VMI_OP_lock_unlock, pv_ops.lock.queued_spin_unlock.func);
	if (!pv_is_native_vcpu_is_preempted())
		capture_builtin(VMI_OP_lock_vcpu_is_preempted,
				pv_ops.lock.vcpu_is_preempted.func);
#ifdef CONFIG_PARAVIRT_XXL
	/* These stay calls of pv_ops in a guest of Xen PV, and cannot be bound. */
	if (!boot_cpu_has(X86_FEATURE_XENPV))
		return;
	capture_builtin(VMI_OP_irq_save_fl, pv_ops.irq.save_fl.func);
	capture_builtin(VMI_OP_irq_disable, pv_ops.irq.irq_disable.func);
	capture_builtin(VMI_OP_irq_enable, pv_ops.irq.irq_enable.func);
#endif
}

/* Take note of what is bound, and take over the call sites. See vmi_bind_boot(). */
void __init vmi_capture_sites(void)
{
	replace_nop_func();
#define CAPTURE_PV(op, member, native) \
	capture_pv_site(VMI_OP_##op, native, (void **)&pv_ops.member);
	VMI_PV_SITES(CAPTURE_PV)
#define CAPTURE_CALL(op, call, native) \
	capture_op(VMI_OP_##op, native, static_call_query(call));
	VMI_CALL_SITES(CAPTURE_CALL)
	capture_inline_sites();
	vmi_live.native = &native_ops;
	vmi_live.builtin = &builtin_ops;
	vmi_live.bound = builtin_ops;
	update_hooks();
}

#ifdef CONFIG_KPROBES
/* include/asm-generic/vmlinux.lds.h */
extern char __static_call_text_start[], __static_call_text_end[];

/*
 * The kernel leaves trampolines of static calls unused once it runs. Those of the sites stay
 * in use, and are patched by each switch, which would take the int3 of a kprobe for a broken
 * trampoline, and BUG().
 */
static int __init vmi_forbid_probes(void)
{
	int err;

	err = kprobe_add_area_blacklist((unsigned long)__static_call_text_start,
					(unsigned long)__static_call_text_end);
	if (err)
		pr_warn("cannot forbid kprobes in trampolines: error %d\n", err);
	return err;
}
early_initcall(vmi_forbid_probes);
#endif
