/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_ROWS_H
#define VMICTL_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counters.h"
#include "top.h"

/* An op, or the sum of a group, which has no provider. */
struct row {
	const char *name;
	const char *group;
	const char *provider;
	/* What it was bound to a moment ago, or NULL. */
	const char *was;
	bool counting;
	uint64_t calls;
	struct change change;
	/* Calls per second on each CPU, if the change is known. */
	double *rates;
	/* Place of its group. */
	size_t rank;
};

/* All rows in their order. They borrow strings of what was read. */
struct row *rows_make(const struct top *top, size_t *count);
void rows_free(struct row *rows, size_t count);

/* How many have a rate in each row: all ops have the same CPUs. */
size_t rows_cpus(const struct top *top);

#endif /* VMICTL_ROWS_H */
