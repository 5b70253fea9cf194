// SPDX-License-Identifier: GPL-2.0-only
/* Marks on the ops whose binding changed recently. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "marks.h"
#include "out.h"

#define MARK_NS 10000000000

static struct mark *find(const struct marks *marks, const char *op)
{
	size_t i;

	for (i = 0; i < marks->count; i++)
		if (!strcmp(marks->list[i].op, op))
			return &marks->list[i];
	return NULL;
}

static struct mark *add(struct marks *marks)
{
	size_t size = (marks->count + 1) * sizeof(*marks->list);

	marks->list = check_alloc(realloc(marks->list, size));
	return &marks->list[marks->count++];
}

static void set(struct marks *marks, const char *op, const char *was)
{
	struct mark *mark = find(marks, op) ?: add(marks);

	snprintf(mark->op, sizeof(mark->op), "%s", op);
	snprintf(mark->was, sizeof(mark->was), "%s", was);
	mark->until_ns = monotonic_ns() + MARK_NS;
}

const char *marks_find(const struct marks *marks, const char *op)
{
	const struct mark *mark = find(marks, op);

	return mark && monotonic_ns() < mark->until_ns ? mark->was : NULL;
}

void marks_compare(struct marks *marks, const struct vmi_op *before,
		   const struct vmi_op *now, const char *again)
{
	const struct vmi_op *op, *old;

	vmi_for_each(op, now) {
		old = find_op(before, op->name);
		if (!old)
			continue;
		if (strcmp(op->provider, old->provider))
			set(marks, op->name, old->provider);
		else if (again && !strcmp(op->provider, again) &&
			 !marks_find(marks, op->name))
			set(marks, op->name, again);
	}
}

void marks_free(struct marks *marks)
{
	free(marks->list);
	*marks = (struct marks){};
}
