// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ops of two backends at a time, one of which is in charge, or none
 */

#include <linux/string.h>

#include "fixture.h"

#define IO	VMI_OP_BIT(io_delay)
#define EOI	VMI_OP_BIT(eoi_eoi)
#define MM	VMI_OP_BIT(mm_exit_mmap)

#define EXPECT_STATE(test, f, name, wanted)				\
	KUNIT_EXPECT_EQ(test, fixture_entry(f, name)->state,		\
			VMI_STATE_##wanted)

/* Of hypervisors that are not the same, so that they exclude each other. */
static void tell_apart(struct fixture *f)
{
	f->backend[0].signature = "Hypervisor 1";
	f->backend[1].signature = "Hypervisor 2";
}

/* Two backends with these ops, and a provider in charge, on a native base. */
static struct fixture *with_two(struct kunit *test, vmi_opmask_t ops,
				const char *in_charge)
{
	struct fixture *f = test->priv;
	struct vmi_error error = {};
	unsigned int i;

	fixture_keep_ops(f, ops);
	for (i = 0; i < ARRAY_SIZE(f->backend); i++)
		KUNIT_ASSERT_EQ(test, vmi_table_register(&f->table,
							 &f->backend[i]), 0);
	KUNIT_ASSERT_EQ(test, fixture_use(f, "native", &error), 0);
	KUNIT_ASSERT_EQ(test, fixture_use(f, in_charge, &error), 0);
	f->log[0] = '\0';
	return f;
}

static int set(struct fixture *f, const char *target, const char *provider)
{
	struct vmi_error error = {};

	return fixture_policy(f, target, provider, &error);
}

/* Two policies in one change. */
static int set_both(struct fixture *f, vmi_opmask_t one, vmi_opmask_t two)
{
	struct vmi_policy policy = f->table.policy;
	struct vmi_error error = {};
	int err;

	vmi_policy_put(&policy, one, "one");
	vmi_policy_put(&policy, two, "two");
	mutex_lock(&f->table.lock);
	err = vmi_policy_change(&f->table, &policy, one | two, &error);
	mutex_unlock(&f->table.lock);
	return err;
}

static int use(struct fixture *f, const char *name)
{
	struct vmi_error error = {};

	return fixture_use(f, name, &error);
}

/* As the boot line does it, where nobody knows what will be there. */
static void wait_for_two(struct fixture *f, vmi_opmask_t ops)
{
	vmi_policy_put(&f->table.policy, ops, "two");
}

static const char *policy_reason(struct fixture *f, vmi_opmask_t ops)
{
	enum vmi_op lacking;

	return fixture_policy_reason(f, ops, &lacking);
}

static void second_comes_and_goes(struct kunit *test)
{
	unsigned int refs = fixture_refs();
	struct fixture *f = with_two(test, IO | EOI, "one");
	u64 switches = f->table.switches;

	KUNIT_EXPECT_EQ(test, set(f, "io", "two"), 0);
	EXPECT_LOG(test, f, "init:two online:two bind: io.delay=two ");
	KUNIT_EXPECT_EQ(test, f->inited[1], IO);
	EXPECT_PROVIDER(test, f, io_delay, "two");
	EXPECT_PROVIDER(test, f, eoi_eoi, "one");
	EXPECT_STATE(test, f, "one", ACTIVE);
	EXPECT_STATE(test, f, "two", ACTIVE);
	KUNIT_EXPECT_NULL(test, policy_reason(f, IO));
	KUNIT_EXPECT_STREQ(test,
			   fixture_unbound_reason(f, "one", VMI_OP_io_delay),
			   "another backend by policy");
	KUNIT_EXPECT_STREQ(test,
			   fixture_unbound_reason(f, "two", VMI_OP_eoi_eoi),
			   "the backend is not in charge");
	EXPECT_REFS(test, refs, 2);

	KUNIT_EXPECT_EQ(test, set(f, "io", ""), 0);
	EXPECT_LOG(test, f, "drain:two bind: io.delay=one quiesce offline:two exit:two ");
	EXPECT_PROVIDER(test, f, io_delay, "one");
	EXPECT_STATE(test, f, "two", VALIDATED);
	EXPECT_REFS(test, refs, 1);
	KUNIT_EXPECT_EQ(test, f->table.switches, switches);
}

static void stays_when_the_one_in_charge_changes(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI, "one");

	KUNIT_ASSERT_EQ(test, set(f, "io", "two"), 0);
	f->log[0] = '\0';
	KUNIT_EXPECT_EQ(test, use(f, "native"), 0);
	EXPECT_LOG(test, f, "drain:one bind: eoi.eoi=native quiesce offline:one exit:one ");
	EXPECT_PROVIDER(test, f, io_delay, "two");
	KUNIT_EXPECT_EQ(test, use(f, "one"), 0);
	EXPECT_LOG(test, f, "init:one online:one bind: eoi.eoi=one ");
	KUNIT_EXPECT_EQ(test, f->inited[0], EOI);
	EXPECT_PROVIDER(test, f, io_delay, "two");

	KUNIT_EXPECT_EQ(test, use(f, "native"), 0);
	f->log[0] = '\0';
	KUNIT_EXPECT_EQ(test, set(f, "io", "native"), 0);
	EXPECT_LOG(test, f, "drain:two bind: io.delay=native quiesce offline:two exit:two ");
}

