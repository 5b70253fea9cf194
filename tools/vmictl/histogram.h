/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_HISTOGRAM_H
#define VMICTL_HISTOGRAM_H

#include <stdint.h>

#include "lib/vmi.h"

/* How many numbers are in a histogram, of those up to @to. */
uint64_t histogram_count(const struct vmi_histogram *histogram, uint64_t to);

/* Print what was measured of the ops that @target includes. */
int show_histograms(const char *target);

#endif /* VMICTL_HISTOGRAM_H */
