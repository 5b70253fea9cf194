// SPDX-License-Identifier: GPL-2.0-only

#include <linux/string.h>

#include "fixture.h"

#define IO	VMI_OP_BIT(io_delay)
#define EOI	VMI_OP_BIT(eoi_eoi)

/* A table on a backend that has these ops, and a second one like it. */
static struct fixture *on_backend(struct kunit *test, vmi_opmask_t ops)
{
	struct fixture *f = test->priv;
	struct vmi_error error = {};
	unsigned int i;

	fixture_keep_ops(f, ops);
	for (i = 0; i < ARRAY_SIZE(f->backend); i++)
		KUNIT_ASSERT_EQ(test, vmi_table_register(&f->table,
							 &f->backend[i]), 0);
	KUNIT_ASSERT_EQ(test, fixture_use(f, "one", &error), 0);
	KUNIT_ASSERT_EQ(test, f->inited[0], ops);
	f->log[0] = '\0';
	return f;
}

static void one_op_and_back(struct kunit *test)
{
	struct fixture *f = on_backend(test, IO | EOI);
	u64 switches = f->table.switches;
	struct vmi_error error = {};

	KUNIT_EXPECT_EQ(test, fixture_policy(f, "io.delay", "native", &error), 0);
	EXPECT_LOG(test, f, "bind: io.delay=native ");
	EXPECT_PROVIDER(test, f, io_delay, "native");
	EXPECT_PROVIDER(test, f, eoi_eoi, "one");
	KUNIT_EXPECT_STREQ(test,
			   fixture_unbound_reason(f, "one", VMI_OP_io_delay),
			   "native by policy");

	KUNIT_EXPECT_EQ(test, fixture_policy(f, "io.delay", "builtin", &error), 0);
	EXPECT_LOG(test, f, "bind: io.delay=builtin ");
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "io", "", &error), 0);
	EXPECT_LOG(test, f, "bind: io.delay=one ");
	EXPECT_PROVIDER(test, f, io_delay, "one");
	KUNIT_EXPECT_EQ(test, f->table.switches, switches);
}

static void group_moves_in_order(struct kunit *test)
{
	struct fixture *f = on_backend(test, vmi_ops_find("lock"));
	struct vmi_error error = {};

	KUNIT_EXPECT_EQ(test, fixture_policy(f, "lock", "native", &error), 0);
	EXPECT_NEXT(test, f, "bypass=1 bind: lock.slowpath=native quiesce ");
	EXPECT_NEXT(test, f, "bind: lock.unlock=native ");
	EXPECT_NEXT(test, f, "lock.wait=native lock.kick=native ");
	EXPECT_LOG(test, f, "lock.vcpu_is_preempted=native quiesce bypass=0 ");
}

/* A backend is told at init() what is bound, so to have more is to begin again. */
static void more_than_was_prepared(struct kunit *test)
{
	struct fixture *f = on_backend(test, IO | EOI);
	struct vmi_error error = {};

	KUNIT_EXPECT_EQ(test, fixture_use(f, "builtin", &error), 0);
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "eoi", "builtin", &error), 0);
	KUNIT_EXPECT_EQ(test, fixture_use(f, "one", &error), 0);
	KUNIT_EXPECT_EQ(test, f->inited[0], IO);
	EXPECT_PROVIDER(test, f, eoi_eoi, "builtin");
	f->log[0] = '\0';

	KUNIT_EXPECT_EQ(test, fixture_policy(f, "eoi", "", &error), 0);
	EXPECT_NEXT(test, f, "drain:one bind: io.delay=builtin quiesce offline:one exit:one ");
	EXPECT_LOG(test, f, "init:one online:one bind: eoi.eoi=one io.delay=one ");
	KUNIT_EXPECT_EQ(test, f->inited[0], IO | EOI);
	EXPECT_PROVIDER(test, f, eoi_eoi, "one");
}

/* A backend that has eoi to gain, and would have to be prepared again for it. */
static struct fixture *on_backend_without_eoi(struct kunit *test)
{
	struct fixture *f = on_backend(test, IO | EOI);
	struct vmi_error error = {};

