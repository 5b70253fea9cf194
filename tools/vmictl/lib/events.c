// SPDX-License-Identifier: GPL-2.0-only
/* Events, which have a socket of their own. */

#include <errno.h>

#include <netlink/genl/genl.h>

#include "internal.h"

int vmi_subscribe(struct vmi *vmi)
{
	int ret;

	if (vmi->events.sock)
		return 0;
	ret = vmi_connect(vmi);
	if (ret)
		return ret;
	ret = vmi->group > 0 ? vmi_channel_open(&vmi->events, vmi->group) :
			       -ENOENT;
	if (ret)
		return vmi_fail(vmi, ret, "cannot subscribe to the events: %m");
	return 0;
}

int vmi_event_fd(const struct vmi *vmi)
{
	return vmi->events.sock ? nl_socket_get_fd(vmi->events.sock) : -1;
}

/* Return the kind of object in an event; NULL if the event is unknown. */
static const struct vmi_set *set_of(const struct vmi *vmi,
				    struct nlmsghdr *message)
{
	if (message->nlmsg_type != vmi->family ||
	    !genlmsg_valid_hdr(message, 0))
		return NULL;
	switch (genlmsg_hdr(message)->cmd) {
	case VMI_CMD_STATUS_NTF:
		return &vmi_status_set;
	case VMI_CMD_BACKEND_NTF:
		return &vmi_backend_set;
	case VMI_CMD_OP_NTF:
		return &vmi_op_set;
	}
	return NULL;
}

static int decode(const struct vmi_set *set, struct nlmsghdr *message,
		  struct vmi_event **event)
{
	const struct vmi_reply reply = {
		.messages = (void *)message,
		.len = message->nlmsg_len,
		.count = 1,
	};
	struct vmi_event *block;
	int ret;

	ret = vmi_decode(set, &reply, sizeof(*block), (void **)&block);
	if (ret)
		return ret;
	if (set == &vmi_status_set)
		block->status = (void *)(block + 1);
	else if (set == &vmi_backend_set)
		block->backend = (void *)(block + 1);
	else
		block->op = (void *)(block + 1);
	*event = block;
	return 0;
}

static int receive(struct vmi *vmi, struct vmi_event **event)
{
	const struct vmi_set *set;
	struct nlmsghdr *message;
	int ret;

	do {
		ret = vmi_channel_next(&vmi->events, &message);
		if (ret)
			return ret;
		set = set_of(vmi, message);
	} while (!set);
	return decode(set, message, event);
}

int vmi_next_event(struct vmi *vmi, struct vmi_event **event)
{
	int ret = vmi->events.sock ? receive(vmi, event) : -EBADF;

	switch (ret) {
	case 0:
		return 0;
	case -EAGAIN:
		return vmi_fail(vmi, ret, "no event is waiting");
	case -ENOBUFS:
		return vmi_fail(vmi, ret, "events were lost");
	case -EBADMSG:
		return vmi_fail(vmi, ret, "an event is malformed");
	default:
		return vmi_fail(vmi, ret, "cannot receive events: %m");
	}
}
