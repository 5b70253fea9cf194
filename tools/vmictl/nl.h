/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_NL_H
#define VMICTL_NL_H

#include <stdint.h>

#include <jansson.h>
#include <netlink/netlink.h>

#include "attrs.h"

/*
 * Requests share one socket, opened by the first of them. @what completes the
 * sentence "cannot ..." for errors that the kernel gives no sentence for.
 */
int vmi_nl_get(uint8_t cmd, const struct attr_set *set, const char *what,
	       json_t **object);
int vmi_nl_dump(uint8_t cmd, const struct attr_set *set, const char *what,
		json_t **rows);

/* A request that changes something: make it, add attributes, send it. */
int vmi_nl_request(uint8_t cmd, struct nl_msg **message);
int vmi_nl_change(struct nl_msg *message, const char *what);

/*
 * A socket of its own that gets the events, and nothing else: an event between
 * a request and its reply would have to be told from both.
 */
int vmi_nl_subscribe(struct nl_sock **events);
/* Whether a message came from the VMI family. */
int vmi_nl_is_ours(const struct nlmsghdr *message);

void vmi_nl_close(void);

#endif /* VMICTL_NL_H */
