// SPDX-License-Identifier: GPL-2.0-only
/*
 * A CPU that comes up in the middle of a backend's release
 *
 * The core takes a backend off its list of live backends, then ends its part in CPU
 * hotplug. In the other order, a CPU could come up in between, and start the backend that
 * nothing would stop there. This module stops the release where
 * __cpuhp_state_remove_instance() returns, without any lock of CPU hotplug: a thread with a
 * real-time priority preempts it, until a thread on another CPU has brought a CPU online.
 * The backend "contract" warns if it was started on a CPU and not stopped.
 *
 * The kernel has to be preemptible, and the release has to run on CPU 0.
 *
 * Parameters: cpu, the CPU to bring online; worker, the CPU that does so; came_up, read only,
 * how often it came up while the release was stopped.
 */

#include <linux/cpu.h>
#include <linux/jiffies.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>

/* Let the release go on if the CPU has not come up by then. */
#define TIMEOUT (10 * HZ)

static unsigned int cpu;
module_param(cpu, uint, 0400);

static unsigned int worker;
module_param(worker, uint, 0400);

static unsigned int came_up;
module_param(came_up, uint, 0400);

static struct task_struct *bringer, *stopper;

/* Sleep until woken up; return false if the thread has to end. */
static bool wait_for_release(void)
{
	set_current_state(TASK_INTERRUPTIBLE);
	if (!kthread_should_stop())
		schedule();
	__set_current_state(TASK_RUNNING);
	return !kthread_should_stop();
}

static int bring_cpu_online(void *unused)
{
	while (wait_for_release())
		add_cpu(cpu);
	return 0;
}

static int stop_release(void *unused)
{
	unsigned long end;

	sched_set_fifo(current);
	while (wait_for_release()) {
		end = jiffies + TIMEOUT;
		/* Sleeping here would let the release go on. */
		while (!cpu_online(cpu) && time_before(jiffies, end))
			cpu_relax();
		came_up += cpu_online(cpu);
	}
	return 0;
}

/* The stopper preempts the release as soon as this returns. */
static int wake_both(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	if (!cpu_online(cpu)) {
		wake_up_process(bringer);
		wake_up_process(stopper);
	}
	return 0;
}

static struct kretprobe probe = {
	.kp.symbol_name	= "__cpuhp_state_remove_instance",
	.handler	= wake_both,
};

static int __init vmi_release_window_init(void)
{
	int err;

	if (!preempt_model_preemptible())
		return -EOPNOTSUPP;
	if (!cpu_possible(cpu) || !cpu_online(worker))
		return -EINVAL;
	bringer = kthread_run_on_cpu(bring_cpu_online, NULL, worker,
				     "vmi_bringer/%u");
	if (IS_ERR(bringer))
		return PTR_ERR(bringer);
	stopper = kthread_run_on_cpu(stop_release, NULL, 0, "vmi_stopper/%u");
	if (IS_ERR(stopper)) {
		err = PTR_ERR(stopper);
		goto stop_bringer;
	}
	err = register_kretprobe(&probe);
	if (!err)
		return 0;

	kthread_stop(stopper);
stop_bringer:
	kthread_stop(bringer);
	return err;
}
module_init(vmi_release_window_init);

static void __exit vmi_release_window_exit(void)
{
	unregister_kretprobe(&probe);
	kthread_stop(stopper);
	kthread_stop(bringer);
}
module_exit(vmi_release_window_exit);

MODULE_DESCRIPTION("Brings a CPU up in the middle of a backend's release");
MODULE_LICENSE("GPL");
MODULE_INFO(test, "Y");
