// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family "vmi", without a library: what is malformed is
 * refused with a sentence at the attribute, dumps agree with single requests, and
 * garbage changes nothing.
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
#include <unistd.h>

#include "genl.h"

#define RANDOM_MESSAGES 5000

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
	char longer[VMI_NAME_LEN + 2];
	struct message msg;
	uint32_t action;

	start(&msg, family, VMI_CMD_OP_GET, 0);
	put_string(&msg, VMI_A_OP_NAME, "io.delay");
	put_string(&msg, 99, "what");
	transact(&msg);
	result(refused_at(EINVAL, FIRST_ATTR + NLA_HDRLEN + 12),
	       "an unknown attribute is refused, there");

	start(&msg, family, VMI_CMD_OP_GET, 0);
	transact(&msg);
	result(reply.error == EINVAL && reply.missing == VMI_A_OP_NAME,
	       "op-get without a name is refused");
	start(&msg, family, VMI_CMD_BACKEND_GET, 0);
	transact(&msg);
	result(reply.error == EINVAL && reply.missing == VMI_A_BACKEND_NAME,
	       "backend-get without a name is refused");

	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	do_named(VMI_CMD_OP_GET, VMI_A_OP_NAME, longer);
	result(refused_at(ERANGE, FIRST_ATTR) || refused_at(EINVAL, FIRST_ATTR),
	       "a name that is too long is refused");
	longer[sizeof(longer) - 2] = '\0';
	do_named(VMI_CMD_OP_GET, VMI_A_OP_NAME, longer);
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
	action = VMI_STATS_ACTION_RESET + 1;
	put(&msg, VMI_A_STATS_ACTION, &action, sizeof(action));
	transact(&msg);
	result(refused_at(ERANGE, FIRST_ATTR) || refused_at(EINVAL, FIRST_ATTR),
	       "an unknown action is refused");
	start(&msg, family, VMI_CMD_STATS_SET, 0);
	put(&msg, VMI_A_STATS_ACTION, "x", 1);
	transact(&msg);
	result(reply.error == ERANGE || reply.error == EINVAL,
	       "an action of the wrong size is refused");
	start(&msg, family, VMI_CMD_STATS_SET, 0);
	put(&msg, VMI_A_STATS_HISTOGRAMS, NULL, 0);
	action = VMI_STATS_ACTION_RESET;
	put(&msg, VMI_A_STATS_ACTION, &action, sizeof(action));
	transact(&msg);
	result(refused_at(EINVAL, FIRST_ATTR),
	       "a reset with the flag for histograms is refused");
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

/* Each object of the dump, asked for by its name, is the same object. */
static void test_dump(uint8_t cmd, int name_attr, int skip_attr,
		      bool may_be_empty, const char *test)
{
	static struct object all[MAX_OBJECTS];
	const struct nlattr *one[MAX_ATTRS], *other[MAX_ATTRS];
	int count, i, j, type;
	bool good;

	dump(cmd);
	count = keep_objects(all);
	good = !reply.error && (count || may_be_empty);
	for (i = 0; i < count && good; i++) {
		for (j = 0; j < i; j++)
			good &= strcmp(string_of(&all[i], name_attr),
				       string_of(&all[j], name_attr)) != 0;
		do_named(cmd, name_attr, string_of(&all[i], name_attr));
		good &= !reply.error && reply.objects == 1;
		parse(all[i].data, all[i].len, one);
		parse(objects[0].data, objects[0].len, other);
		for (type = 1; type < MAX_ATTRS && good; type++) {
			/* Calls are counted meanwhile. */
			if (type == skip_attr)
				continue;
			good = !one[type] == !other[type] &&
			       (!one[type] ||
				(one[type]->nla_len == other[type]->nla_len &&
				 !memcmp(one[type], other[type],
					 one[type]->nla_len)));
		}
	}
	result(good, test);
}

static uint64_t number_of(const struct nlattr *attr)
{
	uint64_t number = 0;

	if (attr)
		memcpy(&number, payload(attr), sizeof(number));
	return number;
}

/*
 * Adds up the calls of the CPUs that an object names, in the order of their numbers.
 * Returns how many these are, -1 if they are not as they should be.
 */
static int sum_cpus(const struct object *object, uint64_t *sum)
{
	const struct nlattr *inside[MAX_ATTRS];
	const struct nlattr *attr;
	int64_t cpu, last = -1;
	int cpus = 0;
	size_t at;

	*sum = 0;
	for (at = 0; at + NLA_HDRLEN <= object->len;
	     at += NLA_ALIGN(attr->nla_len)) {
		attr = (const void *)(object->data + at);
		if (attr->nla_len < NLA_HDRLEN)
			return -1;
		if ((attr->nla_type & NLA_TYPE_MASK) != VMI_A_OP_STATS_CPUS)
			continue;
		parse(payload(attr), attr->nla_len - NLA_HDRLEN, inside);
		if (!inside[VMI_A_CPU_CALLS_CPU] ||
		    !inside[VMI_A_CPU_CALLS_CALLS])
			return -1;
		cpu = *(const uint32_t *)payload(inside[VMI_A_CPU_CALLS_CPU]);
		if (cpu <= last)
			return -1;
		last = cpu;
		*sum += number_of(inside[VMI_A_CPU_CALLS_CALLS]);
		cpus++;
	}
	return cpus;
}

