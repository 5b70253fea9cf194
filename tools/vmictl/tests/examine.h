/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_TESTS_EXAMINE_H
#define VMICTL_TESTS_EXAMINE_H

#include <stdbool.h>

#include "vmi.h"

/* Stop the program, with a word on what libvmi did that it should not. */
void examine_fail(const char *what, int err, const char *sentence)
	__attribute__((noreturn));
/* An error has a sentence; otherwise, all that is in the list can be read. */
void examine_list(struct vmi *vmi, int err, void *list);
/* Take and read all events. Returns the error that ended that. */
int examine_events(struct vmi *vmi);
/* Call each function there is, whatever it returns. */
void examine_calls(struct vmi *vmi, bool with_events);

#endif /* VMICTL_TESTS_EXAMINE_H */
