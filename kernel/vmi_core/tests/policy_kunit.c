// SPDX-License-Identifier: GPL-2.0-only

#include "fixture.h"

static void op_moves_and_comes_back(struct kunit *test)
{
	struct fixture *f = test->priv;

	fixture_load_both(test, IO | EOI);
	KUNIT_ASSERT_EQ(test, fixture_use(f, "one"), 0);
	EXPECT_SET(test, "io.delay", "native", 0, "bind: io.delay=native");
	KUNIT_EXPECT_EQ(test, f->told, IO);
	EXPECT_PROVIDER(test, io_delay, "native");
	EXPECT_PROVIDER(test, eoi_eoi, "one");
	KUNIT_EXPECT_STREQ(test, fixture_unbound_reason(f, "one", VMI_OP_io_delay),
			   "native by policy");

	EXPECT_SET(test, "io", "native", 0, "");
	KUNIT_EXPECT_EQ(test, f->told, 0);

	EXPECT_SET(test, "io", "builtin", 0, "bind: io.delay=builtin");
	EXPECT_PROVIDER(test, io_delay, "builtin");
	KUNIT_EXPECT_STREQ(test, fixture_unbound_reason(f, "one", VMI_OP_io_delay),
			   "builtin by policy");

	EXPECT_SET(test, "io", NULL, 0, "bind: io.delay=one");
	EXPECT_PROVIDER(test, io_delay, "one");
	KUNIT_EXPECT_EQ(test, f->table.switches, 1);
}

static void policy_outlives_switches(struct kunit *test)
{
	struct fixture *f = test->priv;

	fixture_load_both(test, IO | EOI);
	KUNIT_ASSERT_EQ(test, fixture_set(f, "io", "builtin"), 0);
	EXPECT_USE(test, "one", 0, "init:one online:one bind: eoi.eoi=one");
	KUNIT_EXPECT_EQ(test, f->inited, IO | EOI);
	EXPECT_USE(test, "two", 0,
		   "init:two online:two drain:one bind: eoi.eoi=two quiesce offline:one exit:one");
	EXPECT_PROVIDER(test, io_delay, "builtin");
	EXPECT_SET(test, NULL, NULL, 0, "bind: io.delay=two");
}

/* The active backend keeps its module without an op, as it gets the ops of cleared policies. */
static void backend_without_ops_stays_prepared(struct kunit *test)
{
	struct fixture *f = test->priv;

	fixture_load_both(test, IO);
	KUNIT_ASSERT_EQ(test, fixture_use(f, "one"), 0);
	EXPECT_SET(test, NULL, "builtin", 0, "bind: io.delay=builtin");
	EXPECT_STATE(test, "one", ACTIVE);
	fixture_expect_refs(test, 1);
	EXPECT_USE(test, "builtin", 0, "drain:one quiesce offline:one exit:one");
}

static void locks_move_in_order(struct kunit *test)
{
	fixture_load_both(test, LOCK);
	KUNIT_ASSERT_EQ(test, fixture_use(test->priv, "native"), 0);
	KUNIT_ASSERT_EQ(test, fixture_use(test->priv, "one"), 0);
	EXPECT_SET(test, "lock", "native", 0,
		   "bypass=1 bind: lock.slowpath=native quiesce "
		   "bind: lock.unlock=native lock.wait=native lock.kick=native "
		   "lock.vcpu_is_preempted=native quiesce bypass=0");
}

static void ops_out_of_reach_stay(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->table.barred = LOCK;
	f->table.inlined = IO;
	fixture_load_both(test, ALL_OPS);
	KUNIT_ASSERT_EQ(test, fixture_use(f, "one"), 0);
	EXPECT_PROVIDER(test, lock_kick, "builtin");
	KUNIT_EXPECT_STREQ(test, fixture_unbound_reason(f, "one", VMI_OP_lock_kick),
			   "left out by nopvspin");
	EXPECT_SET(test, "io", "native", 0, "");
	EXPECT_PROVIDER(test, io_delay, "builtin");
}

struct refusal {
	const char	*target;
	const char	*provider;
	int		err;
	const char	*message;
};

#define MOVES_TOGETHER	"lock.kick moves together with its group: name all of 'lock'"

static const struct refusal refusals[] = {
	{ "nosuch", "native", -ENOENT, "there is no op or group named 'nosuch'" },
	{ "lock.kick", "native", -EINVAL, MOVES_TOGETHER },
	{ "lock.kick", NULL, -EINVAL, MOVES_TOGETHER },
	{ "io", "one", -EINVAL, "a policy is native or builtin, not 'one'" },
	{ "io", "", -EINVAL, "a policy is native or builtin, not ''" },
	{ "io", "native", -EOPNOTSUPP,
	  "builtin is mandatory here: native ops do not work in a guest of type 'fake guest code'" },
};

KUNIT_ARRAY_PARAM_DESC(refusal, refusals, message);

static void refused_policy_changes_nothing(struct kunit *test)
{
	const struct refusal *refusal = test->param_value;
	struct fixture *f = test->priv;

	f->table.native_invalid = true;
	EXPECT_SET(test, refusal->target, refusal->provider, refusal->err, "");
	EXPECT_MESSAGE(test, refusal->message);
	KUNIT_EXPECT_EQ(test, f->table.policy.native | f->table.policy.builtin, 0);
}

static void expect_next_target(struct kunit *test, vmi_opmask_t *ops,
			       const char *name, const char *provider)
{
	struct fixture *f = test->priv;
	const char *found;

	KUNIT_EXPECT_STREQ(test,
			   vmi_policy_next_target(&f->table.policy, ops, &found),
			   name);
	KUNIT_EXPECT_STREQ(test, found, provider);
}

static void group_is_one_target_where_it_can_be(struct kunit *test)
{
	vmi_opmask_t idle = vmi_ops_find("idle");
	vmi_opmask_t ops = idle | IO;

	KUNIT_ASSERT_EQ(test, fixture_set(test->priv, "idle", "native"), 0);
	KUNIT_ASSERT_EQ(test, fixture_set(test->priv, "io", "builtin"), 0);
	expect_next_target(test, &ops, "idle", "native");
	expect_next_target(test, &ops, "io", "builtin");
	KUNIT_EXPECT_EQ(test, ops, 0);

	KUNIT_ASSERT_EQ(test, fixture_set(test->priv, "idle.halt", "builtin"), 0);
	ops = idle;
	expect_next_target(test, &ops, "idle.safe_halt", "native");
	expect_next_target(test, &ops, "idle.halt", "builtin");
	KUNIT_EXPECT_EQ(test, ops, 0);
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE(op_moves_and_comes_back),
	KUNIT_CASE(policy_outlives_switches),
	KUNIT_CASE(backend_without_ops_stays_prepared),
	KUNIT_CASE(locks_move_in_order),
	KUNIT_CASE(ops_out_of_reach_stay),
	KUNIT_CASE_PARAM(refused_policy_changes_nothing, refusal_gen_params),
	KUNIT_CASE(group_is_one_target_where_it_can_be),
	{}
};

FIXTURE_SUITE(policy);
