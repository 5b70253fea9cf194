// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the fake kernel answers, as inputs of the fuzzer: it calls damage() with
 * each datagram, and here that writes them down.
 *
 * usage: fuzz_seeds DIRECTORY
 */

#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/genetlink.h>
#include <netlink/msg.h>

#include "examine.h"
#include "fuzz.h"

/* The linker puts it in place of the main() of vmictl. */
int __wrap_main(int argc, char **argv);

static FILE *seed;
static bool without_family;
static enum fuzz_record kind;

static void put_record(enum fuzz_record record, const void *data, size_t len)
{
	const uint8_t header[FUZZ_HEADER_LEN] = { (uint8_t)record, len & 0xff,
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

/* In inputs there is 0 for the number of the request. */
size_t damage(char *datagram, size_t len)
{
	char copy[1 << 15];
	struct nlmsghdr *message;
	int left = (int)len;

	memcpy(copy, datagram, len);
	for_each_message(message, copy, left) message->nlmsg_seq = 0;
	if (!without_family || !is_about_family((const void *)copy))
		put_record(kind, copy, len);
	return len;
}

/* Write a file with the calls from the first one up to the last one. */
static void make_seed(const char *directory, const char *kernel, size_t first,
		      size_t last)
{
	uint8_t call[] = { (uint8_t)first, without_family };
	char *name;

	if (asprintf(&name, "%s/%s-%zu-%zu%s", directory, kernel, first, last,
		     without_family ? "-found" : "") < 0)
		abort();
	seed = fopen(name, "we");
	if (!seed)
		err(EXIT_FAILURE, "%s", name);
	for (; call[0] <= last; call[0]++) {
		put_record(FUZZ_CALL, call, sizeof(call));
		fuzz_call(call[0]);
	}
	fuzz_close();
	if (fclose(seed))
		err(EXIT_FAILURE, "%s", name);
	free(name);
}

int __wrap_main(int argc, char **argv)
{
	/* With a patient one, no signal comes when all events are told. */
	static const char *const kernels[] = {
		"patient",	    "native,patient",	   "hostile,patient",
		"quoting,patient",  "malformed,patient",   "silent,patient",
		"uncapped,patient", "refusing,patient",	   "half,patient",
		"packed,patient",   "denying,patient",	   "failing,patient",
		"endless,patient",  "interrupted,patient", "truncated,patient",
	};
	const size_t count = sizeof(kernels) / sizeof(*kernels);
	size_t i, call;

	(void)argc;
	for (i = 0; i < 2 * count; i++) {
		const char *kernel = kernels[i / 2];

		setenv("FAKE_KERNEL", kernel, 1);
		without_family = i % 2;
		kind = strstr(kernel, "truncated") ? FUZZ_TRUNCATED :
						     FUZZ_DATAGRAM;
		/* A file for each call, and one with all of them. */
		for (call = 0; call < fuzz_calls; call++)
			make_seed(argv[1], kernel, call, call);
		make_seed(argv[1], kernel, 0, fuzz_calls - 1);
	}
	return EXIT_SUCCESS;
}
