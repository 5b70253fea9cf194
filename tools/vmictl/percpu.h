/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_PERCPU_H
#define VMICTL_PERCPU_H

/* Print the counters of the ops that @target includes, CPU by CPU. */
int show_per_cpu(const char *target);

#endif /* VMICTL_PERCPU_H */
