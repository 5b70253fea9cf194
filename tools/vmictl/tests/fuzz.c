// SPDX-License-Identifier: GPL-2.0-only
/*
 * A fuzzer of what comes from the kernel and from files, by clang's libFuzzer. What libnl
 * receives is from the input, in the place of what the fake kernel sends. Everything behind
 * that is what vmictl has: libnl, libvmi, and the commands.
 *
 * environment: FUZZ     "text" or "json", which commands print; "modules"; or the
 *                       directory for seeds, which are what the fake kernel sends
 *
 * An input is a sequence of records: a byte with the kind, two with the length of the rest,
 * the lower one first, and the rest. A call receives the records between it and the next
 * call; then there is no more.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/genetlink.h>
#include <netlink/msg.h>

#include "../batch.h"
#include "../histogram.h"
#include "../kernel.h"
#include "../openmetrics.h"
#include "../out.h"
#include "../percpu.h"
#include "../vmictl.h"
#include "examine.h"
#include "fake_kernel.h"

static struct vmi *handle;

static const char *const commands[] = {
	"status",
	"layers",
	"list",
	"ops",
	"explain lock.wait",
	"caps",
	"stats",
	"stats lock",
	"stats reset lock",
	"use kvm",
	"policy",
	"policy set io kvm",
	"policy clear io",
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

/* What stats does with an option, which only a command line can have. */
static int (*const shows[])(const char *target) = {
	openmetrics,
	show_per_cpu,
	show_histograms,
};

#define SHOWS (sizeof(shows) / sizeof(*shows))

/* The functions of libvmi, events, the commands, and what they show. */
static size_t count_calls(void)
{
	return examine_count + 1 + COMMANDS + SHOWS;
}

/* A line, without what it begins with, is a sentence that a terminal can show. */
static void examine_line(const char *line, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (line[i] < ' ' || line[i] > '~')
			examine_fail("a character that is none", line[i], line);
	if (len < 3 || !strchr(".!?", line[len - 1]))
		examine_fail("no full stop", (int)len, line);
}

/* One error, if there was one, and warnings, a line each. */
static void examine_errors(int ret, const char *text)
{
	int errors = 0;
	size_t len;

	for (; *text; text += len + 1) {
		len = strcspn(text, "\n");
		if (!strncmp(text, "Error: ", 7))
			errors++;
		else if (strncmp(text, "Warning: ", 9))
			examine_fail("neither error nor warning", ret, text);
		examine_line(text, len);
	}
	if ((ret != VMI_EXIT_DONE && ret != VMI_EXIT_REFUSED) ||
	    errors != !!ret)
		examine_fail("errors and status do not fit", ret, text);
}

static int run_words(const char *command)
{
	char *words = strdup(command), *argv[5], *rest;
	int argc = 0, ret;

	if (!words)
		abort();
	for (argv[0] = strtok_r(words, " ", &rest); argv[argc];
	     argv[++argc] = strtok_r(NULL, " ", &rest))
		;
	ret = run_command(argc, argv);
	free(words);
	return ret;
}

/* One document, and the error in it is the only one. */
static void examine_document(int ret, const char *text)
{
	json_t *document = json_loads(text, JSON_DECODE_ANY, NULL);

	if (!document)
		examine_fail("no JSON", ret, text);
	if ((ret == VMI_EXIT_REFUSED) != !!json_object_get(document, "error"))
		examine_fail("document and status do not fit", ret, text);
	json_decref(document);
}

