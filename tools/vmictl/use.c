// SPDX-License-Identifier: GPL-2.0-only
/* vmictl use: switch to a provider. */

#include <stdio.h>

#include <linux/vmi.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "nl.h"
#include "out.h"
#include "vmictl.h"

int cmd_use(int argc, char **argv)
{
	char what[sizeof("switch to ") + VMI_NAME_LEN];
	struct nl_msg *msg;
	int ret;

	if (argc != 2)
		return usage_error(argv[0], "give exactly one provider");
	ret = check_name(argv[0], argv[1]);
	if (!ret)
		ret = vmi_nl_request(VMI_CMD_USE, &msg);
	if (ret)
		return ret;

	snprintf(what, sizeof(what), "switch to %s", argv[1]);
	if (nla_put_string(msg, VMI_A_USE_PROVIDER, argv[1]))
		check_alloc(NULL);
	ret = vmi_nl_change(msg, what);
	if (!ret)
		out_done();
	return ret;
}
