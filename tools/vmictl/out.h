/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_OUT_H
#define VMICTL_OUT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct column {
	const char *title;
	const char *key;
	bool right;
};

void out_use_json(bool pretty);
bool out_is_json(void);

/*
 * Print an error. Return @code, for a caller that reports and returns at once.
 */
int out_error(int code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void out_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print a JSON document, and drop the reference to it. */
void out_document(json_t *document);
/* Print a document on one line and flush it, for a reader that follows. */
void out_line(json_t *document);
/* Print null in JSON, and nothing in text, for a command that has no output. */
void out_done(void);

/*
 * Print a list of objects, as JSON or as a table of @columns, and drop the
 * reference to @rows.
 */
void out_rows(json_t *rows, const struct column *columns, size_t count);
/* Print a table, in JSON mode as well; the caller keeps its reference. */
void out_table(const json_t *rows, const struct column *columns, size_t count);
/* Return the text of a table's value; "-" if it is absent. Free the result. */
char *out_text(const json_t *value);

/* A batch in JSON is one document: its parts are kept until the end. */
void out_batch_begin(void);
void out_batch_command(int argc, char **argv);
void out_batch_end(void);

/*
 * Close stdout at the end of the program. Return: @code, or the code of a
 * failure if the output could not be written.
 */
int out_finish(int code);
/* Record that the reader of stdout has gone, which is not an error. */
void out_reader_left(void);

/* Functions of jansson that end the program if memory is exhausted. */
void json_put(json_t *object, const char *key, json_t *value);
void json_add(json_t *array, json_t *value);
/*
 * Convert a counter. jansson has no unsigned numbers, so the largest signed one
 * is the limit.
 */
json_t *json_count(uint64_t value);
/* Return printable ASCII: every other byte becomes a question mark. */
json_t *json_clean(const char *text, size_t size);
void clean_text(char *text);
/* printf() into allocated memory. */
char *make_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *vmake_text(const char *format, va_list args)
	__attribute__((format(printf, 1, 0)));
/* "a, b" from "a" and "b"; @list is freed or reused. */
char *append_word(char *list, const char *word);
void *check_alloc(void *memory);

#endif /* VMICTL_OUT_H */
