/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_BACKEND_FILE_H
#define VMICTL_BACKEND_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "module_file.h"

/* Size of the table of ops; not less than the number of ops in vmi_ops.h. */
#define MAX_BACKEND_OPS 64

/* The struct vmi_backend of a module, as read from its file. */
struct backend_file {
	const struct module_file *file;
	uint16_t api_major;
	uint16_t api_minor;
	uint32_t size;
	uint32_t nr_ops;
	/*
	 * Whether the API's major version is this program's. If not, the
	 * members below are not filled in.
	 */
	bool known;
	/* NULL if the pointer does not lead to a string in the file. */
	const char *name;
	const char *hypervisor;
	const char *version;
	/* Whether the pointers are NULL. */
	bool no_name;
	bool no_hypervisor;
	bool no_ops;
	struct module_pointer detect;
	/* Whether the file has the table of ops, in a read-only section. */
	bool has_ops;
	struct module_pointer ops[MAX_BACKEND_OPS];
};

/* Read the backend of a module. Return: whether the file says where it is. */
bool backend_file_read(const struct module_file *file,
		       struct backend_file *backend);

/* Convert the backend to a JSON object for a document. */
json_t *backend_file_json(const struct backend_file *backend);

/* API version of the running core, if the kernel has VMI. */
struct core_api {
	bool known;
	uint32_t major;
	uint32_t minor;
};

/*
 * Add a sentence to the array @reasons for each rule that the backend breaks,
 * in the kernel's words.
 */
void backend_file_check(const struct backend_file *backend,
			const struct core_api *core, json_t *reasons);

#endif /* VMICTL_BACKEND_FILE_H */
