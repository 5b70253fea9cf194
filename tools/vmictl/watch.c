// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmictl stats --interval, and vmictl top without a terminal: print readings.
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "attrs.h"
#include "counters.h"
#include "kernel.h"
#include "out.h"
#include "percpu.h"
#include "timestamp.h"
#include "wait.h"
#include "watch.h"

static const struct column columns[] = {
	{ .title = "NAME", .key = "name" },
	{ .title = "CALLS", .key = "calls", .right = true },
	{ .title = "DELTA", .key = "delta", .right = true },
	{ .title = "RATE/S", .key = "rate", .right = true },
	{ .title = "CYCLES", .key = "cycles", .right = true },
	{ .title = "COUNTING", .key = "counting" },
	{ .title = "PROVIDER", .key = "provider" },
};

#define COLUMNS (sizeof(columns) / sizeof(*columns))

/* Columns in front of the CPUs, if each CPU has a column. */
static const struct column sums[] = {
	{ .title = "NAME", .key = "name" },
	{ .title = "RATE/S", .key = "rate", .right = true },
};

#define SUMS (sizeof(sums) / sizeof(*sums))

struct watch {
	const char *target;
	/* List of ops in which the target is looked up. */
	struct vmi_op *ops;
	bool per_cpu;
	struct reading last;
	struct reading before;
	unsigned long printed;
};

static void put_change(json_t *object, const struct change *change)
{
	if (change->known) {
		json_put(object, "delta", json_count(change->calls));
		json_put(object, "rate", json_real(change->rate));
	}
	if (change->measured)
		json_put(object, "cycles", json_count(mean_cycles(change)));
}

/* Add a list of the CPUs for JSON, and the rate of each CPU for its column. */
static void put_cpus(json_t *row, const struct watch *watch,
		     const struct vmi_op_stats *op)
{
	struct change *changes =
		changes_on_cpus(op, &watch->last, &watch->before);
	json_t *cpus = check_alloc(json_array()), *object, *rate;
	const struct vmi_cpu_calls *cpu;
	size_t i = 0;
	char *key;

	vmi_for_each(cpu, op->cpus) {
		object = attrs_object(&cpu->object);
		put_change(object, &changes[i++]);
		rate = json_object_get(object, "rate");
		if (rate && !out_is_json()) {
			key = cpu_key(cpu);
			json_put(row, key, json_incref(rate));
			free(key);
		}
		json_add(cpus, object);
	}
	json_put(row, "cpus", cpus);
	free(changes);
}

static json_t *row_of(const struct watch *watch, const struct vmi_op_stats *op)
{
	struct change change = change_of(op, &watch->last, &watch->before);
	json_t *all = attrs_object(&op->object), *value;
	json_t *row = check_alloc(json_object());
	size_t c;

	put_change(all, &change);
	for (c = 0; c < COLUMNS; c++) {
		value = json_object_get(all, columns[c].key);
		if (value)
			json_put(row, columns[c].key, json_incref(value));
	}
	json_decref(all);
	if (watch->per_cpu)
		put_cpus(row, watch, op);
	return row;
}

static void print_document(const struct watch *watch, json_t *rows)
{
	json_t *document = check_alloc(json_object());

	json_put(document, "time", timestamp());
	if (watch->before.ops)
		json_put(document, "seconds",
			 json_real(reading_seconds(&watch->last,
						   &watch->before)));
	json_put(document, "ops", rows);
	out_line(document);
}

static void print_table(const struct watch *watch, json_t *rows)
{
	json_t *time = timestamp();
	struct column *with_cpus;
	size_t count = SUMS;

	printf("%s%s\n", watch->printed ? "\n" : "", json_string_value(time));
	json_decref(time);
	if (watch->per_cpu && watch->last.ops) {
		with_cpus = add_cpu_columns(sums, &count, watch->last.ops);
		out_table(rows, with_cpus, count);
		free(with_cpus);
	} else {
		out_table(rows, columns, COLUMNS);
	}
	json_decref(rows);
	fflush(stdout);
}

static void print(struct watch *watch)
{
	json_t *rows = check_alloc(json_array());
	const struct vmi_op_stats *op;

	vmi_for_each(op, watch->last.ops)
		if (is_included(op->group, op->name, watch->target))
			json_add(rows, row_of(watch, op));
	if (out_is_json())
		print_document(watch, rows);
	else
		print_table(watch, rows);
	watch->printed++;
}

static int read_next(struct vmi *vmi, struct watch *watch)
{
	int err = 0;

	if (watch->target && !watch->ops)
		err = vmi_list_ops(vmi, &watch->ops);
	return err ?: reading_next(vmi, &watch->last, &watch->before);
}

static int read_and_print(struct vmi *vmi, struct watch *watch)
{
	int err, ret;

	err = read_next(vmi, watch);
	if (reading_may_pass(err)) {
		out_warning("%s", vmi_strerror(vmi));
		return 0;
	}
	ret = kernel_result(err);
	if (!ret)
		ret = check_target(watch->ops, watch->target);
	if (!ret)
		print(watch);
	return ret;
}

static int go_on(struct vmi *vmi, const struct waiter *waiter,
		 struct watch *watch, unsigned long count)
{
	unsigned int happened = WAIT_TIMER;
	int ret = 0;

	while (!ret && !(happened & WAIT_END)) {
		if (happened & WAIT_TIMER)
			ret = read_and_print(vmi, watch);
		if (ret || (count && watch->printed == count))
			break;
		ret = wait_next(waiter, &happened);
	}
	return ret;
}

int watch_counters(const char *target, const struct options *options)
{
	struct watch watch = {
		.target = target,
		.per_cpu = options->given & OPTION_PER_CPU,
	};
	struct waiter waiter;
	struct vmi *vmi;
	int ret;

	ret = kernel_open(&vmi);
	if (!ret)
		ret = wait_begin(&waiter);
	if (ret)
		return ret;
	ret = wait_every(&waiter, options->interval_ns ?: WATCH_INTERVAL_NS);
	if (!ret)
		ret = go_on(vmi, &waiter, &watch, options->count);
	reading_free(&watch.last);
	reading_free(&watch.before);
	vmi_free(watch.ops);
	wait_end(&waiter);
	return ret;
}
