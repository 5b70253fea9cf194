// SPDX-License-Identifier: GPL-2.0-only
/*
 * End of interrupt, without an exit or by an MSR
 *
 * See "Virtual Interrupt Controller" in the TLFS.
 */

#include <linux/bitops.h>
#include <linux/smp.h>

#include <asm/apicdef.h>
#include <asm/msr.h>

#include "hyperv.h"

/* EOIs that were saved. */
DEFINE_PER_CPU(u64, vmi_hyperv_eoi_uses);

#define NO_EOI_REQUIRED_BIT	0

/*
 * The host writes the bit while this vCPU does not run, so one instruction that
 * tests and clears it needs no lock prefix. Ending an interrupt natively although
 * the bit is set is correct as well.
 */
notrace void vmi_hyperv_eoi(void)
{
	struct hv_vp_assist_page *assist =
		hv_get_vp_assist_page(smp_processor_id());

	if (assist &&
	    __test_and_clear_bit(NO_EOI_REQUIRED_BIT,
				 (unsigned long *)&assist->apic_assist)) {
		this_cpu_inc(vmi_hyperv_eoi_uses);
		return;
	}
	if (vmi_hyperv.apic_msrs)
		native_write_msr(HV_X64_MSR_EOI, APIC_EOI_ACK, 0);
	else
		vmi_hyperv.native->eoi_eoi();
}
