// SPDX-License-Identifier: GPL-2.0-only
/*
 * Set-up of each CPU: VP assist page and VP index
 */

#include <linux/error-injection.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/topology.h>

#include <asm/msr.h>

#include "hyperv.h"

DEFINE_PER_CPU(struct vmi_hyperv_cpu, vmi_hyperv_cpu);

static void *alloc_page_of(unsigned int cpu)
{
	struct page *page = alloc_pages_node(cpu_to_node(cpu),
					     GFP_KERNEL | __GFP_ZERO, 0);

	return page ? page_address(page) : NULL;
}

int vmi_hyperv_cpu_alloc(void)
{
	struct vmi_hyperv_cpu *state;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		state = per_cpu_ptr(&vmi_hyperv_cpu, cpu);
		state->vp = 0;
		state->input = alloc_page_of(cpu);
		state->assist = alloc_page_of(cpu);
		if (!state->input || !state->assist) {
			vmi_hyperv_cpu_free();
			return -ENOMEM;
		}
	}
	return 0;
}

void vmi_hyperv_cpu_free(void)
{
	struct vmi_hyperv_cpu *state;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		state = per_cpu_ptr(&vmi_hyperv_cpu, cpu);
		free_page((unsigned long)state->input);
		free_page((unsigned long)state->assist);
		state->input = NULL;
		state->assist = NULL;
	}
}

/**
 * vmi_hyperv_set_msr() - turn something on in the host
 * @msr: the MSR
 * @value: its value
 *
 * A function of its own for a test to see what becomes of a host that refuses.
 *
 * Context: any.
 * Return: 0 or a negative errno
 */
noinline int vmi_hyperv_set_msr(u32 msr, u64 value)
{
	return wrmsrl_safe(msr, value);
}
ALLOW_ERROR_INJECTION(vmi_hyperv_set_msr, ERRNO);

/* On this CPU, with interrupts off. On failure, nothing is on. */
int vmi_hyperv_cpu_enable(void)
{
	struct vmi_hyperv_cpu *state = this_cpu_ptr(&vmi_hyperv_cpu);
	union hv_vp_assist_msr_contents assist = { .enable = 1 };
	u64 vp;

	if (rdmsrl_safe(HV_X64_MSR_VP_INDEX, &vp))
		return -EIO;
	WRITE_ONCE(state->vp, (u32)vp + 1);

	if (!vmi_hyperv.assist)
		return 0;
	state->assist->apic_assist = 0;
	assist.pfn = PHYS_PFN(virt_to_phys(state->assist));
	/* Marked first, for a crash in between. */
	state->assist_on = true;
	barrier();
	if (vmi_hyperv_set_msr(HV_X64_MSR_VP_ASSIST_PAGE, assist.as_uint64)) {
		state->assist_on = false;
		return -EIO;
	}
	return 0;
}

/*
 * Also from the crash path. If what the host said in the page is gone, an EOI is done
 * natively that was not needed, which is always allowed.
 *
 * The other way around is not: an EOI that was saved may be one that the host does not
 * know of yet. Xen's imitation looks into the page when the next interrupt is due, and
 * finds none there any more: the interrupt would be in service for good, and with it
 * all that are of its priority or below. An EOI that is done now makes the host look. It
 * ends nothing else: but for such a one, no interrupt is in service here. After a crash
 * there may be, and does not matter.
 */
void vmi_hyperv_cpu_disable(void)
{
	struct vmi_hyperv_cpu *state = this_cpu_ptr(&vmi_hyperv_cpu);

	if (!state->assist_on)
		return;
	vmi_hyperv.native->eoi_eoi();
	wrmsrl_safe(HV_X64_MSR_VP_ASSIST_PAGE, 0);
	barrier();
	state->assist_on = false;
}
