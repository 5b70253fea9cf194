/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_ATTRS_H
#define VMICTL_ATTRS_H

#include <jansson.h>
#include <linux/netlink.h>

/* An attribute set of the netlink spec, as far as replies use it. */
struct attr_set;

extern const struct attr_set attrs_status;
extern const struct attr_set attrs_layer;
extern const struct attr_set attrs_backend;
extern const struct attr_set attrs_op;
extern const struct attr_set attrs_cap;

/*
 * The attributes of a generic netlink message as a JSON object with the names
 * of the spec as keys, in the order of the spec; absent ones are absent. NULL
 * if the message is malformed.
 */
json_t *attrs_decode(const struct attr_set *set, struct nlmsghdr *message);

#endif /* VMICTL_ATTRS_H */
