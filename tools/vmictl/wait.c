// SPDX-License-Identifier: GPL-2.0-only
/* Waiting, for the commands that go on until they are told to stop. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "out.h"
#include "vmictl.h"
#include "wait.h"

#define NSEC_PER_SEC 1000000000

enum {
	FD_EVENTS,
	FD_SIGNALS,
	FD_TIMER,
	FD_STDOUT,
	FD_COUNT,
};

int wait_begin(struct waiter *waiter)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	/* A reader that leaves is the usual end, not an accident. */
	signal(SIGPIPE, SIG_IGN);
	*waiter = (struct waiter){ .events = -1, .timer = -1 };
	waiter->signals = signalfd(-1, &signals, SFD_CLOEXEC);
	if (waiter->signals < 0)
		return out_error(VMI_EXIT_REFUSED,
				 "cannot wait for signals: %s",
				 strerror(errno));
	return 0;
}

void wait_end(struct waiter *waiter)
{
	close(waiter->signals);
	if (waiter->timer >= 0)
		close(waiter->timer);
}

int wait_every(struct waiter *waiter, uint64_t interval_ns)
{
	const struct timespec interval = {
		.tv_sec = (time_t)(interval_ns / NSEC_PER_SEC),
		.tv_nsec = (long)(interval_ns % NSEC_PER_SEC),
	};
	const struct itimerspec timer = { interval, interval };

	waiter->timer =
		timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (waiter->timer < 0 ||
	    timerfd_settime(waiter->timer, 0, &timer, NULL))
		return out_error(VMI_EXIT_REFUSED, "cannot set a timer: %s",
				 strerror(errno));
	return 0;
}

/* Intervals that were missed are not made up for. */
static bool timer_expired(int fd)
{
	uint64_t intervals;

	return read(fd, &intervals, sizeof(intervals)) > 0;
}

/* Of a pipe without a reader, poll() reports an error. */
static bool stdout_is_broken(short revents)
{
	if (revents & (POLLERR | POLLHUP)) {
		out_reader_left();
		return true;
	}
	return ferror(stdout);
}

int wait_next(const struct waiter *waiter, unsigned int *happened)
{
	struct pollfd fds[FD_COUNT] = {
		[FD_EVENTS] = { waiter->events, POLLIN, 0 },
		[FD_SIGNALS] = { waiter->signals, POLLIN, 0 },
		[FD_TIMER] = { waiter->timer, POLLIN, 0 },
		[FD_STDOUT] = { STDOUT_FILENO, 0, 0 },
	};
	int timeout = ferror(stdout) ? 0 : -1;

	*happened = 0;
	if (poll(fds, FD_COUNT, timeout) < 0) {
		if (errno == EINTR)
			return 0;
		return out_error(VMI_EXIT_REFUSED, "cannot wait: %s",
				 strerror(errno));
	}
	if (fds[FD_EVENTS].revents)
		*happened |= WAIT_EVENT;
	if (fds[FD_TIMER].revents && timer_expired(waiter->timer))
		*happened |= WAIT_TIMER;
	if (fds[FD_SIGNALS].revents || stdout_is_broken(fds[FD_STDOUT].revents))
		*happened |= WAIT_END;
	return 0;
}
