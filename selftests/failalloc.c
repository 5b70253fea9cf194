// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fail each memory allocation of each request in turn. The kernel has to complete the
 * request, or refuse it and change nothing; and a listener has to hear of each change, or
 * that it missed one.
 *
 * The number in /proc/thread-self/fail-nth counts down with each allocation of the task, and
 * the one at which it becomes 0 fails. Allocations of other tasks, such as kernel threads
 * that work for the request, are not covered.
 *
 * usage: failalloc MODULE-FILE START END
 *
 * The file is the module of the null backend, which is not loaded. While the kernel loads it,
 * most allocations are not VMI's, so only those fail that have a function between the
 * addresses START and END on the stack. failalloc.sh sets up the fault injection.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "genl.h"
#include "util.h"

/* More allocations than any request makes. */
#define MAX_NTH 3000

struct state {
	size_t len;
	unsigned char data[16384];
};

/* How the request of a child ended. */
struct outcome {
	bool answered;
	int error;
	unsigned int left;
};

struct request {
	const char *name;
	/* Make the request with one of the words, and undo it with the other one. */
	int (*make)(const char *word);
	const char *word, *undo;
	/* In place of these, a dump, which changes nothing. */
	uint8_t dump;
	/* Only VMI's allocations fail. */
	bool filter;
	/* The kernel sends no event for the change. */
	bool silent;
};

static int module_fd, fail_nth_fd = -1;
static int listener = -1;
static struct outcome *outcome;

static int module(const char *word)
{
	long result;

	if (!strcmp(word, "load"))
		result = syscall(SYS_finit_module, module_fd, "", 0);
	else
		result = syscall(SYS_delete_module, "vmi_null", O_NONBLOCK);
	return result ? errno : 0;
}

static int use(const char *provider)
{
	return request_name(VMI_CMD_USE, VMI_A_USE_PROVIDER, provider);
}

static int set_policy(const char *provider)
{
	struct message msg, entry = {};
	size_t len;

	/* The attributes of the entry, in the place of a message. */
	start(&entry, family, 0, 0);
	put_string(&entry, VMI_A_POLICY_TARGET, "io");
	put_string(&entry, VMI_A_POLICY_PROVIDER, provider);
	len = entry.nl.nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);
	start(&msg, family, VMI_CMD_POLICY_SET, 0);
	put(&msg, VMI_A_POLICY_LIST_ENTRY | NLA_F_NESTED, entry.data, len);
	transact(&msg);
	return reply.error;
}

static int count(const char *word)
{
	uint32_t action = strcmp(word, "off") ? VMI_STATS_ACTION_ON :
						VMI_STATS_ACTION_OFF;
	struct message msg;

	start(&msg, family, VMI_CMD_STATS_SET, 0);
	put(&msg, VMI_A_STATS_ACTION, &action, sizeof(action));
	put_string(&msg, VMI_A_STATS_TARGET, "io");
	if (!strcmp(word, "histograms"))
		put(&msg, VMI_A_STATS_HISTOGRAMS, NULL, 0);
	transact(&msg);
	return reply.error;
}

/* Each request is made for good once all of its allocations have failed. */
static const struct request requests[] = {
	{ "load a backend", module, "load", "unload", .filter = true },
	{ "use it", use, "null", "native" },
	{ "set a policy", set_policy, "native", "default" },
	{ "clear the policy", set_policy, "default", "native" },
	{ "use native", use, "native", "null" },
	{ "count calls", count, "on", "off", .silent = true },
	{ "stop counting", count, "off", "on", .silent = true },
	{ "measure calls", count, "histograms", "off", .silent = true },
	{ "list statistics", .dump = VMI_CMD_STATS_GET },
	{ "stop measuring", count, "off", "histograms", .silent = true },
	{ "list backends", .dump = VMI_CMD_BACKEND_GET },
	{ "list ops", .dump = VMI_CMD_OP_GET },
	{ "list capabilities", .dump = VMI_CMD_CAP_GET },
	{ "unload the backend", module, "unload", "load" },
};

