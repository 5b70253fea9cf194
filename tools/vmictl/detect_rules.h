/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_DETECT_RULES_H
#define VMICTL_DETECT_RULES_H

#include "detect.h"

enum confidence {
	/* No evidence for either answer. */
	NONE,
	/* Kernels use the feature under conditions not checked here. */
	GUESS,
	/* Likely: kernels use the feature wherever they can, for example. */
	LIKELY,
	/* Conclusive evidence. */
	CERTAIN,
};

enum trace {
	NO_TRACE,
	/* A clocksource with this name is registered. */
	CLOCKSOURCE,
	/* CPU 0 uses the clock event device with this name. */
	CLOCKEVENT,
	/* /proc/interrupts has a row with this name. */
	INTERRUPT,
	/* Time was stolen, which shows only if the kernel counts it. */
	STEAL,
	/* The cpuidle driver has this name. */
	CPUIDLE,
};

/*
 * The evidence for the use of a feature. The first of these decides: a
 * registered clocksource, the provider of VMI's op, another trace, a word on
 * the boot line that turns the feature off, the absence of the trace, Linux's
 * habit.
 */
struct rule {
	enum hypervisor_kind kind;
	const char *feature;
	enum trace trace;
	const char *traces[3];
	const char *op;
	const char *off[3];
	enum confidence habit;
};

/* An entry without a feature ends the rules. */
extern const struct rule detect_rules[];

#endif /* VMICTL_DETECT_RULES_H */
