// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one call of an op costs
 *
 * For a machine whose time stamp counter counts instructions: the scenario icount.
 * Reading /sys/kernel/debug/vmi_op_cost calls each op many times, the way the kernel
 * does, with interrupts off, and prints "icount OP CALLS INSTRUCTIONS".
 *
 * Not called:
 *  - idle.safe_halt, idle.halt: they wait for an interrupt;
 *  - tlb.flush_multi: what it is to flush is described by a structure that the kernel
 *    keeps from modules;
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
#include <linux/spinlock.h>
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

static int vmi_op_cost_show(struct seq_file *m, void *unused)
{
	struct qspinlock lock = __ARCH_SPIN_LOCK_UNLOCKED;
	u64 empty = COUNT();
	u8 byte = 1;
	int cpu = 0;

	/* As sched_clock(), which is what others call. */
	PRINT(clock.sched_clock, sched_clock());
	PRINT(tlb.flush_local, __flush_tlb_local());
	PRINT(tlb.flush_global, __flush_tlb_global());
	PRINT(tlb.flush_one, __flush_tlb_one_user(PAGE_SIZE));
	PRINT(mm.exit_mmap, paravirt_arch_exit_mmap(current->mm));
	PRINT(ipi.send_mask, __apic_send_IPI_mask(cpu_none_mask, RESCHEDULE_VECTOR));
	/* One interrupt in the end, when interrupts are on again. */
	PRINT(ipi.send_self, __apic_send_IPI_self(RESCHEDULE_VECTOR));
	/* Of a lock that is free, so this takes it, and nobody waits. */
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
DEFINE_SHOW_ATTRIBUTE(vmi_op_cost);

static struct dentry *file;

static int __init vmi_op_cost_init(void)
{
	file = debugfs_create_file("vmi_op_cost", 0400, NULL, NULL,
				   &vmi_op_cost_fops);
	return PTR_ERR_OR_ZERO(file);
}
module_init(vmi_op_cost_init);

static void __exit vmi_op_cost_exit(void)
{
	debugfs_remove(file);
}
module_exit(vmi_op_cost_exit);

MODULE_DESCRIPTION("Instructions per call of the paravirtual ops");
MODULE_LICENSE("GPL");
MODULE_INFO(test, "Y");
