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

/* Returns @code, so that a caller can report and return in one statement. */
int out_error(int code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void out_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One JSON document; the reference to @document is taken over. */
void out_document(json_t *document);
/* The same on a line of its own, at once, for a reader that follows along. */
void out_line(json_t *document);
/* What a command prints that has nothing to say but that it is done. */
void out_done(void);

/*
 * A list of objects: as it is in JSON, else as a table of @columns. The
 * reference to @rows is taken over.
 */
void out_rows(json_t *rows, const struct column *columns, size_t count);
/* The table alone, whatever the mode is; the reference stays the caller's. */
void out_table(const json_t *rows, const struct column *columns, size_t count);
/* Text of a value in a table; "-" if it is absent. Free the result. */
char *out_text(const json_t *value);

/* In JSON a batch is one document: its parts are kept until the end. */
void out_batch_begin(void);
void out_batch_command(int argc, char **argv);
void out_batch_end(void);

/* Last call of the program: @code, or a failure to write what was printed. */
int out_finish(int code);
/* The reader of stdout has gone and that is no error. */
void out_reader_left(void);

/* jansson with a failure to allocate taken out of the callers' hands. */
void json_put(json_t *object, const char *key, json_t *value);
void json_add(json_t *array, json_t *value);
/* JSON has no unsigned numbers; a counter stops short of turning negative. */
json_t *json_count(uint64_t value);
/* A string of printable ASCII: what is not becomes a question mark. */
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
