// SPDX-License-Identifier: GPL-2.0-only
/*
 * Call counters
 *
 * An op is counted by a thunk between its call sites and its provider, see
 * x86/thunks.S. While counting is off there is no thunk.
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <kunit/visibility.h>
#include <linux/init.h>
#include <linux/mutex.h>
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

/**
 * vmi_stats_calls_on() - calls counted on a CPU since the last reset
 * @op: the op
 * @cpu: the CPU, a possible one
 *
 * Context: any.
 * Return: their number
 */
u64 vmi_stats_calls_on(enum vmi_op op, unsigned int cpu)
{
	/* First, for the zero of a reset in between may be above the counter. */
	u64 zero = READ_ONCE(per_cpu(vmi_calls_at_reset, cpu)[op]);

	return READ_ONCE(per_cpu(vmi_op_calls, cpu)[op]) - zero;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_stats_calls_on);

/**
 * vmi_stats_calls() - calls counted since the last reset, on all CPUs
 * @op: the op
 *
 * Context: any.
 * Return: their number
 */
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
 * vmi_stats_enable() - start or stop counting
 * @ops: which ops
 * @on: start; what is measured as well goes on with that
 *
 * Context: process context, under the lock of the live table.
 */
void vmi_stats_enable(vmi_opmask_t ops, bool on)
{
	lockdep_assert_held(&vmi_live.lock);

	if (on)
		vmi_arch_count(ops & ~measured_ops(), VMI_COUNTING_CALLS);
	else
		vmi_arch_count(ops, VMI_COUNTING_OFF);
}

/**
 * vmi_stats_measure() - start or stop filling histograms
 * @ops: which ops
 * @on: start, and count; if not, counting goes on
 *
 * Context: process context, under the lock of the live table. Sleeps.
 * Return: 0, or -ENOMEM, and nothing was started
 */
int vmi_stats_measure(vmi_opmask_t ops, bool on)
{
	enum vmi_op op;
	int err;

	lockdep_assert_held(&vmi_live.lock);

	if (!on) {
		vmi_arch_count(ops & measured_ops(), VMI_COUNTING_CALLS);
		return 0;
	}
	for_each_vmi_op_in(op, ops) {
		err = vmi_histogram_alloc(op);
		if (err)
			return err;
	}
	vmi_arch_count(ops, VMI_COUNTING_LATENCY);
	return 0;
}

/**
 * vmi_stats_reset() - count from zero, and begin histograms anew
 * @ops: which ops
 *
 * Context: process context, under the lock of the live table. Sleeps.
 */
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

bool vmi_is_counting(enum vmi_op op)
{
	return vmi_arch_counting(op) != VMI_COUNTING_OFF;
}

static int __init vmi_boot_stats(void)
{
	enum vmi_counting counting = vmi_boot_wants_stats();
	int err = 0;

	if (!vmi_live.arch || counting == VMI_COUNTING_OFF)
		return 0;

	mutex_lock(&vmi_live.lock);
	vmi_stats_enable(~0ULL, true);
	if (counting == VMI_COUNTING_LATENCY)
		err = vmi_stats_measure(~0ULL, true);
	mutex_unlock(&vmi_live.lock);
	if (err)
		pr_warn("no memory for histograms, so calls are counted only\n");
	return 0;
}
early_initcall(vmi_boot_stats);
