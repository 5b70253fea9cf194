/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LIBVMI_INTERNAL_H
#define LIBVMI_INTERNAL_H

#include <stddef.h>
#include <sys/types.h>

#include <linux/genetlink.h>
#include <netlink/netlink.h>

#include "vmi.h"

#define SENTENCE_MAX 512

/* A socket, if it is open, with what came from it and was not read yet. */
struct vmi_channel {
	struct nl_sock *sock;
	unsigned char *datagram;
	struct nlmsghdr *next;
	int left;
};

/*
 * Requests and events have a socket each: an event between a request and its
 * reply would have to be told from both.
 */
struct vmi {
	struct vmi_channel requests;
	struct vmi_channel events;
	uint16_t family;
	int group;
	int refused;
	char error[SENTENCE_MAX];
};

/*
 * @what completes the sentence "cannot ...". A number, a name and a flag are all that
 * a request has, but for the entries of a policy; what has no type, or is NULL, is
 * left out.
 */
struct vmi_request {
	const char *what;
	uint8_t cmd;
	int flags;
	int number_type;
	uint32_t number;
	int name_type;
	const char *name;
	const struct vmi_policy_entry *entries;
	size_t count;
	int flag_type;
};

/* What came in answer to a request, up to its acknowledgement or end. */
struct vmi_reply {
	char *messages;
	size_t len;
	size_t count;
	int error;
	bool done;
	bool interrupted;
	/* Where in the request the kernel found fault with it, 0 if it did not say. */
	uint32_t offset;
	/* Of the entries of the request, the one it is in, or -1. */
	int refused;
	char sentence[SENTENCE_MAX];
};

/* channel.c */
/* For requests, or for what the kernel sends to a group, without waiting. */
int vmi_channel_open(struct vmi_channel *channel, int group);
void vmi_channel_close(struct vmi_channel *channel);
int vmi_channel_send(struct vmi_channel *channel, struct nl_msg *request);
/* The next message of the kernel, whole, and valid until the next call. */
int vmi_channel_next(struct vmi_channel *channel, struct nlmsghdr **message);

/* request.c: on success the caller frees the messages of the reply. */
/* Ask a family and receive, whatever the kernel thinks of it. */
int vmi_exchange(struct vmi *vmi, uint16_t family,
		 const struct vmi_request *request, struct vmi_reply *reply);
/*
 * The same with VMI, connected to if needed, for callers that take no refusal, and
 * a list that is consistent.
 */
int vmi_transact(struct vmi *vmi, const struct vmi_request *request,
		 struct vmi_reply *reply);
/* Store a sentence, in which %m stands for the error, and return the error. */
int vmi_fail(struct vmi *vmi, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int vmi_malformed(struct vmi *vmi, const char *what);

/* family.c */
/* Begin a call: open the socket for requests and find the family, unless it is open. */
int vmi_connect(struct vmi *vmi);

/* objects.c */
extern const struct vmi_set vmi_status_set;
extern const struct vmi_set vmi_layer_set;
extern const struct vmi_set vmi_backend_set;
extern const struct vmi_set vmi_op_set;
extern const struct vmi_set vmi_cap_set;
extern const struct vmi_set vmi_policy_set;
extern const struct vmi_set vmi_op_stats_set;

/*
 * The messages of a reply as a list of objects, in a single block with what is
 * nested in them and the messages themselves, where the strings are. The first object
 * has @head bytes before it, for the caller. Without messages there is no block.
 */
int vmi_decode(const struct vmi_set *set, const struct vmi_reply *reply,
	       size_t head, void **block);

#endif /* LIBVMI_INTERNAL_H */
