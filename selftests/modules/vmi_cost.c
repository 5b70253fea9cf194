// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work for measurements that only kernel code can do
 *
 * Each file in /sys/kernel/debug/vmi_cost does its work when it is read:
 *
 * ops    Call each op many times, the way the kernel does, with interrupts off, and print
 *        "icount OP CALLS INSTRUCTIONS".
 * patch  Rebind a static call with one call site, and print
 *        "icount static-call-update 1 INSTRUCTIONS".
 * lock   Take and release one lock many times. Print two counts since the module was loaded:
 *        how often a CPU that had found the lock taken got it from another CPU, and how often
 *        the holder saw another CPU wait in the queue of the lock.
 *
 * irq    Read the interrupt flag, mask and unmask interrupts, each IRQ_CALLS times.
 *
 * The first two are for a machine whose time stamp counter counts instructions: the
 * scenario icount.
 *
 * Ops that are not called:
 *  - idle.safe_halt, idle.halt: they wait for an interrupt;
 *  - tlb.flush_multi: its argument is a structure that the kernel keeps from modules;
 *  - clock.steal_clock, eoi.eoi, ipi.send, ipi.send_mask_allbutself,
 *    ipi.send_allbutself, ipi.send_all: static calls that are not exported.
 */

#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/irqflags.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/static_call.h>
#include <linux/vmi.h>

#include <asm/apic.h>
#include <asm/io.h>
#include <asm/irq_vectors.h>
#include <asm/msr.h>
#include <asm/paravirt.h>
#include <asm/qspinlock.h>

#define CALLS	1000

/* The instructions that CALLS times a statement takes, and the loop around it. */
#define COUNT(statement)						\
({									\
	unsigned int count_i;						\
	unsigned long count_flags;					\
	u64 count_before, count_after;					\
									\
	local_irq_save(count_flags);					\
	count_before = rdtsc();						\
	for (count_i = 0; count_i < CALLS; count_i++) {			\
		statement;						\
		barrier();						\
	}								\
	count_after = rdtsc();						\
	local_irq_restore(count_flags);					\
	count_after - count_before;					\
})

#define PRINT(op, statement)						\
	seq_printf(m, "icount " #op " %u %llu\n", CALLS,		\
		   COUNT(statement) - empty)

static int ops_show(struct seq_file *m, void *unused)
{
	struct qspinlock lock = __ARCH_SPIN_LOCK_UNLOCKED;
	u64 empty = COUNT();
	u8 byte = 1;
	int cpu = 0;

	/* Call sched_clock(), as other code does. */
	PRINT(clock.sched_clock, sched_clock());
	PRINT(tlb.flush_local, __flush_tlb_local());
	PRINT(tlb.flush_global, __flush_tlb_global());
	PRINT(tlb.flush_one, __flush_tlb_one_user(PAGE_SIZE));
	PRINT(mm.exit_mmap, paravirt_arch_exit_mmap(current->mm));
	PRINT(ipi.send_mask, __apic_send_IPI_mask(cpu_none_mask, RESCHEDULE_VECTOR));
	/* Take an interrupt in the end, when interrupts are on again. */
	PRINT(ipi.send_self, __apic_send_IPI_self(RESCHEDULE_VECTOR));
	/* The lock is free, so this takes it, and no CPU waits. */
	PRINT(lock.slowpath, ({
		pv_queued_spin_lock_slowpath(&lock, 0);
		atomic_set(&lock.val, 0);
	}));
	PRINT(lock.unlock, pv_queued_spin_unlock(&lock));
	/* Not for a byte that is something else already. */
	PRINT(lock.wait, pv_wait(&byte, 0));
	PRINT(lock.kick, pv_kick(cpu));
	PRINT(lock.vcpu_is_preempted, pv_vcpu_is_preempted(cpu));
	PRINT(io.delay, slow_down_io());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ops);

#define IRQ_CALLS	100000

static int irq_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	for (i = 0; i < IRQ_CALLS; i++) {
		arch_local_save_flags();
		arch_local_irq_disable();
		arch_local_irq_enable();
	}
	seq_printf(m, "%u\n", IRQ_CALLS);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(irq);

static noinline unsigned int even(void)
{
	return 0;
}

static noinline unsigned int odd(void)
{
	return 1;
}

DEFINE_STATIC_CALL(parity, even);

static int patch_show(struct seq_file *m, void *unused)
{
	u64 before, after;

	before = rdtsc();
	if (static_call(parity)())
		static_call_update(parity, even);
	else
		static_call_update(parity, odd);
	after = rdtsc();
	seq_printf(m, "icount static-call-update 1 %llu\n", after - before);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(patch);

#define TIMES	100

/*
 * Spent with the lock and without it, so that a CPU that the host preempts has it every second
 * time. Long against taking the lock, and short against the time slice of a virtual CPU.
 */
#define PAUSES	200

static DEFINE_SPINLOCK(lock);
/* Written by the holder. */
static bool held;
static unsigned long hand_offs;
static unsigned long queued;
static int last_cpu = -1;

static void pause_often(void)
{
	unsigned int i;

	for (i = 0; i < PAUSES; i++)
		cpu_relax();
}

static void take_and_release(void)
{
	bool taken = READ_ONCE(held);
	int cpu;

	spin_lock(&lock);
	cpu = smp_processor_id();
	if (taken && cpu != last_cpu)
		hand_offs++;
	last_cpu = cpu;
	WRITE_ONCE(held, true);
	pause_often();
	/* A waiter that tests and sets leaves no mark in the word of the lock. */
	if (spin_is_contended(&lock))
		queued++;
	WRITE_ONCE(held, false);
	spin_unlock(&lock);
	pause_often();
}

static int lock_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	for (i = 0; i < TIMES; i++) {
		take_and_release();
		cond_resched();
	}
	spin_lock(&lock);
	seq_printf(m, "%lu %lu\n", hand_offs, queued);
	spin_unlock(&lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(lock);

static struct dentry *dir;

static int __init vmi_cost_init(void)
{
	dir = debugfs_create_dir("vmi_cost", NULL);
	debugfs_create_file("ops", 0400, dir, NULL, &ops_fops);
	debugfs_create_file("irq", 0400, dir, NULL, &irq_fops);
	debugfs_create_file("patch", 0400, dir, NULL, &patch_fops);
	debugfs_create_file("lock", 0400, dir, NULL, &lock_fops);
	return PTR_ERR_OR_ZERO(dir);
}
module_init(vmi_cost_init);

static void __exit vmi_cost_exit(void)
{
	debugfs_remove(dir);
}
module_exit(vmi_cost_exit);

MODULE_DESCRIPTION("Work for measurements of costs");
MODULE_LICENSE("GPL");
MODULE_INFO(test, "Y");
