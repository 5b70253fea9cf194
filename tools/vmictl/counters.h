/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_COUNTERS_H
#define VMICTL_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "lib/vmi.h"

/* Counters of all ops at one time; @ops is NULL before the first reading. */
struct reading {
	struct vmi_op_stats *ops;
	uint64_t taken_ns;
};

/*
 * The change of an op's counters between two readings. @known is false if there
 * is only one reading, or if the counter was reset.
 */
struct change {
	bool known;
	uint64_t calls;
	double rate;
	/* Calls measured between the readings, and the cycles they took. */
	uint64_t measured;
	uint64_t cycles;
};

uint64_t monotonic_ns(void);

/* Take a reading. Return: 0 or a negative errno, as from libvmi. */
int reading_take(struct vmi *vmi, struct reading *reading);
void reading_free(struct reading *reading);

/* Return whether the error is transient, so that the next try may succeed. */
bool reading_may_pass(int err);

/*
 * Make @next the last reading and the last one @before, and free the old
 * @before. The data of @next belongs to @last from then on.
 */
void reading_add(const struct reading *next, struct reading *last,
		 struct reading *before);
/* Take a reading and add it with reading_add(). */
int reading_next(struct vmi *vmi, struct reading *last, struct reading *before);

double reading_seconds(const struct reading *last,
		       const struct reading *before);

struct change change_of(const struct vmi_op_stats *op,
			const struct reading *last,
			const struct reading *before);
/* Return the change on each CPU, in the order of the list. Free the result. */
struct change *changes_on_cpus(const struct vmi_op_stats *op,
			       const struct reading *last,
			       const struct reading *before);
/* Mean cycles of the measured calls. @change must have at least one. */
uint64_t mean_cycles(const struct change *change);

size_t count_cpus(const struct vmi_op_stats *op);

/* Find an op in a list by its name; NULL if there is none. */
const struct vmi_op *find_op(const struct vmi_op *ops, const char *name);

/* Whether @target, a group, an op or NULL for all, includes an op. */
bool is_selected(const struct vmi_op *op, const char *target);
bool is_included(const char *group, const char *op, const char *target);

/* Reject a @target that includes no op. */
int check_target(const struct vmi_op *ops, const char *target);

/* List the counters of all ops. Fail if @target includes no op. */
int list_counters(const char *target, struct vmi_op_stats **stats);

#endif /* VMICTL_COUNTERS_H */
