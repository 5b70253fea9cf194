// SPDX-License-Identifier: GPL-2.0-only
/* The call counters as they are read, and what two readings say together. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "counters.h"
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
	return vmi_list_ops(vmi, &reading->ops);
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

struct change change_of(const struct vmi_op *op, const struct reading *last,
			const struct reading *before)
{
	const struct vmi_op *old = find_op(before->ops, op->name);
	struct change change = {};

	if (!old || op->calls < old->calls)
		return change;
	change.known = true;
	change.calls = op->calls - old->calls;
	change.rate = (double)change.calls / reading_seconds(last, before);
	return change;
}

bool is_included(const char *group, const char *op, const char *target)
{
	return !target || !strcmp(group, target) || !strcmp(op, target);
}

bool is_selected(const struct vmi_op *op, const char *target)
{
	return is_included(op->group, op->name, target);
}

int check_target(const struct reading *reading, const char *target)
{
	char *words;
	int ret;

	words = target ? words_for_target(reading->ops, target) : NULL;
	if (!words)
		return 0;
	ret = out_error(VMI_EXIT_REFUSED, "unknown group or op '%s' (%s)",
			target, words);
	free(words);
	return ret;
}

int check_target_now(struct vmi *vmi, const char *target)
{
	struct reading reading;
	int ret;

	if (!target)
		return 0;
	ret = kernel_result(reading_take(vmi, &reading));
	if (ret)
		return ret;
	ret = check_target(&reading, target);
	reading_free(&reading);
	return ret;
}
