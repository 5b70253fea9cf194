/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_SWITCH_H
#define _VMI_SWITCH_H

#include "table.h"

int vmi_switch(struct vmi_table *table, const char *name, const char *choice,
	       struct vmi_error *error);

#endif /* _VMI_SWITCH_H */
