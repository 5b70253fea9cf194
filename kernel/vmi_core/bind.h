/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_BIND_H
#define _VMI_BIND_H

#include "table.h"

void vmi_bind_wanted(struct vmi_table *table);

#endif /* _VMI_BIND_H */
