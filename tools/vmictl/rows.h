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
	/* Place of its group. */
	size_t rank;
};

/*
 * All rows in their order, for the caller to free. They borrow strings of what
 * was read.
 */
struct row *rows_make(const struct top *top, size_t *count);

#endif /* VMICTL_ROWS_H */
