// SPDX-License-Identifier: GPL-2.0-only
/* vmictl list: the registered backends. */

#include "attrs.h"
#include "kernel.h"
#include "out.h"
#include "vmictl.h"

static const struct column columns[] = {
	{ .title = "NAME", .key = "name" },
	{ .title = "STATE", .key = "state" },
	{ .title = "HYPERVISOR", .key = "hypervisor" },
	{ .title = "VERSION", .key = "version" },
	{ .title = "MODULE", .key = "module" },
	{ .title = "EVIDENCE", .key = "evidence" },
	{ .title = "LAST-ERROR", .key = "last-error" },
};

int cmd_list(int argc, char **argv)
{
	struct vmi_backend *backends;
	struct vmi *vmi;
	int ret;

	ret = no_arguments(argc, argv);
	if (!ret)
		ret = kernel_open(&vmi);
	if (!ret)
		ret = kernel_result(vmi_list_backends(vmi, &backends));
	if (!ret)
		out_rows(attrs_rows(backends), columns,
			 sizeof(columns) / sizeof(*columns));
	return ret;
}
