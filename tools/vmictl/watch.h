/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_WATCH_H
#define VMICTL_WATCH_H

#include "options.h"

/* Default interval, in nanoseconds. */
#define WATCH_INTERVAL_NS 1000000000

/*
 * Print the counters that @target includes at each interval, with the change
 * since the last reading, as often as @options say or until a signal ends it.
 */
int watch_counters(const char *target, const struct options *options);

#endif /* VMICTL_WATCH_H */