static int make(const struct request *request)
{
	if (request->make)
		return request->make(request->word);
	dump(request->dump);
	return reply.error;
}

/* Fail only allocations with a function between these addresses on the stack. */
static void set_filter(const char *begin, const char *end)
{
	char command[256];

	snprintf(
		command, sizeof(command),
		"cd /sys/kernel/debug && for fault in failslab fail_page_alloc\n"
		"do echo %s > $fault/require-start && echo %s > $fault/require-end || exit\n"
		"done",
		begin, end);
	if (system(command))
		die(command);
}

/* The state: these attributes of these objects. */
static const struct {
	uint8_t cmd;
	uint16_t flags;
	unsigned int attrs;
} state_parts[] = {
	{ VMI_CMD_STATUS_GET, 0, ATTR(VMI_A_STATUS_ACTIVE) },
	{ VMI_CMD_BACKEND_GET, NLM_F_DUMP,
	  ATTR(VMI_A_BACKEND_NAME) | ATTR(VMI_A_BACKEND_STATE) },
	{ VMI_CMD_OP_GET, NLM_F_DUMP,
	  ATTR(VMI_A_OP_NAME) | ATTR(VMI_A_OP_POLICY) },
	{ VMI_CMD_STATS_GET, NLM_F_DUMP,
	  ATTR(VMI_A_OP_STATS_NAME) | ATTR(VMI_A_OP_STATS_PROVIDER) |
		  ATTR(VMI_A_OP_STATS_COUNTING) |
		  ATTR(VMI_A_OP_STATS_MEASURING) },
};

static void add_object(struct state *state, const struct object *object,
		       unsigned int attrs)
{
	const struct nlattr *table[MAX_ATTRS];
	int type;

	parse(object->data, object->len, table);
	for (type = 0; type < MAX_ATTRS; type++) {
		if (!(attrs & ATTR(type)) || !table[type])
			continue;
		if (state->len + table[type]->nla_len > sizeof(state->data))
			die("the state is too long");
		memcpy(state->data + state->len, table[type],
		       table[type]->nla_len);
		state->len += table[type]->nla_len;
	}
}

static void read_state(struct state *state)
{
	struct message msg;
	size_t i;
	int n;

	state->len = 0;
	for (i = 0; i < ARRAY_SIZE(state_parts); i++) {
		start(&msg, family, state_parts[i].cmd, state_parts[i].flags);
		transact(&msg);
		if (reply.error)
			die("read the state");
		for (n = 0; n < reply.objects; n++)
			add_object(state, &objects[n], state_parts[i].attrs);
	}
}

static bool same(const struct state *one, const struct state *other)
{
	return one->len == other->len &&
	       !memcmp(one->data, other->data, one->len);
}

static void listen_to_events(void)
{
	const struct nlattr *table[MAX_ATTRS], *group[MAX_ATTRS];
	const struct nlattr *first;
	uint32_t id;

	/* The reply to find_family() has a nest of groups, of which there is one. */
	parse(objects[0].data, objects[0].len, table);
	if (!table[CTRL_ATTR_MCAST_GROUPS])
		die("the family has no group of events");
	first = payload(table[CTRL_ATTR_MCAST_GROUPS]);
	parse(payload(first), first->nla_len - NLA_HDRLEN, group);
	id = *(const uint32_t *)payload(group[CTRL_ATTR_MCAST_GRP_ID]);
	open_socket();
	must(setsockopt(sock, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &id,
			sizeof(id)),
	     "join the group of events");
	listener = sock;
	sock = -1;
	open_socket();
}

/* Read all events, or that some are lost. */
static bool heard(void)
{
	bool any = false;
	char buffer[8192];

	while (recv(listener, buffer, sizeof(buffer), MSG_DONTWAIT) >= 0 ||
	       errno == ENOBUFS)
		any = true;
	return any;
}

