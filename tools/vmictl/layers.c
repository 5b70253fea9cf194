// SPDX-License-Identifier: GPL-2.0-only
/* vmictl layers: the hypervisors that this machine claims to run on. */

#include "attrs.h"
#include "kernel.h"
#include "out.h"
#include "vmictl.h"

static const struct column columns[] = {
	{ .title = "SIGNATURE", .key = "signature" },
	{ .title = "EVIDENCE", .key = "evidence" },
	{ .title = "BACKEND", .key = "backend" },
};

int cmd_layers(int argc, char **argv)
{
	struct vmi_layer *layers;
	struct vmi *vmi;
	int ret;

	ret = no_arguments(argc, argv);
	if (!ret)
		ret = kernel_open(&vmi);
	if (!ret)
		ret = kernel_result(vmi_list_layers(vmi, &layers));
	if (!ret)
		out_rows(attrs_rows(layers), columns,
			 sizeof(columns) / sizeof(*columns));
	return ret;
}
