// SPDX-License-Identifier: GPL-2.0-only

#include <linux/cleanup.h>
#include <linux/kconfig.h>
#include <linux/module.h>
#include <linux/string.h>

#include "fixture.h"

#define LINE_LEN	320

/* Callbacks of the core have no argument to find it by; tests run one by one. */
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

static void note_ops(vmi_opmask_t ops)
{
	enum vmi_op op;

	for_each_vmi_op_in(op, ops) {
		strlcat(current_fixture->log, vmi_op_infos[op].name, LOG_LEN);
		if (ops >> op > 1)
			strlcat(current_fixture->log, ",", LOG_LEN);
	}
}

static bool should_fail(const char *callback, const struct vmi_backend *backend)
{
	struct fixture *f = current_fixture;
	char full[32], words[sizeof(f->fail)], *rest = words;
	const char *word;

	snprintf(full, sizeof(full), "%s:%s", callback, backend->name);
	strscpy(words, f->fail);
	while ((word = strsep(&rest, " "))) {
		if (strcmp(word, callback) && strcmp(word, full))
			continue;
		if (f->fail_once)
			f->fail[0] = '\0';
		return true;
	}
	return false;
}

static bool called(const char *callback, const struct vmi_backend *backend)
{
	note("%s:%s", callback, backend->name);
	return should_fail(callback, backend);
}

/* Ops whose addresses differ, one for each provider. */
#define FAKE_OP(name, n)						\
static void name##_op(void)						\
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

static void fake_quiesce(void)
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

/* Tests that are built in have no module that could be held. */
static unsigned int module_refs(void)
{
	return IS_MODULE(CONFIG_VMI_KUNIT_TEST) ? module_refcount(THIS_MODULE) : 0;
}

static int backend_detect(struct vmi_backend *backend, char *evidence)
{
	strscpy(evidence, "seen by a test", VMI_EVIDENCE_LEN);
	return should_fail("detect", backend) ? -ENODEV : 0;
}

static int backend_init(struct vmi_backend *backend, vmi_opmask_t ops)
{
	struct fixture *f = current_fixture;

	f->inited[backend - f->backend] = ops;
	f->refs_at_init = module_refs() - f->refs;
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
	f->refs = module_refs();

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

void fixture_keep_ops(struct fixture *f, vmi_opmask_t ops)
{
	enum vmi_op op;

	for_each_vmi_op_in(op, ~ops) {
		vmi_set_op(&f->ops[0], op, NULL);
		vmi_set_op(&f->ops[1], op, NULL);
	}
}

struct vmi_entry *fixture_entry(struct fixture *f, const char *name)
{
	guard(mutex)(&f->table.lock);
	return vmi_table_find(&f->table, name);
}

static struct vmi_backend *backend_of(struct fixture *f, const char *name)
{
	return &f->backend[strcmp(name, "one") ? 1 : 0];
}

static int run_load(struct fixture *f, char *names)
{
	const char *name;
	int err = 0;

	while (!err && (name = strsep(&names, " ")))
		err = vmi_table_register(&f->table, backend_of(f, name));
	return err;
}

static int run_unload(struct fixture *f, char *name)
{
	vmi_table_unregister(&f->table, backend_of(f, name));
	return 0;
}

static int run_use(struct fixture *f, char *names)
{
	const char *name;
	int err = 0;

	f->error.kind = NULL;
	guard(mutex)(&f->table.lock);
	while (!err && (name = strsep(&names, " ")))
		err = vmi_switch(&f->table, name, "for a test", &f->error);
	return err;
}

static int run_set(struct fixture *f, char *words)
{
	struct vmi_policy policy = f->table.policy;
	const char *target, *provider;
	vmi_opmask_t ops, about = 0;
	int err = 0;

	f->error.kind = NULL;
	guard(mutex)(&f->table.lock);
	while ((target = strsep(&words, " "))) {
		provider = strsep(&words, " ");
		if (!strcmp(provider, "none"))
			provider = "";
		ops = ALL_OPS;
		if (strcmp(target, "all"))
			err = vmi_policy_find(target, &ops, &f->error);
		if (!err && *provider)
			err = vmi_policy_check(&f->table, ops, provider, &f->error);
		if (err)
			return err;
		vmi_policy_put(&policy, ops, provider);
		about |= ops;
	}
	return vmi_policy_change(&f->table, &policy, about, &f->error);
}

static int run_boot(struct fixture *f, char *words)
{
	vmi_opmask_t ops = vmi_ops_find(strsep(&words, " "));

	vmi_policy_put(&f->table.policy, ops, words);
	return 0;
}

static int run_choose(struct fixture *f, char *name)
{
	guard(mutex)(&f->table.lock);
	vmi_policy_met(&f->table, vmi_table_find(&f->table, name));
	return 0;
}

static int run_fail(struct fixture *f, char *words)
{
	size_t skip = words ? str_has_prefix(words, "once ") : 0;

	f->fail_once = skip;
	strscpy(f->fail, words ? words + skip : "");
	return 0;
}

static int run_hypervisors(struct fixture *f, char *how)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(f->backend); i++)
		f->backend[i].signature = strcmp(how, "differ") ? "same" :
					  f->backend[i].name;
	return 0;
}

