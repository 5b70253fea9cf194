/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A private table with two backends, "one" and "two"
 *
 * The table's hardware logs what it is asked to do and binds nothing, so a test never
 * touches the running kernel. The log has callbacks and bindings in their order, separated
 * by blanks: "init:one online:one bind: io.delay=one".
 */
#ifndef _VMI_TESTS_FIXTURE_H
#define _VMI_TESTS_FIXTURE_H

#include <kunit/test.h>

#include "../policy.h"
#include "../registry.h"
#include "../switch.h"
#include "../validate.h"

#define LOG_LEN		1024

#define IO		VMI_OP_BIT(io_delay)
#define EOI		VMI_OP_BIT(eoi_eoi)
#define LOCK		VMI_LOCK_OPS

struct fixture {
	struct vmi_table	table;
	char			log[LOG_LEN];	/* what the last request did */
	struct vmi_error	error;		/* of the last request */
	vmi_opmask_t		inited;		/* ops that the last init() was told of */
	unsigned int		refs;		/* to the module, before the test */
	const char		*fail;		/* callback that fails, as it is logged; or NULL */
	struct vmi_ops		native;
	struct vmi_ops		builtin;
	struct vmi_ops		ops[2];		/* of the backends, all of them */
	struct vmi_backend	backend[2];	/* valid and not registered */
};

int fixture_init(struct kunit *test);
void fixture_exit(struct kunit *test);

/* Before the backends are registered: they have these ops only. */
void fixture_keep_ops(struct fixture *f, vmi_opmask_t ops);
void fixture_load_both(struct kunit *test, vmi_opmask_t ops);
struct vmi_entry *fixture_entry(struct fixture *f, const char *name);

/* Requests. A target of NULL is all of them. */
int fixture_use(struct fixture *f, const char *name);
int fixture_set(struct fixture *f, const char *target, const char *provider);

const char *fixture_provider(struct fixture *f, enum vmi_op op);
void fixture_expect_refs(struct kunit *test, unsigned int refs);

#define EXPECT_REQUEST(test, request, err, wanted_log)			\
do {									\
	struct fixture *_f = (test)->priv;				\
									\
	KUNIT_EXPECT_EQ(test, request, err);				\
	KUNIT_EXPECT_STREQ(test, _f->log, wanted_log);			\
} while (0)

#define EXPECT_USE(test, name, err, wanted_log)				\
	EXPECT_REQUEST(test, fixture_use((test)->priv, name), err, wanted_log)

#define EXPECT_SET(test, target, provider, err, wanted_log)		\
	EXPECT_REQUEST(test, fixture_set((test)->priv, target, provider), err, \
		       wanted_log)

#define EXPECT_PROVIDER(test, op, name)					\
	KUNIT_EXPECT_STREQ(test,					\
			   fixture_provider((test)->priv, VMI_OP_##op), name)

#define EXPECT_STATE(test, name, wanted)				\
	KUNIT_EXPECT_EQ(test, fixture_entry((test)->priv, name)->state,	\
			VMI_STATE_##wanted)

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
