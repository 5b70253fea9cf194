/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_WAIT_H
#define VMICTL_WAIT_H

#include <stdint.h>

/* Bits for the things that can happen. */
enum {
	WAIT_EVENT = 1,
	/* A signal told the program to stop, or the output has no reader. */
	WAIT_END = 2,
	WAIT_TIMER = 4,
	WAIT_KEY = 8,
	WAIT_RESIZE = 16,
};

/* The file descriptors to wait for, or -1. */
struct waiter {
	int events;
	int signals;
	int timer;
	int keys;
};

/* Begin to wait. SIGINT and SIGTERM only end the waiting from now on. */
int wait_begin(struct waiter *waiter);
void wait_end(struct waiter *waiter);

/* Start a timer, and wait for the end of each interval as well. */
int wait_every(struct waiter *waiter, uint64_t interval_ns);
void wait_no_more(struct waiter *waiter);

/*
 * Wait for a terminal as well: for keys, for a new size, and for SIGHUP and
 * SIGQUIT, which also end the waiting.
 */
int wait_screen(struct waiter *waiter);

/* Sleep until something happens, and store its bits in @happened. */
int wait_next(const struct waiter *waiter, unsigned int *happened);

#endif /* VMICTL_WAIT_H */