static int run_table(struct fixture *f, char *words)
{
	const char *name = strsep(&words, " ");
	struct vmi_table *table = &f->table;

	if (!strcmp(name, "barred"))
		table->barred = vmi_ops_find(words);
	else if (!strcmp(name, "inlined"))
		table->inlined = vmi_ops_find(words);
	else if (!strcmp(name, "undecided"))
		table->undecided = !strcmp(words, "on");
	else if (!strcmp(name, "native_invalid"))
		table->native_invalid = !strcmp(words, "on");
	else if (!strcmp(name, "closed"))
		table->closed = !strcmp(words, "on");
	else
		return -EINVAL;
	return 0;
}

static int run_loading(struct fixture *f, char *words)
{
	struct vmi_entry *entry = fixture_entry(f, strsep(&words, " "));

	entry->loading = !strcmp(words, "on");
	return 0;
}

struct command {
	const char	*name;
	int		(*run)(struct fixture *f, char *words);
};

static const struct command *find_command(const char *name)
{
#define COMMAND(name)	{ #name, run_##name }
	static const struct command commands[] = {
		COMMAND(load), COMMAND(unload), COMMAND(use), COMMAND(set),
		COMMAND(boot), COMMAND(choose), COMMAND(fail), COMMAND(hypervisors),
		COMMAND(table), COMMAND(loading),
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	return NULL;
}

static const char *error_name(int err)
{
	switch (err) {
	case -EBUSY: return "-EBUSY";
	case -EEXIST: return "-EEXIST";
	case -EINVAL: return "-EINVAL";
	case -EIO: return "-EIO";
	case -ENODEV: return "-ENODEV";
	case -ENOENT: return "-ENOENT";
	case -ENOMEM: return "-ENOMEM";
	case -EOPNOTSUPP: return "-EOPNOTSUPP";
	case -ESHUTDOWN: return "-ESHUTDOWN";
	default: return "an error that no test expects";
	}
}

static void answer(const char *text)
{
	if (text && *text)
		note("%s", text);
}

static const char *provider_of(struct fixture *f, enum vmi_op op)
{
	const char *name;

	guard(mutex)(&f->table.lock);
	name = vmi_provider_name(&f->table, op);
	/* The provider that the table names must be the one that is entered. */
	return strcmp(name_of(vmi_get_op(&f->table.bound, op)), name) ?
	       "another one than is entered" : name;
}

static void answer_why(struct fixture *f, const char *target)
{
	enum vmi_op lacking;
	const char *reason;

	guard(mutex)(&f->table.lock);
	reason = vmi_policy_reason(&f->table, vmi_ops_find(target), &lacking);
	if (lacking != VMI_NR_OPS)
		note("%s:", vmi_op_infos[lacking].name);
	answer(reason);
}

static void answer_unbound(struct fixture *f, char *op)
{
	const char *name = strsep(&op, " ");

	guard(mutex)(&f->table.lock);
	answer(vmi_unbound_reason(&f->table, vmi_table_find(&f->table, name),
				  vmi_op_find(op)));
}

static const struct vmi_entry *entry_of(struct kunit *test, const char *name)
{
	const struct vmi_entry *entry = fixture_entry(test->priv, name);

	KUNIT_ASSERT_NOT_NULL_MSG(test, entry, "nothing is named '%s'", name);
	return entry;
}

static const struct vmi_error *error_of(struct kunit *test, const char *where)
{
	struct fixture *f = test->priv;

	if (!strcmp(where, "request"))
		return &f->error;
	return strcmp(where, "table") ? &entry_of(test, where)->error : &f->table.error;
}

/* Write the answer to a question into the log. */
static void ask(struct kunit *test, const char *name, char *argument)
{
	struct fixture *f = test->priv;

	f->log[0] = '\0';
	if (!strcmp(name, "active"))
		answer(vmi_active_name(&f->table));
	else if (!strcmp(name, "choice"))
		answer(f->table.choice);
	else if (!strcmp(name, "switches"))
		note("%llu", f->table.switches);
	else if (!strcmp(name, "policy"))
		answer(f->table.policy.provider[vmi_op_find(argument)]);
	else if (!strcmp(name, "why"))
		answer_why(f, argument);
	else if (!strcmp(name, "unbound"))
		answer_unbound(f, argument);
	else if (!strcmp(name, "prepared"))
		note_ops(f->inited[backend_of(f, argument) - f->backend]);
	else if (!strcmp(name, "told"))
		note_ops(f->told);
	else if (!strcmp(name, "kind"))
		answer(error_of(test, argument)->kind);
	else if (!strcmp(name, "message"))
		answer(error_of(test, argument)->message);
	else if (!strcmp(name, "refs"))
		note("%u", argument ? f->refs_at_init : module_refs() - f->refs);
	else if (vmi_op_find(name) >= 0)
		answer(provider_of(f, vmi_op_find(name)));
	else
		answer(vmi_state_names[entry_of(test, name)->state]);
}

static const char *output(const struct fixture *f)
{
	return f->log[0] ? f->log : "nothing";
}

static void check_facts(struct kunit *test, const char *line, char *facts)
{
	struct fixture *f = test->priv;
	const char *name;
	char *wanted, *argument;

	while ((wanted = strsep(&facts, " "))) {
		argument = strsep(&wanted, "=");
		name = strsep(&argument, ":");
		ask(test, name, argument);
		if (strcmp(name, "refs") || IS_MODULE(CONFIG_VMI_KUNIT_TEST))
			KUNIT_EXPECT_STREQ_MSG(test, output(f), wanted, "%s %s in '%s'",
					       name, argument ?: "", line);
	}
}

static int run_command(struct fixture *f, const struct command *command,
		       char *words)
{
	int err;

	f->log[0] = '\0';
	f->told = 0;
	err = command->run(f, words);
	if (err)
		note("%s", error_name(err));
	return err;
}

static void run_line(struct kunit *test, const char *line, char *words,
		     const char *wanted)
{
	const char *name = strsep(&words, " ");
	const struct command *command = find_command(name);
	int err = 0;

	if (command)
		err = run_command(test->priv, command, words);
	else
		ask(test, name, words);
	if (wanted)
		KUNIT_EXPECT_STREQ_MSG(test, output(test->priv), wanted, "'%s'", line);
	else
		KUNIT_ASSERT_EQ_MSG(test, err, 0, "'%s'", line);
}

void fixture_run(struct kunit *test, const char *const *lines)
{
	static const char arrow[] = " -> ";
	char line[LINE_LEN], *wanted;

	for (; *lines; lines++) {
		KUNIT_ASSERT_GT(test, strscpy(line, *lines), 0);
		strreplace(line, '\n', ' ');
		wanted = strstr(line, arrow);
		if (wanted) {
			*wanted = '\0';
			run_line(test, *lines, line, wanted + strlen(arrow));
		} else if (strchr(line, '=')) {
			check_facts(test, *lines, line);
		} else {
			run_line(test, *lines, line, NULL);
		}
	}
}

void transcript(struct kunit *test)
{
	const struct transcript *param = test->param_value;

	fixture_keep_ops(test->priv, param->ops);
	fixture_run(test, param->lines);
}

void fixture_exit(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int i;

	f->table.closed = false;
	RUN(test, "fail", "set all none", "use builtin");
	for (i = 0; i < ARRAY_SIZE(f->backend); i++) {
		if (fixture_entry(f, f->backend[i].name))
			vmi_table_unregister(&f->table, &f->backend[i]);
	}
}

MODULE_DESCRIPTION("KUnit tests of the VMI core");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
