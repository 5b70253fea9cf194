// SPDX-License-Identifier: GPL-2.0-only

#include <linux/module.h>
#include <linux/string.h>

#include "fixture.h"

/* Callbacks of the core have no argument to find it by; tests run one by one. */
static struct fixture *current_fixture;

__printf(1, 2)
static void note(const char *fmt, ...)
{
	struct fixture *f = current_fixture;
	size_t len = strlen(f->log);
	va_list args;

	va_start(args, fmt);
	vscnprintf(f->log + len, LOG_LEN - len, fmt, args);
	va_end(args);
}

static bool should_fail(const char *callback)
{
	if (!current_fixture->fail || strcmp(current_fixture->fail, callback))
		return false;
	if (current_fixture->fail_once)
		current_fixture->fail = NULL;
	return true;
}

/* Two ops whose addresses differ, for the fake native and builtin provider. */
static void native_op(void)
{
}

static void builtin_op(void)
{
	barrier();
}

static void backend_op(void)
{
	barrier_data(current_fixture);
}

static const char *name_of(void *func)
{
	if (func == native_op)
		return "native";
	return func == builtin_op ? "builtin" : "backend";
}

static void fake_bind(vmi_opmask_t ops, const struct vmi_ops *to)
{
	enum vmi_op op;

	note("bind: ");
	for_each_vmi_op_in(op, ops)
		note("%s=%s ", vmi_op_infos[op].name,
		     name_of(vmi_get_op(to, op)));
}

static void fake_quiesce(void)
{
	note("quiesce ");
}

static void fake_lock_bypass(bool on)
{
	note("bypass=%d ", on);
}

static int fake_cpus_online(struct vmi_entry *entry)
{
	note("online ");
	return should_fail("cpus_online") ? -EIO : 0;
}

static void fake_cpus_offline(struct vmi_entry *entry)
{
	note("offline ");
}

static void fake_changed(struct vmi_table *table, struct vmi_entry *entry)
{
}

static void fake_policy_changed(struct vmi_table *table, vmi_opmask_t ops)
{
	current_fixture->told = ops;
}

static const struct vmi_hw fake_hw = {
	.bind		= fake_bind,
	.quiesce	= fake_quiesce,
	.lock_bypass	= fake_lock_bypass,
	.cpus_online	= fake_cpus_online,
	.cpus_offline	= fake_cpus_offline,
	.changed	= fake_changed,
	.policy_changed	= fake_policy_changed,
};

static int backend_detect(struct vmi_backend *backend, char *evidence)
{
	strscpy(evidence, "seen by a test", VMI_EVIDENCE_LEN);
	return should_fail("detect") ? -ENODEV : 0;
}

static int backend_init(struct vmi_backend *backend, vmi_opmask_t ops)
{
	note("init ");
	current_fixture->inited = ops;
	return should_fail("init") ? -ENOMEM : 0;
}

static void backend_exit(struct vmi_backend *backend)
{
	note("exit ");
}

static int backend_drain(struct vmi_backend *backend)
{
	note("drain ");
	return should_fail("drain") ? -EBUSY : 0;
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

	vmi_table_init(&f->table, &fake_hw);
	for_each_vmi_op(op) {
		vmi_set_op(&f->table.native, op, native_op);
		vmi_set_op(&f->table.builtin, op, builtin_op);
		vmi_set_op(&f->ops, op, backend_op);
	}
	f->table.bound = f->table.builtin;
	f->table.builtin_name = "fake guest code";

	for (i = 0; i < ARRAY_SIZE(f->backend); i++) {
		f->backend[i] = (struct vmi_backend) {
			VMI_BACKEND_HEADER(names[i], "Test"),
			.ops	 = &f->ops,
			.detect	 = backend_detect,
			.init	 = backend_init,
			.exit	 = backend_exit,
			.drain	 = backend_drain,
		};
	}
	return 0;
}

void fixture_exit(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct vmi_error error = {};
	unsigned int i;

	f->fail = NULL;
	fixture_use(f, "builtin", &error);
	for (i = 0; i < ARRAY_SIZE(f->backend); i++) {
		if (fixture_entry(f, f->backend[i].name))
			vmi_table_unregister(&f->table, &f->backend[i]);
	}
}

int fixture_use(struct fixture *f, const char *name, struct vmi_error *error)
{
	int err;

	mutex_lock(&f->table.lock);
	err = vmi_switch(&f->table, name, "for a test", error);
	mutex_unlock(&f->table.lock);
	return err;
}

static int set_policy(struct fixture *f, const char *target,
		      const char *provider, struct vmi_error *error)
{
	struct vmi_policy policy = f->table.policy;
	vmi_opmask_t ops;
	int err;

	err = vmi_policy_find(target, &ops, error);
	if (!err && *provider)
		err = vmi_policy_check(&f->table, ops, provider, error);
	if (err)
		return err;
	vmi_policy_put(&policy, ops, provider);
	return vmi_policy_change(&f->table, &policy, error);
}

int fixture_policy(struct fixture *f, const char *target, const char *provider,
		   struct vmi_error *error)
{
	int err;

	error->kind = NULL;
	mutex_lock(&f->table.lock);
	err = set_policy(f, target, provider, error);
	mutex_unlock(&f->table.lock);
	return err;
}

struct vmi_entry *fixture_entry(struct fixture *f, const char *name)
{
	struct vmi_entry *entry;

	mutex_lock(&f->table.lock);
	entry = vmi_table_find(&f->table, name);
	mutex_unlock(&f->table.lock);
	return entry;
}

MODULE_DESCRIPTION("KUnit tests of the VMI core");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
