// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family "vmi", see uapi/vmi.yaml
 *
 * Policies, the table of commands and the family are generated. One function
 * fills each object, for replies, dumps and notifications alike.
 *
 * The state is that of the machine, so every network namespace may read it;
 * changes need CAP_SYS_ADMIN in the initial user namespace, and events go to
 * the initial network namespace.
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <linux/capability.h>
#include <linux/cleanup.h>
#include <linux/init.h>
#include <linux/module.h>
#include <net/genetlink.h>

#include "arch.h"
#include "histogram.h"
#include "netlink_gen.h"
#include "policy.h"
#include "stats.h"
#include "switch.h"
#include "validate.h"

/* Omit the attribute if the value is NULL. */
static int put_string(struct sk_buff *skb, int attr, const char *value)
{
	return value ? nla_put_string(skb, attr, value) : 0;
}

static int put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, 0);
}

static int put_error(struct sk_buff *skb, int attr,
		     const struct vmi_error *error)
{
	struct nlattr *nest;

	if (!error->kind)
		return 0;
	nest = nla_nest_start(skb, attr);
	if (!nest || put_string(skb, VMI_A_ERROR_KIND, error->kind) ||
	    put_string(skb, VMI_A_ERROR_MESSAGE, error->message))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_status(struct sk_buff *skb, const struct vmi_table *table)
{
	const struct vmi_entry *active = table->active;

	return put_string(skb, VMI_A_STATUS_ACTIVE, vmi_active_name(table)) ?:
	       put_string(skb, VMI_A_STATUS_REQUESTED, table->requested) ?:
	       (active ? nla_put_u32(skb, VMI_A_STATUS_STATE, active->state) : 0) ?:
	       put_string(skb, VMI_A_STATUS_HYPERVISOR, table->hypervisor) ?:
	       put_string(skb, VMI_A_STATUS_BUILTIN, vmi_builtin_name(table)) ?:
	       nla_put_u32(skb, VMI_A_STATUS_API_MAJOR, VMI_API_MAJOR) ?:
	       nla_put_u32(skb, VMI_A_STATUS_API_MINOR, VMI_API_MINOR) ?:
	       put_u64(skb, VMI_A_STATUS_SWITCHES, table->switches) ?:
	       put_u64(skb, VMI_A_STATUS_SWITCHED_AT_NS, table->switched_at_ns) ?:
	       nla_put_u32(skb, VMI_A_STATUS_BEFORE_INIT, table->before_init) ?:
	       put_string(skb, VMI_A_STATUS_CHOICE, table->choice) ?:
	       put_error(skb, VMI_A_STATUS_LAST_ERROR, &table->error);
}

static int fill_backend(struct sk_buff *skb, const struct vmi_entry *entry)
{
	const struct vmi_backend *backend = entry->backend;
	const struct module *owner = backend->owner;

	/* An event that a backend was unregistered has only its name. */
	if (list_empty(&entry->node))
		return put_string(skb, VMI_A_BACKEND_NAME, backend->name);
	return put_string(skb, VMI_A_BACKEND_NAME, backend->name) ?:
	       put_string(skb, VMI_A_BACKEND_HYPERVISOR, backend->hypervisor) ?:
	       put_string(skb, VMI_A_BACKEND_VERSION, backend->version) ?:
	       put_string(skb, VMI_A_BACKEND_MODULE, owner ? owner->name : NULL) ?:
	       nla_put_u32(skb, VMI_A_BACKEND_STATE, entry->state) ?:
	       put_string(skb, VMI_A_BACKEND_EVIDENCE,
			  entry->evidence[0] ? entry->evidence : NULL) ?:
	       put_error(skb, VMI_A_BACKEND_LAST_ERROR, &entry->error);
}

static int fill_op(struct sk_buff *skb, enum vmi_op op)
{
	const struct vmi_op_info *info = &vmi_op_infos[op];
	const struct vmi_entry *active = vmi_live.active;

	return put_string(skb, VMI_A_OP_NAME, info->name) ?:
	       put_string(skb, VMI_A_OP_GROUP, vmi_groups[info->group].name) ?:
	       put_string(skb, VMI_A_OP_PROVIDER, vmi_provider_name(&vmi_live, op)) ?:
	       nla_put_u32(skb, VMI_A_OP_COUNTING, vmi_is_counting(op)) ?:
	       put_u64(skb, VMI_A_OP_CALLS, vmi_stats_calls(op)) ?:
	       put_string(skb, VMI_A_OP_POLICY,
			  vmi_policy_provider(&vmi_live.policy, op)) ?:
	       put_string(skb, VMI_A_OP_REASON, active ?
			  vmi_unbound_reason(&vmi_live, active, op) : NULL);
}

static int put_cpu_calls(struct sk_buff *skb, unsigned int cpu, u64 calls)
{
	struct nlattr *nest = nla_nest_start(skb, VMI_A_OP_STATS_CPUS);

	if (!nest || nla_put_u32(skb, VMI_A_CPU_CALLS_CPU, cpu) ||
	    put_u64(skb, VMI_A_CPU_CALLS_CALLS, calls))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_bucket(struct sk_buff *skb, u64 to, u64 count)
{
	struct nlattr *nest = nla_nest_start(skb, VMI_A_HISTOGRAM_BUCKETS);

	if (!nest || put_u64(skb, VMI_A_BUCKET_TO, to) ||
	    put_u64(skb, VMI_A_BUCKET_COUNT, count))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int put_histogram(struct sk_buff *skb, int attr,
			 enum vmi_histogram_kind kind, enum vmi_op op)
{
	struct vmi_histogram histogram;
	struct nlattr *nest;
	unsigned int i;

	if (!vmi_histogram_read(kind, op, &histogram))
		return 0;
	nest = nla_nest_start(skb, attr);
	if (!nest || put_u64(skb, VMI_A_HISTOGRAM_SUM, histogram.sum))
		return -EMSGSIZE;
	for (i = 0; i < VMI_NR_BUCKETS; i++) {
		if (histogram.buckets[i] &&
		    put_bucket(skb, vmi_bucket_end(i), histogram.buckets[i]))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/* Upper bound of what fill_stats() puts for one op: nests for CPUs and for buckets. */
static size_t stats_size(void)
{
	const size_t number = nla_total_size_64bit(sizeof(u64));
	const size_t nest = nla_total_size(0);
	const size_t cpu = nest + nla_total_size(sizeof(u32)) + number;
	const size_t bucket = nest + 2 * number;
	const size_t histogram = nest + number + VMI_NR_BUCKETS * bucket;

	return GENLMSG_DEFAULT_SIZE + num_possible_cpus() * cpu +
	       VMI_NR_HISTOGRAMS * histogram;
}

static int fill_stats(struct sk_buff *skb, enum vmi_op op)
{
	const struct vmi_op_info *info = &vmi_op_infos[op];
	u64 calls, sum = 0;
	int cpu, err;

	/* Read histograms before calls, so that they do not hold more than the calls. */
	err = put_string(skb, VMI_A_OP_STATS_NAME, info->name) ?:
	      put_string(skb, VMI_A_OP_STATS_GROUP, vmi_groups[info->group].name) ?:
	      put_string(skb, VMI_A_OP_STATS_PROVIDER,
			 vmi_provider_name(&vmi_live, op)) ?:
	      nla_put_u32(skb, VMI_A_OP_STATS_COUNTING, vmi_is_counting(op)) ?:
	      nla_put_u32(skb, VMI_A_OP_STATS_MEASURING,
			  vmi_arch_counting(op) == VMI_COUNTING_LATENCY) ?:
	      put_histogram(skb, VMI_A_OP_STATS_LATENCY, VMI_HISTOGRAM_LATENCY, op) ?:
	      put_histogram(skb, VMI_A_OP_STATS_TARGETS, VMI_HISTOGRAM_TARGETS, op);

	/* Send each reading as well as add it, so that the sum is right. */
	for_each_possible_cpu(cpu) {
		calls = vmi_stats_calls_on(op, cpu);
		sum += calls;
		err = err ?: put_cpu_calls(skb, cpu, calls);
	}
	return err ?: put_u64(skb, VMI_A_OP_STATS_CALLS, sum);
}

static int fill_cap(struct sk_buff *skb, const struct vmi_entry *entry,
		    const struct vmi_capability *cap)
{
	bool bound = vmi_cap_bound(&vmi_live, cap, entry);
	const char *reason = NULL;

	if (cap->offered && !bound)
		reason = vmi_cap_reason(&vmi_live, cap, entry);
	return put_string(skb, VMI_A_CAP_NAME, cap->name) ?:
	       put_string(skb, VMI_A_CAP_BACKEND, entry->backend->name) ?:
	       nla_put_u32(skb, VMI_A_CAP_OFFERED, cap->offered) ?:
	       nla_put_u32(skb, VMI_A_CAP_BOUND, bound) ?:
	       (cap->uses ? put_u64(skb, VMI_A_CAP_USES,
				    vmi_sum_percpu(cap->uses)) : 0) ?:
	       put_string(skb, VMI_A_CAP_REASON, reason);
}

static struct sk_buff *message_start(const struct genl_info *info, void **hdr)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);

	/* An empty message has room for its header. */
	if (skb)
		*hdr = genlmsg_iput(skb, info);
	return skb;
}

int vmi_nl_status_get_doit(struct sk_buff *request, struct genl_info *info)
{
	struct sk_buff *skb;
	void *hdr;
	int err;

	skb = message_start(info, &hdr);
	if (!skb)
		return -ENOMEM;
	scoped_guard(mutex, &vmi_live.lock)
		err = fill_status(skb, &vmi_live);
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

/* The number of the object that a dump sends next. */
struct dump_ctx {
	unsigned int next;
};

/*
 * Send the objects that @fill knows by their number, from where the last call of the dump
 * ended. @fill returns -ENODATA for a number behind the last object.
 */
static int nl_dump(struct sk_buff *skb, struct netlink_callback *cb,
		   int (*fill)(struct sk_buff *skb, unsigned int n))
{
	struct dump_ctx *ctx = (struct dump_ctx *)cb->ctx;
	void *hdr;
	int err;

	NL_ASSERT_DUMP_CTX_FITS(struct dump_ctx);
	guard(mutex)(&vmi_live.lock);
	cb->seq = vmi_live.generation;
	for (;; ctx->next++) {
		hdr = genlmsg_iput(skb, genl_info_dump(cb));
		if (!hdr)
			return -EMSGSIZE;
		genl_dump_check_consistent(cb, hdr);
		err = fill(skb, ctx->next);
		if (err) {
			genlmsg_cancel(skb, hdr);
			return err == -ENODATA ? 0 : err;
		}
		genlmsg_end(skb, hdr);
	}
}

static int fill_nth_backend(struct sk_buff *skb, unsigned int n)
{
	struct vmi_entry *entry;

	list_for_each_entry(entry, &vmi_live.entries, node) {
		if (!n--)
			return fill_backend(skb, entry);
	}
	return -ENODATA;
}

int vmi_nl_backend_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return nl_dump(skb, cb, fill_nth_backend);
}

static int fill_nth_cap(struct sk_buff *skb, unsigned int n)
{
	struct vmi_entry *entry;

	list_for_each_entry(entry, &vmi_live.entries, node) {
		if (n < entry->backend->nr_caps)
			return fill_cap(skb, entry, &entry->backend->caps[n]);
		n -= entry->backend->nr_caps;
	}
	return -ENODATA;
}

int vmi_nl_cap_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return nl_dump(skb, cb, fill_nth_cap);
}

static int fill_nth_op(struct sk_buff *skb, unsigned int n)
{
	return n < VMI_NR_OPS ? fill_op(skb, n) : -ENODATA;
}

int vmi_nl_op_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return nl_dump(skb, cb, fill_nth_op);
}

/* The counters of an op are in one message, and one message has to fit. */
int vmi_nl_stats_get_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = nlmsg_total_size(GENL_HDRLEN + stats_size());
	return 0;
}