/* It has no op, and is still what other ops would be left to. */
static void in_charge_of_nothing(struct kunit *test)
{
	struct fixture *f = with_two(test, IO, "one");

	KUNIT_EXPECT_EQ(test, set(f, "io", "two"), 0);
	EXPECT_LOG(test, f, "init:two online:two bind: io.delay=two ");
	EXPECT_STATE(test, f, "one", ACTIVE);
	KUNIT_EXPECT_EQ(test, use(f, "native"), 0);
	EXPECT_LOG(test, f, "drain:one quiesce offline:one exit:one ");
	KUNIT_EXPECT_EQ(test, use(f, "one"), 0);
	EXPECT_LOG(test, f, "init:one online:one ");
	KUNIT_EXPECT_EQ(test, f->inited[0], 0);
}

static void second_cannot_be_prepared(struct kunit *test)
{
	static const struct {
		const char *fail, *kind, *log;
		int err;
	} steps[] = {
		{ "init:two", "init", "init:two ", -ENOMEM },
		{ "online:two", "cpu", "init:two online:two exit:two ", -EIO },
	};
	struct fixture *f = with_two(test, IO | EOI, "one");
	unsigned int refs = fixture_refs();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		f->fail = steps[i].fail;
		KUNIT_EXPECT_EQ(test, set(f, "io", "two"), steps[i].err);
		EXPECT_LOG(test, f, steps[i].log);
		EXPECT_PROVIDER(test, f, io_delay, "one");
		EXPECT_STATE(test, f, "one", ACTIVE);
		EXPECT_STATE(test, f, "two", VALIDATED);
		/* Asking again is another try, so it is the new error. */
		KUNIT_EXPECT_STREQ(test, fixture_entry(f, "two")->error.kind,
				   steps[i].kind);
		KUNIT_EXPECT_NULL(test, fixture_entry(f, "one")->error.kind);
		KUNIT_EXPECT_STREQ(test, f->table.policy.provider[VMI_OP_io_delay],
				   "");
		EXPECT_REFS(test, refs, 0);
	}
	f->fail = NULL;
	KUNIT_EXPECT_EQ(test, set(f, "io", "two"), 0);
	KUNIT_EXPECT_NULL(test, fixture_entry(f, "two")->error.kind);
}

/* The one that is put in charge was prepared for less. */
static void used_while_in_use(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI, "one");

	KUNIT_ASSERT_EQ(test, set(f, "io", "two"), 0);
	f->log[0] = '\0';
	KUNIT_EXPECT_EQ(test, use(f, "two"), 0);
	EXPECT_NEXT(test, f, "drain:two bind: io.delay=native quiesce offline:two exit:two ");
	EXPECT_NEXT(test, f, "init:two online:two drain:one ");
	EXPECT_NEXT(test, f, "bind: eoi.eoi=two io.delay=two ");
	EXPECT_LOG(test, f, "quiesce offline:one exit:one ");
	KUNIT_EXPECT_EQ(test, f->inited[1], IO | EOI);
	EXPECT_STATE(test, f, "one", VALIDATED);

	/* It stays prepared for all, and so can be put in charge again at no risk. */
	KUNIT_EXPECT_EQ(test, use(f, "one"), 0);
	EXPECT_LOG(test, f, "init:one online:one bind: eoi.eoi=one ");
	EXPECT_PROVIDER(test, f, io_delay, "two");
	KUNIT_EXPECT_EQ(test, use(f, "two"), 0);
	EXPECT_LOG(test, f, "drain:one bind: eoi.eoi=two quiesce offline:one exit:one ");
}

/* A backend that has nothing bound for a while in a switch must not be unloaded in it. */
static void used_while_in_use_holds_its_module(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI, "one");
	unsigned int refs;

	KUNIT_ASSERT_EQ(test, set(f, "io", "two"), 0);
	refs = fixture_refs();
	KUNIT_EXPECT_EQ(test, use(f, "two"), 0);
	/* Both backends are in the same module, and each had a reference before. */
	if (IS_MODULE(CONFIG_VMI_KUNIT_TEST))
		KUNIT_EXPECT_EQ(test, f->refs_at_init, refs + 2);
	EXPECT_REFS(test, refs, -1);
}

#define TAKEN_BACK	"drain:two bind: io.delay=native quiesce offline:two exit:two "
#define GIVEN_BACK	"init:two online:two bind: io.delay=two "

