// SPDX-License-Identifier: GPL-2.0-only
/* The connection: a socket, and what numbers the family and its events have. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static int read_group(struct vmi *vmi, const struct nlattr *group)
{
	struct vmi_attrs attrs = vmi_attrs_nested(group);
	const char *name = NULL;
	const struct nlattr *attr;
	uint32_t id = 0;
	int ret = 0;

	while (!ret && (attr = vmi_attrs_next(&attrs))) {
		if (vmi_attr_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
			name = vmi_attr_string(attr);
		else if (vmi_attr_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
			ret = vmi_attr_copy(attr, &id, sizeof(id));
	}
	if (ret || attrs.len || !name)
		return -EBADMSG;
	if (!strcmp(name, VMI_MCGRP_EVENTS))
		vmi->group = id;
	return 0;
}

static int read_groups(struct vmi *vmi, const struct nlattr *groups)
{
	struct vmi_attrs attrs = vmi_attrs_nested(groups);
	const struct nlattr *group;
	int ret = 0;

	while (!ret && (group = vmi_attrs_next(&attrs)))
		ret = read_group(vmi, group);
	return attrs.len ? -EBADMSG : ret;
}

static int read_family(struct vmi *vmi, const struct vmi_reply *reply)
{
	const struct nlattr *attr;
	struct vmi_attrs attrs;
	int ret = 0;

	if (reply->count != 1)
		return -EBADMSG;
	vmi->family = 0;
	attrs = vmi_attrs((const void *)reply->messages);
	while (!ret && (attr = vmi_attrs_next(&attrs))) {
		if (vmi_attr_type(attr) == CTRL_ATTR_FAMILY_ID)
			ret = vmi_attr_copy(attr, &vmi->family,
					    sizeof(vmi->family));
		else if (vmi_attr_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			ret = read_groups(vmi, attr);
	}
	return attrs.len || vmi->family < NLMSG_MIN_TYPE ? -EBADMSG : ret;
}

static int find_family(struct vmi *vmi)
{
	struct vmi_request request;
	struct vmi_reply reply;
	int ret;

	vmi_request(&request, GENL_ID_CTRL, NLM_F_ACK, CTRL_CMD_GETFAMILY);
	vmi_request_string(&request, CTRL_ATTR_FAMILY_NAME, VMI_FAMILY_NAME);
	ret = vmi_exchange(vmi, &request, &reply);
	if (!ret)
		ret = reply.error ?: read_family(vmi, &reply);
	free(reply.messages);
	return ret;
}

int vmi_connect(struct vmi *vmi)
{
	int ret;

	vmi->warning[0] = '\0';
	if (vmi->requests.fd >= 0)
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
