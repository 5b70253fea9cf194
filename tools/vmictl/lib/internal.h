/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LIBVMI_INTERNAL_H
#define LIBVMI_INTERNAL_H

#include <stddef.h>
#include <sys/types.h>

#include <linux/genetlink.h>
#include <netlink/netlink.h>

#include "vmi.h"

#define SENTENCE_MAX 512

/* A socket, or NULL if closed, and the received messages not yet read. */
struct vmi_channel {
	struct nl_sock *sock;
	unsigned char *datagram;
	struct nlmsghdr *next;
	int left;
};

/*
 * Requests and events have a socket each. On a shared socket, an event could
 * arrive between a request and its reply.
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
 * @what completes the sentence "cannot ...". A request holds at most a number,
 * a name, a flag and the entries of a policy. An attribute is left out if its
 * type is 0, or if its name is NULL.
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

/* The reply to a request, up to its acknowledgement or the end of a list. */
struct vmi_reply {
	char *messages;
	size_t len;
	size_t count;
	int error;
	bool done;
	bool interrupted;
	/* Offset of the fault in the request; 0 if the kernel gave none. */
	uint32_t offset;
	/* Number of the entry of the request that has the fault, or -1. */
	int refused;
	char sentence[SENTENCE_MAX];
};

/* channel.c */
/*
 * Open a socket for requests if @group is 0, else a non-blocking one for the
 * messages to a multicast group.
 */
int vmi_channel_open(struct vmi_channel *channel, int group);
void vmi_channel_close(struct vmi_channel *channel);
int vmi_channel_send(struct vmi_channel *channel, struct nl_msg *request);
/*
 * Read the kernel's next message, which is complete. It stays valid until the
 * next call.
 */
int vmi_channel_next(struct vmi_channel *channel, struct nlmsghdr **message);

/* request.c: on success the caller frees the messages of the reply. */
/*
 * Send a request to a family and receive the reply. A reply that reports an
 * error is not a failure.
 */
int vmi_exchange(struct vmi *vmi, uint16_t family,
		 const struct vmi_request *request, struct vmi_reply *reply);
/*
 * Send a request to VMI's family and receive the reply. Connect first if
 * needed, fail if the kernel refuses, and repeat a list that changed meanwhile.
 */
int vmi_transact(struct vmi *vmi, const struct vmi_request *request,
		 struct vmi_reply *reply);
/* Store a sentence, in which %m stands for the error, and return the error. */
int vmi_fail(struct vmi *vmi, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int vmi_malformed(struct vmi *vmi, const char *what);

/* family.c */
/*
 * Begin a call: if the socket for requests is closed, open it and find the
 * family.
 */
int vmi_connect(struct vmi *vmi);

/* objects.c */
extern const struct vmi_set vmi_status_set;
extern const struct vmi_set vmi_backend_set;
extern const struct vmi_set vmi_op_set;
extern const struct vmi_set vmi_cap_set;
extern const struct vmi_set vmi_op_stats_set;

/*
 * Decode the messages of a reply to a list of objects. A single block holds the
 * objects, the objects nested in them, and the messages, to which the strings
 * point. The first @head bytes of the block are for the caller. Without
 * messages, *@block is NULL.
 */
int vmi_decode(const struct vmi_set *set, const struct vmi_reply *reply,
	       size_t head, void **block);

#endif /* LIBVMI_INTERNAL_H */
