/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_X86_INLINE_SITE_H
#define _VMI_X86_INLINE_SITE_H

#include <asm/vmi_site.h>

#include "../table.h"

/* SITE(op, native function, opcode): the ops with inline sites */
#define VMI_INLINE_SITES(SITE)				\
	SITE(irq_save_fl, vmi_native_irq_save_fl, 0x9c)	\
	SITE(irq_disable, vmi_native_irq_disable, 0xfa)	\
	SITE(irq_enable, vmi_native_irq_enable, 0xfb)

/* inline_thunks.S */
#define VMI_DECLARE_ENTRY(op, ...)	void vmi_enter_##op(void);
VMI_INLINE_SITES(VMI_DECLARE_ENTRY)
#undef VMI_DECLARE_ENTRY

#ifdef CONFIG_VMI_LOWLEVEL
void vmi_hook_sites(vmi_opmask_t ops);
unsigned int vmi_wrong_sites(vmi_opmask_t hooked, unsigned int *nr);
#else
static inline void vmi_hook_sites(vmi_opmask_t ops) { }
#endif

#endif /* _VMI_X86_INLINE_SITE_H */
