// SPDX-License-Identifier: GPL-2.0-only
/*
 * End of interrupt without an exit
 *
 * See MSR_KVM_EOI_EN in Documentation/virt/kvm/x86/msr.rst.
 */

#include <linux/bitops.h>

#include "kvm.h"

/* EOIs that were saved; the host counts the same in its kvm_pv_eoi event. */
DEFINE_PER_CPU(u64, vmi_kvm_eoi_uses);

/*
 * The bit has to be tested and cleared by one instruction, because the host can
 * take its offer back at any exit. It does so only while this vCPU does not run,
 * so no lock prefix is needed. On x86, __test_and_clear_bit() is both.
 *
 * Ending an interrupt natively although the bit is set is always correct, hence
 * no care is needed about which of both functions a CPU enters in a switch.
 */
notrace void vmi_kvm_eoi(void)
{
	if (__test_and_clear_bit(KVM_PV_EOI_BIT,
				 this_cpu_ptr(&kvm_apic_eoi))) {
		this_cpu_inc(vmi_kvm_eoi_uses);
		return;
	}
	vmi_kvm.native->eoi_eoi();
}
