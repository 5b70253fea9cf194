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
	/* There is one format only, besides those of all commands. */
	OPTION_FORMAT = 8,
	OPTION_HISTOGRAM = 16,
};

struct options {
	/* The first word, or letter, that is none; NULL if there is none. */
	const char *unknown;
	const char *batch;
	bool version;
	bool help;
	/* Which of the above were given. */
	unsigned int given;
	uint64_t interval_ns;
	/* Readings before the end; 0 is no end. */
	unsigned long count;
};

extern const char options_help[];

/*
 * Take the options out of the words of the program: what is left begins at
 * optind.
 */
int options_parse(int argc, char **argv);

const struct options *options_get(void);

/* Refuse the option that is none, and list those there are with the bits @allowed. */
int options_known(unsigned int allowed);

/* Refuse, in the name of @who, the options that are not in the bits @allowed. */
int options_allow(const char *who, unsigned int allowed);

#endif /* VMICTL_OPTIONS_H */
