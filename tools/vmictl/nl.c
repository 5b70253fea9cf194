// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink transport. libnl moves the messages; the kernel's own errno and its
 * sentence (extended acknowledgement) are read here, because libnl 3.7 folds
 * the first into a smaller set of codes and drops the second.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/vmi.h>
#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "nl.h"
#include "out.h"
#include "vmictl.h"

/* A list that changes under every one of this many reads is not settling. */
#define DUMP_TRIES 16

struct reply {
	const struct attr_set *set;
	json_t *rows;
	int error;
	bool done;
	bool malformed;
	char sentence[512];
};

static struct nl_sock *request_sock;
static int family;

static int libnl_error(const char *what, int err)
{
	return out_error(VMI_EXIT_REFUSED, "cannot %s: %s", what,
			 nl_geterror(err));
}

/* Kernels older than these options give an errno only: not worth a word. */
static void ask_for_sentences(struct nl_sock *sock)
{
	int fd = nl_socket_get_fd(sock);
	int on = 1;

	(void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	(void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
}

static int open_socket(struct nl_sock **sock)
{
	int err;

	*sock = check_alloc(nl_socket_alloc());
	err = genl_connect(*sock);
	if (err < 0) {
		nl_socket_free(*sock);
		*sock = NULL;
		return libnl_error("open a generic netlink socket", err);
	}
	return 0;
}

static int resolve_family(void)
{
	family = genl_ctrl_resolve(request_sock, VMI_FAMILY_NAME);
	if (family >= 0)
		return 0;
	if (family == -NLE_OBJ_NOTFOUND)
		return out_error(
			VMI_EXIT_REFUSED,
			"VMI netlink family not found: this kernel is built without CONFIG_VMI, boot one that is built with it");
	return libnl_error("look up the VMI netlink family", family);
}

static int open_requests(void)
{
	int ret;

	if (request_sock)
		return 0;
	ret = open_socket(&request_sock);
	if (ret)
		return ret;
	ask_for_sentences(request_sock);
	ret = resolve_family();
	if (ret)
		vmi_nl_close();
	return ret;
}

void vmi_nl_close(void)
{
	nl_socket_free(request_sock);
	request_sock = NULL;
}

/* The full stop and any line end are the business of whoever prints it. */
static void keep_sentence(struct reply *reply, struct nlattr *attr)
{
	char *text = reply->sentence;
	size_t len;

	nla_strlcpy(text, attr, sizeof(reply->sentence));
	len = strlen(text);
	while (len && strchr(". \n", text[len - 1]))
		text[--len] = '\0';
}

/* @payload is what stands between the netlink header and the attributes. */
static void read_sentence(struct reply *reply, struct nlmsghdr *message,
			  size_t payload)
{
	struct nla_policy policy[NLMSGERR_ATTR_MSG + 1] = {
		[NLMSGERR_ATTR_MSG] = { .type = NLA_STRING },
	};
	struct nlattr *tb[NLMSGERR_ATTR_MSG + 1];

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (nlmsg_parse(message, (int)payload, tb, NLMSGERR_ATTR_MSG, policy))
		return;
	if (tb[NLMSGERR_ATTR_MSG])
		keep_sentence(reply, tb[NLMSGERR_ATTR_MSG]);
}

static void read_ack(struct reply *reply, struct nlmsghdr *message)
{
	const struct nlmsgerr *ack = nlmsg_data(message);
	size_t payload = sizeof(*ack);

	reply->error = ack->error;
	reply->done = true;
	if (!(message->nlmsg_flags & NLM_F_CAPPED)) {
		if (ack->msg.nlmsg_len < NLMSG_HDRLEN ||
		    ack->msg.nlmsg_len > message->nlmsg_len)
			return;
		payload += NLMSG_ALIGN(ack->msg.nlmsg_len) - NLMSG_HDRLEN;
	}
	read_sentence(reply, message, payload);
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *ack, void *arg)
{
	(void)from;
	/* libnl hands out the payload; the flags are in the header before. */
	read_ack(arg, (struct nlmsghdr *)((char *)ack - NLMSG_HDRLEN));
	return NL_STOP;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	read_ack(arg, nlmsg_hdr(msg));
	return NL_STOP;
}

/* A dump that fails half-way says so in the message that ends it. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *message = nlmsg_hdr(msg);
	struct reply *reply = arg;

	reply->done = true;
	if (nlmsg_datalen(message) >= (int)sizeof(reply->error)) {
		memcpy(&reply->error, nlmsg_data(message),
		       sizeof(reply->error));
		read_sentence(reply, message, sizeof(reply->error));
	}
	return NL_OK;
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *message = nlmsg_hdr(msg);
	struct reply *reply = arg;
	json_t *row = NULL;

	if (reply->set && vmi_nl_is_ours(message))
		row = attrs_decode(reply->set, message);
	if (row)
		json_add(reply->rows, row);
	else
		reply->malformed = true;
	return NL_OK;
}

static int transact(struct nl_msg *msg, struct reply *reply)
{
	struct nl_cb *cb = check_alloc(nl_cb_alloc(NL_CB_DEFAULT));
	int err;

	nl_cb_err(cb, NL_CB_CUSTOM, on_error, reply);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, reply);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, reply);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, reply);

	err = nl_send_auto(request_sock, msg);
	while (err >= 0 && !reply->done)
		err = nl_recvmsgs(request_sock, cb);
	nl_cb_put(cb);

	if (err == -NLE_DUMP_INTR)
		return err;
	return reply->done ? 0 : err;
}

static int refusal(const struct reply *reply, const char *what)
{
	if (reply->sentence[0])
		return out_error(VMI_EXIT_REFUSED, "%s", reply->sentence);
	if (reply->error == -EPERM)
		return out_error(
			VMI_EXIT_REFUSED,
			"cannot %s: needs CAP_SYS_ADMIN in the initial user namespace",
			what);
	return out_error(VMI_EXIT_REFUSED, "cannot %s: %s", what,
			 strerror(-reply->error));
}

/* @err is the verdict of libnl, @reply the one of the kernel. */
static int check_reply(const struct reply *reply, int err, const char *what)
{
	if (err == -NLE_DUMP_INTR)
		return out_error(
			VMI_EXIT_REFUSED,
			"cannot %s: it changed during each of %d tries", what,
			DUMP_TRIES);
	if (err < 0)
		return libnl_error(what, err);
	if (reply->error < 0)
		return refusal(reply, what);
	if (reply->malformed)
		return out_error(VMI_EXIT_REFUSED,
				 "cannot %s: the kernel's reply is malformed",
				 what);
	if (reply->sentence[0])
		out_warning("%s", reply->sentence);
	return 0;
}

static struct nl_msg *new_message(uint8_t cmd, int flags)
{
	struct nl_msg *msg = check_alloc(nlmsg_alloc());

	check_alloc(genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0,
				NLM_F_REQUEST | flags, cmd,
				VMI_FAMILY_VERSION));
	return msg;
}

static int read_once(uint8_t cmd, int flags, struct reply *reply)
{
	struct nl_msg *msg = new_message(cmd, flags);
	int err;

	reply->rows = check_alloc(json_array());
	err = transact(msg, reply);
	nlmsg_free(msg);
	return err;
}

int vmi_nl_dump(uint8_t cmd, const struct attr_set *set, const char *what,
		json_t **rows)
{
	struct reply reply;
	int tries = 0;
	int err, ret;

	ret = open_requests();
	if (ret)
		return ret;
	for (;;) {
		reply = (struct reply){ .set = set };
		err = read_once(cmd, NLM_F_DUMP, &reply);
		if (err != -NLE_DUMP_INTR || ++tries == DUMP_TRIES)
			break;
		json_decref(reply.rows);
	}
	ret = check_reply(&reply, err, what);
	if (ret)
		json_decref(reply.rows);
	else
		*rows = reply.rows;
	return ret;
}

int vmi_nl_get(uint8_t cmd, const struct attr_set *set, const char *what,
	       json_t **object)
{
	struct reply reply = { .set = set };
	int err, ret;

	ret = open_requests();
	if (ret)
		return ret;
	err = read_once(cmd, 0, &reply);
	if (!err && !reply.error && json_array_size(reply.rows) != 1)
		reply.malformed = true;
	ret = check_reply(&reply, err, what);
	if (!ret)
		*object = json_incref(json_array_get(reply.rows, 0));
	json_decref(reply.rows);
	return ret;
}

int vmi_nl_request(uint8_t cmd, struct nl_msg **message)
{
	int ret = open_requests();

	if (!ret)
		*message = new_message(cmd, 0);
	return ret;
}

int vmi_nl_change(struct nl_msg *message, const char *what)
{
	struct reply reply = {};
	int err;

	err = transact(message, &reply);
	nlmsg_free(message);
	return check_reply(&reply, err, what);
}

int vmi_nl_is_ours(const struct nlmsghdr *message)
{
	return message->nlmsg_type == family;
}

static int join_events(struct nl_sock *events)
{
	int err;

	err = genl_ctrl_resolve_grp(request_sock, VMI_FAMILY_NAME,
				    VMI_MCGRP_EVENTS);
	if (err >= 0)
		err = nl_socket_add_membership(events, err);
	if (err >= 0)
		err = nl_socket_set_nonblocking(events);
	if (err < 0)
		return libnl_error("subscribe to the events", err);
	return 0;
}

int vmi_nl_subscribe(struct nl_sock **events)
{
	int ret;

	ret = open_requests();
	if (ret)
		return ret;
	ret = open_socket(events);
	if (ret)
		return ret;
	nl_socket_disable_seq_check(*events);
	ret = join_events(*events);
	if (ret)
		nl_socket_free(*events);
	return ret;
}
