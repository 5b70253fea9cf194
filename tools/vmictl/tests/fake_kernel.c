// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's side of the netlink family, for tests on machines that have no
 * VMI. Linked into the program, these functions stand before those of libc:
 * what libnl sends is answered from here, according to the words, with commas
 * between them, in the environment variable FAKE_KERNEL. Sockets are real but
 * carry nothing.
 */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/vmi.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>

#include "examine.h"

#define FAMILY 0x42
#define GROUP 7
#define QUEUE_LEN 32

/*
 * A datagram, or the errno of a receive that fails. The kernel is at port 0, and another
 * process at 1.
 */
struct datagram {
	struct nl_msg *msg;
	int error;
	uint32_t port;
};

struct queue {
	struct datagram datagrams[QUEUE_LEN];
	int head;
	int tail;
};

/* Each thread has a kernel of its own, so that here is nothing that it shares. */
static __thread struct queue replies;
static __thread struct queue events;
static __thread int events_fd = -1;
static __thread uint32_t request_seq;
static __thread int dumps;
/* Lists of the ops, and of their counters. */
static __thread int looks;
static __thread int readings;

/* No word is part of another one. */
static bool fake_is(const char *word)
{
	const char *fake = getenv("FAKE_KERNEL");

	return fake && strstr(fake, word);
}

static void check(bool good)
{
	if (!good) {
		fputs("fake kernel: internal failure\n", stderr);
		abort();
	}
}

static void push(struct queue *queue, struct nl_msg *msg, int error)
{
	check(queue->tail < QUEUE_LEN);
	queue->datagrams[queue->tail++] = (struct datagram){ msg, error, 0 };
}

static void reply(struct nl_msg *msg)
{
	push(&replies, msg, 0);
}

static void notify(struct nl_msg *msg)
{
	push(&events, msg, 0);
}

static void pop(struct queue *queue)
{
	nlmsg_free(queue->datagrams[queue->head].msg);
	if (++queue->head == queue->tail)
		queue->head = queue->tail = 0;
}

/* For the counters of thousands of CPUs. */
#define MESSAGE_ROOM (1 << 17)

static struct nl_msg *vmi_message(int cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(MESSAGE_ROOM);

	check(genlmsg_put(msg, 0, request_seq, FAMILY, 0, flags, (uint8_t)cmd,
			  VMI_FAMILY_VERSION));
	return msg;
}

/* As the kernel aligns it: a pad attribute of type 0 may stand before. */
static void put_u64(struct nl_msg *msg, int type, uint64_t value)
{
	check(!nla_put(msg, 0, 0, NULL));
	check(!nla_put(msg, type, sizeof(value), &value));
}

static void put_error(struct nl_msg *msg, int type)
{
	struct nlattr *nest = nla_nest_start(msg, type);

	nla_put_string(msg, VMI_A_ERROR_KIND, "detect");
	nla_put_string(msg, VMI_A_ERROR_MESSAGE, "this machine is not KVM");
	nla_nest_end(msg, nest);
}

static const char *hypervisor(void)
{
	if (fake_is("hostile"))
		return "\033[2Jevil\377";
	return fake_is("quoting") ? "a\\b\"c\nd" : "KVM";
}

static struct nl_msg *status_message(int cmd)
{
	struct nl_msg *msg = vmi_message(cmd, 0);
	/* After a loss, the state is none that an event has told. */
	bool native = fake_is("native") ||
		      (fake_is("lost") && cmd == VMI_CMD_STATUS_GET);

