// SPDX-License-Identifier: GPL-2.0-only
/* vmictl ops: what each operation is bound to. */

#include <linux/vmi.h>

#include "nl.h"
#include "out.h"
#include "vmictl.h"

static const struct column columns[] = {
	{ .title = "NAME", .key = "name" },
	{ .title = "PROVIDER", .key = "provider" },
	{ .title = "COUNTING", .key = "counting" },
	{ .title = "CALLS", .key = "calls", .right = true },
	{ .title = "REASON", .key = "reason" },
};

int cmd_ops(int argc, char **argv)
{
	json_t *ops;
	int ret;

	ret = no_arguments(argc, argv);
	if (!ret)
		ret = vmi_nl_dump(VMI_CMD_OP_GET, &attrs_op, "list the ops",
				  &ops);
	if (!ret)
		out_rows(ops, columns, sizeof(columns) / sizeof(*columns));
	return ret;
}
