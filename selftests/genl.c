// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client of the generic netlink family "vmi" that needs no library
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "genl.h"

struct reply reply;
struct object objects[MAX_OBJECTS];
int sock = -1;
uint16_t family;

static uint32_t sequence;

void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

void open_socket(void)
{
	struct timeval limit = { .tv_sec = 20 };
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	int on = 1;

	if (sock >= 0)
		close(sock);
	sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (sock < 0 || bind(sock, (struct sockaddr *)&addr, sizeof(addr)))
		die("socket");
	if (setsockopt(sock, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) ||
	    setsockopt(sock, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) ||
	    setsockopt(sock, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on,
		       sizeof(on)) ||
	    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)))
		die("setsockopt");
}

void start(struct message *msg, uint16_t type, uint8_t cmd, uint16_t flags)
{
	memset(msg, 0, sizeof(*msg));
	msg->nl.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	msg->nl.nlmsg_type = type;
	msg->nl.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	msg->genl.cmd = cmd;
	msg->genl.version = VMI_FAMILY_VERSION;
}

void put(struct message *msg, uint16_t type, const void *data, size_t len)
{
	struct nlattr *attr;

	attr = (struct nlattr *)((char *)msg + NLMSG_ALIGN(msg->nl.nlmsg_len));
	attr->nla_type = type;
	attr->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy(attr + 1, data, len);
	msg->nl.nlmsg_len =
		NLMSG_ALIGN(msg->nl.nlmsg_len) + NLA_ALIGN(attr->nla_len);
}

void put_string(struct message *msg, uint16_t type, const char *text)
{
	put(msg, type, text, strlen(text) + 1);
}

/* Sets table[type] for the attributes in a buffer. */
void parse(const unsigned char *data, size_t len, const struct nlattr **table)
{
	const struct nlattr *attr;
	int type;

	memset(table, 0, MAX_ATTRS * sizeof(*table));
	while (len >= NLA_HDRLEN) {
		attr = (const void *)data;
		if (attr->nla_len < NLA_HDRLEN || attr->nla_len > len)
			break;
		type = attr->nla_type & NLA_TYPE_MASK;
		if (type < MAX_ATTRS)
			table[type] = attr;
		if (len <= (size_t)NLA_ALIGN(attr->nla_len))
			break;
		len -= NLA_ALIGN(attr->nla_len);
		data += NLA_ALIGN(attr->nla_len);
	}
}

const void *payload(const struct nlattr *attr)
{
	return attr + 1;
}

static void take_ack(const struct nlmsghdr *nl)
{
	const struct nlmsgerr *err = NLMSG_DATA(nl);
	const struct nlattr *table[MAX_ATTRS];

	reply.error = -err->error;
	if (!(nl->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	/* NETLINK_CAP_ACK leaves out the request. */
	parse((const unsigned char *)(err + 1),
	      nl->nlmsg_len - NLMSG_LENGTH(sizeof(*err)), table);
	if (table[NLMSGERR_ATTR_MSG])
		snprintf(reply.text, sizeof(reply.text), "%s",
			 (const char *)payload(table[NLMSGERR_ATTR_MSG]));
	if (table[NLMSGERR_ATTR_OFFS])
		reply.offset =
			*(const uint32_t *)payload(table[NLMSGERR_ATTR_OFFS]);
	if (table[NLMSGERR_ATTR_MISS_TYPE])
		reply.missing = *(const uint32_t *)payload(
			table[NLMSGERR_ATTR_MISS_TYPE]);
}

static void take_object(const struct nlmsghdr *nl)
{
	struct object *object = &objects[reply.objects++];

	if (reply.objects > MAX_OBJECTS)
		die("too many objects");
	object->len = nl->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);
	object->data = (unsigned char *)NLMSG_DATA(nl) + GENL_HDRLEN;
}

/* Take the messages of a datagram. Return whether they end the answer. */
static bool take_messages(const struct nlmsghdr *nl, ssize_t len)
{
	for (; NLMSG_OK(nl, len); nl = NLMSG_NEXT(nl, len)) {
		if (nl->nlmsg_seq != sequence)
			continue;
		if (nl->nlmsg_type == NLMSG_ERROR) {
			take_ack(nl);
			return true;
		}
		if (nl->nlmsg_type == NLMSG_DONE) {
			reply.error = -*(int *)NLMSG_DATA(nl);
			return true;
		}
		take_object(nl);
	}
	return false;
}

/* Send it, and take everything until the acknowledgement or the end. */
void transact(struct message *msg)
{
	/* The statistics of many CPUs are long. */
	static _Alignas(NLMSG_ALIGNTO) unsigned char answer[1 << 23];
	unsigned char *at = answer;
	ssize_t len;

	memset(&reply, 0, sizeof(reply));
	reply.offset = -1;
	reply.missing = -1;
	msg->nl.nlmsg_seq = ++sequence;
	if (send(sock, msg, msg->nl.nlmsg_len, 0) < 0)
		die("send");
	for (;;) {
		len = recv(sock, at, answer + sizeof(answer) - at, MSG_TRUNC);
		if (len < 0)
			die("recv");
		if (len > answer + sizeof(answer) - at)
			die("the answer is too long");
		if (take_messages((void *)at, len))
			return;
		at += NLMSG_ALIGN(len);
	}
}

/* Make a request with one attribute, a name; return the error. */
int request_name(uint8_t cmd, uint16_t type, const char *name)
{
	struct message msg;

	start(&msg, family, cmd, 0);
	put_string(&msg, type, name);
	transact(&msg);
	return reply.error;
}

bool find_family(void)
{
	const struct nlattr *table[MAX_ATTRS];
	struct message msg;

	start(&msg, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
	msg.genl.version = 2;
	put_string(&msg, CTRL_ATTR_FAMILY_NAME, VMI_FAMILY_NAME);
	transact(&msg);
	if (reply.error || reply.objects != 1)
		return false;
	parse(objects[0].data, objects[0].len, table);
	family = *(const uint16_t *)payload(table[CTRL_ATTR_FAMILY_ID]);
	return family;
}

const char *string_of(const struct object *object, int type)
{
	const struct nlattr *table[MAX_ATTRS];

	parse(object->data, object->len, table);
	return table[type] ? payload(table[type]) : "";
}

void dump(uint8_t cmd)
{
	struct message msg;

	start(&msg, family, cmd, NLM_F_DUMP);
	transact(&msg);
}