/* A failed allocation of the answer ends the child in die(), so this runs at its exit. */
static void leave_outcome(void)
{
	char text[16] = "";

	if (fail_nth_fd < 0)
		return;
	if (pread(fail_nth_fd, text, sizeof(text) - 1, 0) <= 0 ||
	    pwrite(fail_nth_fd, "0", 1, 0) != 1)
		_exit(2);
	outcome->left = atoi(text);
}

/* Make the request in a child, whose allocation of this number fails. */
static void attempt(const struct request *request, unsigned int nth)
{
	char text[16];
	int status;
	pid_t pid;

	fflush(stdout);
	memset(outcome, 0, sizeof(*outcome));
	pid = must(fork(), "fork");
	if (!pid) {
		atexit(leave_outcome);
		open_socket();
		snprintf(text, sizeof(text), "%u", nth);
		fail_nth_fd = open("/proc/thread-self/fail-nth", O_RDWR);
		/* If the answer is lost, die() prints a line that KTAP must not have. */
		if (fail_nth_fd < 0 || !freopen("/dev/null", "w", stdout) ||
		    pwrite(fail_nth_fd, text, strlen(text), 0) < 0)
			_exit(2);
		outcome->error = make(request);
		outcome->answered = true;
		exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) == 2)
		die("the child of a request");
}

/* Why the outcome contradicts the state, or NULL. */
static const char *wrong(const struct state *before, const struct state *after,
			 const struct state *now, bool heard_it)
{
	if (!same(now, before) && !same(now, after))
		return "the state is neither the old nor the new one";
	if (outcome->answered && !outcome->error && !same(now, after))
		return "the request succeeded and changed nothing";
	if (outcome->answered && outcome->error && !same(now, before))
		return "the request was refused and changed the state";
	if (!same(now, before) && !heard_it)
		return "the listener missed the change and was not told";
	return NULL;
}

static void undo(const struct request *request)
{
	errno = request->make(request->undo);
	if (errno)
		die(request->name);
}

static bool fail_each(const struct request *request)
{
	static struct state before, after, now;
	unsigned int nth, refused = 0;
	const char *reason;

	read_state(&before);
	errno = make(request);
	if (errno)
		die(request->name);
	read_state(&after);
	if (request->undo) {
		undo(request);
		if (same(&before, &after))
			die("a request without effect");
	}
	for (nth = 1; nth < MAX_NTH; nth++) {
		heard();
		attempt(request, nth);
		read_state(&now);
		reason = wrong(&before, &after, &now,
			       heard() || request->silent);
		if (reason) {
			printf("# allocation %u: %s\n", nth, reason);
			return false;
		}
		/* The request makes fewer allocations than that, and is done. */
		if (outcome->left)
			break;
		refused += outcome->answered && outcome->error;
		if (!same(&now, &before))
			undo(request);
	}
	printf("# %u allocations, refused %u times\n", nth - 1, refused);
	return nth > 1 && nth < MAX_NTH && outcome->answered && !outcome->error;
}

int main(int argc, char **argv)
{
	bool good = true;
	size_t i;

	if (argc != 4)
		die("usage: failalloc MODULE-FILE START END");
	module_fd = must(open(argv[1], O_RDONLY | O_CLOEXEC), argv[1]);
	outcome = map(sizeof(*outcome), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1);
	open_socket();
	if (!find_family())
		die("no family vmi");
	listen_to_events();

	printf("KTAP version 1\n1..%zu\n", ARRAY_SIZE(requests));
	for (i = 0; good && i < ARRAY_SIZE(requests); i++) {
		if (requests[i].filter)
			set_filter(argv[2], argv[3]);
		good = fail_each(&requests[i]);
		if (requests[i].filter)
			set_filter("0", "0xffffffffffffffff");
		printf("%sok %zu %s\n", good ? "" : "not ", i + 1,
		       requests[i].name);
	}
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
