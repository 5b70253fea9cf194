/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_PERCPU_H
#define VMICTL_PERCPU_H

#include "lib/vmi.h"
#include "out.h"

/* The title of a column, and the key of what is in it. Free the result. */
char *cpu_key(const struct vmi_cpu_calls *cpu);

/*
 * The @count @columns and, behind them, one for each CPU; @count becomes that of
 * all. All ops have the same CPUs, so any of them will do. Free the result.
 */
struct column *add_cpu_columns(const struct column *columns, size_t *count,
			       const struct vmi_op_stats *op);

/* Print the counters of the ops that @target includes, CPU by CPU. */
int show_per_cpu(const char *target);

#endif /* VMICTL_PERCPU_H */
