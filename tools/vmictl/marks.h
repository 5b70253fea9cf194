/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_MARKS_H
#define VMICTL_MARKS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/vmi.h"

/* An op that was recently bound to another provider, or bound again. */
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
 * Mark each op of @now that has another provider in @before. Also mark each op
 * with the provider @again, unless that is NULL: the op was bound to it anew.
 * An op of the latter kind that has a mark keeps it.
 */
void marks_compare(struct marks *marks, const struct vmi_op *before,
		   const struct vmi_op *now, const char *again);

/* Return the provider of a marked op before the change; NULL without a mark. */
const char *marks_find(const struct marks *marks, const char *op);

void marks_free(struct marks *marks);

#endif /* VMICTL_MARKS_H */
