// SPDX-License-Identifier: GPL-2.0-only
/* Is what libvmi returned as its header says, whatever the kernel has said? */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examine.h"

/* So that nobody finds out that no value is used. Each thread has its own. */
static __thread volatile size_t sum;

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

/* Take and read all events. Returns the error that ended that, or 0 if none can come. */
static int take_events(struct vmi *vmi)
{
	struct vmi_event *event;
	int err = vmi_subscribe(vmi);

	examine_list(vmi, err, NULL);
	if (err)
		return 0;
	for (;;) {
		err = vmi_next_event(vmi, &event);
		examine_list(vmi, err, NULL);
		if (err == -EBADMSG || err == -ENOBUFS)
			continue;
		if (err)
			return err;
		if (!!event->status + !!event->backend + !!event->op != 1)
			examine_fail("event without an object", err, "");
		if (event->status)
			vmi_visit(&event->status->object, touch, NULL);
		else if (event->backend)
			vmi_visit(&event->backend->object, touch, NULL);
		else
			vmi_visit(&event->op->object, touch, NULL);
		vmi_free(event);
	}
}

/* A function that returns objects. */
#define CALL(function, type)                          \
	static void call_##function(struct vmi *vmi)  \
	{                                             \
		struct vmi_##type *list;              \
		int err = vmi_##function(vmi, &list); \
                                                      \
		examine_list(vmi, err, list);         \
	}

CALL(get_status, status)
CALL(list_backends, backend)
CALL(list_ops, op)
CALL(list_caps, cap)
CALL(list_stats, op_stats)

/* A function that changes something. */
#define CHANGE(function, ...)                                              \
	static void call_##function(struct vmi *vmi)                       \
	{                                                                  \
		examine_list(vmi, vmi_##function(vmi, __VA_ARGS__), NULL); \
	}

CHANGE(use, "kvm")
CHANGE(set_stats, VMI_STATS_ACTION_ON, NULL)
CHANGE(set_histograms, true, "lock")

static void call_set_policy(struct vmi *vmi)
{
	const struct vmi_policy_entry entries[] = { { NULL, "default" },
						    { "eoi", "builtin" } };

	examine_list(vmi, vmi_set_policy(vmi, entries, 2), NULL);
	if (vmi_refused_entry(vmi) > 1)
		examine_fail("entry that was not sent", 0, "");
}

static void call_events(struct vmi *vmi)
{
	take_events(vmi);
}

static void (*const calls[])(struct vmi *vmi) = {
	call_get_status, call_list_backends, call_list_ops,
	call_list_caps,	 call_list_stats,    call_use,
	call_set_stats,	 call_set_policy,    call_set_histograms,
	call_events,
};

_Static_assert(sizeof(calls) / sizeof(*calls) == EXAMINE_CALLS, "");

void examine_call(struct vmi *vmi, size_t number)
{
	calls[number](vmi);
}

void examine_calls(struct vmi *vmi, bool with_events)
{
	struct vmi_event *event;
	size_t i;
	int err;

	for (i = 0; i < EXAMINE_CALLS - 1; i++)
		examine_call(vmi, i);
	err = vmi_next_event(vmi, &event);
	examine_list(vmi, err, NULL);
	if (!err)
		examine_fail("event without a subscription", err, "");
	err = with_events ? take_events(vmi) : 0;
	if (err && err != -EAGAIN)
		examine_fail("events", err, vmi_strerror(vmi));
}