	KUNIT_ASSERT_EQ(test, fixture_use(f, "builtin", &error), 0);
	KUNIT_ASSERT_EQ(test, fixture_policy(f, "eoi", "builtin", &error), 0);
	KUNIT_EXPECT_EQ(test, f->told, EOI);
	KUNIT_ASSERT_EQ(test, fixture_use(f, "one", &error), 0);
	f->log[0] = '\0';
	f->told = 0;
	return f;
}

static void expect_policy_as_it_was(struct kunit *test, struct fixture *f)
{
	KUNIT_EXPECT_EQ(test, f->told, 0);
	KUNIT_EXPECT_STREQ(test, f->table.policy.provider[VMI_OP_eoi_eoi],
			   "builtin");
	EXPECT_PROVIDER(test, f, eoi_eoi, "builtin");
}

/* The policy, the bindings and the backend are as before. */
static void failure_leaves_all_as_it_was(struct kunit *test)
{
	struct fixture *f = on_backend_without_eoi(test);
	struct vmi_error error = {};

	f->fail = "drain";
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "eoi", "", &error), -EBUSY);
	KUNIT_EXPECT_STREQ(test, error.kind, "drain");
	KUNIT_EXPECT_STREQ(test, f->table.error.kind, "drain");
	EXPECT_LOG(test, f, "drain:one ");
	EXPECT_PROVIDER(test, f, io_delay, "one");
	expect_policy_as_it_was(test, f);

	/* A later success is what there is to say then. */
	f->fail = NULL;
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "io", "native", &error), 0);
	KUNIT_EXPECT_NULL(test, f->table.error.kind);
}

static void way_back(struct kunit *test)
{
	struct fixture *f = on_backend_without_eoi(test);
	u64 switches = f->table.switches;
	struct vmi_error error = {};

	f->fail = "init";
	f->fail_once = true;
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "eoi", "", &error), -ENOMEM);
	EXPECT_NEXT(test, f, "drain:one bind: io.delay=builtin quiesce offline:one exit:one ");
	EXPECT_LOG(test, f, "init:one init:one online:one bind: io.delay=one ");
	KUNIT_EXPECT_EQ(test, f->inited[0], IO);
	KUNIT_EXPECT_STREQ(test, f->table.error.kind, "init");
	KUNIT_EXPECT_NULL(test, fixture_entry(f, "one")->error.kind);
	KUNIT_EXPECT_EQ(test, f->table.switches, switches);
	EXPECT_PROVIDER(test, f, io_delay, "one");
	expect_policy_as_it_was(test, f);
}

/* Not even the way back works: what the kernel booted with is left. */
static void no_way_back(struct kunit *test)
{
	struct fixture *f = on_backend_without_eoi(test);
	u64 switches = f->table.switches;
	struct vmi_error error = {};

	f->fail = "init";
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "eoi", "", &error), -ENOMEM);
	KUNIT_EXPECT_STREQ(test, error.kind, "init");
	KUNIT_EXPECT_STREQ(test, vmi_active_name(&f->table), "builtin");
	KUNIT_EXPECT_EQ(test, f->table.switches, switches + 1);
	EXPECT_PROVIDER(test, f, io_delay, "builtin");
	expect_policy_as_it_was(test, f);
	f->fail = NULL;
}

static void barred_ops_stay(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vmi_error error = {};

	f->table.barred = vmi_ops_find("lock");
	KUNIT_ASSERT_EQ(test, vmi_table_register(&f->table, &f->backend[0]), 0);
	KUNIT_ASSERT_EQ(test, fixture_use(f, "one", &error), 0);
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "lock", "one", &error),
			-EOPNOTSUPP);
	KUNIT_EXPECT_STREQ(test, error.message,
			   "backend 'one' cannot have lock.slowpath: left out by nopvspin");
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "lock", "native", &error), 0);
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "lock", "", &error), 0);
	EXPECT_PROVIDER(test, f, lock_kick, "builtin");
	EXPECT_PROVIDER(test, f, eoi_eoi, "one");
}

