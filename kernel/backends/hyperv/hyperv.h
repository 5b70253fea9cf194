/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of the Hyper-V backend
 *
 *	main.c		what the host offers, and the life of the backend
 *	hypercall.c	hypercalls
 *	vpset.c		sets of virtual processors
 *	clock.c		scheduler clock
 *	tlb.c, ipi.c, eoi.c, lock.c	the ops of these groups
 *
 * The kernel's own guest code (arch/x86/hyperv, drivers/hv/hv_common.c) set up the hypercall page,
 * the input page and the assist page of each CPU, and the page of the reference TSC, and keeps
 * them: hotplug, kexec and crash are its business. The ops here use the same memory.
 *
 * The interface is that of the Hypervisor Top-Level Functional Specification (TLFS);
 * asm/hyperv-tlfs.h has its numbers and structures.
 */
#ifndef _VMI_HYPERV_H
#define _VMI_HYPERV_H

#include <linux/cache.h>
#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/percpu.h>
#include <linux/types.h>
#include <linux/vmi.h>

#include <asm/mshyperv.h>

/**
 * struct vmi_hyperv - what was found, and what is in use
 * @native: native ops
 * @features: EAX of HYPERV_CPUID_FEATURES: what may be used
 * @hints: EAX of HYPERV_CPUID_ENLIGHTMENT_INFO: what should be used
 * @apic_msrs: end and send interrupts by an MSR, not through the APIC
 * @ipi_calls: send interrupts by hypercall where that can be
 * @sends: the backend sends IPIs, those that wake waiters as well
 */
struct vmi_hyperv {
	const struct vmi_ops	*native;
	u32			features;
	u32			hints;
	bool			apic_msrs;
	bool			ipi_calls;
	bool			sends;
};

extern struct vmi_hyperv vmi_hyperv;

/**
 * vmi_hyperv_vp() - number of a CPU as a virtual processor
 * @cpu: the CPU
 *
 * Return: the number, or -ENOENT for a CPU that did not come up yet
 */
static inline int vmi_hyperv_vp(unsigned int cpu)
{
	u32 vp = READ_ONCE(hv_vp_index[cpu]);

	return vp == VP_INVAL ? -ENOENT : vp;
}

/*
 * The input page of this CPU, to be used with interrupts off. NULL on a CPU that comes up for
 * the first time, until the kernel's own guest code has allocated it.
 */
static inline void *vmi_hyperv_input(void)
{
	return *this_cpu_ptr(hyperv_pcpu_input_arg);
}

/* hypercall.c */
u64 vmi_hyperv_call(u16 code, unsigned int banks, unsigned int reps,
		    void *input);
u64 vmi_hyperv_call_fast(u16 code, u64 first, u64 second);

/* vpset.c */
int vmi_hyperv_vpset(struct hv_vpset *set, const struct cpumask *cpus,
		     bool (*skip)(int cpu));

/* clock.c */
u64 vmi_hyperv_sched_clock(void);
void vmi_hyperv_clock_start(void);
void vmi_hyperv_clock_suspend(void);

/* tlb.c */
void vmi_hyperv_flush_multi(const struct cpumask *cpus,
			    const struct flush_tlb_info *info);

/* ipi.c */
void vmi_hyperv_send(int cpu, int vector);
void vmi_hyperv_send_mask(const struct cpumask *mask, int vector);
void vmi_hyperv_send_mask_allbutself(const struct cpumask *mask, int vector);
void vmi_hyperv_send_allbutself(int vector);
void vmi_hyperv_send_all(int vector);

/* eoi.c */
void vmi_hyperv_eoi(void);

/* lock.c */
void vmi_hyperv_wait(u8 *ptr, u8 val);
void vmi_hyperv_kick(int cpu);
bool vmi_hyperv_vcpu_is_preempted(long cpu);
bool __raw_callee_save_vmi_hyperv_vcpu_is_preempted(long cpu);

DECLARE_PER_CPU(u64, vmi_hyperv_tlb_uses);
DECLARE_PER_CPU(u64, vmi_hyperv_ipi_uses);
DECLARE_PER_CPU(u64, vmi_hyperv_eoi_uses);

#endif /* _VMI_HYPERV_H */
