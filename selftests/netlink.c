// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family "vmi", without a library: what is malformed is
 * refused with a sentence at the attribute, dumps agree with single requests, and
 * random messages change what they may, as root, or nothing.
 *
 * netlink [SEED]	the random messages of an earlier run, which printed its seed
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "genl.h"

#define RANDOM_MESSAGES 3000
/* Fewer, because some of them patch the text on all CPUs. */
#define RANDOM_MESSAGES_OF_ROOT 500

#define NOBODY 65534
#define SKIPPED 4

static int number, failures;

static void result(bool good, const char *name)
{
	if (!good) {
		printf("# error %d, text '%s', offset %d, missing %d, objects %d\n",
		       reply.error, reply.text, reply.offset, reply.missing,
		       reply.objects);
		failures++;
	}
	printf("%sok %d %s\n", good ? "" : "not ", ++number, name);
}

static void do_named(uint8_t cmd, uint16_t attr, const char *name)
{
	struct message msg;

	start(&msg, family, cmd, 0);
	put_string(&msg, attr, name);
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
	char longest[VMI_NAME_LEN + 1];
	struct message msg;

	start(&msg, family, VMI_CMD_OP_GET, 0);
	put_string(&msg, VMI_A_OP_NAME, "io.delay");
	put_string(&msg, 99, "what");
	transact(&msg);
	result(refused_at(EINVAL, FIRST_ATTR + NLA_HDRLEN + 12),
	       "an unknown attribute is refused, there");

	memset(longest, 'x', VMI_NAME_LEN);
	longest[VMI_NAME_LEN] = '\0';
	do_named(VMI_CMD_OP_GET, VMI_A_OP_NAME, longest);
	result(refused_at(ENOENT, FIRST_ATTR),
	       "the longest name is merely not found");

	start(&msg, family, VMI_CMD_OP_GET, 0);
	put(&msg, VMI_A_OP_NAME, "io.delay", 8);
	transact(&msg);
	result(refused_at(EINVAL, FIRST_ATTR),
	       "a name without its end is refused");

	start(&msg, family, VMI_CMD_OP_GET, 0);
	put(&msg, VMI_A_OP_NAME | NLA_F_NESTED, "io.delay", 9);
	transact(&msg);
	result(refused(EINVAL), "a nest in place of a name is refused");

	do_named(VMI_CMD_BACKEND_GET, VMI_A_BACKEND_NAME, "nonsense");
	result(refused_at(ENOENT, FIRST_ATTR), "an unknown backend is refused");

	start(&msg, family, 200, 0);
	transact(&msg);
	result(reply.error == EOPNOTSUPP, "an unknown command is refused");
	start(&msg, family, VMI_CMD_STATUS_NTF, 0);
	transact(&msg);
	result(reply.error == EOPNOTSUPP, "a notification is no command");
	start(&msg, family, VMI_CMD_STATUS_GET, NLM_F_DUMP);
	transact(&msg);
	result(reply.error == EOPNOTSUPP, "status cannot be dumped");
	start(&msg, family, VMI_CMD_CAP_GET, 0);
	transact(&msg);
	result(reply.error == EOPNOTSUPP, "caps can only be dumped");

	start(&msg, family, VMI_CMD_STATUS_GET, 0);
	msg.genl.reserved = 1;
	transact(&msg);
	result(reply.error == EINVAL,
	       "reserved bits of the header are refused");

	start(&msg, family, VMI_CMD_OP_GET, 0);
	put_string(&msg, VMI_A_OP_NAME, "io.delay");
	msg.nl.nlmsg_len -= 4;
	transact(&msg);
	result(reply.error == EINVAL,
	       "an attribute that is cut off is refused");

	/* Only root gets as far as the attributes of a change. */
	start(&msg, family, VMI_CMD_STATS_SET, 0);
	put(&msg, VMI_A_STATS_ACTION, "x", 1);
	transact(&msg);
	result(reply.error == ERANGE || reply.error == EINVAL,
	       "an action of the wrong size is refused");
}

