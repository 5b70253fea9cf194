// SPDX-License-Identifier: GPL-2.0-only
/* vmictl use: switch to a provider. */

#include "kernel.h"
#include "out.h"
#include "vmictl.h"

int cmd_use(int argc, char **argv)
{
	struct vmi *vmi;
	int ret;

	if (argc != 2)
		return usage_error(argv[0], "give exactly one provider");
	ret = check_name(argv[0], argv[1]);
	if (!ret)
		ret = kernel_open(&vmi);
	if (!ret)
		ret = kernel_result(vmi_use(vmi, argv[1]));
	if (!ret)
		out_done();
	return ret;
}
