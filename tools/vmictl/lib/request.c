// SPDX-License-Identifier: GPL-2.0-only
/* Requests, their replies, and the sentence that describes a failure. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/genl/genl.h>

#include "internal.h"

/* Give up a list that changes during each of this many reads. */
#define DUMP_TRIES 16

/* The kernel's largest errno. */
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

/* Several dots are no full stop: they mark a sentence that was cut. */
static bool is_full_stop(const char *text, size_t len)
{
	return text[len - 1] == '.' && (len == 1 || text[len - 2] != '.');
}

/* Strip the full stop and line ends, which are added when it is printed. */
static void keep_sentence(struct vmi_reply *reply, const struct nlattr *attr)
{
	char *text = reply->sentence;
	size_t len;

	nla_strlcpy(text, attr, sizeof(reply->sentence));
	len = strlen(text);
	while (len && (strchr(" \n", text[len - 1]) || is_full_stop(text, len)))
		text[--len] = '\0';
}

/* Read the attributes behind the first @skip bytes of a message. */
static int read_sentence(struct vmi_reply *reply,
			 const struct nlmsghdr *message, int skip)
{
	const struct nlattr *attr;
	int left;

	if (!nlmsg_valid_hdr(message, skip))
		return -EBADMSG;
	nla_for_each_attr(attr, nlmsg_attrdata(message, skip),
			  nlmsg_attrlen(message, skip), left)
		if (nla_type(attr) == NLMSGERR_ATTR_MSG)
			keep_sentence(reply, attr);
		else if (nla_type(attr) == NLMSGERR_ATTR_OFFS &&
			 nla_len(attr) == sizeof(reply->offset))
			reply->offset = nla_get_u32(attr);
	return left > 0 ? -EBADMSG : 0;
}

/*
 * Read the message that ends a reply: an errno, the request if the type is
 * NLMSG_ERROR, and attributes, which libnl 3.7 does not parse.
 */
static int read_end(struct vmi_reply *reply, const struct nlmsghdr *message)
{
	const struct nlmsgerr *ack = nlmsg_data(message);
	int skip = sizeof(ack->error);

	if (!nlmsg_valid_hdr(message, skip))
		return -EBADMSG;
	reply->error = ack->error;
	if (reply->error > 0 || reply->error < -MAX_ERRNO)
		return -EBADMSG;
	reply->done = true;
	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return 0;

	if (message->nlmsg_type == NLMSG_ERROR) {
		if (message->nlmsg_flags & NLM_F_CAPPED)
			skip = sizeof(*ack);
		else if (nlmsg_valid_hdr(message, sizeof(*ack)) &&
			 nlmsg_ok(&ack->msg, nlmsg_datalen(message) - skip))
			skip += (int)ack->msg.nlmsg_len;
		else
			return -EBADMSG;
	}
	return read_sentence(reply, message, skip);
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

static int receive(struct vmi *vmi, const struct nlmsghdr *request,
		   struct vmi_reply *reply)
{
	struct nlmsghdr *message;
	int ret;

	ret = vmi_channel_next(&vmi->requests, &message);
	if (ret)
		return ret;
	if (message->nlmsg_seq != request->nlmsg_seq ||
	    message->nlmsg_type == NLMSG_NOOP)
		return 0;
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		reply->interrupted = true;
	if (message->nlmsg_type == NLMSG_ERROR ||
	    message->nlmsg_type == NLMSG_DONE)
		return read_end(reply, message);
	if (message->nlmsg_type != request->nlmsg_type ||
	    !genlmsg_valid_hdr(message, 0))
		return -EBADMSG;
	return keep_message(reply, message);
}

static bool put_entry(struct nl_msg *message,
		      const struct vmi_policy_entry *entry)
{
	struct nlattr *nest;

	nest = nla_nest_start(message, NLA_F_NESTED | VMI_A_POLICY_LIST_ENTRY);
	if (!nest ||
	    (entry->target &&
	     nla_put_string(message, VMI_A_POLICY_TARGET, entry->target)) ||
	    nla_put_string(message, VMI_A_POLICY_PROVIDER, entry->provider))
		return false;
	return !nla_nest_end(message, nest);
}

/*
 * An upper limit for the size of a request, with names of the maximum length.
 * The room for the two names includes the number and the flag.
 */
static size_t room_for(const struct vmi_request *request)
{
	size_t name = NLA_HDRLEN + NLA_ALIGN(VMI_NAME_LEN + 1);

	return NLMSG_HDRLEN + GENL_HDRLEN + 2 * name +
	       request->count * (NLA_HDRLEN + 2 * name);
}

/* Return the number of the entry at an offset, from 0, or -1. */
static int entry_at(const struct nlmsghdr *request, uint32_t offset)
{
	const struct nlattr *attr;
	int entry = -1, left;

	nla_for_each_attr(attr, nlmsg_attrdata(request, GENL_HDRLEN),
			  nlmsg_attrlen(request, GENL_HDRLEN), left) {
		if ((uint32_t)((const char *)attr - (const char *)request) >
		    offset)
			break;
		if (nla_type(attr) == VMI_A_POLICY_LIST_ENTRY)
			entry++;
	}
	return entry;
}

static bool put(struct nl_msg *message, uint16_t family,
		const struct vmi_request *request)
{
	size_t i;

	if (!genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0,
			 request->flags, request->cmd, VMI_FAMILY_VERSION))
		return false;
	if (request->number_type &&
	    nla_put_u32(message, request->number_type, request->number))
		return false;
	for (i = 0; i < request->count; i++)
		if (!put_entry(message, &request->entries[i]))
			return false;
	if (request->flag_type && nla_put_flag(message, request->flag_type))
		return false;
	return !request->name ||
	       !nla_put_string(message, request->name_type, request->name);
}

