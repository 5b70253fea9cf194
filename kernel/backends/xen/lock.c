// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for a spinlock without burning the time of the vCPU that holds it
 *
 * The queue is the kernel's own, see kernel/locking/qspinlock_paravirt.h. Here is
 * how to sleep and how to wake: a waiter polls for an event channel of its own
 * (SCHEDOP_poll in Xen's public/sched.h), and whoever kicks it sends an event there.
 * The channel is masked, so the event is pending but never delivered.
 */

#include <linux/cpumask.h>
#include <linux/error-injection.h>
#include <linux/interrupt.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#include <asm/xen/hypercall.h>
#include <xen/events.h>
#include <xen/interface/event_channel.h>
#include <xen/xen-ops.h>

#include "xen.h"

/**
 * struct lock_cpu - how a CPU waits
 * @irq: interrupt of its event channel, 0 if there is none
 * @depth: waiters on this CPU: interrupt handlers wait for locks as well
 */
struct lock_cpu {
	unsigned int	irq;
	unsigned int	depth;
};

static DEFINE_PER_CPU(struct lock_cpu, lock_cpu);

/* Polls. A waiter that finds the value changed already does not begin one. */
DEFINE_PER_CPU(u64, vmi_xen_poll_uses);

/*
 * May return for no reason: the caller looks again. Whoever kicks has changed the
 * value first, so a kick that is cleared here cannot be missed: the value is looked
 * at after that, and a later kick ends the poll, or lets it not even begin.
 *
 * An interrupt handler that waits inside of this must not clear what may be the kick
 * of the waiter that it interrupted, which may have looked at its value already. It
 * then finds the event pending, and spins.
 *
 * An NMI must not wait: it may have interrupted the waiter that its own kick is meant
 * for.
 *
 * Interrupts stay as they are: with them on, one that comes in ends the poll, and is
 * handled before it begins again. The holder of the lock may wait for just that.
 */
notrace void vmi_xen_wait(u8 *ptr, u8 val)
{
	unsigned int irq = this_cpu_read(lock_cpu.irq);

	if (in_nmi())
		return;

	if (this_cpu_inc_return(lock_cpu.depth) == 1)
		xen_clear_irq_pending(irq);
	/* The event before the value. */
	smp_mb__after_atomic();
	if (READ_ONCE(*ptr) == val) {
		this_cpu_inc(vmi_xen_poll_uses);
		xen_poll_irq_timeout(irq, 0);
	}
	this_cpu_dec(lock_cpu.depth);
}

notrace void vmi_xen_kick(int cpu)
{
	notify_remote_via_irq(per_cpu(lock_cpu.irq, cpu));
}

/* Enabled by nobody, so nothing calls it. */
static irqreturn_t unexpected(int irq, void *dev)
{
	return IRQ_NONE;
}

void vmi_xen_lock_free(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		struct lock_cpu *lock = per_cpu_ptr(&lock_cpu, cpu);

		if (lock->irq)
			unbind_from_irqhandler(lock->irq, lock);
		lock->irq = 0;
	}
}

/* A function of its own, so that tests can make the hypercall fail. */
static noinline int vmi_xen_bind_ipi(struct evtchn_bind_ipi *bind)
{
	return HYPERVISOR_event_channel_op(EVTCHNOP_bind_ipi, bind);
}
ALLOW_ERROR_INJECTION(vmi_xen_bind_ipi, ERRNO);

static int bind_channel(struct lock_cpu *lock)
{
	struct evtchn_bind_ipi bind = {
		/* The event is polled for and never delivered, so any vCPU will do. */
		.vcpu = xen_vcpu_nr(0),
	};
	int err, irq;

	err = vmi_xen_bind_ipi(&bind);
	if (err)
		return err;

	irq = bind_evtchn_to_irqhandler(bind.port, unexpected,
					IRQF_PERCPU | IRQF_NOBALANCING |
					IRQF_NO_AUTOEN,
					"vmi-lock", lock);
	/* The port may be closed already: closing it again could hit another user's. */
	if (irq < 0)
		return irq;
	lock->irq = irq;
	return 0;
}

/*
 * Bind a channel for each possible CPU. A saved and restored guest has lost its channels:
 * waiters spin from then on, until the backend is bound again.
 */
int vmi_xen_lock_alloc(void)
{
	unsigned int cpu;
	int err;

	for_each_possible_cpu(cpu) {
		err = bind_channel(per_cpu_ptr(&lock_cpu, cpu));
		if (err) {
			vmi_xen_lock_free();
			return err;
		}
	}
	return 0;
}