	nla_put_string(msg, VMI_A_STATUS_ACTIVE, native ? "native" : "kvm");
	nla_put_string(msg, VMI_A_STATUS_REQUESTED, native ? "kvm" : "auto");
	if (!native)
		nla_put_u32(msg, VMI_A_STATUS_STATE, VMI_STATE_ACTIVE);
	nla_put_string(msg, VMI_A_STATUS_HYPERVISOR, hypervisor());
	nla_put_string(msg, VMI_A_STATUS_BUILTIN, "native");
	nla_put_u32(msg, VMI_A_STATUS_API_MAJOR, 1);
	nla_put_u32(msg, VMI_A_STATUS_API_MINOR, 2);
	if (fake_is("reloading") && looks >= 2)
		put_u64(msg, VMI_A_STATUS_SWITCHES, 3);
	else
		put_u64(msg, VMI_A_STATUS_SWITCHES, !native);
	if (fake_is("malformed"))
		nla_put_u32(msg, VMI_A_STATUS_SWITCHED_AT_NS, 1);
	else
		put_u64(msg, VMI_A_STATUS_SWITCHED_AT_NS,
			native ? 0 : 1412345678);
	nla_put_u32(msg, VMI_A_STATUS_BEFORE_INIT, !native);
	nla_put_string(msg, VMI_A_STATUS_CHOICE,
		       fake_is("hostile") ? "\033H\033J evil" :
					    "asked for at run time");
	if (native)
		put_error(msg, VMI_A_STATUS_LAST_ERROR);
	/* One that this program does not know yet. */
	nla_put_u32(msg, VMI_A_STATUS_MAX + 9, 1);
	return msg;
}

static struct nl_msg *backend_message(int cmd, int flags, const char *name,
				      uint32_t state)
{
	struct nl_msg *msg = vmi_message(cmd, flags);

	nla_put_string(msg, VMI_A_BACKEND_NAME, name);
	nla_put_string(msg, VMI_A_BACKEND_HYPERVISOR, "KVM");
	nla_put_string(msg, VMI_A_BACKEND_VERSION, "1");
	if (state != VMI_STATE_FAILED)
		nla_put_string(msg, VMI_A_BACKEND_MODULE, "vmi_kvm");
	nla_put_u32(msg, VMI_A_BACKEND_STATE, state);
	if (state == VMI_STATE_FAILED)
		put_error(msg, VMI_A_BACKEND_LAST_ERROR);
	else
		nla_put_string(msg, VMI_A_BACKEND_EVIDENCE,
			       "CPUID leaf 0x40000000");
	return msg;
}

/* An op that changes hands, or that is taken back faster than anyone looks. */
static const char *provider_of(const char *name, uint64_t calls)
{
	if (fake_is("rebinding") && looks > 2 && !strcmp(name, "lock.wait"))
		return "kvm";
	if (!calls && !fake_is("waiting"))
		return "native";
	if (fake_is("builtin"))
		return "builtin";
	return fake_is("hyperv") ? "hyperv" : "kvm";
}

static struct nl_msg *op_message(int cmd, int flags, const char *group,
				 const char *name, uint64_t calls)
{
	struct nl_msg *msg = vmi_message(cmd, flags);
	/* One op of a group has a policy, or all ops of each group. */
	bool policy = fake_is("grouped") || !strcmp(name, "lock.wait");

	nla_put_string(msg, VMI_A_OP_NAME, name);
	nla_put_string(msg, VMI_A_OP_GROUP, group);
	nla_put_string(msg, VMI_A_OP_PROVIDER, provider_of(name, calls));
	nla_put_u32(msg, VMI_A_OP_COUNTING, calls > 0);
	/* A list that is read before that of the counters. */
	put_u64(msg, VMI_A_OP_CALLS, fake_is("behind") ? 0 : calls);
	if (!calls)
		nla_put_string(msg, VMI_A_OP_REASON, "not offered");
	nla_put_string(msg, VMI_A_OP_POLICY, policy ? "native" : "default");
	return msg;
}

/* Buckets have a limit and a count, and are left out without a count. */
static void put_histogram(struct nl_msg *msg, int type, uint64_t sum,
			  uint64_t buckets[3][2])
{
	struct nlattr *nest = nla_nest_start(msg, type), *bucket;
	int i;

	put_u64(msg, VMI_A_HISTOGRAM_SUM, sum);
	for (i = 0; i < 3; i++) {
		if (!buckets[i][1])
			continue;
		bucket = nla_nest_start(msg, VMI_A_HISTOGRAM_BUCKETS);
		put_u64(msg, VMI_A_BUCKET_TO, buckets[i][0]);
		put_u64(msg, VMI_A_BUCKET_COUNT, buckets[i][1]);
		nla_nest_end(msg, bucket);
	}
	nla_nest_end(msg, nest);
}

