// SPDX-License-Identifier: GPL-2.0-only
/*
 * TLB shootdown that lets preempted vCPUs sleep
 *
 * A vCPU that does not run uses no TLB entry. The host sets KVM_VCPU_PREEMPTED
 * when it takes a vCPU off, and when it puts it back it reads and clears the byte
 * with one atomic exchange and flushes if KVM_VCPU_FLUSH_TLB is in it. Setting
 * that bit with a compare-and-exchange therefore either is seen by the host
 * before the vCPU runs again, or fails because the vCPU already does, and then it
 * gets an interrupt like any other.
 *
 * Such a vCPU may be in the middle of a lockless walk of page tables, and the
 * flush does not wait for it. Page tables must be freed by RCU.
 */

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/slab.h>
#include <linux/topology.h>

#include <asm/tlbflush.h>

#include "kvm.h"

/* Flushes that were left to the host. */
DEFINE_PER_CPU(u64, vmi_kvm_tlb_uses);

/* The op runs with preemption off, and interrupts do not flush other CPUs. */
static DEFINE_PER_CPU(struct cpumask *, flush_mask);

int vmi_kvm_tlb_alloc(void)
{
	struct cpumask **mask;
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		mask = per_cpu_ptr(&flush_mask, cpu);
		if (!*mask)
			*mask = kzalloc_node(cpumask_size(), GFP_KERNEL,
					     cpu_to_node(cpu));
		if (!*mask) {
			vmi_kvm_tlb_free();
			return -ENOMEM;
		}
	}
	return 0;
}

void vmi_kvm_tlb_free(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		kfree(per_cpu(flush_mask, cpu));
		per_cpu(flush_mask, cpu) = NULL;
	}
}

void vmi_kvm_flush_multi(const struct cpumask *cpus,
			 const struct flush_tlb_info *info)
{
	struct cpumask *mask = this_cpu_read(flush_mask);
	int cpu;

	/* @cpus may be a live mask of an mm. This CPU runs, so it stays in. */
	cpumask_copy(mask, cpus);
	for_each_cpu(cpu, mask) {
		u8 *preempted = &vmi_kvm_steal_of(cpu)->preempted;
		u8 state = READ_ONCE(*preempted);

		if (!(state & KVM_VCPU_PREEMPTED) ||
		    !try_cmpxchg(preempted, &state, state | KVM_VCPU_FLUSH_TLB))
			continue;
		__cpumask_clear_cpu(cpu, mask);
		this_cpu_inc(vmi_kvm_tlb_uses);
	}
	vmi_kvm.native->tlb_flush_multi(mask, info);
}
