/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_WORDS_H
#define VMICTL_WORDS_H

#include "lib/vmi.h"

/*
 * Valid names to suggest for an unknown @target, for the parentheses behind a
 * sentence; NULL if @target is valid. Free the result.
 */
char *words_for_target(const struct vmi_op *ops, const char *target);

/* Valid ops to suggest for an unknown op; groups are not valid. Free it. */
char *words_for_op(const struct vmi_op *ops, const char *name);

/*
 * Report that the kernel did not find @target, and list valid names unless
 * @target is NULL. @where comes before the sentence.
 */
int report_unknown_target(struct vmi *vmi, const char *where,
			  const char *target);

/* Report that the kernel did not find a provider, with valid names. */
int report_unknown_provider(struct vmi *vmi, const char *name);

#endif /* VMICTL_WORDS_H */
