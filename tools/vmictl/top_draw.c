// SPDX-License-Identifier: GPL-2.0-only
/* The display of vmictl top. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "out.h"
#include "percpu.h"
#include "rows.h"
#include "screen.h"
#include "top.h"

#define NSEC_PER_SEC 1000000000.0
#define CELL_MAX 80
#define HIDDEN -1
#define LINE_MAX_LEN 512

enum {
	LINE_TITLE,
	LINE_NOTE,
	LINE_KEYS,
	/* Only if each CPU has a column; the titles are one line lower then. */
	LINE_CPUS,
};

/* Print a cell of a column. It stays empty if the function prints nothing. */
typedef void print_cell(const struct top *top, const struct row *row,
			char *cell);

struct top_column {
	const char *title;
	bool right;
	/* Hidden if no op is measured. */
	bool measured;
	/* Shown even if each CPU has a column. */
	bool of_all_cpus;
	print_cell *print;
	/*
	 * The key that sorts by this column, the word that explains the key,
	 * and the order; 0 if there is no key.
	 */
	char key;
	const char *word;
	enum sort sort;
};

static void print_name(const struct top *top, const struct row *row, char *cell)
{
	bool indent = top->grouped && row->provider;

	snprintf(cell, CELL_MAX, "%s%s%s", row->was ? "*" : " ",
		 indent ? "  " : "", row->name);
}

static void print_calls(const struct top *top, const struct row *row,
			char *cell)
{
	(void)top;
	snprintf(cell, CELL_MAX, "%" PRIu64, row->calls);
}

static void print_delta(const struct top *top, const struct row *row,
			char *cell)
{
	(void)top;
	if (row->change.known)
		snprintf(cell, CELL_MAX, "%" PRIu64, row->change.calls);
	else
		strcpy(cell, "-");
}

static void print_rate(const struct top *top, const struct row *row, char *cell)
{
	(void)top;
	if (row->change.known)
		snprintf(cell, CELL_MAX, "%.1f", row->change.rate);
	else
		strcpy(cell, "-");
}

static void print_counting(const struct top *top, const struct row *row,
			   char *cell)
{
	(void)top;
	strcpy(cell, row->counting ? "yes" : "no");
}

static void print_provider(const struct top *top, const struct row *row,
			   char *cell)
{
	(void)top;
	if (!row->provider)
		return;
	if (!row->was)
		snprintf(cell, CELL_MAX, "%s", row->provider);
	else if (strcmp(row->was, row->provider))
		snprintf(cell, CELL_MAX, "%s, was %s", row->provider, row->was);
	else
		snprintf(cell, CELL_MAX, "%s, bound again", row->provider);
}

static void print_cycles(const struct top *top, const struct row *row,
			 char *cell)
{
	(void)top;
	if (row->change.measured)
		snprintf(cell, CELL_MAX, "%" PRIu64, mean_cycles(&row->change));
	else
		strcpy(cell, "-");
}

/*
 * The most important columns come first: a narrow terminal cuts off the last.
 */
static const struct top_column columns[] = {
	{ .title = " NAME",
	  .print = print_name,
	  .of_all_cpus = true,
	  .key = 'n',
	  .word = "name",
	  .sort = SORT_NAME },
	{ .title = "RATE/S",
	  .right = true,
	  .print = print_rate,
	  .of_all_cpus = true,
	  .key = 'r',
	  .word = "rate",
	  .sort = SORT_RATE },
	{ .title = "DELTA", .right = true, .print = print_delta },
	{ .title = "CALLS",
	  .right = true,
	  .print = print_calls,
	  .key = 'c',
	  .word = "calls",
	  .sort = SORT_CALLS },
	{ .title = "PROVIDER",
	  .print = print_provider,
	  .key = 'p',
	  .word = "provider",
	  .sort = SORT_PROVIDER },
	{ .title = "CYCLES",
	  .right = true,
	  .print = print_cycles,
	  .measured = true,
	  .key = 'y',
	  .word = "cycles",
	  .sort = SORT_CYCLES },
	{ .title = "COUNTING", .print = print_counting },
};

#define COLUMNS (sizeof(columns) / sizeof(*columns))

static bool is_shown(const struct top *top, size_t c)
{
	const struct vmi_op_stats *op;

	if (top->per_cpu)
		return columns[c].of_all_cpus;
	if (!columns[c].measured)
		return true;
	vmi_for_each(op, top->last.ops)
		if (op->measuring &&
		    is_included(op->group, op->name, top->target))
			return true;
	return false;
}

