/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of the Hyper-V backend
 *
 *	main.c		what the host offers, and the life of the backend
 *	cpu.c		what is set up on each CPU
 *	hypercall.c	the hypercall page
 *	vpset.c		sets of virtual processors
 *	page.S		the memory under the hypercall page
 *	clock.c		scheduler clock and clocksource
 *	tlb.c, ipi.c, eoi.c, lock.c	the ops of these groups
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
 * @assist: have assist pages, in which the host says that an EOI is not needed
 * @sends: the backend sends IPIs, those that wake waiters as well
 */
struct vmi_hyperv {
	const struct vmi_ops	*native;
	u32			features;
	u32			hints;
	bool			apic_msrs;
	bool			ipi_calls;
	bool			assist;
	bool			sends;
};

/**
 * struct vmi_hyperv_cpu - what one CPU has
 * @input: a page for what a hypercall is given; to be used with interrupts off
 * @assist: its assist page; the host writes to it
 * @assist_on: whether the host may
 * @vp: its number as a virtual processor plus 1, 0 if it is not known yet
 */
struct vmi_hyperv_cpu {
	void				*input;
	struct hv_vp_assist_page	*assist;
	bool				assist_on;
	u32				vp;
};

extern struct vmi_hyperv vmi_hyperv;
DECLARE_PER_CPU(struct vmi_hyperv_cpu, vmi_hyperv_cpu);

/**
 * vmi_hyperv_vp() - number of a CPU as a virtual processor
 * @cpu: the CPU
 *
 * Return: the number, or -ENOENT for a CPU that did not ask for it yet
 */
static inline int vmi_hyperv_vp(unsigned int cpu)
{
	u32 vp = READ_ONCE(per_cpu(vmi_hyperv_cpu, cpu).vp);

	return vp ? vp - 1 : -ENOENT;
}

/* cpu.c */
int vmi_hyperv_cpu_alloc(void);
int vmi_hyperv_set_msr(u32 msr, u64 value);
void vmi_hyperv_cpu_free(void);
int vmi_hyperv_cpu_enable(void);
void vmi_hyperv_cpu_disable(void);

/* page.S */
u64 vmi_hyperv_page(void);

/* hypercall.c */
int vmi_hyperv_hypercall_start(void);
void vmi_hyperv_hypercall_stop(void);
u64 vmi_hyperv_call(u64 control, void *input);
u64 vmi_hyperv_call_fast(u16 code, u64 first, u64 second);

/* vpset.c */
int vmi_hyperv_vpset(struct hv_vpset *set, const struct cpumask *cpus,
		     bool (*skip)(int cpu));

/* Input value of a call with a variable header and repetitions. */
static inline u64 vmi_hyperv_control(u16 code, unsigned int banks,
				     unsigned int reps)
{
	return code | (u64)banks << HV_HYPERCALL_VARHEAD_OFFSET |
	       (u64)reps << HV_HYPERCALL_REP_COMP_OFFSET;
}

/* clock.c */
u64 vmi_hyperv_sched_clock(void);
int vmi_hyperv_clock_start(void);
int vmi_hyperv_clock_stop(void);
void vmi_hyperv_clock_free(void);
void vmi_hyperv_clock_disable(void);
void vmi_hyperv_clock_wake(void);

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
