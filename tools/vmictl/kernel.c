// SPDX-License-Identifier: GPL-2.0-only
/* The libvmi handle that the commands share, and its error reports. */

#include <stddef.h>

#include "kernel.h"
#include "out.h"
#include "vmictl.h"

static struct vmi *handle;

int kernel_open(struct vmi **vmi)
{
	int ret = 0;

	if (!handle)
		ret = kernel_result(vmi_open(&handle));
	if (ret)
		kernel_close();
	*vmi = handle;
	return ret;
}

void kernel_close(void)
{
	vmi_close(handle);
	handle = NULL;
}

int kernel_result(int err)
{
	return err ? out_error(VMI_EXIT_REFUSED, "%s", vmi_strerror(handle)) :
		     0;
}
