/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_BACKEND_FILE_H
#define VMICTL_BACKEND_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "module_file.h"

/* As many as this program knows. */
#define MAX_BACKEND_OPS 64

/* The struct vmi_backend of a module, as it is in the file. */
struct backend_file {
	const struct module_file *file;
	uint16_t api_major;
	uint16_t api_minor;
	uint32_t size;
	uint32_t nr_ops;
	/* From here on only if the major version is the one known here. */
	bool known;
	/* Each NULL if it is not in the file, or if the pointer to it is NULL. */
	const char *name;
	const char *hypervisor;
	const char *version;
	/* Whether the pointers are NULL. */
	bool no_name;
	bool no_hypervisor;
	bool no_ops;
	struct module_pointer detect;
	/* Whether the table of ops is in the file, and cannot change. */
	bool has_ops;
	struct module_pointer ops[MAX_BACKEND_OPS];
};

/* Return: whether the file says where its backend is. */
bool backend_file_read(const struct module_file *file,
		       struct backend_file *backend);

/* An object for documents. */
json_t *backend_file_json(const struct backend_file *backend);

/* The version that the running core has, if there is one. */
struct core_api {
	bool known;
	uint32_t major;
	uint32_t minor;
};

/*
 * Add to @reasons, an array of sentences, each rule that it breaks, in the words of
 * the kernel.
 */
void backend_file_check(const struct backend_file *backend,
			const struct core_api *core, json_t *reasons);

#endif /* VMICTL_BACKEND_FILE_H */
