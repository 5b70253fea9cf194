/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_DETECT_RULES_H
#define VMICTL_DETECT_RULES_H

#include "detect.h"

enum confidence {
	/* Nothing speaks for the one or for the other. */
	NONE,
	/* Kernels do so on conditions that are not looked at here. */
	GUESS,
	/* Kernels do so wherever they can. */
	LIKELY,
	/* It could not be otherwise. */
	CERTAIN,
};

enum trace {
	NO_TRACE,
	/* A clocksource is registered. */
	CLOCKSOURCE,
	/* CPU 0 has it as its timer. */
	CLOCKEVENT,
	/* /proc/interrupts has a row of it. */
	INTERRUPT,
	/* Time was stolen, which is seen only if it is counted. */
	STEAL,
	/* The driver that idles. */
	CPUIDLE,
};

/*
 * What tells whether a feature is used: first the provider of VMI's op, then a
 * trace, then a word on the boot line that turns it off, then that the trace is
 * missing, and then Linux's habit.
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

/* Up to one without a feature. */
extern const struct rule detect_rules[];

#endif /* VMICTL_DETECT_RULES_H */