static void used_while_in_use_and_fails(struct kunit *test)
{
	static const struct {
		const char *fail, *log;
		bool once;
	} steps[] = {
		{ "drain:two", "drain:two ", true },
		{ "init:two", TAKEN_BACK "init:two " GIVEN_BACK, true },
		{ "init:two", TAKEN_BACK "init:two init:two ", false },
	};
	struct fixture *f = with_two(test, IO | EOI, "one");
	u64 switches = f->table.switches;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, set(f, "io", "two"), 0);
	f->log[0] = '\0';
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		f->fail = steps[i].fail;
		f->fail_once = steps[i].once;
		KUNIT_EXPECT_NE(test, use(f, "two"), 0);
		EXPECT_LOG(test, f, steps[i].log);
		KUNIT_EXPECT_STREQ(test, vmi_active_name(&f->table), "one");
		EXPECT_PROVIDER(test, f, eoi_eoi, "one");
		EXPECT_PROVIDER(test, f, io_delay,
				steps[i].once ? "two" : "native");
		KUNIT_EXPECT_EQ(test, f->table.switches, switches);
		if (steps[i].once)
			KUNIT_EXPECT_NULL(test, fixture_entry(f, "two")->error.kind);
	}

	/* Lost, and no longer in the way of anything: all is as without the policy. */
	EXPECT_STATE(test, f, "two", VALIDATED);
	KUNIT_EXPECT_STREQ(test, policy_reason(f, IO),
			   "backend 'two' failed to initialise: error -12");
	KUNIT_EXPECT_STREQ(test,
			   fixture_unbound_reason(f, "one", VMI_OP_io_delay),
			   "another backend had it by policy, and was lost");
	KUNIT_EXPECT_EQ(test, set(f, "eoi", "native"), 0);
	EXPECT_LOG(test, f, "bind: eoi.eoi=native io.delay=one ");
	KUNIT_EXPECT_EQ(test, use(f, "native"), 0);
	f->fail = NULL;
	KUNIT_EXPECT_EQ(test, use(f, "two"), 0);
	EXPECT_PROVIDER(test, f, io_delay, "two");
}

/* It was prepared for more than it had, and so is not asked again for less. */
static void stays_prepared_when_the_rest_fails(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI, "one");
	unsigned int refs = fixture_refs();

	KUNIT_ASSERT_EQ(test, set(f, "io", "two"), 0);
	f->log[0] = '\0';
	f->fail = "drain:one";
	KUNIT_EXPECT_EQ(test, use(f, "two"), -EBUSY);
	EXPECT_LOG(test, f,
		   TAKEN_BACK "init:two online:two drain:one bind: io.delay=two ");
	EXPECT_STATE(test, f, "two", ACTIVE);
	EXPECT_PROVIDER(test, f, eoi_eoi, "one");
	KUNIT_EXPECT_STREQ(test, vmi_active_name(&f->table), "one");
	f->fail = NULL;
	KUNIT_EXPECT_EQ(test, use(f, "two"), 0);
	EXPECT_LOG(test, f, "drain:one bind: eoi.eoi=two quiesce offline:one exit:one ");
	EXPECT_REFS(test, refs, 0);
}

/* It was prepared for something else than it had, so that is no way back. */
static void begins_again_when_the_rest_fails(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI | MM, "native");
	struct vmi_policy policy;
	struct vmi_error error = {};

	KUNIT_ASSERT_EQ(test, set_both(f, EOI, IO), 0);
	f->log[0] = '\0';
	f->fail = "drain:one";
	policy = f->table.policy;
	vmi_policy_put(&policy, IO | EOI, "");
	vmi_policy_put(&policy, MM, "two");
	mutex_lock(&f->table.lock);
	KUNIT_EXPECT_EQ(test, vmi_policy_change(&f->table, &policy, IO | EOI | MM,
						&error), -EBUSY);
	mutex_unlock(&f->table.lock);
	EXPECT_NEXT(test, f, TAKEN_BACK "init:two online:two drain:one ");
	EXPECT_LOG(test, f, "offline:two exit:two " GIVEN_BACK);
	KUNIT_EXPECT_EQ(test, f->inited[1], IO);
}

/* One that is not in use is asked before another one is let go of. */
static void new_one_fails_before_another_goes(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI | MM, "native");

	KUNIT_ASSERT_EQ(test, set(f, "io", "two"), 0);
	f->log[0] = '\0';
	f->fail = "init:one";
	KUNIT_EXPECT_EQ(test, set_both(f, EOI, MM), -ENOMEM);
	EXPECT_LOG(test, f, "init:one ");
	f->fail = "init:two";
	f->fail_once = true;
	KUNIT_EXPECT_EQ(test, set_both(f, EOI, MM), -ENOMEM);
	EXPECT_NEXT(test, f, "init:one online:one " TAKEN_BACK "init:two ");
	EXPECT_LOG(test, f, "offline:one exit:one " GIVEN_BACK);
	EXPECT_STATE(test, f, "one", VALIDATED);
}

/* What it had falls to the one in charge, but is no reason to prepare that again. */
static void lost_one_is_no_burden(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI | MM, "native");

	KUNIT_ASSERT_EQ(test, set(f, "io", "two"), 0);
	KUNIT_ASSERT_EQ(test, use(f, "one"), 0);
	KUNIT_EXPECT_EQ(test, f->inited[0], EOI | MM);
	f->fail = "init:two";
	KUNIT_EXPECT_EQ(test, set(f, "mm", "two"), -ENOMEM);
	f->log[0] = '\0';
	KUNIT_EXPECT_EQ(test, set(f, "eoi", "native"), 0);
	EXPECT_LOG(test, f, "bind: eoi.eoi=native ");
	EXPECT_PROVIDER(test, f, io_delay, "native");

	KUNIT_EXPECT_EQ(test, set(f, "io", ""), 0);
	EXPECT_NEXT(test, f, "drain:one bind: mm.exit_mmap=native quiesce ");
	EXPECT_NEXT(test, f, "offline:one exit:one init:one online:one ");
	EXPECT_LOG(test, f, "bind: mm.exit_mmap=one io.delay=one ");
}