static int fill_nth_stats(struct sk_buff *skb, unsigned int n)
{
	return n < VMI_NR_OPS ? fill_stats(skb, n) : -ENODATA;
}

int vmi_nl_stats_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	return nl_dump(skb, cb, fill_nth_stats);
}

/*
 * netlink_capable() asks for the capability of the sender and of the opener of the
 * socket, so that a privileged program cannot be made to send on a socket that it was
 * handed.
 */
int vmi_nl_admin_pre_doit(const struct genl_split_ops *ops,
			  struct sk_buff *skb, struct genl_info *info)
{
	if (netlink_capable(skb, CAP_SYS_ADMIN))
		return 0;
	NL_SET_ERR_MSG(info->extack,
		       "needs CAP_SYS_ADMIN in the initial user namespace");
	return -EPERM;
}

/* extack has less room than a sentence can need; a sentence that is cut ends in dots. */
static void set_extack(struct genl_info *info, const struct nlattr *attr,
		       const struct vmi_error *error)
{
	const int room = NETLINK_MAX_FMTMSG_LEN - 1;
	bool fits = strlen(error->message) <= room;

	NL_SET_ERR_MSG_ATTR_FMT(info->extack, attr, "%.*s%s",
				fits ? room : room - 3, error->message,
				fits ? "" : "...");
}

