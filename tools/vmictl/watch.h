/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_WATCH_H
#define VMICTL_WATCH_H

#include <stdint.h>

/*
 * Print the counters that @target includes every @interval_ns, with what
 * happened since the reading before, @count times or, if that is 0, until told
 * to stop.
 */
int watch_counters(const char *target, uint64_t interval_ns,
		   unsigned long count);

#endif /* VMICTL_WATCH_H */
