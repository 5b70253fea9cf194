// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CPUs of a backend: hotplug, suspend, and the end of the kernel
 *
 * While a backend is in use, the hypervisor may write to memory that
 * the backend shares with it, for every online CPU. That has to end when a CPU,
 * the backend or the kernel goes.
 */

#include <linux/cpu.h>
#include <linux/init.h>
#include <linux/rculist.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <linux/syscore_ops.h>

#include <asm/reboot.h>
#include <asm/x86_init.h>

#include "clock.h"
#include "cpu.h"

/*
 * Backends with CPUs prepared: those in use, and during a switch those that come and go
 * as well. Written under the lock of the live table, by one store for each that is added
 * or removed; read at any time, without a lock, by whoever comes up or goes down, with
 * that CPU's hotplug excluding the end of cpus_offline(). So one that a reader has found
 * is still there, with its place in the list.
 */
static HLIST_HEAD(live);

static enum cpuhp_state hotplug_state __ro_after_init;
static void (*chained_early_percpu_clock_init)(void) __ro_after_init;
static void (*chained_save_sched_clock_state)(void) __ro_after_init;
static void (*chained_restore_sched_clock_state)(void) __ro_after_init;

/* Call a callback of every live backend that has it. */
#define call_live(callback, ...)					\
do {									\
	struct vmi_entry *_entry;					\
									\
	hlist_for_each_entry_rcu_notrace(_entry, &live, live) {		\
		if (_entry->backend->callback)				\
			_entry->backend->callback(__VA_ARGS__);		\
	}								\
} while (0)

static int hotplug_online(unsigned int cpu, struct hlist_node *node)
{
	struct vmi_entry *entry = hlist_entry(node, struct vmi_entry, hotplug);

	/* A next kernel must not find memory that the hypervisor writes to. */
	if (READ_ONCE(vmi_live.closed))
		return -ESHUTDOWN;
	return entry->backend->cpu_online ?
	       entry->backend->cpu_online(cpu) : 0;
}

static int hotplug_offline(unsigned int cpu, struct hlist_node *node)
{
	struct vmi_entry *entry = hlist_entry(node, struct vmi_entry, hotplug);

	if (entry->backend->cpu_offline)
		entry->backend->cpu_offline(cpu);
	return 0;
}

/*
 * cpu_starting is for CPUs that come up while the clock is bound, which it is not
 * before this returns, nor any more when vmi_cpus_offline() is called. So a
 * backend is live inside the time that it takes part in hotplug, and each CPU
 * that went through cpu_starting and came up goes through cpu_offline as well. One that
 * did not come up need not: the first state, or instance of a state, that fails ends
 * the way up, and what had not had its turn is not undone.
 */
int vmi_cpus_online(struct vmi_entry *entry)
{
	int err;

	err = cpuhp_state_add_instance(hotplug_state, &entry->hotplug);
	if (err)
		return err;
	hlist_add_head_rcu(&entry->live, &live);
	return 0;
}

void vmi_cpus_offline(struct vmi_entry *entry)
{
	hlist_del_rcu(&entry->live);
	cpuhp_state_remove_instance(hotplug_state, &entry->hotplug);
}

/* On a CPU that comes up, before anything asks it for the time. */
static void starting(void)
{
	chained_early_percpu_clock_init();
	if (!READ_ONCE(vmi_live.closed))
		call_live(cpu_starting, smp_processor_id());
}

static void save_sched_clock_state(void)
{
	vmi_clock_suspend();
	chained_save_sched_clock_state();
}

/*
 * On the last CPU, early in resume, before syscore_resume(). The clock is read
 * here, and has to be right before anybody else reads it.
 */
static void restore_sched_clock_state(void)
{
	call_live(cpu_starting, smp_processor_id());
	vmi_clock_resume();
	chained_restore_sched_clock_state();
}

/*
 * A guest that its hypervisor saves comes by here only, and one that sleeps through
 * the callbacks of the scheduler clock as well: nearer to its sleep, and on wakening
 * before this.
 */
static int suspend(void *unused)
{
	vmi_clock_suspend();
	call_live(suspend);
	return 0;
}

static void resume(void *unused)
{
	call_live(resume);
	vmi_clock_resume();
}

static const struct syscore_ops syscore_ops = {
	.suspend	= suspend,
	.resume		= resume,
};

static struct syscore syscore = {
	.ops = &syscore_ops,
};

static void shutdown_this_cpu(void *unused)
{
	call_live(shutdown);
}

/*
 * Also the way of kexec: the next kernel gets memory nobody else writes to. A
 * switch that is under way ends first, and none begins after.
 */
static int reboot(struct notifier_block *nb, unsigned long code, void *unused)
{
	mutex_lock(&vmi_live.lock);
	/* A CPU that is half way up is up before, or sees that it is too late. */
	cpus_read_lock();
	WRITE_ONCE(vmi_live.closed, true);
	on_each_cpu(shutdown_this_cpu, NULL, 1);
	cpus_read_unlock();
	mutex_unlock(&vmi_live.lock);
	return NOTIFY_DONE;
}

static struct notifier_block reboot_nb = {
	.notifier_call = reboot,
};

#ifdef CONFIG_CRASH_DUMP
static void (*chained_crash_shutdown)(struct pt_regs *regs) __ro_after_init;

/*
 * Only this CPU can be reached. The others are stopped where they are, and the
 * hypervisor may go on to write for them, but to memory of this kernel: the
 * crash kernel runs in memory of its own.
 */
static void crash_shutdown(struct pt_regs *regs)
{
	shutdown_this_cpu(NULL);
	chained_crash_shutdown(regs);
}

static void __init hook_crash_shutdown(void)
{
	chained_crash_shutdown = machine_ops.crash_shutdown;
	machine_ops.crash_shutdown = crash_shutdown;
}
#else
static void __init hook_crash_shutdown(void)
{
}
#endif

static int __init vmi_cpu_init(void)
{
	int err;

	err = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN, "x86/vmi:online",
				      hotplug_online, hotplug_offline);
	if (err < 0)
		return err;
	hotplug_state = err;

	chained_early_percpu_clock_init = x86_cpuinit.early_percpu_clock_init;
	x86_cpuinit.early_percpu_clock_init = starting;
	chained_save_sched_clock_state = x86_platform.save_sched_clock_state;
	x86_platform.save_sched_clock_state = save_sched_clock_state;
	chained_restore_sched_clock_state =
		x86_platform.restore_sched_clock_state;
	x86_platform.restore_sched_clock_state = restore_sched_clock_state;

	register_syscore(&syscore);
	register_reboot_notifier(&reboot_nb);
	hook_crash_shutdown();
	return 0;
}
early_initcall(vmi_cpu_init);
