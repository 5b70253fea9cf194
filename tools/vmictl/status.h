/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_STATUS_H
#define VMICTL_STATUS_H

#include <jansson.h>

/*
 * The status as documents show it, made from a decoded status message, whose
 * reference is taken over.
 */
json_t *status_complete(json_t *message);

#endif /* VMICTL_STATUS_H */
