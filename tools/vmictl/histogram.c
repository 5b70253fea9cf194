// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmictl stats --histogram: the cycles that calls took, and the number of CPUs
 * they were for. The kernel only counts how many numbers are in each bucket.
 * Therefore a percentile or maximum is the largest number of its bucket.
 */

#include <string.h>

#include "attrs.h"
#include "counters.h"
#include "histogram.h"
#include "kernel.h"
#include "out.h"
#include "sum.h"

static const struct column columns[] = {
	{ .title = "NAME", .key = "name" },
	{ .title = "OF", .key = "of" },
	{ .title = "COUNT", .key = "count", .right = true },
	{ .title = "MEAN", .key = "mean", .right = true },
	{ .title = "P50", .key = "p50", .right = true },
	{ .title = "P90", .key = "p90", .right = true },
	{ .title = "P99", .key = "p99", .right = true },
	{ .title = "MAX", .key = "max", .right = true },
	{ .title = "MEASURING", .key = "measuring" },
	{ .title = "PROVIDER", .key = "provider" },
};

#define COLUMNS (sizeof(columns) / sizeof(*columns))

uint64_t histogram_count(const struct vmi_histogram *histogram, uint64_t to)
{
	const struct vmi_bucket *bucket;
	uint64_t count = 0;

	vmi_for_each(bucket, histogram->buckets)
		if (bucket->to <= to)
			count = sum(count, bucket->count);
	return count;
}

/* Return a number that @percent of the numbers do not exceed. */
static uint64_t percentile(const struct vmi_histogram *histogram,
			   uint64_t count, unsigned int percent)
{
	/* Round up. The two steps keep each product within its type. */
	uint64_t wanted =
		count / 100 * percent + (count % 100 * percent + 99) / 100;
	const struct vmi_bucket *bucket, *last = histogram->buckets;
	uint64_t below = 0;

	vmi_for_each(bucket, histogram->buckets) {
		below = sum(below, bucket->count);
		last = bucket;
		if (below >= wanted)
			break;
	}
	return last->to;
}

static uint64_t largest(const struct vmi_histogram *histogram)
{
	const struct vmi_bucket *bucket, *last = histogram->buckets;

	vmi_for_each(bucket, histogram->buckets)
		last = bucket;
	return last->to;
}

static void put_summary(json_t *json, const struct vmi_histogram *histogram,
			uint64_t count)
{
	static const struct {
		const char *key;
		unsigned int percent;
	} percents[] = { { "p50", 50 }, { "p90", 90 }, { "p99", 99 } };
	size_t i;

	json_put(json, "mean",
		 json_real((double)histogram->sum / (double)count));
	for (i = 0; i < sizeof(percents) / sizeof(*percents); i++)
		json_put(json, percents[i].key,
			 json_count(percentile(histogram, count,
					       percents[i].percent)));
	json_put(json, "max", json_count(largest(histogram)));
}

/* Return an object with a summary and the buckets that the kernel reported. */
static json_t *histogram_json(const struct vmi_histogram *histogram)
{
	json_t *said = attrs_object(&histogram->object), *buckets;
	json_t *json = check_alloc(json_object());
	uint64_t count = histogram_count(histogram, UINT64_MAX);

	json_put(json, "count", json_count(count));
	json_put(json, "sum", json_count(histogram->sum));
	if (count)
		put_summary(json, histogram, count);
	buckets = json_object_get(said, "buckets");
	json_put(json, "buckets",
		 buckets ? json_incref(buckets) : json_array());
	json_decref(said);
	return json;
}

static json_t *object_of(const struct vmi_op_stats *stats)
{
	json_t *object = check_alloc(json_object());

	json_put(object, "name", json_clean(stats->name, strlen(stats->name)));
	json_put(object, "calls", json_count(stats->calls));
	json_put(object, "measuring", json_boolean(stats->measuring));
	json_put(object, "provider",
		 json_clean(stats->provider, strlen(stats->provider)));
	if (stats->latency)
		json_put(object, "latency", histogram_json(stats->latency));
	if (stats->targets)
		json_put(object, "targets", histogram_json(stats->targets));
	return object;
}

/* Add a row for one histogram of an op, if the op has it. */
static void add_row(json_t *rows, json_t *object, const char *key,
		    const char *of)
{
	json_t *histogram = json_object_get(object, key), *row;

	if (!histogram)
		return;
	row = check_alloc(json_copy(object));
	json_put(row, "of", json_string(of));
	if (json_object_update(row, histogram))
		check_alloc(NULL);
	json_add(rows, row);
}

static void print_table(const json_t *objects)
{
	json_t *rows = check_alloc(json_array()), *object;
	size_t i;

	json_array_foreach(objects, i, object) {
		add_row(rows, object, "latency", "cycles");
		add_row(rows, object, "targets", "CPUs");
	}
	out_table(rows, columns, COLUMNS);
	if (!json_array_size(rows))
		out_warning(
			"nothing was measured yet (vmictl stats on --histogram starts that)");
	json_decref(rows);
}

static void print(const struct vmi_op_stats *all, const char *target)
{
	json_t *objects = check_alloc(json_array());
	const struct vmi_op_stats *stats;

	vmi_for_each(stats, all)
		if (is_included(stats->group, stats->name, target))
			json_add(objects, object_of(stats));
	if (out_is_json()) {
		out_document(objects);
	} else {
		print_table(objects);
		json_decref(objects);
	}
}

int show_histograms(const char *target)
{
	struct vmi_op_stats *stats;
	int ret;

	ret = list_counters(target, &stats);
	if (ret)
		return ret;
	print(stats, target);
	vmi_free(stats);
	return 0;
}
