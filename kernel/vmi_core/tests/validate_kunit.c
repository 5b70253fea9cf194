// SPDX-License-Identifier: GPL-2.0-only

#include <linux/string.h>

#include "fixture.h"

/*
 * One row per rule: how to break it in a backend that is right, and what has to
 * be said.
 */
struct rule {
	const char	*desc;
	void		(*spoil)(struct fixture *f, struct vmi_backend *b);
	int		err;
	const char	*kind;
	const char	*says;
};

static struct vmi_capability caps[2];

static void major(struct fixture *f, struct vmi_backend *b)
{
	b->api_major++;
}

static void minor(struct fixture *f, struct vmi_backend *b)
{
	b->api_minor++;
}

static void larger(struct fixture *f, struct vmi_backend *b)
{
	b->size++;
}

static void smaller(struct fixture *f, struct vmi_backend *b)
{
	b->size--;
}

static void more_ops(struct fixture *f, struct vmi_backend *b)
{
	b->nr_ops++;
}

static void no_name(struct fixture *f, struct vmi_backend *b)
{
	b->name = NULL;
}

static void long_name(struct fixture *f, struct vmi_backend *b)
{
	b->name = "abcdefghijklmnopqrstuvwxyz-012345";
}

static void bad_name(struct fixture *f, struct vmi_backend *b)
{
	b->name = "../one";
}

static void reserved_name(struct fixture *f, struct vmi_backend *b)
{
	b->name = "native";
}

static void cap_twice(struct fixture *f, struct vmi_backend *b)
{
	caps[0].name = "same";
	caps[1].name = "same";
	b->caps = caps;
	b->nr_caps = 2;
}

static void caps_missing(struct fixture *f, struct vmi_backend *b)
{
	b->nr_caps = 1;
}

static void no_ops(struct fixture *f, struct vmi_backend *b)
{
	b->ops = NULL;
}

static void empty_ops(struct fixture *f, struct vmi_backend *b)
{
	memset(&f->ops[0], 0, sizeof(f->ops[0]));
}

static void half_a_group(struct fixture *f, struct vmi_backend *b)
{
	f->ops[0].lock_kick = NULL;
}

static void foreign_op(struct fixture *f, struct vmi_backend *b)
{
	f->ops[0].io_delay = (void (*)(void))schedule;
}

static void half_a_queue(struct fixture *f, struct vmi_backend *b)
{
	f->ops[0].lock_slowpath = vmi_pv_lock_slowpath;
}

static void helper_elsewhere(struct fixture *f, struct vmi_backend *b)
{
	vmi_set_op(&f->ops[0], VMI_OP_lock_kick, vmi_pv_lock_slowpath);
}

static void op_in_data(struct fixture *f, struct vmi_backend *b)
{
	vmi_set_op(&f->ops[0], VMI_OP_io_delay, &f->table);
}

static void no_detect(struct fixture *f, struct vmi_backend *b)
{
	b->detect = NULL;
}

static void half_a_life(struct fixture *f, struct vmi_backend *b)
{
	b->cpu_starting = (void (*)(unsigned int))f->ops[0].io_delay;
}

static void foreign_callback(struct fixture *f, struct vmi_backend *b)
{
	b->shutdown = (void (*)(void))schedule;
}

static const struct rule rules[] = {
	{ "major", major, -EOPNOTSUPP, "abi", "major version must be equal" },
	{ "minor", minor, -EOPNOTSUPP, "abi", "must not be newer" },
	{ "larger", larger, -EOPNOTSUPP, "abi", "bytes in the backend" },
	{ "smaller", smaller, -EOPNOTSUPP, "abi", "only" },
	{ "more_ops", more_ops, -EOPNOTSUPP, "abi", "ops, the core has" },
	{ "no_name", no_name, -EINVAL, "name", "lower-case" },
	{ "long_name", long_name, -EINVAL, "name", "lower-case" },
	{ "bad_name", bad_name, -EINVAL, "name", "lower-case" },
	{ "reserved_name", reserved_name, -EINVAL, "name", "'native'" },
	{ "cap_twice", cap_twice, -EINVAL, "name", "twice" },
	{ "caps_missing", caps_missing, -EINVAL, "name", "no table" },
	{ "no_ops", no_ops, -EINVAL, "ops", "no table" },
	{ "empty_ops", empty_ops, -EINVAL, "ops", "implements no op" },
	{ "half_a_group", half_a_group, -EINVAL, "ops", "not lock.kick" },
	{ "foreign_op", foreign_op, -EINVAL, "text", "io.delay" },
	{ "half_a_queue", half_a_queue, -EINVAL, "ops", "only one of" },
	{ "helper_elsewhere", helper_elsewhere, -EINVAL, "text", "lock.kick" },
	{ "op_in_data", op_in_data, -EINVAL, "text", "io.delay" },
	{ "no_detect", no_detect, -EINVAL, "callbacks", "detect()" },
	{ "half_a_life", half_a_life, -EINVAL, "callbacks", "cpu_offline()" },
	{ "foreign_callback", foreign_callback, -EINVAL, "text", "shutdown()" },
};

