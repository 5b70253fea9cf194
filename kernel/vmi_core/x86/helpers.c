// SPDX-License-Identifier: GPL-2.0-only
/*
 * Helpers for backends: the kernel's paravirtual queued spinlock, and the argument of
 * tlb.flush_multi, whose structure the kernel does not show to modules
 */

#include <linux/export.h>
#include <linux/mm_types.h>
#include <linux/percpu.h>

#include <asm/io.h>
#include <asm/paravirt.h>
#include <asm/processor-flags.h>
#include <asm/qspinlock.h>
#include <asm/tlbflush.h>

#include <linux/vmi.h>

void vmi_pv_lock_slowpath(struct qspinlock *lock, u32 val)
{
	__pv_queued_spin_lock_slowpath(lock, val);
}
EXPORT_SYMBOL_GPL(vmi_pv_lock_slowpath);

/* thunks.S has the function. modversions need an export with its prototype. */
EXPORT_SYMBOL_GPL(__raw_callee_save_vmi_pv_lock_unlock);

/**
 * vmi_tlb_describe() - what is to be flushed
 * @info: argument of tlb.flush_multi
 * @flush: gets it
 */
void vmi_tlb_describe(const struct flush_tlb_info *info,
		      struct vmi_tlb_flush *flush)
{
	*flush = (struct vmi_tlb_flush) {
		.cr3		= info->mm ? virt_to_phys(info->mm->pgd) &
					     CR3_ADDR_MASK : 0,
		.start		= info->start,
		.end		= info->end,
		.freed_tables	= info->freed_tables,
	};
}
EXPORT_SYMBOL_GPL(vmi_tlb_describe);

/**
 * vmi_tlb_is_lazy() - does a CPU keep an mm that it does not use?
 * @cpu: the CPU
 *
 * Such a CPU looks for missed flushes before it uses the mm again, so it need not
 * be flushed, unless page tables are freed, which it might walk speculatively.
 */
bool vmi_tlb_is_lazy(int cpu)
{
	return per_cpu(cpu_tlbstate_shared.is_lazy, cpu);
}
EXPORT_SYMBOL_GPL(vmi_tlb_is_lazy);
