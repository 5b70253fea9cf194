/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_TESTS_FUZZ_H
#define VMICTL_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/*
 * An input of the fuzzer: records, one after the other, each a byte that says
 * what it is, two with the length of the rest, the lower one first, and the
 * rest. What is received in a call is in the records between it and the next
 * call; then there is no more.
 */
enum fuzz_record {
	/* Of the kernel. In it, the sequence number 0 is that of the request. */
	FUZZ_DATAGRAM,
	/* The same of another process. */
	FUZZ_STRANGER,
	/* The same, but it was longer. */
	FUZZ_TRUNCATED,
	/* Nothing but an errno, the first byte. */
	FUZZ_ERRNO,
	/*
	 * The first byte is the number of a call. If the second one is not 0, the
	 * family is found whatever there is.
	 */
	FUZZ_CALL,
	FUZZ_RECORDS,
};

#define FUZZ_HEADER_LEN 3

/* Numbers that the family has in seeds, and where it is found in any case. */
#define FUZZ_FAMILY 0x42
#define FUZZ_GROUP 7

/*
 * What asks the kernel something: functions of libvmi, and commands, but for policy,
 * trace and those that go on until they are told to stop. They stop the program if
 * they end in another way than they should.
 */
extern const size_t fuzz_calls;
/* With FUZZ_JSON in the environment, commands print that. */
void fuzz_call(size_t number);
/* Whatever was opened by a call. */
void fuzz_close(void);

/* The netlink messages in a datagram, as far as their lengths are right. */
#define for_each_message(message, datagram, left)       \
	for ((message) = (struct nlmsghdr *)(datagram); \
	     nlmsg_ok(message, left);                   \
	     (message) = nlmsg_next(message, &(left)))

#endif /* VMICTL_TESTS_FUZZ_H */
