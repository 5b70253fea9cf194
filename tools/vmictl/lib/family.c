// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection: a socket, and the numbers of the family and of its multicast
 * group. libnl's genl_ctrl_resolve() is not used, since it reports every error
 * as a family that does not exist.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/genl/genl.h>

#include "internal.h"

static int read_group(struct vmi *vmi, const struct nlattr *group)
{
	const struct nlattr *name, *id;

	name = nla_find(nla_data(group), nla_len(group),
			CTRL_ATTR_MCAST_GRP_NAME);
	id = nla_find(nla_data(group), nla_len(group), CTRL_ATTR_MCAST_GRP_ID);
	if (!name || !id || nla_len(id) != sizeof(vmi->group))
		return -EBADMSG;
	if (!nla_strcmp(name, VMI_MCGRP_EVENTS))
		vmi->group = (int)nla_get_u32(id);
	return 0;
}

static int read_family(struct vmi *vmi, const struct vmi_reply *reply)
{
	struct nlmsghdr *message = (void *)reply->messages;
	const struct nlattr *id, *groups, *group;
	int left = 0;
	int ret = 0;

	if (reply->count != 1)
		return -EBADMSG;
	id = nlmsg_find_attr(message, GENL_HDRLEN, CTRL_ATTR_FAMILY_ID);
	groups = nlmsg_find_attr(message, GENL_HDRLEN, CTRL_ATTR_MCAST_GROUPS);
	if (!id || nla_len(id) != sizeof(vmi->family))
		return -EBADMSG;
	vmi->family = nla_get_u16(id);
	if (groups)
		nla_for_each_nested(group, groups, left)
			ret = ret ?: read_group(vmi, group);
	return left > 0 || vmi->family < NLMSG_MIN_TYPE ? -EBADMSG : ret;
}

static int find_family(struct vmi *vmi)
{
	static const struct vmi_request request = {
		.cmd = CTRL_CMD_GETFAMILY,
		.name_type = CTRL_ATTR_FAMILY_NAME,
		.name = VMI_FAMILY_NAME,
	};
	struct vmi_reply reply;
	int ret;

	ret = vmi_exchange(vmi, GENL_ID_CTRL, &request, &reply);
	if (!ret)
		ret = reply.error ?: read_family(vmi, &reply);
	free(reply.messages);
	return ret;
}

int vmi_connect(struct vmi *vmi)
{
	int ret;

	vmi->refused = -1;
	if (vmi->requests.sock)
		return 0;
	ret = vmi_channel_open(&vmi->requests, 0);
	if (ret)
		return vmi_fail(vmi, ret,
				"cannot open a generic netlink socket: %m");
	ret = find_family(vmi);
	if (!ret)
		return 0;
	vmi_channel_close(&vmi->requests);
	if (ret == -ENOENT)
		return vmi_fail(
			vmi, ret,
			"VMI netlink family not found: this kernel is built without CONFIG_VMI, boot one that is built with it");
	return vmi_fail(vmi, ret, "cannot look up the VMI netlink family: %m");
}
