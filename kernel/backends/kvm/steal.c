// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time stolen from a vCPU, and whether it runs
 *
 * See MSR_KVM_STEAL_TIME in Documentation/virt/kvm/x86/msr.rst.
 */

#include <asm/barrier.h>
#include <asm/paravirt.h>

#include "kvm.h"

u64 vmi_kvm_steal_clock(int cpu)
{
	const struct kvm_steal_time *steal = vmi_kvm_steal_of(cpu);
	u32 version;
	u64 stolen;

	/*
	 * The host makes the version odd, writes, and makes it even again. The
	 * barriers pair with those of record_steal_time() in the host.
	 */
	do {
		version = READ_ONCE(steal->version);
		virt_rmb();	/* the version before the data */
		stolen = READ_ONCE(steal->steal);
		virt_rmb();	/* the data before the version again */
	} while ((version & 1) || version != READ_ONCE(steal->version));

	return stolen;
}

/* The memory is zero, and the answer false, for a CPU that never came up. */
__visible bool vmi_kvm_vcpu_is_preempted(long cpu)
{
	return READ_ONCE(vmi_kvm_steal_of(cpu)->preempted) & KVM_VCPU_PREEMPTED;
}

PV_CALLEE_SAVE_REGS_THUNK(vmi_kvm_vcpu_is_preempted);