/*
 * Calls between two readings take 100 cycles each. After a reset there are more calls at
 * once, and longer ones. The sum of the buckets can overflow.
 */
static void put_histograms(struct nl_msg *msg)
{
	bool leapt = fake_is("leaping") && readings >= 3;
	uint64_t more = fake_is("ticking") ? 10 * (uint64_t)(readings - 1) : 0;
	uint64_t many = fake_is("overflowing") ? UINT64_MAX : 4;

	put_histogram(msg, VMI_A_OP_STATS_LATENCY,
		      (leapt ? 90000 : 3000) + 100 * more,
		      (uint64_t[3][2]){ { 127, (leapt ? 0 : 6) + more },
					{ 255, leapt ? 0 : many },
					{ 2047, leapt ? 60 : 1 } });
	put_histogram(msg, VMI_A_OP_STATS_TARGETS, 12,
		      (uint64_t[3][2]){ { 1, 10 }, { 3, 1 } });
}

/*
 * The second of two CPUs makes one call in four, unless the counters are set to zero
 * and come further than they were at once. The others make none.
 */
static void put_cpus(struct nl_msg *msg, uint64_t calls)
{
	uint32_t cpus = fake_is("crowded") ? 3000 : fake_is("wide") ? 21 : 3;
	bool leapt = fake_is("leaping") && readings >= 3;
	uint64_t second = leapt ? 0 : calls / 4;
	struct nlattr *nest;
	uint32_t cpu;

	for (cpu = 0; cpu < cpus; cpu += cpu ? 1 : 2) {
		nest = nla_nest_start(msg, VMI_A_OP_STATS_CPUS);
		nla_put_u32(msg, VMI_A_CPU_CALLS_CPU, cpu);
		put_u64(msg, VMI_A_CPU_CALLS_CALLS,
			cpu == 0 ? calls - second :
			cpu == 2 ? second :
				   0);
		nla_nest_end(msg, nest);
	}
}

static struct nl_msg *stats_message(int flags, const char *group,
				    const char *name, uint64_t calls,
				    bool measured)
{
	struct nl_msg *msg = vmi_message(VMI_CMD_STATS_GET, flags);

	nla_put_string(msg, VMI_A_OP_STATS_NAME, name);
	nla_put_string(msg, VMI_A_OP_STATS_GROUP, group);
	nla_put_string(msg, VMI_A_OP_STATS_PROVIDER, provider_of(name, calls));
	nla_put_u32(msg, VMI_A_OP_STATS_COUNTING, calls > 0);
	put_cpus(msg, calls);
	put_u64(msg, VMI_A_OP_STATS_CALLS, calls);
	nla_put_u32(msg, VMI_A_OP_STATS_MEASURING,
		    measured && !fake_is("unmeasured"));
	if (measured)
		put_histograms(msg);
	else if (!calls)
		put_histogram(msg, VMI_A_OP_STATS_LATENCY, 0,
			      (uint64_t[3][2]){});
	return msg;
}

static struct nl_msg *cap_message(int flags, const char *name, bool bound)
{
	struct nl_msg *msg = vmi_message(VMI_CMD_CAP_GET, flags);

	nla_put_string(msg, VMI_A_CAP_NAME, name);
	nla_put_string(msg, VMI_A_CAP_BACKEND, "kvm");
	nla_put_u32(msg, VMI_A_CAP_OFFERED, 1);
	nla_put_u32(msg, VMI_A_CAP_BOUND, bound);
	if (bound)
		put_u64(msg, VMI_A_CAP_USES, 1ULL << 40);
	else
		nla_put_string(msg, VMI_A_CAP_REASON, "no vector for modules");
	return msg;
}

