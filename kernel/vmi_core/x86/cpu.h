/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_X86_CPU_H
#define _VMI_X86_CPU_H

#include "../table.h"

int vmi_cpus_online(struct vmi_entry *entry);
void vmi_cpus_offline(struct vmi_entry *entry);

#endif /* _VMI_X86_CPU_H */
