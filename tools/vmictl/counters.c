// SPDX-License-Identifier: GPL-2.0-only
/* Readings of the call counters, and the change between two readings. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "counters.h"
#include "histogram.h"
#include "kernel.h"
#include "out.h"
#include "vmictl.h"
#include "words.h"

#define NSEC_PER_SEC 1000000000

uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

int reading_take(struct vmi *vmi, struct reading *reading)
{
	reading->taken_ns = monotonic_ns();
	return vmi_list_stats(vmi, &reading->ops);
}

void reading_free(struct reading *reading)
{
	vmi_free(reading->ops);
	*reading = (struct reading){};
}

bool reading_may_pass(int err)
{
	return err == -EAGAIN || err == -ENOBUFS;
}

void reading_add(const struct reading *next, struct reading *last,
		 struct reading *before)
{
	reading_free(before);
	*before = *last;
	*last = *next;
}

int reading_next(struct vmi *vmi, struct reading *last, struct reading *before)
{
	struct reading next = {};
	int err;

	err = reading_take(vmi, &next);
	if (!err)
		reading_add(&next, last, before);
	return err;
}

double reading_seconds(const struct reading *last, const struct reading *before)
{
	return (double)(last->taken_ns - before->taken_ns) / NSEC_PER_SEC;
}

const struct vmi_op *find_op(const struct vmi_op *ops, const char *name)
{
	const struct vmi_op *op;

	vmi_for_each(op, ops)
		if (!strcmp(op->name, name))
			break;
	return op;
}

static const struct vmi_op_stats *find_stats(const struct vmi_op_stats *ops,
					     const char *name)
{
	const struct vmi_op_stats *op;

	vmi_for_each(op, ops)
		if (!strcmp(op->name, name))
			break;
	return op;
}

/* Find a CPU in the rest of a list, which is sorted by number. */
static const struct vmi_cpu_calls *find_cpu(const struct vmi_cpu_calls *cpus,
					    uint32_t number)
{
	vmi_for_each(cpus, cpus)
		if (cpus->cpu == number)
			break;
	return cpus;
}

/*
 * Return whether the counter only grew between the readings. A reset goes
 * unnoticed if the count on every CPU has reached its old value again.
 */
static bool goes_on(const struct vmi_op_stats *op,
		    const struct vmi_op_stats *old)
{
	const struct vmi_cpu_calls *cpu, *was = old->cpus;

	vmi_for_each(cpu, op->cpus) {
		was = find_cpu(was, cpu->cpu);
		if (!was || cpu->calls < was->calls)
			return false;
	}
	return op->calls >= old->calls;
}

static void set_calls(struct change *change, uint64_t calls,
		      const struct reading *last, const struct reading *before)
{
	change->known = true;
	change->calls = calls;
	change->rate = (double)calls / reading_seconds(last, before);
}

/* Find a bucket in the rest of a list, which is sorted by @to. */
static const struct vmi_bucket *find_bucket(const struct vmi_bucket *buckets,
					    uint64_t to)
{
	vmi_for_each(buckets, buckets)
		if (buckets->to == to)
			break;
	return buckets;
}

/* Return whether the histogram only grew, like goes_on() for counters. */
static bool is_continued(const struct vmi_histogram *latency,
			 const struct vmi_histogram *old)
{
	const struct vmi_bucket *was, *bucket = latency->buckets;

	vmi_for_each(was, old->buckets) {
		bucket = find_bucket(bucket, was->to);
		if (!bucket || bucket->count < was->count)
			return false;
	}
	return latency->sum >= old->sum;
}

/* Subtract the old histogram from the new one, to get the calls in between. */
static void set_cycles(struct change *change,
		       const struct vmi_histogram *latency,
		       const struct vmi_histogram *old)
{
	if (!latency || !old || !is_continued(latency, old))
		return;
	change->measured = histogram_count(latency, UINT64_MAX) -
			   histogram_count(old, UINT64_MAX);
	change->cycles = latency->sum - old->sum;
}

struct change change_of(const struct vmi_op_stats *op,
			const struct reading *last,
			const struct reading *before)
{
	const struct vmi_op_stats *old = find_stats(before->ops, op->name);
	struct change change = {};

	if (!old || !goes_on(op, old))
		return change;
	set_calls(&change, op->calls - old->calls, last, before);
	set_cycles(&change, op->latency, old->latency);
	return change;
}

struct change *changes_on_cpus(const struct vmi_op_stats *op,
			       const struct reading *last,
			       const struct reading *before)
{
	const struct vmi_op_stats *old = find_stats(before->ops, op->name);
	const struct vmi_cpu_calls *cpu, *was;
	struct change *changes, *change;

	changes = check_alloc(calloc(count_cpus(op) + 1, sizeof(*changes)));
	if (!old || !goes_on(op, old))
		return changes;
	change = changes;
	was = old->cpus;
	vmi_for_each(cpu, op->cpus) {
		was = find_cpu(was, cpu->cpu);
		set_calls(change++, cpu->calls - was->calls, last, before);
	}
	return changes;
}

uint64_t mean_cycles(const struct change *change)
{
	return change->cycles / change->measured;
}

size_t count_cpus(const struct vmi_op_stats *op)
{
	const struct vmi_cpu_calls *cpu;
	size_t count = 0;

	vmi_for_each(cpu, op->cpus)
		count++;
	return count;
}

bool is_included(const char *group, const char *op, const char *target)
{
	return !target || !strcmp(group, target) || !strcmp(op, target);
}

bool is_selected(const struct vmi_op *op, const char *target)
{
	return is_included(op->group, op->name, target);
}

int check_target(const struct vmi_op *ops, const char *target)
{
	char *words;
	int ret;

	words = target ? words_for_target(ops, target) : NULL;
	if (!words)
		return 0;
	ret = out_error(VMI_EXIT_REFUSED, "unknown group or op '%s' (%s)",
			target, words);
	free(words);
	return ret;
}

static int check_target_now(struct vmi *vmi, const char *target)
{
	struct vmi_op *ops;
	int ret;

	if (!target)
		return 0;
	ret = kernel_result(vmi_list_ops(vmi, &ops));
	if (ret)
		return ret;
	ret = check_target(ops, target);
	vmi_free(ops);
	return ret;
}

int list_counters(const char *target, struct vmi_op_stats **stats)
{
	struct vmi *vmi;
	int ret;

	ret = kernel_open(&vmi);
	if (!ret)
		ret = check_target_now(vmi, target);
	if (!ret)
		ret = kernel_result(vmi_list_stats(vmi, stats));
	return ret;
}
