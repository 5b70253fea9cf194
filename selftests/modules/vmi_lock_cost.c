// SPDX-License-Identifier: GPL-2.0-only
/*
 * A spinlock that CPUs hand to each other
 *
 * Reading /sys/kernel/debug/vmi_lock_cost takes and releases one lock many times, for a
 * while each, and prints how often, since the module was loaded, somebody who had found
 * the lock taken got it from another CPU, and how often the holder saw that another CPU
 * waits in the queue of the lock. It is contended if all CPUs read at once.
 */

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

#define TIMES	100

/*
 * With the lock and without it, so that whom the host preempts has it every second time.
 * Long, compared with what it takes to get there, and short, compared with the time that
 * a host gives a virtual CPU.
 */
#define PAUSES	200

static DEFINE_SPINLOCK(lock);
/* The holder's, others may look whether there is one. */
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

static int vmi_lock_cost_show(struct seq_file *m, void *unused)
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
DEFINE_SHOW_ATTRIBUTE(vmi_lock_cost);

static struct dentry *file;

static int __init vmi_lock_cost_init(void)
{
	file = debugfs_create_file("vmi_lock_cost", 0400, NULL, NULL,
				   &vmi_lock_cost_fops);
	return PTR_ERR_OR_ZERO(file);
}
module_init(vmi_lock_cost_init);

static void __exit vmi_lock_cost_exit(void)
{
	debugfs_remove(file);
}
module_exit(vmi_lock_cost_exit);

MODULE_DESCRIPTION("A spinlock that CPUs hand to each other");
MODULE_LICENSE("GPL");
MODULE_INFO(test, "Y");
