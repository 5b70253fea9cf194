/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LIBVMI_INTERNAL_H
#define LIBVMI_INTERNAL_H

#include <stddef.h>
#include <sys/types.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "vmi.h"

/* The longest datagram of the kernel, if the reader has that much room. */
#define DATAGRAM_MAX 32768
#define SENTENCE_MAX 512

/* A socket with what came from it and was not read yet. */
struct vmi_channel {
	int fd;
	size_t pos;
	size_t len;
	_Alignas(struct nlmsghdr) char buffer[DATAGRAM_MAX];
};

/*
 * Requests and events have a socket each: an event between a request and its
 * reply would have to be told from both.
 */
struct vmi {
	struct vmi_channel requests;
	struct vmi_channel events;
	uint32_t seq;
	uint16_t family;
	uint32_t group;
	char error[SENTENCE_MAX];
	char warning[SENTENCE_MAX];
};

/* Made by vmi_request(), with room for all attributes that any takes. */
struct vmi_request {
	struct nlmsghdr header;
	struct genlmsghdr genl;
	char attrs[64];
};

/* What came in answer to a request, up to its acknowledgement or end. */
struct vmi_reply {
	char *messages;
	size_t len;
	size_t count;
	int error;
	bool done;
	bool interrupted;
	char sentence[SENTENCE_MAX];
};

/* The attributes that are left. At the end, bytes are left of malformed ones. */
struct vmi_attrs {
	const char *pos;
	size_t len;
};

/* channel.c */
int vmi_channel_open(struct vmi_channel *channel, int flags);
void vmi_channel_close(struct vmi_channel *channel);
int vmi_channel_send(struct vmi_channel *channel,
		     const struct vmi_request *request);
/* The next message of the kernel, whole, and valid until the next call. */
int vmi_channel_next(struct vmi_channel *channel,
		     const struct nlmsghdr **message);

/*
 * request.c: @what completes the sentence "cannot ...". On success the caller
 * frees the messages of the reply.
 */
void vmi_request(struct vmi_request *request, uint16_t type, int flags,
		 uint8_t cmd);
void vmi_request_u32(struct vmi_request *request, uint16_t type,
		     uint32_t value);
/* A string is no longer than a name. */
void vmi_request_string(struct vmi_request *request, uint16_t type,
			const char *string);
/* Ask and receive, whatever the kernel thinks of it. */
int vmi_exchange(struct vmi *vmi, struct vmi_request *request,
		 struct vmi_reply *reply);
/* The same for callers that take no refusal, and a list that is consistent. */
int vmi_transact(struct vmi *vmi, struct vmi_request *request, const char *what,
		 struct vmi_reply *reply);
/* Store a sentence, in which %m stands for the error, and return the error. */
int vmi_fail(struct vmi *vmi, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int vmi_malformed(struct vmi *vmi, const char *what);

/* family.c */
/*
 * What each call begins with: no warning, and the socket for requests, which
 * knows the family, unless it is open.
 */
int vmi_connect(struct vmi *vmi);

/* attrs.c */
bool vmi_is_generic(const struct nlmsghdr *message);
/* Of a generic netlink message. */
struct vmi_attrs vmi_attrs(const struct nlmsghdr *message);
struct vmi_attrs vmi_attrs_nested(const struct nlattr *attr);
const struct nlattr *vmi_attrs_next(struct vmi_attrs *attrs);
int vmi_attr_type(const struct nlattr *attr);
/* Copy a value of exactly that size. */
int vmi_attr_copy(const struct nlattr *attr, void *value, size_t size);
/* The string in the attribute, or NULL if it has no end. */
const char *vmi_attr_string(const struct nlattr *attr);

/* objects.c */
extern const struct vmi_set vmi_status_set;
extern const struct vmi_set vmi_layer_set;
extern const struct vmi_set vmi_backend_set;
extern const struct vmi_set vmi_op_set;
extern const struct vmi_set vmi_cap_set;

/*
 * The messages of a reply as a list of objects, in a single block with the
 * messages themselves, where the strings are. The first object has @head bytes
 * before it, for the caller. Without messages there is no block.
 */
int vmi_decode(const struct vmi_set *set, const struct vmi_reply *reply,
	       size_t head, void **block);

#endif /* LIBVMI_INTERNAL_H */
