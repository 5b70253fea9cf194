/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Thunks, two for each op, and functions that have to keep all registers
 *
 * The counting thunk adds 1 to the counter of its op on this CPU and goes on to
 * the provider. It touches no register, so it suits every calling convention, and
 * one instruction does the counting, so it is exact against interrupts and NMIs,
 * and may run where nothing may be instrumented.
 *
 * The measuring thunk is as exact, and may run in the same places, but it calls the provider,
 * and adds 1 to the bucket for the cycles that this took. The timestamp is on the stack
 * meanwhile, where an interrupt, an NMI or a sleep cannot touch it. MEASURE says which
 * registers it needs.
 */

#include <linux/cfi_types.h>
#include <linux/linkage.h>
#include <linux/vmi_ops.h>

#include <asm/frame.h>
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

/* RDTSC alone can come before instructions that are before it. */
.macro READ_TSC
	lfence
	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
.endm

/*
 * The first two arguments are all that an op with a mask has, and it has the normal
 * calling convention.
 */
.macro RECORD_TARGETS
	pushq	%rdi
	pushq	%rsi
	movl	$vmi_op, %esi
	call	vmi_record_targets
	popq	%rsi
	popq	%rdi
.endm

.macro RECORD_NOTHING
.endm

#define VMI_RECORD_NONE		RECORD_NOTHING
#define VMI_RECORD_ALL		RECORD_TARGETS
#define VMI_RECORD_OTHERS	RECORD_TARGETS

/*
 * When the provider is entered, all registers but RAX are as the call site has them
 * (but for what a mask's op may lose to RECORD_TARGETS). When this returns, they are
 * as the provider leaves them, RAX included, and RCX, RDX and RSI are what they were
 * at first: an op of any calling convention can live with that.
 *
 * A task may end on another CPU than it began on, one whose time stamp counter is
 * behind. That took no time at all, then.
 */
.macro MEASURE target:req record:req
	FRAME_BEGIN
	incq	PER_CPU_VAR(vmi_op_calls + 8 * vmi_op)
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	\record
	READ_TSC
	pushq	%rax
	movq	16(%rsp), %rdx
	call	\target

	movq	%rax, %rsi
	READ_TSC
	popq	%rdx
	xorl	%ecx, %ecx
	subq	%rdx, %rax
	cmovbq	%rcx, %rax

	/* VMI_HISTOGRAM_LATENCY is the first, and so is the sum in it. */
	movq	(vmi_histograms + 8 * vmi_op)(%rip), %rcx
	addq	%rax, __percpu (%rcx)
	/* How many bits does it have? The 1 is for when it has none. */
	leaq	1(%rax, %rax), %rax
	bsrq	%rax, %rax
	incq	__percpu 8(%rcx, %rax, 8)

	movq	%rsi, %rax
	popq	%rsi
	popq	%rdx
	popq	%rcx
	FRAME_END
	RET
.endm

	.set vmi_op, 0

#define VMI_MEASURE(group, name, kind, mask, ...)			      \
	SYM_FUNC_START(vmi_measure_##group##_##name);			      \
	MEASURE __SCT__vmi_target_##group##_##name VMI_RECORD_##mask;	      \
	SYM_FUNC_END(vmi_measure_##group##_##name);			      \
	.set vmi_op, vmi_op + 1;

VMI_OPS(VMI_MEASURE)

/*
 * Native functions that do what the kernel inlines, for callers in C as well. The first byte of a
 * lock is not 0 while the lock is held.
 */
	.section .spinlock.text, "ax"
SYM_TYPED_FUNC_START(__raw_callee_save_vmi_native_lock_unlock)
	movb $0, (%rdi)
	RET
SYM_FUNC_END(__raw_callee_save_vmi_native_lock_unlock)

	.text
SYM_TYPED_FUNC_START(__raw_callee_save_vmi_native_lock_vcpu_is_preempted)
	xorl %eax, %eax
	RET
SYM_FUNC_END(__raw_callee_save_vmi_native_lock_vcpu_is_preempted)

/* The kernel's thunk keeps all registers, and so does a jump to it. */
	.section .spinlock.text, "ax"
SYM_FUNC_START(__raw_callee_save_vmi_pv_lock_unlock)
	jmp __raw_callee_save___pv_queued_spin_unlock
SYM_FUNC_END(__raw_callee_save_vmi_pv_lock_unlock)