int vmi_nl_use_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *provider = info->attrs[VMI_A_USE_PROVIDER];
	struct vmi_error error = {};
	int err;

	if (GENL_REQ_ATTR_CHECK(info, VMI_A_USE_PROVIDER))
		return -EINVAL;
	scoped_guard(mutex, &vmi_live.lock)
		err = vmi_switch(&vmi_live, nla_data(provider),
				 "asked for at run time", &error);
	if (err)
		set_extack(info, provider, &error);
	return err;
}

int vmi_nl_stats_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *target = info->attrs[VMI_A_STATS_TARGET];
	struct nlattr *histograms = info->attrs[VMI_A_STATS_HISTOGRAMS];
	vmi_opmask_t ops = VMI_ALL_OPS;
	struct vmi_error error = {};
	u32 action;
	int err = 0;

	if (GENL_REQ_ATTR_CHECK(info, VMI_A_STATS_ACTION))
		return -EINVAL;
	action = nla_get_u32(info->attrs[VMI_A_STATS_ACTION]);

	if (target)
		ops = vmi_ops_find(nla_data(target), &error);
	if (!ops) {
		set_extack(info, target, &error);
		return -ENOENT;
	}
	if (histograms && action == VMI_STATS_ACTION_RESET) {
		NL_SET_ERR_MSG_ATTR(info->extack, histograms,
				    "counters and histograms are reset together");
		return -EINVAL;
	}
	scoped_guard(mutex, &vmi_live.lock) {
		if (action == VMI_STATS_ACTION_RESET)
			vmi_stats_reset(ops);
		else
			err = vmi_stats_set(ops, action == VMI_STATS_ACTION_ON,
					    histograms);
	}
	if (err)
		NL_SET_ERR_MSG_ATTR(info->extack, histograms,
				    "there is no memory for histograms");
	return err;
}

