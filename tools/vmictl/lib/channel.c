// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generic netlink sockets of libnl. Messages are read one by one and not with
 * libnl's nl_recvmsgs(), which skips a malformed message and waits for the next
 * one, and which does not distinguish ENOBUFS from ENOMEM.
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <netlink/genl/genl.h>

#include "internal.h"

/*
 * The longest datagram that the kernel sends to a reader with that much room. A
 * single object can be longer, since the counters of an op grow with the number
 * of CPUs. For that case libnl peeks at the length first.
 */
#define DATAGRAM_MAX 32768

/*
 * Room for such an object and the acknowledgement behind it. An unprivileged
 * user may get less (net.core.rmem_max); the usual limit is enough for 5,000
 * CPUs.
 */
#define BUFFER_SIZE (1 << 20)

/*
 * Return the error of the system, which errno still holds. The error codes of
 * libnl distinguish fewer cases.
 */
static int system_error(int err)
{
	return err == -NLE_MSG_TRUNC || !errno ? -EBADMSG : -errno;
}

/*
 * Request error messages. A kernel without these options sends an errno only,
 * so ignore the failure.
 */
static void ask_for_sentences(int fd)
{
	int on = 1;

	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
}

static int join(struct nl_sock *sock, int group)
{
	int err = nl_socket_set_nonblocking(sock);

	return err < 0 ? err : nl_socket_add_membership(sock, group);
}

int vmi_channel_open(struct vmi_channel *channel, int group)
{
	int err;

	channel->sock = nl_socket_alloc();
	if (!channel->sock)
		return -ENOMEM;
	nl_socket_set_msg_buf_size(channel->sock, DATAGRAM_MAX);
	nl_socket_enable_msg_peek(channel->sock);
	err = genl_connect(channel->sock);
	if (err >= 0)
		err = group ? join(channel->sock, group) :
			      nl_socket_set_buffer_size(channel->sock,
							BUFFER_SIZE, 0);
	if (err < 0) {
		err = system_error(err);
		vmi_channel_close(channel);
		return err;
	}
	ask_for_sentences(nl_socket_get_fd(channel->sock));
	return 0;
}

static void drop_datagram(struct vmi_channel *channel)
{
	free(channel->datagram);
	channel->datagram = NULL;
	channel->left = 0;
}

void vmi_channel_close(struct vmi_channel *channel)
{
	drop_datagram(channel);
	nl_socket_free(channel->sock);
	channel->sock = NULL;
}

int vmi_channel_send(struct vmi_channel *channel, struct nl_msg *request)
{
	int err = nl_send_auto(channel->sock, request);

	return err < 0 ? system_error(err) : 0;
}

/*
 * Receive a datagram of the kernel, which is at port 0. Any process may send to
 * a netlink socket.
 */
static int receive(struct vmi_channel *channel)
{
	struct sockaddr_nl from = {};
	int len;

	do {
		drop_datagram(channel);
		len = nl_recv(channel->sock, &from, &channel->datagram, NULL);
		if (len < 0)
			return system_error(len);
	} while (from.nl_pid);
	channel->next = (void *)channel->datagram;
	channel->left = len;
	return 0;
}

int vmi_channel_next(struct vmi_channel *channel, struct nlmsghdr **message)
{
	int ret;

	/* The length is negative if the last message was not padded. */
	if (channel->left <= 0) {
		ret = receive(channel);
		if (ret)
			return ret;
	}
	/* If the length is wrong, the start of the next message is unknown. */
	if (!nlmsg_ok(channel->next, channel->left)) {
		channel->left = 0;
		return -EBADMSG;
	}
	*message = channel->next;
	channel->next = nlmsg_next(channel->next, &channel->left);
	return 0;
}
