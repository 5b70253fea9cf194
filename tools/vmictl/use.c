// SPDX-License-Identifier: GPL-2.0-only
/* vmictl use: switch to a provider. */

#include <errno.h>

#include "kernel.h"
#include "out.h"
#include "vmictl.h"
#include "words.h"

static int use(struct vmi *vmi, const char *name)
{
	int err = vmi_use(vmi, name);

	return err == -ENOENT ? report_unknown_provider(vmi, name) :
				kernel_result(err);
}

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
		ret = use(vmi, argv[1]);
	if (!ret)
		out_done();
	return ret;
}
