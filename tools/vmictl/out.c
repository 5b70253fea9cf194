// SPDX-License-Identifier: GPL-2.0-only
/* Output: text tables or JSON, errors, and the check that all was written. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"
#include "vmictl.h"

static bool json_mode;
static bool reader_left;
static size_t json_flags = JSON_COMPACT;
static json_t *batch;

void out_use_json(bool pretty)
{
	json_mode = true;
	if (pretty)
		json_flags = JSON_INDENT(2);
}

bool out_is_json(void)
{
	return json_mode;
}

void *check_alloc(void *memory)
{
	if (!memory) {
		fputs("Error: out of memory.\n", stderr);
		exit(VMI_EXIT_REFUSED);
	}
	return memory;
}

void json_put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		check_alloc(NULL);
}

void json_add(json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		check_alloc(NULL);
}

json_t *json_count(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/*
 * Replace all but printable ASCII. A text from the hypervisor (its signature)
 * or from a module must neither steer the terminal nor make a JSON document
 * invalid.
 */
void clean_text(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

json_t *json_clean(const char *text, size_t size)
{
	char *copy = check_alloc(strndup(text, size));
	json_t *string;

	clean_text(copy);
	string = check_alloc(json_string(copy));
	free(copy);
	return string;
}

char *append_word(char *list, const char *word)
{
	char *longer;

	if (asprintf(&longer, "%s%s%s", list, *list ? ", " : "", word) < 0)
		check_alloc(NULL);
	free(list);
	return longer;
}

char *vmake_text(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		check_alloc(NULL);
	return text;
}

char *make_text(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = vmake_text(format, args);
	va_end(args);
	return text;
}

static char *__attribute__((format(printf, 1, 0)))
format_text(const char *format, va_list args)
{
	char *text = vmake_text(format, args);

	clean_text(text);
	return text;
}

/* Print a sentence, and add a full stop if it has no end. */
static void print_sentence(const char *label, const char *text)
{
	size_t len = strlen(text);
	const char *stop = len && strchr(".!?", text[len - 1]) ? "" : ".";

	fflush(stdout);
	fprintf(stderr, "%s: %s%s\n", label, text, stop);
}

static void put_result(const char *key, json_t *value)
{
	size_t size = json_array_size(batch);

	json_put(json_array_get(batch, size - 1), key, value);
}

static void print_json(json_t *document, size_t flags)
{
	/* The precision of 15 digits prints 0.1, not 0.10000000000000001. */
	json_dumpf(document, stdout,
		   flags | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	putchar('\n');
	json_decref(document);
}

int out_error(int code, const char *format, ...)
{
	json_t *message, *object;
	va_list args;
	char *text;

	va_start(args, format);
	text = format_text(format, args);
	va_end(args);

	message = check_alloc(json_string(text));
	if (!json_mode) {
		print_sentence("Error", text);
		json_decref(message);
	} else if (json_array_size(batch)) {
		put_result("error", message);
	} else {
		object = check_alloc(json_object());
		json_put(object, "error", message);
		print_json(object, json_flags);
	}
	free(text);
	return code;
}

void out_warning(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = format_text(format, args);
	va_end(args);
	print_sentence("Warning", text);
	free(text);
}

void out_document(json_t *document)
{
	if (json_array_size(batch))
		put_result("output", document);
	else
		print_json(document, json_flags);
}

void out_line(json_t *document)
{
	print_json(document, JSON_COMPACT);
	fflush(stdout);
}

void out_done(void)
{
	if (json_mode)
		out_document(json_null());
}

void out_batch_begin(void)
{
	if (json_mode)
		batch = check_alloc(json_array());
}

void out_batch_command(int argc, char **argv)
{
	json_t *entry, *words;
	int i;

	if (!batch)
		return;
	words = check_alloc(json_array());
	for (i = 0; i < argc; i++)
		json_add(words, json_clean(argv[i], strlen(argv[i])));
	entry = check_alloc(json_object());
	json_put(entry, "command", words);
	json_add(batch, entry);
}

void out_batch_end(void)
{
	json_t *document = batch;

	if (!document)
		return;
	batch = NULL;
	out_document(document);
}

static char *error_text(const json_t *value)
{
	const char *kind = json_string_value(json_object_get(value, "kind"));
	const char *message =
		json_string_value(json_object_get(value, "message"));
	char *text;

	if (asprintf(&text, "%s: %s", kind ?: "-", message ?: "-") < 0)
		check_alloc(NULL);
	return text;
}

static char *list_text(const json_t *value)
{
	char *text = check_alloc(strdup(""));
	const json_t *item;
	size_t i;

	json_array_foreach(value, i, item)
		text = append_word(text, json_string_value(item) ?: "-");
	return text;
}

char *out_text(const json_t *value)
{
	char *text;

	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING:
		/* An empty cell would shift the columns for a script. */
		if (!json_string_length(value))
			break;
		return check_alloc(strdup(json_string_value(value)));
	case JSON_TRUE:
		return check_alloc(strdup("yes"));
	case JSON_FALSE:
		return check_alloc(strdup("no"));
	case JSON_INTEGER:
		if (asprintf(&text, "%" JSON_INTEGER_FORMAT,
			     json_integer_value(value)) < 0)
			check_alloc(NULL);
		return text;
	case JSON_REAL:
		if (asprintf(&text, "%.1f", json_real_value(value)) < 0)
			check_alloc(NULL);
		return text;
	case JSON_OBJECT:
		return error_text(value);
	case JSON_ARRAY:
		return list_text(value);
	default:
		break;
	}
	return check_alloc(strdup("-"));
}

static int column_width(const json_t *rows, const struct column *column)
{
	size_t width = strlen(column->title), len, i;
	const json_t *row;
	char *text;

	json_array_foreach(rows, i, row) {
		text = out_text(json_object_get(row, column->key));
		len = strlen(text);
		if (len > width)
			width = len;
		free(text);
	}
	return (int)width;
}

static void print_cell(const char *text, int width, bool right, bool last)
{
	if (right)
		printf("%*s", width, text);
	else if (last)
		fputs(text, stdout);
	else
		printf("%-*s", width, text);
	fputs(last ? "\n" : "  ", stdout);
}

void out_table(const json_t *rows, const struct column *columns, size_t count)
{
	int *widths = check_alloc(calloc(count, sizeof(*widths)));
	const json_t *row;
	size_t c, i;
	char *text;

	for (c = 0; c < count; c++) {
		widths[c] = column_width(rows, &columns[c]);
		print_cell(columns[c].title, widths[c], columns[c].right,
			   c + 1 == count);
	}
	json_array_foreach(rows, i, row) {
		for (c = 0; c < count; c++) {
			text = out_text(json_object_get(row, columns[c].key));
			print_cell(text, widths[c], columns[c].right,
				   c + 1 == count);
			free(text);
		}
	}
	free(widths);
}

void out_rows(json_t *rows, const struct column *columns, size_t count)
{
	if (json_mode) {
		out_document(rows);
		return;
	}
	out_table(rows, columns, count);
	json_decref(rows);
}

void out_reader_left(void)
{
	reader_left = true;
}

int out_finish(int code)
{
	bool failed = ferror(stdout);

	/* The errno of an earlier failure is gone; do not report another. */
	errno = 0;
	if (fclose(stdout))
		failed = true;
	if (!failed || reader_left)
		return code;
	fprintf(stderr, "Error: cannot write to the standard output%s%s.\n",
		errno ? ": " : "", errno ? strerror(errno) : "");
	return code ? code : VMI_EXIT_REFUSED;
}
