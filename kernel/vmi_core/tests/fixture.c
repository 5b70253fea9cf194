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

static bool should_fail(const char *callback, const struct vmi_backend *backend)
{
	const char *word = current_fixture->fail;
	size_t len = strlen(callback), rest;

	for (; word && *word; word += strspn(word, " ")) {
		rest = strcspn(word, " ");
		if (!strncmp(word, callback, len) &&
		    (rest == len ||
		     (word[len] == ':' &&
		      rest - len - 1 == strlen(backend->name) &&
		      !strncmp(word + len + 1, backend->name, rest - len - 1)))) {
			if (current_fixture->fail_once)
				current_fixture->fail = NULL;
			return true;
		}
		word += rest;
	}
	return false;
}

static bool called(const char *callback, const struct vmi_backend *backend)
{
	note("%s:%s ", callback, backend->name);
	return should_fail(callback, backend);
}

/* Ops whose addresses differ, one for each provider. */
static void native_op(void)
{
}

static void builtin_op(void)
{
	barrier();
}

static void one_op(void)
{
	barrier_data(&current_fixture->backend[0]);
}

static void two_op(void)
{
	barrier_data(&current_fixture->backend[1]);
}

static const char *name_of(void *func)
{
	if (func == native_op)
		return "native";
	if (func == builtin_op)
		return "builtin";
	if (func == one_op)
		return "one";
	return func == two_op ? "two" : "?";
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
	return called("online", entry->backend) ? -EIO : 0;
}

static void fake_cpus_offline(struct vmi_entry *entry)
{
	called("offline", entry->backend);
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
	return should_fail("detect", backend) ? -ENODEV : 0;
}

static int backend_init(struct vmi_backend *backend, vmi_opmask_t ops)
{
	current_fixture->inited[backend - current_fixture->backend] = ops;
	current_fixture->refs_at_init = fixture_refs();
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
		vmi_set_op(&f->ops[0], op, one_op);
		vmi_set_op(&f->ops[1], op, two_op);
	}
	f->table.bound = f->table.builtin;
	f->table.builtin_name = "fake guest code";

	for (i = 0; i < ARRAY_SIZE(f->backend); i++) {
		f->backend[i] = (struct vmi_backend) {
			VMI_BACKEND_HEADER(names[i], "Test"),
			.ops	 = &f->ops[i],
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
	fixture_policy(f, NULL, "", &error);
	fixture_use(f, "builtin", &error);
	for (i = 0; i < ARRAY_SIZE(f->backend); i++) {
		if (fixture_entry(f, f->backend[i].name))
			vmi_table_unregister(&f->table, &f->backend[i]);
	}
}

void fixture_keep_ops(struct fixture *f, vmi_opmask_t ops)
{
	enum vmi_op op;

	for_each_vmi_op_in(op, ~ops) {
		vmi_set_op(&f->ops[0], op, NULL);
		vmi_set_op(&f->ops[1], op, NULL);
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
	vmi_opmask_t ops = ~0ULL;
	int err = 0;

	if (target)
		err = vmi_policy_find(target, &ops, error);
	if (!err && *provider)
		err = vmi_policy_check(&f->table, ops, provider, error);
	if (err)
		return err;
	vmi_policy_put(&policy, ops, provider);
	return vmi_policy_change(&f->table, &policy, ops, error);
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

const char *fixture_provider(struct fixture *f, enum vmi_op op)
{
	const char *name;

	mutex_lock(&f->table.lock);
	name = vmi_provider_name(&f->table, op);
	mutex_unlock(&f->table.lock);
	/* What it is said to be bound to is also what is entered. */
	return strcmp(name_of(vmi_get_op(&f->table.bound, op)), name) ?
	       "another one than is entered" : name;
}

const char *fixture_policy_reason(struct fixture *f, vmi_opmask_t ops,
				  enum vmi_op *lacking)
{
	const char *reason;

	mutex_lock(&f->table.lock);
	reason = vmi_policy_reason(&f->table, ops, lacking);
	mutex_unlock(&f->table.lock);
	return reason;
}

const char *fixture_unbound_reason(struct fixture *f, const char *name,
				   enum vmi_op op)
{
	const char *reason;

	mutex_lock(&f->table.lock);
	reason = vmi_unbound_reason(&f->table, vmi_table_find(&f->table, name),
				    op);
	mutex_unlock(&f->table.lock);
	return reason;
}

MODULE_DESCRIPTION("KUnit tests of the VMI core");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
