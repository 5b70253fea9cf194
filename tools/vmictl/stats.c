// SPDX-License-Identifier: GPL-2.0-only
/* vmictl stats: the call counters, and the switch that makes them count. */

#include <errno.h>
#include <string.h>

#include "attrs.h"
#include "counters.h"
#include "histogram.h"
#include "kernel.h"
#include "openmetrics.h"
#include "options.h"
#include "out.h"
#include "percpu.h"
#include "vmictl.h"
#include "watch.h"
#include "words.h"

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

static json_t *counters_of(const struct vmi_op *op)
{
	json_t *all = attrs_object(&op->object), *value;
	json_t *counters = check_alloc(json_object());
	size_t c;

	for (c = 0; c < COLUMNS; c++) {
		value = json_object_get(all, columns[c].key);
		if (value)
			json_put(counters, columns[c].key, json_incref(value));
	}
	json_decref(all);
	return counters;
}

static void print(const struct vmi_op *ops, const char *target)
{
	json_t *rows = check_alloc(json_array());
	const struct vmi_op *op;

	vmi_for_each(op, ops)
		if (is_selected(op, target))
			json_add(rows, counters_of(op));
	out_rows(rows, columns, COLUMNS);
}

static int show(const char *target)
{
	struct vmi_op *ops;
	struct vmi *vmi;
	int ret;

	ret = kernel_open(&vmi);
	if (!ret)
		ret = kernel_result(vmi_list_ops(vmi, &ops));
	if (ret)
		return ret;

	ret = check_target(ops, target);
	if (!ret)
		print(ops, target);
	vmi_free(ops);
	return ret;
}

static int set(enum vmi_stats_action action, const char *target)
{
	bool on = action == VMI_STATS_ACTION_ON;
	struct vmi *vmi;
	int ret, err;

	ret = kernel_open(&vmi);
	if (ret)
		return ret;
	if (options_get()->given & OPTION_HISTOGRAM)
		err = vmi_set_histograms(vmi, on, target);
	else
		err = vmi_set_stats(vmi, action, target);
	if (err == -ENOENT)
		ret = report_unknown_target(vmi, "", target);
	else
		ret = kernel_result(err);
	if (!ret)
		out_done();
	return ret;
}

static int check_action_options(const char *command, int action)
{
	unsigned int given = options_get()->given;

	if (action == VMI_STATS_ACTION_RESET && given)
		return usage_error(command, "%s has no options",
				   actions[action]);
	if (given & ~OPTION_HISTOGRAM)
		return usage_error(command, "%s has no option but --histogram",
				   actions[action]);
	return 0;
}

/* Check the options of stats without an action. */
static int check_options(const char *command)
{
	unsigned int given = options_get()->given;

	if (given & OPTION_COUNT && !(given & OPTION_INTERVAL))
		return usage_error(command, "--count needs --interval");
	if (given & OPTION_FORMAT && (given != OPTION_FORMAT || out_is_json()))
		return usage_error(
			command,
			"--format goes with neither another option nor JSON");
	if (given & OPTION_HISTOGRAM && given != OPTION_HISTOGRAM)
		return usage_error(command,
				   "--histogram goes with no other option");
	return 0;
}

static int run(int action, const char *target)
{
	const struct options *options = options_get();

	if (action >= 0)
		return set((enum vmi_stats_action)action, target);
	if (options->given & OPTION_INTERVAL)
		return watch_counters(target, options);
	if (options->given & OPTION_FORMAT)
		return openmetrics(target);
	if (options->given & OPTION_PER_CPU)
		return show_per_cpu(target);
	if (options->given & OPTION_HISTOGRAM)
		return show_histograms(target);
	return show(target);
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
	if (action >= 0)
		ret = check_action_options(argv[0], action);
	else
		ret = check_options(argv[0]);
	if (!ret && target)
		ret = check_name(argv[0], target);
	return ret ? ret : run(action, target);
}
