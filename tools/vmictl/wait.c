// SPDX-License-Identifier: GPL-2.0-only
/* Waiting, for the commands that run until they are stopped. */

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
	FD_KEYS,
	FD_STDOUT,
	FD_COUNT,
};

/* Return whether a signal is ignored, as by a program that nohup started. */
static bool is_ignored(int number)
{
	struct sigaction action;

	return !sigaction(number, NULL, &action) &&
	       action.sa_handler == SIG_IGN;
}

/*
 * Redirect signals to the file descriptor @fd, or to a new one if it is -1. A
 * signal that the program inherited as ignored stays ignored.
 */
static int catch_signals(int fd, const int *numbers, size_t count)
{
	sigset_t signals;
	size_t i;

	sigemptyset(&signals);
	for (i = 0; i < count; i++)
		if (!is_ignored(numbers[i]))
			sigaddset(&signals, numbers[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = signalfd(fd, &signals, SFD_CLOEXEC);
	if (fd < 0)
		out_error(VMI_EXIT_REFUSED, "cannot wait for signals: %s",
			  strerror(errno));
	return fd;
}

int wait_begin(struct waiter *waiter)
{
	static const int signals[] = { SIGINT, SIGTERM };

	/* A reader that closes the pipe is the usual end, not an error. */
	signal(SIGPIPE, SIG_IGN);
	*waiter = (struct waiter){ .events = -1, .timer = -1, .keys = -1 };
	waiter->signals = catch_signals(-1, signals, 2);
	return waiter->signals < 0 ? VMI_EXIT_REFUSED : 0;
}

int wait_screen(struct waiter *waiter)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
				       SIGWINCH };

	waiter->keys = STDIN_FILENO;
	return catch_signals(waiter->signals, signals, 5) < 0 ?
		       VMI_EXIT_REFUSED :
		       0;
}

void wait_no_more(struct waiter *waiter)
{
	if (waiter->timer >= 0)
		close(waiter->timer);
	waiter->timer = -1;
}

void wait_end(struct waiter *waiter)
{
	close(waiter->signals);
	wait_no_more(waiter);
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

/* Return whether an interval ended. Several that ended count as one. */
static bool timer_expired(int fd)
{
	uint64_t intervals;

	return read(fd, &intervals, sizeof(intervals)) > 0;
}

/* poll() reports an error for a pipe without a reader. */
static bool stdout_is_broken(short revents)
{
	if (revents & (POLLERR | POLLHUP)) {
		out_reader_left();
		return true;
	}
	return ferror(stdout);
}

/* Read a signal, and return its bit. */
static unsigned int take_signal(int fd)
{
	struct signalfd_siginfo info;

	if (read(fd, &info, sizeof(info)) != sizeof(info))
		return WAIT_END;
	return info.ssi_signo == SIGWINCH ? WAIT_RESIZE : WAIT_END;
}

int wait_next(const struct waiter *waiter, unsigned int *happened)
{
	struct pollfd fds[FD_COUNT] = {
		[FD_EVENTS] = { waiter->events, POLLIN, 0 },
		[FD_SIGNALS] = { waiter->signals, POLLIN, 0 },
		[FD_TIMER] = { waiter->timer, POLLIN, 0 },
		[FD_KEYS] = { waiter->keys, POLLIN, 0 },
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
	if (fds[FD_SIGNALS].revents)
		*happened |= take_signal(waiter->signals);
	if (fds[FD_KEYS].revents & POLLIN)
		*happened |= WAIT_KEY;
	/* A terminal that hung up is readable as well. */
	if (fds[FD_KEYS].revents & (POLLERR | POLLHUP) ||
	    stdout_is_broken(fds[FD_STDOUT].revents))
		*happened |= WAIT_END;
	return 0;
}