/* The name is what counts, so it is the same after a reload. */
static void outlives_its_backend(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI | MM, "one");

	KUNIT_ASSERT_EQ(test, set(f, "io", "two"), 0);
	KUNIT_ASSERT_EQ(test, set(f, "eoi", "two"), 0);
	f->fail = "init:two";
	KUNIT_EXPECT_EQ(test, set(f, "mm", "two"), -ENOMEM);
	f->fail = NULL;
	vmi_table_unregister(&f->table, &f->backend[1]);
	KUNIT_EXPECT_STREQ(test, policy_reason(f, IO),
			   "waiting for the backend to be loaded");
	f->log[0] = '\0';
	f->told = 0;
	KUNIT_EXPECT_EQ(test, vmi_table_register(&f->table, &f->backend[1]), 0);
	EXPECT_LOG(test, f, "init:two online:two bind: eoi.eoi=two io.delay=two ");
	KUNIT_EXPECT_EQ(test, f->told, IO | EOI);
	EXPECT_PROVIDER(test, f, mm_exit_mmap, "one");
}

/* Asked for by one of its policies, it gets what all of them say, and all are told of. */
static void gets_all_that_it_is_named_for(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI | MM, "one");

	KUNIT_ASSERT_EQ(test, set(f, "io", "two"), 0);
	KUNIT_ASSERT_EQ(test, set(f, "eoi", "two"), 0);
	f->fail = "init:two";
	KUNIT_EXPECT_EQ(test, set(f, "mm", "two"), -ENOMEM);
	f->fail = NULL;
	f->told = 0;
	KUNIT_EXPECT_EQ(test, set(f, "io", "two"), 0);
	EXPECT_PROVIDER(test, f, eoi_eoi, "two");
	KUNIT_EXPECT_EQ(test, f->told, IO | EOI);
}

static void leave_in_reverse(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI, "native");

	KUNIT_EXPECT_EQ(test, set_both(f, IO, EOI), 0);
	EXPECT_NEXT(test, f, "init:one online:one init:two online:two ");
	EXPECT_LOG(test, f, "bind: eoi.eoi=two io.delay=one ");
	KUNIT_EXPECT_STREQ(test, vmi_active_name(&f->table), "native");
	KUNIT_EXPECT_EQ(test, set(f, NULL, ""), 0);
	EXPECT_NEXT(test, f, "drain:one drain:two bind: eoi.eoi=native io.delay=native ");
	EXPECT_LOG(test, f, "quiesce offline:two exit:two offline:one exit:one ");
}

static void second_of_two_fails(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI, "native");

	f->fail = "init:two";
	KUNIT_EXPECT_NE(test, set_both(f, IO, EOI), 0);
	EXPECT_LOG(test, f, "init:one online:one init:two offline:one exit:one ");

	/* What was drained has no way back but to begin again. */
	f->fail = NULL;
	KUNIT_EXPECT_EQ(test, set_both(f, IO, EOI), 0);
	f->log[0] = '\0';
	f->fail = "drain:two";
	KUNIT_EXPECT_EQ(test, set(f, NULL, ""), -EBUSY);
	EXPECT_NEXT(test, f, "drain:one drain:two ");
	EXPECT_NEXT(test, f, "bind: io.delay=native quiesce offline:one exit:one ");
	EXPECT_LOG(test, f, "init:one online:one bind: io.delay=one ");
	EXPECT_STATE(test, f, "one", ACTIVE);
	EXPECT_STATE(test, f, "two", ACTIVE);
	EXPECT_PROVIDER(test, f, eoi_eoi, "two");
}

/* The second one cannot be left, and the first one not be had again. */
static void only_one_is_lost(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI, "native");

	KUNIT_ASSERT_EQ(test, set_both(f, IO, EOI), 0);
	f->log[0] = '\0';
	f->fail = "drain:two init:one";
	KUNIT_EXPECT_EQ(test, set(f, NULL, ""), -EBUSY);
	EXPECT_NEXT(test, f, "drain:one drain:two ");
	EXPECT_NEXT(test, f, "bind: io.delay=native quiesce offline:one exit:one ");
	EXPECT_LOG(test, f, "init:one ");
	KUNIT_EXPECT_STREQ(test, f->table.error.kind, "drain");
	EXPECT_STATE(test, f, "one", VALIDATED);
	KUNIT_EXPECT_STREQ(test, fixture_entry(f, "one")->error.message,
			   "backend 'one' failed to initialise: error -12");
	EXPECT_STATE(test, f, "two", ACTIVE);
	KUNIT_EXPECT_NULL(test, fixture_entry(f, "two")->error.kind);
	EXPECT_PROVIDER(test, f, io_delay, "native");
	EXPECT_PROVIDER(test, f, eoi_eoi, "two");
	KUNIT_EXPECT_STREQ(test, f->table.policy.provider[VMI_OP_io_delay],
			   "one");
}

