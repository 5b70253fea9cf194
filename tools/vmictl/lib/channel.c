// SPDX-License-Identifier: GPL-2.0-only
/* Generic netlink sockets: datagrams out, whole messages of the kernel in. */

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "internal.h"

/* Kernels older than these options give an errno only: not worth a word. */
static void ask_for_sentences(int fd)
{
	int on = 1;

	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
}

int vmi_channel_open(struct vmi_channel *channel, int flags)
{
	channel->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags,
			     NETLINK_GENERIC);
	if (channel->fd < 0)
		return -errno;
	channel->pos = 0;
	channel->len = 0;
	ask_for_sentences(channel->fd);
	return 0;
}

void vmi_channel_close(struct vmi_channel *channel)
{
	if (channel->fd >= 0)
		close(channel->fd);
	channel->fd = -1;
}

int vmi_channel_send(struct vmi_channel *channel,
		     const struct vmi_request *request)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct iovec data = { (void *)request, request->header.nlmsg_len };
	const struct msghdr hdr = {
		.msg_name = &kernel,
		.msg_namelen = sizeof(kernel),
		.msg_iov = &data,
		.msg_iovlen = 1,
	};
	ssize_t len;

	do
		len = sendmsg(channel->fd, &hdr, 0);
	while (len < 0 && errno == EINTR);
	return len < 0 ? -errno : 0;
}

/* Any process may send to a netlink socket; the kernel is at port 0. */
static int receive(struct vmi_channel *channel)
{
	struct iovec data = { channel->buffer, sizeof(channel->buffer) };
	struct sockaddr_nl from = { .nl_pid = 1 };
	struct msghdr hdr;
	ssize_t len;

	channel->pos = 0;
	channel->len = 0;
	do {
		hdr = (struct msghdr){
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &data,
			.msg_iovlen = 1,
		};
		len = recvmsg(channel->fd, &hdr, 0);
		if (len < 0 && errno != EINTR)
			return -errno;
	} while (len < 0 || from.nl_pid);
	if (hdr.msg_flags & MSG_TRUNC)
		return -EBADMSG;
	channel->len = (size_t)len;
	return 0;
}

/* When the length of a message is wrong, nobody knows where the next begins. */
static int malformed(struct vmi_channel *channel)
{
	channel->pos = channel->len;
	return -EBADMSG;
}

int vmi_channel_next(struct vmi_channel *channel,
		     const struct nlmsghdr **message)
{
	size_t left, len;
	int ret;

	if (channel->pos == channel->len) {
		ret = receive(channel);
		if (ret)
			return ret;
	}
	left = channel->len - channel->pos;
	if (left < sizeof(**message))
		return malformed(channel);
	*message = (const void *)(channel->buffer + channel->pos);
	len = (*message)->nlmsg_len;
	if (len < sizeof(**message) || len > left)
		return malformed(channel);
	len = NLMSG_ALIGN(len);
	channel->pos += len < left ? len : left;
	return 0;
}