/* TLVs after the fixed part of an acknowledgement or of the end of a dump. */
static void put_sentence(struct nl_msg *msg, const char *sentence)
{
	if (!sentence)
		return;
	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_ACK_TLVS;
	nla_put_string(msg, NLMSGERR_ATTR_MSG, sentence);
}

/* Acknowledge a request, with the offset of the attribute that is to blame, if any. */
static void push_ack(const struct nlmsghdr *request, int error,
		     const char *sentence, const void *attr)
{
	bool capped = !fake_is("uncapped");
	size_t len = capped ? sizeof(*request) : request->nlmsg_len;
	struct nl_msg *msg = nlmsg_alloc();
	struct nlmsgerr *ack;

	check(nlmsg_put(msg, 0, request->nlmsg_seq, NLMSG_ERROR, 0,
			capped ? NLM_F_CAPPED : 0));
	ack = nlmsg_reserve(msg, sizeof(ack->error) + len, NLMSG_ALIGNTO);
	ack->error = error;
	memcpy(&ack->msg, request, len);
	put_sentence(msg, sentence);
	if (attr)
		nla_put_u32(
			msg, NLMSGERR_ATTR_OFFS,
			(uint32_t)((const char *)attr - (const char *)request));
	reply(msg);
}

static void push_done(const struct nlmsghdr *request, int error,
		      const char *sentence)
{
	struct nl_msg *msg = nlmsg_alloc();

	check(nlmsg_put(msg, 0, request->nlmsg_seq, NLMSG_DONE, 0,
			NLM_F_MULTI));
	check(!nlmsg_append(msg, &error, sizeof(error), NLMSG_ALIGNTO));
	put_sentence(msg, sentence);
	reply(msg);
}

/* Calls come at a steady pace, until the counters are reset. */
static uint64_t ticks(uint64_t calls, int count)
{
	if (fake_is("resetting") && count >= 3)
		return (uint64_t)count;
	if (fake_is("ticking"))
		return calls + 10 * (uint64_t)(count - 1);
	return calls;
}

/* What happens while a list is read for the second time. */
static void push_interruption(int count)
{
	if (count != 2)
		return;
	/* Instead of the list, once. */
	if (fake_is("hiccup"))
		push(&replies, NULL, ENOBUFS);
	if (fake_is("interrupting"))
		kill(getpid(), SIGINT);
	if (fake_is("terminating"))
		kill(getpid(), SIGTERM);
}

/* While somebody looks on, and has taken those that were there at first. */
static void push_late_events(void)
{
	const uint64_t one = 1;

	if (events_fd < 0)
		return;
	if (fake_is("rebinding") || fake_is("reloading"))
		notify(status_message(VMI_CMD_STATUS_NTF));
	if (fake_is("losing"))
		push(&events, NULL, ENOBUFS);
	if (events.head != events.tail)
		check(write(events_fd, &one, sizeof(one)) == sizeof(one));
}

static void push_ops(int cmd, int flags)
{
	/* Names are to be text, but who knows. */
	bool bytes = fake_is("unreadable");
	const char *lock = bytes ? "l\377ck" : "lock";
	const char *kick = bytes ? "l\377ck.kick" : "lock.kick";

	push_interruption(++looks);
	/* While the state is read that replaces lost events. */
	if (fake_is("lost") && fake_is("terminating"))
		kill(getpid(), SIGTERM);
	if (looks == 2)
		push_late_events();
	reply(op_message(cmd, flags, "tlb", "tlb.flush_multi",
			 ticks(12, looks)));
	reply(op_message(cmd, flags, lock, kick, UINT64_MAX));
	reply(op_message(cmd, flags, lock, "lock.wait", 0));
}

static void push_stats(int flags)
{
	push_interruption(++readings);
	reply(stats_message(flags, "tlb", "tlb.flush_multi",
			    ticks(12, readings), true));
	reply(stats_message(flags, "lock", "lock.kick", UINT64_MAX, false));
	reply(stats_message(flags, "lock", "lock.wait", 0, false));
}