/* The one in charge comes back, although the other one does not. */
static void the_other_one_is_lost(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI | MM, "native");
	u64 switches;

	KUNIT_ASSERT_EQ(test, set_both(f, IO, EOI), 0);
	KUNIT_ASSERT_EQ(test, set(f, "mm", "native"), 0);
	KUNIT_ASSERT_EQ(test, use(f, "one"), 0);
	switches = f->table.switches;
	f->log[0] = '\0';
	f->fail = "online:two";
	KUNIT_EXPECT_EQ(test, set_both(f, IO, EOI | MM), -EIO);
	EXPECT_NEXT(test, f, "drain:two bind: eoi.eoi=native quiesce offline:two exit:two ");
	EXPECT_LOG(test, f, "init:two online:two exit:two init:two online:two exit:two ");
	KUNIT_EXPECT_STREQ(test, vmi_active_name(&f->table), "one");
	EXPECT_STATE(test, f, "one", ACTIVE);
	EXPECT_STATE(test, f, "two", VALIDATED);
	EXPECT_PROVIDER(test, f, io_delay, "one");
	EXPECT_PROVIDER(test, f, eoi_eoi, "native");
	KUNIT_EXPECT_EQ(test, f->table.switches, switches);
}

static void both_are_lost(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI | MM | VMI_OP_BIT(idle_halt),
				     "native");
	unsigned int refs = fixture_refs();

	KUNIT_ASSERT_EQ(test, set_both(f, IO, EOI), 0);
	f->log[0] = '\0';
	f->fail = "init:one online:two";
	KUNIT_EXPECT_EQ(test, set_both(f, MM, VMI_OP_BIT(idle_halt)), -ENOMEM);
	EXPECT_NEXT(test, f, "drain:one drain:two bind: eoi.eoi=native io.delay=native ");
	EXPECT_NEXT(test, f, "quiesce offline:two exit:two offline:one exit:one ");
	EXPECT_LOG(test, f, "init:one init:one init:two online:two exit:two ");
	KUNIT_EXPECT_STREQ(test, fixture_entry(f, "one")->error.kind, "init");
	KUNIT_EXPECT_STREQ(test, fixture_entry(f, "two")->error.kind, "cpu");
	EXPECT_PROVIDER(test, f, io_delay, "native");
	EXPECT_PROVIDER(test, f, eoi_eoi, "native");
	KUNIT_EXPECT_STREQ(test, f->table.policy.provider[VMI_OP_mm_exit_mmap],
			   "");
	EXPECT_REFS(test, refs, 0);

	/* Named again, it gets another try, and the other one does not. */
	f->fail = NULL;
	KUNIT_EXPECT_EQ(test, set(f, "io", "one"), 0);
	EXPECT_LOG(test, f, "init:one online:one bind: io.delay=one ");
	KUNIT_EXPECT_NULL(test, fixture_entry(f, "one")->error.kind);
	KUNIT_EXPECT_STREQ(test, fixture_entry(f, "two")->error.kind, "cpu");
}

static void one_needs_more_and_the_other_goes(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI, "native");

	KUNIT_ASSERT_EQ(test, set_both(f, IO, EOI), 0);
	f->log[0] = '\0';
	KUNIT_EXPECT_EQ(test, set_both(f, IO | EOI, 0), 0);
	EXPECT_NEXT(test, f, "drain:one bind: io.delay=native quiesce offline:one exit:one ");
	EXPECT_NEXT(test, f, "init:one online:one drain:two ");
	EXPECT_LOG(test, f, "bind: eoi.eoi=one io.delay=one quiesce offline:two exit:two ");
	KUNIT_EXPECT_EQ(test, f->inited[0], IO | EOI);
	EXPECT_STATE(test, f, "two", VALIDATED);
}

/* By way of the base: the old one is gone before the new one is initialised. */
static void different_hypervisors_take_turns(struct kunit *test)
{
	struct fixture *f = test->priv;
	u64 switches;

	tell_apart(f);
	with_two(test, IO, "one");
	KUNIT_EXPECT_EQ(test, use(f, "two"), 0);
	EXPECT_NEXT(test, f, "drain:one bind: io.delay=native quiesce offline:one exit:one ");
	EXPECT_LOG(test, f, "init:two online:two bind: io.delay=two ");
	KUNIT_EXPECT_STREQ(test, vmi_active_name(&f->table), "two");

	switches = f->table.switches;
	f->fail = "drain:two";
	KUNIT_EXPECT_EQ(test, use(f, "one"), -EBUSY);
	EXPECT_LOG(test, f, "drain:two ");
	EXPECT_PROVIDER(test, f, io_delay, "two");

	f->fail = "init:one";
	KUNIT_EXPECT_EQ(test, use(f, "one"), -ENOMEM);
	EXPECT_NEXT(test, f, "drain:two bind: io.delay=native quiesce offline:two exit:two ");
	EXPECT_LOG(test, f, "init:one init:two online:two bind: io.delay=two ");
	KUNIT_EXPECT_STREQ(test, vmi_active_name(&f->table), "two");
	KUNIT_EXPECT_EQ(test, f->table.switches, switches);

	f->fail = "init:one online:two";
	KUNIT_EXPECT_EQ(test, use(f, "one"), -ENOMEM);
	KUNIT_EXPECT_STREQ(test, vmi_active_name(&f->table), "native");
	KUNIT_EXPECT_STREQ(test, f->table.choice,
			   "the backend that was in charge could not be prepared again");
	KUNIT_EXPECT_EQ(test, f->table.switches, switches + 1);
	EXPECT_PROVIDER(test, f, io_delay, "native");
}

