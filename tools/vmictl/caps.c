// SPDX-License-Identifier: GPL-2.0-only
/* vmictl caps: what the hypervisor offers and what is made of it. */

#include <linux/vmi.h>

#include "nl.h"
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
	json_t *caps;
	int ret;

	ret = no_arguments(argc, argv);
	if (!ret)
		ret = vmi_nl_dump(VMI_CMD_CAP_GET, &attrs_cap,
				  "list the capabilities", &caps);
	if (!ret)
		out_rows(caps, columns, sizeof(columns) / sizeof(*columns));
	return ret;
}