static void push_list(int cmd, int flags)
{
	const uint32_t state = fake_is("hostile") ? 99 : VMI_STATE_FAILED;

	if (cmd == VMI_CMD_BACKEND_GET) {
		/* Instead of the list, once. */
		if (fake_is("hiccup") && dumps == 1)
			push(&replies, NULL, ENOBUFS);
		reply(backend_message(cmd, flags, "kvm", VMI_STATE_ACTIVE));
		reply(backend_message(cmd, flags, "xen", state));
	} else if (cmd == VMI_CMD_OP_GET) {
		push_ops(cmd, flags);
	} else if (cmd == VMI_CMD_STATS_GET) {
		push_stats(flags);
	} else {
		reply(cap_message(flags, "steal-time", true));
		reply(cap_message(flags, "async-pf", false));
	}
}

static void answer_dump(const struct nlmsghdr *request, int cmd)
{
	int flags = NLM_F_MULTI;

	dumps++;
	if (fake_is("endless") || (fake_is("interrupted") && dumps < 3))
		flags |= NLM_F_DUMP_INTR;
	push_list(cmd, flags);
	if (fake_is("half"))
		push_done(request, -ENOMEM, "the list is too long");
	else if (fake_is("dying") && looks == 2)
		push_done(request, -ENOMEM, "no more of this");
	else
		push_done(request, 0, NULL);
}

#define NO_TARGET "there is no op or group named 'nosuch'"
#define NO_POLICY "a policy is native, builtin or default, not 'kvm'"

static const char *name_or_all(const struct nlattr *attr)
{
	return attr ? nla_get_string(attr) : "all";
}

/* Return: false if a name was refused. */
static bool describe_policies(const struct nlmsghdr *request, char *text)
{
	struct nlattr *entry, *tb[VMI_A_POLICY_MAX + 1];
	const char *target, *provider;
	int left;

	text += sprintf(text, "asked for");
	nla_for_each_attr(entry, genlmsg_attrdata(nlmsg_data(request), 0),
			  genlmsg_attrlen(nlmsg_data(request), 0), left) {
		check(entry->nla_type ==
		      (VMI_A_POLICY_LIST_ENTRY | NLA_F_NESTED));
		check(!nla_parse_nested(tb, VMI_A_POLICY_MAX, entry, NULL));
		target = name_or_all(tb[VMI_A_POLICY_TARGET]);
		provider = nla_get_string(tb[VMI_A_POLICY_PROVIDER]);
		if (!strcmp(target, "nosuch")) {
			push_ack(request, -ENOENT, NO_TARGET,
				 tb[VMI_A_POLICY_TARGET]);
			return false;
		}
		if (!strcmp(provider, "kvm")) {
			push_ack(request, -EINVAL, NO_POLICY,
				 tb[VMI_A_POLICY_PROVIDER]);
			return false;
		}
		text += sprintf(text, " %s=%s", target, provider);
	}
	return true;
}

/* Refuse a change in words that show what was asked for. */
static void answer_change(struct nlmsghdr *request, int cmd)
{
	/* For at least three policies with names of full length. */
	char text[256];
	struct nlattr *tb[8];

	check(request->nlmsg_len < sizeof(text));
	check(cmd == VMI_CMD_POLICY_SET ||
	      !genlmsg_parse(request, 0, tb, 7, NULL));
	if (cmd == VMI_CMD_USE)
		sprintf(text, "asked to use %s",
			nla_get_string(tb[VMI_A_USE_PROVIDER]));
	else if (cmd == VMI_CMD_STATS_SET)
		sprintf(text, "asked for action %u%s of %s.",
			nla_get_u32(tb[VMI_A_STATS_ACTION]),
			tb[VMI_A_STATS_HISTOGRAMS] ? " with histograms" : "",
			name_or_all(tb[VMI_A_STATS_TARGET]));
	else if (!describe_policies(request, text))
		return;
	if (fake_is("refusing") || fake_is("uncapped"))
		push_ack(request, -EINVAL, text, NULL);
	else
		push_ack(request, 0, NULL, NULL);
}

