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
	/* The arguments and options. */
	const char *target;
	uint64_t interval_ns;

	/* The data that was read. */
	struct vmi_status *status;
	unsigned long readings;
	struct reading last;
	struct reading before;
	/* The bindings, which are read more often than the counters. */
	struct vmi_op *bound;
	struct marks marks;

	/* A message about a problem, and the time until which it is shown. */
	const char *note;
	uint64_t note_until_ns;

	/* The state of the display. */
	enum sort sort;
	bool grouped;
	int scroll;
	/* Number of rows when they were last drawn. */
	int rows;
	/* Show CPUs from @first_cpu on, instead of most other columns. */
	bool per_cpu;
	int first_cpu;
	/* Number of CPUs, and of those that were last drawn. */
	int cpus;
	int cpus_shown;
};

/*
 * Limit the scrolling to the rows and CPUs that exist, after each key: several
 * keys may be pressed between two drawings.
 */
void top_limit_scroll(struct top *top);

/* Draw the screen, and limit the scrolling. */
void top_draw(struct top *top);
/* Return the number of rows that fit on the screen. */
int top_page(const struct top *top);

#endif /* VMICTL_TOP_H */
