// SPDX-License-Identifier: GPL-2.0-only

#include <linux/string.h>

#include "fixture.h"

static void there_and_back(struct kunit *test)
{
	struct fixture *f = test->priv;

	fixture_load_both(test, IO | EOI);
	EXPECT_USE(test, "one", 0,
		   "init:one online:one bind: eoi.eoi=one io.delay=one");
	KUNIT_EXPECT_EQ(test, f->inited, IO | EOI);
	EXPECT_STATE(test, "one", ACTIVE);
	EXPECT_PROVIDER(test, io_delay, "one");
	EXPECT_PROVIDER(test, mm_exit_mmap, "builtin");
	KUNIT_EXPECT_STREQ(test, f->table.choice, "for a test");
	fixture_expect_refs(test, 1);

	EXPECT_USE(test, "one", 0, "");
	KUNIT_EXPECT_EQ(test, f->table.switches, 1);

	EXPECT_USE(test, "builtin", 0,
		   "drain:one bind: eoi.eoi=builtin io.delay=builtin quiesce offline:one exit:one");
	EXPECT_STATE(test, "one", VALIDATED);
	KUNIT_EXPECT_STREQ(test, vmi_active_name(&f->table), "builtin");
	KUNIT_EXPECT_EQ(test, f->table.switches, 2);
	fixture_expect_refs(test, 0);
}

/* The order is what the comment of bind_lock() asks for. */
static void locks_move_in_order(struct kunit *test)
{
	fixture_load_both(test, LOCK);
	KUNIT_ASSERT_EQ(test, fixture_use(test->priv, "native"), 0);
	EXPECT_USE(test, "one", 0,
		   "init:one online:one bypass=1 quiesce "
		   "bind: lock.unlock=one lock.wait=one lock.kick=one lock.vcpu_is_preempted=one "
		   "quiesce bind: lock.slowpath=one quiesce bypass=0");
	EXPECT_USE(test, "two", 0,
		   "init:two online:two drain:one bypass=1 bind: lock.slowpath=native quiesce "
		   "bind: lock.unlock=two lock.wait=two lock.kick=two lock.vcpu_is_preempted=two "
		   "quiesce bind: lock.slowpath=two quiesce bypass=0 "
		   "quiesce offline:one exit:one");
	EXPECT_USE(test, "native", 0,
		   "drain:two bypass=1 bind: lock.slowpath=native quiesce "
		   "bind: lock.unlock=native lock.wait=native lock.kick=native "
		   "lock.vcpu_is_preempted=native quiesce bypass=0 quiesce offline:two exit:two");
}

struct failure {
	const char	*fail;
	int		err;
	const char	*kind;
	const char	*log;
};

static const struct failure failures[] = {
	{ "init:two", -ENOMEM, "init", "init:two" },
	{ "online:two", -EIO, "cpu", "init:two online:two exit:two" },
	{ "drain:one", -EBUSY, "drain",
	  "init:two online:two drain:one offline:two exit:two" },
};

KUNIT_ARRAY_PARAM_DESC(failure, failures, fail);

/* The table keeps the first error until a request succeeds. */
static void failed_switch_changes_nothing(struct kunit *test)
{
	const struct failure *failure = test->param_value;
	struct fixture *f = test->priv;

	fixture_load_both(test, IO);
	KUNIT_ASSERT_EQ(test, fixture_use(f, "one"), 0);
	f->fail = failure->fail;
	EXPECT_USE(test, "two", failure->err, failure->log);
	KUNIT_EXPECT_STREQ(test, f->error.kind, failure->kind);
	KUNIT_EXPECT_STREQ(test, f->table.error.kind, failure->kind);
	EXPECT_PROVIDER(test, io_delay, "one");
	EXPECT_STATE(test, "one", ACTIVE);
	EXPECT_STATE(test, "two", VALIDATED);
	KUNIT_EXPECT_EQ(test, f->table.switches, 1);
	fixture_expect_refs(test, 1);

	f->fail = NULL;
	EXPECT_USE(test, "two", 0,
		   "init:two online:two drain:one bind: io.delay=two quiesce offline:one exit:one");
	KUNIT_EXPECT_NULL(test, f->table.error.kind);
	KUNIT_EXPECT_NULL(test, fixture_entry(f, "two")->error.kind);
}

static void unknown_and_unfit_providers_are_refused(struct kunit *test)
{
	struct fixture *f = test->priv;

	EXPECT_USE(test, "three", -ENOENT, "");
	EXPECT_MESSAGE(test, "no backend named 'three' is registered");

	f->fail = "detect";
	fixture_load_both(test, IO);
	EXPECT_STATE(test, "one", FAILED);
	EXPECT_USE(test, "one", -ENODEV, "");
	EXPECT_MESSAGE(test, "Test is not the hypervisor of this machine");

	f->table.native_invalid = true;
	EXPECT_USE(test, "native", -EOPNOTSUPP, "");
	EXPECT_MESSAGE(test,
		       "builtin is mandatory here: native ops do not work in a guest of type 'fake guest code'");
	KUNIT_EXPECT_STREQ(test, vmi_active_name(&f->table), "builtin");
}

static void other_hypervisor_is_refused(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->backend[0].signature = "one";
	f->backend[1].signature = "two";
	fixture_load_both(test, IO);
	KUNIT_ASSERT_EQ(test, fixture_use(f, "one"), 0);
	EXPECT_USE(test, "two", -EBUSY, "");
	EXPECT_MESSAGE(test,
		       "'one' and 'two' are for different hypervisors: use native or builtin in between");
	EXPECT_PROVIDER(test, io_delay, "one");
	KUNIT_EXPECT_EQ(test, fixture_use(f, "native"), 0);
	KUNIT_EXPECT_EQ(test, fixture_use(f, "two"), 0);
}

static void inlined_ops_stay(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->table.inlined = LOCK;
	fixture_load_both(test, LOCK | IO);
	EXPECT_USE(test, "one", 0, "init:one online:one bind: io.delay=one");
	KUNIT_EXPECT_EQ(test, fixture_use(f, "native"), 0);
	KUNIT_EXPECT_NULL(test, strstr(f->log, " lock."));
}

static void nothing_moves_during_shutdown(struct kunit *test)
{
	struct fixture *f = test->priv;

	fixture_load_both(test, IO);
	KUNIT_ASSERT_EQ(test, fixture_use(f, "one"), 0);
	f->table.closed = true;
	EXPECT_USE(test, "native", -ESHUTDOWN, "");
	EXPECT_SET(test, "io", "native", -ESHUTDOWN, "");
	EXPECT_MESSAGE(test, "the kernel is shutting down");
	EXPECT_PROVIDER(test, io_delay, "one");
	KUNIT_EXPECT_EQ(test, f->table.policy.native, 0);
}

static struct kunit_case switch_cases[] = {
	KUNIT_CASE(there_and_back),
	KUNIT_CASE(locks_move_in_order),
	KUNIT_CASE_PARAM(failed_switch_changes_nothing, failure_gen_params),
	KUNIT_CASE(unknown_and_unfit_providers_are_refused),
	KUNIT_CASE(other_hypervisor_is_refused),
	KUNIT_CASE(inlined_ops_stay),
	KUNIT_CASE(nothing_moves_during_shutdown),
	{}
};

FIXTURE_SUITE(switch);