static bool is_change(int cmd)
{
	return cmd == VMI_CMD_USE || cmd == VMI_CMD_STATS_SET ||
	       cmd == VMI_CMD_POLICY_SET;
}

/* An attribute that is longer than its message, or an errno that is none. */
static void answer_nonsense(const struct nlmsghdr *request, int cmd)
{
	struct nl_msg *msg = vmi_message(cmd, 0);
	const struct nlattr attr = { .nla_len = 99, .nla_type = 1 };

	check(!nlmsg_append(msg, (void *)&attr, sizeof(attr), NLMSG_ALIGNTO));
	reply(msg);
	push_ack(request, is_change(cmd), NULL, NULL);
}

static bool refuse(const struct nlmsghdr *request, int cmd)
{
	if (fake_is("denying"))
		push_ack(request, -EPERM, NULL, NULL);
	else if (fake_is("failing"))
		push_ack(request, -EIO, NULL, NULL);
	else if (fake_is("objecting"))
		push_ack(request, -EINVAL, "this is not the time", NULL);
	else if (fake_is("picky") && is_change(cmd))
		push_ack(request, -ENOENT, "nothing has that name", NULL);
	else if (fake_is("nonsense"))
		answer_nonsense(request, cmd);
	else
		return false;
	return true;
}

static void answer_vmi(struct nlmsghdr *request)
{
	const struct genlmsghdr *header = nlmsg_data(request);

	if (refuse(request, header->cmd))
		return;
	if (is_change(header->cmd)) {
		answer_change(request, header->cmd);
	} else if (request->nlmsg_flags & NLM_F_DUMP) {
		answer_dump(request, header->cmd);
	} else {
		if (!fake_is("silent"))
			reply(status_message(header->cmd));
		push_ack(request, 0, NULL, NULL);
	}
}

static void answer_ctrl(const struct nlmsghdr *request)
{
	struct nl_msg *msg;
	struct nlattr *groups, *group;

	if (fake_is("absent")) {
		push_ack(request, -ENOENT, NULL, NULL);
		return;
	}
	msg = nlmsg_alloc();
	check(genlmsg_put(msg, 0, request->nlmsg_seq, GENL_ID_CTRL, 0, 0,
			  CTRL_CMD_NEWFAMILY, 1));
	nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, VMI_FAMILY_NAME);
	nla_put_u16(msg, CTRL_ATTR_FAMILY_ID, FAMILY);
	groups = nla_nest_start(msg, CTRL_ATTR_MCAST_GROUPS);
	group = nla_nest_start(msg, 1);
	nla_put_string(msg, CTRL_ATTR_MCAST_GRP_NAME,
		       fake_is("deaf") ? "other" : VMI_MCGRP_EVENTS);
	nla_put_u32(msg, CTRL_ATTR_MCAST_GRP_ID, GROUP);
	nla_nest_end(msg, group);
	nla_nest_end(msg, groups);
	reply(msg);
	push_ack(request, 0, NULL, NULL);
}

static void push_events(void)
{
	int cmd = VMI_CMD_BACKEND_NTF;

	if (fake_is("stranger")) {
		notify(backend_message(cmd, 0, "imitated", VMI_STATE_FAILED));
		events.datagrams[events.tail - 1].port = 1;
	}
	notify(backend_message(cmd, 0, "kvm", VMI_STATE_PREPARED));
	if (fake_is("lost"))
		push(&events, NULL, ENOBUFS);
	notify(vmi_message(VMI_CMD_MAX + 1, 0));
	if (fake_is("policy"))
		notify(op_message(VMI_CMD_OP_NTF, 0, "lock", "lock.wait", 0));
	notify(status_message(VMI_CMD_STATUS_NTF));
}

