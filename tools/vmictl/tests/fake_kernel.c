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

#include "fake_kernel.h"

#define FAMILY 0x42
#define GROUP 7
#define QUEUE_LEN 32

/* A datagram, or the errno of a receive that fails. The kernel is at port 0. */
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
/* What is answered, while it is. */
static __thread struct nlmsghdr *request;
__thread struct nlmsghdr fake_request;
ssize_t (*fake_hook)(int fd, struct msghdr *hdr, int flags);
/* The last message in a queue, which attributes are put into. */
static __thread struct nl_msg *msg;
static __thread int dumps;
/* Lists of the ops, and of their counters. */
static __thread int looks;
static __thread int readings;

static bool fake_is(const char *word)
{
	const char *fake = getenv("FAKE_KERNEL");
	size_t len;

	for (; fake; fake = fake[len] ? fake + len + 1 : NULL) {
		len = strcspn(fake, ",");
		if (len == strlen(word) && !strncmp(fake, word, len))
			return true;
	}
	return false;
}

static void check(bool good)
{
	if (!good) {
		fputs("fake kernel: internal failure\n", stderr);
		abort();
	}
}

static void push(struct queue *queue, struct nl_msg *message, int error)
{
	check(queue->tail < QUEUE_LEN);
	queue->datagrams[queue->tail++] =
		(struct datagram){ message, error, 0 };
}

/* What came last is from another process. */
static void disguise(struct queue *queue)
{
	queue->datagrams[queue->tail - 1].port = 1;
}

static void pop(struct queue *queue)
{
	nlmsg_free(queue->datagrams[queue->head].msg);
	if (++queue->head == queue->tail)
		queue->head = queue->tail = 0;
}

/* For the counters of thousands of CPUs. */
#define MESSAGE_ROOM (1 << 17)

/* Begin a message, an event or a reply. */
static void begin(int cmd, int flags)
{
	bool event = cmd == VMI_CMD_STATUS_NTF || cmd == VMI_CMD_BACKEND_NTF ||
		     cmd == VMI_CMD_POLICY_NTF || cmd > VMI_CMD_MAX;

	msg = nlmsg_alloc_size(MESSAGE_ROOM);
	check(genlmsg_put(msg, 0, fake_request.nlmsg_seq, FAMILY, 0, flags,
			  (uint8_t)cmd, VMI_FAMILY_VERSION));
	push(event ? &events : &replies, msg, 0);
}

static void put_string(int type, const char *text)
{
	check(!text || !nla_put_string(msg, type, text));
}

static void put_u32(int type, uint32_t value)
{
	check(!nla_put_u32(msg, type, value));
}

/* As the kernel aligns it: a pad attribute of type 0 may stand before. */
static void put_u64(int type, uint64_t value)
{
	check(!nla_put(msg, 0, 0, NULL));
	check(!nla_put(msg, type, sizeof(value), &value));
}

static void put_error(int type)
{
	struct nlattr *nest = nla_nest_start(msg, type);

	put_string(VMI_A_ERROR_KIND, "detect");
	put_string(VMI_A_ERROR_MESSAGE, "this machine is not KVM");
	nla_nest_end(msg, nest);
}

static const char *hypervisor(void)
{
	if (fake_is("hostile"))
		return "\033[2Jevil\377";
	return fake_is("quoting") ? "a\\b\"c\nd" : "KVMKVMKVM";
}

