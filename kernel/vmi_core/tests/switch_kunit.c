// SPDX-License-Identifier: GPL-2.0-only

#include "fixture.h"

/* A table with two backends that have only the given ops. */
static struct fixture *with_ops(struct kunit *test, vmi_opmask_t ops)
{
	struct fixture *f = test->priv;
	unsigned int i;

	fixture_keep_ops(f, ops);
	for (i = 0; i < ARRAY_SIZE(f->backend); i++)
		KUNIT_ASSERT_EQ(test, vmi_table_register(&f->table,
							 &f->backend[i]), 0);
	return f;
}

static void there_and_back(struct kunit *test)
{
	struct fixture *f = with_ops(test, VMI_OP_BIT(io_delay));
	struct vmi_error error = {};

	KUNIT_ASSERT_EQ(test, fixture_use(f, "one", &error), 0);
	EXPECT_LOG(test, f, "init:one online:one bind: io.delay=one ");
	KUNIT_EXPECT_STREQ(test, vmi_active_name(&f->table), "one");
	KUNIT_EXPECT_STREQ(test, f->table.choice, "for a test");
	EXPECT_PROVIDER(test, f, io_delay, "one");
	EXPECT_PROVIDER(test, f, eoi_eoi, "builtin");

	KUNIT_ASSERT_EQ(test, fixture_use(f, "builtin", &error), 0);
	EXPECT_LOG(test, f,
		   "drain:one bind: io.delay=builtin quiesce offline:one exit:one ");
	KUNIT_EXPECT_STREQ(test, vmi_active_name(&f->table), "builtin");
	KUNIT_EXPECT_EQ(test, f->table.switches, 2);
}

static void what_is_bound_is_not_bound_again(struct kunit *test)
{
	struct fixture *f = with_ops(test, VMI_OP_BIT(io_delay));
	struct vmi_error error = {};

	KUNIT_ASSERT_EQ(test, fixture_use(f, "one", &error), 0);
	f->log[0] = '\0';
	KUNIT_EXPECT_EQ(test, fixture_use(f, "one", &error), 0);
	EXPECT_LOG(test, f, "");
	KUNIT_EXPECT_EQ(test, f->table.switches, 1);
}

static void from_backend_to_backend(struct kunit *test)
{
	struct fixture *f = with_ops(test, VMI_OP_BIT(io_delay));
	struct vmi_error error = {};

	KUNIT_ASSERT_EQ(test, fixture_use(f, "one", &error), 0);
	f->log[0] = '\0';
	KUNIT_ASSERT_EQ(test, fixture_use(f, "two", &error), 0);
	EXPECT_NEXT(test, f, "init:two online:two drain:one bind: io.delay=two ");
	EXPECT_LOG(test, f, "quiesce offline:one exit:one ");
	KUNIT_EXPECT_EQ(test, fixture_entry(f, "one")->state,
			VMI_STATE_VALIDATED);
	KUNIT_EXPECT_EQ(test, fixture_entry(f, "two")->state,
			VMI_STATE_ACTIVE);
}

#define LOCK_OPS	vmi_ops_find("lock")

/* The order is what the comment of bind_lock() asks for. */
static void locks_move_in_order(struct kunit *test)
{
	struct fixture *f = with_ops(test, LOCK_OPS);
	struct vmi_error error = {};

	KUNIT_ASSERT_EQ(test, fixture_use(f, "native", &error), 0);
	f->log[0] = '\0';

	KUNIT_ASSERT_EQ(test, fixture_use(f, "one", &error), 0);
	EXPECT_NEXT(test, f, "init:one online:one bypass=1 quiesce ");
	EXPECT_NEXT(test, f, "bind: lock.unlock=one ");
	EXPECT_NEXT(test, f, "lock.wait=one lock.kick=one ");
	EXPECT_NEXT(test, f, "lock.vcpu_is_preempted=one quiesce ");
	EXPECT_LOG(test, f, "bind: lock.slowpath=one quiesce bypass=0 ");

	KUNIT_ASSERT_EQ(test, fixture_use(f, "native", &error), 0);
	EXPECT_NEXT(test, f, "drain:one bypass=1 bind: lock.slowpath=native quiesce ");
	EXPECT_NEXT(test, f, "bind: lock.unlock=native ");
	EXPECT_NEXT(test, f, "lock.wait=native lock.kick=native ");
	EXPECT_NEXT(test, f, "lock.vcpu_is_preempted=native quiesce bypass=0 ");
	EXPECT_LOG(test, f, "quiesce offline:one exit:one ");
}