static void so_they_do_by_policy(struct kunit *test)
{
	struct fixture *f = test->priv;

	tell_apart(f);
	with_two(test, IO | EOI, "native");
	KUNIT_ASSERT_EQ(test, set(f, "io", "one"), 0);
	f->log[0] = '\0';
	KUNIT_EXPECT_EQ(test, set(f, "io", "two"), 0);
	EXPECT_NEXT(test, f, "drain:one bind: io.delay=native quiesce offline:one exit:one ");
	EXPECT_LOG(test, f, "init:two online:two bind: io.delay=two ");
}

static void different_hypervisors_exclude_each_other(struct kunit *test)
{
	static const char says[] =
		"cannot use both 'one' and 'two': they are for different hypervisors";
	static const char says_in_reverse[] =
		"cannot use both 'two' and 'one': they are for different hypervisors";
	struct fixture *f = test->priv;
	struct vmi_error error = {};

	tell_apart(f);
	with_two(test, IO | EOI, "one");
	KUNIT_EXPECT_EQ(test, fixture_policy(f, "io", "two", &error), -EBUSY);
	KUNIT_EXPECT_STREQ(test, error.message, says);
	KUNIT_EXPECT_STREQ(test, f->table.policy.provider[VMI_OP_io_delay], "");
	KUNIT_EXPECT_EQ(test, use(f, "native"), 0);
	KUNIT_EXPECT_EQ(test, set_both(f, IO, EOI), -EBUSY);
	f->log[0] = '\0';

	/* Alone it can, but then the other one cannot be in charge. */
	KUNIT_EXPECT_EQ(test, set(f, "io", "one"), 0);
	EXPECT_LOG(test, f, "init:one online:one bind: io.delay=one ");
	error.kind = NULL;
	KUNIT_EXPECT_EQ(test, fixture_use(f, "two", &error), -EBUSY);
	KUNIT_EXPECT_STREQ(test, error.message, says_in_reverse);
	EXPECT_LOG(test, f, "");
	KUNIT_EXPECT_EQ(test, set(f, "io", ""), 0);
	KUNIT_EXPECT_EQ(test, use(f, "two"), 0);

	/* Of the same hypervisor they get along. */
	f->backend[1].signature = f->backend[0].signature;
	KUNIT_EXPECT_EQ(test, set(f, "io", "one"), 0);
	KUNIT_EXPECT_EQ(test, set(f, NULL, ""), 0);
}

/* The boot line could not know, and has no effect on this. */
static void other_hypervisor_registers(struct kunit *test)
{
	struct fixture *f = test->priv;

	tell_apart(f);
	KUNIT_ASSERT_EQ(test, vmi_table_register(&f->table, &f->backend[0]), 0);
	wait_for_two(f, IO);
	KUNIT_ASSERT_EQ(test, use(f, "one"), 0);
	f->log[0] = '\0';
	KUNIT_EXPECT_EQ(test, vmi_table_register(&f->table, &f->backend[1]), 0);
	EXPECT_LOG(test, f, "");
	KUNIT_EXPECT_STREQ(test, f->table.error.kind, "request");
	KUNIT_EXPECT_NULL(test, fixture_entry(f, "two")->error.kind);
	KUNIT_EXPECT_STREQ(test, policy_reason(f, IO),
			   "a backend for another hypervisor is in use");

	/* And is in the way of nothing. */
	KUNIT_EXPECT_EQ(test, set(f, "eoi", "native"), 0);
	KUNIT_EXPECT_EQ(test, use(f, "native"), 0);
	EXPECT_PROVIDER(test, f, io_delay, "native");
	KUNIT_EXPECT_STREQ(test, policy_reason(f, IO),
			   "waiting for the policy to be set again");
	f->log[0] = '\0';
	KUNIT_EXPECT_EQ(test, set(f, "io", "two"), 0);
	EXPECT_LOG(test, f, "init:two online:two bind: io.delay=two ");
}

static void nothing_at_the_end(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI, "one");

	f->table.closed = true;
	KUNIT_EXPECT_EQ(test, set(f, "io", "two"), -ESHUTDOWN);
	KUNIT_EXPECT_STREQ(test, f->table.policy.provider[VMI_OP_io_delay], "");
	KUNIT_EXPECT_EQ(test, use(f, "native"), -ESHUTDOWN);
	EXPECT_LOG(test, f, "");
	f->table.closed = false;
}

