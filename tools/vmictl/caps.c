// SPDX-License-Identifier: GPL-2.0-only
/* vmictl caps: what the hypervisor offers, and which of it is in use. */

#include "attrs.h"
#include "kernel.h"
#include "out.h"
#include "vmictl.h"

static const struct column columns[] = {
	{ .title = "NAME", .key = "name" },
	{ .title = "BACKEND", .key = "backend" },
	{ .title = "OFFERED", .key = "offered" },
	{ .title = "BOUND", .key = "bound" },
	{ .title = "USED", .key = "uses", .right = true },
	{ .title = "REASON", .key = "reason" },
};

int cmd_caps(int argc, char **argv)
{
	struct vmi_cap *caps;
	struct vmi *vmi;
	int ret;

	ret = no_arguments(argc, argv);
	if (!ret)
		ret = kernel_open(&vmi);
	if (!ret)
		ret = kernel_result(vmi_list_caps(vmi, &caps));
	if (!ret)
		out_rows(attrs_rows(caps), columns,
			 sizeof(columns) / sizeof(*columns));
	return ret;
}
