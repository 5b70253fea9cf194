/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_WORDS_H
#define VMICTL_WORDS_H

#include "lib/vmi.h"

/*
 * The words there are instead of one that is none, for the parentheses behind a
 * sentence; NULL if it is one. Free the result.
 */
char *words_for_target(const struct vmi_op *ops, const char *target);

/* The same instead of an op that is none, where a group is none either. */
char *words_for_op(const struct vmi_op *ops, const char *name);

/*
 * Report what the kernel said when it did not find one of these two, of which one may
 * be NULL, with the words there are. @where comes before that.
 */
int report_not_found(struct vmi *vmi, const char *where, const char *target,
		     const char *provider);

#endif /* VMICTL_WORDS_H */
