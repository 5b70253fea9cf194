// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ops of two backends at a time, one of which is in charge, or none
 */

#include "fixture.h"

#define ON_NATIVE	"load one two", "use native"
#define ON_ONE		"load one two", "use native one"

#define GIVEN		"init:two online:two bind: io.delay=two"
#define TAKEN_BACK	"drain:two bind: io.delay=native quiesce offline:two exit:two"

static const struct transcript transcripts[] = {
	TRANSCRIPT(second_comes_and_goes, IO | EOI, ON_ONE,
		   "set io two -> " GIVEN,
		   "prepared:two=io.delay io.delay=two eoi.eoi=one one=active two=active refs=2",
		   "why io -> nothing",
		   "unbound one io.delay -> another backend by policy",
		   "unbound two eoi.eoi -> the backend is not in charge",
		   "set io none -> drain:two bind: io.delay=one quiesce offline:two exit:two",
		   "io.delay=one two=validated refs=1 switches=2"),

	TRANSCRIPT(stays_when_the_one_in_charge_changes, IO | EOI, ON_ONE,
		   "set io two",
		   "use native -> drain:one bind: eoi.eoi=native quiesce offline:one exit:one",
		   "io.delay=two",
		   "use one -> init:one online:one bind: eoi.eoi=one",
		   "prepared:one=eoi.eoi io.delay=two",
		   "use native",
		   "set io native -> " TAKEN_BACK),

	/* A backend in charge that has no op is still what other ops would be left to. */
	TRANSCRIPT(in_charge_of_nothing, IO, ON_ONE,
		   "set io two -> " GIVEN, "one=active",
		   "use native -> drain:one quiesce offline:one exit:one",
		   "use one -> init:one online:one", "prepared:one=nothing"),

	/* Asking again is another try, so the new error replaces the old one. */
#define IS_AS_BEFORE	"io.delay=one one=active two=validated kind:one=nothing refs=1 " \
			"policy:io.delay=nothing"
	TRANSCRIPT(second_cannot_be_prepared, IO | EOI, ON_ONE,
		   "fail init:two",
		   "set io two -> init:two -ENOMEM", "kind:two=init " IS_AS_BEFORE,
		   "fail online:two", "set io two -> init:two online:two exit:two -EIO",
		   "kind:two=cpu " IS_AS_BEFORE,
		   "fail", "set io two", "kind:two=nothing"),

	/*
	 * The one that is put in charge was prepared for less. Then it stays prepared for all,
	 * and so can be put in charge again at no risk.
	 */
	TRANSCRIPT(used_while_in_use, IO | EOI, ON_ONE,
		   "set io two",
		   "use two -> " TAKEN_BACK "\ninit:two online:two drain:one\n"
		   "bind: eoi.eoi=two io.delay=two quiesce offline:one exit:one",
		   "prepared:two=eoi.eoi,io.delay one=validated",
		   "use one -> init:one online:one bind: eoi.eoi=one", "io.delay=two",
		   "use two -> drain:one bind: eoi.eoi=two quiesce offline:one exit:one"),

	/*
	 * A backend that has nothing bound for a while in a switch must not be unloaded in it.
	 * Both backends are in the same module, and each had a reference before.
	 */
	TRANSCRIPT(used_while_in_use_holds_its_module, IO | EOI, ON_ONE,
		   "set io two", "refs=2",
		   "use two", "refs:init=4 refs=1"),

	/* A backend that is lost conflicts with nothing: all is as without the policy. */
#define STAYS_ON_ONE	"active=one eoi.eoi=one switches=2"
	TRANSCRIPT(used_while_in_use_and_fails, IO | EOI, ON_ONE,
		   "set io two", "fail once drain:two",
		   "use two -> drain:two -EBUSY", "io.delay=two kind:two=nothing " STAYS_ON_ONE,
		   "fail once init:two",
		   "use two -> " TAKEN_BACK "\ninit:two " GIVEN " -ENOMEM",
		   "io.delay=two kind:two=nothing " STAYS_ON_ONE,
		   "fail init:two", "use two -> " TAKEN_BACK "\ninit:two init:two -ENOMEM",
		   "io.delay=native two=validated " STAYS_ON_ONE,
		   "why io -> backend 'two' failed to initialise: error -12",
		   "unbound one io.delay -> another backend had it by policy, and was lost",
		   "set eoi native -> bind: eoi.eoi=native io.delay=one",
		   "use native", "fail", "use two", "io.delay=two"),

	/* A backend prepared for more than it had is not prepared again for less. */
	TRANSCRIPT(stays_prepared_when_the_rest_fails, IO | EOI, ON_ONE,
		   "set io two", "fail drain:one",
		   "use two -> " TAKEN_BACK "\n"
		   "init:two online:two drain:one bind: io.delay=two -EBUSY",
		   "two=active eoi.eoi=one active=one",
		   "fail",
		   "use two -> drain:one bind: eoi.eoi=two quiesce offline:one exit:one",
		   "refs=1"),

	/* A backend prepared for other ops than it had is prepared again for these. */
	TRANSCRIPT(begins_again_when_the_rest_fails, IO | EOI | MM, ON_NATIVE,
		   "set eoi one io two", "fail drain:one",
		   "set io none eoi none mm two -> " TAKEN_BACK " init:two online:two\n"
		   "drain:one offline:two exit:two " GIVEN " -EBUSY", "prepared:two=io.delay"),

	/* Prepare a backend that is not in use before another one is released. */
	TRANSCRIPT(new_one_fails_before_another_goes, IO | EOI | MM, ON_NATIVE,
		   "set io two", "fail init:one",
		   "set eoi one mm two -> init:one -ENOMEM",
		   "fail once init:two",
		   "set eoi one mm two -> init:one online:one " TAKEN_BACK "\n"
		   "init:two offline:one exit:one " GIVEN " -ENOMEM", "one=validated"),

	/* Ops of a lost backend fall to the one in charge, which is not prepared again for them. */
	TRANSCRIPT(lost_one_is_no_burden, IO | EOI | MM, ON_NATIVE,
		   "set io two", "use one", "prepared:one=mm.exit_mmap,eoi.eoi",
		   "fail init:two", "set mm two -> " TAKEN_BACK " init:two init:two -ENOMEM",
		   "set eoi native -> bind: eoi.eoi=native", "io.delay=native",
		   "set io none -> drain:one bind: mm.exit_mmap=native quiesce\n"
		   "offline:one exit:one init:one online:one bind: mm.exit_mmap=one io.delay=one"),

	/* Backend two has policies for two ops, and failed when it was to have a third one. */
#define TWO_IS_LOST							\
	ON_ONE, "set io two", "set eoi two", "fail init:two",		\
	"set mm two -> drain:two bind: eoi.eoi=native io.delay=native\n"	\
	"quiesce offline:two exit:two init:two init:two -ENOMEM", "fail"

	/* A policy names its backend, so it is the same after a reload. */
	TRANSCRIPT(outlives_its_backend, IO | EOI | MM, TWO_IS_LOST,
		   "unload two",
		   "why io -> waiting for the backend to be loaded",
		   "load two -> init:two online:two bind: eoi.eoi=two io.delay=two",
		   "told=eoi.eoi,io.delay mm.exit_mmap=one"),

	/* A request for one policy of a backend applies all of them, and all are reported. */
	TRANSCRIPT(gets_all_that_it_is_named_for, IO | EOI | MM, TWO_IS_LOST,
		   "set io two", "told=eoi.eoi,io.delay eoi.eoi=two"),

	TRANSCRIPT(leave_in_reverse, IO | EOI, ON_NATIVE,
		   "set io one eoi two -> init:one online:one init:two online:two\n"
		   "bind: eoi.eoi=two io.delay=one", "active=native",
		   "set all none -> drain:one drain:two bind: eoi.eoi=native io.delay=native\n"
		   "quiesce offline:two exit:two offline:one exit:one"),

	/* A backend that was drained has to be prepared again to go back. */
	TRANSCRIPT(second_of_two_fails, IO | EOI, ON_NATIVE,
		   "fail init:two",
		   "set io one eoi two -> init:one online:one init:two offline:one exit:one -ENOMEM",
		   "fail", "set io one eoi two", "fail drain:two",
		   "set all none -> drain:one drain:two bind: io.delay=native quiesce\n"
		   "offline:one exit:one init:one online:one bind: io.delay=one -EBUSY",
		   "one=active two=active eoi.eoi=two"),

	/* Backend two cannot be left, and backend one cannot be prepared again. */
	TRANSCRIPT(only_one_is_lost, IO | EOI, ON_NATIVE,
		   "set io one eoi two", "fail drain:two init:one",
		   "set all none -> drain:one drain:two bind: io.delay=native quiesce\n"
		   "offline:one exit:one init:one -EBUSY",
		   "kind:table=drain one=validated two=active kind:two=nothing",
		   "message one -> backend 'one' failed to initialise: error -12",
		   "io.delay=native eoi.eoi=two policy:io.delay=one"),

	/* The one in charge comes back, although the other one does not. */
	TRANSCRIPT(the_other_one_is_lost, IO | EOI | MM, ON_NATIVE,
		   "set io one eoi two", "set mm native", "use one", "switches=2",
		   "fail online:two",
		   "set io one eoi two mm two -> drain:two bind: eoi.eoi=native quiesce\n"
		   "offline:two exit:two init:two online:two exit:two init:two online:two exit:two -EIO",
		   "active=one one=active two=validated io.delay=one eoi.eoi=native switches=2"),

	/* Named again, backend one gets another try, and the other one does not. */
	TRANSCRIPT(both_are_lost, IO | EOI | MM | HALT, ON_NATIVE,
		   "set io one eoi two", "fail init:one online:two",
		   "set mm one idle.halt two -> drain:one drain:two bind: eoi.eoi=native io.delay=native\n"
		   "quiesce offline:two exit:two offline:one exit:one\n"
		   "init:one init:one init:two online:two exit:two -ENOMEM",
		   "kind:one=init kind:two=cpu io.delay=native eoi.eoi=native",
		   "policy:mm.exit_mmap=nothing refs=0",
		   "fail", "set io one -> init:one online:one bind: io.delay=one",
		   "kind:one=nothing kind:two=cpu"),

	TRANSCRIPT(both_need_more, IO | EOI | MM | HALT, ON_NATIVE,
		   "set io one eoi two",
		   "set mm one idle.halt two -> drain:one drain:two bind: eoi.eoi=native io.delay=native\n"
		   "quiesce offline:two exit:two offline:one exit:one\n"
		   "init:one online:one init:two online:two\n"
		   "bind: idle.halt=two mm.exit_mmap=one eoi.eoi=two io.delay=one",
		   "prepared:one=mm.exit_mmap,io.delay prepared:two=idle.halt,eoi.eoi"),

	TRANSCRIPT(one_needs_more_and_the_other_goes, IO | EOI, ON_NATIVE,
		   "set io one eoi two",
		   "set io one eoi one -> drain:one bind: io.delay=native quiesce offline:one exit:one\n"
		   "init:one online:one drain:two\n"
		   "bind: eoi.eoi=one io.delay=one quiesce offline:two exit:two",
		   "prepared:one=eoi.eoi,io.delay two=validated"),

	/* The old backend is released to the base before the new one is initialised. */
	TRANSCRIPT(different_hypervisors_take_turns, IO, "hypervisors differ", ON_ONE,
		   "use two -> drain:one bind: io.delay=native quiesce\n"
		   "offline:one exit:one " GIVEN, "active=two switches=3",
		   "fail drain:two", "use one -> drain:two -EBUSY", "io.delay=two",
		   "fail init:one", "use one -> " TAKEN_BACK " init:one " GIVEN " -ENOMEM",
		   "active=two switches=3",
		   "fail init:one online:two",
		   "use one -> " TAKEN_BACK " init:one init:two online:two exit:two -ENOMEM",
		   "active=native switches=4 io.delay=native",
		   "choice -> the backend that was in charge could not be prepared again"),

	TRANSCRIPT(different_hypervisors_take_turns_by_policy, IO | EOI,
		   "hypervisors differ", ON_NATIVE, "set io one",
		   "set io two -> drain:one bind: io.delay=native quiesce\n"
		   "offline:one exit:one " GIVEN),

	/* Each alone can be named by a policy, but then the other one cannot be in charge. */
	TRANSCRIPT(different_hypervisors_exclude_each_other, IO | EOI, "hypervisors differ", ON_ONE,
		   "set io two -> -EBUSY",
		   "message request -> cannot use both 'one' and 'two': they are for different hypervisors",
		   "policy:io.delay=nothing",
		   "use native",
		   "set io one eoi two -> -EBUSY",
		   "set io one -> init:one online:one bind: io.delay=one",
		   "use two -> -EBUSY",
		   "message request -> cannot use both 'two' and 'one': they are for different hypervisors",
		   "set io none", "use two", "hypervisors agree", "set io one", "set all none"),

	TRANSCRIPT(nothing_at_the_end, IO | EOI, ON_ONE,
		   "table closed on",
		   "set io two -> -ESHUTDOWN", "policy:io.delay=nothing",
		   "use native -> -ESHUTDOWN"),

	TRANSCRIPT(locks_move_in_order, LOCK, ON_ONE,
		   "set lock two -> init:two online:two bypass=1 bind: lock.slowpath=native quiesce\n"
		   "bind: lock.unlock=two lock.wait=two lock.kick=two lock.vcpu_is_preempted=two quiesce\n"
		   "bind: lock.slowpath=two quiesce bypass=0",
		   "set lock none -> drain:two bypass=1 bind: lock.slowpath=native quiesce\n"
		   "bind: lock.unlock=one lock.wait=one lock.kick=one lock.vcpu_is_preempted=one quiesce\n"
		   "bind: lock.slowpath=one quiesce bypass=0 quiesce offline:two exit:two"),

	TRANSCRIPT(bound_when_it_registers, IO | EOI,
		   "load one", "boot io two", "use one", "io.delay=one",
		   "why io -> waiting for the backend to be loaded",
		   "load two -> " GIVEN, "io.delay=two told=io.delay",
		   "why io -> nothing"),

	/* Until the boot line was acted on, no backend is initialised for a part. */
	TRANSCRIPT(waits_for_the_choice, ALL_OPS,
		   "table undecided on", "boot io two",
		   "load two -> nothing",
		   "table undecided off",
		   "choose two -> " GIVEN),

	/* A policy from the boot line that conflicts is pending, and blocks no other request. */
	TRANSCRIPT(other_hypervisor_registers, ALL_OPS, "hypervisors differ",
		   "load one", "boot io two", "use one",
		   "load two -> nothing", "kind:table=request kind:two=nothing",
		   "why io -> a backend for another hypervisor is in use",
		   "set eoi native", "use native", "io.delay=native",
		   "why io -> waiting for the policy to be set again",
		   "set io two -> " GIVEN),

	/*
	 * Requests that are about others do not try the backend, nor does another policy for
	 * it. Setting the same policy again does, each time, and may succeed.
	 */
	TRANSCRIPT(registers_but_cannot_be_prepared, IO | EOI,
		   "use native", "boot io two", "fail init",
		   "load two -> init:two", "two=validated kind:two=init kind:table=init",
		   "why io -> backend 'two' failed to initialise: error -12",
		   "load one", "fail init:two",
		   "use one -> init:one online:one bind: eoi.eoi=one io.delay=one",
		   "set eoi native -> bind: eoi.eoi=native",
		   "use native -> drain:one bind: io.delay=native quiesce offline:one exit:one",
		   "set io two -> init:two -ENOMEM", "policy:io.delay=two",
		   "use native -> nothing",
		   "fail", "set io two -> " GIVEN, "told=io.delay",
		   "set io two -> nothing"),

	/* The init of a module may still fail after it has registered a backend. */
	TRANSCRIPT(not_while_its_module_loads, IO | EOI, ON_ONE,
		   "loading two on",
		   "use two -> -EBUSY",
		   "set io two -> -EBUSY", "kind:two=nothing",
		   "boot io two",
		   "why io -> its module is still being loaded",
		   "loading two off", "set io two", "io.delay=two"),

	TRANSCRIPT(registers_on_another_machine, ALL_OPS,
		   "boot io two", "fail detect",
		   "load two -> nothing", "two=failed kind:two=detect",
		   "message two -> Test is not the hypervisor of this machine",
		   "why io -> Test is not the hypervisor of this machine"),
};

KUNIT_ARRAY_PARAM_DESC(transcript, transcripts, name);

static struct kunit_case mixed_cases[] = {
	KUNIT_CASE_PARAM(transcript, transcript_gen_params),
	{}
};

FIXTURE_SUITE(mixed);
