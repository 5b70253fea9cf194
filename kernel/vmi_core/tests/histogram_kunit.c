// SPDX-License-Identifier: GPL-2.0-only

#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/preempt.h>

#include "fixture.h"

/*
 * Histograms are those of the running kernel. Nobody fills them as long as no op is
 * measured; if one is, the test of targets is left out.
 */
struct recorded {
	u64	sum;
	u64	in_bucket;
};

static struct recorded record(struct kunit *test, enum vmi_op op,
			      const struct cpumask *mask, unsigned int bucket)
{
	struct vmi_histogram before = {}, after = {};
	bool known;

	mutex_lock(&vmi_live.lock);
	KUNIT_EXPECT_EQ(test, vmi_histogram_alloc(op), 0);
	known = vmi_histogram_read(VMI_HISTOGRAM_TARGETS, op, &before);
	if (known) {
		preempt_disable();
		vmi_record_targets(mask, op);
		preempt_enable();
		vmi_histogram_read(VMI_HISTOGRAM_TARGETS, op, &after);
	}
	mutex_unlock(&vmi_live.lock);

	KUNIT_EXPECT_TRUE(test, known);
	return (struct recorded){
		.sum = after.sum - before.sum,
		.in_bucket = after.buckets[bucket] - before.buckets[bucket],
	};
}

static void targets_are_counted(struct kunit *test)
{
	const struct cpumask *all = cpu_possible_mask;
	unsigned int n = num_possible_cpus();
	struct recorded got;

	if (vmi_is_counting(VMI_OP_ipi_send_mask) ||
	    vmi_is_counting(VMI_OP_ipi_send_mask_allbutself))
		kunit_skip(test, "these ops are counted");

	got = record(test, VMI_OP_ipi_send_mask, all, fls(n));
	KUNIT_EXPECT_EQ(test, got.sum, n);
	KUNIT_EXPECT_EQ(test, got.in_bucket, 1);

	got = record(test, VMI_OP_ipi_send_mask_allbutself, all, fls(n - 1));
	KUNIT_EXPECT_EQ(test, got.sum, n - 1);
	KUNIT_EXPECT_EQ(test, got.in_bucket, 1);

	got = record(test, VMI_OP_ipi_send_mask_allbutself, cpu_none_mask, 0);
	KUNIT_EXPECT_EQ(test, got.sum, 0);
	KUNIT_EXPECT_EQ(test, got.in_bucket, 1);
}

/* As the thunks find the bucket: the number of bits. */
static void bucket_ends_with_its_largest_number(struct kunit *test)
{
	unsigned int i;
	u64 end;

	KUNIT_EXPECT_EQ(test, vmi_bucket_end(0), 0);
	for (i = 0; i < VMI_NR_BUCKETS; i++) {
		end = vmi_bucket_end(i);
		KUNIT_EXPECT_EQ(test, fls64(end), i);
		KUNIT_EXPECT_EQ(test, fls64(end + 1), i + 1);
	}
}

static void only_ops_with_a_mask_have_targets(struct kunit *test)
{
	struct vmi_histogram histogram;
	bool latency, targets;

	mutex_lock(&vmi_live.lock);
	KUNIT_EXPECT_EQ(test, vmi_histogram_alloc(VMI_OP_io_delay), 0);
	latency = vmi_histogram_read(VMI_HISTOGRAM_LATENCY, VMI_OP_io_delay,
				     &histogram);
	targets = vmi_histogram_read(VMI_HISTOGRAM_TARGETS, VMI_OP_io_delay,
				     &histogram);
	mutex_unlock(&vmi_live.lock);
	KUNIT_EXPECT_TRUE(test, latency);
	KUNIT_EXPECT_FALSE(test, targets);
}

static struct kunit_case histogram_cases[] = {
	KUNIT_CASE(targets_are_counted),
	KUNIT_CASE(bucket_ends_with_its_largest_number),
	KUNIT_CASE(only_ops_with_a_mask_have_targets),
	{}
};

static struct kunit_suite histogram_suite = {
	.name		= "vmi_histogram",
	.test_cases	= histogram_cases,
};

kunit_test_suite(histogram_suite);
