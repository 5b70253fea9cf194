// SPDX-License-Identifier: GPL-2.0-only

#include <linux/cleanup.h>
#include <linux/kconfig.h>
#include <linux/module.h>
#include <linux/string.h>

#include "fixture.h"

/* The core's callbacks have no argument to find the fixture by. Tests run one by one. */
static struct fixture *current_fixture;

__printf(1, 2)
static void note(const char *fmt, ...)
{
	struct fixture *f = current_fixture;
	size_t len = strlen(f->log);
	va_list args;

	if (len)
		len += scnprintf(f->log + len, LOG_LEN - len, " ");
	va_start(args, fmt);
	vscnprintf(f->log + len, LOG_LEN - len, fmt, args);
	va_end(args);
}

static bool called(const char *callback, const struct vmi_backend *backend)
{
	const char *fail = current_fixture->fail;
	char name[32];

	snprintf(name, sizeof(name), "%s:%s", callback, backend->name);
	note("%s", name);
	return fail && !strcmp(fail, name);
}

/* Functions with different addresses, one for each provider. The irq ops have to be noinstr. */
#define FAKE_OP(name, n)						\
static noinstr void name##_op(void)					\
{									\
	barrier_data(&current_fixture->log[n]);				\
}

FAKE_OP(native, 0)
FAKE_OP(builtin, 1)
FAKE_OP(one, 2)
FAKE_OP(two, 3)

static const char *name_of(void *func)
{
	return func == native_op ? "native" : func == builtin_op ? "builtin" :
	       func == one_op ? "one" : func == two_op ? "two" : "?";
}

static void fake_bind(vmi_opmask_t ops, const struct vmi_ops *to)
{
	enum vmi_op op;

	note("bind:");
	for_each_vmi_op_in(op, ops)
		note("%s=%s", vmi_op_infos[op].name, name_of(vmi_get_op(to, op)));
}

static void fake_quiesce(vmi_opmask_t ops)
{
	note("quiesce");
}

static void fake_lock_bypass(bool on)
{
	note("bypass=%d", on);
}

static int fake_cpus_online(struct vmi_entry *entry)
{
	return called("online", entry->backend) ? -EIO : 0;
}

static void fake_cpus_offline(struct vmi_entry *entry)
{
	called("offline", entry->backend);
}

static const struct vmi_arch_ops fake_arch = {
	.bind		= fake_bind,
	.quiesce	= fake_quiesce,
	.lock_bypass	= fake_lock_bypass,
	.cpus_online	= fake_cpus_online,
	.cpus_offline	= fake_cpus_offline,
};

static int backend_detect(struct vmi_backend *backend, char *evidence)
{
	strscpy(evidence, "seen by a test", VMI_EVIDENCE_LEN);
	return 0;
}

static int backend_init(struct vmi_backend *backend, vmi_opmask_t ops)
{
	current_fixture->inited = ops;
	return called("init", backend) ? -ENOMEM : 0;
}

static void backend_exit(struct vmi_backend *backend)
{
	called("exit", backend);
}

static int backend_drain(struct vmi_backend *backend)
{
	return called("drain", backend) ? -EBUSY : 0;
}

static unsigned int module_refs(void)
{
	return IS_MODULE(CONFIG_VMI_KUNIT_TEST) ? module_refcount(THIS_MODULE) : 0;
}

int fixture_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	static const char *const names[] = { "one", "two" };
	unsigned int i;
	enum vmi_op op;

	if (!f)
		return -ENOMEM;
	current_fixture = f;
	test->priv = f;
	f->refs = module_refs();

	vmi_table_init(&f->table, &fake_arch);
	for_each_vmi_op(op) {
		vmi_set_op(&f->native, op, native_op);
		vmi_set_op(&f->builtin, op, builtin_op);
		vmi_set_op(&f->ops[0], op, one_op);
		vmi_set_op(&f->ops[1], op, two_op);
	}
	f->table.native = &f->native;
	f->table.builtin = &f->builtin;
	f->table.bound = f->builtin;

	for (i = 0; i < ARRAY_SIZE(f->backend); i++) {
		f->backend[i] = (struct vmi_backend) {
			VMI_BACKEND_HEADER(names[i], "none"),
			.ops	 = &f->ops[i],
			.detect	 = backend_detect,
			.init	 = backend_init,
			.exit	 = backend_exit,
			.drain	 = backend_drain,
		};
	}
	return 0;
}

void fixture_keep_ops(struct fixture *f, vmi_opmask_t ops)
{
	enum vmi_op op;

	for_each_vmi_op_in(op, ~ops) {
		vmi_set_op(&f->ops[0], op, NULL);
		vmi_set_op(&f->ops[1], op, NULL);
	}
}

void fixture_load_both(struct kunit *test, vmi_opmask_t ops)
{
	struct fixture *f = test->priv;
	unsigned int i;

	fixture_keep_ops(f, ops);
	for (i = 0; i < ARRAY_SIZE(f->backend); i++)
		KUNIT_ASSERT_EQ(test, vmi_table_register(&f->table, &f->backend[i]), 0);
	/* Registration binds nothing, and calls nothing but detect(). */
	KUNIT_EXPECT_STREQ(test, f->log, "");
}

struct vmi_entry *fixture_entry(struct fixture *f, const char *name)
{
	guard(mutex)(&f->table.lock);
	return vmi_table_find(&f->table, name);
}

static void begin_request(struct fixture *f)
{
	f->log[0] = '\0';
	f->error.kind = NULL;
}

int fixture_use(struct fixture *f, const char *name)
{
	begin_request(f);
	guard(mutex)(&f->table.lock);
	return vmi_switch(&f->table, name, "for a test", &f->error);
}

int fixture_set(struct fixture *f, const char *target, const char *provider)
{
	struct vmi_policy policy = f->table.policy;
	vmi_opmask_t ops = VMI_ALL_OPS;
	int err = 0;

	begin_request(f);
	guard(mutex)(&f->table.lock);
	if (target)
		err = vmi_policy_find(target, &ops, &f->error);
	return err ?: vmi_policy_put(&policy, ops, provider, &f->error) ?:
	       vmi_policy_change(&f->table, &policy, &f->error);
}

/* The provider that the table names must be the one that is entered. */
const char *fixture_provider(struct fixture *f, enum vmi_op op)
{
	const char *entered = name_of(vmi_get_op(&f->table.bound, op));
	const char *name = vmi_provider_name(&f->table, op);

	return strcmp(name, entered) ? "not the one that is entered" : name;
}

/* References to the module since the test began. A built-in test has no module to hold. */
void fixture_expect_refs(struct kunit *test, unsigned int refs)
{
	struct fixture *f = test->priv;

	if (IS_MODULE(CONFIG_VMI_KUNIT_TEST))
		KUNIT_EXPECT_EQ(test, module_refs() - f->refs, refs);
}

void fixture_exit(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int i;

	f->table.closed = false;
	f->fail = NULL;
	KUNIT_EXPECT_EQ(test, fixture_use(f, "builtin"), 0);
	for (i = 0; i < ARRAY_SIZE(f->backend); i++) {
		if (fixture_entry(f, f->backend[i].name))
			vmi_table_unregister(&f->table, &f->backend[i]);
	}
}

MODULE_DESCRIPTION("KUnit tests of the VMI core");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