static void test_changes(bool root)
{
	struct message msg;

	start(&msg, family, VMI_CMD_USE, 0);
	transact(&msg);
	if (root)
		result(reply.error == EINVAL &&
			       reply.missing == VMI_A_USE_PROVIDER,
		       "use without a provider is refused");
	else
		result(refused(EPERM), "use is refused to this user");

	do_named(VMI_CMD_USE, VMI_A_USE_PROVIDER, "nonsense");
	result(root ? refused_at(ENOENT, FIRST_ATTR) : refused(EPERM),
	       "an unknown provider is refused");
	start(&msg, family, VMI_CMD_POLICY_SET, 0);
	transact(&msg);
	result(root ? reply.error == EINVAL &&
			       reply.missing == VMI_A_POLICY_LIST_ENTRY :
		      refused(EPERM),
	       "policy-set without an entry is refused");
	start(&msg, family, VMI_CMD_POLICY_SET, 0);
	put(&msg, VMI_A_POLICY_LIST_ENTRY | NLA_F_NESTED, "", 0);
	transact(&msg);
	result(root ? reply.error == EINVAL &&
			       reply.missing == VMI_A_POLICY_TARGET :
		      refused(EPERM),
	       "an entry without a target is refused");
	do_named(VMI_CMD_POLICY_CLEAR, VMI_A_POLICY_TARGET, "nonsense");
	result(root ? refused_at(ENOENT, FIRST_ATTR) : refused(EPERM),
	       "an unknown op of a policy is refused");
	start(&msg, family, VMI_CMD_STATS_SET, 0);
	transact(&msg);
	result(root ? reply.error == EINVAL &&
			       reply.missing == VMI_A_STATS_ACTION :
		      refused(EPERM),
	       "stats-set without an action is refused");
}

/* Two objects have the same attributes, but for some. */
static bool same_object(const struct object *one, const struct object *other,
			unsigned int except)
{
	const struct nlattr *these[MAX_ATTRS], *those[MAX_ATTRS];
	int type;

	parse(one->data, one->len, these);
	parse(other->data, other->len, those);
	for (type = 1; type < MAX_ATTRS; type++) {
		if (except & ATTR(type))
			continue;
		if (!these[type] != !those[type] ||
		    (these[type] &&
		     (these[type]->nla_len != those[type]->nla_len ||
		      memcmp(these[type], those[type], these[type]->nla_len))))
			return false;
	}
	return true;
}

/* A backend's capabilities are those of a backend that is there. */
static void test_caps(void)
{
	static struct object caps[MAX_OBJECTS];
	int count, i;
	bool good;

	dump(VMI_CMD_CAP_GET);
	count = keep_objects(caps);
	good = !reply.error;
	for (i = 0; i < count && good; i++) {
		do_named(VMI_CMD_BACKEND_GET, VMI_A_BACKEND_NAME,
			 string_of(&caps[i], VMI_A_CAP_BACKEND));
		good = !reply.error && string_of(&caps[i], VMI_A_CAP_NAME)[0];
	}
	result(good, "caps are those of registered backends");
}

/* Everything that the family tells, but counters. */
static struct state {
	struct part {
		struct object objects[MAX_OBJECTS];
		int count;
	} status, backends, layers, caps, ops, stats, policies;
} before, after;

static void read_part(struct part *part, uint8_t cmd, uint16_t flags)
{
	struct message msg;

	start(&msg, family, cmd, flags);
	transact(&msg);
	if (reply.error)
		die("cannot read the state");
	part->count = keep_objects(part->objects);
}

static void read_state(struct state *state)
{
	read_part(&state->status, VMI_CMD_STATUS_GET, 0);
	read_part(&state->backends, VMI_CMD_BACKEND_GET, NLM_F_DUMP);
	read_part(&state->layers, VMI_CMD_LAYER_GET, NLM_F_DUMP);
	read_part(&state->caps, VMI_CMD_CAP_GET, NLM_F_DUMP);
	read_part(&state->ops, VMI_CMD_OP_GET, NLM_F_DUMP);
	read_part(&state->stats, VMI_CMD_STATS_GET, NLM_F_DUMP);
	read_part(&state->policies, VMI_CMD_POLICY_GET, NLM_F_DUMP);
}

/* The ops that random messages name, by their groups. */
static const char *const groups[] = { "io", "idle", "mm" };

