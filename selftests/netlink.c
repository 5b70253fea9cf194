// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests to the generic netlink family "vmi" that vmictl does not make, for netlink.sh
 *
 * netlink			malformed requests, and those on the socket of another user; print
 *				"ok" or "not ok" and a name for each check
 * netlink random COUNT SEED	random messages; print how many were accepted, how many of
 *				these change something, and how many were not permitted
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "genl.h"
#include "util.h"

static void result(bool good, const char *name)
{
	if (!good)
		printf("# error %d, text '%s', offset %d, missing %d, objects %d\n",
		       reply.error, reply.text, reply.offset, reply.missing,
		       reply.objects);
	printf("%sok %s\n", good ? "" : "not ", name);
}

/* Make a request with one attribute. */
static void request(uint8_t cmd, uint16_t type, const char *data, size_t len)
{
	struct message msg;

	start(&msg, family, cmd, 0);
	put(&msg, type, data, len);
	transact(&msg);
}

/* The first attribute of a request begins here. */
#define FIRST_ATTR ((int)NLMSG_LENGTH(GENL_HDRLEN))

static bool refused(int error)
{
	return reply.error == error && reply.text[0] && !reply.objects;
}

static bool refused_at(int error, int offset)
{
	return refused(error) && reply.offset == offset;
}

static void test_malformed(void)
{
	static const char nosuch[] = "nosuch";
	struct message msg;

	start(&msg, family, VMI_CMD_USE, 0);
	put_string(&msg, VMI_A_USE_PROVIDER, nosuch);
	put_string(&msg, 99, "what");
	transact(&msg);
	result(refused_at(EINVAL, FIRST_ATTR + NLA_HDRLEN + 8),
	       "an unknown attribute is refused, there");

	request(VMI_CMD_USE, VMI_A_USE_PROVIDER, nosuch, strlen(nosuch));
	result(refused_at(EINVAL, FIRST_ATTR),
	       "a name without its end is refused");

	request(VMI_CMD_USE, VMI_A_USE_PROVIDER | NLA_F_NESTED, nosuch,
		sizeof(nosuch));
	result(refused(EINVAL), "a nest in place of a name is refused");

	request_name(VMI_CMD_USE, VMI_A_USE_PROVIDER, nosuch);
	result(refused_at(ENOENT, FIRST_ATTR), "an unknown backend is refused");

	start(&msg, family, VMI_CMD_STATUS_GET, 0);
	msg.genl.reserved = 1;
	transact(&msg);
	result(reply.error == EINVAL,
	       "reserved bits of the header are refused");

	start(&msg, family, VMI_CMD_USE, 0);
	put_string(&msg, VMI_A_USE_PROVIDER, nosuch);
	msg.nl.nlmsg_len -= 4;
	transact(&msg);
	result(reply.error == EINVAL,
	       "an attribute that is cut off is refused");

	/* Only root gets as far as the attributes of a change. */
	request(VMI_CMD_STATS_SET, VMI_A_STATS_ACTION, "x", 1);
	result(reply.error == ERANGE || reply.error == EINVAL,
	       "an action of the wrong size is refused");

	request(VMI_CMD_POLICY_SET, VMI_A_POLICY_LIST_ENTRY | NLA_F_NESTED, "",
		0);
	result(reply.error == EINVAL && reply.missing == VMI_A_POLICY_PROVIDER,
	       "an entry without a provider is refused");
}

static unsigned int pick(unsigned int limit)
{
	return random() % limit;
}

static void put_noise(struct message *msg)
{
	unsigned char bytes[32];
	unsigned int i, len = pick(sizeof(bytes));

	for (i = 0; i < len; i++)
		bytes[i] = pick(256);
	put(msg, pick(65536), bytes, len);
}

static void put_target(struct message *msg, uint16_t type)
{
	static const char *const targets[] = {
		"io",		"io.delay", "idle", "idle.halt",
		"mm.exit_mmap", "nosuch",   "",
	};

	put_string(msg, type, targets[pick(ARRAY_SIZE(targets))]);
}

/* Mostly an entry of a policy as it should be. */
static void put_entry(struct message *msg, int depth)
{
	static const char *const providers[] = { "native", "builtin", "default",
						 "null" };
	struct nlattr *nest = (void *)((char *)msg + msg->nl.nlmsg_len);
	uint32_t from = msg->nl.nlmsg_len;

	put(msg, VMI_A_POLICY_LIST_ENTRY | (pick(16) ? NLA_F_NESTED : 0), NULL,
	    0);
	/* Without a target, an entry is for all ops. */
	put_target(msg, VMI_A_POLICY_TARGET);
	if (pick(8))
		put_string(msg, VMI_A_POLICY_PROVIDER,
			   providers[pick(ARRAY_SIZE(providers))]);
	if (!pick(8))
		put_noise(msg);
	if (!pick(8) && depth)
		put_entry(msg, depth - 1);
	nest->nla_len = msg->nl.nlmsg_len - from;
	if (!pick(16))
		nest->nla_len += pick(16);
}

/* Most messages would change something. "use" names the active provider, or none. */
static void random_message(struct message *msg, const char *active)
{
	uint8_t cmd = pick(VMI_CMD_MAX + 2);
	unsigned int entries = pick(4);
	uint32_t action = pick(4);

	start(msg, family, cmd, 0);
	switch (cmd) {
	case VMI_CMD_USE:
		put_string(msg, VMI_A_USE_PROVIDER,
			   pick(2) ? active : "nosuch");
		break;
	case VMI_CMD_STATS_SET:
		put(msg, VMI_A_STATS_ACTION, &action, sizeof(action));
		if (pick(4))
			put_target(msg, VMI_A_STATS_TARGET);
		if (!pick(3))
			put(msg, VMI_A_STATS_HISTOGRAMS, NULL, 0);
		break;
	case VMI_CMD_POLICY_SET:
		while (entries--)
			put_entry(msg, 2);
		break;
	default:
		if (!pick(2))
			msg->nl.nlmsg_flags |= NLM_F_DUMP;
		while (entries--)
			put_target(msg, pick(16));
	}
	if (!pick(8))
		msg->genl.version = pick(256);
	if (!pick(16))
		msg->genl.reserved = pick(65536);
	if (!pick(8))
		put_noise(msg);
	if (!pick(8))
		msg->nl.nlmsg_len -= pick(msg->nl.nlmsg_len - NLMSG_HDRLEN);
	else if (!pick(8) && msg->nl.nlmsg_len > NLMSG_LENGTH(GENL_HDRLEN))
		msg->data[pick(msg->nl.nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN))] =
			pick(256);
}

static void send_random(int count)
{
	int accepted = 0, changes = 0, refused = 0;
	struct message msg;
	char *active;

	start(&msg, family, VMI_CMD_STATUS_GET, 0);
	transact(&msg);
	active = strdup(string_of(&objects[0], VMI_A_STATUS_ACTIVE));
	while (count--) {
		random_message(&msg, active);
		transact(&msg);
		accepted += !reply.error;
		refused += reply.error == EPERM;
		changes += !reply.error && (msg.genl.cmd == VMI_CMD_STATS_SET ||
					    msg.genl.cmd == VMI_CMD_POLICY_SET);
	}
	printf("%d %d %d\n", accepted, changes, refused);
}

static bool may_change(void)
{
	/* The provider does not exist, so only the check of rights returns EPERM. */
	return request_name(VMI_CMD_USE, VMI_A_USE_PROVIDER, "nosuch") != EPERM;
}

/*
 * A socket has no more rights than the user who opened it or the user who uses it: it could
 * have been handed to a program that does not know what it sends.
 */
static void test_handed_over(void)
{
	result(may_change(), "root may change something on a socket of root");
	must(seteuid(NOBODY), "seteuid");
	result(!may_change(), "another user may not on a socket of root");
	open_socket();
	must(seteuid(0), "seteuid");
	result(!may_change(), "root may not on a socket of another user");
	open_socket();
}

int main(int argc, char **argv)
{
	open_socket();
	if (!find_family())
		die("no family vmi");
	if (argc == 4 && !strcmp(argv[1], "random")) {
		srandom(strtoul(argv[3], NULL, 0));
		send_random(atoi(argv[2]));
	} else if (argc == 1) {
		test_malformed();
		test_handed_over();
	} else {
		die("usage: netlink [random COUNT SEED]");
	}
	return 0;
}