static void print_title(const struct top *top)
{
	char text[LINE_MAX_LEN], clock[sizeof("00:00:00")];
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%T", &tm);
	snprintf(text, sizeof(text),
		 "vmictl top  %s  every %g s  %s is active  switches %" PRIu64,
		 clock, (double)top->interval_ns / NSEC_PER_SEC,
		 top->status->active, top->status->switches);
	clean_text(text);
	screen_put(LINE_TITLE, LOOK_PLAIN, text);
}

static void print_note(const struct top *top)
{
	char text[LINE_MAX_LEN];

	if (top->note && monotonic_ns() < top->note_until_ns) {
		snprintf(text, sizeof(text), "%s", top->note);
		screen_put(LINE_NOTE, LOOK_BOLD, text);
		return;
	}
	snprintf(text, sizeof(text), "%s", top->status->choice);
	clean_text(text);
	screen_put(LINE_NOTE, LOOK_PLAIN, text);
}

static void append_cell(char *line, const char *cell, int width, bool right)
{
	size_t len = strlen(line);

	snprintf(line + len, LINE_MAX_LEN - len, "%s%*s", len ? "  " : "",
		 right ? width : -width, cell);
}

/* Print the keys. The line fits into 80 columns, whatever the order is. */
static void print_keys(const struct top *top)
{
	char text[LINE_MAX_LEN], others[CELL_MAX] = "";
	const char *by = "";
	size_t c, len;

	for (c = 0; c < COLUMNS; c++) {
		if (!columns[c].key)
			continue;
		len = strlen(others);
		/* Skip the blank before a title, the place of the mark. */
		if (columns[c].sort == top->sort)
			by = columns[c].title + (columns[c].title[0] == ' ');
		else
			snprintf(others + len, sizeof(others) - len, " %c %s",
				 columns[c].key, columns[c].word);
	}
	snprintf(text, sizeof(text),
		 "q quit  g groups  1 CPUs  sorted by %s;%s", by, others);
	screen_put(LINE_KEYS, LOOK_PLAIN, text);
}

static void make_cell(const struct top *top, const struct row *row, size_t c,
		      char *cell)
{
	*cell = '\0';
	columns[c].print(top, row, cell);
	clean_text(cell);
}

/* Measure the columns over all rows, so that scrolling moves nothing. */
static void measure(const struct top *top, const struct row *rows, size_t count,
		    int *widths)
{
	char cell[CELL_MAX];
	size_t c, i;
	int width;

	for (c = 0; c < COLUMNS; c++) {
		widths[c] = HIDDEN;
		if (!is_shown(top, c))
			continue;
		widths[c] = (int)strlen(columns[c].title);
		for (i = 0; i < count; i++) {
			make_cell(top, &rows[i], c, cell);
			width = (int)strlen(cell);
			if (width > widths[c])
				widths[c] = width;
		}
	}
}

/*
 * Return the number of characters that fit into a line, both on the screen and
 * in a buffer.
 */
static int line_width(void)
{
	int width = screen_width();

	return width < LINE_MAX_LEN ? width : LINE_MAX_LEN - 1;
}

static void make_cpu_cell(const struct row *row, int cpu, char *cell)
{
	if (row->change.known)
		snprintf(cell, CELL_MAX, "%.1f", row->rates[cpu]);
	else
		strcpy(cell, "-");
}

/*
 * Return the width of the widest CPU. All CPUs have this width, so that
 * scrolling moves nothing.
 */
static int measure_cpus(const struct top *top, const struct row *rows,
			size_t count)
{
	const struct vmi_cpu_calls *cpu;
	int widest = 0, width, c = 0;
	char cell[CELL_MAX];
	char *title;
	size_t i;

	vmi_for_each(cpu, top->last.ops ? top->last.ops->cpus : NULL) {
		title = cpu_key(cpu);
		width = (int)strlen(title);
		free(title);
		if (width > widest)
			widest = width;
		for (i = 0; i < count; i++) {
			make_cpu_cell(&rows[i], c, cell);
			width = (int)strlen(cell);
			if (width > widest)
				widest = width;
		}
		c++;
	}
	return widest;
}

/* Show as many CPUs as fit behind the other columns. */
static void choose_cpus(struct top *top, const int *widths, int cpu_width)
{
	int room = line_width(), fit;
	size_t c;

	/* Two spaces precede each column but the first. */
	for (c = 0; c < COLUMNS; c++)
		if (widths[c] != HIDDEN)
			room -= widths[c] + (c ? 2 : 0);
	fit = room > 0 ? room / (cpu_width + 2) : 0;
	top->cpus = (int)rows_cpus(top);
	top->cpus_shown = fit < top->cpus ? fit : top->cpus;
	top_limit_scroll(top);
}

