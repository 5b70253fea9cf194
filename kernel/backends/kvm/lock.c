// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for a spinlock without burning the time of the vCPU that holds it
 *
 * The queue is the kernel's own, see kernel/locking/qspinlock_paravirt.h. Here is
 * how to sleep and how to wake: KVM_FEATURE_PV_UNHALT lets a hypercall end a HLT,
 * even one with interrupts off. See KVM_HC_KICK_CPU in
 * Documentation/virt/kvm/x86/hypercalls.rst.
 */

#include <linux/irqflags.h>
#include <linux/preempt.h>
#include <linux/smp.h>

#include <asm/irqflags.h>
#include <asm/smp.h>

#include "kvm.h"

/*
 * May return for no reason: the caller looks again. A kick before the HLT is not
 * lost, the host remembers it and ends the HLT at once.
 *
 * An NMI must not halt, since it may have interrupted the waiter that its own
 * kick is meant for.
 *
 * HLT is entered directly and not through the idle ops: this is no idling, and
 * their counts are to say how often the CPU went idle. The interrupt flag is
 * changed behind the back of lockdep and the tracers, none of which may run
 * here in the middle of a lock; it is the same again on return.
 */
notrace void vmi_kvm_wait(u8 *ptr, u8 val)
{
	if (in_nmi())
		return;

	if (raw_irqs_disabled()) {
		if (READ_ONCE(*ptr) == val)
			native_halt();
		return;
	}

	/*
	 * An interrupt handler that waits for another lock on this CPU may take
	 * the kick that is meant for this waiter. With interrupts on in HLT and
	 * the value looked at with interrupts off, it can do so only by ending
	 * the HLT as well.
	 */
	raw_local_irq_disable();
	if (READ_ONCE(*ptr) == val)
		native_safe_halt();
	else
		raw_local_irq_enable();
}

notrace void vmi_kvm_kick(int cpu)
{
	kvm_hypercall2(KVM_HC_KICK_CPU, 0, cpu_physical_id(cpu));
}
