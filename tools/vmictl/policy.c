// SPDX-License-Identifier: GPL-2.0-only
/* vmictl policy: override the default provider for an op or a group. */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "out.h"
#include "policy_file.h"
#include "vmictl.h"
#include "words.h"

/*
 * Store whether all ops of the group of @op have the same policy. The group then
 * has a single line, that of its first op. Return whether @op has a line.
 */
static bool has_line(const struct vmi_op *ops, const struct vmi_op *op,
		     bool *whole)
{
	const struct vmi_op *other, *first = NULL;

	*whole = true;
	vmi_for_each(other, ops) {
		if (strcmp(other->group, op->group))
			continue;
		first = first ?: other;
		if (strcmp(other->policy, op->policy))
			*whole = false;
	}
	return strcmp(op->policy, "default") && (!*whole || op == first);
}

static json_t *new_row(const char *target, const char *provider)
{
	json_t *row = check_alloc(json_object());

	json_put(row, "target", json_clean(target, strlen(target)));
	json_put(row, "provider", json_clean(provider, strlen(provider)));
	return row;
}

static json_t *policy_rows(const struct vmi_op *ops)
{
	json_t *rows = check_alloc(json_array());
	const struct vmi_op *op;
	bool whole;

	vmi_for_each(op, ops)
		if (has_line(ops, op, &whole))
			json_add(rows, new_row(whole ? op->group : op->name,
					       op->policy));
	return rows;
}

/* Print a policy as a line that vmictl policy load accepts. */
static void print_policy(const json_t *policy)
{
	printf("%s %s\n", json_string_value(json_object_get(policy, "target")),
	       json_string_value(json_object_get(policy, "provider")));
}

static int show(int argc, char **argv)
{
	struct vmi_op *ops;
	struct vmi *vmi;
	json_t *rows;
	size_t i;
	int ret;

	if (argc > 2)
		return usage_error(argv[0], "unexpected word '%s'", argv[2]);
	ret = kernel_open(&vmi);
	if (!ret)
		ret = kernel_result(vmi_list_ops(vmi, &ops));
	if (ret)
		return ret;
	rows = policy_rows(ops);
	vmi_free(ops);
	if (out_is_json()) {
		out_document(rows);
		return 0;
	}
	for (i = 0; i < json_array_size(rows); i++)
		print_policy(json_array_get(rows, i));
	json_decref(rows);
	return 0;
}

/* @target is NULL for all ops. */
static int apply(const char *command, const char *target, const char *provider)
{
	const struct vmi_policy_entry entry = { target, provider };
	struct vmi *vmi;
	int ret, err;

	ret = target ? check_name(command, target) : 0;
	if (!ret)
		ret = check_name(command, provider);
	if (!ret)
		ret = kernel_open(&vmi);
	if (ret)
		return ret;
	err = vmi_set_policy(vmi, &entry, 1);
	if (err == -ENOENT)
		return report_unknown_target(vmi, "", target);
	ret = kernel_result(err);
	if (!ret)
		out_done();
	return ret;
}

static int set(int argc, char **argv)
{
	if (argc != 4)
		return usage_error(
			argv[0],
			"set takes a group or an op, and native, builtin or default");
	return apply(argv[0], argv[2], argv[3]);
}

static int clear(int argc, char **argv)
{
	if (argc > 3)
		return usage_error(argv[0], "clear takes one group or op");
	return apply(argv[0], argv[2], "default");
}

static int set_all(const struct policy_file *file, const char *path)
{
	struct vmi *vmi;
	int entry, err, ret;
	char *where;

	err = kernel_open(&vmi);
	if (err || !file->count)
		return err;
	err = vmi_set_policy(vmi, file->entries, file->count);
	entry = vmi_refused_entry(vmi);
	if (!err || entry < 0)
		return kernel_result(err);
	where = make_text("%s:%zu: ", path, file->lines[entry]);
	if (err == -ENOENT)
		ret = report_unknown_target(vmi, where,
					    file->entries[entry].target);
	else
		ret = out_error(VMI_EXIT_REFUSED, "%s%s", where,
				vmi_strerror(vmi));
	free(where);
	return ret;
}

static int load(int argc, char **argv)
{
	const char *path = argc > 2 ? argv[2] : POLICY_FILE;
	struct policy_file file;
	int ret;

	if (argc > 3)
		return usage_error(argv[0], "load takes one file");
	ret = policy_file_read(path, &file);
	if (ret)
		return ret;
	ret = set_all(&file, path);
	policy_file_free(&file);
	if (!ret)
		out_done();
	return ret;
}

int cmd_policy(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} actions[] = {
		{ "show", show },
		{ "set", set },
		{ "clear", clear },
		{ "load", load },
	};
	size_t i;

	if (argc == 1)
		return show(argc, argv);
	for (i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (!strcmp(argv[1], actions[i].name))
			return actions[i].run(argc, argv);
	return usage_error(argv[0],
			   "unknown action '%s' (use show, set, clear or load)",
			   argv[1]);
}
