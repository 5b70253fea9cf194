/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_OPENMETRICS_H
#define VMICTL_OPENMETRICS_H

/* Print what there is to measure, with the ops that @target includes. */
int openmetrics(const char *target);

#endif /* VMICTL_OPENMETRICS_H */
