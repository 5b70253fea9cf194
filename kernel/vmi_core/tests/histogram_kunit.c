// SPDX-License-Identifier: GPL-2.0-only

#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/preempt.h>

#include "fixture.h"
#include "../histogram.h"

static unsigned int targets_of(const struct cpumask *mask, enum vmi_mask kind)
{
	unsigned int targets;

	preempt_disable();
	targets = vmi_count_targets(mask, kind);
	preempt_enable();
	return targets;
}

static void targets_are_counted(struct kunit *test)
{
	const struct cpumask *all = cpu_possible_mask;
	unsigned int n = num_possible_cpus();

	KUNIT_EXPECT_EQ(test, targets_of(all, VMI_MASK_ALL), n);
	KUNIT_EXPECT_EQ(test, targets_of(all, VMI_MASK_OTHERS), n - 1);
	KUNIT_EXPECT_EQ(test, targets_of(cpu_none_mask, VMI_MASK_ALL), 0);
	KUNIT_EXPECT_EQ(test, targets_of(cpu_none_mask, VMI_MASK_OTHERS), 0);
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

static struct kunit_case histogram_cases[] = {
	KUNIT_CASE(targets_are_counted),
	KUNIT_CASE(bucket_ends_with_its_largest_number),
	{}
};

static struct kunit_suite histogram_suite = {
	.name		= "vmi_histogram",
	.test_cases	= histogram_cases,
};

kunit_test_suite(histogram_suite);
