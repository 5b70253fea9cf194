/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_PERCPU_H
#define VMICTL_PERCPU_H

#include "lib/vmi.h"
#include "out.h"

/* Return the title of a CPU's column, also the key of its cells. Free it. */
char *cpu_key(const struct vmi_cpu_calls *cpu);

/*
 * Return @columns with one more column for each CPU, and add their number to
 * @count. All ops have the same CPUs, so @op may be any of them. Free the
 * result.
 */
struct column *add_cpu_columns(const struct column *columns, size_t *count,
			       const struct vmi_op_stats *op);

/* Print the counters of the ops that @target includes, CPU by CPU. */
int show_per_cpu(const char *target);

#endif /* VMICTL_PERCPU_H */
