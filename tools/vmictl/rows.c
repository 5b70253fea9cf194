// SPDX-License-Identifier: GPL-2.0-only
/* The rows of vmictl top, and their order. */

#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "rows.h"
#include "sum.h"

struct row_list {
	struct row *rows;
	size_t count;
};

static struct row_list new_list(size_t most)
{
	struct row_list list = {};

	list.rows = check_alloc(calloc(most + 1, sizeof(*list.rows)));
	return list;
}

size_t rows_cpus(const struct top *top)
{
	return top->per_cpu && top->last.ops ? count_cpus(top->last.ops) : 0;
}

static double *new_rates(const struct top *top)
{
	return check_alloc(calloc(rows_cpus(top) + 1, sizeof(double)));
}

/* Return the number to sort by; an unknown one is -1 and comes last. */
static double cycles_of(const struct row *row)
{
	if (!row->change.measured)
		return -1;
	return (double)row->change.cycles / (double)row->change.measured;
}

/*
 * Compare two rows: the largest number first, names in alphabetical order.
 * Equal rows are in the order of their names.
 */
static int compare(const struct row *a, const struct row *b, enum sort sort)
{
	double rate_a = a->change.known ? a->change.rate : -1;
	double rate_b = b->change.known ? b->change.rate : -1;
	int order = 0;

	if (sort == SORT_RATE)
		order = (rate_a < rate_b) - (rate_a > rate_b);
	else if (sort == SORT_CALLS)
		order = (a->calls < b->calls) - (a->calls > b->calls);
	else if (sort == SORT_CYCLES)
		order = (cycles_of(a) < cycles_of(b)) -
			(cycles_of(a) > cycles_of(b));
	else if (sort == SORT_PROVIDER && a->provider && b->provider)
		order = strcmp(a->provider, b->provider);
	return order ?: strcmp(a->name, b->name);
}

static int compare_rows(const void *a, const void *b, void *sort)
{
	const struct row *row_a = a, *row_b = b;

	if (row_a->rank != row_b->rank)
		return row_a->rank < row_b->rank ? -1 : 1;
	return compare(row_a, row_b, *(const enum sort *)sort);
}

static void sort_list(const struct row_list *list, enum sort sort)
{
	qsort_r(list->rows, list->count, sizeof(*list->rows), compare_rows,
		&sort);
}

static void fill_rates(struct row *row, const struct top *top,
		       const struct vmi_op_stats *op)
{
	size_t all = rows_cpus(top), count = count_cpus(op), i;
	struct change *changes;

	row->rates = new_rates(top);
	if (!all)
		return;
	changes = changes_on_cpus(op, &top->last, &top->before);
	for (i = 0; i < count && i < all; i++)
		row->rates[i] = changes[i].rate;
	free(changes);
}

static void fill(struct row *row, const struct top *top,
		 const struct vmi_op_stats *op)
{
	const struct vmi_op *bound = find_op(top->bound, op->name);

	row->name = op->name;
	row->group = op->group;
	row->provider = bound ? bound->provider : op->provider;
	row->was = marks_find(&top->marks, op->name);
	row->counting = bound ? bound->counting : op->counting;
	row->calls = op->calls;
	row->change = change_of(op, &top->last, &top->before);
	fill_rates(row, top, op);
}

static struct row *group_of(struct row_list *groups, const struct top *top,
			    const char *name)
{
	struct row *group;
	size_t i;

	for (i = 0; i < groups->count; i++)
		if (!strcmp(groups->rows[i].name, name))
			return &groups->rows[i];
	group = &groups->rows[groups->count++];
	group->name = name;
	group->group = name;
	group->rates = new_rates(top);
	return group;
}

static void add_to_group(struct row *group, const struct row *row, size_t cpus)
{
	size_t i;

	group->calls = sum(group->calls, row->calls);
	group->counting |= row->counting;
	group->change.measured =
		sum(group->change.measured, row->change.measured);
	group->change.cycles = sum(group->change.cycles, row->change.cycles);
	if (!row->change.known)
		return;
	group->change.known = true;
	group->change.calls = sum(group->change.calls, row->change.calls);
	group->change.rate += row->change.rate;
	for (i = 0; i < cpus; i++)
		group->rates[i] += row->rates[i];
}

static size_t count_ops(const struct vmi_op_stats *ops)
{
	const struct vmi_op_stats *op;
	size_t count = 0;

	vmi_for_each(op, ops)
		count++;
	return count;
}

/* Insert the row of each group before the rows of its ops. */
static void put_in_groups(struct row_list *rows, const struct top *top)
{
	struct row_list groups = new_list(rows->count);
	struct row_list all = new_list(2 * rows->count);
	size_t i, g;

	for (i = 0; i < rows->count; i++)
		add_to_group(group_of(&groups, top, rows->rows[i].group),
			     &rows->rows[i], rows_cpus(top));
	sort_list(&groups, top->sort);
	for (g = 0; g < groups.count; g++)
		groups.rows[g].rank = g;
	for (i = 0; i < rows->count; i++)
		rows->rows[i].rank =
			group_of(&groups, top, rows->rows[i].group)->rank;
	sort_list(rows, top->sort);

	for (i = 0; i < rows->count; i++) {
		g = rows->rows[i].rank;
		if (!i || rows->rows[i - 1].rank != g)
			all.rows[all.count++] = groups.rows[g];
		all.rows[all.count++] = rows->rows[i];
	}
	free(groups.rows);
	free(rows->rows);
	*rows = all;
}

struct row *rows_make(const struct top *top, size_t *count)
{
	struct row_list rows = new_list(count_ops(top->last.ops));
	const struct vmi_op_stats *op;

	vmi_for_each(op, top->last.ops)
		if (is_included(op->group, op->name, top->target))
			fill(&rows.rows[rows.count++], top, op);
	if (top->grouped)
		put_in_groups(&rows, top);
	else
		sort_list(&rows, top->sort);
	*count = rows.count;
	return rows.rows;
}

void rows_free(struct row *rows, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		free(rows[i].rates);
	free(rows);
}
