// SPDX-License-Identifier: GPL-2.0-only
/*
 * The backend in a module's file, and those rules of the core that can be
 * checked there. Rules and sentences are those of validate.c in the kernel.
 */

#include <stdlib.h>
#include <string.h>

#include <linux/vmi.h>

/*
 * Include these by relative path: with their directory in the include path,
 * <linux/vmi.h> above would be the kernel's.
 */
#include "../../kernel/include/linux/vmi_file.h"
#include "../../kernel/include/linux/vmi_ops.h"

#include "backend_file.h"
#include "out.h"

#define POINTER_SIZE 8

enum group {
#define GROUP_ENUM(group, together) GROUP_##group,
	VMI_GROUPS(GROUP_ENUM) NR_GROUPS
};

static const bool moves_together[] = {
#define GROUP_TOGETHER(group, together) [GROUP_##group] = together,
	VMI_GROUPS(GROUP_TOGETHER)
};

enum op {
#define OP_ENUM(group, op, ...) OP_##group##_##op,
	VMI_OPS(OP_ENUM) NR_OPS
};

_Static_assert((int)NR_OPS <= MAX_BACKEND_OPS,
	       "more ops than there is room for");

static const struct {
	const char *name;
	enum group group;
} op_infos[] = {
#define OP_INFO(group, op, ...) { #group "." #op, GROUP_##group },
	VMI_OPS(OP_INFO)
};

static void read_ops(struct backend_file *backend,
		     const struct module_pointer *table)
{
	size_t op, count = backend->nr_ops < NR_OPS ? backend->nr_ops : NR_OPS;
	char last[POINTER_SIZE];

	backend->has_ops =
		table->set && !table->foreign && count &&
		module_file_is_constant(backend->file, table->section) &&
		module_file_read(backend->file, table->section,
				 table->offset + (count - 1) * POINTER_SIZE,
				 last, sizeof(last));
	for (op = 0; backend->has_ops && op < count; op++)
		backend->ops[op] =
			module_file_pointer(backend->file, table->section,
					    table->offset + op * POINTER_SIZE);
}

bool backend_file_read(const struct module_file *file,
		       struct backend_file *backend)
{
	size_t section = module_file_section(file, VMI_BACKEND_SECTION);
	struct module_pointer at = module_file_pointer(file, section, 0);
	struct module_pointer name, hypervisor, version, table;

#define READ(field, where)                                                \
	module_file_read(file, at.section, at.offset + (where), &(field), \
			 sizeof(field))
	memset(backend, 0, sizeof(*backend));
	backend->file = file;
	if (!section || !at.set || at.foreign ||
	    !READ(backend->api_major, VMI_AT_API_MAJOR) ||
	    !READ(backend->api_minor, VMI_AT_API_MINOR) ||
	    !READ(backend->size, VMI_AT_SIZE) ||
	    !READ(backend->nr_ops, VMI_AT_NR_OPS))
		return false;
#undef READ

	backend->known = backend->api_major == VMI_API_MAJOR;
	if (!backend->known)
		return true;
#define POINTER(where) \
	module_file_pointer(file, at.section, at.offset + (where))
	name = POINTER(VMI_AT_NAME);
	hypervisor = POINTER(VMI_AT_HYPERVISOR);
	version = POINTER(VMI_AT_VERSION);
	table = POINTER(VMI_AT_OPS);
	backend->detect = POINTER(VMI_AT_DETECT);
#undef POINTER
	backend->name = module_file_text(file, &name);
	backend->hypervisor = module_file_text(file, &hypervisor);
	backend->version = module_file_text(file, &version);
	backend->no_name = !name.set;
	backend->no_hypervisor = !hypervisor.set;
	backend->no_ops = !table.set;
	read_ops(backend, &table);
	return true;
}

static json_t *text_json(const char *text)
{
	return text ? json_clean(text, strlen(text)) : json_null();
}

static json_t *ops_json(const struct backend_file *backend)
{
	json_t *ops, *op_json;
	size_t op;

	if (!backend->has_ops)
		return json_null();
	ops = check_alloc(json_array());
	for (op = 0; op < NR_OPS; op++) {
		if (!backend->ops[op].set)
			continue;
		op_json = check_alloc(json_object());
		json_put(op_json, "name", json_string(op_infos[op].name));
		json_put(op_json, "function",
			 text_json(backend->ops[op].symbol));
		json_add(ops, op_json);
	}
	return ops;
}

json_t *backend_file_json(const struct backend_file *backend)
{
	json_t *api = check_alloc(json_object());
	json_t *json = check_alloc(json_object());

	json_put(api, "major", json_integer(backend->api_major));
	json_put(api, "minor", json_integer(backend->api_minor));
	json_put(json, "name", text_json(backend->name));
	json_put(json, "hypervisor", text_json(backend->hypervisor));
	json_put(json, "version", text_json(backend->version));
	json_put(json, "api", api);
	json_put(json, "ops", ops_json(backend));
	return json;
}

