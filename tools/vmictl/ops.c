// SPDX-License-Identifier: GPL-2.0-only
/* vmictl ops: what each operation is bound to. */

#include "attrs.h"
#include "kernel.h"
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
	struct vmi_op *ops;
	struct vmi *vmi;
	int ret;

	ret = no_arguments(argc, argv);
	if (!ret)
		ret = kernel_open(&vmi);
	if (!ret)
		ret = kernel_result(vmi_list_ops(vmi, &ops));
	if (!ret)
		out_rows(attrs_rows(ops), columns,
			 sizeof(columns) / sizeof(*columns));
	return ret;
}
