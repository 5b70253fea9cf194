/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of the KVM backend
 *
 *	main.c	what the host offers, and the life of the backend
 *	clock.c	scheduler clock
 *	steal.c	time stolen, and whether a vCPU runs
 *	eoi.c, ipi.c, tlb.c, lock.c	the ops of these groups
 *
 * The kernel's own guest code (arch/x86/kernel/kvm.c) registered the memory that is shared with
 * the host, and keeps it: hotplug, kexec and crash are its business. The ops here use the same
 * memory. What that code did not register, the backend cannot use.
 *
 * The interface of the host is described in Documentation/virt/kvm/x86/: cpuid.rst,
 * msr.rst and hypercalls.rst.
 */
#ifndef _VMI_KVM_H
#define _VMI_KVM_H

#include <linux/kvm_para.h>
#include <linux/percpu.h>
#include <linux/types.h>
#include <linux/vmi.h>

/* Detection goes in this order: a capability comes after those it depends on. */
enum vmi_kvm_cap {
	CAP_CLOCK,
	CAP_STEAL,
	CAP_EOI,
	CAP_IPI,
	CAP_TLB,
	CAP_UNHALT,
	CAP_IS_PREEMPTED,
	CAP_IO_DELAY,
	NR_CAPS
};

/**
 * struct vmi_kvm - state of the backend
 * @native: the native ops
 * @features: CPUID KVM_CPUID_FEATURES, eax
 */
struct vmi_kvm {
	const struct vmi_ops	*native;
	u32			features;
};

extern struct vmi_kvm vmi_kvm;

static __always_inline struct kvm_steal_time *vmi_kvm_steal_of(int cpu)
{
	return per_cpu_ptr(&steal_time, cpu);
}

/* clock.c */
u64 vmi_kvm_sched_clock(void);
void vmi_kvm_clock_start(void);
void vmi_kvm_clock_resume(void);

/* steal.c */
u64 vmi_kvm_steal_clock(int cpu);
bool vmi_kvm_vcpu_is_preempted(long cpu);
bool __raw_callee_save_vmi_kvm_vcpu_is_preempted(long cpu);

/* eoi.c */
DECLARE_PER_CPU(u64, vmi_kvm_eoi_uses);
void vmi_kvm_eoi(void);

/* ipi.c */
DECLARE_PER_CPU(u64, vmi_kvm_ipi_uses);
void vmi_kvm_send_mask(const struct cpumask *mask, int vector);
void vmi_kvm_send_mask_allbutself(const struct cpumask *mask, int vector);
void vmi_kvm_send_allbutself(int vector);

/* tlb.c */
DECLARE_PER_CPU(u64, vmi_kvm_tlb_uses);
int vmi_kvm_tlb_alloc(void);
void vmi_kvm_tlb_free(void);
void vmi_kvm_flush_multi(const struct cpumask *cpus,
			 const struct flush_tlb_info *info);

/* lock.c */
void vmi_kvm_wait(u8 *ptr, u8 val);
void vmi_kvm_kick(int cpu);

#endif /* _VMI_KVM_H */