static void run_and_examine(size_t number)
{
	FILE *standard_error = stderr, *standard_output = stdout;
	char *errors = NULL, *output = NULL;
	bool own_format;
	size_t size;
	int ret;

	stderr = open_memstream(&errors, &size);
	stdout = open_memstream(&output, &size);
	if (!stderr || !stdout)
		abort();
	ret = number < COMMANDS ? run_words(commands[number]) :
				  shows[number - COMMANDS](NULL);
	fclose(stderr);
	fclose(stdout);
	stderr = standard_error;
	stdout = standard_output;
	/* That has a format of its own, if it has no error. */
	own_format = number >= COMMANDS &&
		     shows[number - COMMANDS] == openmetrics;
	if (out_is_json() && (!own_format || ret))
		examine_document(ret, output);
	examine_errors(out_is_json() ? VMI_EXIT_DONE : ret, errors);
	free(errors);
	free(output);
}

static void call(size_t number)
{
	if (number > examine_count) {
		run_and_examine(number - examine_count - 1);
		return;
	}
	if (!handle)
		examine_list(handle, vmi_open(&handle), NULL);
	if (number < examine_count)
		examine_call(handle, number);
	else
		examine_events(handle);
}

static void close_all(void)
{
	vmi_close(handle);
	handle = NULL;
	kernel_close();
}

enum kind {
	/* From the kernel. In it, the sequence number 0 is that of the request. */
	DATAGRAM,
	/* The same from another process. */
	STRANGER,
	/* The same, but it was longer. */
	TRUNCATED,
	/* Nothing but an errno, the first byte. */
	ERRNO,
	/*
	 * The first byte is the number of a call. If the second one is not 0, the
	 * family is found, whatever the records are.
	 */
	CALL,
	KINDS,
};

#define HEADER_LEN 3

struct record {
	enum kind kind;
	const uint8_t *data;
	size_t len;
};

static const uint8_t *input;
static size_t input_left;
static bool modules, family_given;

/* Take the next record, unless it is a call and none is wanted. */
static bool take(struct record *record, bool wants_call)
{
	if (input_left < HEADER_LEN)
		return false;
	record->kind = input[0] % KINDS;
	if (record->kind == CALL && !wants_call)
		return false;
	record->data = input + HEADER_LEN;
	record->len = (size_t)(input[1] | input[2] << 8);
	if (record->len > input_left - HEADER_LEN)
		record->len = input_left - HEADER_LEN;
	input += HEADER_LEN + record->len;
	input_left -= HEADER_LEN + record->len;
	return true;
}

/* Give the messages in a datagram, as far as their lengths are right, another number. */
static void renumber(void *datagram, size_t len, uint32_t from, uint32_t to)
{
	struct nlmsghdr *message = datagram;
	int left = (int)len;

	for (; nlmsg_ok(message, left); message = nlmsg_next(message, &left))
		if (message->nlmsg_seq == from)
			message->nlmsg_seq = to;
}

/* Receive the next record of the input, or the family. */
static ssize_t replay(int fd, struct msghdr *hdr, int flags)
{
	struct sockaddr_nl from = { .nl_family = AF_NETLINK };
	struct iovec *data = hdr->msg_iov;
	struct record record;
	size_t len;

	hdr->msg_flags = 0;
	/* Whatever comes fits. */
	if (flags & MSG_PEEK)
		return 1;
	if (family_given && fake_request.nlmsg_type == GENL_ID_CTRL) {
		fake_request.nlmsg_type = 0;
		return fake_receive(fd, hdr, flags);
	}
	errno = EAGAIN;
	if (!take(&record, false))
		return -1;
	if (record.kind == ERRNO) {
		errno = record.len && record.data[0] ? record.data[0] : ENOBUFS;
		return -1;
	}
	len = record.len < data->iov_len ? record.len : data->iov_len;
	memcpy(data->iov_base, record.data, len);
	renumber(data->iov_base, len, 0, fake_request.nlmsg_seq);
	from.nl_pid = record.kind == STRANGER;
	memcpy(hdr->msg_name, &from, sizeof(from));
	hdr->msg_namelen = sizeof(from);
	hdr->msg_controllen = 0;
	if (record.kind == TRUNCATED)
		hdr->msg_flags = MSG_TRUNC;
	return (ssize_t)len;
}

