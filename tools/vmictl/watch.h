/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_WATCH_H
#define VMICTL_WATCH_H

#include "options.h"

/* What an interval is if nobody says, in nanoseconds. */
#define WATCH_INTERVAL_NS 1000000000

/*
 * Print the counters that @target includes at each interval, with what happened
 * since the reading before, as often as the options say or until told to stop.
 */
int watch_counters(const char *target, const struct options *options);

#endif /* VMICTL_WATCH_H */
