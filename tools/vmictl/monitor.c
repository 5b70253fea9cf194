// SPDX-License-Identifier: GPL-2.0-only
/* vmictl monitor: print a line for every event, until a signal ends it. */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attrs.h"
#include "counters.h"
#include "kernel.h"
#include "out.h"
#include "status.h"
#include "timestamp.h"
#include "vmictl.h"
#include "wait.h"

#define RETRY_NS 1000000000

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
	static const char *const op_keys[] = { "name", "provider", "policy" };
	const json_t *status = json_object_get(event, "status");
	const json_t *backend = json_object_get(event, "backend");
	const json_t *op = json_object_get(event, "op");
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
	for (i = 0; op && i < 3; i++)
		print_pair(op_keys[i], json_object_get(op, op_keys[i]));
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
	else if (event->op)
		emit_object("op-ntf", "op", &event->op->object);
	vmi_free(event);
}

struct monitor {
	struct vmi *vmi;
	struct waiter waiter;
	/* Events were dropped, so the state has to be read. */
	bool stale;
};

/* The state that replaces the events that were dropped. */
struct state {
	struct vmi_status *status;
	struct vmi_backend *backends;
	struct vmi_op *ops;
};

static int read_state(struct vmi *vmi, struct state *state)
{
	int err;

	err = vmi_get_status(vmi, &state->status);
	if (!err)
		err = vmi_list_backends(vmi, &state->backends);
	if (!err)
		err = vmi_list_ops(vmi, &state->ops);
	return err;
}

static void emit_state(const struct state *state)
{
	const struct vmi_backend *backend;
	const struct vmi_op *op;

	emit_status("status-get", state->status);
	vmi_for_each(backend, state->backends)
		emit_object("backend-get", "backend", &backend->object);
	vmi_for_each(op, state->ops)
		if (strcmp(op->policy, "default"))
			emit_object("op-get", "op", &op->object);
}

/*
 * Print the current state in place of events that the kernel has dropped, since
 * they were not fetched in time. The state has the names of the requests that
 * read it, and is printed completely or not at all. The cause of the drop can
 * also make these requests fail; then a timer repeats them until they succeed.
 */
static int resynchronise(struct monitor *monitor)
{
	struct state state = {};
	int ret = 0, err;

	err = read_state(monitor->vmi, &state);
	if (reading_may_pass(err)) {
		out_warning("%s; trying again", vmi_strerror(monitor->vmi));
		if (monitor->waiter.timer < 0)
			ret = wait_every(&monitor->waiter, RETRY_NS);
	} else {
		ret = kernel_result(err);
		if (!ret)
			emit_state(&state);
		monitor->stale = false;
		wait_no_more(&monitor->waiter);
	}
	vmi_free(state.status);
	vmi_free(state.backends);
	vmi_free(state.ops);
	return ret;
}

static void tell_loss(void)
{
	out_warning("events were lost; resynchronising");
	emit(new_event("lost"));
}

/*
 * Fetch all pending events, since poll() need not report them again. Events
 * that follow the report of a drop are older than the drop: the kernel queues
 * no more until its queue is empty. The state is printed after these older
 * events, which would otherwise contradict it.
 */
static int receive(struct monitor *monitor)
{
	struct vmi_event *event;
	bool lost = false;
	int err;

	for (;;) {
		err = vmi_next_event(monitor->vmi, &event);
		switch (err) {
		case 0:
			emit_event(event);
			break;
		case -EAGAIN:
			if (lost)
				tell_loss();
			monitor->stale |= lost;
			return 0;
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

static int follow(struct monitor *monitor)
{
	unsigned int happened;
	int ret;

	for (;;) {
		ret = wait_next(&monitor->waiter, &happened);
		if (ret || happened & WAIT_END)
			return ret;
		if (happened & WAIT_EVENT)
			ret = receive(monitor);
		if (!ret && monitor->stale &&
		    happened & (WAIT_EVENT | WAIT_TIMER))
			ret = resynchronise(monitor);
		if (ret)
			return ret;
	}
}

int cmd_monitor(int argc, char **argv)
{
	struct monitor monitor = {};
	int ret;

	ret = no_arguments(argc, argv);
	if (!ret)
		ret = kernel_open(&monitor.vmi);
	if (!ret)
		ret = kernel_result(vmi_subscribe(monitor.vmi));
	if (!ret)
		ret = wait_begin(&monitor.waiter);
	if (ret)
		return ret;

	monitor.waiter.events = vmi_event_fd(monitor.vmi);
	if (!out_is_json())
		fputs("Monitoring, press Ctrl-C to stop.\n", stderr);
	ret = follow(&monitor);
	wait_end(&monitor.waiter);
	return ret;
}
