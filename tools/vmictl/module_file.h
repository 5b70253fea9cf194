/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_MODULE_FILE_H
#define VMICTL_MODULE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The file of a kernel module. Nothing in it is trusted. */
struct module_file;

/* The target of a pointer in a module, once the module is loaded. */
struct module_pointer {
	/* False if the pointer is NULL. */
	bool set;
	/* The target is a symbol that the module does not define. */
	bool foreign;
	/* Name of the symbol at the target, or NULL. */
	const char *symbol;
	/* Place of the target in the module's file, unless it is foreign. */
	size_t section;
	uint64_t offset;
};

/*
 * Open a module, and close @stream with it or on failure. Return: 0; or -1,
 * with a sentence without its subject in @problem, for example "is truncated".
 * Free the sentence.
 */
int module_file_open(FILE *stream, struct module_file **file, char **problem);
void module_file_close(struct module_file *file);

/* Return whether a signature is appended, no matter by whom. */
bool module_file_is_signed(const struct module_file *file);
/* Return the first value with this name in .modinfo, or NULL. */
const char *module_file_info(const struct module_file *file, const char *name);
/* Return whether the module uses this symbol without defining it. */
bool module_file_needs(const struct module_file *file, const char *symbol);
/* Return the number of a section; 0 if there is none. */
size_t module_file_section(const struct module_file *file, const char *name);
/* Return whether a section is code that stays after the module's init(). */
bool module_file_is_text(const struct module_file *file, size_t section);

/* Return whether a section is not writable. */
bool module_file_is_constant(const struct module_file *file, size_t section);

/* Read from a section; false if it is too short. */
bool module_file_read(const struct module_file *file, size_t section,
		      uint64_t offset, void *to, size_t size);
struct module_pointer module_file_pointer(const struct module_file *file,
					  size_t section, uint64_t offset);
/* Return the string that a pointer leads to, or NULL. */
const char *module_file_text(const struct module_file *file,
			     const struct module_pointer *pointer);

#endif /* VMICTL_MODULE_FILE_H */
