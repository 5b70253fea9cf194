/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_MODULE_FILE_H
#define VMICTL_MODULE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The file of a kernel module, of which nothing is believed. */
struct module_file;

/* Where a pointer in a module leads once it is loaded. */
struct module_pointer {
	/* If not, it is NULL. */
	bool set;
	/* To a symbol that the module does not have itself. */
	bool foreign;
	/* Name of the symbol that is there, or NULL. */
	const char *symbol;
	/* In the module's own file. */
	size_t section;
	uint64_t offset;
};

/*
 * Of @stream, which is taken over. Return: 0; or -1, with @problem a sentence without
 * its subject, "is no ELF file" for example, to be freed.
 */
int module_file_open(FILE *stream, struct module_file **file, char **problem);
void module_file_close(struct module_file *file);

/* A signature is behind it, of whomever. */
bool module_file_is_signed(const struct module_file *file);
/* The first value of that name in .modinfo, or NULL. */
const char *module_file_info(const struct module_file *file, const char *name);
/* Does it use a symbol of others, with that name? */
bool module_file_needs(const struct module_file *file, const char *symbol);
/* Number of a section; 0 if there is none. */
size_t module_file_section(const struct module_file *file, const char *name);
/* Is that code, and does it stay after the module's init()? */
bool module_file_is_text(const struct module_file *file, size_t section);

/* Is it never written to, once it is loaded? */
bool module_file_is_constant(const struct module_file *file, size_t section);

/* What is in a section; false if it is not that long. */
bool module_file_read(const struct module_file *file, size_t section,
		      uint64_t offset, void *to, size_t size);
struct module_pointer module_file_pointer(const struct module_file *file,
					  size_t section, uint64_t offset);
/* What a pointer points at, if it is a text; else NULL. */
const char *module_file_text(const struct module_file *file,
			     const struct module_pointer *pointer);

#endif /* VMICTL_MODULE_FILE_H */