/* Of the fake kernel, only the family is wanted. */
static void begin_replay(void)
{
	fake_hook = replay;
	setenv("FAKE_KERNEL", "mute,packed", 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record record;

	if (modules)
		return examine_module(data, size);
	input = data;
	input_left = size;
	while (take(&record, true)) {
		if (record.kind != CALL || !record.len)
			continue;
		family_given = record.len > 1 && record.data[1];
		call(record.data[0] % count_calls());
	}
	if (handle) {
		fake_hook = NULL;
		setenv("FAKE_KERNEL", "good", 1);
		examine_recovery(handle);
	}
	begin_replay();
	close_all();
	return 0;
}

static FILE *seed;

static void put_record(enum kind kind, const void *data, size_t len)
{
	const uint8_t header[HEADER_LEN] = { (uint8_t)kind, len & 0xff,
					     (uint8_t)(len >> 8) };

	fwrite(header, 1, sizeof(header), seed);
	fwrite(data, 1, len, seed);
}

/* The family itself, or the end of a request for it. */
static bool is_about_family(const struct nlmsghdr *message)
{
	const struct nlmsgerr *ack = nlmsg_data(message);

	return message->nlmsg_type == GENL_ID_CTRL ||
	       (message->nlmsg_type == NLMSG_ERROR &&
		ack->msg.nlmsg_type == GENL_ID_CTRL);
}

/* Receive what the fake kernel sends, and write it down. */
static ssize_t write_down(int fd, struct msghdr *hdr, int flags)
{
	ssize_t len = fake_receive(fd, hdr, flags);
	char copy[1 << 15];

	if (len < 0 || flags & MSG_PEEK)
		return len;
	memcpy(copy, hdr->msg_iov->iov_base, (size_t)len);
	renumber(copy, (size_t)len, fake_request.nlmsg_seq, 0);
	if (!family_given || !is_about_family((const void *)copy))
		put_record(hdr->msg_flags & MSG_TRUNC ? TRUNCATED : DATAGRAM,
			   copy, (size_t)len);
	return len;
}

/* Write calls from the first to the last, with what they receive, into a file. */
static void make_seed(const char *directory, size_t first, size_t last)
{
	static unsigned int number;
	char name[4096];
	size_t i;

	snprintf(name, sizeof(name), "%s/%u", directory, number++);
	seed = fopen(name, "we");
	for (i = first; seed && i <= last; i++) {
		const uint8_t record[] = { (uint8_t)i, family_given };

		put_record(CALL, record, sizeof(record));
		call(i);
	}
	close_all();
	if (!seed || fclose(seed)) {
		perror(name);
		exit(EXIT_FAILURE);
	}
}

static void make_seeds(const char *directory)
{
	/* With a patient one, no signal comes when all events are told. */
	static const char *const kernels[] = {
		"policy",    "native",	"hostile",     "quoting",
		"malformed", "silent",	"uncapped",    "refusing",
		"warning",   "half",	"packed",      "denying",
		"failing",   "endless", "interrupted", "truncated",
	};
	size_t i, number;
	char kernel[64];

	fake_hook = write_down;
	for (i = 0; i < 2 * sizeof(kernels) / sizeof(*kernels); i++) {
		snprintf(kernel, sizeof(kernel), "%s,patient", kernels[i / 2]);
		setenv("FAKE_KERNEL", kernel, 1);
		family_given = i % 2;
		for (number = 0; number < count_calls(); number++)
			make_seed(directory, number, number);
		make_seed(directory, 0, count_calls() - 1);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *what = getenv("FUZZ") ?: "";

	(void)argc;
	(void)argv;
	if (strchr(what, '/')) {
		make_seeds(what);
		exit(EXIT_SUCCESS);
	}
	modules = !strcmp(what, "modules");
	if (!strcmp(what, "json"))
		out_use_json(false);
	begin_replay();
	return 0;
}