static void outlives_the_one_in_charge(struct kunit *test)
{
	struct fixture *f = on_backend(test, IO | EOI);
	struct vmi_error error = {};

	KUNIT_EXPECT_EQ(test, fixture_policy(f, "io", "one", &error), 0);
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "eoi", "native", &error), 0);
	KUNIT_EXPECT_EQ(test, fixture_use(f, "two", &error), 0);
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "io", "two", &error), 0);
	KUNIT_EXPECT_EQ(test, fixture_use(f, "builtin", &error), 0);
	EXPECT_PROVIDER(test, f, io_delay, "two");
	EXPECT_PROVIDER(test, f, eoi_eoi, "native");
}

static void what_cannot_be_is_refused(struct kunit *test)
{
	static const struct {
		const char *target, *provider, *says;
		int err;
	} refusals[] = {
		{ "nosuch", "native", "there is no op or group named 'nosuch'",
		  -ENOENT },
		{ "lock.kick", "native",
		  "lock.kick moves together with its group: name all of 'lock'",
		  -EINVAL },
		{ "lock.kick", "",
		  "lock.kick moves together with its group: name all of 'lock'",
		  -EINVAL },
		{ "io", "three", "no backend named 'three' is registered",
		  -ENOENT },
		{ "io", "auto", "no backend named 'auto' is registered",
		  -ENOENT },
		{ "eoi", "one",
		  "backend 'one' cannot have eoi.eoi: not implemented by the backend",
		  -EOPNOTSUPP },
	};
	struct fixture *f = on_backend(test, IO);
	struct vmi_error error = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		KUNIT_EXPECT_EQ(test, fixture_policy(f, refusals[i].target,
						     refusals[i].provider,
						     &error),
				refusals[i].err);
		KUNIT_EXPECT_STREQ(test, error.message, refusals[i].says);
	}

	f->table.native_invalid = true;
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "io", "native", &error),
			-EOPNOTSUPP);
	KUNIT_EXPECT_STREQ(test, error.message,
			   "builtin is mandatory here: native ops do not work in a guest of type 'fake guest code'");
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "io", "builtin", &error), 0);
	f->table.native_invalid = false;

	f->fail = "detect";
	vmi_table_unregister(&f->table, &f->backend[1]);
	KUNIT_ASSERT_EQ(test, vmi_table_register(&f->table, &f->backend[1]), 0);
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "io", "two", &error), -ENODEV);
	KUNIT_EXPECT_STREQ(test, error.message,
			   "Test is not the hypervisor of this machine");
}

static void what_is_not_offered_is_refused(struct kunit *test)
{
	static struct vmi_capability caps[2];
	struct fixture *f = test->priv;
	struct vmi_error error = {};

	caps[0] = (struct vmi_capability){ .name = "absent", .ops = IO };
	caps[1] = (struct vmi_capability){
		.name = "blocked", .ops = EOI, .offered = true,
		.blocked = "its MSR does not keep what is written to it",
	};
	f->backend[0].caps = caps;
	f->backend[0].nr_caps = ARRAY_SIZE(caps);
	KUNIT_ASSERT_EQ(test, vmi_table_register(&f->table, &f->backend[0]), 0);
	KUNIT_ASSERT_EQ(test, fixture_use(f, "one", &error), 0);

	KUNIT_EXPECT_EQ(test, fixture_policy(f, "io", "one", &error),
			-EOPNOTSUPP);
	KUNIT_EXPECT_STREQ(test, error.message,
			   "backend 'one' cannot have io.delay: not offered by the hypervisor");
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "eoi", "one", &error),
			-EOPNOTSUPP);
	KUNIT_EXPECT_STREQ(test, error.message,
			   "backend 'one' cannot have eoi.eoi: its MSR does not keep what is written to it");
	EXPECT_PROVIDER(test, f, io_delay, "builtin");
}

