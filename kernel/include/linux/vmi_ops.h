/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The list of paravirtual operations
 *
 * Everything that exists once per op derives from this list: the enum, the
 * table of a backend, the capture of the native and builtin providers, the
 * counting thunks, the names in sysfs and netlink, and the tests. The header
 * is also read by the assembler, so it holds macros only.
 *
 *	OP(group, name, kind, mask, ret, args)
 *
 * kind is PLAIN for the normal calling convention, or CALLEE_SAVE where the
 * call site expects every register but the return value to survive. mask is ALL
 * if the first argument is a mask of CPUs and the op is for all of them, OTHERS if
 * it is for all of them but the one that calls, and NONE if there is no mask. ret
 * and args are the C prototype.
 *
 * A backend built against an older API minor has a shorter table: new ops go
 * to the end of VMI_OPS(), and none is ever removed or moved.
 */
#ifndef _LINUX_VMI_OPS_H
#define _LINUX_VMI_OPS_H

#define VMI_OPS(OP)							      \
	OP(clock, sched_clock, PLAIN, NONE, u64, (void))		      \
	OP(clock, steal_clock, PLAIN, NONE, u64, (int cpu))		      \
	OP(idle, safe_halt, PLAIN, NONE, void, (void))			      \
	OP(idle, halt, PLAIN, NONE, void, (void))			      \
	OP(tlb, flush_local, PLAIN, NONE, void, (void))			      \
	OP(tlb, flush_global, PLAIN, NONE, void, (void))		      \
	OP(tlb, flush_one, PLAIN, NONE, void, (unsigned long addr))	      \
	OP(tlb, flush_multi, PLAIN, ALL, void,				      \
	   (const struct cpumask *cpus, const struct flush_tlb_info *info))   \
	OP(mm, exit_mmap, PLAIN, NONE, void, (struct mm_struct *mm))	      \
	OP(ipi, send, PLAIN, NONE, void, (int cpu, int vector))		      \
	OP(ipi, send_mask, PLAIN, ALL, void,				      \
	   (const struct cpumask *mask, int vector))			      \
	OP(ipi, send_mask_allbutself, PLAIN, OTHERS, void,		      \
	   (const struct cpumask *mask, int vector))			      \
	OP(ipi, send_allbutself, PLAIN, NONE, void, (int vector))	      \
	OP(ipi, send_all, PLAIN, NONE, void, (int vector))		      \
	OP(ipi, send_self, PLAIN, NONE, void, (int vector))		      \
	OP(eoi, eoi, PLAIN, NONE, void, (void))				      \
	OP(lock, slowpath, PLAIN, NONE, void,				      \
	   (struct qspinlock *lock, u32 val))				      \
	OP(lock, unlock, CALLEE_SAVE, NONE, void, (struct qspinlock *lock))   \
	OP(lock, wait, PLAIN, NONE, void, (u8 *ptr, u8 val))		      \
	OP(lock, kick, PLAIN, NONE, void, (int cpu))			      \
	OP(lock, vcpu_is_preempted, CALLEE_SAVE, NONE, bool, (long cpu))      \
	OP(io, delay, PLAIN, NONE, void, (void))			      \
	OP(irq, save_fl, PLAIN, NONE, unsigned long, (void))		      \
	OP(irq, disable, PLAIN, NONE, void, (void))			      \
	OP(irq, enable, PLAIN, NONE, void, (void))

/*
 *	GROUP(group, together)
 *
 * together is 1 for a move-together group: a backend implements all of its ops
 * or none, because a mix of two providers would not be correct.
 */
#define VMI_GROUPS(GROUP)						      \
	GROUP(clock, 0)							      \
	GROUP(idle, 0)							      \
	GROUP(tlb, 0)							      \
	GROUP(mm, 0)							      \
	GROUP(ipi, 0)							      \
	GROUP(eoi, 0)							      \
	GROUP(lock, 1)							      \
	GROUP(io, 0)							      \
	GROUP(irq, 1)

#endif /* _LINUX_VMI_OPS_H */