KUNIT_ARRAY_PARAM_DESC(rule, rules, desc);

static void broken_rule_is_refused(struct kunit *test)
{
	const struct rule *rule = test->param_value;
	struct fixture *f = test->priv;
	struct vmi_error error = {};

	KUNIT_ASSERT_EQ(test, vmi_validate(&f->backend[0], &error), 0);
	rule->spoil(f, &f->backend[0]);
	KUNIT_EXPECT_EQ(test, vmi_validate(&f->backend[0], &error), rule->err);
	KUNIT_ASSERT_NOT_NULL(test, error.kind);
	KUNIT_EXPECT_STREQ(test, error.kind, rule->kind);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(error.message, rule->says),
				  "'%s' does not say '%s'", error.message,
				  rule->says);

	KUNIT_EXPECT_EQ(test, vmi_table_register(&f->table, &f->backend[0]),
			rule->err);
	KUNIT_EXPECT_TRUE(test, list_empty(&f->table.entries));
	EXPECT_LOG(test, f, "");
}

static void older_backend_has_fewer_ops(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vmi_entry *entry;

	f->backend[0].nr_ops = VMI_OP_ipi_send;
	KUNIT_ASSERT_EQ(test, vmi_table_register(&f->table, &f->backend[0]), 0);
	entry = fixture_entry(f, "one");
	KUNIT_EXPECT_EQ(test, entry->usable, BIT_ULL(VMI_OP_ipi_send) - 1);
}

static void unoffered_op_is_not_usable(struct kunit *test)
{
	static struct vmi_capability cap;
	struct fixture *f = test->priv;
	struct vmi_entry *entry;

	cap = (struct vmi_capability) {
		.name = "kick", .ops = VMI_OP_BIT(lock_kick),
	};
	f->backend[0].caps = &cap;
	f->backend[0].nr_caps = 1;
	KUNIT_ASSERT_EQ(test, vmi_table_register(&f->table, &f->backend[0]), 0);
	entry = fixture_entry(f, "one");

	/* And takes its move-together group along, but nothing else. */
	KUNIT_EXPECT_EQ(test, entry->usable & vmi_ops_find("lock"), 0);
	KUNIT_EXPECT_EQ(test, entry->usable | vmi_ops_find("lock"),
			BIT_ULL(VMI_NR_OPS) - 1);
	KUNIT_EXPECT_STREQ(test,
			   fixture_unbound_reason(f, "one", VMI_OP_lock_kick),
			   "not offered by the hypervisor");
	KUNIT_EXPECT_NOT_NULL(test, fixture_unbound_reason(f, "one",
							   VMI_OP_lock_wait));
	KUNIT_EXPECT_STREQ(test,
			   fixture_unbound_reason(f, "one", VMI_OP_io_delay),
			   "the backend is not in charge");
}

static void builtin_is_mandatory_without_native(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vmi_entry *entry;

	f->table.native_invalid = true;
	KUNIT_ASSERT_EQ(test, vmi_table_register(&f->table, &f->backend[0]), 0);
	entry = fixture_entry(f, "one");
	KUNIT_EXPECT_EQ(test, entry->state, VMI_STATE_FAILED);
	KUNIT_EXPECT_EQ(test, entry->usable, 0);
	KUNIT_EXPECT_STREQ(test, entry->error.message,
			   "builtin is mandatory here: native ops do not work in a guest of type 'fake guest code'");
}

static struct kunit_case validate_cases[] = {
	KUNIT_CASE_PARAM(broken_rule_is_refused, rule_gen_params),
	KUNIT_CASE(older_backend_has_fewer_ops),
	KUNIT_CASE(unoffered_op_is_not_usable),
	KUNIT_CASE(builtin_is_mandatory_without_native),
	{}
};

static struct kunit_suite validate_suite = {
	.name		= "vmi_validate",
	.init		= fixture_init,
	.exit		= fixture_exit,
	.test_cases	= validate_cases,
};

kunit_test_suite(validate_suite);
