// SPDX-License-Identifier: GPL-2.0-only

#include "fixture.h"

static void register_binds_nothing(struct kunit *test)
{
	struct fixture *f = test->priv;

	fixture_load_both(test, ALL_OPS);
	KUNIT_EXPECT_STREQ(test, f->log, "");
	KUNIT_EXPECT_STREQ(test, vmi_active_name(&f->table), "builtin");
	EXPECT_STATE(test, "one", VALIDATED);
	KUNIT_EXPECT_STREQ(test, fixture_entry(f, "one")->evidence,
			   "seen by a test");
}

static void second_of_a_name_is_refused(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->backend[1].name = "one";
	KUNIT_EXPECT_EQ(test, vmi_table_register(&f->table, &f->backend[0]), 0);
	KUNIT_EXPECT_EQ(test, vmi_table_register(&f->table, &f->backend[1]),
			-EEXIST);
	KUNIT_EXPECT_STREQ(test, f->table.error.kind, "name");
	KUNIT_EXPECT_PTR_EQ(test, fixture_entry(f, "one")->backend,
			    &f->backend[0]);
}

static void name_is_free_after_unregister(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int generation = f->table.generation;

	KUNIT_EXPECT_EQ(test, vmi_table_register(&f->table, &f->backend[0]), 0);
	vmi_table_unregister(&f->table, &f->backend[0]);
	KUNIT_EXPECT_NULL(test, fixture_entry(f, "one"));
	KUNIT_EXPECT_EQ(test, f->table.generation, generation + 2);
	KUNIT_EXPECT_EQ(test, vmi_table_register(&f->table, &f->backend[0]), 0);
}

static void first_error_is_kept(struct kunit *test)
{
	struct vmi_error error = {};

	KUNIT_EXPECT_EQ(test, vmi_fail(&error, -EIO, "first", "%d", 1), -EIO);
	KUNIT_EXPECT_EQ(test, vmi_fail(&error, -ENOMEM, "second", "%d", 2),
			-ENOMEM);
	KUNIT_EXPECT_STREQ(test, error.kind, "first");
	KUNIT_EXPECT_STREQ(test, error.message, "1");
}

static void ops_have_names(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, vmi_op_find("tlb.flush_multi"),
			VMI_OP_tlb_flush_multi);
	KUNIT_EXPECT_EQ(test, vmi_op_find("tlb"), -ENOENT);
	KUNIT_EXPECT_EQ(test, vmi_ops_find("io"), VMI_OP_BIT(io_delay));
	KUNIT_EXPECT_EQ(test, vmi_ops_find("clock"),
			VMI_OP_BIT(clock_sched_clock) |
			VMI_OP_BIT(clock_steal_clock));
	KUNIT_EXPECT_EQ(test, vmi_ops_find("eoi.eoi"), VMI_OP_BIT(eoi_eoi));
	KUNIT_EXPECT_EQ(test, vmi_ops_find(""), 0);
	KUNIT_EXPECT_EQ(test, vmi_ops_find("tlb.flush_multi "), 0);
}

static struct kunit_case registry_cases[] = {
	KUNIT_CASE(register_binds_nothing),
	KUNIT_CASE(second_of_a_name_is_refused),
	KUNIT_CASE(name_is_free_after_unregister),
	KUNIT_CASE(first_error_is_kept),
	KUNIT_CASE(ops_have_names),
	{}
};

FIXTURE_SUITE(registry);