static void both_need_more(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI | MM | VMI_OP_BIT(idle_halt),
				     "native");

	KUNIT_ASSERT_EQ(test, set_both(f, IO, EOI), 0);
	f->log[0] = '\0';
	KUNIT_EXPECT_EQ(test, set_both(f, MM, VMI_OP_BIT(idle_halt)), 0);
	EXPECT_NEXT(test, f, "drain:one drain:two bind: eoi.eoi=native io.delay=native ");
	EXPECT_NEXT(test, f, "quiesce offline:two exit:two offline:one exit:one ");
	EXPECT_NEXT(test, f, "init:one online:one init:two online:two ");
	EXPECT_LOG(test, f, "bind: idle.halt=two mm.exit_mmap=one eoi.eoi=two io.delay=one ");
	KUNIT_EXPECT_EQ(test, f->inited[0], IO | MM);
	KUNIT_EXPECT_EQ(test, f->inited[1], EOI | VMI_OP_BIT(idle_halt));
}

static void locks_move_in_order(struct kunit *test)
{
	struct fixture *f = with_two(test, vmi_ops_find("lock"), "one");

	KUNIT_EXPECT_EQ(test, set(f, "lock", "two"), 0);
	EXPECT_NEXT(test, f, "init:two online:two bypass=1 ");
	EXPECT_NEXT(test, f, "bind: lock.slowpath=native quiesce ");
	EXPECT_NEXT(test, f, "bind: lock.unlock=two lock.wait=two lock.kick=two ");
	EXPECT_NEXT(test, f, "lock.vcpu_is_preempted=two quiesce ");
	EXPECT_LOG(test, f, "bind: lock.slowpath=two quiesce bypass=0 ");

	KUNIT_EXPECT_EQ(test, set(f, "lock", ""), 0);
	EXPECT_NEXT(test, f, "drain:two bypass=1 bind: lock.slowpath=native quiesce ");
	EXPECT_NEXT(test, f, "bind: lock.unlock=one lock.wait=one lock.kick=one ");
	EXPECT_NEXT(test, f, "lock.vcpu_is_preempted=one quiesce ");
	EXPECT_NEXT(test, f, "bind: lock.slowpath=one quiesce bypass=0 ");
	EXPECT_LOG(test, f, "quiesce offline:two exit:two ");
}

static void bound_when_it_registers(struct kunit *test)
{
	struct fixture *f = test->priv;

	fixture_keep_ops(f, IO | EOI);
	KUNIT_ASSERT_EQ(test, vmi_table_register(&f->table, &f->backend[0]), 0);
	wait_for_two(f, IO);
	KUNIT_ASSERT_EQ(test, use(f, "one"), 0);
	EXPECT_PROVIDER(test, f, io_delay, "one");
	KUNIT_EXPECT_STREQ(test, policy_reason(f, IO),
			   "waiting for the backend to be loaded");
	f->log[0] = '\0';

	KUNIT_EXPECT_EQ(test, vmi_table_register(&f->table, &f->backend[1]), 0);
	EXPECT_LOG(test, f, "init:two online:two bind: io.delay=two ");
	EXPECT_PROVIDER(test, f, io_delay, "two");
	KUNIT_EXPECT_NULL(test, policy_reason(f, IO));
	KUNIT_EXPECT_EQ(test, f->told, IO);
}

/* As long as the boot line was not acted on, nobody is initialised for a part. */
static void waits_for_the_choice(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->table.undecided = true;
	wait_for_two(f, IO);
	KUNIT_EXPECT_EQ(test, vmi_table_register(&f->table, &f->backend[1]), 0);
	EXPECT_LOG(test, f, "");
	f->table.undecided = false;
	mutex_lock(&f->table.lock);
	vmi_policy_met(&f->table, vmi_table_find(&f->table, "two"));
	mutex_unlock(&f->table.lock);
	EXPECT_LOG(test, f, "init:two online:two bind: io.delay=two ");
}

static void registers_but_cannot_be_prepared(struct kunit *test)
{
	struct fixture *f = test->priv;

	fixture_keep_ops(f, IO | EOI);
	wait_for_two(f, IO);
	f->fail = "init";
	KUNIT_EXPECT_EQ(test, vmi_table_register(&f->table, &f->backend[1]), 0);
	EXPECT_LOG(test, f, "init:two ");
	EXPECT_STATE(test, f, "two", VALIDATED);
	KUNIT_EXPECT_STREQ(test, fixture_entry(f, "two")->error.kind, "init");
	KUNIT_EXPECT_STREQ(test, f->table.error.kind, "init");
	KUNIT_EXPECT_STREQ(test, policy_reason(f, IO),
			   "backend 'two' failed to initialise: error -12");

	/* Requests that are about others do not try it, nor does another policy for it. */
	KUNIT_ASSERT_EQ(test, vmi_table_register(&f->table, &f->backend[0]), 0);
	f->fail = "init:two";
	KUNIT_EXPECT_EQ(test, use(f, "native"), 0);
	KUNIT_EXPECT_EQ(test, use(f, "one"), 0);
	KUNIT_EXPECT_EQ(test, set(f, "eoi", "native"), 0);
	KUNIT_EXPECT_EQ(test, use(f, "native"), 0);
	KUNIT_EXPECT_NULL(test, strstr(f->log, "init:two"));
	f->log[0] = '\0';

	/* The same one set again does, each time, and it may change its mind. */
	KUNIT_EXPECT_EQ(test, set(f, "io", "two"), -ENOMEM);
	EXPECT_LOG(test, f, "init:two ");
	KUNIT_EXPECT_STREQ(test, f->table.policy.provider[VMI_OP_io_delay],
			   "two");
	KUNIT_EXPECT_EQ(test, use(f, "native"), 0);
	f->fail = NULL;
	f->told = 0;
	KUNIT_EXPECT_EQ(test, set(f, "io", "two"), 0);
	EXPECT_LOG(test, f, "init:two online:two bind: io.delay=two ");
	KUNIT_EXPECT_EQ(test, f->told, IO);
	KUNIT_EXPECT_EQ(test, set(f, "io", "two"), 0);
	EXPECT_LOG(test, f, "");
}