static void push_status(int cmd)
{
	/* After a loss, the state is none that an event has told. */
	bool native = fake_is("native") ||
		      (fake_is("lost") && cmd == VMI_CMD_STATUS_GET);

	begin(cmd, 0);
	put_string(VMI_A_STATUS_ACTIVE, native ? "native" : "kvm");
	put_string(VMI_A_STATUS_REQUESTED, native ? "kvm" : "auto");
	if (!native)
		put_u32(VMI_A_STATUS_STATE, VMI_STATE_ACTIVE);
	put_string(VMI_A_STATUS_HYPERVISOR, hypervisor());
	put_string(VMI_A_STATUS_BUILTIN, "native");
	put_u32(VMI_A_STATUS_API_MAJOR, 1);
	put_u32(VMI_A_STATUS_API_MINOR, 2);
	put_u64(VMI_A_STATUS_SWITCHES, native				  ? 0 :
				       fake_is("reloading") && looks >= 2 ? 3 :
									    1);
	if (fake_is("malformed"))
		put_u32(VMI_A_STATUS_SWITCHED_AT_NS, 1);
	else
		put_u64(VMI_A_STATUS_SWITCHED_AT_NS, native ? 0 : 1412345678);
	put_u32(VMI_A_STATUS_BEFORE_INIT, !native);
	put_string(VMI_A_STATUS_CHOICE, fake_is("hostile") ?
						"\033H\033J evil" :
						"asked for at run time");
	if (native)
		put_error(VMI_A_STATUS_LAST_ERROR);
	/* An attribute that this program does not know yet. */
	put_u32(VMI_A_STATUS_MAX + 9, 1);
}

static void push_layer(int flags, const char *signature, const char *evidence,
		       const char *backend)
{
	begin(VMI_CMD_LAYER_GET, flags);
	put_string(VMI_A_LAYER_SIGNATURE, signature);
	put_string(VMI_A_LAYER_EVIDENCE, evidence);
	put_string(VMI_A_LAYER_BACKEND, backend);
}

