// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmictl stats --per-cpu: which CPU made the calls. A CPU is a column, as in
 * /proc/interrupts; in JSON it is an object.
 */

#include <inttypes.h>
#include <stdlib.h>

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

static char *cpu_key(const struct vmi_cpu_calls *cpu)
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

/* All ops have the same CPUs. */
static struct column *columns_of(const struct vmi_op_stats *stats,
				 size_t *count)
{
	const struct vmi_cpu_calls *cpu;
	struct column *columns;
	size_t c = 0;

	*count = 2;
	vmi_for_each(cpu, stats->cpus)
		(*count)++;
	columns = check_alloc(calloc(*count, sizeof(*columns)));
	columns[c++] = (struct column){ .title = "NAME", .key = "name" };
	columns[c++] = (struct column){ .title = "CALLS",
					.key = "calls",
					.right = true };
	vmi_for_each(cpu, stats->cpus) {
		columns[c].key = columns[c].title = cpu_key(cpu);
		columns[c++].right = true;
	}
	return columns;
}

static void print_table(const struct vmi_op_stats *all, const char *target)
{
	json_t *rows = check_alloc(json_array());
	const struct vmi_op_stats *stats;
	struct column *columns;
	size_t count, c;

	if (all) {
		vmi_for_each(stats, all)
			if (is_included(stats->group, stats->name, target))
				json_add(rows, row_of(stats));
		columns = columns_of(all, &count);
		out_table(rows, columns, count);
		for (c = 2; c < count; c++)
			free((char *)columns[c].title);
		free(columns);
	}
	json_decref(rows);
}

int show_per_cpu(const char *target)
{
	struct vmi_op_stats *stats;
	struct vmi *vmi;
	int ret;

	ret = kernel_open(&vmi);
	if (!ret)
		ret = check_target_now(vmi, target);
	if (!ret)
		ret = kernel_result(vmi_list_stats(vmi, &stats));
	if (ret)
		return ret;
	if (out_is_json())
		print_json(stats, target);
	else
		print_table(stats, target);
	vmi_free(stats);
	return 0;
}
