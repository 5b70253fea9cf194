// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for a spinlock without burning the time of the vCPU that holds it
 *
 * The queue is the kernel's own, see kernel/locking/qspinlock_paravirt.h. Here is
 * how to sleep and how to wake: see "Virtual Processor Idle Sleep State" in the TLFS.
 */

#include <asm/msr.h>
#include <asm/paravirt.h>

#include "hyperv.h"
#include "lock.h"

/* Without the tracepoint of MSRs: it must not run in the middle of a lock. */
notrace void vmi_hyperv_wait(u8 *ptr, u8 val)
{
	vmi_hyperv_wait_by(ptr, val, __rdmsr);
}

/*
 * Not through the op that sends: that is not within reach of modules, and its count is
 * not to say how often somebody waited.
 */
static __always_inline void send(int cpu, int vector)
{
	if (vmi_hyperv.sends)
		vmi_hyperv_send(cpu, vector);
	else
		vmi_hyperv.native->ipi_send(cpu, vector);
}

notrace void vmi_hyperv_kick(int cpu)
{
	vmi_hyperv_kick_by(cpu, send);
}

/* The host does not say. */
__visible bool vmi_hyperv_vcpu_is_preempted(long cpu)
{
	return false;
}

PV_CALLEE_SAVE_REGS_THUNK(vmi_hyperv_vcpu_is_preempted);
