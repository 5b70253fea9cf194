// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CPUs of a backend: hotplug, suspend, reboot and crash
 *
 * While a backend is in use, the hypervisor may write to memory that the backend shares with
 * it, for every online CPU. The hypervisor has to stop when a CPU goes offline, when the
 * backend is released, and when the kernel ends.
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <linux/cpu.h>
#include <linux/delay.h>
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
 * Backends with CPUs prepared: the active backend, and during a switch the new one as well.
 * A writer holds the lock of the live table. Readers hold none: a CPU that comes up, suspend and
 * resume, the interrupt of a reboot, and a crash. The first two exclude the end of
 * vmi_cpus_offline(), which needs the hotplug lock. Its hotplug thread cannot run on a CPU before
 * the interrupt of a reboot has ended there. A crash stops everything else.
 */
static HLIST_HEAD(live_backends);

static enum cpuhp_state hotplug_state __ro_after_init;
static void (*chained_early_percpu_clock_init)(void) __ro_after_init;
static void (*chained_save_sched_clock_state)(void) __ro_after_init;
static void (*chained_restore_sched_clock_state)(void) __ro_after_init;

#define call_live(callback, ...)					\
do {									\
	struct vmi_entry *_entry;					\
									\
	hlist_for_each_entry_rcu_notrace(_entry, &live_backends, live) {\
		if (_entry->backend->callback)				\
			_entry->backend->callback(__VA_ARGS__);		\
	}								\
} while (0)

static int hotplug_online(unsigned int cpu, struct hlist_node *node)
{
	struct vmi_entry *entry = hlist_entry(node, struct vmi_entry, hotplug);

	/* The next kernel must not find memory that the hypervisor writes to. */
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
 * A backend is live while it takes part in hotplug, so each CPU that went through cpu_starting
 * and came up goes through cpu_offline as well. A CPU that failed to come up may not: the first
 * state that fails ends the way up, and only states that had their turn are undone.
 */
int vmi_cpus_online(struct vmi_entry *entry)
{
	int err;

	/* If cpu_online() hangs on a CPU, a reboot has to shut down those before it. */
	cpus_read_lock();
	hlist_add_head_rcu(&entry->live, &live_backends);
	err = __cpuhp_state_add_instance_cpuslocked(hotplug_state,
						    &entry->hotplug, true);
	if (err)
		hlist_del_rcu(&entry->live);
	cpus_read_unlock();
	/* A reader that has found the backend calls it with interrupts off. */
	if (err)
		synchronize_rcu();
	return err;
}

void vmi_cpus_offline(struct vmi_entry *entry)
{
	hlist_del_rcu(&entry->live);
	cpuhp_state_remove_instance(hotplug_state, &entry->hotplug);
}

/* On a CPU that comes up, before it reads the clock. */
static void early_percpu_clock_init(void)
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

/* On the last CPU, before syscore_resume(). The clock has to be right from here on. */
static void restore_sched_clock_state(void)
{
	chained_restore_sched_clock_state();
	call_live(cpu_starting, smp_processor_id());
	vmi_clock_resume_early();
}

/*
 * A guest that its hypervisor saves passes only here. A guest that sleeps passes the callbacks
 * of the scheduler clock as well: after this on the way to sleep, and before this on the way
 * back.
 */
static int vmi_cpu_suspend(void *unused)
{
	vmi_clock_suspend();
	call_live(suspend);
	return 0;
}

static void vmi_cpu_resume(void *unused)
{
	call_live(resume);
	vmi_clock_resume();
}

static const struct syscore_ops syscore_ops = {
	.suspend	= vmi_cpu_suspend,
	.resume		= vmi_cpu_resume,
};

static struct syscore syscore = {
	.ops = &syscore_ops,
};

static void shutdown_this_cpu(void *unused)
{
	call_live(shutdown);
}

/*
 * A switch in progress ends before the shutdown of its backends, but a backend whose callback
 * hangs must not keep the machine from a reboot.
 */
static bool wait_for_switch(void)
{
	unsigned int tries = 500;

	while (!mutex_trylock(&vmi_live.lock)) {
		if (!--tries) {
			pr_err("a switch does not end: shutting down without waiting for it\n");
			return false;
		}
		msleep(20);
	}
	return true;
}

/*
 * Called for kexec as well: the next kernel must get memory that the hypervisor does not
 * write to. No other switch begins, and the one in progress prepares no more CPUs.
 */
static int vmi_cpu_reboot(struct notifier_block *nb, unsigned long code,
			  void *unused)
{
	bool locked;

	WRITE_ONCE(vmi_live.closed, true);
	locked = wait_for_switch();
	/* A CPU that comes up has come up before this, or finds the table closed. */
	cpus_read_lock();
	on_each_cpu(shutdown_this_cpu, NULL, 1);
	cpus_read_unlock();
	if (locked)
		mutex_unlock(&vmi_live.lock);
	return NOTIFY_DONE;
}

static struct notifier_block reboot_nb = {
	.notifier_call = vmi_cpu_reboot,
};

#ifdef CONFIG_CRASH_DUMP
static void (*chained_crash_shutdown)(struct pt_regs *regs) __ro_after_init;

/*
 * Only this CPU can be reached. For the others the hypervisor may continue to write, but to memory
 * of this kernel: the crash kernel has its own.
 */
static void crash_shutdown(struct pt_regs *regs)
{
	shutdown_this_cpu(NULL);
	chained_crash_shutdown(regs);
}
#endif

/* Put a function of ours in front of one of the kernel's. */
#define chain(hook, table)		\
do {					\
	chained_##hook = (table).hook;	\
	(table).hook = hook;		\
} while (0)

static int __init vmi_cpu_init(void)
{
	int err;

	err = cpuhp_setup_state_multi(CPUHP_AP_ONLINE_DYN, "x86/vmi:online",
				      hotplug_online, hotplug_offline);
	if (err < 0)
		return err;
	hotplug_state = err;

	chain(early_percpu_clock_init, x86_cpuinit);
	chain(save_sched_clock_state, x86_platform);
	chain(restore_sched_clock_state, x86_platform);
#ifdef CONFIG_CRASH_DUMP
	chain(crash_shutdown, machine_ops);
#endif
	register_syscore(&syscore);
	register_reboot_notifier(&reboot_nb);
	return 0;
}
early_initcall(vmi_cpu_init);
