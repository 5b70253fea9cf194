// SPDX-License-Identifier: GPL-2.0-only
/*
 * TLB shootdown by hypercall
 *
 * See HvCallFlushVirtualAddressSpace, HvCallFlushVirtualAddressList and their Ex
 * forms in the TLFS. The host flushes a vCPU that does not run before it runs again,
 * so nobody waits for it. Such a vCPU may be in the middle of a lockless walk of page
 * tables, so these must be freed by RCU.
 */

#include <linux/bitops.h>
#include <linux/irqflags.h>
#include <linux/minmax.h>
#include <linux/smp.h>

#include <asm/tlbflush.h>

#include "hyperv.h"

/* Hypercalls, counted like those of ipi.c. */
DEFINE_PER_CPU(u64, vmi_hyperv_tlb_uses);

/* An entry of a list: a page, and in its low bits how many follow it. */
#define PAGES_PER_ENTRY	((unsigned long)PAGE_SIZE)
#define BYTES_PER_ENTRY	(PAGES_PER_ENTRY * PAGE_SIZE)

/* Number of entries, or 0 if the list has no room for that many. */
static unsigned int fill_list(u64 *list, unsigned int room,
			      const struct vmi_tlb_flush *what)
{
	unsigned long at = what->start & PAGE_MASK, bytes;
	unsigned int n;

	for (n = 0; at < what->end; n++) {
		if (n == room)
			return 0;
		bytes = min(what->end - at, BYTES_PER_ENTRY);
		list[n] = at | ((bytes - 1) >> PAGE_SHIFT);
		at += bytes;
	}
	return n;
}

static u64 flush_flags(const struct vmi_tlb_flush *what)
{
	if (!what->cr3)
		return HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES;
	return what->end == TLB_FLUSH_ALL ? HV_FLUSH_NON_GLOBAL_MAPPINGS_ONLY : 0;
}

static u64 flush_ex(const struct cpumask *cpus,
		    const struct vmi_tlb_flush *what)
{
	struct hv_tlb_flush_ex *input = vmi_hyperv_input();
	unsigned int n = 0;
	int banks;
	u64 *list;

	if (!(vmi_hyperv.hints & HV_X64_EX_PROCESSOR_MASKS_RECOMMENDED))
		return HV_STATUS_INVALID_PARAMETER;

	input->address_space = what->cr3;
	input->flags = flush_flags(what);
	banks = vmi_hyperv_vpset(&input->hv_vp_set, cpus,
				 what->freed_tables ? NULL : vmi_tlb_is_lazy);
	if (!banks)
		return HV_STATUS_SUCCESS;
	if (banks < 0)
		return HV_STATUS_INVALID_PARAMETER;

	/* The list comes after the banks. */
	list = &input->hv_vp_set.bank_contents[banks];
	if (what->end != TLB_FLUSH_ALL)
		n = fill_list(list, ((void *)input + PAGE_SIZE - (void *)list) /
				    sizeof(*list), what);
	this_cpu_inc(vmi_hyperv_tlb_uses);
	return vmi_hyperv_call(n ? HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX :
				   HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX,
			       banks, n, input);
}

static u64 flush(const struct cpumask *cpus, const struct vmi_tlb_flush *what)
{
	struct hv_tlb_flush *input = vmi_hyperv_input();
	unsigned int n = 0;
	int cpu, vp;

	if (!input)
		return HV_STATUS_INVALID_PARAMETER;
	input->address_space = what->cr3;
	input->flags = flush_flags(what);
	input->processor_mask = 0;
	for_each_cpu(cpu, cpus) {
		if (!what->freed_tables && vmi_tlb_is_lazy(cpu))
			continue;
		vp = vmi_hyperv_vp(cpu);
		if (vp < 0)
			return HV_STATUS_INVALID_PARAMETER;
		if (vp >= BITS_PER_TYPE(input->processor_mask))
			return flush_ex(cpus, what);
		input->processor_mask |= BIT_ULL(vp);
	}
	if (!input->processor_mask)
		return HV_STATUS_SUCCESS;

	if (what->end != TLB_FLUSH_ALL)
		n = fill_list(input->gva_list,
			      (PAGE_SIZE - sizeof(*input)) / sizeof(u64), what);
	this_cpu_inc(vmi_hyperv_tlb_uses);
	return vmi_hyperv_call(n ? HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST :
				   HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE,
			       0, n, input);
}

void vmi_hyperv_flush_multi(const struct cpumask *cpus,
			    const struct flush_tlb_info *info)
{
	struct vmi_tlb_flush what;
	unsigned long flags;
	u64 status;

	vmi_tlb_describe(info, &what);
	local_irq_save(flags);
	status = flush(cpus, &what);
	local_irq_restore(flags);

	if (unlikely(!hv_result_success(status)))
		vmi_hyperv.native->tlb_flush_multi(cpus, info);
}
