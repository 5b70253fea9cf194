/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_COUNTERS_H
#define VMICTL_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "lib/vmi.h"

/* The counters of all ops at one time; without ops it is none yet. */
struct reading {
	struct vmi_op_stats *ops;
	uint64_t taken_ns;
};

/*
 * What happened to an op between two readings. It is not known if there is
 * only one, or if the counter was reset.
 */
struct change {
	bool known;
	uint64_t calls;
	double rate;
	/* Calls that were measured meanwhile, and the cycles they took. */
	uint64_t measured;
	uint64_t cycles;
};

uint64_t monotonic_ns(void);

/* Return: as functions of libvmi. */
int reading_take(struct vmi *vmi, struct reading *reading);
void reading_free(struct reading *reading);

/* That may be over when it is tried again. */
bool reading_may_pass(int err);

/* Make @next, which is taken over, the last, and forget the one before that. */
void reading_add(const struct reading *next, struct reading *last,
		 struct reading *before);
/* The same with one that is taken now. */
int reading_next(struct vmi *vmi, struct reading *last, struct reading *before);

double reading_seconds(const struct reading *last,
		       const struct reading *before);

struct change change_of(const struct vmi_op_stats *op,
			const struct reading *last,
			const struct reading *before);
/* The calls of each of its CPUs, in their order; to be freed. */
struct change *changes_on_cpus(const struct vmi_op_stats *op,
			       const struct reading *last,
			       const struct reading *before);
/* What a call took on average, of those that were measured; there has to be one. */
uint64_t mean_cycles(const struct change *change);

size_t count_cpus(const struct vmi_op_stats *op);

/* The op of that name in a list, or NULL. */
const struct vmi_op *find_op(const struct vmi_op *ops, const char *name);

/* Whether @target, a group, an op or NULL for all, includes an op. */
bool is_selected(const struct vmi_op *op, const char *target);
bool is_included(const char *group, const char *op, const char *target);

/* Refuse a @target that includes no op. */
int check_target(const struct vmi_op *ops, const char *target);

/* The counters of all ops, unless @target includes none. Says what is wrong. */
int list_counters(const char *target, struct vmi_op_stats **stats);

#endif /* VMICTL_COUNTERS_H */
