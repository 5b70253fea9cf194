// SPDX-License-Identifier: GPL-2.0-only
/*
 * A backend that holds the core to its contract
 *
 * The backend counts its callbacks, each in a capability of its name, and warns of a callback
 * at a moment that the contract in <linux/vmi.h> excludes. Any machine can use it.
 *
 * Writing to /sys/kernel/debug/vmi_contract_hold calls io.delay, which returns once another
 * task writes 0. While the op runs, the core may call neither cpu_offline() nor exit().
 * Reading tells how far that came.
 */

#define pr_fmt(fmt) "vmi_contract: " fmt

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/vmi.h>

#include <asm/io.h>

#define CALLBACKS(_)				\
	_(INIT,		"init")			\
	_(EXIT,		"exit")			\
	_(DRAIN,	"drain")		\
	_(CPU_STARTING,	"cpu-starting")		\
	_(CPU_ONLINE,	"cpu-online")		\
	_(CPU_OFFLINE,	"cpu-offline")		\
	_(SUSPEND,	"suspend")		\
	_(RESUME,	"resume")

enum {
#define CALLBACK_ENUM(callback, name)	callback,
	CALLBACKS(CALLBACK_ENUM)
	NR_CALLBACKS
};

#define CONTRACT_OPS	(VMI_OP_BIT(io_delay) | VMI_OP_BIT(tlb_flush_local))

static DEFINE_PER_CPU(u64 [NR_CALLBACKS], calls);

static struct vmi_capability contract_caps[] = {
#define CALLBACK_CAP(callback, cap)		\
	{					\
		.name = cap,			\
		.ops = CONTRACT_OPS,		\
		.offered = true,		\
		.uses = &calls[callback],	\
	},
	CALLBACKS(CALLBACK_CAP)
};

#define COUNT(callback)	this_cpu_inc(calls[callback])

static bool initialised;
static bool drained;
static bool asleep;
static struct cpumask prepared;
/* CPUs that went through cpu_starting and have to go through cpu_offline. */
static struct cpumask started;

/* Values to write to the file. */
enum hold {
	RELEASE,
	HOLD_CPU,
	HOLD_TASK,
};

/* Values to read from it: what happened while a call of the op was held. */
enum held {
	NOT_HELD,
	HELD,
	HELD_AND_DRAINED,
	HELD_AND_LEFT,
};

/* Ends the call if the test died, before the kernel takes it for a lockup. */
#define HOLD_TIMEOUT	(40 * HZ)

/* The task whose calls of the op are held. */
static struct task_struct *holder;
static enum held held;

static void hold(void)
{
	unsigned long end = jiffies + HOLD_TIMEOUT;

	WRITE_ONCE(held, HELD);
	while (READ_ONCE(holder) && time_before(jiffies, end))
		cpu_relax();
	cmpxchg(&held, HELD, NOT_HELD);
	cmpxchg(&held, HELD_AND_DRAINED, NOT_HELD);
}

static void note_leave(void)
{
	cmpxchg(&held, HELD_AND_DRAINED, HELD_AND_LEFT);
}

static void contract_io_delay(void)
{
	WARN_ON_ONCE(!READ_ONCE(initialised));
	if (READ_ONCE(holder) == current)
		hold();
	vmi_native()->io_delay();
}

static void contract_flush_local(void)
{
	WARN_ON_ONCE(!READ_ONCE(initialised));
	vmi_native()->tlb_flush_local();
}

static int contract_detect(struct vmi_backend *backend, char *evidence)
{
	strscpy(evidence, "needs no hypervisor", VMI_EVIDENCE_LEN);
	return 0;
}

static int contract_init(struct vmi_backend *backend, vmi_opmask_t ops)
{
	COUNT(INIT);
	WARN_ON(initialised);
	WARN_ON(ops & ~CONTRACT_OPS);
	drained = false;
	WRITE_ONCE(initialised, true);
	return 0;
}

static void contract_exit(struct vmi_backend *backend)
{
	COUNT(EXIT);
	note_leave();
	WARN_ON(!initialised || !cpumask_empty(&prepared));
	WARN_ON(!cpumask_empty(&started));
	WRITE_ONCE(initialised, false);
}

