/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading a pvclock, which KVM and Xen give to each vCPU
 *
 * The kernel's functions in pvclock.c are not for modules and have flags that belong
 * to the kernel's own guest code. The inline ones of asm/pvclock.h do not.
 */
#ifndef _VMI_PVCLOCK_H
#define _VMI_PVCLOCK_H

#include <linux/atomic.h>
#include <linux/types.h>

#include <asm/msr.h>
#include <asm/pvclock.h>

/**
 * struct vmi_pvclock - what the clocks of all vCPUs have in common
 * @last_ns: latest time that any CPU was told, while the clocks are not in step
 * @valid_flags: flags of the clocks that may be believed
 */
struct vmi_pvclock {
	atomic64_t	last_ns;
	u8		valid_flags;
};

/*
 * Clocks that are not in step differ by little, so holding back the CPUs that are
 * behind the furthest one costs little accuracy and no backward step is ever
 * seen. A CPU that loses the race to advance last_ns looks again: the winner may
 * have been behind it.
 */
static __always_inline u64 vmi_pvclock_hold_back(struct vmi_pvclock *common,
						 u64 ns)
{
	s64 last = raw_atomic64_read(&common->last_ns);

	do {
		if (ns <= (u64)last)
			return last;
	} while (!raw_atomic64_try_cmpxchg(&common->last_ns, &last, ns));
	return ns;
}

/**
 * vmi_pvclock_read() - the time of the hypervisor
 * @common: what the clocks have in common
 * @clock: the clock of this CPU, or of any if they are in step
 *
 * Context: any, noinstr.
 * Return: nanoseconds, never less than any CPU was told before
 */
static __always_inline u64
vmi_pvclock_read(struct vmi_pvclock *common,
		 const struct pvclock_vcpu_time_info *clock)
{
	unsigned int version;
	u8 flags;
	u64 ns;

	do {
		version = pvclock_read_begin(clock);
		ns = __pvclock_read_cycles(clock, rdtsc_ordered());
		flags = clock->flags;
	} while (pvclock_read_retry(clock, version));

	if (likely(flags & common->valid_flags & PVCLOCK_TSC_STABLE_BIT))
		return ns;
	return vmi_pvclock_hold_back(common, ns);
}

#endif /* _VMI_PVCLOCK_H */