static void set_stats(uint32_t action)
{
	struct message msg;

	start(&msg, family, VMI_CMD_STATS_SET, 0);
	put(&msg, VMI_A_STATS_ACTION, &action, sizeof(action));
	put_string(&msg, VMI_A_STATS_TARGET, "clock.sched_clock");
	transact(&msg);
	if (reply.error)
		die("stats-set");
}

/* Of a sum that is taken while the counters run, and of its parts. */
static void test_stats(void)
{
	static struct object all[MAX_OBJECTS];
	const struct nlattr *table[MAX_ATTRS];
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	bool good, counted = false, counting;
	uint64_t sum;
	int count, i;

	do_named(VMI_CMD_OP_GET, VMI_A_OP_NAME, "clock.sched_clock");
	if (reply.error || reply.objects != 1)
		die("op-get");
	parse(objects[0].data, objects[0].len, table);
	counting = *(const uint32_t *)payload(table[VMI_A_OP_COUNTING]);
	/* The scheduler reads it whenever a task sleeps or is woken. */
	set_stats(VMI_STATS_ACTION_ON);
	usleep(100000);

	dump(VMI_CMD_OP_GET);
	count = keep_objects(all);
	dump(VMI_CMD_STATS_GET);
	good = !reply.error && count && reply.objects == count;
	for (i = 0; i < count && good; i++) {
		parse(objects[i].data, objects[i].len, table);
		good = sum_cpus(&objects[i], &sum) >= cpus &&
		       table[VMI_A_OP_STATS_CALLS] &&
		       sum == number_of(table[VMI_A_OP_STATS_CALLS]) &&
		       !strcmp(string_of(&objects[i], VMI_A_OP_STATS_NAME),
			       string_of(&all[i], VMI_A_OP_NAME));
		counted |= sum > 0;
	}
	result(good && counted,
	       "the calls of an op are the sum of those of its CPUs");
	if (!counting)
		set_stats(VMI_STATS_ACTION_OFF);

	do_named(VMI_CMD_STATS_GET, VMI_A_OP_STATS_NAME, "io.delay");
	result(!reply.error && reply.objects == 1 &&
		       !strcmp(string_of(&objects[0], VMI_A_OP_STATS_NAME),
			       "io.delay"),
	       "the counters of one op can be asked for");
	do_named(VMI_CMD_STATS_GET, VMI_A_OP_STATS_NAME, "nonsense");
	result(refused_at(ENOENT, FIRST_ATTR),
	       "those of an op that is none are refused");
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

/* What the kernel tells of its policies: which attributes, how long at most. */
static void test_policy(uint16_t cmd, int attr, uint32_t type, uint32_t max_len,
			const char *test)
{
	const struct nlattr *top[MAX_ATTRS], *nest[MAX_ATTRS], *props[16];
	const struct nlattr *found = NULL;
	struct message msg;
	uint32_t command = cmd;
	bool extra = false;
	int i, policy, a;

	start(&msg, GENL_ID_CTRL, CTRL_CMD_GETPOLICY, NLM_F_DUMP);
	msg.genl.version = 2;
	put(&msg, CTRL_ATTR_FAMILY_ID, &family, sizeof(family));
	put(&msg, CTRL_ATTR_OP, &command, sizeof(command));
	transact(&msg);
	for (i = 0; i < reply.objects; i++) {
		parse(objects[i].data, objects[i].len, top);
		if (!top[CTRL_ATTR_POLICY])
			continue;
		/* Policy by index, attribute by type, properties. */
		parse(payload(top[CTRL_ATTR_POLICY]),
		      top[CTRL_ATTR_POLICY]->nla_len - NLA_HDRLEN, nest);
		for (policy = 0; policy < MAX_ATTRS; policy++) {
			const struct nlattr *attrs[MAX_ATTRS];

			if (!nest[policy])
				continue;
			parse(payload(nest[policy]),
			      nest[policy]->nla_len - NLA_HDRLEN, attrs);
			for (a = 0; a < MAX_ATTRS; a++) {
				if (attrs[a] && a == attr)
					found = attrs[a];
			}
			if (found) {
				parse(payload(found),
				      found->nla_len - NLA_HDRLEN, props);
				if (!props[NL_POLICY_TYPE_ATTR_TYPE] ||
				    *(const uint32_t *)payload(
					    props[NL_POLICY_TYPE_ATTR_TYPE]) !=
					    type)
					extra = true;
				if (max_len &&
				    (!props[NL_POLICY_TYPE_ATTR_MAX_LENGTH] ||
				     *(const uint32_t *)payload(
					     props[NL_POLICY_TYPE_ATTR_MAX_LENGTH]) !=
					     max_len))
					extra = true;
			}
			if (found)
				break;
		}
		if (found)
			break;
	}
	result(!reply.error && found && !extra, test);
}

/* At most as many as there are objects of one kind, and one more. */
static void read_all(struct object *state, int *count)
{
	struct message msg;

	start(&msg, family, VMI_CMD_STATUS_GET, 0);
	transact(&msg);
	if (reply.error || reply.objects != 1)
		die("status-get");
	*count = keep_objects(state);
	dump(VMI_CMD_BACKEND_GET);
	*count += keep_objects(&state[*count]);
}

static bool same_objects(const struct object *some, const struct object *others,
			 int count)
{
	for (; count; count--, some++, others++)
		if (some->len != others->len ||
		    memcmp(some->data, others->data, some->len))
			return false;
	return true;
}

static unsigned int seed = 1;

static unsigned int pick(unsigned int limit)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % limit;
}