/* Find the CPU in a column. */
static const struct vmi_cpu_calls *cpu_at(const struct top *top, int column)
{
	const struct vmi_cpu_calls *cpu;
	int c = 0;

	vmi_for_each(cpu, top->last.ops->cpus)
		if (c++ == column)
			break;
	return cpu;
}

/* Print which CPUs are shown, so that a reader knows of the others. */
static void print_cpus(const struct top *top)
{
	char text[LINE_MAX_LEN];
	char *first, *last;

	if (!top->cpus_shown) {
		snprintf(text, sizeof(text), "No room for any of %d CPUs",
			 top->cpus);
	} else if (top->cpus_shown == top->cpus) {
		snprintf(text, sizeof(text), "All CPUs, calls per second");
	} else {
		first = cpu_key(cpu_at(top, top->first_cpu));
		last = cpu_key(
			cpu_at(top, top->first_cpu + top->cpus_shown - 1));
		snprintf(
			text, sizeof(text),
			"%s to %s, %d of %d CPUs, calls per second; Left and Right for others",
			first, last, top->cpus_shown, top->cpus);
		free(first);
		free(last);
	}
	screen_put(LINE_CPUS, LOOK_PLAIN, text);
}

/* Return the line of the titles, one lower if a line above names the CPUs. */
static int header_line(const struct top *top)
{
	return top->per_cpu ? LINE_CPUS + 1 : LINE_CPUS;
}

static void print_header(const struct top *top, const int *widths,
			 int cpu_width)
{
	char line[LINE_MAX_LEN] = "";
	char *title;
	size_t c;
	int i;

	for (c = 0; c < COLUMNS; c++)
		if (widths[c] != HIDDEN)
			append_cell(line, columns[c].title, widths[c],
				    columns[c].right);
	for (i = 0; i < top->cpus_shown; i++) {
		title = cpu_key(cpu_at(top, top->first_cpu + i));
		append_cell(line, title, cpu_width, true);
		free(title);
	}
	screen_put(header_line(top), LOOK_REVERSE, line);
}

static void print_row(const struct top *top, const struct row *row, int number,
		      const int *widths, int cpu_width)
{
	char line[LINE_MAX_LEN] = "", cell[CELL_MAX];
	size_t c;
	int i;

	for (c = 0; c < COLUMNS; c++) {
		if (widths[c] == HIDDEN)
			continue;
		make_cell(top, row, c, cell);
		append_cell(line, cell, widths[c], columns[c].right);
	}
	for (i = 0; i < top->cpus_shown; i++) {
		make_cpu_cell(row, top->first_cpu + i, cell);
		append_cell(line, cell, cpu_width, true);
	}
	screen_put(header_line(top) + 1 + number,
		   row->was || !row->provider ? LOOK_BOLD : LOOK_PLAIN, line);
}

int top_page(const struct top *top)
{
	int lines = screen_height() - header_line(top) - 1;

	return lines > 1 ? lines : 1;
}

static int within(int value, int most)
{
	if (value > most)
		value = most;
	return value < 0 ? 0 : value;
}

void top_limit_scroll(struct top *top)
{
	top->scroll = within(top->scroll, top->rows - top_page(top));
	/*
	 * Keep @first_cpu while CPUs are hidden, to show the same ones again.
	 */
	if (top->per_cpu)
		top->first_cpu =
			within(top->first_cpu, top->cpus - top->cpus_shown);
}

void top_draw(struct top *top)
{
	int widths[COLUMNS], cpu_width, i;
	struct row *rows;
	size_t count;

	rows = rows_make(top, &count);
	measure(top, rows, count, widths);
	cpu_width = top->per_cpu ? measure_cpus(top, rows, count) : 0;
	top->rows = (int)count;
	choose_cpus(top, widths, cpu_width);

	screen_begin();
	print_title(top);
	print_note(top);
	print_keys(top);
	if (top->per_cpu)
		print_cpus(top);
	print_header(top, widths, cpu_width);
	for (i = 0; i < top_page(top) && top->scroll + i < (int)count; i++)
		print_row(top, &rows[top->scroll + i], i, widths, cpu_width);
	screen_end();
	rows_free(rows, count);
}
