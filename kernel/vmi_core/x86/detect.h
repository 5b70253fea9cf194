/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_X86_DETECT_H
#define _VMI_X86_DETECT_H

#include "../table.h"

unsigned int vmi_arch_find_layers(struct vmi_layer *layers);

#endif /* _VMI_X86_DETECT_H */