static bool is_target(const char *name)
{
	size_t len = strcspn(name, ".");
	unsigned int i;

	for (i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (strlen(groups[i]) == len && !strncmp(name, groups[i], len))
			return true;
	return false;
}

static bool same_part(const struct part *one, const struct part *other,
		      unsigned int except, const char *name)
{
	int i;

	for (i = 0; i < one->count && one->count == other->count; i++)
		if (!same_object(&one->objects[i], &other->objects[i], except))
			break;
	if (i == one->count && i == other->count)
		return true;
	printf("# %s: object %d of %d and %d differs\n", name, i, one->count,
	       other->count);
	return false;
}

/*
 * Compare all of the state. Nothing may have changed or, where TARGETS is set, nothing but
 * what random messages of root can: which ops count and measure, the error of the last
 * request, and the policies for the ops they name, which move just these.
 */
static bool same_state(bool targets)
{
	const unsigned int numbers = ATTR(VMI_A_OP_CALLS);
	const unsigned int of_policy = ATTR(VMI_A_OP_PROVIDER) |
				       ATTR(VMI_A_OP_REASON);
	bool same = true;
	int i;

	same &= same_part(&before.status, &after.status,
			  ATTR(VMI_A_STATUS_LAST_ERROR), "status");
	same &= same_part(&before.backends, &after.backends, 0, "backends");
	same &= same_part(&before.layers, &after.layers, 0, "layers");
	same &= same_part(&before.caps, &after.caps,
			  ATTR(VMI_A_CAP_USES) |
				  (targets ? ATTR(VMI_A_CAP_BOUND) |
						     ATTR(VMI_A_CAP_REASON) :
					     0),
			  "caps");
	if (!targets) {
		same &= same_part(&before.stats, &after.stats,
				  ATTR(VMI_A_OP_STATS_CALLS) |
					  ATTR(VMI_A_OP_STATS_CPUS) |
					  ATTR(VMI_A_OP_STATS_LATENCY) |
					  ATTR(VMI_A_OP_STATS_TARGETS),
				  "stats");
		same &= same_part(&before.policies, &after.policies, 0,
				  "policies");
	}
	for (i = 0; targets && i < after.policies.count; i++) {
		const char *target = string_of(&after.policies.objects[i],
					       VMI_A_POLICY_TARGET);

		if (is_target(target))
			continue;
		printf("# %s has a policy\n", target);
		same = false;
	}
	for (i = 0; i < before.ops.count; i++) {
		const struct object *op = &before.ops.objects[i];
		unsigned int except = numbers;

		if (targets)
			except |= ATTR(VMI_A_OP_COUNTING);
		if (targets && is_target(string_of(op, VMI_A_OP_NAME)))
			except |= of_policy;
		if (same_object(op, &after.ops.objects[i], except))
			continue;
		printf("# %s has changed\n", string_of(op, VMI_A_OP_NAME));
		same = false;
	}
	return same && before.ops.count == after.ops.count;
}

static unsigned int seed;

static unsigned int pick(unsigned int limit)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % limit;
}

static const char *one_of(const char *const *words, unsigned int count)
{
	return words[pick(count)];
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

	put_string(msg, type, one_of(targets, 7));
}

/* Mostly an entry of a policy as it should be. */
static void put_entry(struct message *msg, int depth)
{
	static const char *const providers[] = { "native", "builtin", "null" };
	struct nlattr *nest = (void *)((char *)msg + msg->nl.nlmsg_len);
	uint32_t from = msg->nl.nlmsg_len;

	put(msg, VMI_A_POLICY_LIST_ENTRY | (pick(16) ? NLA_F_NESTED : 0), NULL,
	    0);
	if (pick(8))
		put_target(msg, VMI_A_POLICY_TARGET);
	if (pick(8))
		put_string(msg, VMI_A_POLICY_PROVIDER, one_of(providers, 3));
	if (!pick(8))
		put_noise(msg);
	if (!pick(8) && depth)
		put_entry(msg, depth - 1);
	nest->nla_len = msg->nl.nlmsg_len - from;
	if (!pick(16))
		nest->nla_len += pick(16);
}

/*
 * Most of what it asks for changes something, if it is allowed and right. "use" names what
 * is active, or nothing.
 */
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
	case VMI_CMD_POLICY_CLEAR:
		if (pick(4))
			put_target(msg, VMI_A_POLICY_TARGET);
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

/* Returns how many changes the kernel took. */
static int send_random(int count, bool root)
{
	int i, accepted = 0, changes = 0, refused = 0;
	const char *active =
		string_of(&before.status.objects[0], VMI_A_STATUS_ACTIVE);
	struct message msg;

	for (i = 0; i < count; i++) {
		random_message(&msg, active);
		transact(&msg);
		accepted += !reply.error;
		refused += reply.error == EPERM;
		changes += !reply.error &&
			   (msg.genl.cmd == VMI_CMD_STATS_SET ||
			    msg.genl.cmd == VMI_CMD_POLICY_SET ||
			    msg.genl.cmd == VMI_CMD_POLICY_CLEAR);
	}
	printf("# %d messages, %d accepted, %d of them changes, %d not permitted\n",
	       count, accepted, changes, refused);
	result(accepted && accepted < count && (root ? !refused : refused > 0),
	       root ? "some random messages of root are accepted, none lacks permission" :
		      "some random messages of another user lack permission");
	return changes;
}

