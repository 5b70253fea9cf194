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

#include <linux/genetlink.h>
#include <linux/vmi.h>
#include <netlink/msg.h>

#include "nl.h"
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

static void emit_status(const char *name, json_t *message)
{
	json_t *event = new_event(name);

	json_put(event, "status", status_complete(message));
	emit(event);
}

static void emit_backend(const char *name, json_t *backend)
{
	json_t *event = new_event(name);

	json_put(event, "backend", backend);
	emit(event);
}

static int on_event(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *message = nlmsg_hdr(msg);
	const struct genlmsghdr *header = nlmsg_data(message);
	const struct attr_set *set;
	json_t *body;

	(void)arg;
	if (!vmi_nl_is_ours(message) ||
	    nlmsg_datalen(message) < (int)sizeof(*header))
		return NL_OK;

	/* Events that a newer kernel may send as well are not for us. */
	if (header->cmd == VMI_CMD_STATUS_NTF)
		set = &attrs_status;
	else if (header->cmd == VMI_CMD_BACKEND_NTF)
		set = &attrs_backend;
	else
		return NL_OK;

	body = attrs_decode(set, message);
	if (!body)
		out_warning("ignored a malformed event");
	else if (set == &attrs_status)
		emit_status("status-ntf", body);
	else
		emit_backend("backend-ntf", body);
	return NL_OK;
}

/*
 * The kernel drops events that nobody fetches in time. What they would have
 * said is in the state of things, which is reported under the names of the
 * requests that read it.
 */
static int resynchronise(void)
{
	json_t *status, *backends;
	json_t *backend;
	size_t i;
	int ret;

	out_warning("events were lost; resynchronising");
	emit(new_event("lost"));

	ret = vmi_nl_get(VMI_CMD_STATUS_GET, &attrs_status, "read the status",
			 &status);
	if (ret)
		return ret;
	emit_status("status-get", status);

	ret = vmi_nl_dump(VMI_CMD_BACKEND_GET, &attrs_backend,
			  "list the backends", &backends);
	if (ret)
		return ret;
	json_array_foreach(backends, i, backend)
		emit_backend("backend-get", json_incref(backend));
	json_decref(backends);
	return 0;
}

static int receive(struct nl_sock *events)
{
	int err = nl_recvmsgs_default(events);

	if (err >= 0 || err == -NLE_AGAIN)
		return 0;
	/* libnl has no code for ENOBUFS but this one. */
	if (err == -NLE_NOMEM)
		return resynchronise();
	return out_error(VMI_EXIT_REFUSED, "cannot receive events: %s",
			 nl_geterror(err));
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

static int follow(struct nl_sock *events, int signals)
{
	struct pollfd fds[FD_COUNT] = {
		[FD_EVENTS] = { nl_socket_get_fd(events), POLLIN, 0 },
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
			ret = receive(events);
	}
	return ret;
}

int cmd_monitor(int argc, char **argv)
{
	struct nl_sock *events;
	int signals;
	int ret;

	ret = no_arguments(argc, argv);
	if (ret)
		return ret;
	ret = vmi_nl_subscribe(&events);
	if (ret)
		return ret;
	nl_socket_modify_cb(events, NL_CB_VALID, NL_CB_CUSTOM, on_event, NULL);

	signals = catch_signals();
	if (signals < 0) {
		nl_socket_free(events);
		return VMI_EXIT_REFUSED;
	}
	if (!out_is_json())
		fputs("Monitoring, press Ctrl-C to stop.\n", stderr);
	ret = follow(events, signals);
	close(signals);
	nl_socket_free(events);
	return ret;
}
