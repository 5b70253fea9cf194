/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_OPTIONS_H
#define VMICTL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* Options that are for some commands only, as bits. */
enum {
	OPTION_INTERVAL = 1,
	OPTION_COUNT = 2,
	OPTION_PER_CPU = 4,
	/* The format openmetrics; JSON is an option of all commands. */
	OPTION_FORMAT = 8,
	OPTION_HISTOGRAM = 16,
};

struct options {
	/* First unknown option, as a word or a letter; NULL if none. */
	const char *unknown;
	const char *batch;
	bool version;
	bool help;
	/* Bits of the options that were given. */
	unsigned int given;
	uint64_t interval_ns;
	/* Number of readings; 0 for no limit. */
	unsigned long count;
};

extern const char options_help[];

/* Parse the options of the program. The remaining words begin at optind. */
int options_parse(int argc, char **argv);

const struct options *options_get(void);

/*
 * Reject an unknown option, and list the valid ones: those of all commands and
 * those in the bits @allowed.
 */
int options_known(unsigned int allowed);

/* Reject an option that is not in @allowed, with a message about @who. */
int options_allow(const char *who, unsigned int allowed);

#endif /* VMICTL_OPTIONS_H */
