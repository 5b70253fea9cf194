/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_WAIT_H
#define VMICTL_WAIT_H

#include <stdint.h>

/* What has happened, as bits. */
enum {
	WAIT_EVENT = 1,
	/* Told to stop by a signal, or nobody reads what is printed. */
	WAIT_END = 2,
	WAIT_TIMER = 4,
	WAIT_KEY = 8,
	WAIT_RESIZE = 16,
};

/* What is waited for: file descriptors, or -1. */
struct waiter {
	int events;
	int signals;
	int timer;
	int keys;
};

/* From here on SIGINT and SIGTERM end no more than the waiting. */
int wait_begin(struct waiter *waiter);
void wait_end(struct waiter *waiter);

/* Wait for the end of each interval from now on, too. */
int wait_every(struct waiter *waiter, uint64_t interval_ns);
void wait_no_more(struct waiter *waiter);

/*
 * Wait for what comes from a terminal: keys, another size, and two more signals
 * that end it.
 */
int wait_screen(struct waiter *waiter);

/* Sleep until something happens, and store what. */
int wait_next(const struct waiter *waiter, unsigned int *happened);

#endif /* VMICTL_WAIT_H */