/* The log has the sentence in full, since extack may cut it. */
static int refuse_policy(struct genl_info *info, const struct nlattr *attr,
			 const struct vmi_error *error, int err)
{
	pr_err("policy refused: %s\n", error->message);
	set_extack(info, attr, error);
	return err;
}

static int parse_policy_entry(struct vmi_policy *policy,
			      const struct nlattr *entry,
			      struct genl_info *info)
{
	struct nlattr *attrs[VMI_A_POLICY_PROVIDER + 1];
	struct nlattr *target, *provider;
	vmi_opmask_t ops = VMI_ALL_OPS;
	struct vmi_error error = {};
	int err;

	err = nla_parse_nested(attrs, VMI_A_POLICY_PROVIDER, entry,
			       vmi_policy_nl_policy, info->extack);
	if (err)
		return err;
	if (NL_REQ_ATTR_CHECK(info->extack, entry, attrs,
			      VMI_A_POLICY_PROVIDER))
		return -EINVAL;
	target = attrs[VMI_A_POLICY_TARGET];
	provider = attrs[VMI_A_POLICY_PROVIDER];

	if (target)
		err = vmi_policy_find(nla_data(target), &ops, &error);
	if (err)
		return refuse_policy(info, target, &error, err);
	err = vmi_policy_put(policy, ops, nla_data(provider), &error);
	if (!err && vmi_live.native_invalid && (policy->native & ops))
		err = vmi_refuse_native(&vmi_live, -EOPNOTSUPP, "policy", &error);
	return err ? refuse_policy(info, provider, &error, err) : 0;
}

