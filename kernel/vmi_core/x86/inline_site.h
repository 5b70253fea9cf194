/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_X86_INLINE_SITE_H
#define _VMI_X86_INLINE_SITE_H

#include <asm/vmi_site.h>

#include "../table.h"

#define UNLOCK_NATIVE		__raw_callee_save_vmi_native_lock_unlock
#define PREEMPTED_NATIVE	__raw_callee_save_vmi_native_lock_vcpu_is_preempted

/* thunks.S */
void UNLOCK_NATIVE(struct qspinlock *lock);
bool PREEMPTED_NATIVE(long cpu);

/* SITE(op, native function, opcode): the ops with inline sites, each with an opcode of its own */
#define VMI_INLINE_SITES(SITE)				\
	SITE(irq_save_fl, vmi_native_irq_save_fl, 0x9c)	\
	SITE(irq_disable, vmi_native_irq_disable, 0xfa)	\
	SITE(irq_enable, vmi_native_irq_enable, 0xfb)	\
	SITE(lock_unlock, UNLOCK_NATIVE, 0xc6)		\
	SITE(lock_vcpu_is_preempted, PREEMPTED_NATIVE, 0x31)

#define VMI_INLINE_BIT(op, ...)	| VMI_OP_BIT(op)
#define VMI_INLINE_OPS		(0 VMI_INLINE_SITES(VMI_INLINE_BIT))

/* inline_thunks.S */
#define VMI_DECLARE_ENTRY(op, ...)	void vmi_enter_##op(void);
VMI_INLINE_SITES(VMI_DECLARE_ENTRY)
#undef VMI_DECLARE_ENTRY

void vmi_hook_sites(vmi_opmask_t ops);
unsigned int vmi_wrong_sites(vmi_opmask_t *hooked, unsigned int *nr);

#endif /* _VMI_X86_INLINE_SITE_H */
