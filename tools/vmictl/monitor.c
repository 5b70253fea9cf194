// SPDX-License-Identifier: GPL-2.0-only
/* vmictl monitor: a line for every event, until it is told to stop. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "attrs.h"
#include "kernel.h"
#include "out.h"
#include "status.h"
#include "timestamp.h"
#include "vmictl.h"
#include "wait.h"

static json_t *new_event(const char *name)
{
	json_t *event = check_alloc(json_object());

	json_put(event, "time", timestamp());
	json_put(event, "event", json_string(name));
	return event;
}

static void print_pair(const char *key, const json_t *value)
{
	char *text;

	if (!value || json_is_null(value))
		return;
	text = out_text(value);
	printf(" %s %s", key, text);
	free(text);
}

static void print_event(const json_t *event)
{
	static const char *const status_keys[] = { "active", "requested",
						   "state", "switches" };
	static const char *const backend_keys[] = { "name", "state" };
	static const char *const policy_keys[] = { "target", "provider",
						   "reason" };
	const json_t *status = json_object_get(event, "status");
	const json_t *backend = json_object_get(event, "backend");
	const json_t *policy = json_object_get(event, "policy");
	size_t i;

	fputs(json_string_value(json_object_get(event, "time")), stdout);
	putchar(' ');
	fputs(json_string_value(json_object_get(event, "event")), stdout);
	for (i = 0; status && i < 4; i++)
		print_pair(status_keys[i],
			   json_object_get(status, status_keys[i]));
	for (i = 0; backend && i < 2; i++)
		print_pair(backend_keys[i],
			   json_object_get(backend, backend_keys[i]));
	for (i = 0; policy && i < 3; i++)
		print_pair(policy_keys[i],
			   json_object_get(policy, policy_keys[i]));
	print_pair("last-error",
		   json_object_get(status ?: backend, "last-error"));
	putchar('\n');
	fflush(stdout);
}

static void emit(json_t *event)
{
	if (out_is_json()) {
		out_line(event);
		return;
	}
	print_event(event);
	json_decref(event);
}

static void emit_status(const char *name, const struct vmi_status *status)
{
	json_t *event = new_event(name);

	json_put(event, "status", status_complete(status));
	emit(event);
}

static void emit_object(const char *name, const char *key,
			const struct vmi_object *object)
{
	json_t *event = new_event(name);

	json_put(event, key, attrs_object(object));
	emit(event);
}

static void emit_event(struct vmi_event *event)
{
	if (event->status)
		emit_status("status-ntf", event->status);
	else if (event->backend)
		emit_object("backend-ntf", "backend", &event->backend->object);
	else
		emit_object("policy-ntf", "policy", &event->policy->object);
	vmi_free(event);
}

/*
 * The kernel drops events that nobody fetches in time. What they would have
 * said is in the state of things, which is reported under the names of the
 * requests that read it.
 */
static int resynchronise(struct vmi *vmi)
{
	struct vmi_backend *backends, *backend;
	struct vmi_policy *policies, *policy;
	struct vmi_status *status;
	int ret;

	out_warning("events were lost; resynchronising");
	emit(new_event("lost"));

	ret = kernel_result(vmi_get_status(vmi, &status));
	if (ret)
		return ret;
	emit_status("status-get", status);
	vmi_free(status);

	ret = kernel_result(vmi_list_backends(vmi, &backends));
	if (ret)
		return ret;
	vmi_for_each(backend, backends)
		emit_object("backend-get", "backend", &backend->object);
	vmi_free(backends);

	ret = kernel_result(vmi_list_policies(vmi, &policies));
	if (ret)
		return ret;
	vmi_for_each(policy, policies)
		emit_object("policy-get", "policy", &policy->object);
	vmi_free(policies);
	return 0;
}

/*
 * All events that wait, since poll() need not report them again. Those behind
 * the news of a loss are from before it: the kernel keeps no more until its
 * queue is empty. The state comes after them, for it would not be true any more
 * if they came after it.
 */
static int receive(struct vmi *vmi)
{
	struct vmi_event *event;
	bool lost = false;
	int err;

	for (;;) {
		err = vmi_next_event(vmi, &event);
		switch (err) {
		case 0:
			emit_event(event);
			break;
		case -EAGAIN:
			return lost ? resynchronise(vmi) : 0;
		case -ENOBUFS:
			lost = true;
			break;
		case -EBADMSG:
			out_warning("ignored a malformed event");
			break;
		default:
			return kernel_result(err);
		}
	}
}

static int follow(struct vmi *vmi, const struct waiter *waiter)
{
	unsigned int happened;
	int ret;

	for (;;) {
		ret = wait_next(waiter, &happened);
		if (ret || happened & WAIT_END)
			return ret;
		if (happened & WAIT_EVENT)
			ret = receive(vmi);
		if (ret)
			return ret;
	}
}

int cmd_monitor(int argc, char **argv)
{
	struct waiter waiter;
	struct vmi *vmi;
	int ret;

	ret = no_arguments(argc, argv);
	if (!ret)
		ret = kernel_open(&vmi);
	if (!ret)
		ret = kernel_result(vmi_subscribe(vmi));
	if (!ret)
		ret = wait_begin(&waiter);
	if (ret)
		return ret;

	waiter.events = vmi_event_fd(vmi);
	if (!out_is_json())
		fputs("Monitoring, press Ctrl-C to stop.\n", stderr);
	ret = follow(vmi, &waiter);
	wait_end(&waiter);
	return ret;
}
