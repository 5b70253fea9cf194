// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interprocessor interrupts to many CPUs with one exit, and yielding to them
 *
 * See KVM_HC_SEND_IPI and KVM_HC_SCHED_YIELD in
 * Documentation/virt/kvm/x86/hypercalls.rst.
 *
 * Runs in any context including NMI, so all state is on the stack.
 */

#include <linux/bitmap.h>
#include <linux/bug.h>
#include <linux/context_tracking_state.h>
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/smp.h>

#include <asm/apicdef.h>
#include <asm/irq_vectors.h>
#include <asm/smp.h>

#include "kvm.h"

/* Hypercalls, whatever the host made of them: what its tracepoint counts. */
DEFINE_PER_CPU(u64, vmi_kvm_ipi_uses);
DEFINE_PER_CPU(u64, vmi_kvm_yield_uses);

/* APIC ids that fit into one hypercall: two registers of bits. */
#define BATCH_IDS	(2 * BITS_PER_LONG)

#define NO_CPU		-1

struct batch {
	DECLARE_BITMAP(ids, BATCH_IDS);		/* relative to min */
	u32	min;
	u32	max;
	bool	used;
};

static void batch_start(struct batch *batch, u32 id)
{
	bitmap_zero(batch->ids, BATCH_IDS);
	__set_bit(0, batch->ids);
	batch->min = id;
	batch->max = id;
	batch->used = true;
}

/*
 * CPU numbers need not have the order of APIC ids, so the window may grow at
 * either end. Any set of ids that fits one window thus makes one hypercall.
 */
static bool batch_add(struct batch *batch, u32 id)
{
	if (id < batch->min) {
		if (batch->max - id >= BATCH_IDS)
			return false;
		bitmap_shift_left(batch->ids, batch->ids, batch->min - id,
				  BATCH_IDS);
		batch->min = id;
	} else {
		if (id - batch->min >= BATCH_IDS)
			return false;
		batch->max = max(batch->max, id);
	}
	__set_bit(id - batch->min, batch->ids);
	return true;
}

static bool batch_has(const struct batch *batch, u32 id)
{
	return id >= batch->min && id - batch->min < BATCH_IDS &&
	       test_bit(id - batch->min, batch->ids);
}

/* The target must hear of it even from a host that lied about the hypercall. */
static void batch_send(const struct batch *batch, const struct cpumask *mask,
		       int except, int vector)
{
	unsigned long icr = APIC_DM_FIXED | vector;
	long ret;
	int cpu;

	/* The vector of an NMI is implied, and any other bit is an error. */
	if (vector == NMI_VECTOR)
		icr = APIC_DM_NMI;

	this_cpu_inc(vmi_kvm_ipi_uses);
	ret = kvm_hypercall4(KVM_HC_SEND_IPI, batch->ids[0], batch->ids[1],
			     batch->min, icr);
	if (likely(ret >= 0))
		return;

	WARN_ONCE(1, "vmi_kvm: the host refused to send an IPI: error %ld\n",
		  ret);
	for_each_cpu(cpu, mask) {
		if (cpu != except && batch_has(batch, cpu_physical_id(cpu)))
			vmi_kvm.native->ipi_send(cpu, vector);
	}
}

static void send(const struct cpumask *mask, int except, int vector)
{
	struct batch batch = {};
	int cpu;

	for_each_cpu(cpu, mask) {
		u32 id = cpu_physical_id(cpu);

		if (cpu == except)
			continue;
		if (batch.used) {
			if (batch_add(&batch, id))
				continue;
			batch_send(&batch, mask, except, vector);
		}
		batch_start(&batch, id);
	}
	if (batch.used)
		batch_send(&batch, mask, except, vector);
}

/*
 * The sender of a function call waits for every target, so it lends its time to
 * one that has work and was preempted. In idle there is no work but the call
 * itself, for which the host has to run the target anyway; idle_cpu(), which the
 * kernel's own code asks, is not for modules, but a CPU that RCU does not watch
 * is one in its idle loop (or, with nohz_full, in user space).
 */
static void yield_to_target(const struct cpumask *mask, int vector)
{
	int cpu, this_cpu;

	if (!vmi_kvm.yield || vector != CALL_FUNCTION_VECTOR)
		return;

	this_cpu = smp_processor_id();
	for_each_cpu(cpu, mask) {
		if (cpu == this_cpu || !vmi_kvm_is_preempted(cpu) ||
		    !ct_rcu_watching_cpu(cpu))
			continue;
		this_cpu_inc(vmi_kvm_yield_uses);
		kvm_hypercall1(KVM_HC_SCHED_YIELD, cpu_physical_id(cpu));
		break;
	}
}

/* The ops are bound for either capability, so each may be missing here. */
void vmi_kvm_send_mask(const struct cpumask *mask, int vector)
{
	if (vmi_kvm.send_ipi)
		send(mask, NO_CPU, vector);
	else
		vmi_kvm.native->ipi_send_mask(mask, vector);
	yield_to_target(mask, vector);
}

void vmi_kvm_send_mask_allbutself(const struct cpumask *mask, int vector)
{
	if (vmi_kvm.send_ipi)
		send(mask, smp_processor_id(), vector);
	else
		vmi_kvm.native->ipi_send_mask_allbutself(mask, vector);
	yield_to_target(mask, vector);
}

void vmi_kvm_send_allbutself(int vector)
{
	if (vmi_kvm.send_ipi)
		send(cpu_online_mask, smp_processor_id(), vector);
	else
		vmi_kvm.native->ipi_send_allbutself(vector);
	yield_to_target(cpu_online_mask, vector);
}
