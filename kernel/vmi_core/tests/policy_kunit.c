// SPDX-License-Identifier: GPL-2.0-only

#include "fixture.h"

#define ON_ONE	"load one two", "use one"

static const struct transcript transcripts[] = {
	TRANSCRIPT(one_op_and_back, IO | EOI, ON_ONE,
		   "prepared:one=eoi.eoi,io.delay",
		   "set io.delay native -> bind: io.delay=native",
		   "io.delay=native eoi.eoi=one",
		   "unbound one io.delay -> native by policy",
		   "set io.delay builtin -> bind: io.delay=builtin",
		   "set io none -> bind: io.delay=one", "io.delay=one switches=1"),

	/* A backend that has eoi to gain, and would have to be prepared again for it. */
#define WITHOUT_EOI							\
	ON_ONE, "use builtin", "set eoi builtin", "told=eoi.eoi",	\
	"use one", "prepared:one=io.delay switches=3"
#define LEFT	"drain:one bind: io.delay=builtin quiesce offline:one exit:one"
#define POLICY_IS_AS_BEFORE	"told=nothing policy:eoi.eoi=builtin eoi.eoi=builtin"

	/* A backend is told at init() what is bound, so to have more is to begin again. */
	TRANSCRIPT(more_than_was_prepared, IO | EOI, WITHOUT_EOI,
		   "eoi.eoi=builtin",
		   "set eoi none -> " LEFT " init:one online:one bind: eoi.eoi=one io.delay=one",
		   "prepared:one=eoi.eoi,io.delay eoi.eoi=one"),

	/* A later success clears the error. */
	TRANSCRIPT(failure_leaves_all_as_it_was, IO | EOI, WITHOUT_EOI,
		   "fail drain", "set eoi none -> drain:one -EBUSY",
		   "kind:request=drain kind:table=drain io.delay=one " POLICY_IS_AS_BEFORE,
		   "fail", "set io native", "kind:table=nothing"),

	TRANSCRIPT(way_back, IO | EOI, WITHOUT_EOI,
		   "fail once init", "set eoi none -> " LEFT "\n"
		   "init:one init:one online:one bind: io.delay=one -ENOMEM",
		   "prepared:one=io.delay kind:table=init kind:one=nothing switches=3",
		   "io.delay=one " POLICY_IS_AS_BEFORE),

	/* If the way back fails as well, the kernel falls back to what it booted with. */
	TRANSCRIPT(no_way_back, IO | EOI, WITHOUT_EOI,
		   "fail init", "set eoi none -> " LEFT " init:one init:one -ENOMEM",
		   "kind:request=init active=builtin switches=4",
		   "io.delay=builtin " POLICY_IS_AS_BEFORE),

	TRANSCRIPT(barred_ops_stay, ALL_OPS, "table barred lock",
		   "load one", "use one",
		   "set lock one -> -EOPNOTSUPP",
		   "message request -> backend 'one' cannot have lock.slowpath: left out by nopvspin",
		   "set lock native", "set lock none", "lock.kick=builtin eoi.eoi=one"),

	TRANSCRIPT(outlives_the_one_in_charge, IO | EOI, ON_ONE,
		   "set io one", "set eoi native", "use two", "set io two", "use builtin",
		   "io.delay=two eoi.eoi=native"),

#define MOVES_TOGETHER	"lock.kick moves together with its group: name all of 'lock'"
	TRANSCRIPT(what_cannot_be_is_refused, IO, ON_ONE,
		   "set nosuch native -> -ENOENT",
		   "message request -> there is no op or group named 'nosuch'",
		   "set lock.kick native -> -EINVAL",
		   "message request -> " MOVES_TOGETHER,
		   "set lock.kick none -> -EINVAL",
		   "message request -> " MOVES_TOGETHER,
		   "set io three -> -ENOENT",
		   "message request -> no backend named 'three' is registered",
		   "set io auto -> -ENOENT",
		   "message request -> no backend named 'auto' is registered",
		   "set eoi one -> -EOPNOTSUPP",
		   "message request -> backend 'one' cannot have eoi.eoi: not implemented by the backend",
		   "table native_invalid on",
		   "set io native -> -EOPNOTSUPP",
		   "message request -> builtin is mandatory here:\n"
		   "native ops do not work in a guest of type 'fake guest code'",
		   "set io builtin", "table native_invalid off", "fail detect",
		   "unload two", "load two",
		   "set io two -> -ENODEV",
		   "message request -> Test is not the hypervisor of this machine"),

	TRANSCRIPT(part_of_a_group_has_no_effect, HALT, ON_ONE,
		   "set idle one", "idle.halt=one",
		   "why idle -> idle.safe_halt: not implemented by the backend",
		   "why idle.halt -> nothing",
		   "why idle.safe_halt -> not implemented by the backend"),

	/*
	 * The reason is that of all ops, or the error of the backend, and not the op that the
	 * backend does not implement.
	 */
	TRANSCRIPT(none_of_a_part_of_a_group, HALT, ON_ONE,
		   "boot idle two",
		   "why idle -> waiting for the policy to be set again",
		   "fail init:two", "set idle two -> init:two -ENOMEM",
		   "why idle -> backend 'two' failed to initialise: error -12"),

	TRANSCRIPT(inlined_op_stays, IO, "table inlined lock", ON_ONE,
		   "set lock native -> nothing",
		   "set lock one -> -EOPNOTSUPP"),
};

KUNIT_ARRAY_PARAM_DESC(transcript, transcripts, name);

static void what_is_not_offered_is_refused(struct kunit *test)
{
	static struct vmi_capability caps[] = {
		{ .name = "absent", .ops = IO },
		{
			.name = "blocked", .ops = EOI, .offered = true,
			.blocked = "its MSR does not keep what is written to it",
		},
	};
	struct fixture *f = test->priv;

	f->backend[0].caps = caps;
	f->backend[0].nr_caps = ARRAY_SIZE(caps);
	RUN(test, "load one", "use one",
	    "set io one -> -EOPNOTSUPP",
	    "message request -> backend 'one' cannot have io.delay:\n"
	    "not offered by the hypervisor",
	    "set eoi one -> -EOPNOTSUPP",
	    "message request -> backend 'one' cannot have eoi.eoi:\n"
	    "its MSR does not keep what is written to it",
	    "io.delay=builtin");
}

static void expect_target(struct kunit *test, enum vmi_op op, const char *name)
{
	struct fixture *f = test->priv;
	vmi_opmask_t ops;

	KUNIT_EXPECT_STREQ(test, vmi_policy_target(&f->table.policy, op, &ops), name);
	KUNIT_EXPECT_EQ(test, ops, vmi_ops_find(name));
}

static void group_is_named_where_it_can_be(struct kunit *test)
{
	RUN(test, ON_ONE, "set idle native");
	expect_target(test, VMI_OP_idle_halt, "idle");
	RUN(test, "set idle.halt builtin");
	expect_target(test, VMI_OP_idle_safe_halt, "idle.safe_halt");
}

static struct kunit_case policy_cases[] = {
	KUNIT_CASE_PARAM(transcript, transcript_gen_params),
	KUNIT_CASE(what_is_not_offered_is_refused),
	KUNIT_CASE(group_is_named_where_it_can_be),
	{}
};

FIXTURE_SUITE(policy);
