/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_TIMESTAMP_H
#define VMICTL_TIMESTAMP_H

#include <jansson.h>

/*
 * The time to the microsecond as a string, in one word: for people the local
 * time with its distance from UTC, in JSON UTC as in RFC 3339.
 */
json_t *timestamp(void);

#endif /* VMICTL_TIMESTAMP_H */
