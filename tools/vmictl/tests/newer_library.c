// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a program gets from a libvmi that is newer than its header: an event that is in
 * a member which it does not know. Linked into the program, this stands before the
 * function of the library.
 */

#include <errno.h>
#include <stdlib.h>

#include <vmi.h>

struct newer_event {
	struct vmi_event known;
	const char *news;
};

int vmi_next_event(struct vmi *vmi, struct vmi_event **event)
{
	struct newer_event *newer = calloc(1, sizeof(*newer));

	(void)vmi;
	if (!newer)
		return -ENOMEM;
	newer->news = "something";
	*event = &newer->known;
	return 0;
}
