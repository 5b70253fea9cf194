/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_POLICY_FILE_H
#define VMICTL_POLICY_FILE_H

#include <stddef.h>

#include "lib/vmi.h"

#define POLICY_FILE "/etc/vmi/policy.conf"

/* The entries of a file, and the number of each entry's line. */
struct policy_file {
	struct vmi_policy_entry *entries;
	size_t *lines;
	size_t count;
};

/* Read a file, or the standard input if @path is "-". Report what is wrong. */
int policy_file_read(const char *path, struct policy_file *file);
void policy_file_free(struct policy_file *file);

#endif /* VMICTL_POLICY_FILE_H */
