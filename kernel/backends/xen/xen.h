/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside of the Xen backend
 *
 *	main.c		what Xen offers, and the life of the backend
 *	clock.c		scheduler clock
 *	runstate.c	time stolen, and whether a vCPU runs
 *	lock.c		waiting for a spinlock
 *	mm.c		page tables that go
 *
 * The interface is that of xen/include/public in Xen's source; the kernel has it in
 * include/xen/interface. Hypercalls and event channels are those that the kernel has
 * set up: it cannot run as a guest of Xen without.
 */
#ifndef _VMI_XEN_H
#define _VMI_XEN_H

#include <linux/percpu.h>
#include <linux/types.h>
#include <linux/vmi.h>

/* clock.c */
u64 vmi_xen_sched_clock(void);
void vmi_xen_clock_start(void);
void vmi_xen_clock_resume(void);

/* runstate.c */
u64 vmi_xen_steal_clock(int cpu);
bool vmi_xen_vcpu_is_preempted(long cpu);
bool __raw_callee_save_vmi_xen_vcpu_is_preempted(long cpu);

/* lock.c */
DECLARE_PER_CPU(u64, vmi_xen_poll_uses);
void vmi_xen_wait(u8 *ptr, u8 val);
void vmi_xen_kick(int cpu);
int vmi_xen_lock_alloc(void);
void vmi_xen_lock_free(void);

/* mm.c */
void vmi_xen_exit_mmap(struct mm_struct *mm);
bool vmi_xen_wants_dying_pagetables(void);

#endif /* _VMI_XEN_H */