static uint32_t u32_of(const struct object *object, int type)
{
	const struct nlattr *table[MAX_ATTRS];

	parse(object->data, object->len, table);
	return table[type] ? *(const uint32_t *)payload(table[type]) : 0;
}

/* An op that has to count or measure again, or not any more. */
static void set_op_stats(const struct object *op, bool on, bool histograms)
{
	uint32_t action = on ? VMI_STATS_ACTION_ON : VMI_STATS_ACTION_OFF;
	struct message msg;

	start(&msg, family, VMI_CMD_STATS_SET, 0);
	put(&msg, VMI_A_STATS_ACTION, &action, sizeof(action));
	put_string(&msg, VMI_A_STATS_TARGET,
		   string_of(op, VMI_A_OP_STATS_NAME));
	if (histograms)
		put(&msg, VMI_A_STATS_HISTOGRAMS, NULL, 0);
	transact(&msg);
}

static void restore_state(void)
{
	struct message msg;
	int i;

	start(&msg, family, VMI_CMD_POLICY_CLEAR, 0);
	transact(&msg);
	for (i = 0; i < before.stats.count; i++) {
		const struct object *was = &before.stats.objects[i];
		const struct object *is = &after.stats.objects[i];

		if (same_object(was, is,
				~(ATTR(VMI_A_OP_STATS_COUNTING) |
				  ATTR(VMI_A_OP_STATS_MEASURING))))
			continue;
		set_op_stats(was, false, false);
		if (u32_of(was, VMI_A_OP_STATS_COUNTING))
			set_op_stats(was, true,
				     u32_of(was, VMI_A_OP_STATS_MEASURING));
	}
}

static void test_random_as_root(void)
{
	int changes;

	read_state(&before);
	if (before.policies.count) {
		printf("ok %d random messages of root # SKIP there are policies already\n",
		       ++number);
		return;
	}
	changes = send_random(RANDOM_MESSAGES_OF_ROOT, true);
	read_state(&after);
	result(changes > 0 && same_state(true),
	       "random messages of root change only what they name");
	restore_state();
	read_state(&after);
	result(same_state(false), "what they changed can be restored");
}

static void test_random_as_nobody(void)
{
	int changes;

	read_state(&before);
	changes = send_random(RANDOM_MESSAGES, false);
	read_state(&after);
	result(!changes && same_state(false),
	       "random messages of another user change nothing");
}

static bool may_change(void)
{
	struct message msg;

	/* The op does not exist, so EPERM can only come from the check of rights. */
	start(&msg, family, VMI_CMD_POLICY_CLEAR, 0);
	put_string(&msg, VMI_A_POLICY_TARGET, "nosuch");
	transact(&msg);
	return reply.error != EPERM;
}

/*
 * A socket that was opened by one user and is used by another one has no more rights than
 * either: it could have been handed to a program that does not know what it sends.
 */
static void test_handed_over(void)
{
	result(may_change(), "root may change something on a socket of root");
	if (seteuid(NOBODY))
		die("seteuid");
	result(!may_change(), "another user may not on a socket of root");
	open_socket();
	if (seteuid(0))
		die("seteuid");
	result(!may_change(), "root may not on a socket of another user");
	open_socket();
}

static void become_nobody(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		die("cannot become nobody");
	open_socket();
}

int main(int argc, char **argv)
{
	seed = argc > 1 ? strtoul(argv[1], NULL, 0) : (unsigned int)time(NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("KTAP version 1");
	open_socket();
	if (!find_family()) {
		puts("1..0 # SKIP the kernel has no VMI");
		return SKIPPED;
	}
	if (geteuid()) {
		puts("1..0 # SKIP needs root, to see what only root is told");
		return SKIPPED;
	}
	printf("# seed %u\n", seed);

	test_malformed();
	test_changes(true);
	test_caps();
	test_handed_over();
	test_random_as_root();
	become_nobody();
	test_changes(false);
	test_random_as_nobody();
	printf("1..%d\n", number);
	return failures ? 1 : 0;
}
