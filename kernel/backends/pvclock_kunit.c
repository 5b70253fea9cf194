// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of reading a pvclock, that of a fake vCPU
 */

#include <kunit/test.h>
#include <linux/atomic.h>

/* A time that another CPU was told right before this one tries to, or 0. */
static u64 others_ns;

static bool fake_try_cmpxchg(atomic64_t *last_ns, s64 *old, s64 new)
{
	if (others_ns) {
		raw_atomic64_set(last_ns, others_ns);
		others_ns = 0;
	}
	return raw_atomic64_try_cmpxchg(last_ns, old, new);
}

#define raw_atomic64_try_cmpxchg	fake_try_cmpxchg

#include "pvclock.h"

static struct vmi_pvclock common;

static u64 last_ns(void)
{
	return raw_atomic64_read(&common.last_ns);
}

/* A clock that stands still. */
static u64 read_at(u64 ns, u8 flags)
{
	const struct pvclock_vcpu_time_info clock = {
		.system_time	= ns,
		.flags		= flags,
	};

	return vmi_pvclock_read(&common, &clock);
}

static void time_is_never_less_than_before(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, read_at(1000, 0), 1000);
	KUNIT_EXPECT_EQ(test, read_at(999, 0), 1000);
	KUNIT_EXPECT_EQ(test, read_at(1000, 0), 1000);
	KUNIT_EXPECT_EQ(test, read_at(1001, 0), 1001);
	KUNIT_EXPECT_EQ(test, read_at(0, 0), 1001);
	/* The flag is not valid, so it is not believed. */
	KUNIT_EXPECT_EQ(test, read_at(1000, PVCLOCK_TSC_STABLE_BIT), 1001);
}

static void other_cpu_that_was_faster_wins_if_it_is_ahead(struct kunit *test)
{
	others_ns = 1005;
	KUNIT_EXPECT_EQ(test, read_at(1000, 0), 1005);
	KUNIT_EXPECT_EQ(test, last_ns(), 1005);
	others_ns = 1008;
	KUNIT_EXPECT_EQ(test, read_at(1010, 0), 1010);
	KUNIT_EXPECT_EQ(test, last_ns(), 1010);
}

static void clock_in_step_is_not_held_back(struct kunit *test)
{
	common.valid_flags = PVCLOCK_TSC_STABLE_BIT;
	KUNIT_EXPECT_EQ(test, read_at(1000, PVCLOCK_TSC_STABLE_BIT), 1000);
	KUNIT_EXPECT_EQ(test, read_at(999, PVCLOCK_TSC_STABLE_BIT), 999);
	KUNIT_EXPECT_EQ(test, last_ns(), 0);
	/* The host does not call this one stable. */
	KUNIT_EXPECT_EQ(test, read_at(1000, 0), 1000);
	KUNIT_EXPECT_EQ(test, read_at(999, PVCLOCK_GUEST_STOPPED), 1000);
}

static int pvclock_init(struct kunit *test)
{
	common = (struct vmi_pvclock) {};
	others_ns = 0;
	return 0;
}

static struct kunit_case pvclock_cases[] = {
	KUNIT_CASE(time_is_never_less_than_before),
	KUNIT_CASE(other_cpu_that_was_faster_wins_if_it_is_ahead),
	KUNIT_CASE(clock_in_step_is_not_held_back),
	{}
};

static struct kunit_suite pvclock_suite = {
	.name		= "vmi_pvclock",
	.init		= pvclock_init,
	.test_cases	= pvclock_cases,
};

kunit_test_suite(pvclock_suite);
