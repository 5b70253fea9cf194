// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clocks with a zero of their own, and the steal time of each CPU
 *
 * The backend "clocks" has a scheduler clock that is ahead of the native one, and steal
 * time that is different on each CPU, grows, and has another zero after each switch. So a
 * switch to it or back is a step unless the core keeps the right offsets. The parameters
 * steal_back and ahead_after_sleep make the clocks step as when a guest moves to another
 * host.
 *
 * /sys/kernel/debug/vmi_steal_clock has a line of CPU BEFORE STEAL AFTER for each possible
 * CPU: the value of the op, and the time before and after the call, in nanoseconds. The
 * static call of the op is not exported, so the parameter trampoline is the address of
 * __SCT__pv_steal_clock in /proc/kallsyms.
 */

#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/instrumentation.h>
#include <linux/kallsyms.h>
#include <linux/math.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/seq_file.h>
#include <linux/static_call.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/vmi.h>

#define AHEAD_NS	(1000 * NSEC_PER_SEC)
#define TRAMPOLINE	"__SCT__pv_steal_clock"

static unsigned long trampoline;
module_param(trampoline, ulong, 0);
MODULE_PARM_DESC(trampoline, "address of " TRAMPOLINE);

static unsigned long steal_back;
module_param(steal_back, ulong, 0600);
MODULE_PARM_DESC(steal_back, "take this much from steal time, in ns");

static unsigned long ahead_after_sleep;
module_param(ahead_after_sleep, ulong, 0600);
MODULE_PARM_DESC(ahead_after_sleep, "add this to the scheduler clock in a sleep, in ns");

static u64 ahead = AHEAD_NS;
static u64 steal_zero;

static const struct vmi_ops *native __ro_after_init;

static noinstr u64 clocks_sched_clock(void)
{
	u64 now;

	/* The native function may be called here, which objtool cannot see. */
	instrumentation_begin();
	now = native->clock_sched_clock();
	instrumentation_end();
	return now + READ_ONCE(ahead);
}

/* A sixteenth of the time, so that enough is left for others. */
static notrace u64 clocks_steal_clock(int cpu)
{
	return steal_zero + (cpu + 1) * AHEAD_NS + clocks_sched_clock() / 16 -
	       READ_ONCE(steal_back);
}

static int clocks_detect(struct vmi_backend *backend, char *evidence)
{
	strscpy(evidence, "needs no hypervisor", VMI_EVIDENCE_LEN);
	return 0;
}

/* No CPU reads the clock yet. */
static int clocks_init(struct vmi_backend *backend, vmi_opmask_t ops)
{
	steal_zero += AHEAD_NS;
	return 0;
}

static void clocks_suspend(void)
{
	WRITE_ONCE(ahead, ahead + ahead_after_sleep);
}

static const struct vmi_ops clocks_ops = {
	.clock_sched_clock	= clocks_sched_clock,
	.clock_steal_clock	= clocks_steal_clock,
};

static struct vmi_backend clocks_backend = {
	VMI_BACKEND_HEADER("clocks", "none"),
	.ops		= &clocks_ops,
	.detect		= clocks_detect,
	.init		= clocks_init,
	.suspend	= clocks_suspend,
};

VMI_BACKEND(clocks_backend);

static u64 no_steal_clock(int cpu)
{
	return 0;
}

DEFINE_STATIC_CALL(op_steal_clock, no_steal_clock);

static int vmi_steal_clock_show(struct seq_file *m, void *unused)
{
	u64 before, steal, after;
	int cpu;

	for_each_possible_cpu(cpu) {
		before = ktime_get_boottime_ns();
		/* Keep preemption off, as all callers do: a switch waits for them. */
		preempt_disable();
		steal = static_call(op_steal_clock)(cpu);
		preempt_enable();
		after = ktime_get_boottime_ns();
		seq_printf(m, "%d %llu %llu %llu\n", cpu, before, steal, after);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vmi_steal_clock);

static struct dentry *file;

static int __init vmi_clocks_init(void)
{
	char name[KSYM_SYMBOL_LEN];
	int err;

	native = vmi_native();
	if (trampoline) {
		sprint_symbol_no_offset(name, trampoline);
		if (strcmp(name, TRAMPOLINE))
			return -EINVAL;
		static_call_update(op_steal_clock, (u64 (*)(int))trampoline);
	}
	err = vmi_backend_register(&clocks_backend);
	if (err)
		return err;
	if (trampoline)
		file = debugfs_create_file("vmi_steal_clock", 0400, NULL, NULL,
					   &vmi_steal_clock_fops);
	return 0;
}
module_init(vmi_clocks_init);

static void __exit vmi_clocks_exit(void)
{
	debugfs_remove(file);
	vmi_backend_unregister(&clocks_backend);
}
module_exit(vmi_clocks_exit);

VMI_BACKEND_ALIAS("clocks");
MODULE_DESCRIPTION("VMI backend with clocks of its own");
MODULE_LICENSE("GPL");
MODULE_INFO(test, "Y");
