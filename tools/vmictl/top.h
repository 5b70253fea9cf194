/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_TOP_H
#define VMICTL_TOP_H

#include <stdbool.h>
#include <stdint.h>

#include "counters.h"
#include "marks.h"

enum sort {
	SORT_RATE,
	SORT_CALLS,
	SORT_CYCLES,
	SORT_NAME,
	SORT_PROVIDER,
};

struct top {
	/* What was asked for. */
	const char *target;
	uint64_t interval_ns;

	/* What was read. */
	struct vmi_status *status;
	unsigned long readings;
	struct reading last;
	struct reading before;
	/* What the ops are bound to, which is read more often. */
	struct vmi_op *bound;
	struct marks marks;

	/* What went wrong, for a while. */
	const char *note;
	uint64_t note_until_ns;

	/* How it is shown. */
	enum sort sort;
	bool grouped;
	int scroll;
	/* How many there are to scroll, when they were last shown. */
	int rows;
	/* A column for each CPU, from one of them on, instead of the others. */
	bool per_cpu;
	int first_cpu;
	/* How many there are, and were shown last. */
	int cpus;
	int cpus_shown;
};

/* Keys that come in between must not add up to what is not there. */
void top_limit_scroll(struct top *top);

/* Show all that, and keep the scrolling within what there is. */
void top_draw(struct top *top);
/* Lines of rows that fit on the screen. */
int top_page(const struct top *top);

#endif /* VMICTL_TOP_H */
