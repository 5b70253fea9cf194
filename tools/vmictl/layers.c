// SPDX-License-Identifier: GPL-2.0-only
/* vmictl layers: the hypervisors that this machine claims to run on. */

#include <linux/vmi.h>

#include "nl.h"
#include "out.h"
#include "vmictl.h"

static const struct column columns[] = {
	{ .title = "SIGNATURE", .key = "signature" },
	{ .title = "EVIDENCE", .key = "evidence" },
	{ .title = "BACKEND", .key = "backend" },
};

int cmd_layers(int argc, char **argv)
{
	json_t *layers;
	int ret;

	ret = no_arguments(argc, argv);
	if (!ret)
		ret = vmi_nl_dump(VMI_CMD_LAYER_GET, &attrs_layer,
				  "list the hypervisors", &layers);
	if (!ret)
		out_rows(layers, columns, sizeof(columns) / sizeof(*columns));
	return ret;
}
