// SPDX-License-Identifier: GPL-2.0-only
/* vmictl stats: the call counters, and the switch that makes them count. */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "attrs.h"
#include "kernel.h"
#include "out.h"
#include "vmictl.h"

static const struct column columns[] = {
	{ .title = "NAME", .key = "name" },
	{ .title = "CALLS", .key = "calls", .right = true },
	{ .title = "COUNTING", .key = "counting" },
	{ .title = "PROVIDER", .key = "provider" },
};

#define COLUMNS (sizeof(columns) / sizeof(*columns))

static const char *const actions[] = {
	[VMI_STATS_ACTION_OFF] = "off",
	[VMI_STATS_ACTION_ON] = "on",
	[VMI_STATS_ACTION_RESET] = "reset",
};

static int find_action(const char *word)
{
	int i;

	for (i = 0; i < (int)(sizeof(actions) / sizeof(*actions)); i++)
		if (!strcmp(word, actions[i]))
			return i;
	return -1;
}

static const char *string_of(const json_t *op, const char *key)
{
	return json_string_value(json_object_get(op, key)) ?: "";
}

static bool selected(const json_t *op, const char *target)
{
	return !target || !strcmp(string_of(op, "group"), target) ||
	       !strcmp(string_of(op, "name"), target);
}

static json_t *counters_of(const json_t *op)
{
	json_t *counters = check_alloc(json_object()), *value;
	size_t c;

	for (c = 0; c < COLUMNS; c++) {
		value = json_object_get(op, columns[c].key);
		if (value)
			json_put(counters, columns[c].key, json_incref(value));
	}
	return counters;
}

static int unknown_target(const json_t *ops, const char *target)
{
	json_t *groups = check_alloc(json_object());
	char *text = check_alloc(strdup(""));
	const char *group;
	const json_t *op;
	json_t *value;
	size_t i;
	int ret;

	/* Keys of an object: each group once, in the order of the kernel. */
	json_array_foreach(ops, i, op)
		json_put(groups, string_of(op, "group"), json_null());
	json_object_foreach(groups, group, value)
		text = append_word(text, group);
	ret = out_error(VMI_EXIT_REFUSED,
			"unknown group or op '%s' (groups: %s)", target, text);
	free(text);
	json_decref(groups);
	return ret;
}

static int show(const char *target)
{
	struct vmi_op *list;
	json_t *rows, *ops;
	const json_t *op;
	struct vmi *vmi;
	size_t i;
	int ret;

	ret = kernel_open(&vmi);
	if (!ret)
		ret = kernel_result(vmi_list_ops(vmi, &list));
	if (ret)
		return ret;

	ops = attrs_rows(list);
	rows = check_alloc(json_array());
	json_array_foreach(ops, i, op)
		if (selected(op, target))
			json_add(rows, counters_of(op));
	if (target && !json_array_size(rows)) {
		ret = unknown_target(ops, target);
		json_decref(rows);
	} else {
		out_rows(rows, columns, COLUMNS);
	}
	json_decref(ops);
	return ret;
}

static int set(enum vmi_stats_action action, const char *target)
{
	struct vmi *vmi;
	int ret;

	ret = kernel_open(&vmi);
	if (!ret)
		ret = kernel_result(vmi_set_stats(vmi, action, target));
	if (!ret)
		out_done();
	return ret;
}

int cmd_stats(int argc, char **argv)
{
	const char *target = NULL;
	int action = -1;
	int ret;

	if (argc > 3)
		return usage_error(argv[0], "too many words");
	if (argc > 1)
		action = find_action(argv[1]);
	if (argc == 3 && action < 0)
		return usage_error(argv[0],
				   "unknown action '%s' (use on, off or reset)",
				   argv[1]);
	if (argc == 3 || (argc == 2 && action < 0))
		target = argv[argc - 1];
	if (target) {
		ret = check_name(argv[0], target);
		if (ret)
			return ret;
	}
	return action < 0 ? show(target) :
			    set((enum vmi_stats_action)action, target);
}