static int contract_drain(struct vmi_backend *backend)
{
	COUNT(DRAIN);
	WARN_ON(!initialised || drained);
	drained = true;
	cmpxchg(&held, HELD, HELD_AND_DRAINED);
	return 0;
}

/* Where the machine sleeps, the last CPU is started again without going first. */
static void contract_cpu_starting(unsigned int cpu)
{
	COUNT(CPU_STARTING);
	WARN_ON(!initialised || !irqs_disabled());
	WARN_ON(cpumask_test_cpu(cpu, &prepared) != asleep);
	cpumask_set_cpu(cpu, &started);
}

static int contract_cpu_online(unsigned int cpu)
{
	COUNT(CPU_ONLINE);
	WARN_ON(!initialised || cpu != smp_processor_id());
	WARN_ON(cpumask_test_and_set_cpu(cpu, &prepared));
	return 0;
}

static void contract_cpu_offline(unsigned int cpu)
{
	COUNT(CPU_OFFLINE);
	note_leave();
	WARN_ON(!initialised || cpu != smp_processor_id());
	WARN_ON(!cpumask_test_and_clear_cpu(cpu, &prepared));
	cpumask_clear_cpu(cpu, &started);
}

/* No counter outlives this, so it prints, which others must not here. */
static void contract_shutdown(void)
{
	WARN_ON(!initialised || !irqs_disabled());
	pr_warn("shutdown on CPU %d\n", smp_processor_id());
}

static void contract_suspend(void)
{
	COUNT(SUSPEND);
	WARN_ON(!initialised || !irqs_disabled() || asleep);
	asleep = true;
}

static void contract_resume(void)
{
	COUNT(RESUME);
	WARN_ON(!initialised || !irqs_disabled() || !asleep);
	asleep = false;
}

static const struct vmi_ops contract_ops = {
	.tlb_flush_local	= contract_flush_local,
	.io_delay		= contract_io_delay,
};

static struct vmi_backend contract_backend = {
	VMI_BACKEND_HEADER("contract", "none"),
	.ops		= &contract_ops,
	.caps		= contract_caps,
	.nr_caps	= ARRAY_SIZE(contract_caps),
	.detect		= contract_detect,
	.init		= contract_init,
	.exit		= contract_exit,
	.drain		= contract_drain,
	.cpu_starting	= contract_cpu_starting,
	.cpu_online	= contract_cpu_online,
	.cpu_offline	= contract_cpu_offline,
	.shutdown	= contract_shutdown,
	.suspend	= contract_suspend,
	.resume		= contract_resume,
};

VMI_BACKEND(contract_backend);

static int hold_set(void *unused, u64 how)
{
	if (how == RELEASE) {
		WRITE_ONCE(holder, NULL);
		return 0;
	}
	if (cmpxchg(&holder, NULL, current))
		return -EBUSY;

	if (how == HOLD_CPU)
		preempt_disable();
	slow_down_io();
	if (how == HOLD_CPU)
		preempt_enable();
	return cmpxchg(&holder, current, NULL) ? -ETIMEDOUT : 0;
}

static int hold_get(void *unused, u64 *value)
{
	*value = READ_ONCE(held);
	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE(hold_fops, hold_get, hold_set, "%llu\n");

static struct dentry *file;

static int __init contract_module_init(void)
{
	int err;

	file = debugfs_create_file("vmi_contract_hold", 0600, NULL, NULL,
				   &hold_fops);
	err = vmi_backend_register(&contract_backend);
	if (err)
		debugfs_remove(file);
	return err;
}
module_init(contract_module_init);

static void __exit contract_module_exit(void)
{
	vmi_backend_unregister(&contract_backend);
	debugfs_remove(file);
}
module_exit(contract_module_exit);

VMI_BACKEND_ALIAS("contract");
MODULE_DESCRIPTION("VMI backend that holds the core to its contract");
MODULE_LICENSE("GPL");
MODULE_INFO(test, "Y");
