/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_TESTS_EXAMINE_H
#define VMICTL_TESTS_EXAMINE_H

#include <stdbool.h>
#include <stdint.h>

#include "vmi.h"

/* Stop the program, and print what libvmi did that it should not. */
void examine_fail(const char *what, int err, const char *sentence)
	__attribute__((noreturn));
/* An error has a sentence; otherwise, all that is in the list can be read. */
void examine_list(struct vmi *vmi, int err, void *list);
/* With a kernel that is all right, the handle is as good as before. */
void examine_recovery(struct vmi *vmi);
/*
 * Subscribe, take and read all events. Return the error that ended that, -EAGAIN if the
 * subscription failed.
 */
int examine_events(struct vmi *vmi);
/* Call a function of libvmi, one of so many, whatever it returns. */
extern const size_t examine_count;
void examine_call(struct vmi *vmi, size_t number);
/* Call each of them. */
void examine_calls(struct vmi *vmi, bool with_events);

/* Read the file of a module as vmictl check does. Return -1 if it is no ELF file. */
int examine_module(const uint8_t *data, size_t size);

#endif /* VMICTL_TESTS_EXAMINE_H */
