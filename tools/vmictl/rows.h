/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_ROWS_H
#define VMICTL_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counters.h"
#include "top.h"

/* A row for an op, or for the sum of a group, which has no provider. */
struct row {
	const char *name;
	const char *group;
	const char *provider;
	/* Provider that the op was bound to before a recent change, or NULL. */
	const char *was;
	bool counting;
	uint64_t calls;
	struct change change;
	/* Calls per second on each CPU, if the change is known. */
	double *rates;
	/* Place of the row's group in the order of the groups. */
	size_t rank;
};

/* Make all rows, in their order. They borrow strings of @top. */
struct row *rows_make(const struct top *top, size_t *count);
void rows_free(struct row *rows, size_t count);

/* Return the number of CPUs with a rate in each row. All rows have the same. */
size_t rows_cpus(const struct top *top);

#endif /* VMICTL_ROWS_H */
