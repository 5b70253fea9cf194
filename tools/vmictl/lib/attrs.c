// SPDX-License-Identifier: GPL-2.0-only
/* Netlink attributes, with no trust in their lengths. */

#include <errno.h>
#include <string.h>

#include "internal.h"

bool vmi_is_generic(const struct nlmsghdr *message)
{
	return message->nlmsg_len >= NLMSG_LENGTH(GENL_HDRLEN);
}

struct vmi_attrs vmi_attrs(const struct nlmsghdr *message)
{
	return (struct vmi_attrs){
		.pos = (const char *)message + NLMSG_LENGTH(GENL_HDRLEN),
		.len = message->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN),
	};
}

struct vmi_attrs vmi_attrs_nested(const struct nlattr *attr)
{
	return (struct vmi_attrs){
		.pos = (const char *)attr + NLA_HDRLEN,
		.len = attr->nla_len - NLA_HDRLEN,
	};
}

const struct nlattr *vmi_attrs_next(struct vmi_attrs *attrs)
{
	const struct nlattr *attr = (const void *)attrs->pos;
	size_t len;

	if (attrs->len < NLA_HDRLEN || attr->nla_len < NLA_HDRLEN ||
	    attr->nla_len > attrs->len)
		return NULL;
	/* The last one need not be padded. */
	len = NLA_ALIGN(attr->nla_len);
	if (len > attrs->len)
		len = attrs->len;
	attrs->pos += len;
	attrs->len -= len;
	return attr;
}

int vmi_attr_type(const struct nlattr *attr)
{
	return attr->nla_type & NLA_TYPE_MASK;
}

int vmi_attr_copy(const struct nlattr *attr, void *value, size_t size)
{
	struct vmi_attrs payload = vmi_attrs_nested(attr);

	if (payload.len != size)
		return -EBADMSG;
	memcpy(value, payload.pos, size);
	return 0;
}

const char *vmi_attr_string(const struct nlattr *attr)
{
	struct vmi_attrs payload = vmi_attrs_nested(attr);

	return memchr(payload.pos, 0, payload.len) ? payload.pos : NULL;
}
