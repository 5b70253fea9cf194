/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a waiter sleeps and is woken, but for what only Hyper-V can do
 *
 * That is an argument of these, which is a constant and costs nothing: the ops give
 * the real thing, and the tests what pretends to be it, since no host that they run on
 * has the real one. A static stub of KUnit would not do. It takes locks, and would be
 * in the way of every waiter.
 */
#ifndef _VMI_HYPERV_LOCK_H
#define _VMI_HYPERV_LOCK_H

#include <linux/compiler.h>
#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/types.h>

#include <asm/irq_vectors.h>
#include <asm/mshyperv.h>

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
 * The interrupt flag is changed behind the back of lockdep and the tracers, none of
 * which may run here in the middle of a lock; it is the same again on return.
 */
static __always_inline void
vmi_hyperv_wait_by(u8 *ptr, u8 val,
		   unsigned long long (*read_msr)(unsigned int msr))
{
	unsigned long flags;

	if (in_nmi())
		return;

	raw_local_irq_save(flags);
	if (READ_ONCE(*ptr) == val)
		read_msr(HV_X64_MSR_GUEST_IDLE);
	raw_local_irq_restore(flags);
}

/*
 * Any interrupt ends the sleep. The handler of this one is in every kernel with a
 * local APIC, and only acknowledges it, but on UV and NumaChip machines, whose timers
 * have the vector. No vector has a higher priority class, so it is not held back by
 * an interrupt of a device that is being handled.
 */
static __always_inline void
vmi_hyperv_kick_by(int cpu, void (*send)(int cpu, int vector))
{
	send(cpu, X86_PLATFORM_IPI_VECTOR);
}

#endif /* _VMI_HYPERV_LOCK_H */
