// SPDX-License-Identifier: GPL-2.0-only
/* What the fuzzer calls, and what has to be true of it whatever the kernel says. */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../batch.h"
#include "../histogram.h"
#include "../kernel.h"
#include "../openmetrics.h"
#include "../out.h"
#include "../percpu.h"
#include "../vmictl.h"
#include "examine.h"
#include "fuzz.h"

static struct vmi *handle;

static char *commands[][5] = {
	{ "status" },
	{ "list" },
	{ "ops" },
	{ "explain", "lock.wait" },
	{ "caps" },
	{ "stats" },
	{ "stats", "lock" },
	{ "stats", "reset", "lock" },
	{ "use", "kvm" },
	{ "policy" },
	{ "policy", "set", "io", "native" },
	{ "policy", "clear", "io" },
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

/*
 * Output of stats that only an option selects. The first, OpenMetrics, is no JSON unless it
 * fails.
 */
static int (*const shows[])(const char *target) = {
	openmetrics,
	show_per_cpu,
	show_histograms,
};

#define SHOWS (sizeof(shows) / sizeof(*shows))

const size_t fuzz_calls = EXAMINE_CALLS + COMMANDS + SHOWS;

/* A line, without what it begins with, is a sentence that a terminal can show. */
static void examine_line(const char *line, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (line[i] < ' ' || line[i] > '~')
			examine_fail("a character that is none", line[i], line);
	if (len < 3 || !strchr(".!?", line[len - 1]))
		examine_fail("no full stop", (int)len, line);
}

/* One error, if there was one, and warnings, a line each. */
static void examine_errors(int ret, const char *text)
{
	int errors = 0;
	size_t len;

	for (; *text; text += len + 1) {
		len = strcspn(text, "\n");
		if (!strncmp(text, "Error: ", 7))
			errors++;
		else if (strncmp(text, "Warning: ", 9))
			examine_fail("neither error nor warning", ret, text);
		examine_line(text, len);
	}
	if ((ret != VMI_EXIT_DONE && ret != VMI_EXIT_REFUSED) ||
	    errors != !!ret)
		examine_fail("errors and status do not fit", ret, text);
}

static int run_words(char **words)
{
	int count = 0;

	while (words[count])
		count++;
	return run_command(count, words);
}

/* One document, and the error in it is the only one. */
static void examine_document(int ret, const char *text)
{
	json_t *document = json_loads(text, JSON_DECODE_ANY, NULL);

	if (!document)
		examine_fail("no JSON", ret, text);
	if ((ret == VMI_EXIT_REFUSED) != !!json_object_get(document, "error"))
		examine_fail("document and status do not fit", ret, text);
	json_decref(document);
}

static void run(size_t number)
{
	FILE *standard_error = stderr, *standard_output = stdout;
	char *errors = NULL, *output = NULL;
	size_t size;
	int ret;

	stderr = open_memstream(&errors, &size);
	stdout = open_memstream(&output, &size);
	if (!stderr || !stdout)
		abort();
	ret = number < COMMANDS ? run_words(commands[number]) :
				  shows[number - COMMANDS](NULL);
	fclose(stderr);
	fclose(stdout);
	stderr = standard_error;
	stdout = standard_output;
	if (out_is_json() && (number != COMMANDS || ret))
		examine_document(ret, output);
	examine_errors(out_is_json() ? VMI_EXIT_DONE : ret, errors);
	free(errors);
	free(output);
}

void fuzz_call(size_t number)
{
	int err;

	if (getenv("FUZZ_JSON"))
		out_use_json(false);
	if (number >= EXAMINE_CALLS) {
		run(number - EXAMINE_CALLS);
		return;
	}
	if (!handle) {
		err = vmi_open(&handle);
		examine_list(handle, err, NULL);
	}
	examine_call(handle, number);
}

void fuzz_close(void)
{
	vmi_close(handle);
	handle = NULL;
	kernel_close();
}
