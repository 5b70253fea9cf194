/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A private table, backends for it, and the language in which tests use them
 *
 * The table's hardware writes down what it is asked to do and binds nothing, so
 * a test never touches the running kernel.
 *
 * A test is a list of lines, of three forms:
 *
 *	COMMAND			it has to succeed, by whatever way
 *	COMMAND -> OUTPUT	the callbacks and bindings in their order, then the error if it
 *				fails; of a question, the answer
 *	NAME=VALUE ...		how things are: the provider of an op, the state of a backend,
 *				or the answer to the question NAME; with an argument, NAME:ARGUMENT
 *
 * An output that is empty is "nothing". A long line is broken with a newline, which
 * counts as a blank. The commands:
 *
 *	load BACKEND...		register it
 *	unload BACKEND
 *	use PROVIDER...		switch to it, one after the other
 *	set TARGET PROVIDER ...	change policies, all at once; "none" clears, "all" is each target
 *	boot TARGET PROVIDER	write down a policy as the boot line does, and do nothing else
 *	choose BACKEND		what happens to its policies when the boot line was acted on
 *	fail CALLBACK...	as in the output, or of either backend; it fails from now on
 *	fail once CALLBACK...	only the first one that is called
 *	hypervisors HOW		the backends are for the same one, or "differ"
 *	table FLAG on|off, table MASK TARGET	members of the table
 *	loading BACKEND on|off	the init of its module is under way
 *
 * The questions:
 *
 *	active, choice, switches	of the table
 *	policy OP		what its policy is
 *	why TARGET		its policy has no effect, and on which op if not on all
 *	unbound BACKEND OP	why the backend does not have the op
 *	prepared BACKEND	ops that its last init() was told of
 *	told			ops whose policy the last command told to have changed
 *	kind WHERE, message WHERE	of the error of a backend, the "table" or the last "request"
 *	refs [init]		references to the module since the test began, now or in
 *				the last init(); taken as right where there is no module
 */
#ifndef _VMI_TESTS_FIXTURE_H
#define _VMI_TESTS_FIXTURE_H

#include <kunit/test.h>

#include "../vmi_core.h"

#define LOG_LEN		2048

#define IO		VMI_OP_BIT(io_delay)
#define EOI		VMI_OP_BIT(eoi_eoi)
#define MM		VMI_OP_BIT(mm_exit_mmap)
#define HALT		VMI_OP_BIT(idle_halt)
#define LOCK		(VMI_OP_BIT(lock_slowpath) | VMI_OP_BIT(lock_unlock) |	\
			 VMI_OP_BIT(lock_wait) | VMI_OP_BIT(lock_kick) |	\
			 VMI_OP_BIT(lock_vcpu_is_preempted))
#define ALL_OPS		(BIT_ULL(VMI_NR_OPS) - 1)

/**
 * struct fixture - what a test has to work with
 * @table: the table under test
 * @log: what happened, or the answer to a question, in words separated by blanks
 * @error: of the last request
 * @inited: what the last init() of each backend was told to bind
 * @refs: references to the module before the test
 * @refs_at_init: how many more there were during the last init() of any backend
 * @fail: callbacks that fail, separated by blanks
 * @fail_once: only the first one of them that is called
 * @told: ops whose change of policy was told last
 * @ops: ops of the backends, all of them
 * @backend: two backends that can be registered as they are
 */
struct fixture {
	struct vmi_table	table;
	char			log[LOG_LEN];
	struct vmi_error	error;
	vmi_opmask_t		inited[2];
	unsigned int		refs;
	unsigned int		refs_at_init;
	char			fail[64];
	bool			fail_once;
	vmi_opmask_t		told;
	struct vmi_ops		ops[2];
	struct vmi_backend	backend[2];
};

int fixture_init(struct kunit *test);
void fixture_exit(struct kunit *test);

/* Before they are registered: the backends have these ops only. */
void fixture_keep_ops(struct fixture *f, vmi_opmask_t ops);

struct vmi_entry *fixture_entry(struct fixture *f, const char *name);
void fixture_run(struct kunit *test, const char *const *lines);

#define RUN(test, ...)							\
do {									\
	static const char *const _lines[] = { __VA_ARGS__, NULL };	\
									\
	fixture_run(test, _lines);					\
} while (0)

/**
 * struct transcript - a test that is nothing but lines
 * @name: its name
 * @ops: ops that the backends have
 * @lines: the lines, and NULL
 */
struct transcript {
	const char		*name;
	vmi_opmask_t		ops;
	const char *const	*lines;
};

#define TRANSCRIPT(name, ops, ...)					\
	{ #name, ops, (const char *const []) { __VA_ARGS__, NULL } }

/* The case of a suite that has a transcript as its parameter. */
void transcript(struct kunit *test);

/* The suite of the cases in NAME_cases. */
#define FIXTURE_SUITE(_name)						\
static struct kunit_suite _name##_suite = {				\
	.name		= "vmi_" #_name,				\
	.init		= fixture_init,					\
	.exit		= fixture_exit,					\
	.test_cases	= _name##_cases,				\
};									\
kunit_test_suite(_name##_suite)

#endif /* _VMI_TESTS_FIXTURE_H */