/* Every entry is checked before any takes effect. */
int vmi_nl_policy_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct vmi_error error = {};
	const struct nlattr *entry;
	struct vmi_policy policy;
	int err, rest;

	if (GENL_REQ_ATTR_CHECK(info, VMI_A_POLICY_LIST_ENTRY))
		return -EINVAL;

	guard(mutex)(&vmi_live.lock);
	policy = vmi_live.policy;
	nla_for_each_attr(entry, genlmsg_data(info->genlhdr),
			  genlmsg_len(info->genlhdr), rest) {
		err = parse_policy_entry(&policy, entry, info);
		if (err)
			return err;
	}
	err = vmi_policy_change(&vmi_live, &policy, &error);
	return err ? refuse_policy(info, NULL, &error, err) : 0;
}

/* Tell each listener that an event is missing, as a full queue would. */
static void event_lost(void)
{
	genl_set_err(&vmi_nl_family, &init_net, 0, VMI_NLGRP_EVENTS, -ENOBUFS);
}

static struct sk_buff *event_start(int cmd, void **hdr)
{
	struct genl_info info;
	struct sk_buff *skb;

	if (!genl_has_listeners(&vmi_nl_family, &init_net, VMI_NLGRP_EVENTS))
		return NULL;
	genl_info_init_ntf(&info, &vmi_nl_family, cmd);
	skb = message_start(&info, hdr);
	if (!skb)
		event_lost();
	return skb;
}

static void event_end(struct sk_buff *skb, void *hdr, int err)
{
	if (err) {
		nlmsg_free(skb);
		event_lost();
		return;
	}
	genlmsg_end(skb, hdr);
	genlmsg_multicast(&vmi_nl_family, skb, 0, VMI_NLGRP_EVENTS, GFP_KERNEL);
}

static void nl_policy_changed(vmi_opmask_t ops)
{
	struct sk_buff *skb;
	enum vmi_op op;
	void *hdr;

	for_each_vmi_op_in(op, ops) {
		skb = event_start(VMI_CMD_OP_NTF, &hdr);
		if (skb)
			event_end(skb, hdr, fill_op(skb, op));
	}
}

static void nl_changed(struct vmi_table *table, struct vmi_entry *entry)
{
	struct sk_buff *skb;
	void *hdr;

	skb = event_start(entry ? VMI_CMD_BACKEND_NTF : VMI_CMD_STATUS_NTF,
			  &hdr);
	if (skb)
		event_end(skb, hdr, entry ? fill_backend(skb, entry) :
					    fill_status(skb, table));
}

static const struct vmi_notify nl_notify = {
	.changed	= nl_changed,
	.policy_changed	= nl_policy_changed,
};

static int __init vmi_netlink_init(void)
{
	int err = genl_register_family(&vmi_nl_family);

	if (err)
		return err;
	guard(mutex)(&vmi_live.lock);
	vmi_live.notify = &nl_notify;
	return 0;
}
subsys_initcall(vmi_netlink_init);
