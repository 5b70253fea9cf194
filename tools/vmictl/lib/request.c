// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests: what is asked, what comes in answer, and the sentence about what
 * went wrong.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* A list that changes under every one of this many reads is not settling. */
#define DUMP_TRIES 16

/* The kernel's limit. */
#define MAX_ERRNO 4095

int vmi_fail(struct vmi *vmi, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	errno = -err;
	vsnprintf(vmi->error, sizeof(vmi->error), format, args);
	va_end(args);
	return err;
}

void vmi_request(struct vmi_request *request, uint16_t type, int flags,
		 uint8_t cmd)
{
	*request = (struct vmi_request){
		.header.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN),
		.header.nlmsg_type = type,
		.header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
		.genl.cmd = cmd,
		.genl.version = VMI_FAMILY_VERSION,
	};
}

static void add(struct vmi_request *request, uint16_t type, const void *value,
		size_t size)
{
	char *end = (char *)request + request->header.nlmsg_len;
	struct nlattr attr = {
		.nla_len = (uint16_t)(NLA_HDRLEN + size),
		.nla_type = type,
	};

	memcpy(end, &attr, sizeof(attr));
	memcpy(end + NLA_HDRLEN, value, size);
	request->header.nlmsg_len += NLA_ALIGN(attr.nla_len);
}

void vmi_request_u32(struct vmi_request *request, uint16_t type, uint32_t value)
{
	add(request, type, &value, sizeof(value));
}

void vmi_request_string(struct vmi_request *request, uint16_t type,
			const char *string)
{
	add(request, type, string, strlen(string) + 1);
}

/* A number and a name, the most that a request has. */
_Static_assert(sizeof(((struct vmi_request *)0)->attrs) >=
		       2 * NLA_HDRLEN + sizeof(uint32_t) +
			       NLA_ALIGN(VMI_NAME_LEN + 1),
	       "a request does not have room for its attributes");

/* The full stop and any line end are the business of whoever prints it. */
static void keep_sentence(struct vmi_reply *reply, const char *text)
{
	size_t len = strlen(text);

	while (len && strchr(". \n", text[len - 1]))
		len--;
	if (len >= sizeof(reply->sentence))
		len = sizeof(reply->sentence) - 1;
	memcpy(reply->sentence, text, len);
	reply->sentence[len] = '\0';
}

static int read_sentence(struct vmi_reply *reply, struct vmi_attrs attrs)
{
	const struct nlattr *attr;
	const char *text;

	while ((attr = vmi_attrs_next(&attrs))) {
		if (vmi_attr_type(attr) != NLMSGERR_ATTR_MSG)
			continue;
		text = vmi_attr_string(attr);
		if (!text)
			return -EBADMSG;
		keep_sentence(reply, text);
	}
	return attrs.len ? -EBADMSG : 0;
}

/*
 * What ends a reply: an errno, what a message of type NLMSG_ERROR refers to,
 * and attributes.
 */
static int read_end(struct vmi_reply *reply, const struct nlmsghdr *message)
{
	struct vmi_attrs rest = {
		.pos = (const char *)message + NLMSG_HDRLEN,
		.len = message->nlmsg_len - NLMSG_HDRLEN,
	};
	struct nlmsghdr about;
	size_t skip;

	if (rest.len < sizeof(reply->error))
		return -EBADMSG;
	memcpy(&reply->error, rest.pos, sizeof(reply->error));
	if (reply->error > 0 || reply->error < -MAX_ERRNO)
		return -EBADMSG;
	reply->done = true;
	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return 0;

	skip = sizeof(reply->error);
	if (message->nlmsg_type == NLMSG_ERROR) {
		if (rest.len - skip < sizeof(about))
			return -EBADMSG;
		memcpy(&about, rest.pos + skip, sizeof(about));
		if (message->nlmsg_flags & NLM_F_CAPPED)
			about.nlmsg_len = sizeof(about);
		if (about.nlmsg_len > rest.len - skip)
			return -EBADMSG;
		skip += NLMSG_ALIGN(about.nlmsg_len);
		if (skip > rest.len)
			return -EBADMSG;
	}
	rest.pos += skip;
	rest.len -= skip;
	return read_sentence(reply, rest);
}

