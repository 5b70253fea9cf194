/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counting thunks, one for each op, and functions that have to keep all registers
 *
 * A thunk adds 1 to the counter of its op on this CPU and goes on to the
 * provider. It touches no register, so it suits every calling convention, and
 * one instruction does the counting, so it is exact against interrupts and NMIs,
 * and may run where nothing may be instrumented.
 */

#include <linux/export.h>
#include <linux/linkage.h>
#include <linux/vmi_ops.h>

#include <asm/percpu.h>

	.section .noinstr.text, "ax"

	.set vmi_op, 0

#define VMI_THUNK(group, name, ...)					      \
	SYM_FUNC_START(vmi_count_##group##_##name);			      \
	incq PER_CPU_VAR(vmi_op_calls + 8 * vmi_op);			      \
	jmp __SCT__vmi_target_##group##_##name;				      \
	SYM_FUNC_END(vmi_count_##group##_##name);			      \
	.set vmi_op, vmi_op + 1;					      \
	.pushsection .discard.addressable, "aw";			      \
	.quad __SCK__vmi_target_##group##_##name;			      \
	.popsection;

VMI_OPS(VMI_THUNK)

/*
 * The native ones, which do what the kernel inlines. The first byte of a lock says
 * whether somebody holds it.
 */
	.section .spinlock.text, "ax"
SYM_FUNC_START(__raw_callee_save_vmi_native_lock_unlock)
	movb $0, (%rdi)
	RET
SYM_FUNC_END(__raw_callee_save_vmi_native_lock_unlock)

	.text
SYM_FUNC_START(__raw_callee_save_vmi_native_lock_vcpu_is_preempted)
	xorl %eax, %eax
	RET
SYM_FUNC_END(__raw_callee_save_vmi_native_lock_vcpu_is_preempted)

/* The kernel's thunk keeps all registers, and so does a jump to it. */
	.section .spinlock.text, "ax"
SYM_FUNC_START(__raw_callee_save_vmi_pv_lock_unlock)
	jmp __raw_callee_save___pv_queued_spin_unlock
SYM_FUNC_END(__raw_callee_save_vmi_pv_lock_unlock)
EXPORT_SYMBOL_GPL(__raw_callee_save_vmi_pv_lock_unlock)
