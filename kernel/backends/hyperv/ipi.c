// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interprocessor interrupts by hypercall, or by an MSR
 *
 * See HvCallSendSyntheticClusterIpi, its Ex form, and HV_X64_MSR_ICR in the TLFS. Runs
 * in any context including NMI.
 */

#include <linux/bitops.h>
#include <linux/irqflags.h>
#include <linux/smp.h>

#include <asm/apicdef.h>
#include <asm/irq_vectors.h>
#include <asm/msr.h>

#include "hyperv.h"

/*
 * Hypercalls, whatever the host made of them: what its tracepoint counts. One is counted
 * before it is made, so that the host never is ahead.
 */
DEFINE_PER_CPU(u64, vmi_hyperv_ipi_uses);

static bool is_self(int cpu)
{
	return cpu == smp_processor_id();
}

/*
 * The set may need banks beyond the first, which only this form has. It needs the
 * input page, so it is not for NMIs: one may have interrupted a call that fills it.
 */
static bool send_ex(const struct cpumask *mask, int vector,
		    bool (*skip)(int cpu))
{
	struct hv_send_ipi_ex *input;
	unsigned long flags;
	u64 status = HV_STATUS_INVALID_PARAMETER;
	int banks;

	if (!(vmi_hyperv.hints & HV_X64_EX_PROCESSOR_MASKS_RECOMMENDED) ||
	    in_nmi())
		return false;

	local_irq_save(flags);
	input = vmi_hyperv_input();
	banks = input ? vmi_hyperv_vpset(&input->vp_set, mask, skip) : -ENOMEM;
	if (banks > 0) {
		input->vector = vector;
		input->reserved = 0;
		this_cpu_inc(vmi_hyperv_ipi_uses);
		status = vmi_hyperv_call(HVCALL_SEND_IPI_EX, banks, 0, input);
	}
	local_irq_restore(flags);
	return !banks || hv_result_success(status);
}

static bool send(const struct cpumask *mask, int vector,
		 bool (*skip)(int cpu))
{
	u64 vps = 0;
	int cpu, vp;

	/* Other vectors mean something else there; an NMI has a vector of 2. */
	if (vector < HV_IPI_LOW_VECTOR || vector > HV_IPI_HIGH_VECTOR)
		return false;

	for_each_cpu(cpu, mask) {
		if (skip && skip(cpu))
			continue;
		vp = vmi_hyperv_vp(cpu);
		if (vp < 0)
			return false;
		if (vp >= BITS_PER_TYPE(vps))
			return send_ex(mask, vector, skip);
		vps |= BIT_ULL(vp);
	}
	if (!vps)
		return true;
	this_cpu_inc(vmi_hyperv_ipi_uses);
	return hv_result_success(vmi_hyperv_call_fast(HVCALL_SEND_IPI, vector,
						      vps));
}

/*
 * Send an IPI that a hypercall cannot send. The ICR as an MSR costs one exit, and the host
 * need not decode the instruction. It is one write, whereas the APIC's own two registers
 * take two, between which an NMI must not send.
 */
static void send_by_icr(int cpu, int vector)
{
	u32 low = vector == NMI_VECTOR ? APIC_DM_NMI : APIC_DM_FIXED | vector;
	u32 high = SET_XAPIC_DEST_FIELD(cpu_physical_id(cpu));

	native_write_msr(HV_X64_MSR_ICR, low, high);
}

/* Returns false if it is for native code to do. */
static bool send_each_by_icr(const struct cpumask *mask, int vector,
			     bool (*skip)(int cpu))
{
	int cpu;

	if (!vmi_hyperv.apic_msrs)
		return false;
	for_each_cpu(cpu, mask) {
		if (!skip || !skip(cpu))
			send_by_icr(cpu, vector);
	}
	return true;
}

static bool send_somehow(const struct cpumask *mask, int vector,
			 bool (*skip)(int cpu))
{
	return (vmi_hyperv.ipi_calls && send(mask, vector, skip)) ||
	       send_each_by_icr(mask, vector, skip);
}

void vmi_hyperv_send(int cpu, int vector)
{
	if (!send_somehow(cpumask_of(cpu), vector, NULL))
		vmi_hyperv.native->ipi_send(cpu, vector);
}

void vmi_hyperv_send_mask(const struct cpumask *mask, int vector)
{
	if (!send_somehow(mask, vector, NULL))
		vmi_hyperv.native->ipi_send_mask(mask, vector);
}

void vmi_hyperv_send_mask_allbutself(const struct cpumask *mask, int vector)
{
	if (!send_somehow(mask, vector, is_self))
		vmi_hyperv.native->ipi_send_mask_allbutself(mask, vector);
}

void vmi_hyperv_send_allbutself(int vector)
{
	if (!send_somehow(cpu_online_mask, vector, is_self))
		vmi_hyperv.native->ipi_send_allbutself(vector);
}

void vmi_hyperv_send_all(int vector)
{
	if (!send_somehow(cpu_online_mask, vector, NULL))
		vmi_hyperv.native->ipi_send_all(vector);
}