static int keep_message(struct vmi_reply *reply, const struct nlmsghdr *message)
{
	size_t len = reply->len + NLMSG_ALIGN(message->nlmsg_len);
	char *longer = realloc(reply->messages, len);

	if (!longer)
		return -ENOMEM;
	memset(longer + reply->len, 0, len - reply->len);
	memcpy(longer + reply->len, message, message->nlmsg_len);
	reply->messages = longer;
	reply->len = len;
	reply->count++;
	return 0;
}

static int receive(struct vmi *vmi, const struct vmi_request *request,
		   struct vmi_reply *reply)
{
	const struct nlmsghdr *message;
	int ret;

	ret = vmi_channel_next(&vmi->requests, &message);
	if (ret)
		return ret;
	if (message->nlmsg_seq != request->header.nlmsg_seq ||
	    message->nlmsg_type == NLMSG_NOOP)
		return 0;
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		reply->interrupted = true;
	if (message->nlmsg_type == NLMSG_ERROR ||
	    message->nlmsg_type == NLMSG_DONE)
		return read_end(reply, message);
	if (message->nlmsg_type != request->header.nlmsg_type ||
	    !vmi_is_generic(message))
		return -EBADMSG;
	return keep_message(reply, message);
}

/*
 * A socket on which this fails is out of step: more may come for this request,
 * and a list that is not read to its end is in the way of the next one.
 */
int vmi_exchange(struct vmi *vmi, struct vmi_request *request,
		 struct vmi_reply *reply)
{
	int ret;

	*reply = (struct vmi_reply){};
	request->header.nlmsg_seq = ++vmi->seq;
	ret = vmi_channel_send(&vmi->requests, request);
	while (!ret && !reply->done)
		ret = receive(vmi, request, reply);
	if (ret)
		vmi_channel_close(&vmi->requests);
	if (ret || reply->error) {
		free(reply->messages);
		reply->messages = NULL;
	}
	return ret;
}

static int refusal(struct vmi *vmi, const struct vmi_reply *reply,
		   const char *what)
{
	if (reply->sentence[0])
		return vmi_fail(vmi, reply->error, "%s", reply->sentence);
	if (reply->error == -EPERM)
		return vmi_fail(
			vmi, reply->error,
			"cannot %s: needs CAP_SYS_ADMIN in the initial user namespace",
			what);
	return vmi_fail(vmi, reply->error, "cannot %s: %m", what);
}

/* Perhaps it is not VMI that answers, so look the family up again next time. */
int vmi_malformed(struct vmi *vmi, const char *what)
{
	vmi_channel_close(&vmi->requests);
	return vmi_fail(vmi, -EBADMSG,
			"cannot %s: the kernel's reply is malformed", what);
}

int vmi_transact(struct vmi *vmi, struct vmi_request *request, const char *what,
		 struct vmi_reply *reply)
{
	int tries = 0;
	int ret;

	for (;;) {
		ret = vmi_exchange(vmi, request, reply);
		if (ret == -EBADMSG)
			return vmi_malformed(vmi, what);
		if (ret)
			return vmi_fail(vmi, ret, "cannot %s: %m", what);
		if (reply->error)
			return refusal(vmi, reply, what);
		if (!reply->interrupted)
			break;
		free(reply->messages);
		if (++tries == DUMP_TRIES)
			return vmi_fail(
				vmi, -EAGAIN,
				"cannot %s: it changed during each of %d tries",
				what, DUMP_TRIES);
	}
	memcpy(vmi->warning, reply->sentence, sizeof(vmi->warning));
	return 0;
}
