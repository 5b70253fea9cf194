// SPDX-License-Identifier: GPL-2.0-only
/* vmictl --batch: commands from a file, one per line. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "out.h"
#include "vmictl.h"

/* More words than any command takes, so that the command reports the excess. */
#define MAX_WORDS 8

static int split(char *line, char **words)
{
	static const char blanks[] = " \t\r\n";
	char *word, *rest;
	int count = 0;

	for (word = strtok_r(line, blanks, &rest); word && *word != '#';
	     word = strtok_r(NULL, blanks, &rest)) {
		if (count == MAX_WORDS)
			return -1;
		words[count++] = word;
	}
	words[count] = NULL;
	return count;
}

static int run_words(int argc, char **argv)
{
	out_batch_command(argc, argv);
	/* Both run until they are stopped, so the rest would never run. */
	if (!strcmp(argv[0], "monitor") || !strcmp(argv[0], "top"))
		return out_error(VMI_EXIT_USAGE, "%s cannot be part of a batch",
				 argv[0]);
	return run_command(argc, argv);
}

static int run_line(char *line, size_t len)
{
	char *words[MAX_WORDS + 1];
	int count = -1;

	if (strlen(line) == len)
		count = split(line, words);
	if (count < 0) {
		out_batch_command(0, words);
		return out_error(
			VMI_EXIT_USAGE,
			"a line of a batch is a command of at most %d words",
			MAX_WORDS);
	}
	return count ? run_words(count, words) : 0;
}

static int run_lines(FILE *file, const char *path)
{
	size_t size = 0, number = 0;
	char *line = NULL;
	int ret = 0, error;
	ssize_t len;

	while (!ret && (len = getline(&line, &size, file)) >= 0) {
		number++;
		ret = run_line(line, (size_t)len);
		if (ret && !out_is_json())
			fprintf(stderr, "Command failed %s:%zu\n", path,
				number);
	}
	if (!ret && ferror(file)) {
		error = errno;
		/*
		 * The error needs its own entry in the JSON document of a
		 * batch.
		 */
		out_batch_command(0, NULL);
		ret = out_error(VMI_EXIT_USAGE, "cannot read %s: %s", path,
				strerror(error));
	}
	free(line);
	return ret;
}

int run_batch(const char *path)
{
	FILE *file = stdin;
	int ret;

	if (strcmp(path, "-"))
		file = fopen(path, "re");
	if (!file)
		return out_error(VMI_EXIT_USAGE, "cannot open %s: %s", path,
				 strerror(errno));
	out_batch_begin();
	ret = run_lines(file, path);
	out_batch_end();
	if (file != stdin)
		fclose(file);
	return ret;
}
