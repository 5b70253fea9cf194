/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_STATUS_H
#define VMICTL_STATUS_H

#include <jansson.h>

#include "lib/vmi.h"

/* Return the status as it appears in documents. */
json_t *status_complete(const struct vmi_status *said);

#endif /* VMICTL_STATUS_H */
