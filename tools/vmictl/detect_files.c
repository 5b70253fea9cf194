// SPDX-License-Identifier: GPL-2.0-only
/* vmictl detect: read the files in which the kernel shows its state. */

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "detect.h"
#include "out.h"

static const char blanks[] = " \t\r\n";

static void cut_blanks(char *text)
{
	size_t len = strlen(text);

	while (len && strchr(blanks, text[len - 1]))
		text[--len] = '\0';
}

char *file_line(const char *path)
{
	FILE *file = machine_open(path);
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	if (getline(&line, &size, file) < 0) {
		free(line);
		line = NULL;
	} else {
		cut_blanks(line);
		clean_text(line);
	}
	fclose(file);
	return line;
}

bool line_has_word(const char *line, const char *word)
{
	size_t len = strlen(word);
	const char *at = line;

	while (at && *at) {
		at += strspn(at, blanks);
		if (!strncmp(at, word, len) &&
		    (!at[len] || strchr(blanks, at[len])))
			return true;
		at += strcspn(at, blanks);
	}
	return false;
}

/*
 * A row has its name in front, as in "HYP:", or at the end of the line, as in
 * "xen-percpu -ipi spinlock0".
 */
static bool is_row(const char *line, const char *name)
{
	size_t len = strlen(name), size = strlen(line);

	line += strspn(line, blanks);
	if (!strncmp(line, name, len) && line[len] == ':')
		return true;
	size = strlen(line);
	return strstr(line, " xen-") && size > len &&
	       !strcmp(line + size - len, name) &&
	       strchr(blanks, line[size - len - 1]);
}

static uint64_t sum_of_row(const char *line)
{
	const char *at = strchr(line, ':');
	uint64_t total = 0;
	char *end;

	if (!at)
		return 0;
	for (at++; at += strspn(at, blanks), isdigit((unsigned char)*at);
	     at = end)
		total += strtoull(at, &end, 10);
	return total;
}

bool file_interrupts(const char *name, uint64_t *total)
{
	FILE *file = machine_open("/proc/interrupts");
	char *line = NULL;
	bool found = false;
	size_t size = 0;

	if (!file)
		return false;
	while (!found && getline(&line, &size, file) >= 0) {
		cut_blanks(line);
		found = is_row(line, name);
		if (found)
			*total = sum_of_row(line);
	}
	free(line);
	fclose(file);
	return found;
}

bool file_steal(uint64_t *ticks)
{
	char *line = file_line("/proc/stat");
	bool found;

	/* Columns: user nice system idle iowait irq softirq steal */
	found = line && sscanf(line, "cpu %*u %*u %*u %*u %*u %*u %*u %" SCNu64,
			       ticks) == 1;
	free(line);
	return found;
}