/*
 * After a failure the socket is out of step, so close it. More messages may
 * arrive for this request, and a list that was not read to its end blocks the
 * next one.
 */
int vmi_exchange(struct vmi *vmi, uint16_t family,
		 const struct vmi_request *request, struct vmi_reply *reply)
{
	struct nl_msg *message = nlmsg_alloc_size(room_for(request));
	int ret = -ENOMEM;

	*reply = (struct vmi_reply){ .refused = -1 };
	if (message && put(message, family, request))
		ret = vmi_channel_send(&vmi->requests, message);
	while (!ret && !reply->done)
		ret = receive(vmi, nlmsg_hdr(message), reply);
	if (!ret && request->count && reply->error && reply->offset)
		reply->refused = entry_at(nlmsg_hdr(message), reply->offset);
	nlmsg_free(message);
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
	vmi->refused = reply->refused;
	if (reply->sentence[0])
		return vmi_fail(vmi, reply->error, "%s", reply->sentence);
	if (reply->error == -EPERM)
		return vmi_fail(
			vmi, reply->error,
			"cannot %s: needs CAP_SYS_ADMIN in the initial user namespace",
			what);
	return vmi_fail(vmi, reply->error, "cannot %s: %m", what);
}

/*
 * Close the socket, so that the next call looks up the family again: the reply
 * may have come from another family.
 */
int vmi_malformed(struct vmi *vmi, const char *what)
{
	vmi_channel_close(&vmi->requests);
	return vmi_fail(vmi, -EBADMSG,
			"cannot %s: the kernel's reply is malformed", what);
}

static int check_name(struct vmi *vmi, const char *name)
{
	if (!name || strlen(name) <= VMI_NAME_LEN)
		return 0;
	return vmi_fail(vmi, -EINVAL, "a name has 1 to %d characters",
			VMI_NAME_LEN);
}

static int check_entry(struct vmi *vmi, const struct vmi_policy_entry *entry)
{
	int ret;

	if (!entry->provider)
		return vmi_fail(vmi, -EINVAL, "a policy needs a provider");
	ret = check_name(vmi, entry->target);
	return ret ? ret : check_name(vmi, entry->provider);
}

static int check_names(struct vmi *vmi, const struct vmi_request *request)
{
	int ret = check_name(vmi, request->name);
	size_t i;

	for (i = 0; i < request->count && !ret; i++) {
		ret = check_entry(vmi, &request->entries[i]);
		if (ret)
			vmi->refused = (int)i;
	}
	return ret;
}

int vmi_transact(struct vmi *vmi, const struct vmi_request *request,
		 struct vmi_reply *reply)
{
	const char *what = request->what;
	int tries = 0;
	int ret;

	ret = vmi_connect(vmi);
	if (ret)
		return ret;
	ret = check_names(vmi, request);
	if (ret)
		return ret;
	for (;;) {
		ret = vmi_exchange(vmi, vmi->family, request, reply);
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
	return 0;
}