static void push_backend(int cmd, int flags, const char *name, uint32_t state)
{
	bool failed = state == VMI_STATE_FAILED;

	begin(cmd, flags);
	put_string(VMI_A_BACKEND_NAME, name);
	put_string(VMI_A_BACKEND_HYPERVISOR, "KVM");
	put_string(VMI_A_BACKEND_VERSION, "1");
	put_string(VMI_A_BACKEND_MODULE, failed ? NULL : "vmi_kvm");
	put_u32(VMI_A_BACKEND_STATE, state);
	put_string(VMI_A_BACKEND_EVIDENCE,
		   failed ? NULL : "CPUID leaf 0x40000000");
	if (failed)
		put_error(VMI_A_BACKEND_LAST_ERROR);
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

static void push_op(int flags, const char *group, const char *name,
		    uint64_t calls)
{
	begin(VMI_CMD_OP_GET, flags);
	put_string(VMI_A_OP_NAME, name);
	put_string(VMI_A_OP_GROUP, group);
	put_string(VMI_A_OP_PROVIDER, provider_of(name, calls));
	put_u32(VMI_A_OP_COUNTING, calls > 0);
	/* A list that is read before that of the counters. */
	put_u64(VMI_A_OP_CALLS, fake_is("behind") ? 0 : calls);
	put_string(VMI_A_OP_REASON, calls ? NULL : "not offered");
}

static void put_cpu(uint32_t cpu, uint64_t calls)
{
	struct nlattr *nest = nla_nest_start(msg, VMI_A_OP_STATS_CPUS);

	put_u32(VMI_A_CPU_CALLS_CPU, cpu);
	put_u64(VMI_A_CPU_CALLS_CALLS, calls);
	nla_nest_end(msg, nest);
}

/*
 * The second of two CPUs makes one call in four, unless the counters are set to zero
 * and come further than they were at once.
 */
static void put_cpus(uint64_t calls)
{
	uint32_t cpus = fake_is("crowded") ? 3000 : fake_is("wide") ? 21 : 0;
	uint64_t second = fake_is("leaping") && readings >= 3 ? 0 : calls / 4;
	uint32_t cpu;

	put_cpu(0, calls - second);
	put_cpu(2, second);
	for (cpu = 3; cpu < cpus; cpu++)
		put_cpu(cpu, 0);
}

/* Of each bucket the largest value, and how often, up to a value of 0. */
static void put_histogram(int type, uint64_t sum, const uint64_t buckets[][2])
{
	struct nlattr *nest = nla_nest_start(msg, type), *bucket;

	put_u64(VMI_A_HISTOGRAM_SUM, sum);
	for (; (*buckets)[0]; buckets++) {
		bucket = nla_nest_start(msg, VMI_A_HISTOGRAM_BUCKETS);
		put_u64(VMI_A_BUCKET_TO, (*buckets)[0]);
		put_u64(VMI_A_BUCKET_COUNT, (*buckets)[1]);
		nla_nest_end(msg, bucket);
	}
	nla_nest_end(msg, nest);
}

/*
 * Calls that come between two readings take 100 cycles each. Set to zero, there are more
 * of them at once, and longer ones. The sum of the buckets can be more than a number can
 * be.
 */
static void put_histograms(void)
{
	uint64_t more = fake_is("ticking") && readings > 1 ?
				10 * (uint64_t)(readings - 1) :
				0;
	const uint64_t leapt[][2] = { { 127, more }, { 2047, 60 }, {} };
	const uint64_t steady[][2] = {
		{ 127, 6 + more },
		{ 255, fake_is("overflowing") ? UINT64_MAX : 4 },
		{ 2047, 1 },
		{}
	};
	const uint64_t targets[][2] = { { 1, 10 }, { 3, 1 }, {} };

	if (fake_is("leaping") && readings >= 3)
		put_histogram(VMI_A_OP_STATS_LATENCY, 90000 + 100 * more,
			      leapt);
	else
		put_histogram(VMI_A_OP_STATS_LATENCY, 3000 + 100 * more,
			      steady);
	put_histogram(VMI_A_OP_STATS_TARGETS, 12, targets);
}

static void push_op_stats(int flags, const char *group, const char *name,
			  uint64_t calls, bool measured)
{
	static const uint64_t no_buckets[1][2];

	begin(VMI_CMD_STATS_GET, flags);
	put_string(VMI_A_OP_STATS_NAME, name);
	put_string(VMI_A_OP_STATS_GROUP, group);
	put_string(VMI_A_OP_STATS_PROVIDER, provider_of(name, calls));
	put_u32(VMI_A_OP_STATS_COUNTING, calls > 0);
	put_cpus(calls);
	put_u64(VMI_A_OP_STATS_CALLS, calls);
	put_u32(VMI_A_OP_STATS_MEASURING, measured && !fake_is("unmeasured"));
	if (measured)
		put_histograms();
	else if (!calls)
		put_histogram(VMI_A_OP_STATS_LATENCY, 0, no_buckets);
}

static void push_cap(int flags, const char *name, bool bound)
{
	begin(VMI_CMD_CAP_GET, flags);
	put_string(VMI_A_CAP_NAME, name);
	put_string(VMI_A_CAP_BACKEND, "kvm");
	put_u32(VMI_A_CAP_OFFERED, 1);
	put_u32(VMI_A_CAP_BOUND, bound);
	if (bound)
		put_u64(VMI_A_CAP_USES, 1ULL << 40);
	else
		put_string(VMI_A_CAP_REASON, "no vector for modules");
}

static void push_policy(int cmd, int flags, const char *target,
			const char *provider, const char *reason)
{
	begin(cmd, flags);
	put_string(VMI_A_POLICY_TARGET, target);
	put_string(VMI_A_POLICY_PROVIDER, provider);
	put_string(VMI_A_POLICY_REASON, reason);
}

/* TLVs after the fixed part of an acknowledgement or of the end of a dump. */
static void put_sentence(const char *sentence)
{
	if (sentence)
		nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_ACK_TLVS;
	put_string(NLMSGERR_ATTR_MSG, sentence);
}

static void begin_control(int type, int flags)
{
	msg = nlmsg_alloc();
	check(nlmsg_put(msg, 0, fake_request.nlmsg_seq, type, 0, flags));
	push(&replies, msg, 0);
}

static void push_ack_at(int error, const char *sentence, const void *attr)
{
	bool capped = !fake_is("uncapped");
	size_t len = capped ? sizeof(*request) : request->nlmsg_len;
	struct nlmsgerr *ack;

	begin_control(NLMSG_ERROR, capped ? NLM_F_CAPPED : 0);
	ack = nlmsg_reserve(msg, sizeof(ack->error) + len, NLMSG_ALIGNTO);
	ack->error = error;
	memcpy(&ack->msg, request, len);
	put_sentence(sentence);
	if (attr)
		put_u32(NLMSGERR_ATTR_OFFS,
			(uint32_t)((const char *)attr - (char *)request));
}

static void push_ack(int error, const char *sentence)
{
	push_ack_at(error, sentence, NULL);
}

static void push_done(int error, const char *sentence)
{
	begin_control(NLMSG_DONE, NLM_F_MULTI);
	check(!nlmsg_append(msg, &error, sizeof(error), NLMSG_ALIGNTO));
	put_sentence(sentence);
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
	uint64_t one = 1;

	if (events_fd < 0)
		return;
	if (fake_is("rebinding") || fake_is("reloading"))
		push_status(VMI_CMD_STATUS_NTF);
	if (fake_is("losing"))
		push(&events, NULL, ENOBUFS);
	if (events.head != events.tail)
		check(write(events_fd, &one, sizeof(one)) == sizeof(one));
}

static void push_ops(int flags)
{
	/* Names are to be text, but who knows. */
	bool text = !fake_is("unreadable");
	const char *lock = text ? "lock" : "l\377ck";

	push_interruption(++looks);
	if (looks == 2)
		push_late_events();
	push_op(flags, "tlb", "tlb.flush_multi", ticks(12, looks));
	push_op(flags, lock, text ? "lock.kick" : "l\377ck.kick", UINT64_MAX);
	push_op(flags, lock, "lock.wait", 0);
}

static void push_stats(int flags)
{
	push_interruption(++readings);
	push_op_stats(flags, "tlb", "tlb.flush_multi", ticks(12, readings),
		      true);
	push_op_stats(flags, "lock", "lock.kick", UINT64_MAX, false);
	push_op_stats(flags, "lock", "lock.wait", 0, false);
}

static void push_list(int cmd, int flags)
{
	switch (cmd) {
	case VMI_CMD_BACKEND_GET:
		/* Instead of the list, once. */
		if (fake_is("hiccup") && dumps == 1)
			push(&replies, NULL, ENOBUFS);
		push_backend(cmd, flags, "kvm", VMI_STATE_ACTIVE);
		push_backend(cmd, flags, "xen",
			     fake_is("hostile") ? 99 : VMI_STATE_FAILED);
		break;
	case VMI_CMD_OP_GET:
		push_ops(flags);
		break;
	case VMI_CMD_STATS_GET:
		push_stats(flags);
		break;
	case VMI_CMD_LAYER_GET:
		push_layer(flags, "Microsoft Hv", "CPUID 0x40000000", NULL);
		if (!fake_is("unnested"))
			push_layer(flags, "KVMKVMKVM", "CPUID 0x40000100",
				   "kvm");
		break;
	case VMI_CMD_POLICY_GET:
		if (fake_is("terminating"))
			kill(getpid(), SIGTERM);
		push_policy(cmd, flags, "lock", "native", NULL);
		push_policy(cmd, flags, "ipi.send", "xen",
			    "waiting for the backend to be loaded");
		break;
	default:
		push_cap(flags, "steal-time", true);
		push_cap(flags, "async-pf", false);
	}
}

static void answer_dump(int cmd)
{
	bool changed = fake_is("endless") ||
		       (fake_is("interrupted") && dumps < 2);

	dumps++;
	push_list(cmd, NLM_F_MULTI | (changed ? NLM_F_DUMP_INTR : 0));
	if (fake_is("half"))
		push_done(-ENOMEM, "the list is too long");
	else if (fake_is("dying") && looks == 2)
		push_done(-ENOMEM, "no more of this");
	else
		push_done(0, NULL);
}

/* What a request for a change says, and the name that this kernel does not know. */
struct change {
	char text[256];
	const struct nlattr *nosuch;
};

#define ATTR(cmd, type) ((cmd) << 8 | (type))

static void describe(struct change *change, struct nlattr *attrs, int len)
{
	int cmd = genlmsg_hdr(request)->cmd, left;
	struct nlattr *attr;
	char *at;

	nla_for_each_attr(attr, attrs, len, left) {
		at = change->text + strlen(change->text);
		check(at < change->text + sizeof(change->text) - VMI_NAME_LEN);
		if (attr->nla_type & NLA_F_NESTED) {
			describe(change, nla_data(attr), nla_len(attr));
			continue;
		}
		switch (ATTR(cmd, attr->nla_type)) {
		case ATTR(VMI_CMD_STATS_SET, VMI_A_STATS_ACTION):
			sprintf(at, " action %u", nla_get_u32(attr));
			continue;
		case ATTR(VMI_CMD_STATS_SET, VMI_A_STATS_HISTOGRAMS):
			strcpy(at, " with histograms");
			continue;
		case ATTR(VMI_CMD_POLICY_SET, VMI_A_POLICY_PROVIDER):
			sprintf(at, "=%s", nla_get_string(attr));
			break;
		default:
			sprintf(at, " %s", nla_get_string(attr));
		}
		if (!strcmp(at + 1, "nosuch"))
			change->nosuch = attr;
	}
}

static bool is_change(int cmd)
{
	return cmd == VMI_CMD_USE || cmd == VMI_CMD_STATS_SET ||
	       cmd == VMI_CMD_POLICY_SET || cmd == VMI_CMD_POLICY_CLEAR;
}

static void answer_change(int cmd)
{
	struct change change = {};

	strcpy(change.text, cmd == VMI_CMD_USE		? "asked to use" :
			    cmd == VMI_CMD_POLICY_CLEAR ? "asked to clear" :
							  "asked for");
	describe(&change, genlmsg_attrdata(nlmsg_data(request), 0),
		 genlmsg_attrlen(nlmsg_data(request), 0));
	/* One of the sentences has its full stop. */
	if (cmd == VMI_CMD_STATS_SET)
		strcat(change.text, ".");
	if (cmd == VMI_CMD_POLICY_SET && change.nosuch)
		push_ack_at(-ENOENT, "there is no 'nosuch'", change.nosuch);
	else if (fake_is("refusing") || fake_is("uncapped"))
		push_ack(-EINVAL, change.text);
	else if (fake_is("picky"))
		push_ack(-ENOENT, "nothing has that name");
	else
		push_ack(0, fake_is("warning") ? change.text : NULL);
}

static void push_single(int cmd)
{
	if (cmd == VMI_CMD_BACKEND_GET)
		push_backend(cmd, 0, "kvm", VMI_STATE_ACTIVE);
	else if (cmd == VMI_CMD_OP_GET)
		push_op(0, "tlb", "tlb.flush_multi", 12);
	else if (cmd == VMI_CMD_STATS_GET)
		push_op_stats(0, "tlb", "tlb.flush_multi", 12, true);
	else
		push_status(cmd);
}

/* An attribute that is longer than its message, or an errno that is none. */
static void answer_nonsense(int cmd)
{
	const struct nlattr attr = { .nla_len = 99, .nla_type = 1 };

	begin(cmd, 0);
	check(!nlmsg_append(msg, (void *)&attr, sizeof(attr), NLMSG_ALIGNTO));
	push_ack(is_change(cmd), NULL);
}

static void answer_vmi(void)
{
	int cmd = genlmsg_hdr(request)->cmd;

	if (fake_is("mute"))
		return;
	/* Whatever it was, the answer is no. */
	if (fake_is("denying")) {
		push_ack(-EPERM, NULL);
	} else if (fake_is("failing")) {
		push_ack(-EIO, NULL);
	} else if (fake_is("objecting")) {
		push_ack(-EINVAL, "this is not the time");
	} else if (fake_is("nonsense")) {
		answer_nonsense(cmd);
	} else if (is_change(cmd)) {
		answer_change(cmd);
	} else if (request->nlmsg_flags & NLM_F_DUMP) {
		answer_dump(cmd);
	} else {
		if (!fake_is("silent"))
			push_single(cmd);
		push_ack(0, NULL);
	}
}

static void answer_ctrl(void)
{
	struct nlattr *groups, *group;

	if (fake_is("absent")) {
		push_ack(-ENOENT, NULL);
		return;
	}
	msg = nlmsg_alloc();
	check(genlmsg_put(msg, 0, fake_request.nlmsg_seq, GENL_ID_CTRL, 0, 0,
			  CTRL_CMD_NEWFAMILY, 1));
	put_string(CTRL_ATTR_FAMILY_NAME, VMI_FAMILY_NAME);
	check(!nla_put_u16(msg, CTRL_ATTR_FAMILY_ID, FAMILY));
	groups = nla_nest_start(msg, CTRL_ATTR_MCAST_GROUPS);
	group = nla_nest_start(msg, 1);
	put_string(CTRL_ATTR_MCAST_GRP_NAME,
		   fake_is("deaf") ? "other" : VMI_MCGRP_EVENTS);
	put_u32(CTRL_ATTR_MCAST_GRP_ID, GROUP);
	nla_nest_end(msg, group);
	nla_nest_end(msg, groups);
	push(&replies, msg, 0);
	push_ack(0, NULL);
}

static void push_events(void)
{
	if (fake_is("mute"))
		return;
	if (fake_is("stranger")) {
		push_backend(VMI_CMD_BACKEND_NTF, 0, "imitated",
			     VMI_STATE_FAILED);
		disguise(&events);
	}
	push_backend(VMI_CMD_BACKEND_NTF, 0, "kvm", VMI_STATE_PREPARED);
	if (fake_is("lost"))
		push(&events, NULL, ENOBUFS);
	begin(VMI_CMD_MAX + 1, 0);
	if (fake_is("policy")) {
		push_policy(VMI_CMD_POLICY_NTF, 0, "lock", "native", NULL);
		push_policy(VMI_CMD_POLICY_NTF, 0, "lock", NULL, NULL);
	}
	push_status(VMI_CMD_STATUS_NTF);
}

ssize_t sendmsg(int fd, const struct msghdr *hdr, int flags)
{
	(void)flags;
	/* Nobody sends to that one: it was closed, and this has its number. */
	if (fd == events_fd)
		events_fd = -1;
	request = hdr->msg_iov->iov_base;
	fake_request = *request;
	/* What is left is for a socket that was closed meanwhile. */
	while (replies.head != replies.tail)
		pop(&replies);
	if (fake_is("overrun"))
		push(&replies, NULL, ENOBUFS);
	if (fake_is("stranger")) {
		push_ack(-EPERM, "not the kernel's sentence");
		disguise(&replies);
	}
	if (request->nlmsg_type == GENL_ID_CTRL)
		answer_ctrl();
	else
		answer_vmi();
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

/* How long it is, for whoever has too little room. */
static ssize_t peek(const struct datagram *next, struct msghdr *hdr)
{
	size_t len = nlmsg_hdr(next->msg)->nlmsg_len;

	hdr->msg_flags = len > hdr->msg_iov->iov_len ? MSG_TRUNC : 0;
	return (ssize_t)len;
}

ssize_t fake_receive(int fd, struct msghdr *hdr, int flags)
{
	struct queue *queue = fd == events_fd ? &events : &replies;
	struct datagram *next = &queue->datagrams[queue->head];

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
	if (flags & MSG_PEEK)
		return peek(next, hdr);
	return deliver(queue, hdr);
}

ssize_t recvmsg(int fd, struct msghdr *hdr, int flags)
{
	return (fake_hook ?: fake_receive)(fd, hdr, flags);
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
static void join(int fd)
{
	int ready = eventfd(1, EFD_CLOEXEC);

	check(ready >= 0 && dup2(ready, fd) == fd);
	close(ready);
	events_fd = fd;
	push_events();
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (level == SOL_NETLINK && name == NETLINK_ADD_MEMBERSHIP) {
		if (*(const int *)value != GROUP && !fake_is("mute")) {
			errno = EINVAL;
			return -1;
		}
		join(fd);
		return 0;
	}
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}
