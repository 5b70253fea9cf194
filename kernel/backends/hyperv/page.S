/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The memory under the hypercall page
 *
 * The host lays its code over this page, or writes it there, when the backend tells
 * it to. It has to be text, which is the only executable memory that a module has.
 * Without the host's code the page is a hypercall that fails: a CPU that is in the
 * host's code when the page is taken back comes back to somewhere in the sled, and
 * does natively what it may have done already, which is harmless for the calls made
 * here. A host that wrote its code here, and leaves it, makes it a call that fails as
 * well; see vmi_hyperv_call().
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
	.fill 64, 1, 0x90
	movl $STATUS_INVALID_HYPERCALL_CODE, %eax
	ANNOTATE_UNRET_SAFE
	ret
	.balign PAGE_SIZE, 0xcc
SYM_CODE_END(vmi_hyperv_page)
