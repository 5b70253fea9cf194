/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_TESTS_EXAMINE_H
#define VMICTL_TESTS_EXAMINE_H

#include <stdbool.h>
#include <stddef.h>

#include "vmi.h"

/* Stop the program, with a word on what libvmi did that it should not. */
void examine_fail(const char *what, int err, const char *sentence)
	__attribute__((noreturn));
/* Open a handle, or stop the program. */
struct vmi *examine_open(void);
/* Check that a handle works after an error. */
void examine_recovery(struct vmi *vmi);
/* An error has a sentence; otherwise, all that is in the list can be read. */
void examine_list(struct vmi *vmi, int err, void *list);
/* Take and read all events. Returns the error that ended that. */
int examine_events(struct vmi *vmi);
/* Functions that ask the kernel something, each with a number. */
#define EXAMINE_CALLS 9
/* Call the one with this number, whatever it returns. */
void examine_call(struct vmi *vmi, size_t number);
/* Call each of them, and those for events. */
void examine_calls(struct vmi *vmi, bool with_events);

#endif /* VMICTL_TESTS_EXAMINE_H */
