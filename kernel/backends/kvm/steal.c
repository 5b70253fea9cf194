// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time stolen from a vCPU, and whether it runs
 *
 * See MSR_KVM_STEAL_TIME in Documentation/virt/kvm/x86/msr.rst.
 */

#include <asm/barrier.h>
#include <asm/paravirt.h>

#include "kvm.h"

/* A new page begins at 0. The core goes on from the last value. */
u64 vmi_kvm_steal_clock(int cpu)
{
	const struct kvm_steal_time *steal =
		&per_cpu(vmi_kvm_cpu, cpu).shared->steal;
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

/* False where steal time is not enabled, because the memory is still zero. */
__visible bool vmi_kvm_vcpu_is_preempted(long cpu)
{
	return vmi_kvm_is_preempted(cpu);
}

PV_CALLEE_SAVE_REGS_THUNK(vmi_kvm_vcpu_is_preempted);
