// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file of vmictl policy load: a target and a provider per line, and
 * comments. The kernel checks the names.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "policy_file.h"
#include "vmictl.h"

static int bad_line(const char *path, size_t line, const char *what)
{
	return out_error(VMI_EXIT_USAGE, "%s:%zu: %s", path, line, what);
}

static void add(struct policy_file *file, const char *target,
		const char *provider, size_t line)
{
	size_t count = file->count + 1;

	file->entries = check_alloc(
		reallocarray(file->entries, count, sizeof(*file->entries)));
	file->lines = check_alloc(
		reallocarray(file->lines, count, sizeof(*file->lines)));
	file->entries[file->count] = (struct vmi_policy_entry){
		.target = check_alloc(strdup(target)),
		.provider = check_alloc(strdup(provider)),
	};
	file->lines[file->count] = line;
	file->count = count;
}

static int read_line(struct policy_file *file, const char *path, size_t line,
		     char *text, size_t len)
{
	static const char blanks[] = " \t\r\n";
	char *words[2], *word, *rest;
	int count = 0;

	if (strlen(text) != len)
		return bad_line(path, line, "a line is text, without a NUL");
	for (word = strtok_r(text, blanks, &rest); word && *word != '#';
	     word = strtok_r(NULL, blanks, &rest)) {
		if (count == 2)
			return bad_line(
				path, line,
				"too many words: a line is GROUP[.OP] PROVIDER");
		if (strlen(word) > VMI_NAME_LEN)
			return bad_line(path, line, "a name is too long");
		words[count++] = word;
	}
	if (count == 1)
		return bad_line(path, line,
				"no provider: a line is GROUP[.OP] PROVIDER");
	if (count)
		add(file, words[0], words[1], line);
	return 0;
}

static int read_lines(struct policy_file *file, const char *path, FILE *stream)
{
	size_t size = 0, line = 0;
	char *text = NULL;
	ssize_t len;
	int ret = 0;

	while (!ret && (len = getline(&text, &size, stream)) >= 0)
		ret = read_line(file, path, ++line, text, (size_t)len);
	if (!ret && ferror(stream))
		ret = out_error(VMI_EXIT_USAGE, "cannot read %s: %s", path,
				strerror(errno));
	free(text);
	return ret;
}

int policy_file_read(const char *path, struct policy_file *file)
{
	FILE *stream = stdin;
	int ret;

	*file = (struct policy_file){};
	if (strcmp(path, "-"))
		stream = fopen(path, "re");
	if (!stream)
		return out_error(VMI_EXIT_USAGE, "cannot open %s: %s", path,
				 strerror(errno));
	ret = read_lines(file, path, stream);
	if (stream != stdin)
		fclose(stream);
	if (ret)
		policy_file_free(file);
	return ret;
}

void policy_file_free(struct policy_file *file)
{
	size_t i;

	for (i = 0; i < file->count; i++) {
		free((char *)file->entries[i].target);
		free((char *)file->entries[i].provider);
	}
	free(file->entries);
	free(file->lines);
}
