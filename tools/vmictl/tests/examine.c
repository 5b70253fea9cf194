// SPDX-License-Identifier: GPL-2.0-only
/* Is what libvmi returned as its header says, whatever the kernel has said? */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examine.h"

/* So that nobody finds out that no value is used. */
static volatile size_t sum;

void examine_fail(const char *what, int err, const char *sentence)
{
	fprintf(stderr, "%s: %d, '%s'\n", what, err, sentence);
	abort();
}

static void touch(const char *name, const struct vmi_value *value, void *arg)
{
	const struct vmi_object *object;

	(void)arg;
	sum += strlen(name);
	if (value->type == VMI_TYPE_STRING)
		sum += strlen(value->string);
	else if (value->type == VMI_TYPE_STATE)
		sum += strlen(vmi_state_name(value->state));
	else if (value->type == VMI_TYPE_ERROR)
		vmi_visit(&value->error->object, touch, NULL);
	else if (value->type == VMI_TYPE_HISTOGRAM)
		vmi_visit(&value->histogram->object, touch, NULL);
	else if (value->type == VMI_TYPE_LIST)
		for (object = value->list; object; object = object->next)
			vmi_visit(object, touch, NULL);
}

void examine_list(struct vmi *vmi, int err, void *list)
{
	const struct vmi_object *object;

	if (err > 0 || (err && !*vmi_strerror(vmi)))
		examine_fail("error without a sentence", err,
			     vmi_strerror(vmi));
	if (err)
		return;
	for (object = list; object; object = object->next)
		vmi_visit(object, touch, NULL);
	vmi_free(list);
}

int examine_events(struct vmi *vmi)
{
	struct vmi_event *event;
	int err;

	for (;;) {
		err = vmi_next_event(vmi, &event);
		examine_list(vmi, err, NULL);
		if (err == -EBADMSG || err == -ENOBUFS)
			continue;
		if (err)
			return err;
		if (!!event->status + !!event->backend + !!event->policy != 1)
			examine_fail("event without an object", err, "");
		if (event->status)
			vmi_visit(&event->status->object, touch, NULL);
		else if (event->backend)
			vmi_visit(&event->backend->object, touch, NULL);
		else
			vmi_visit(&event->policy->object, touch, NULL);
		vmi_free(event);
	}
}
