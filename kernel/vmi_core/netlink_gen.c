// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	uapi/vmi.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink_gen.h"

#include <uapi/linux/vmi.h>

/* Common nested types */
const struct nla_policy vmi_policy_nl_policy[VMI_A_POLICY_PROVIDER + 1] = {
	[VMI_A_POLICY_TARGET] = { .type = NLA_NUL_STRING, .len = VMI_NAME_LEN, },
	[VMI_A_POLICY_PROVIDER] = { .type = NLA_NUL_STRING, .len = VMI_NAME_LEN, },
};

/* VMI_CMD_USE - do */
static const struct nla_policy vmi_use_nl_policy[VMI_A_USE_PROVIDER + 1] = {
	[VMI_A_USE_PROVIDER] = { .type = NLA_NUL_STRING, .len = VMI_NAME_LEN, },
};

/* VMI_CMD_STATS_SET - do */
static const struct nla_policy vmi_stats_set_nl_policy[VMI_A_STATS_HISTOGRAMS + 1] = {
	[VMI_A_STATS_ACTION] = NLA_POLICY_MAX(NLA_U32, 2),
	[VMI_A_STATS_TARGET] = { .type = NLA_NUL_STRING, .len = VMI_NAME_LEN, },
	[VMI_A_STATS_HISTOGRAMS] = { .type = NLA_FLAG, },
};

/* VMI_CMD_POLICY_SET - do */
static const struct nla_policy vmi_policy_set_nl_policy[VMI_A_POLICY_LIST_ENTRY + 1] = {
	[VMI_A_POLICY_LIST_ENTRY] = NLA_POLICY_NESTED(vmi_policy_nl_policy),
};

/* Ops table for vmi */
static const struct genl_split_ops vmi_nl_ops[] = {
	{
		.cmd	= VMI_CMD_STATUS_GET,
		.doit	= vmi_nl_status_get_doit,
		.flags	= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= VMI_CMD_BACKEND_GET,
		.dumpit	= vmi_nl_backend_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd	= VMI_CMD_OP_GET,
		.dumpit	= vmi_nl_op_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd	= VMI_CMD_CAP_GET,
		.dumpit	= vmi_nl_cap_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= VMI_CMD_USE,
		.pre_doit	= vmi_nl_admin_pre_doit,
		.doit		= vmi_nl_use_doit,
		.policy		= vmi_use_nl_policy,
		.maxattr	= VMI_A_USE_PROVIDER,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= VMI_CMD_STATS_SET,
		.pre_doit	= vmi_nl_admin_pre_doit,
		.doit		= vmi_nl_stats_set_doit,
		.policy		= vmi_stats_set_nl_policy,
		.maxattr	= VMI_A_STATS_HISTOGRAMS,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= VMI_CMD_POLICY_SET,
		.pre_doit	= vmi_nl_admin_pre_doit,
		.doit		= vmi_nl_policy_set_doit,
		.policy		= vmi_policy_set_nl_policy,
		.maxattr	= VMI_A_POLICY_LIST_ENTRY,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= VMI_CMD_STATS_GET,
		.start	= vmi_nl_stats_get_start,
		.dumpit	= vmi_nl_stats_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
};

static const struct genl_multicast_group vmi_nl_mcgrps[] = {
	[VMI_NLGRP_EVENTS] = { "events", },
};

struct genl_family vmi_nl_family __ro_after_init = {
	.name		= VMI_FAMILY_NAME,
	.version	= VMI_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.split_ops	= vmi_nl_ops,
	.n_split_ops	= ARRAY_SIZE(vmi_nl_ops),
	.mcgrps		= vmi_nl_mcgrps,
	.n_mcgrps	= ARRAY_SIZE(vmi_nl_mcgrps),
};
