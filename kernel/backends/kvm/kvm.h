/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of the KVM backend
 *
 *	main.c	what the host offers, and the life of the backend
 *	cpu.c	memory shared with the host, and the MSRs that point to it
 *	clock.c	scheduler clock and clocksource
 *	steal.c	time stolen, and whether a vCPU runs
 *	eoi.c, ipi.c, tlb.c, lock.c	the ops of these groups
 *
 * The interface of the host is described in Documentation/virt/kvm/x86/: cpuid.rst,
 * msr.rst and hypercalls.rst.
 */
#ifndef _VMI_KVM_H
#define _VMI_KVM_H

#include <linux/build_bug.h>
#include <linux/cache.h>
#include <linux/kvm_para.h>
#include <linux/percpu.h>
#include <linux/types.h>
#include <linux/vmi.h>

#include <asm/page.h>
#include <asm/pvclock.h>

/* Detection goes in this order: a capability comes after those it depends on. */
enum vmi_kvm_cap {
	CAP_CLOCK,
	CAP_CLOCK_VDSO,
	CAP_STEAL,
	CAP_EOI,
	CAP_IPI,
	CAP_YIELD,
	CAP_TLB,
	CAP_UNHALT,
	CAP_IS_PREEMPTED,
	CAP_IO_DELAY,
	CAP_ASYNC_PF,
	CAP_POLL,
	NR_CAPS
};

/*
 * Memory that one CPU shares with the host. It has a page of its own: a host that writes
 * after it was told to stop hits a free page, where page poisoning finds it, and no other
 * data.
 *
 * The memory is zero until the host writes to it, and zero means that the host does not
 * offer it: no time yet, nothing stolen, not preempted, EOI needed.
 */
struct vmi_kvm_shared {
	struct pvclock_vcpu_time_info	clock __aligned(SMP_CACHE_BYTES);
	struct kvm_steal_time		steal __aligned(64);
	unsigned long			eoi __aligned(SMP_CACHE_BYTES);
};

static_assert(sizeof(struct vmi_kvm_shared) <= PAGE_SIZE);

/* MSRs that point the host to the shared memory. */
#define MSR_BIT_CLOCK	BIT(0)
#define MSR_BIT_STEAL	BIT(1)
#define MSR_BIT_EOI	BIT(2)

/**
 * struct vmi_kvm_cpu - state of one CPU
 * @shared: its page; there is one for each possible CPU from init() to exit()
 * @enabled: MSR_BIT_* of what the host may write to
 */
struct vmi_kvm_cpu {
	struct vmi_kvm_shared	*shared;
	unsigned int		enabled;
};

DECLARE_PER_CPU(struct vmi_kvm_cpu, vmi_kvm_cpu);

/**
 * struct vmi_kvm - state of the backend
 * @native: the native ops
 * @features: CPUID KVM_CPUID_FEATURES, eax
 * @msrs: MSR_BIT_* that the ops given to init() need
 * @send_ipi: send through the host
 * @yield: yield to a preempted target
 */
struct vmi_kvm {
	const struct vmi_ops	*native;
	u32			features;
	unsigned int		msrs;
	bool			send_ipi;
	bool			yield;
};

extern struct vmi_kvm vmi_kvm;

static __always_inline struct vmi_kvm_shared *vmi_kvm_shared_of(int cpu)
{
	return per_cpu(vmi_kvm_cpu.shared, cpu);
}

static __always_inline bool vmi_kvm_is_preempted(int cpu)
{
	return READ_ONCE(vmi_kvm_shared_of(cpu)->steal.preempted) &
	       KVM_VCPU_PREEMPTED;
}

/* cpu.c */
int vmi_kvm_cpu_alloc(void);
void vmi_kvm_cpu_free(void);
int vmi_kvm_cpu_enable(unsigned int msrs);
void vmi_kvm_cpu_disable(void);

/* clock.c */
u64 vmi_kvm_sched_clock(void);
int vmi_kvm_clock_start(void);
int vmi_kvm_clock_stop(void);
void vmi_kvm_clock_suspend(void);
void vmi_kvm_clock_wake(void);

/* steal.c */
u64 vmi_kvm_steal_clock(int cpu);
bool vmi_kvm_vcpu_is_preempted(long cpu);
bool __raw_callee_save_vmi_kvm_vcpu_is_preempted(long cpu);

/* eoi.c */
DECLARE_PER_CPU(u64, vmi_kvm_eoi_uses);
void vmi_kvm_eoi(void);

/* ipi.c */
DECLARE_PER_CPU(u64, vmi_kvm_ipi_uses);
DECLARE_PER_CPU(u64, vmi_kvm_yield_uses);
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
