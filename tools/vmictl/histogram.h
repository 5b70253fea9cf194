/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_HISTOGRAM_H
#define VMICTL_HISTOGRAM_H

#include <stdint.h>

#include "lib/vmi.h"

/* Count the numbers in the buckets that end at or below @to. */
uint64_t histogram_count(const struct vmi_histogram *histogram, uint64_t to);

/* Print the histograms of the ops that @target includes. */
int show_histograms(const char *target);

#endif /* VMICTL_HISTOGRAM_H */
