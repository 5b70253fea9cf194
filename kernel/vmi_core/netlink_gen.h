/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	uapi/vmi.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_VMI_GEN_H
#define _LINUX_VMI_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/vmi.h>

/* Common nested types */
extern const struct nla_policy vmi_policy_nl_policy[VMI_A_POLICY_PROVIDER + 1];

int vmi_nl_admin_pre_doit(const struct genl_split_ops *ops,
			  struct sk_buff *skb, struct genl_info *info);
int vmi_nl_stats_get_start(struct netlink_callback *cb);

int vmi_nl_status_get_doit(struct sk_buff *skb, struct genl_info *info);
int vmi_nl_backend_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int vmi_nl_op_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int vmi_nl_cap_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int vmi_nl_use_doit(struct sk_buff *skb, struct genl_info *info);
int vmi_nl_stats_set_doit(struct sk_buff *skb, struct genl_info *info);
int vmi_nl_policy_set_doit(struct sk_buff *skb, struct genl_info *info);
int vmi_nl_stats_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);

enum {
	VMI_NLGRP_EVENTS,
};

extern struct genl_family vmi_nl_family;

#endif /* _LINUX_VMI_GEN_H */
