// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scheduler clock
 *
 * The host gives each vCPU a pair (TSC, time) and the factor from one to the other; see
 * MSR_KVM_SYSTEM_TIME_NEW in Documentation/virt/kvm/x86/msr.rst. The kernel's own guest code
 * registered the memory, and keeps the clocksource, the vDSO clock and the wall clock.
 */

#include <linux/atomic.h>
#include <linux/preempt.h>

#include <asm/pvclock.h>
#include <asm/kvmclock.h>

#include "../pvclock.h"
#include "kvm.h"

static struct vmi_pvclock pvclock;

noinstr u64 vmi_kvm_sched_clock(void)
{
	return vmi_pvclock_read(&pvclock, this_cpu_pvti());
}

void vmi_kvm_clock_start(void)
{
	u8 flags;

	/* The guest may have moved to another host since the clock was bound last. */
	atomic64_set(&pvclock.last_ns, 0);
	/* Without the bit in CPUID, the flag of the clock means nothing. */
	pvclock.valid_flags =
		vmi_kvm.features & BIT(KVM_FEATURE_CLOCKSOURCE_STABLE_BIT) ?
		PVCLOCK_TSC_STABLE_BIT : 0;

	preempt_disable();
	flags = this_cpu_pvti()->flags;
	preempt_enable();
	if (!(flags & pvclock.valid_flags))
		vmi_clock_is_unsafe();
}

/*
 * The TSC may restart at 0 in a sleep, and a hibernated guest wakes up on another host, so the
 * latest time does not hold any more. One CPU, interrupts off.
 */
void vmi_kvm_clock_resume(void)
{
	atomic64_set(&pvclock.last_ns, 0);
}
