// SPDX-License-Identifier: GPL-2.0-only
/*
 * Histograms of calls
 *
 * A histogram holds how many cycles calls took, or to how many CPUs they went. Numbers of
 * the same length in bits share a bucket. As with the counters, each CPU adds to its own
 * histogram, with one instruction for a bucket, so nothing is lost to an interrupt or an
 * NMI, and a reset moves the zero.
 */

#include <kunit/visibility.h>
#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/instrumentation.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "histogram.h"

/* x86/thunks.S relies on these. */
static_assert(offsetof(struct vmi_histogram, sum) == 0);
static_assert(offsetof(struct vmi_histogram, buckets) == sizeof(u64));
static_assert(VMI_HISTOGRAM_LATENCY == 0 && VMI_NR_BUCKETS == 64);

/*
 * Histograms are allocated when they are first requested, and kept: a CPU can be on its way
 * to one after measuring ended, and the numbers can still be read then.
 */
struct vmi_histogram __percpu *
vmi_histograms[VMI_NR_HISTOGRAMS][VMI_NR_OPS] __read_mostly;
EXPORT_SYMBOL_IF_KUNIT(vmi_histograms);
static struct vmi_histogram *at_reset[VMI_NR_HISTOGRAMS][VMI_NR_OPS];

static int alloc_one(enum vmi_histogram_kind kind, enum vmi_op op)
{
	struct vmi_histogram __percpu **histogram = &vmi_histograms[kind][op];
	struct vmi_histogram **zero = &at_reset[kind][op];

	if (!*zero)
		*zero = kzalloc(sizeof(**zero), GFP_KERNEL);
	if (*zero && !*histogram)
		*histogram = alloc_percpu(struct vmi_histogram);
	return *zero && *histogram ? 0 : -ENOMEM;
}

/* Allocate the histograms of an op. Sleeps, under the lock of the live table. */
int vmi_histogram_alloc(enum vmi_op op)
{
	int err;

	lockdep_assert_held(&vmi_live.lock);

	err = alloc_one(VMI_HISTOGRAM_LATENCY, op);
	if (!err && vmi_op_infos[op].mask != VMI_MASK_NONE)
		err = alloc_one(VMI_HISTOGRAM_TARGETS, op);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_histogram_alloc);

/*
 * A CPU adds a number to the sum, and then 1 to a bucket. If the sum is the same before and
 * after the buckets were read, both hold the same calls, except for a call that is between
 * the two. After eight attempts, accept a torn snapshot from a CPU that keeps calling.
 */
static void read_one(const struct vmi_histogram *one, struct vmi_histogram *to)
{
	unsigned int tries = 8, i;

	do {
		to->sum = READ_ONCE(one->sum);
		/* Read in the opposite order of the thunks' writes. */
		smp_rmb();
		for (i = 0; i < VMI_NR_BUCKETS; i++)
			to->buckets[i] = READ_ONCE(one->buckets[i]);
		/* Read the buckets before the sum again. */
		smp_rmb();
	} while (READ_ONCE(one->sum) != to->sum && --tries);
}

static void sum_up(const struct vmi_histogram __percpu *histogram,
		   struct vmi_histogram *sum)
{
	struct vmi_histogram one;
	unsigned int i;
	int cpu;

	*sum = (struct vmi_histogram){};
	for_each_possible_cpu(cpu) {
		read_one(per_cpu_ptr(histogram, cpu), &one);
		sum->sum += one.sum;
		for (i = 0; i < VMI_NR_BUCKETS; i++)
			sum->buckets[i] += one.buckets[i];
		cond_resched();
	}
}

/* Begin the histograms of an op anew. Sleeps, under the lock of the live table. */
void vmi_histogram_reset(enum vmi_op op)
{
	unsigned int kind;

	lockdep_assert_held(&vmi_live.lock);

	for (kind = 0; kind < VMI_NR_HISTOGRAMS; kind++) {
		if (vmi_histograms[kind][op])
			sum_up(vmi_histograms[kind][op], at_reset[kind][op]);
	}
}

/*
 * Read a histogram of an op, over all CPUs. Sleeps, under the lock of the live table. Return
 * false if it was never allocated.
 */
bool vmi_histogram_read(enum vmi_histogram_kind kind, enum vmi_op op,
			struct vmi_histogram *histogram)
{
	const struct vmi_histogram *zero = at_reset[kind][op];
	unsigned int i;

	lockdep_assert_held(&vmi_live.lock);

	if (!vmi_histograms[kind][op])
		return false;
	sum_up(vmi_histograms[kind][op], histogram);
	histogram->sum -= zero->sum;
	for (i = 0; i < VMI_NR_BUCKETS; i++)
		histogram->buckets[i] -= zero->buckets[i];
	return true;
}

/*
 * How many CPUs a call is for. @kind is not VMI_MASK_NONE, and preemption is off. Other CPUs may
 * change the mask meanwhile, for example that of the CPUs that use an address space.
 */
unsigned int vmi_count_targets(const struct cpumask *mask, enum vmi_mask kind)
{
	unsigned int targets = cpumask_weight(mask);

	if (kind == VMI_MASK_OTHERS && targets)
		targets -= cpumask_test_cpu(smp_processor_id(), mask);
	return targets;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_count_targets);

/*
 * Note how many CPUs a call of a measured op is for. Ops that take a mask of CPUs are not called
 * where nothing may be instrumented; this is noinstr because the thunks of all ops share their
 * text. Preemption is off.
 */
noinstr void vmi_record_targets(const struct cpumask *mask, enum vmi_op op)
{
	struct vmi_histogram __percpu *histogram;
	unsigned int targets;

	instrumentation_begin();
	targets = vmi_count_targets(mask, vmi_op_infos[op].mask);
	histogram = vmi_histograms[VMI_HISTOGRAM_TARGETS][op];
	this_cpu_add(histogram->sum, targets);
	this_cpu_inc(histogram->buckets[fls(targets)]);
	instrumentation_end();
}
