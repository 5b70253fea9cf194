// SPDX-License-Identifier: GPL-2.0-only

#include <linux/string.h>

#include "fixture.h"

struct rule {
	const char	*desc;
	int		err;
	const char	*kind;
	const char	*says;
	void		(*spoil)(struct fixture *f, struct vmi_backend *b);
};

static struct vmi_capability same_caps[] = { { .name = "same" }, { .name = "same" } };

static void set_op(struct fixture *f, enum vmi_op op, void *func)
{
	vmi_set_op(&f->ops[0], op, func);
}

/*
 * Each row is a rule: the error, and how to break the rule in a backend that is valid. For
 * the rules that are not here, selftests/modules has a backend that breaks each.
 */
#define RULES(RULE) \
	RULE(minor, -EOPNOTSUPP, "abi", "must not be newer", b->api_minor++) \
	RULE(smaller, -EOPNOTSUPP, "abi", "bytes in the backend", b->size--) \
	RULE(more_ops, -EOPNOTSUPP, "abi", "ops, the core has", b->nr_ops++) \
	RULE(no_name, -EINVAL, "name", "lower-case", b->name = NULL) \
	RULE(long_name, -EINVAL, "name", "lower-case", \
	     b->name = "abcdefghijklmnopqrstuvwxyz-012345") \
	RULE(bad_name, -EINVAL, "name", "lower-case", b->name = "../one") \
	RULE(reserved_name, -EINVAL, "name", "'native'", b->name = "native") \
	RULE(cap_twice, -EINVAL, "name", "twice", \
	     b->caps = same_caps, b->nr_caps = ARRAY_SIZE(same_caps)) \
	RULE(caps_missing, -EINVAL, "name", "no table", b->nr_caps = 1) \
	RULE(no_ops, -EINVAL, "ops", "no table", b->ops = NULL) \
	RULE(empty_ops, -EINVAL, "ops", "implements no op", fixture_keep_ops(f, 0)) \
	RULE(half_a_queue, -EINVAL, "ops", "only one of", \
	     set_op(f, VMI_OP_lock_slowpath, vmi_pv_lock_slowpath)) \
	RULE(helper_elsewhere, -EINVAL, "text", "lock.kick", \
	     set_op(f, VMI_OP_lock_kick, vmi_pv_lock_slowpath)) \
	RULE(no_detect, -EINVAL, "callbacks", "detect()", b->detect = NULL) \
	RULE(half_a_life, -EINVAL, "callbacks", "cpu_offline()", \
	     b->cpu_starting = (void (*)(unsigned int))f->ops[0].io_delay) \
	RULE(foreign_callback, -EINVAL, "text", "shutdown()", \
	     b->shutdown = (void (*)(void))schedule)

#define SPOIL(name, err, kind, says, ...)				\
static void name(struct fixture *f, struct vmi_backend *b)		\
{									\
	__VA_ARGS__;							\
}

RULES(SPOIL)

#define RULE(name, err, kind, says, ...)	{ #name, err, kind, says, name },
static const struct rule rules[] = { RULES(RULE) };

KUNIT_ARRAY_PARAM_DESC(rule, rules, desc);

static void broken_rule_is_refused(struct kunit *test)
{
	const struct rule *rule = test->param_value;
	struct fixture *f = test->priv;
	struct vmi_error *error = &f->table.error;

	KUNIT_ASSERT_EQ(test, vmi_validate(&f->backend[0], error), 0);
	rule->spoil(f, &f->backend[0]);
	KUNIT_EXPECT_EQ(test, vmi_table_register(&f->table, &f->backend[0]),
			rule->err);
	KUNIT_ASSERT_NOT_NULL(test, error->kind);
	KUNIT_EXPECT_STREQ(test, error->kind, rule->kind);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(error->message, rule->says),
				  "'%s' does not say '%s'", error->message,
				  rule->says);
	KUNIT_EXPECT_TRUE(test, list_empty(&f->table.entries));
	KUNIT_EXPECT_STREQ(test, f->log, "");
}

static void older_backend_has_fewer_ops(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->backend[0].nr_ops = VMI_OP_ipi_send;
	KUNIT_EXPECT_EQ(test, vmi_table_register(&f->table, &f->backend[0]), 0);
	KUNIT_EXPECT_EQ(test, fixture_entry(f, "one")->usable,
			BIT_ULL(VMI_OP_ipi_send) - 1);
}

/* An op that is not offered takes its move-together group along, and no other op. */
static void unoffered_op_is_not_usable(struct kunit *test)
{
	static struct vmi_capability cap = {
		.name = "kick", .ops = VMI_OP_BIT(lock_kick),
	};
	struct fixture *f = test->priv;
	struct vmi_entry *one;

	f->backend[0].caps = &cap;
	f->backend[0].nr_caps = 1;
	fixture_load_both(test, VMI_ALL_OPS);
	one = fixture_entry(f, "one");
	KUNIT_EXPECT_STREQ(test, vmi_unbound_reason(&f->table, one, VMI_OP_lock_kick),
			   "not offered by the hypervisor");
	KUNIT_EXPECT_STREQ(test, vmi_unbound_reason(&f->table, one, VMI_OP_lock_wait),
			   "another op of its move-together group cannot be bound");
	KUNIT_EXPECT_STREQ(test, vmi_unbound_reason(&f->table, one, VMI_OP_io_delay),
			   "the backend is not active");
	KUNIT_EXPECT_EQ(test, one->usable, VMI_ALL_OPS & ~LOCK);
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

static void ops_have_exact_names(struct kunit *test)
{
	struct vmi_error empty = {}, longer = {};

	KUNIT_EXPECT_EQ(test, vmi_op_find("tlb"), -ENOENT);
	KUNIT_EXPECT_EQ(test, vmi_ops_find("", &empty), 0);
	KUNIT_EXPECT_STREQ(test, empty.kind, "name");
	KUNIT_EXPECT_STREQ(test, empty.message, "there is no op or group named ''");
	KUNIT_EXPECT_EQ(test, vmi_ops_find("io.delay ", &longer), 0);
	KUNIT_EXPECT_STREQ(test, longer.message, "there is no op or group named 'io.delay '");
}

static struct kunit_case validate_cases[] = {
	KUNIT_CASE_PARAM(broken_rule_is_refused, rule_gen_params),
	KUNIT_CASE(older_backend_has_fewer_ops),
	KUNIT_CASE(unoffered_op_is_not_usable),
	KUNIT_CASE(second_of_a_name_is_refused),
	KUNIT_CASE(name_is_free_after_unregister),
	KUNIT_CASE(first_error_is_kept),
	KUNIT_CASE(ops_have_exact_names),
	{}
};

FIXTURE_SUITE(validate);
