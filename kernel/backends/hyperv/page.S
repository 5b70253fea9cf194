/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory under the hypercall page
 *
 * The host lays its code over this page, or writes it there, when the backend tells
 * it to. It has to be text, which is the only executable memory that a module has.
 * Without the host's code the page is a hypercall that fails, so that a CPU which is
 * on its way here when the page is taken back goes on natively.
 */

#include <linux/linkage.h>
#include <linux/objtool.h>

#include <asm/nospec-branch.h>
#include <asm/page_types.h>
#include <asm/unwind_hints.h>

#define STATUS_INVALID_HYPERCALL_CODE	2

	.text
	.balign PAGE_SIZE
SYM_CODE_START(vmi_hyperv_page)
	UNWIND_HINT_FUNC
	ANNOTATE_NOENDBR
	movl $STATUS_INVALID_HYPERCALL_CODE, %eax
	ANNOTATE_UNRET_SAFE
	ret
	.balign PAGE_SIZE, 0xcc
SYM_CODE_END(vmi_hyperv_page)
