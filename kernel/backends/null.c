// SPDX-License-Identifier: GPL-2.0-only
/*
 * The backend that does nothing
 *
 * Every op enters the native function, after it was counted here. A machine runs
 * on it as on bare metal, so it shows that each call site can be moved, and its
 * counts share no code with those of the core, so each can check the other.
 */

#include <linux/init.h>
#include <linux/instrumentation.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/string.h>
#include <linux/vmi.h>

#include <asm/paravirt.h>

static const struct vmi_ops *native __ro_after_init;

static DEFINE_PER_CPU(u64 [VMI_NR_OPS], null_calls);

/*
 * Count with one instruction on the CPU's own memory: it is exact when an NMI or an interrupt
 * counts the same op in between, and can be used where RCU is not watching.
 */
#define COUNT(op)	this_cpu_inc(null_calls[VMI_OP_##op])

/*
 * Six ops are called where nothing may be instrumented. The native ones obey
 * that, but objtool cannot see it through a pointer and has to be told.
 */
static noinstr u64 null_clock_sched_clock(void)
{
	u64 now;

	COUNT(clock_sched_clock);
	instrumentation_begin();
	now = native->clock_sched_clock();
	instrumentation_end();
	return now;
}

static notrace u64 null_clock_steal_clock(int cpu)
{
	COUNT(clock_steal_clock);
	return native->clock_steal_clock(cpu);
}

static noinstr void null_idle_safe_halt(void)
{
	COUNT(idle_safe_halt);
	instrumentation_begin();
	native->idle_safe_halt();
	instrumentation_end();
}

static noinstr void null_idle_halt(void)
{
	COUNT(idle_halt);
	instrumentation_begin();
	native->idle_halt();
	instrumentation_end();
}

static void null_tlb_flush_local(void)
{
	COUNT(tlb_flush_local);
	native->tlb_flush_local();
}

static void null_tlb_flush_global(void)
{
	COUNT(tlb_flush_global);
	native->tlb_flush_global();
}

static void null_tlb_flush_one(unsigned long addr)
{
	COUNT(tlb_flush_one);
	native->tlb_flush_one(addr);
}

static void null_tlb_flush_multi(const struct cpumask *cpus,
				 const struct flush_tlb_info *info)
{
	COUNT(tlb_flush_multi);
	native->tlb_flush_multi(cpus, info);
}

static void null_mm_exit_mmap(struct mm_struct *mm)
{
	COUNT(mm_exit_mmap);
	native->mm_exit_mmap(mm);
}

static void null_ipi_send(int cpu, int vector)
{
	COUNT(ipi_send);
	native->ipi_send(cpu, vector);
}

static void null_ipi_send_mask(const struct cpumask *mask, int vector)
{
	COUNT(ipi_send_mask);
	native->ipi_send_mask(mask, vector);
}

static void null_ipi_send_mask_allbutself(const struct cpumask *mask,
					  int vector)
{
	COUNT(ipi_send_mask_allbutself);
	native->ipi_send_mask_allbutself(mask, vector);
}

static void null_ipi_send_allbutself(int vector)
{
	COUNT(ipi_send_allbutself);
	native->ipi_send_allbutself(vector);
}

static void null_ipi_send_all(int vector)
{
	COUNT(ipi_send_all);
	native->ipi_send_all(vector);
}

static void null_ipi_send_self(int vector)
{
	COUNT(ipi_send_self);
	native->ipi_send_self(vector);
}

static notrace void null_eoi_eoi(void)
{
	COUNT(eoi_eoi);
	native->eoi_eoi();
}

static notrace void null_lock_slowpath(struct qspinlock *lock, u32 val)
{
	COUNT(lock_slowpath);
	native->lock_slowpath(lock, val);
}

/*
 * The native functions of two ops keep every register. They can be called from C
 * like any other function.
 */
__visible notrace void vmi_null_lock_unlock(struct qspinlock *lock);
__visible notrace void vmi_null_lock_unlock(struct qspinlock *lock)
{
	void (*unlock)(struct qspinlock *lock) = native->lock_unlock.func;

	COUNT(lock_unlock);
	unlock(lock);
}

