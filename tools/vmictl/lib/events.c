// SPDX-License-Identifier: GPL-2.0-only
/* Events, on a socket that gets nothing else. */

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "internal.h"

static int join(struct vmi *vmi)
{
	int group = (int)vmi->group;
	int ret;

	ret = vmi_channel_open(&vmi->events, SOCK_NONBLOCK);
	if (ret)
		return ret;
	if (!setsockopt(vmi->events.fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
			&group, sizeof(group)))
		return 0;
	ret = -errno;
	vmi_channel_close(&vmi->events);
	return ret;
}

int vmi_subscribe(struct vmi *vmi)
{
	int ret;

	if (vmi->events.fd >= 0)
		return 0;
	ret = vmi_connect(vmi);
	if (ret)
		return ret;
	ret = vmi->group ? join(vmi) : -ENOENT;
	if (ret)
		return vmi_fail(vmi, ret, "cannot subscribe to the events: %m");
	return 0;
}

int vmi_event_fd(const struct vmi *vmi)
{
	return vmi->events.fd;
}

/* The kind of object that an event of this message is about, or NULL. */
static const struct vmi_set *set_of(const struct vmi *vmi,
				    const struct nlmsghdr *message)
{
	const struct genlmsghdr *header = NLMSG_DATA(message);

	if (message->nlmsg_type != vmi->family || !vmi_is_generic(message))
		return NULL;
	switch (header->cmd) {
	case VMI_CMD_STATUS_NTF:
		return &vmi_status_set;
	case VMI_CMD_BACKEND_NTF:
		return &vmi_backend_set;
	}
	return NULL;
}

static int decode(const struct vmi_set *set, const struct nlmsghdr *message,
		  struct vmi_event **event)
{
	const struct vmi_reply reply = {
		.messages = (char *)message,
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
	else
		block->backend = (void *)(block + 1);
	*event = block;
	return 0;
}

static int receive(struct vmi *vmi, struct vmi_event **event)
{
	const struct nlmsghdr *message;
	const struct vmi_set *set;
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
	int ret = receive(vmi, event);

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
