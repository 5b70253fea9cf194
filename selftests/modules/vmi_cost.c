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
 * sites  Execute the inline sites of each op SITE_CALLS times. An unlock that misses its lock is
 *        an error. The function that loads the module has done the same before.
 *
 * nmi    Send NMI_ROUNDS NMIs to each CPU, and execute sites where they arrive. Print how many
 *        arrived.
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
#include <linux/iopoll.h>
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
#include <asm/nmi.h>
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
	PRINT(lock.unlock, queued_spin_unlock(&lock));
	/* Not for a byte that is something else already. */
	PRINT(lock.wait, pv_wait(&byte, 0));
	PRINT(lock.kick, pv_kick(cpu));
	PRINT(lock.vcpu_is_preempted, vcpu_is_preempted(cpu));
	PRINT(io.delay, slow_down_io());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(ops);

#define SITE_CALLS	400000

static __always_inline bool execute_sites(void)
{
	struct qspinlock lock = __ARCH_SPIN_LOCK_UNLOCKED;
	unsigned int i;

	for (i = 0; i < SITE_CALLS; i++) {
		arch_local_save_flags();
		arch_local_irq_disable();
		arch_local_irq_enable();
		atomic_set(&lock.val, _Q_LOCKED_VAL);
		queued_spin_unlock(&lock);
		if (atomic_read(&lock.val) || vcpu_is_preempted(raw_smp_processor_id()))
			return false;
	}
	return true;
}

static int sites_show(struct seq_file *m, void *unused)
{
	if (!execute_sites())
		return -EIO;
	seq_printf(m, "%u\n", SITE_CALLS);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(sites);

#define NMI_ROUNDS	100

static struct cpumask nmi_left;
static atomic_t nmis;

/* NMIs of others are handled by others. Interrupts stay masked here. */
static int handle_nmi(unsigned int cmd, struct pt_regs *regs)
{
	struct qspinlock lock = { .val = ATOMIC_INIT(_Q_LOCKED_VAL) };

	if (!cpumask_test_cpu(smp_processor_id(), &nmi_left))
		return NMI_DONE;
	arch_local_irq_disable();
	queued_spin_unlock(&lock);
	if (arch_irqs_disabled_flags(arch_local_save_flags()) && !atomic_read(&lock.val))
		atomic_inc(&nmis);
	cpumask_clear_cpu(smp_processor_id(), &nmi_left);
	return NMI_HANDLED;
}

static int nmi_show(struct seq_file *m, void *unused)
{
	unsigned int i;
	bool all;
	int err;

	atomic_set(&nmis, 0);
	err = register_nmi_handler(NMI_LOCAL, handle_nmi, 0, "vmi_cost");
	if (err)
		return err;
	cpus_read_lock();
	for (i = 0; i < NMI_ROUNDS && !err; i++) {
		cpumask_copy(&nmi_left, cpu_online_mask);
		__apic_send_IPI_mask(cpu_online_mask, NMI_VECTOR);
		err = read_poll_timeout(cpumask_empty, all, all, 100, 10 * USEC_PER_SEC, false,
					&nmi_left);
	}
	cpus_read_unlock();
	unregister_nmi_handler(NMI_LOCAL, "vmi_cost");
	if (!err)
		seq_printf(m, "%d\n", atomic_read(&nmis));
	return err;
}
DEFINE_SHOW_ATTRIBUTE(nmi);

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
	if (!execute_sites())
		return -EIO;
	dir = debugfs_create_dir("vmi_cost", NULL);
	debugfs_create_file("ops", 0400, dir, NULL, &ops_fops);
	debugfs_create_file("sites", 0400, dir, NULL, &sites_fops);
	debugfs_create_file("nmi", 0400, dir, NULL, &nmi_fops);
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
