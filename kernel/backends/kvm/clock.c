// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scheduler clock and clocksource
 *
 * The host gives each vCPU a pair (TSC, time) and the factor from one to the
 * other; see MSR_KVM_SYSTEM_TIME_NEW in Documentation/virt/kvm/x86/msr.rst.
 *
 * Not done here: a vDSO clock. User space would read a page that the kernel
 * installs at boot and never takes back.
 */

#define pr_fmt(fmt) "vmi_kvm: " fmt

#include <linux/clocksource.h>
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/nmi.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/string.h>

#include "../clocksource.h"
#include "../pvclock.h"
#include "kvm.h"

/* Time of the CPU that ran init() or went to sleep last; see read_clock(). */
static const struct pvclock_vcpu_time_info *common_clock __read_mostly;

static struct vmi_pvclock pvclock;

static bool asleep;

static bool registered;

static __always_inline u64 read_clock(void)
{
	const struct pvclock_vcpu_time_info *clock;

	/*
	 * The host never leaves the version at 0. Where it is, this CPU is up
	 * but not prepared yet; the clock of another one is right if they are in
	 * step, which is what the vDSO relies on too, and held back if not.
	 */
	clock = &this_cpu_read(vmi_kvm_cpu.shared)->clock;
	if (unlikely(!clock->version))
		clock = common_clock;

	return vmi_pvclock_read(&pvclock, clock);
}

noinstr u64 vmi_kvm_sched_clock(void)
{
	return read_clock();
}

/*
 * The host stopped the whole machine, for a snapshot for example. The time that
 * passed must not look like a lockup to the detectors that a module can reach.
 * Those that it cannot, the RCU stall detector and the clocksource watchdog, ask
 * the kernel's own KVM code only.
 *
 * The host writes the flags only while this vCPU does not run, so one instruction
 * cannot lose what it writes.
 */
static void check_stopped(void)
{
	struct pvclock_vcpu_time_info *clock;

	clock = &this_cpu_read(vmi_kvm_cpu.shared)->clock;
	if (likely(!(clock->flags & PVCLOCK_GUEST_STOPPED)))
		return;
	asm volatile("andb %1, %0" : "+m" (clock->flags)
		     : "i" ((u8)~PVCLOCK_GUEST_STOPPED));
	touch_softlockup_watchdog();
	reset_hung_task_detector();
}

/*
 * The place to look for a stop: while this is the current clocksource, timer
 * interrupts read it before they run timers, one of which is the lockup detector.
 * The scheduler clock may not call out. A guest whose clocksource is the TSC has
 * to live with what the detectors say after a stop.
 */
static u64 clocksource_read(struct clocksource *cs)
{
	u64 ns;

	preempt_disable_notrace();
	check_stopped();
	ns = read_clock();
	preempt_enable_notrace();
	return ns;
}

static struct clocksource vmi_kvm_clocksource = {
	.name	= "vmi-kvm-clock",
	.read	= clocksource_read,
	.mask	= CLOCKSOURCE_MASK(64),
	.flags	= CLOCK_SOURCE_IS_CONTINUOUS,
	.owner	= THIS_MODULE,
};

static int register_clocksource(void)
{
	int err;

	vmi_kvm_clocksource.rating = vmi_clocksource_rating();
	err = clocksource_register_hz(&vmi_kvm_clocksource, NSEC_PER_SEC);
	registered = !err;
	return err;
}

static void enable_clock(void *failed)
{
	if (vmi_kvm_cpu_enable(MSR_BIT_CLOCK))
		atomic_inc(failed);
}

/*
 * Once registered, the clocksource may be read on every CPU, which is before the
 * core has the CPUs prepared one by one.
 *
 * May not be called under cpus_read_lock(): changing the clocksource stops the
 * machine.
 */
int vmi_kvm_clock_start(void)
{
	atomic_t failed = ATOMIC_INIT(0);
	bool stable;
	u8 flags;

	/* Without the bit in CPUID, the flag of the clock means nothing. */
	stable = vmi_kvm.features & BIT(KVM_FEATURE_CLOCKSOURCE_STABLE_BIT);
	pvclock.valid_flags = stable ? PVCLOCK_TSC_STABLE_BIT : 0;

	on_each_cpu(enable_clock, &failed, 1);
	if (atomic_read(&failed))
		return -EIO;

	preempt_disable();
	common_clock = &this_cpu_read(vmi_kvm_cpu.shared)->clock;
	flags = common_clock->flags;
	preempt_enable();

	if (!(flags & pvclock.valid_flags & PVCLOCK_TSC_STABLE_BIT))
		vmi_clock_is_unsafe();
	return registered ? 0 : register_clocksource();
}

/*
 * Returns -EBUSY when it is in use and the machine has no other that will do.
 * Doing nothing when it is not registered serves exit() after drain().
 */
int vmi_kvm_clock_stop(void)
{
	int err;

	if (!registered)
		return 0;
	err = clocksource_unregister(&vmi_kvm_clocksource);
	registered = err;
	return err;
}

/*
 * The TSC may restart at 0, and a hibernated guest on another host, so nothing
 * said before has to be true after. Other CPUs are offline; their clocks go back
 * to "not prepared". This one, irqs off, is the first to be prepared again.
 */
void vmi_kvm_clock_suspend(void)
{
	unsigned int cpu, this_cpu = smp_processor_id();

	for_each_possible_cpu(cpu) {
		struct pvclock_vcpu_time_info *clock;

		clock = &vmi_kvm_shared_of(cpu)->clock;
		if (cpu == this_cpu)
			common_clock = clock;
		else
			memset(clock, 0, sizeof(*clock));
	}
	asleep = true;
}

/*
 * Not earlier: the clock is read once more before the sleep. One CPU, irqs off, its
 * clock prepared.
 */
void vmi_kvm_clock_wake(void)
{
	if (asleep)
		atomic64_set(&pvclock.last_ns, 0);
	asleep = false;
}
