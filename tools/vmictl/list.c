// SPDX-License-Identifier: GPL-2.0-only
/* vmictl list: the registered backends. */

#include <linux/vmi.h>

#include "nl.h"
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
	json_t *backends;
	int ret;

	ret = no_arguments(argc, argv);
	if (!ret)
		ret = vmi_nl_dump(VMI_CMD_BACKEND_GET, &attrs_backend,
				  "list the backends", &backends);
	if (!ret)
		out_rows(backends, columns, sizeof(columns) / sizeof(*columns));
	return ret;
}