static void add_reason(json_t *reasons, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add_reason(json_t *reasons, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = vmake_text(format, args);
	va_end(args);
	json_add(reasons, json_clean(text, strlen(text)));
	free(text);
}

static void check_api(const struct backend_file *backend,
		      const struct core_api *core, json_t *reasons)
{
	const char *which = NULL;

	if (!core->known)
		return;
	if (backend->api_major != core->major)
		which = "the major version must be equal";
	else if (backend->api_minor > core->minor)
		which = "the minor version must not be newer";
	if (which)
		add_reason(reasons,
			   "the backend has API %u.%u, the core has %u.%u: %s",
			   backend->api_major, backend->api_minor, core->major,
			   core->minor, which);
}

/* Sizes are known here only for the minor version that this program has. */
static void check_sizes(const struct backend_file *backend, json_t *reasons)
{
	if (backend->api_minor != VMI_API_MINOR)
		return;
	if (backend->size != VMI_BACKEND_SIZE)
		add_reason(
			reasons,
			"struct vmi_backend has %s%u bytes in the backend and %u in the core",
			backend->size < VMI_BACKEND_SIZE ? "only " : "",
			backend->size, VMI_BACKEND_SIZE);
	if (!backend->nr_ops || backend->nr_ops > NR_OPS)
		add_reason(reasons, "the backend has %u ops, the core has %u",
			   backend->nr_ops, NR_OPS);
}

static bool is_valid_name(const char *name)
{
	size_t len = strlen(name);

	return name[0] >= 'a' && name[0] <= 'z' && len <= VMI_NAME_LEN &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == len;
}

static bool is_reserved_name(const char *name)
{
	static const char *const words[] = { "auto", "native", "builtin",
					     "stats", "histograms" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(words[i], name))
			return true;
	return false;
}

static void check_names(const struct backend_file *backend, json_t *reasons)
{
	const char *name = backend->name;

	if (backend->no_name || (name && !is_valid_name(name)))
		add_reason(
			reasons,
			"the backend's name must be a lower-case letter, then up to %d of these, digits, dashes or dots",
			VMI_NAME_LEN - 1);
	if (!name)
		return;
	if (is_reserved_name(name))
		add_reason(reasons, "the name '%s' has a meaning of its own",
			   name);
	if (backend->no_hypervisor)
		add_reason(reasons, "backend '%s' does not name its hypervisor",
			   name);
}

static void check_groups(const struct backend_file *backend, json_t *reasons)
{
	int missing[NR_GROUPS], present[NR_GROUPS], group, op;
	bool any = false;

	memset(missing, -1, sizeof(missing));
	memset(present, -1, sizeof(present));
	/* The first of each kind stays, as in the kernel. */
	for (op = NR_OPS - 1; op >= 0; op--) {
		if (backend->ops[op].set)
			present[op_infos[op].group] = op;
		else
			missing[op_infos[op].group] = op;
		any |= backend->ops[op].set;
	}
	if (!any)
		add_reason(reasons, "backend '%s' implements no op",
			   backend->name);
	for (group = 0; group < NR_GROUPS; group++)
		if (moves_together[group] && present[group] >= 0 &&
		    missing[group] >= 0)
			add_reason(
				reasons,
				"backend '%s' has %s but not %s: the group moves together",
				backend->name, op_infos[present[group]].name,
				op_infos[missing[group]].name);
}

/*
 * Return whether an op points to the kernel's helper for it, which a backend
 * may bind instead of its own code.
 */
static bool is_helper(enum op op, const struct module_pointer *pointer)
{
	const char *helper = NULL;

	if (op == OP_lock_slowpath)
		helper = "vmi_pv_lock_slowpath";
	else if (op == OP_lock_unlock)
		helper = "__raw_callee_save_vmi_pv_lock_unlock";
	return helper && pointer->set && pointer->foreign && pointer->symbol &&
	       !strcmp(pointer->symbol, helper);
}

static bool in_own_text(const struct backend_file *backend,
			const struct module_pointer *pointer)
{
	return !pointer->foreign &&
	       module_file_is_text(backend->file, pointer->section);
}

static void check_text(const struct backend_file *backend, json_t *reasons)
{
	const struct module_pointer *ops = backend->ops;
	int op;

	for (op = 0; op < NR_OPS; op++)
		if (ops[op].set && !is_helper(op, &ops[op]) &&
		    !in_own_text(backend, &ops[op]))
			add_reason(
				reasons,
				"%s of backend '%s' points outside its own text",
				op_infos[op].name, backend->name);
	if (is_helper(OP_lock_slowpath, &ops[OP_lock_slowpath]) !=
	    is_helper(OP_lock_unlock, &ops[OP_lock_unlock]))
		add_reason(
			reasons,
			"backend '%s' has only one of the helpers for lock.slowpath and lock.unlock",
			backend->name);
}

void backend_file_check(const struct backend_file *backend,
			const struct core_api *core, json_t *reasons)
{
	check_api(backend, core, reasons);
	if (!backend->known)
		return;
	check_sizes(backend, reasons);
	check_names(backend, reasons);
	if (!backend->name)
		return;
	if (backend->no_ops)
		add_reason(reasons, "backend '%s' has no table of ops",
			   backend->name);
	if (backend->has_ops) {
		check_groups(backend, reasons);
		check_text(backend, reasons);
	}
	if (!backend->detect.set)
		add_reason(reasons, "backend '%s' has no detect()",
			   backend->name);
	else if (!in_own_text(backend, &backend->detect))
		add_reason(
			reasons,
			"detect() of backend '%s' points outside its own text",
			backend->name);
}
