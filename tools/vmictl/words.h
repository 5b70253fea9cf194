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
 * Report that the kernel did not find @target, or any target if it is NULL, with valid
 * names. @where comes before the sentence.
 */
int report_unknown_target(struct vmi *vmi, const char *where,
			  const char *target);

/* Report that the kernel did not find a provider, with valid names. */
int report_unknown_provider(struct vmi *vmi, const char *name);

#endif /* VMICTL_WORDS_H */