static void part_of_a_group_has_no_effect(struct kunit *test)
{
	struct fixture *f = on_backend(test, VMI_OP_BIT(idle_halt));
	struct vmi_error error = {};
	enum vmi_op lacking;

	KUNIT_EXPECT_EQ(test, fixture_policy(f, "idle", "one", &error), 0);
	EXPECT_PROVIDER(test, f, idle_halt, "one");
	KUNIT_EXPECT_STREQ(test,
			   fixture_policy_reason(f, vmi_ops_find("idle"), &lacking),
			   "not implemented by the backend");
	KUNIT_EXPECT_EQ(test, lacking, VMI_OP_idle_safe_halt);
	KUNIT_EXPECT_NULL(test, fixture_policy_reason(f, VMI_OP_BIT(idle_halt),
						      &lacking));
	KUNIT_EXPECT_EQ(test, lacking, VMI_NR_OPS);
	KUNIT_EXPECT_STREQ(test,
			   fixture_policy_reason(f, VMI_OP_BIT(idle_safe_halt),
						 &lacking),
			   "not implemented by the backend");
	KUNIT_EXPECT_EQ(test, lacking, VMI_NR_OPS);
}

/* Not of what the backend lacks anyway, while something else keeps all of it away. */
static void none_of_a_part_of_a_group(struct kunit *test)
{
	struct fixture *f = on_backend(test, VMI_OP_BIT(idle_halt));
	enum vmi_op lacking;

	vmi_policy_put(&f->table.policy, vmi_ops_find("idle"), "two");
	KUNIT_EXPECT_STREQ(test,
			   fixture_policy_reason(f, vmi_ops_find("idle"), &lacking),
			   "waiting for the policy to be set again");
	KUNIT_EXPECT_EQ(test, lacking, VMI_NR_OPS);
}

/* The error of the backend, and not that of the op which it does not have. */
static void failed_for_part_of_a_group(struct kunit *test)
{
	struct fixture *f = on_backend(test, VMI_OP_BIT(idle_halt));
	struct vmi_error error = {};
	enum vmi_op lacking;

	vmi_policy_put(&f->table.policy, vmi_ops_find("idle"), "two");
	f->fail = "init:two";
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "idle", "two", &error), -ENOMEM);
	KUNIT_EXPECT_STREQ(test,
			   fixture_policy_reason(f, vmi_ops_find("idle"), &lacking),
			   "backend 'two' failed to initialise: error -12");
	f->fail = NULL;
}

static void group_is_named_where_it_can_be(struct kunit *test)
{
	struct fixture *f = on_backend(test, IO);
	struct vmi_error error = {};
	vmi_opmask_t ops;

	KUNIT_EXPECT_EQ(test, fixture_policy(f, "idle", "native", &error), 0);
	KUNIT_EXPECT_STREQ(test, vmi_policy_target(&f->table.policy,
						   VMI_OP_idle_halt, &ops),
			   "idle");
	KUNIT_EXPECT_EQ(test, ops, vmi_ops_find("idle"));
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "idle.halt", "builtin", &error),
			0);
	KUNIT_EXPECT_STREQ(test, vmi_policy_target(&f->table.policy,
						   VMI_OP_idle_safe_halt, &ops),
			   "idle.safe_halt");
	KUNIT_EXPECT_EQ(test, ops, VMI_OP_BIT(idle_safe_halt));
}

static void inlined_op_stays(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vmi_error error = {};

	f->table.inlined = vmi_ops_find("lock");
	on_backend(test, IO);
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "lock", "native", &error), 0);
	EXPECT_LOG(test, f, "");
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "lock", "one", &error),
			-EOPNOTSUPP);
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE(one_op_and_back),
	KUNIT_CASE(group_moves_in_order),
	KUNIT_CASE(more_than_was_prepared),
	KUNIT_CASE(failure_leaves_all_as_it_was),
	KUNIT_CASE(way_back),
	KUNIT_CASE(no_way_back),
	KUNIT_CASE(barred_ops_stay),
	KUNIT_CASE(outlives_the_one_in_charge),
	KUNIT_CASE(what_cannot_be_is_refused),
	KUNIT_CASE(what_is_not_offered_is_refused),
	KUNIT_CASE(part_of_a_group_has_no_effect),
	KUNIT_CASE(none_of_a_part_of_a_group),
	KUNIT_CASE(failed_for_part_of_a_group),
	KUNIT_CASE(group_is_named_where_it_can_be),
	KUNIT_CASE(inlined_op_stays),
	{}
};

static struct kunit_suite policy_suite = {
	.name		= "vmi_policy",
	.init		= fixture_init,
	.exit		= fixture_exit,
	.test_cases	= policy_cases,
};

kunit_test_suite(policy_suite);
