// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scheduler clock: the system time that Xen keeps for each vCPU
 *
 * See struct vcpu_time_info in Xen's public/xen.h. It is part of the vcpu_info that
 * the kernel shares with Xen for its event channels, on every CPU that is up.
 *
 * The clocksource "xen" is the kernel's own and stays registered whoever provides
 * the ops.
 */

#include <linux/percpu.h>

#include <asm/xen/interface.h>
#include <xen/interface/xen.h>
#include <xen/xen-ops.h>

#include "../pvclock.h"
#include "xen.h"

static struct vmi_pvclock pvclock;

noinstr u64 vmi_xen_sched_clock(void)
{
	return vmi_pvclock_read(&pvclock, &__this_cpu_read(xen_vcpu)->time);
}

void vmi_xen_clock_start(void)
{
	/* The guest may have moved to another host since the clock was bound last. */
	atomic64_set(&pvclock.last_ns, 0);
	/*
	 * The flag was introduced together with a meaning: nothing else to ask. Without it
	 * vmi_pvclock_read() holds back CPUs, so sched_clock() stays stable, as it does with
	 * the kernel's own guest code.
	 */
	pvclock.valid_flags = PVCLOCK_TSC_STABLE_BIT;
}

/*
 * Xen on the host that the guest wakes up on may have been started later. Not done
 * before the sleep, since an NMI may read the clock once more.
 */
void vmi_xen_clock_resume(void)
{
	atomic64_set(&pvclock.last_ns, 0);
}
