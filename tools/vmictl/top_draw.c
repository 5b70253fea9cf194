// SPDX-License-Identifier: GPL-2.0-only
/* What vmictl top looks like. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "out.h"
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
	LINE_HEADER,
	LINE_ROWS,
};

/* A cell of a column; what is not printed is empty. */
typedef void print_cell(const struct top *top, const struct row *row,
			char *cell);

struct top_column {
	const char *title;
	bool right;
	/* Left out if nothing is measured. */
	bool measured;
	print_cell *print;
	/* The key that sorts by it, its word for that, and the order; or none. */
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

/* From what matters most: on a narrow terminal, the last ones are not seen. */
static const struct top_column columns[] = {
	{ .title = " NAME",
	  .print = print_name,
	  .key = 'n',
	  .word = "name",
	  .sort = SORT_NAME },
	{ .title = "RATE/S",
	  .right = true,
	  .print = print_rate,
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
	snprintf(
		text, sizeof(text),
		"vmictl top  %s  every %g s  %s is in charge  switches %" PRIu64,
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

/* 80 columns have room for it, whatever the order is. */
static void print_keys(const struct top *top)
{
	char text[LINE_MAX_LEN], others[CELL_MAX] = "";
	const char *by = "";
	size_t c, len;

	for (c = 0; c < COLUMNS; c++) {
		if (!columns[c].key)
			continue;
		len = strlen(others);
		/* The name is behind the place of the mark. */
		if (columns[c].sort == top->sort)
			by = columns[c].title + (columns[c].title[0] == ' ');
		else
			snprintf(others + len, sizeof(others) - len, " %c %s",
				 columns[c].key, columns[c].word);
	}
	snprintf(text, sizeof(text), "q quit  g groups  sorted by %s;%s", by,
		 others);
	screen_put(LINE_KEYS, LOOK_PLAIN, text);
}

static void make_cell(const struct top *top, const struct row *row, size_t c,
		      char *cell)
{
	*cell = '\0';
	columns[c].print(top, row, cell);
	clean_text(cell);
}

/* Over all rows, so that nothing moves when they are scrolled. */
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

static void print_header(const int *widths)
{
	char line[LINE_MAX_LEN] = "";
	size_t c;

	for (c = 0; c < COLUMNS; c++)
		if (widths[c] != HIDDEN)
			append_cell(line, columns[c].title, widths[c],
				    columns[c].right);
	screen_put(LINE_HEADER, LOOK_REVERSE, line);
}

static void print_row(const struct top *top, const struct row *row, int number,
		      const int *widths)
{
	char line[LINE_MAX_LEN] = "", cell[CELL_MAX];
	size_t c;

	for (c = 0; c < COLUMNS; c++) {
		if (widths[c] == HIDDEN)
			continue;
		make_cell(top, row, c, cell);
		append_cell(line, cell, widths[c], columns[c].right);
	}
	screen_put(LINE_ROWS + number,
		   row->was || !row->provider ? LOOK_BOLD : LOOK_PLAIN, line);
}

int top_page(void)
{
	int lines = screen_height() - LINE_ROWS;

	return lines > 1 ? lines : 1;
}

void top_limit_scroll(struct top *top)
{
	if (top->scroll > top->rows - top_page())
		top->scroll = top->rows - top_page();
	if (top->scroll < 0)
		top->scroll = 0;
}

void top_draw(struct top *top)
{
	int widths[COLUMNS], i;
	struct row *rows;
	size_t count;

	rows = rows_make(top, &count);
	measure(top, rows, count, widths);
	top->rows = (int)count;
	top_limit_scroll(top);

	screen_begin();
	print_title(top);
	print_note(top);
	print_keys(top);
	print_header(widths);
	for (i = 0; i < top_page() && top->scroll + i < (int)count; i++)
		print_row(top, &rows[top->scroll + i], i, widths);
	screen_end();
	free(rows);
}
