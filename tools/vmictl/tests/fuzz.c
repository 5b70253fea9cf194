// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fuzzer of what comes from the kernel, by clang's libFuzzer. As in the fake
 * kernel, functions here stand before those of libc, and what libnl receives is
 * from the input. Everything behind that is what vmictl has: libnl, libvmi, and
 * the commands.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/vmi.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "fuzz.h"

struct record {
	enum fuzz_record kind;
	const uint8_t *data;
	size_t len;
};

static const uint8_t *input;
static size_t input_left;
static uint32_t request_seq;
/* The family is found, and it is asked for. */
static bool family_given, family_asked;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* The linker puts the former in place of memchr(), and calls that the latter. */
void *__wrap_memchr(const void *text, int c, size_t len);
void *__real_memchr(const void *text, int c, size_t len);

/* Take the next record if it is a call, or if it is not. */
static bool take(struct record *record, bool call)
{
	if (input_left < FUZZ_HEADER_LEN)
		return false;
	record->kind = input[0] % FUZZ_RECORDS;
	if ((record->kind == FUZZ_CALL) != call)
		return false;
	record->data = input + FUZZ_HEADER_LEN;
	record->len = (size_t)(input[1] | input[2] << 8);
	if (record->len > input_left - FUZZ_HEADER_LEN)
		record->len = input_left - FUZZ_HEADER_LEN;
	input = record->data + record->len;
	input_left -= FUZZ_HEADER_LEN + record->len;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record record;

	input = data;
	input_left = size;
	while (take(&record, true) || take(&record, false)) {
		if (record.kind != FUZZ_CALL || !record.len)
			continue;
		family_given = record.len > 1 && record.data[1];
		fuzz_call(record.data[0] % fuzz_calls);
	}
	fuzz_close();
	return 0;
}

/*
 * With FUZZ_CANARY in the environment, memchr() finds its byte at once. So libvmi takes every
 * string of the kernel for one that ends, which the fuzzer has to find.
 */
void *__wrap_memchr(const void *text, int c, size_t len)
{
	static int canary = -1;

	if (canary < 0)
		canary = getenv("FUZZ_CANARY") != NULL;
	return canary ? (void *)text : __real_memchr(text, c, len);
}

ssize_t sendmsg(int fd, const struct msghdr *hdr, int flags)
{
	const struct nlmsghdr *request = hdr->msg_iov->iov_base;

	(void)fd;
	(void)flags;
	request_seq = request->nlmsg_seq;
	family_asked = request->nlmsg_type == GENL_ID_CTRL;
	return (ssize_t)hdr->msg_iov->iov_len;
}

static size_t append(char *buffer, struct nl_msg *msg)
{
	const struct nlmsghdr *message = nlmsg_hdr(msg);
	size_t len = NLMSG_ALIGN(message->nlmsg_len);

	memcpy(buffer, message, message->nlmsg_len);
	nlmsg_free(msg);
	return len;
}

/* As the kernel would say it. */
static ssize_t give_family(char *buffer)
{
	struct nl_msg *msg = nlmsg_alloc(), *ack = nlmsg_alloc();
	struct nlmsgerr success = {};
	struct nlattr *groups, *group;
	size_t len;

	genlmsg_put(msg, 0, request_seq, GENL_ID_CTRL, 0, 0, CTRL_CMD_NEWFAMILY,
		    1);
	nla_put_u16(msg, CTRL_ATTR_FAMILY_ID, FUZZ_FAMILY);
	groups = nla_nest_start(msg, CTRL_ATTR_MCAST_GROUPS);
	group = nla_nest_start(msg, 1);
	nla_put_string(msg, CTRL_ATTR_MCAST_GRP_NAME, VMI_MCGRP_EVENTS);
	nla_put_u32(msg, CTRL_ATTR_MCAST_GRP_ID, FUZZ_GROUP);
	nla_nest_end(msg, group);
	nla_nest_end(msg, groups);
	nlmsg_put(ack, 0, request_seq, NLMSG_ERROR, 0, NLM_F_CAPPED);
	nlmsg_append(ack, &success, sizeof(success), NLMSG_ALIGNTO);
	len = append(buffer, msg);
	return (ssize_t)(len + append(buffer + len, ack));
}

static void put_sequence(char *datagram, size_t len)
{
	struct nlmsghdr *message;
	int left = (int)len;

	for_each_message(message, datagram, left) if (!message->nlmsg_seq)
		message->nlmsg_seq = request_seq;
}

static ssize_t give_record(const struct record *record, struct msghdr *hdr)
{
	struct iovec *data = hdr->msg_iov;
	size_t len = record->len < data->iov_len ? record->len : data->iov_len;

	memcpy(data->iov_base, record->data, len);
	put_sequence(data->iov_base, len);
	if (record->kind == FUZZ_TRUNCATED)
		hdr->msg_flags = MSG_TRUNC;
	return (ssize_t)len;
}

ssize_t recvmsg(int fd, struct msghdr *hdr, int flags)
{
	struct sockaddr_nl from = { .nl_family = AF_NETLINK };
	struct record record;
	ssize_t len;

	(void)fd;
	hdr->msg_flags = 0;
	/* Whatever comes fits. */
	if (flags & MSG_PEEK)
		return 1;
	if (family_given && family_asked) {
		family_asked = false;
		len = give_family(hdr->msg_iov->iov_base);
	} else if (!take(&record, false)) {
		errno = EAGAIN;
		return -1;
	} else if (record.kind == FUZZ_ERRNO) {
		errno = record.len && record.data[0] ? record.data[0] : ENOBUFS;
		return -1;
	} else {
		len = give_record(&record, hdr);
		from.nl_pid = record.kind == FUZZ_STRANGER;
	}
	memcpy(hdr->msg_name, &from, sizeof(from));
	hdr->msg_namelen = sizeof(from);
	hdr->msg_controllen = 0;
	return len;
}

/* There is a group of whatever number. */
int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (level == SOL_NETLINK && name == NETLINK_ADD_MEMBERSHIP)
		return 0;
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}