static void inlined_ops_stay(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vmi_error error = {};

	f->table.inlined = LOCK_OPS;
	with_ops(test, LOCK_OPS | VMI_OP_BIT(io_delay));
	KUNIT_ASSERT_EQ(test, fixture_use(f, "one", &error), 0);
	EXPECT_LOG(test, f, "init:one online:one bind: io.delay=one ");
	KUNIT_ASSERT_EQ(test, fixture_use(f, "native", &error), 0);
	KUNIT_EXPECT_NULL(test, strstr(f->log, " lock."));
}

static void failure_leaves_all_as_it_was(struct kunit *test)
{
	static const struct {
		const char *fail, *kind, *log;
		int err;
	} steps[] = {
		{ "init", "init", "init:two ", -ENOMEM },
		{ "online", "cpu", "init:two online:two exit:two ", -EIO },
		{ "drain", "drain",
		  "init:two online:two drain:one offline:two exit:two ", -EBUSY },
	};
	struct fixture *f = with_ops(test, VMI_OP_BIT(io_delay));
	struct vmi_error error = {};
	unsigned int i, refs;

	KUNIT_ASSERT_EQ(test, fixture_use(f, "one", &error), 0);
	f->log[0] = '\0';
	refs = fixture_refs();

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		error.kind = NULL;
		f->fail = steps[i].fail;
		KUNIT_EXPECT_EQ(test, fixture_use(f, "two", &error),
				steps[i].err);
		EXPECT_LOG(test, f, steps[i].log);
		KUNIT_EXPECT_STREQ(test, error.kind, steps[i].kind);
		KUNIT_EXPECT_STREQ(test, vmi_active_name(&f->table), "one");
		KUNIT_EXPECT_STREQ(test, f->table.error.kind, steps[0].kind);
		KUNIT_EXPECT_EQ(test, fixture_entry(f, "one")->state,
				VMI_STATE_ACTIVE);
		EXPECT_REFS(test, refs, 0);
		KUNIT_EXPECT_EQ(test, f->table.switches, 1);
	}

	f->fail = NULL;
	KUNIT_EXPECT_EQ(test, fixture_use(f, "two", &error), 0);
	KUNIT_EXPECT_NULL(test, f->table.error.kind);
}

static void active_backend_holds_its_module(struct kunit *test)
{
	struct fixture *f = with_ops(test, VMI_OP_BIT(io_delay));
	unsigned int refs = fixture_refs();
	struct vmi_error error = {};

	KUNIT_ASSERT_EQ(test, fixture_use(f, "one", &error), 0);
	EXPECT_REFS(test, refs, 1);
	KUNIT_ASSERT_EQ(test, fixture_use(f, "builtin", &error), 0);
	EXPECT_REFS(test, refs, 0);
}

static void unknown_and_unfit_are_refused(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vmi_error error = {};

	KUNIT_EXPECT_EQ(test, fixture_use(f, "three", &error), -ENOENT);
	KUNIT_EXPECT_STREQ(test, error.message,
			   "no backend named 'three' is registered");

	error.kind = NULL;
	f->fail = "detect";
	with_ops(test, VMI_OP_BIT(io_delay));
	KUNIT_EXPECT_EQ(test, fixture_use(f, "one", &error), -ENODEV);
	KUNIT_EXPECT_STREQ(test, error.kind, "detect");

	error.kind = NULL;
	f->table.native_invalid = true;
	KUNIT_EXPECT_EQ(test, fixture_use(f, "native", &error), -EOPNOTSUPP);
	KUNIT_EXPECT_STREQ(test, vmi_active_name(&f->table), "builtin");
	EXPECT_LOG(test, f, "");
}

static struct kunit_case switch_cases[] = {
	KUNIT_CASE(there_and_back),
	KUNIT_CASE(what_is_bound_is_not_bound_again),
	KUNIT_CASE(from_backend_to_backend),
	KUNIT_CASE(locks_move_in_order),
	KUNIT_CASE(inlined_ops_stay),
	KUNIT_CASE(failure_leaves_all_as_it_was),
	KUNIT_CASE(active_backend_holds_its_module),
	KUNIT_CASE(unknown_and_unfit_are_refused),
	{}
};

static struct kunit_suite switch_suite = {
	.name		= "vmi_switch",
	.init		= fixture_init,
	.exit		= fixture_exit,
	.test_cases	= switch_cases,
};

kunit_test_suite(switch_suite);
