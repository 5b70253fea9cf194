/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A private table, and backends for it
 *
 * The table's hardware writes down what it is asked to do and binds nothing, so
 * a test never touches the running kernel.
 */
#ifndef _VMI_TESTS_FIXTURE_H
#define _VMI_TESTS_FIXTURE_H

#include <kunit/test.h>
#include <linux/kconfig.h>
#include <linux/module.h>

#include "../vmi_core.h"

#define LOG_LEN	2048

/**
 * struct fixture - what a test has to work with
 * @table: the table under test
 * @log: what happened, in words separated by blanks
 * @inited: what the last init() of each backend was told to bind
 * @refs_at_init: references to the module during the last init() of any backend
 * @fail: callbacks that fail, as in the log or of either backend, separated by blanks;
 *	NULL for none
 * @fail_once: only the first one of them that is called
 * @told: ops whose change of policy was told last
 * @ops: ops of the backends, all of them
 * @backend: two backends that can be registered as they are
 */
struct fixture {
	struct vmi_table	table;
	char			log[LOG_LEN];
	vmi_opmask_t		inited[2];
	unsigned int		refs_at_init;
	const char		*fail;
	bool			fail_once;
	vmi_opmask_t		told;
	struct vmi_ops		ops[2];
	struct vmi_backend	backend[2];
};

int fixture_init(struct kunit *test);
void fixture_exit(struct kunit *test);

/* Before they are registered: the backends have these ops only. */
void fixture_keep_ops(struct fixture *f, vmi_opmask_t ops);

/*
 * Register, switch and set a policy under the lock, as the callers in the core do. An
 * empty provider clears, and no target is all of them.
 */
int fixture_use(struct fixture *f, const char *name, struct vmi_error *error);
int fixture_policy(struct fixture *f, const char *target, const char *provider,
		   struct vmi_error *error);
struct vmi_entry *fixture_entry(struct fixture *f, const char *name);
const char *fixture_provider(struct fixture *f, enum vmi_op op);
const char *fixture_policy_reason(struct fixture *f, vmi_opmask_t ops,
				  enum vmi_op *lacking);
const char *fixture_unbound_reason(struct fixture *f, const char *name,
				   enum vmi_op op);

#define EXPECT_PROVIDER(test, f, op, name)				\
	KUNIT_EXPECT_STREQ(test, fixture_provider(f, VMI_OP_##op), name)

/* What is built in has no module that could be held. */
static inline unsigned int fixture_refs(void)
{
	return IS_MODULE(CONFIG_VMI_KUNIT_TEST) ? module_refcount(THIS_MODULE) :
						  0;
}

#define EXPECT_REFS(test, before, more)					\
	KUNIT_EXPECT_EQ(test, fixture_refs(), (before) +		\
			(IS_MODULE(CONFIG_VMI_KUNIT_TEST) ? (more) : 0))

/* The log begins with that; what follows is left for the next check. */
#define EXPECT_NEXT(test, f, text)					\
do {									\
	size_t _len = strlen(text);					\
									\
	KUNIT_EXPECT_EQ_MSG(test, strncmp((f)->log, text, _len), 0,	\
			    "'%s' does not begin with '%s'", (f)->log,	\
			    text);					\
	_len = min(_len, strlen((f)->log));				\
	memmove((f)->log, (f)->log + _len, LOG_LEN - _len);		\
} while (0)

/* The log is that and nothing more; it is empty then. */
#define EXPECT_LOG(test, f, text)					\
do {									\
	KUNIT_EXPECT_STREQ(test, (f)->log, text);			\
	(f)->log[0] = '\0';						\
} while (0)

#endif /* _VMI_TESTS_FIXTURE_H */
