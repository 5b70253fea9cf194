// SPDX-License-Identifier: GPL-2.0-only
/* vmictl monitor: a line for every event, until it is told to stop. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "attrs.h"
#include "kernel.h"
#include "out.h"
#include "status.h"
#include "vmictl.h"

#define NSEC_PER_USEC 1000

enum {
	FD_EVENTS,
	FD_SIGNALS,
	FD_STDOUT,
	FD_COUNT,
};

static json_t *timestamp(void)
{
	char date[sizeof("2000-01-01T00:00:00") + 16], *text;
	struct timespec now;
	json_t *string;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(date, sizeof(date), "%FT%T", &tm);
	if (asprintf(&text, "%s.%06ldZ", date, now.tv_nsec / NSEC_PER_USEC) < 0)
		check_alloc(NULL);
	string = check_alloc(json_string(text));
	free(text);
	return string;
}

static json_t *new_event(const char *name)
{
	json_t *event = check_alloc(json_object());

	json_put(event, "timestamp", timestamp());
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
	const json_t *status = json_object_get(event, "status");
	const json_t *backend = json_object_get(event, "backend");
	size_t i;

	fputs(json_string_value(json_object_get(event, "timestamp")), stdout);
	putchar(' ');
	fputs(json_string_value(json_object_get(event, "event")), stdout);
	for (i = 0; status && i < 4; i++)
		print_pair(status_keys[i],
			   json_object_get(status, status_keys[i]));
	for (i = 0; backend && i < 2; i++)
		print_pair(backend_keys[i],
			   json_object_get(backend, backend_keys[i]));
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

static void emit_backend(const char *name, const struct vmi_backend *backend)
{
	json_t *event = new_event(name);

	json_put(event, "backend", attrs_object(&backend->object));
	emit(event);
}

static void emit_event(struct vmi_event *event)
{
	if (event->status)
		emit_status("status-ntf", event->status);
	else
		emit_backend("backend-ntf", event->backend);
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
		emit_backend("backend-get", backend);
	vmi_free(backends);
	return 0;
}

/* All events that wait, since poll() need not report them again. */
static int receive(struct vmi *vmi)
{
	struct vmi_event *event;
	int ret = 0;
	int err;

	while (!ret) {
		err = vmi_next_event(vmi, &event);
		switch (err) {
		case 0:
			emit_event(event);
			break;
		case -EAGAIN:
			return 0;
		case -ENOBUFS:
			ret = resynchronise(vmi);
			break;
		case -EBADMSG:
			out_warning("ignored a malformed event");
			break;
		default:
			ret = kernel_result(err);
		}
	}
	return ret;
}

static int catch_signals(void)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* A reader that leaves is the usual end, not an accident. */
	signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (fd < 0)
		out_error(VMI_EXIT_REFUSED, "cannot wait for signals: %s",
			  strerror(errno));
	return fd;
}

/* Of a pipe without a reader, poll() reports an error. */
static bool stdout_is_broken(void)
{
	struct pollfd fd = { STDOUT_FILENO, 0, 0 };

	if (poll(&fd, 1, 0) > 0 && fd.revents & (POLLERR | POLLHUP)) {
		out_reader_left();
		return true;
	}
	return ferror(stdout);
}

static int follow(struct vmi *vmi, int signals)
{
	struct pollfd fds[FD_COUNT] = {
		[FD_EVENTS] = { vmi_event_fd(vmi), POLLIN, 0 },
		[FD_SIGNALS] = { signals, POLLIN, 0 },
		[FD_STDOUT] = { STDOUT_FILENO, 0, 0 },
	};
	int ret = 0;

	while (!ret && !stdout_is_broken()) {
		if (poll(fds, FD_COUNT, -1) < 0) {
			if (errno == EINTR)
				continue;
			return out_error(VMI_EXIT_REFUSED,
					 "cannot wait for events: %s",
					 strerror(errno));
		}
		if (fds[FD_SIGNALS].revents)
			break;
		if (fds[FD_EVENTS].revents)
			ret = receive(vmi);
	}
	return ret;
}

int cmd_monitor(int argc, char **argv)
{
	struct vmi *vmi;
	int signals;
	int ret;

	ret = no_arguments(argc, argv);
	if (!ret)
		ret = kernel_open(&vmi);
	if (!ret)
		ret = kernel_result(vmi_subscribe(vmi));
	if (ret)
		return ret;

	signals = catch_signals();
	if (signals < 0)
		return VMI_EXIT_REFUSED;
	if (!out_is_json())
		fputs("Monitoring, press Ctrl-C to stop.\n", stderr);
	ret = follow(vmi, signals);
	close(signals);
	return ret;
}