ssize_t sendmsg(int fd, const struct msghdr *hdr, int flags)
{
	struct nlmsghdr *request = hdr->msg_iov->iov_base;

	(void)flags;
	/* Nobody sends to that one: it was closed, and this has its number. */
	if (fd == events_fd)
		events_fd = -1;
	request_seq = request->nlmsg_seq;
	/* What is left is for a socket that was closed meanwhile. */
	while (replies.head != replies.tail)
		pop(&replies);
	if (fake_is("overrun"))
		push(&replies, NULL, ENOBUFS);
	if (fake_is("stranger")) {
		push_ack(request, -EPERM, "not the kernel's sentence", NULL);
		replies.datagrams[replies.tail - 1].port = 1;
	}
	if (request->nlmsg_type == GENL_ID_CTRL)
		answer_ctrl(request);
	else
		answer_vmi(request);
	return (ssize_t)hdr->msg_iov->iov_len;
}

/* In one datagram the kernel sends as many messages as fit into it. */
static size_t take_messages(struct queue *queue, char *buffer, size_t room)
{
	const struct nlmsghdr *message;
	size_t len = 0;

	do {
		message = nlmsg_hdr(queue->datagrams[queue->head].msg);
		check(len + NLMSG_ALIGN(message->nlmsg_len) <= room);
		memcpy(buffer + len, message, message->nlmsg_len);
		len += NLMSG_ALIGN(message->nlmsg_len);
		pop(queue);
	} while (fake_is("packed") && queue->head != queue->tail);
	return len;
}

static ssize_t deliver(struct queue *queue, struct msghdr *hdr)
{
	struct sockaddr_nl from = {
		.nl_family = AF_NETLINK,
		.nl_pid = queue->datagrams[queue->head].port,
	};
	struct iovec *data = hdr->msg_iov;
	size_t len = take_messages(queue, data->iov_base, data->iov_len);

	if (damage)
		len = damage(data->iov_base, len);
	if (fake_is("cut"))
		len -= NLMSG_ALIGNTO;
	hdr->msg_flags = fake_is("truncated") ? MSG_TRUNC : 0;
	memcpy(hdr->msg_name, &from, sizeof(from));
	hdr->msg_namelen = sizeof(from);
	hdr->msg_controllen = 0;
	return (ssize_t)len;
}

/* When all events are told, the program is asked to stop, or left waiting. */
static void out_of_events(void)
{
	uint64_t count;

	if (fake_is("patient"))
		check(read(events_fd, &count, sizeof(count)) > 0);
	else
		kill(getpid(), SIGTERM);
}

ssize_t recvmsg(int fd, struct msghdr *hdr, int flags)
{
	struct queue *queue = fd == events_fd ? &events : &replies;
	struct datagram *next = &queue->datagrams[queue->head];
	size_t len;

	if (queue->head == queue->tail) {
		if (queue == &events)
			out_of_events();
		errno = EAGAIN;
		return -1;
	}
	if (next->error) {
		errno = next->error;
		pop(queue);
		return -1;
	}
	if (!(flags & MSG_PEEK))
		return deliver(queue, hdr);
	len = nlmsg_hdr(next->msg)->nlmsg_len;
	hdr->msg_flags = len > hdr->msg_iov->iov_len ? MSG_TRUNC : 0;
	return (ssize_t)len;
}

/* With it, the same is told at the same time by each program that looks. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	static __thread long calls;

	if (!fake_is("clockwork"))
		return (int)syscall(SYS_clock_gettime, clock, now);
	/* Not the same distance each time, or all rates were alike. */
	calls += 3 + calls % 2;
	*now = (struct timespec){ calls, calls * 1001001 };
	if (clock == CLOCK_REALTIME)
		now->tv_sec += 1764000000;
	return 0;
}

/* The events socket becomes something that poll() finds ready to read. */
int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	int ready;

	if (level != SOL_NETLINK || name != NETLINK_ADD_MEMBERSHIP)
		return (int)syscall(SYS_setsockopt, fd, level, name, value,
				    len);
	if (*(const int *)value != GROUP) {
		errno = EINVAL;
		return -1;
	}
	ready = eventfd(1, EFD_CLOEXEC);
	check(ready >= 0 && dup2(ready, fd) == fd);
	close(ready);
	events_fd = fd;
	push_events();
	return 0;
}
