// SPDX-License-Identifier: GPL-2.0-only
/*
 * Call counters
 *
 * An op is counted by a thunk between its call sites and its provider, see
 * x86/thunks.S. While counting is off there is no thunk.
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <kunit/visibility.h>
#include <linux/cleanup.h>
#include <linux/init.h>
#include <linux/percpu.h>

#include "arch.h"
#include "cmdline.h"
#include "histogram.h"
#include "stats.h"

/*
 * The counters are only ever incremented, each by its own CPU. A reset moves the
 * zero instead, so that it cannot lose a call that happens at the same time.
 */
static DEFINE_PER_CPU(u64 [VMI_NR_OPS], vmi_calls_at_reset);

u64 vmi_sum_percpu(const u64 __percpu *counter)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr(counter, cpu));
	return sum;
}

/* Calls that one CPU made since the last reset. */
u64 vmi_stats_calls_on(enum vmi_op op, unsigned int cpu)
{
	/* Read the zero first: that of a reset in between may be above the counter. */
	u64 zero = READ_ONCE(per_cpu(vmi_calls_at_reset, cpu)[op]);

	return READ_ONCE(per_cpu(vmi_op_calls, cpu)[op]) - zero;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_stats_calls_on);

/* Calls that all CPUs made since the last reset. */
u64 vmi_stats_calls(enum vmi_op op)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += vmi_stats_calls_on(op, cpu);
	return sum;
}

static vmi_opmask_t measured_ops(void)
{
	vmi_opmask_t ops = 0;
	enum vmi_op op;

	for_each_vmi_op(op) {
		if (vmi_arch_counting(op) == VMI_COUNTING_LATENCY)
			ops |= BIT_ULL(op);
	}
	return ops;
}

/**
 * vmi_stats_set() - start or stop counting calls, or filling histograms
 * @ops: which ops
 * @on: start
 * @histograms: start to fill histograms, which implies counting, or stop only that
 *
 * Without @histograms, a start leaves the histograms as they are, and a stop stops them too.
 *
 * Context: process context, under the lock of the live table. Sleeps.
 * Return: 0, or -ENOMEM, and nothing was started
 */
int vmi_stats_set(vmi_opmask_t ops, bool on, bool histograms)
{
	enum vmi_op op;
	int err = 0;

	lockdep_assert_held(&vmi_live.lock);

	if (on && histograms) {
		for_each_vmi_op_in(op, ops)
			err = err ?: vmi_histogram_alloc(op);
		if (!err)
			vmi_arch_count(ops, VMI_COUNTING_LATENCY);
	} else if (on) {
		vmi_arch_count(ops & ~measured_ops(), VMI_COUNTING_CALLS);
	} else if (histograms) {
		vmi_arch_count(ops & measured_ops(), VMI_COUNTING_CALLS);
	} else {
		vmi_arch_count(ops, VMI_COUNTING_OFF);
	}
	return err;
}

/* Count from zero, and begin histograms anew. Sleeps, under the lock of the live table. */
void vmi_stats_reset(vmi_opmask_t ops)
{
	enum vmi_op op;
	int cpu;

	lockdep_assert_held(&vmi_live.lock);

	for_each_possible_cpu(cpu) {
		for_each_vmi_op_in(op, ops)
			WRITE_ONCE(per_cpu(vmi_calls_at_reset, cpu)[op],
				   READ_ONCE(per_cpu(vmi_op_calls, cpu)[op]));
	}
	for_each_vmi_op_in(op, ops)
		vmi_histogram_reset(op);
}

static int __init vmi_boot_stats(void)
{
	if (vmi_boot_counting == VMI_COUNTING_OFF)
		return 0;

	guard(mutex)(&vmi_live.lock);
	vmi_stats_set(VMI_ALL_OPS, true, false);
	if (vmi_boot_counting == VMI_COUNTING_LATENCY &&
	    vmi_stats_set(VMI_ALL_OPS, true, true))
		pr_warn("no memory for histograms, so calls are counted only\n");
	return 0;
}
early_initcall(vmi_boot_stats);
