/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_OPENMETRICS_H
#define VMICTL_OPENMETRICS_H

/* Print all metrics, for ops only those that @target includes. */
int openmetrics(const char *target);

#endif /* VMICTL_OPENMETRICS_H */
