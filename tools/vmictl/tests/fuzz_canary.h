/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_TESTS_FUZZ_CANARY_H
#define VMICTL_TESTS_FUZZ_CANARY_H

/*
 * Put before the source of lib/objects.c, this is a mistake in it that the fuzzer
 * has to find: every string that comes from the kernel ends where it should.
 */
#include <string.h>

#define memchr(text, c, len) ((void)(len), (text) + (c))

#endif /* VMICTL_TESTS_FUZZ_CANARY_H */
