/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Thunks of inline sites
 *
 * The compiler knows only of the native instruction at a site, so a thunk keeps all registers that
 * the op may change. The arithmetic flags need not survive: the compiler takes them to be lost
 * behind any asm statement. A thunk may run where nothing may be instrumented.
 */

#include <linux/linkage.h>

#include <asm/unwind_hints.h>

	.section .noinstr.text, "ax"

.macro PUSH_REGS
	push	%rax
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
.endm

.macro POP_REGS_BUT_RAX
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
.endm

#define SITE(jump, op)						\
	.pushsection .discard.addressable, "aw";		\
	.quad __SCK__vmi_site_##op;				\
	.popsection;						\
	jump __SCT__vmi_site_##op

SYM_FUNC_START(vmi_enter_irq_disable)
	PUSH_REGS
	SITE(call, irq_disable)
	POP_REGS_BUT_RAX
	pop	%rax
	RET
SYM_FUNC_END(vmi_enter_irq_disable)

SYM_FUNC_START(vmi_enter_irq_enable)
	PUSH_REGS
	SITE(call, irq_enable)
	POP_REGS_BUT_RAX
	pop	%rax
	RET
SYM_FUNC_END(vmi_enter_irq_enable)

/* The stub of the site keeps RAX and RDI, and the op keeps all others. */
SYM_FUNC_START(vmi_enter_lock_unlock)
	SITE(jmp, lock_unlock)
SYM_FUNC_END(vmi_enter_lock_unlock)

/* The argument is on the stack, and the result takes its place. */
SYM_FUNC_START(vmi_enter_lock_vcpu_is_preempted)
	push	%rax
	push	%rdi
	mov	3*8(%rsp), %rdi
	SITE(call, lock_vcpu_is_preempted)
	movzbl	%al, %eax
	mov	%rax, 3*8(%rsp)
	pop	%rdi
	pop	%rax
	RET
SYM_FUNC_END(vmi_enter_lock_vcpu_is_preempted)

/*
 * Return with the flags on the stack, as PUSHF leaves them. They take the place of the return
 * address, of which there is a copy below. From then on the unwinder cannot find the caller: at
 * the POP it takes the flags for the return address, and stops. At the RET, its caller is 8
 * bytes off.
 */
SYM_FUNC_START(vmi_enter_irq_save_fl)
	pushq	(%rsp)
	PUSH_REGS
	SITE(call, irq_save_fl)
	POP_REGS_BUT_RAX
	movq	%rax, 2*8(%rsp)
	pop	%rax
	UNWIND_HINT_FUNC
	RET
SYM_FUNC_END(vmi_enter_irq_save_fl)
