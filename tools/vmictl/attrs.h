/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_ATTRS_H
#define VMICTL_ATTRS_H

#include <jansson.h>

#include "lib/vmi.h"

/*
 * Convert an object to JSON. The keys are the names of the spec, in its order;
 * an absent attribute has no key.
 */
json_t *attrs_object(const struct vmi_object *object);

/* Convert each object of a libvmi list to JSON, and free the list. */
json_t *attrs_rows(void *list);

#endif /* VMICTL_ATTRS_H */
