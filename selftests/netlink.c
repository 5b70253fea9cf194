// SPDX-License-Identifier: GPL-2.0-only
/*
 * The generic netlink family "vmi", without a library: malformed requests are refused
 * with a sentence at the attribute, a socket that was handed over gives no rights, and
 * random messages change what they may, as root, or nothing. ynl.py is for requests that
 * are well formed, and unprivileged.sh for those without rights.
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
#include <time.h>
#include <unistd.h>

#include "genl.h"

#define RANDOM_MESSAGES 3000
/* Fewer, because some of them patch the text on all CPUs. */
#define RANDOM_MESSAGES_OF_ROOT 500

#define NOBODY 65534
#define SKIPPED 4
#define MAX_OUTPUT 65536
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

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

/* Run a command of the shell, and return what it prints. */
static char *output_of(const char *command)
{
	char *text = calloc(1, MAX_OUTPUT + 1);
	FILE *pipe = popen(command, "r");

	if (!text || !pipe || fread(text, 1, MAX_OUTPUT, pipe) == MAX_OUTPUT ||
	    pclose(pipe))
		die(command);
	return text;
}

static void test_caps(void)
{
	char *stray =
		output_of("printf 'list\ncaps\n' | vmictl -j -b - | jq -c '"
			  "  map(.output) as [$backends, $caps] | $caps[]"
			  "  | select([.backend] - [$backends[].name] != [])'");

	if (*stray)
		printf("# %.*s\n", (int)strcspn(stray, "\n"), stray);
	result(!*stray, "caps are those of registered backends");
}

/*
 * Return all that the family tells, an object in a line, through a filter of jq. Leave out
 * counters, and the error of the core, which keeps that of the first request that failed.
 */
static char *read_state(const char *filter)
{
	char command[1024];

	snprintf(command, sizeof(command),
		 "for what in status list caps ops 'stats --histogram'\n"
		 "do vmictl -j $what || echo '\"failed\"'; done | jq -cs '"
		 "  flatten[] | if .api then del(.[\"last-error\"]) else . end"
		 "  | del(.calls, .uses, .latency, .targets) | %s'",
		 filter);
	return output_of(command);
}

static const char everything[] = ".";

/*
 * Leave out what random messages of root may change: which ops count and measure, and the
 * policies for the ops that they name, which move just these.
 */
static const char but_targets[] =
	"  del(.counting, .measuring)"
	"  | if has(\"offered\") then del(.bound, .reason)"
	"    elif .name // \"\" | test(\"^(io|idle|mm)([.]|$)\")"
	"    then del(.provider, .reason, .policy) else . end";

/* Print commands that make each op count and measure as it does now. */
static const char restoring[] =
	"{ vmictl -j ops; vmictl -j stats --histogram; } | jq -rs '"
	"  \"vmictl policy clear; vmictl stats off\", (flatten[]"
	"  | if .measuring then \"vmictl stats on --histogram \" + .name"
	"    elif .counting then \"vmictl stats on \" + .name else empty end)'";

static bool same(const char *before, const char *after)
{
	size_t i, line = 0;

	if (!strcmp(before, after))
		return true;
	for (i = 0; before[i] && before[i] == after[i]; i++) {
		if (before[i] == '\n')
			line = i + 1;
	}
	printf("# before: %.*s\n", (int)strcspn(before + line, "\n"),
	       before + line);
	printf("# after: %.*s\n", (int)strcspn(after + line, "\n"),
	       after + line);
	return false;
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
	struct message msg;
	char *active;

	start(&msg, family, VMI_CMD_STATUS_GET, 0);
	transact(&msg);
	active = strdup(string_of(&objects[0], VMI_A_STATUS_ACTIVE));
	for (i = 0; i < count; i++) {
		random_message(&msg, active);
		transact(&msg);
		accepted += !reply.error;
		refused += reply.error == EPERM;
		changes += !reply.error && (msg.genl.cmd == VMI_CMD_STATS_SET ||
					    msg.genl.cmd == VMI_CMD_POLICY_SET);
	}
	printf("# %d messages, %d accepted, %d of them changes, %d not permitted\n",
	       count, accepted, changes, refused);
	result(accepted && accepted < count && (root ? !refused : refused > 0),
	       root ? "some random messages of root are accepted, none lacks permission" :
		      "some random messages of another user lack permission");
	return changes;
}

static void test_random_as_root(void)
{
	char *whole, *others, *commands;
	int changes;

	/* A message that asks for what is active makes that the provider requested, like this. */
	output_of("vmictl use $(vmictl -j status | jq -r .active)");
	whole = read_state(everything);
	others = read_state(but_targets);
	commands = output_of(restoring);
	if (*output_of("vmictl policy")) {
		printf("ok %d random messages of root # SKIP there are policies already\n",
		       ++number);
		return;
	}
	changes = send_random(RANDOM_MESSAGES_OF_ROOT, true);
	result(changes > 0 && same(others, read_state(but_targets)),
	       "random messages of root change only what they name");
	output_of(commands);
	result(same(whole, read_state(everything)),
	       "what they changed can be restored");
}

static void test_random_as_nobody(void)
{
	char *before = read_state(everything);
	int changes = send_random(RANDOM_MESSAGES, false);

	result(!changes && same(before, read_state(everything)),
	       "random messages of another user change nothing");
}

static bool may_change(void)
{
	/* The provider does not exist, so EPERM can only come from the check of rights. */
	return request_name(VMI_CMD_USE, VMI_A_USE_PROVIDER, "nosuch") != EPERM;
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
	unsigned int seed = time(NULL);

	if (argc > 1)
		seed = strtoul(argv[1], NULL, 0);
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
	if (system("command -v vmictl > /dev/null && command -v jq > /dev/null")) {
		puts("1..0 # SKIP vmictl or jq is not installed");
		return SKIPPED;
	}
	printf("# seed %u\n", seed);
	srandom(seed);

	test_malformed();
	test_caps();
	test_handed_over();
	test_random_as_root();
	become_nobody();
	test_random_as_nobody();
	printf("1..%d\n", number);
	return failures ? 1 : 0;
}
