/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_MARKS_H
#define VMICTL_MARKS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/vmi.h"

/* Ops that were bound to something else a moment ago, or bound again. */
struct mark {
	char op[VMI_NAME_LEN + 1];
	char was[VMI_NAME_LEN + 1];
	uint64_t until_ns;
};

struct marks {
	struct mark *list;
	size_t count;
};

/*
 * Mark each of the ops @now that @before shows with another provider. One that
 * has the provider @again, unless that is NULL, was bound to it anew; if that was
 * seen before, the mark stays as it is.
 */
void marks_compare(struct marks *marks, const struct vmi_op *before,
		   const struct vmi_op *now, const char *again);

/* What the op was bound to, if that was a moment ago; else NULL. */
const char *marks_find(const struct marks *marks, const char *op);

void marks_free(struct marks *marks);

#endif /* VMICTL_MARKS_H */
