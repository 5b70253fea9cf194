/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_ATTRS_H
#define VMICTL_ATTRS_H

#include <jansson.h>

#include "lib/vmi.h"

/*
 * An object as JSON, with the names of the spec as keys, in the order of the
 * spec; absent ones are absent.
 */
json_t *attrs_object(const struct vmi_object *object);

/* The same of each object in a list of libvmi, which is freed. */
json_t *attrs_rows(void *list);

#endif /* VMICTL_ATTRS_H */
