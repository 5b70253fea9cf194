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

static void second_driver_of_a_hypervisor_is_refused(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->backend[0].hypervisor = "same";
	f->backend[1].hypervisor = "same";
	fixture_load_both(test, IO);
	KUNIT_ASSERT_EQ(test, fixture_use(f, "one"), 0);
	EXPECT_USE(test, "two", -EBUSY, "");
	EXPECT_PROVIDER(test, io_delay, "one");
	KUNIT_EXPECT_EQ(test, fixture_use(f, "native"), 0);
	KUNIT_EXPECT_EQ(test, fixture_use(f, "two"), 0);
}

/* All lock ops but the slow path. */
#define BIND_OTHERS(to)						\
	"bind: lock.unlock=" to " lock.wait=" to		\
	" lock.kick=" to " lock.vcpu_is_preempted=" to

/* The order is what the comment of bind_lock() asks for. */
static void locks_move_in_order(struct kunit *test)
{
	fixture_load_both(test, LOCK);
	KUNIT_ASSERT_EQ(test, fixture_use(test->priv, "native"), 0);
	EXPECT_USE(test, "one", 0,
		   "init:one online:one bypass=1 quiesce " BIND_OTHERS("one")
		   " quiesce bind: lock.slowpath=one quiesce bypass=0");
	EXPECT_USE(test, "two", 0,
		   "init:two online:two drain:one bypass=1 bind: lock.slowpath=native quiesce "
		   BIND_OTHERS("two")
		   " quiesce bind: lock.slowpath=two quiesce bypass=0 quiesce offline:one exit:one");
	EXPECT_USE(test, "native", 0,
		   "drain:two bypass=1 bind: lock.slowpath=native quiesce " BIND_OTHERS("native")
		   " quiesce bypass=0 quiesce offline:two exit:two");
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

static void fixed_ops_stay(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->table.fixed = LOCK;
	fixture_load_both(test, LOCK | IO);
	EXPECT_USE(test, "one", 0, "init:one online:one bind: io.delay=one");
	EXPECT_SET(test, "lock", "native", 0, "");
	EXPECT_PROVIDER(test, lock_kick, "builtin");
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
	KUNIT_EXPECT_STREQ(test, vmi_error_text(&f->error), "the kernel is shutting down");
	EXPECT_PROVIDER(test, io_delay, "one");
	KUNIT_EXPECT_EQ(test, f->table.policy.native, 0);
}

static void policy_outlives_switches(struct kunit *test)
{
	struct fixture *f = test->priv;

	fixture_load_both(test, IO);
	KUNIT_ASSERT_EQ(test, fixture_set(f, "io", "builtin"), 0);
	/* The backend is prepared without an op, as it gets the ops of cleared policies. */
	EXPECT_USE(test, "one", 0, "init:one online:one");
	KUNIT_EXPECT_EQ(test, f->inited, IO);
	EXPECT_STATE(test, "one", ACTIVE);
	fixture_expect_refs(test, 1);
	EXPECT_USE(test, "two", 0, "init:two online:two drain:one quiesce offline:one exit:one");
	EXPECT_PROVIDER(test, io_delay, "builtin");
	EXPECT_SET(test, NULL, "default", 0, "bind: io.delay=two");
	EXPECT_SET(test, NULL, "builtin", 0, "bind: io.delay=builtin");
	EXPECT_STATE(test, "two", ACTIVE);
}

static void native_is_refused_where_it_is_invalid(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->table.native_invalid = true;
	f->table.builtin_name = "test";
	EXPECT_USE(test, "native", -EOPNOTSUPP, "");
	EXPECT_SET(test, "io", "native", -EOPNOTSUPP, "");
	EXPECT_SET(test, "io", "builtin", 0, "");
	EXPECT_SET(test, "io", "kvm", -EINVAL, "");
	KUNIT_EXPECT_STREQ(test, vmi_error_text(&f->error),
			   "a policy is native, builtin or default, not 'kvm'");
	KUNIT_EXPECT_EQ(test, f->table.policy.builtin, IO);
}

static struct kunit_case switch_cases[] = {
	KUNIT_CASE(there_and_back),
	KUNIT_CASE(second_driver_of_a_hypervisor_is_refused),
	KUNIT_CASE(locks_move_in_order),
	KUNIT_CASE_PARAM(failed_switch_changes_nothing, failure_gen_params),
	KUNIT_CASE(fixed_ops_stay),
	KUNIT_CASE(nothing_moves_during_shutdown),
	KUNIT_CASE(policy_outlives_switches),
	KUNIT_CASE(native_is_refused_where_it_is_invalid),
	{}
};

FIXTURE_SUITE(switch);