static void registers_again(struct kunit *test)
{
	struct fixture *f = test->priv;

	wait_for_two(f, IO);
	f->fail = "init";
	KUNIT_EXPECT_EQ(test, vmi_table_register(&f->table, &f->backend[1]), 0);
	f->fail = NULL;
	vmi_table_unregister(&f->table, &f->backend[1]);
	KUNIT_EXPECT_EQ(test, vmi_table_register(&f->table, &f->backend[1]), 0);
	EXPECT_PROVIDER(test, f, io_delay, "two");
}

/* Its module's init may still fail, whatever it has registered. */
static void not_while_its_module_loads(struct kunit *test)
{
	struct fixture *f = with_two(test, IO | EOI, "one");

	fixture_entry(f, "two")->loading = true;
	KUNIT_EXPECT_EQ(test, use(f, "two"), -EBUSY);
	KUNIT_EXPECT_EQ(test, set(f, "io", "two"), -EBUSY);
	EXPECT_LOG(test, f, "");
	KUNIT_EXPECT_NULL(test, fixture_entry(f, "two")->error.kind);
	wait_for_two(f, IO);
	KUNIT_EXPECT_STREQ(test, policy_reason(f, IO),
			   "its module is still being loaded");
	fixture_entry(f, "two")->loading = false;
	KUNIT_EXPECT_EQ(test, set(f, "io", "two"), 0);
	EXPECT_PROVIDER(test, f, io_delay, "two");
}

static void registers_on_another_machine(struct kunit *test)
{
	struct fixture *f = test->priv;

	wait_for_two(f, IO);
	f->fail = "detect";
	KUNIT_EXPECT_EQ(test, vmi_table_register(&f->table, &f->backend[1]), 0);
	EXPECT_LOG(test, f, "");
	KUNIT_EXPECT_STREQ(test, policy_reason(f, IO),
			   "Test is not the hypervisor of this machine");
}

static struct kunit_case mixed_cases[] = {
	KUNIT_CASE(second_comes_and_goes),
	KUNIT_CASE(stays_when_the_one_in_charge_changes),
	KUNIT_CASE(in_charge_of_nothing),
	KUNIT_CASE(second_cannot_be_prepared),
	KUNIT_CASE(used_while_in_use),
	KUNIT_CASE(used_while_in_use_holds_its_module),
	KUNIT_CASE(used_while_in_use_and_fails),
	KUNIT_CASE(stays_prepared_when_the_rest_fails),
	KUNIT_CASE(begins_again_when_the_rest_fails),
	KUNIT_CASE(new_one_fails_before_another_goes),
	KUNIT_CASE(lost_one_is_no_burden),
	KUNIT_CASE(outlives_its_backend),
	KUNIT_CASE(gets_all_that_it_is_named_for),
	KUNIT_CASE(leave_in_reverse),
	KUNIT_CASE(second_of_two_fails),
	KUNIT_CASE(only_one_is_lost),
	KUNIT_CASE(the_other_one_is_lost),
	KUNIT_CASE(both_are_lost),
	KUNIT_CASE(both_need_more),
	KUNIT_CASE(one_needs_more_and_the_other_goes),
	KUNIT_CASE(different_hypervisors_take_turns),
	KUNIT_CASE(so_they_do_by_policy),
	KUNIT_CASE(different_hypervisors_exclude_each_other),
	KUNIT_CASE(nothing_at_the_end),
	KUNIT_CASE(locks_move_in_order),
	KUNIT_CASE(bound_when_it_registers),
	KUNIT_CASE(waits_for_the_choice),
	KUNIT_CASE(other_hypervisor_registers),
	KUNIT_CASE(registers_but_cannot_be_prepared),
	KUNIT_CASE(registers_again),
	KUNIT_CASE(not_while_its_module_loads),
	KUNIT_CASE(registers_on_another_machine),
	{}
};

static struct kunit_suite mixed_suite = {
	.name		= "vmi_mixed",
	.init		= fixture_init,
	.exit		= fixture_exit,
	.test_cases	= mixed_cases,
};

kunit_test_suite(mixed_suite);