/* Half of the messages are nearly right, the rest are noise. */
static void random_message(struct message *msg)
{
	static const char *const names[] = {
		"native", "builtin", "null", "kvm", "io.delay", "lock", "",
	};
	unsigned int attrs = pick(4), i, len;

	start(msg, family, pick(VMI_CMD_MAX + 2), 0);
	if (!pick(4))
		msg->nl.nlmsg_flags |= NLM_F_DUMP;
	if (!pick(8))
		msg->genl.version = pick(256);
	if (!pick(8))
		msg->genl.reserved = pick(65536);
	while (attrs--) {
		if (pick(2)) {
			put_string(msg, pick(16), names[pick(7)]);
			continue;
		}
		len = pick(64);
		put(msg, pick(65536), msg->data, 0);
		for (i = 0; i < len; i++)
			((unsigned char *)
				 msg)[NLMSG_ALIGN(msg->nl.nlmsg_len) + i] =
				pick(256);
		msg->nl.nlmsg_len += len;
	}
	if (!pick(8))
		msg->nl.nlmsg_len -= pick(msg->nl.nlmsg_len - NLMSG_HDRLEN);
}

static void test_random(void)
{
	static struct object before[MAX_OBJECTS + 1], after[MAX_OBJECTS + 1];
	int count_before, count_after, i, accepted = 0, other = 0;
	struct message msg;

	read_all(before, &count_before);
	for (i = 0; i < RANDOM_MESSAGES; i++) {
		random_message(&msg);
		transact(&msg);
		if (!reply.error)
			accepted++;
		else if (reply.error == EPERM)
			other++;
	}
	printf("# %d messages, %d accepted, %d not permitted\n",
	       RANDOM_MESSAGES, accepted, other);
	result(accepted > 0 && accepted < RANDOM_MESSAGES && other > 0,
	       "every random message has an answer");

	read_all(after, &count_after);
	result(count_before == count_after &&
		       same_objects(before, after, count_after),
	       "and nothing has changed");
}

static bool become_nobody(void)
{
	if (geteuid())
		return true;
	if (setgroups(0, NULL) || setresgid(65534, 65534, 65534) ||
	    setresuid(65534, 65534, 65534))
		return false;
	/* The rights of a socket are those of whoever opened it. */
	open_socket();
	return true;
}

int main(void)
{
	bool root = !geteuid();

	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("KTAP version 1");
	open_socket();
	if (!find_family()) {
		puts("1..0 # SKIP the kernel has no VMI");
		return SKIPPED;
	}
	if (!root) {
		puts("1..0 # SKIP needs root, to see what only root is told");
		return SKIPPED;
	}
	puts("1..43");

	test_malformed();
	test_changes(true);
	test_dump(VMI_CMD_OP_GET, VMI_A_OP_NAME, VMI_A_OP_CALLS, false,
		  "ops of the dump are those asked for by name");
	test_dump(VMI_CMD_BACKEND_GET, VMI_A_BACKEND_NAME, 0, true,
		  "backends of the dump are those asked for by name");
	test_caps();
	test_stats();
	test_policy(VMI_CMD_OP_GET, VMI_A_OP_NAME, NL_ATTR_TYPE_NUL_STRING,
		    VMI_NAME_LEN, "the policy of op-get is published");
	test_policy(VMI_CMD_BACKEND_GET, VMI_A_BACKEND_NAME,
		    NL_ATTR_TYPE_NUL_STRING, VMI_NAME_LEN,
		    "the policy of backend-get is published");
	test_policy(VMI_CMD_USE, VMI_A_USE_PROVIDER, NL_ATTR_TYPE_NUL_STRING,
		    VMI_NAME_LEN, "the policy of use is published");
	test_policy(VMI_CMD_STATS_SET, VMI_A_STATS_ACTION, NL_ATTR_TYPE_U32, 0,
		    "the policy of stats-set is published");

	test_policy(VMI_CMD_POLICY_SET, VMI_A_POLICY_LIST_ENTRY,
		    NL_ATTR_TYPE_NESTED, 0,
		    "the policy of policy-set is published");
	test_policy(VMI_CMD_POLICY_CLEAR, VMI_A_POLICY_TARGET,
		    NL_ATTR_TYPE_NUL_STRING, VMI_NAME_LEN,
		    "the policy of policy-clear is published");

	if (!become_nobody())
		die("cannot become nobody");
	test_changes(false);
	test_random();
	return failures ? 1 : 0;
}