PV_CALLEE_SAVE_REGS_THUNK(vmi_null_lock_unlock);

static notrace void null_lock_wait(u8 *ptr, u8 val)
{
	COUNT(lock_wait);
	native->lock_wait(ptr, val);
}

static notrace void null_lock_kick(int cpu)
{
	COUNT(lock_kick);
	native->lock_kick(cpu);
}

__visible notrace bool vmi_null_lock_vcpu_is_preempted(long cpu);
__visible notrace bool vmi_null_lock_vcpu_is_preempted(long cpu)
{
	bool (*is_preempted)(long cpu) = native->lock_vcpu_is_preempted.func;

	COUNT(lock_vcpu_is_preempted);
	return is_preempted(cpu);
}

PV_CALLEE_SAVE_REGS_THUNK(vmi_null_lock_vcpu_is_preempted);

static void null_io_delay(void)
{
	COUNT(io_delay);
	native->io_delay();
}

static noinstr unsigned long null_irq_save_fl(void)
{
	unsigned long flags;

	COUNT(irq_save_fl);
	instrumentation_begin();
	flags = native->irq_save_fl();
	instrumentation_end();
	return flags;
}

static noinstr void null_irq_disable(void)
{
	COUNT(irq_disable);
	instrumentation_begin();
	native->irq_disable();
	instrumentation_end();
}

static noinstr void null_irq_enable(void)
{
	COUNT(irq_enable);
	instrumentation_begin();
	native->irq_enable();
	instrumentation_end();
}

/* Generated, so that an op without a function here does not compile. */
#define NULL_OP_PLAIN(op)		null_##op
#define NULL_OP_CALLEE_SAVE(op)		PV_CALLEE_SAVE(vmi_null_##op)
#define NULL_OP(group, name, kind, ...) \
	.group##_##name = NULL_OP_##kind(group##_##name),

static const struct vmi_ops null_ops = {
	VMI_OPS(NULL_OP)
};

/* Each op has a capability, because a capability can show a count of its own. */
#define NULL_CAP(group, op, ...)						\
	[VMI_OP_##group##_##op] = {					\
		.ops	 = VMI_OP_BIT(group##_##op),			\
		.offered = true,					\
		.uses	 = &null_calls[VMI_OP_##group##_##op],		\
	},

static struct vmi_capability null_caps[VMI_NR_OPS] = {
	VMI_OPS(NULL_CAP)
};

/* Names of capabilities have dashes where names of ops have underscores. */
#define NULL_CAP_NAME(group, op, ...) \
	[VMI_OP_##group##_##op] = #group "-" #op,

static char null_cap_names[VMI_NR_OPS][VMI_NAME_LEN + 1] __ro_after_init = {
	VMI_OPS(NULL_CAP_NAME)
};

static int null_detect(struct vmi_backend *backend, char *evidence)
{
	strscpy(evidence, "needs no hypervisor", VMI_EVIDENCE_LEN);
	return 0;
}

static struct vmi_backend null_backend = {
	VMI_BACKEND_HEADER("null", "none"),
	.version	= "1.0",
	.ops		= &null_ops,
	.caps		= null_caps,
	.nr_caps	= ARRAY_SIZE(null_caps),
	.detect		= null_detect,
};

VMI_BACKEND(null_backend);

static int __init null_init(void)
{
	unsigned int op;

	native = vmi_native();
	for (op = 0; op < VMI_NR_OPS; op++)
		null_caps[op].name = strreplace(null_cap_names[op], '_', '-');
	return vmi_backend_register(&null_backend);
}
module_init(null_init);

static void __exit null_exit(void)
{
	vmi_backend_unregister(&null_backend);
}
module_exit(null_exit);

VMI_BACKEND_ALIAS("null");
MODULE_DESCRIPTION("VMI backend that counts and calls native");
MODULE_LICENSE("GPL");
