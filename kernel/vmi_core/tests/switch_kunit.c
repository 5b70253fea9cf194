// SPDX-License-Identifier: GPL-2.0-only

#include <linux/string.h>

#include "fixture.h"

static const struct transcript transcripts[] = {
	/* The backend that is active already is not bound again, and keeps its module busy. */
	TRANSCRIPT(there_and_back, IO, "load one two",
		   "use one -> init:one online:one bind: io.delay=one",
		   "active=one io.delay=one eoi.eoi=builtin refs=1",
		   "choice -> for a test",
		   "use one -> nothing", "switches=1",
		   "use builtin -> drain:one bind: io.delay=builtin quiesce offline:one exit:one",
		   "active=builtin switches=2 refs=0"),

	/* The order is what the comment of bind_lock() asks for. */
	TRANSCRIPT(locks_move_in_order, LOCK, "load one two",
		   "use native",
		   "use one -> init:one online:one bypass=1 quiesce\n"
		   "bind: lock.unlock=one lock.wait=one lock.kick=one lock.vcpu_is_preempted=one quiesce\n"
		   "bind: lock.slowpath=one quiesce bypass=0",
		   "use native -> drain:one bypass=1 bind: lock.slowpath=native quiesce\n"
		   "bind: lock.unlock=native lock.wait=native lock.kick=native\n"
		   "lock.vcpu_is_preempted=native quiesce bypass=0 quiesce offline:one exit:one"),

	/* The table keeps the first error until something succeeds. */
#define IS_AS_BEFORE	"kind:table=init active=one one=active refs=1 switches=1"
	TRANSCRIPT(failure_leaves_all_as_it_was, IO, "load one two",
		   "use one", "refs=1",
		   "fail init",
		   "use two -> init:two -ENOMEM", "kind:request=init " IS_AS_BEFORE,
		   "fail online", "use two -> init:two online:two exit:two -EIO",
		   "kind:request=cpu " IS_AS_BEFORE,
		   "fail drain",
		   "use two -> init:two online:two drain:one offline:two exit:two -EBUSY",
		   "kind:request=drain " IS_AS_BEFORE,
		   "fail",
		   "use two -> init:two online:two drain:one bind: io.delay=two quiesce\n"
		   "offline:one exit:one", "kind:table=nothing one=validated two=active"),

	TRANSCRIPT(unknown_and_unfit_are_refused, IO,
		   "use three -> -ENOENT",
		   "message request -> no backend named 'three' is registered",
		   "fail detect", "load one two",
		   "use one -> -ENODEV", "kind:request=detect",
		   "table native_invalid on",
		   "use native -> -EOPNOTSUPP", "active=builtin"),
};

KUNIT_ARRAY_PARAM_DESC(transcript, transcripts, name);

static void inlined_ops_stay(struct kunit *test)
{
	struct fixture *f = test->priv;

	fixture_keep_ops(f, LOCK | IO);
	RUN(test, "table inlined lock", "load one two",
	    "use one -> init:one online:one bind: io.delay=one",
	    "use native");
	KUNIT_EXPECT_NULL(test, strstr(f->log, " lock."));
}

static struct kunit_case switch_cases[] = {
	KUNIT_CASE_PARAM(transcript, transcript_gen_params),
	KUNIT_CASE(inlined_ops_stay),
	{}
};

FIXTURE_SUITE(switch);
