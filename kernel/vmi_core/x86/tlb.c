// SPDX-License-Identifier: GPL-2.0-only
/*
 * The argument of tlb.flush_multi, for backends
 *
 * The kernel does not export the structure to modules, nor which CPUs are lazy.
 */

#include <linux/export.h>
#include <linux/mm_types.h>
#include <linux/percpu.h>

#include <asm/io.h>
#include <asm/processor-flags.h>
#include <asm/tlbflush.h>

#include <linux/vmi.h>

/**
 * vmi_tlb_describe() - what is to be flushed
 * @info: argument of tlb.flush_multi
 * @flush: gets it
 *
 * Context: any.
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
 *
 * Context: any.
 */
bool vmi_tlb_is_lazy(int cpu)
{
	return per_cpu(cpu_tlbstate_shared.is_lazy, cpu);
}
EXPORT_SYMBOL_GPL(vmi_tlb_is_lazy);
