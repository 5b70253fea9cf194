// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory shared with the host, and the MSRs that point to it
 *
 * See Documentation/virt/kvm/x86/msr.rst. Each of the MSRs holds the address of
 * memory of this CPU and an enable bit; the host may write there, whenever it
 * likes, until 0 is written to the MSR.
 */

#define pr_fmt(fmt) "vmi_kvm: " fmt

#include <linux/error-injection.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/smp.h>
#include <linux/topology.h>

#include <asm/msr.h>
#include <asm/tlbflush.h>

#include "kvm.h"

DEFINE_PER_CPU(struct vmi_kvm_cpu, vmi_kvm_cpu);

/* Use pages again that vmi_kvm_cpu_free() had to keep. */
int vmi_kvm_cpu_alloc(void)
{
	struct vmi_kvm_cpu *state;
	struct page *page;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		state = per_cpu_ptr(&vmi_kvm_cpu, cpu);
		if (state->shared)
			continue;
		page = alloc_pages_node(cpu_to_node(cpu),
					GFP_KERNEL | __GFP_ZERO, 0);
		if (!page) {
			vmi_kvm_cpu_free();
			return -ENOMEM;
		}
		state->shared = page_address(page);
	}
	return 0;
}

static void disable_cpu(void *unused)
{
	vmi_kvm_cpu_disable();
}

/*
 * Every online CPU is disabled once more, for init() that fails half way. What
 * remains is a CPU that went offline between init() and the core's first look at
 * CPU hotplug: the host may still write to its page, so the page is not free.
 */
void vmi_kvm_cpu_free(void)
{
	struct vmi_kvm_cpu *state;
	unsigned int cpu;

	on_each_cpu(disable_cpu, NULL, 1);

	for_each_possible_cpu(cpu) {
		state = per_cpu_ptr(&vmi_kvm_cpu, cpu);
		if (!state->shared)
			continue;
		if (state->enabled) {
			pr_warn("CPU %u went offline unseen, keeping its shared page\n",
				cpu);
			continue;
		}
		free_page((unsigned long)state->shared);
		state->shared = NULL;
	}
}

static u32 clock_msr(void)
{
	return vmi_kvm.features & BIT(KVM_FEATURE_CLOCKSOURCE2) ?
	       MSR_KVM_SYSTEM_TIME_NEW : MSR_KVM_SYSTEM_TIME;
}

/* A function of its own, so that tests can make the host refuse. */
static noinline int vmi_kvm_set_msr(u32 msr, u64 value)
{
	return wrmsrl_safe(msr, value);
}
ALLOW_ERROR_INJECTION(vmi_kvm_set_msr, ERRNO);

static int enable(unsigned int bit, u32 msr, void *shared)
{
	unsigned int marked = this_cpu_read(vmi_kvm_cpu.enabled) & bit;
	int err;

	/*
	 * Marked first: a crash that interrupts this CPU in between has to find
	 * what it has to disable.
	 */
	this_cpu_or(vmi_kvm_cpu.enabled, bit);
	barrier();
	err = vmi_kvm_set_msr(msr, virt_to_phys(shared) | KVM_MSR_ENABLED);
	/* An MSR that was enabled before is still enabled. */
	if (err && !marked)
		this_cpu_and(vmi_kvm_cpu.enabled, ~bit);
	return err;
}

/*
 * On failure, nothing is enabled on this CPU. What is marked may be on, or have been
 * turned off by INIT; to enable it twice does no harm.
 */
int vmi_kvm_cpu_enable(unsigned int msrs)
{
	struct vmi_kvm_shared *shared;
	int err = 0;

	lockdep_assert_irqs_disabled();

	shared = this_cpu_read(vmi_kvm_cpu.shared);

	if (msrs & MSR_BIT_CLOCK)
		err = enable(MSR_BIT_CLOCK, clock_msr(), &shared->clock);
	if (!err && (msrs & MSR_BIT_STEAL))
		err = enable(MSR_BIT_STEAL, MSR_KVM_STEAL_TIME, &shared->steal);
	if (!err && (msrs & MSR_BIT_EOI)) {
		/* Has to be zero before, so that no interrupt is taken as ended. */
		WRITE_ONCE(shared->eoi, 0);
		err = enable(MSR_BIT_EOI, MSR_KVM_PV_EOI_EN, &shared->eoi);
	}
	if (err)
		vmi_kvm_cpu_disable();
	return err;
}

static void disable(unsigned int bit, u32 msr)
{
	native_write_msr(msr, 0, 0);
	barrier();
	this_cpu_and(vmi_kvm_cpu.enabled, ~bit);
}

/*
 * Steal time is off, but if the host took this vCPU off the CPU while it handled
 * that, it has left the preempted flag behind, and nobody else will clear it. Each
 * TLB flush for this CPU would be left to the host from now on, which has stopped
 * looking; the one that may have been left to it in between is made up for here.
 */
static void settle_preempted(struct vmi_kvm_shared *shared)
{
	if (xchg(&shared->steal.preempted, 0) & KVM_VCPU_FLUSH_TLB)
		__flush_tlb_all();
}

/*
 * Also from the crash path, which may have interrupted anything, hence no lock
 * and no printing. Interrupts are off.
 *
 * Ops that are still bound, on a CPU that goes down or in a kernel that crashes,
 * keep working with what the host leaves behind:
 * - eoi: the exit for the write to the MSR takes back an EOI that was offered in
 *   the word (apic_sync_pv_eoi_from_guest()), so it is 0 and EOIs are native.
 * - steal: see settle_preempted().
 * - clock: the last update goes on to be valid for as long as the TSC counts.
 */
void vmi_kvm_cpu_disable(void)
{
	struct vmi_kvm_shared *shared = this_cpu_read(vmi_kvm_cpu.shared);
	unsigned int enabled = this_cpu_read(vmi_kvm_cpu.enabled);

	if (enabled & MSR_BIT_EOI)
		disable(MSR_BIT_EOI, MSR_KVM_PV_EOI_EN);
	if (enabled & MSR_BIT_STEAL) {
		disable(MSR_BIT_STEAL, MSR_KVM_STEAL_TIME);
		settle_preempted(shared);
	}
	if (enabled & MSR_BIT_CLOCK)
		disable(MSR_BIT_CLOCK, clock_msr());
}
