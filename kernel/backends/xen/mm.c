// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page tables that go
 *
 * Where Xen keeps shadows of page tables, it is worth telling it that a process ends:
 * it drops the shadow then, instead of following each entry that is cleared. See
 * HVMOP_pagetable_dying in Xen's public/hvm/hvm_op.h. It is a hint, and its answer of
 * no interest.
 */

#include <linux/mm_types.h>

#include <asm/io.h>
#include <asm/xen/hypercall.h>
#include <xen/interface/hvm/hvm_op.h>
#include <xen/interface/xen.h>

#include "xen.h"

static int hint(phys_addr_t pgd)
{
	struct xen_hvm_pagetable_dying dying = {
		.domid	= DOMID_SELF,
		.gpa	= pgd,
	};

	return HYPERVISOR_hvm_op(HVMOP_pagetable_dying, &dying);
}

void vmi_xen_exit_mmap(struct mm_struct *mm)
{
	hint(virt_to_phys(mm->pgd));
}

/* No page table is at 0. */
bool vmi_xen_wants_dying_pagetables(void)
{
	return hint(0) >= 0;
}
