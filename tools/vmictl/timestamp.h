/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_TIMESTAMP_H
#define VMICTL_TIMESTAMP_H

#include <jansson.h>

/*
 * Return the current time to the microsecond, as a string of one word: in text
 * the local time with its offset from UTC, in JSON UTC as in RFC 3339.
 */
json_t *timestamp(void);

#endif /* VMICTL_TIMESTAMP_H */
