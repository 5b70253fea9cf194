// SPDX-License-Identifier: GPL-2.0-only
/*
 * Interprocessor interrupts to many CPUs with one exit
 *
 * See KVM_HC_SEND_IPI in Documentation/virt/kvm/x86/hypercalls.rst. After a function call, the
 * kernel's own guest code yields to a target (smp_ops), whoever sent the interrupt.
 *
 * Runs in any context including NMI, so all state is on the stack.
 */

#include <linux/bitmap.h>
#include <linux/bug.h>
#include <linux/cpumask.h>
#include <linux/minmax.h>
#include <linux/smp.h>

#include <asm/apicdef.h>
#include <asm/irq_vectors.h>
#include <asm/smp.h>

#include "kvm.h"

/* Hypercalls, whatever the host made of them: what its tracepoint counts. */
DEFINE_PER_CPU(u64, vmi_kvm_ipi_uses);

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

void vmi_kvm_send_mask(const struct cpumask *mask, int vector)
{
	send(mask, NO_CPU, vector);
}

void vmi_kvm_send_mask_allbutself(const struct cpumask *mask, int vector)
{
	send(mask, smp_processor_id(), vector);
}

void vmi_kvm_send_allbutself(int vector)
{
	send(cpu_online_mask, smp_processor_id(), vector);
}
