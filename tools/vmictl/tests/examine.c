// SPDX-License-Identifier: GPL-2.0-only
/* Is what libvmi returned as its header says, whatever the kernel has said? */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examine.h"

/* So that nobody finds out that no value is used. Not shared by threads.c. */
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

void examine_calls(struct vmi *vmi, bool with_events)
{
	const struct vmi_policy_entry entries[] = { { "io", "native" },
						    { "eoi", "builtin" } };
	struct vmi_backend *backends;
	struct vmi_op_stats *stats;
	struct vmi_policy *policies;
	struct vmi_status *status;
	struct vmi_event *event;
	struct vmi_layer *layers;
	struct vmi_cap *caps;
	struct vmi_op *ops;
	int err;

	err = vmi_get_status(vmi, &status);
	examine_list(vmi, err, status);
	err = vmi_list_layers(vmi, &layers);
	examine_list(vmi, err, layers);
	err = vmi_list_backends(vmi, &backends);
	examine_list(vmi, err, backends);
	err = vmi_list_ops(vmi, &ops);
	examine_list(vmi, err, ops);
	err = vmi_list_stats(vmi, &stats);
	examine_list(vmi, err, stats);
	err = vmi_get_stats(vmi, "tlb.flush_multi", &stats);
	examine_list(vmi, err, stats);
	err = vmi_list_caps(vmi, &caps);
	examine_list(vmi, err, caps);
	err = vmi_get_op(vmi, "tlb.flush_multi", &ops);
	examine_list(vmi, err, ops);
	err = vmi_get_backend(vmi, "kvm", &backends);
	examine_list(vmi, err, backends);
	err = vmi_list_policies(vmi, &policies);
	examine_list(vmi, err, policies);
	err = vmi_set_policy(vmi, entries, 2);
	examine_list(vmi, err, NULL);
	if (vmi_refused_entry(vmi) > 1)
		examine_fail("entry that was not sent", err, "");
	err = vmi_clear_policy(vmi, NULL);
	examine_list(vmi, err, NULL);
	err = vmi_use(vmi, "kvm");
	examine_list(vmi, err, NULL);
	err = vmi_set_stats(vmi, VMI_STATS_ACTION_ON, NULL);
	examine_list(vmi, err, NULL);
	err = vmi_set_histograms(vmi, true, "lock");
	examine_list(vmi, err, NULL);
	err = vmi_next_event(vmi, &event);
	examine_list(vmi, err, NULL);
	if (!err)
		examine_fail("event without a subscription", err, "");
	if (!with_events)
		return;
	err = vmi_subscribe(vmi);
	examine_list(vmi, err, NULL);
	if (err)
		return;
	err = examine_events(vmi);
	if (err != -EAGAIN)
		examine_fail("events", err, vmi_strerror(vmi));
}
