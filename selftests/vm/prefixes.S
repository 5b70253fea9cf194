/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bare program for a virtual machine, to see that CS prefixes change no instruction
 *
 * It executes the instructions of inline sites as the kernel has them, padded to five bytes, in
 * 64-bit mode and at privilege level 0. One of them writes to memory that is emulated, so that KVM
 * decodes it; M is the control of that. M and R have no prefix. Each writes its letter to the debug
 * console, or '!' if it had another effect. An exception writes 'F' and ends the program.
 *
 * qemu-system-x86_64 -kernel prefixes -debugcon FILE -device isa-debug-exit,iobase=0xf4
 */
#define CONSOLE		0xe9
#define EXIT		0xf4
#define VGA_TEXT	0xb8000
#define EFLAGS_IF	0x200
#define MULTIBOOT	0x1badb002

	.text
	.long	MULTIBOOT, 0, -MULTIBOOT

	.code32
	.globl _start
_start:
	mov	$stack_end, %esp
	/* Identity map of the first 2 MiB. */
	movl	$level3 + 3, level4
	movl	$level2 + 3, level3
	movl	$0x83, level2
	mov	%cr4, %eax
	or	$0x20, %eax
	mov	%eax, %cr4
	mov	$level4, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx
	rdmsr
	or	$0x100, %eax
	wrmsr
	mov	%cr0, %eax
	or	$0x80000001, %eax
	mov	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$8, $long_mode

	.code64
.macro PADDED prefixes, insn:vararg
	.skip	\prefixes, 0x2e
	\insn
.endm

/* Write the letter if the condition holds. */
.macro EXPECT condition, letter
	mov	$\letter, %al
	j\condition 1f
	mov	$'!', %al
1:	out	%al, $CONSOLE
.endm

/* Clear a byte by that register, and nothing beside it. RDI has the address. */
.macro CLEARS register, prefixes, letter
	mov	%rdi, %\register
	movq	$-1, (%rdi)
	.if	\prefixes
	PADDED	\prefixes, movb $0, (%\register)
	.else
	movb	$0, (%\register)
	.endif
	cmpl	$0xffffff00, (%rdi)
	EXPECT	e, \letter
.endm

long_mode:
	mov	$16, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	/* The first 32 vectors. The handler is below 64 KiB * 64 KiB. */
	mov	$idt, %rdi
	mov	$32, %ecx
2:	mov	$exception, %eax
	mov	%ax, (%rdi)
	movl	$0x8e000008, 2(%rdi)
	rol	$16, %eax
	mov	%ax, 6(%rdi)
	add	$16, %rdi
	loop	2b
	lidt	idt_pointer

	/* No interrupt is to come. */
	mov	$0xff, %al
	out	%al, $0x21
	out	%al, $0xa1

	PADDED	4, sti
	PADDED	4, pushfq
	pop	%rax
	test	$EFLAGS_IF, %eax
	EXPECT	nz, 'S'
	PADDED	4, cli
	PADDED	4, pushfq
	pop	%rax
	test	$EFLAGS_IF, %eax
	EXPECT	z, 'C'

	mov	$value, %edi
	CLEARS	rdi, 2, 'U'
	CLEARS	r9, 1, 'N'
	CLEARS	r12, 0, 'R'
	CLEARS	rbp, 1, 'T'

	/* KVM emulates this one. */
	mov	$VGA_TEXT, %rdi
	movb	$0x41, (%rdi)
	cmpb	$0x41, (%rdi)
	EXPECT	e, 'M'
	PADDED	2, movb $0, (%rdi)
	cmpb	$0, (%rdi)
	EXPECT	e, 'E'

	mov	$-1, %rcx
	PADDED	3, xor %ecx, %ecx
	EXPECT	z, 'X'
	mov	$-1, %r9
	PADDED	2, xor %r9d, %r9d
	or	%r9, %rcx
	EXPECT	z, 'Z'

	xor	%eax, %eax
	out	%al, $EXIT
3:	hlt
	jmp	3b

exception:
	mov	$'F', %al
	out	%al, $CONSOLE
	mov	$1, %al
	out	%al, $EXIT
4:	hlt
	jmp	4b

	.data
	.balign 8
gdt:
	.quad	0, 0x00af9a000000ffff, 0x00cf92000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
idt_pointer:
	.word	32 * 16 - 1
	.quad	idt
	.balign 8
value:
	.quad	0

	.bss
	.balign 4096
level4:
	.skip	4096
level3:
	.skip	4096
level2:
	.skip	4096
idt:
	.skip	512
	.skip	4096
stack_end:
