// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for a spinlock without burning the time of the vCPU that holds it
 *
 * The queue is the kernel's own, see kernel/locking/qspinlock_paravirt.h. Here is
 * how to sleep and how to wake: see "Virtual Processor Idle Sleep State" in the TLFS.
 */

#include <linux/compiler.h>
#include <linux/irqflags.h>
#include <linux/preempt.h>

#include <asm/irq_vectors.h>
#include <asm/msr.h>
#include <asm/paravirt.h>

#include "hyperv.h"

/*
 * May return for no reason: the caller looks again.
 *
 * Reading the MSR puts the vCPU to sleep until an interrupt arrives, "regardless of
 * whether the interrupt is enabled on the virtual processor or not". So interrupts
 * are off from the look at the value on: a kick that comes after the look stays
 * pending, and ends the sleep or lets it not even begin. With interrupts on, it would
 * be handled before the sleep, which nothing would end then. A kick before the look is
 * not needed: whoever kicks has changed the value first.
 *
 * With interrupts on before, what ended the sleep is handled on return, which the
 * holder of the lock may wait for. With interrupts off it stays pending until the
 * caller is done, and ends every further sleep at once: this waiter spins then.
 *
 * An NMI must not sleep: it may have interrupted the waiter that its own kick is meant
 * for.
 *
 * The interrupt flag is changed, and the MSR read, behind the back of lockdep and the
 * tracers, none of which may run here in the middle of a lock. The flag is the same
 * again on return.
 */
notrace void vmi_hyperv_wait(u8 *ptr, u8 val)
{
	unsigned long flags;

	if (in_nmi())
		return;

	raw_local_irq_save(flags);
	if (READ_ONCE(*ptr) == val)
		__rdmsr(HV_X64_MSR_GUEST_IDLE);
	raw_local_irq_restore(flags);
}

/*
 * Any interrupt ends the sleep. The handler of this one is in every kernel with a
 * local APIC, and only acknowledges it, but on UV and NumaChip machines, whose timers
 * have the vector. No vector has a higher priority class, so it is not held back by
 * an interrupt of a device that is being handled.
 *
 * The op that sends is not called: modules cannot reach it, and its count must not
 * include waiters.
 */
notrace void vmi_hyperv_kick(int cpu)
{
	if (vmi_hyperv.sends)
		vmi_hyperv_send(cpu, X86_PLATFORM_IPI_VECTOR);
	else
		vmi_hyperv.native->ipi_send(cpu, X86_PLATFORM_IPI_VECTOR);
}

/* The host does not say. */
__visible bool vmi_hyperv_vcpu_is_preempted(long cpu)
{
	return false;
}

PV_CALLEE_SAVE_REGS_THUNK(vmi_hyperv_vcpu_is_preempted);
