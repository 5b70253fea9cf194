/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_TESTS_EXAMINE_H
#define VMICTL_TESTS_EXAMINE_H

#include <stdbool.h>
#include <stddef.h>

#include "vmi.h"

/* Stop the program, with a word on what libvmi did that it should not. */
void examine_fail(const char *what, int err, const char *sentence)
	__attribute__((noreturn));
/* An error has a sentence; otherwise, all that is in the list can be read. */
void examine_list(struct vmi *vmi, int err, void *list);
/* Functions that ask the kernel something, each with a number; the last takes events. */
#define EXAMINE_CALLS 10
/* Call the one with this number, whatever it returns. */
void examine_call(struct vmi *vmi, size_t number);
/* Call each of them. */
void examine_calls(struct vmi *vmi, bool with_events);
/*
 * Called by the fake kernel, if there is such a function, with each datagram
 * that it sends: may change it. Returns the length that is left.
 */
size_t damage(char *datagram, size_t len) __attribute__((weak));

#endif /* VMICTL_TESTS_EXAMINE_H */
