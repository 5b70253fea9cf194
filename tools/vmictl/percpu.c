// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmictl stats --per-cpu: the calls on each CPU. A CPU is a column, as in
 * /proc/interrupts; in JSON it is an object.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attrs.h"
#include "counters.h"
#include "kernel.h"
#include "out.h"
#include "percpu.h"

static json_t *object_of(const struct vmi_op_stats *stats)
{
	static const char *const keys[] = { "name", "calls", "counting",
					    "provider", "cpus" };
	json_t *all = attrs_object(&stats->object), *value;
	json_t *object = check_alloc(json_object());
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		value = json_object_get(all, keys[i]);
		if (value)
			json_put(object, keys[i], json_incref(value));
	}
	json_decref(all);
	return object;
}

static void print_json(const struct vmi_op_stats *all, const char *target)
{
	json_t *list = check_alloc(json_array());
	const struct vmi_op_stats *stats;

	vmi_for_each(stats, all)
		if (is_included(stats->group, stats->name, target))
			json_add(list, object_of(stats));
	out_document(list);
}

char *cpu_key(const struct vmi_cpu_calls *cpu)
{
	return make_text("CPU%" PRIu32, cpu->cpu);
}

static json_t *row_of(const struct vmi_op_stats *stats)
{
	json_t *row = object_of(stats);
	const struct vmi_cpu_calls *cpu;
	char *key;

	vmi_for_each(cpu, stats->cpus) {
		key = cpu_key(cpu);
		json_put(row, key, json_count(cpu->calls));
		free(key);
	}
	return row;
}

struct column *add_cpu_columns(const struct column *columns, size_t *count,
			       const struct vmi_op_stats *op)
{
	const size_t len = sizeof("CPU4294967295");
	const struct vmi_cpu_calls *cpu;
	struct column *all, *column;
	size_t cpus = count_cpus(op);
	char *title;

	/* The titles follow the columns in the same memory. */
	all = check_alloc(
		calloc(1, (*count + cpus) * sizeof(*all) + cpus * len));
	memcpy(all, columns, *count * sizeof(*all));
	column = all + *count;
	title = (char *)(column + cpus);
	vmi_for_each(cpu, op->cpus) {
		snprintf(title, len, "CPU%" PRIu32, cpu->cpu);
		column->key = column->title = title;
		column++->right = true;
		title += len;
	}
	*count += cpus;
	return all;
}

static void print_table(const struct vmi_op_stats *all, const char *target)
{
	static const struct column sums[] = {
		{ .title = "NAME", .key = "name" },
		{ .title = "CALLS", .key = "calls", .right = true },
	};
	json_t *rows = check_alloc(json_array());
	const struct vmi_op_stats *stats;
	struct column *columns;
	size_t count = sizeof(sums) / sizeof(*sums);

	if (all) {
		vmi_for_each(stats, all)
			if (is_included(stats->group, stats->name, target))
				json_add(rows, row_of(stats));
		columns = add_cpu_columns(sums, &count, all);
		out_table(rows, columns, count);
		free(columns);
	}
	json_decref(rows);
}

int show_per_cpu(const char *target)
{
	struct vmi_op_stats *stats;
	int ret;

	ret = list_counters(target, &stats);
	if (ret)
		return ret;
	if (out_is_json())
		print_json(stats, target);
	else
		print_table(stats, target);
	vmi_free(stats);
	return 0;
}
