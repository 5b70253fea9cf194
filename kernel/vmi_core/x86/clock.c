// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clocks that go on across a switch
 *
 * Providers count from different zeros. After the first switch, call sites enter a function of
 * the core that adds an offset to the time of the provider. The provider and its offset must
 * change together: if a CPU combined one clock with the other's offset, time could go backwards.
 *
 * The scheduler clock must go on meanwhile, on all CPUs alike, so it has two slots of provider
 * and offset. The next slot is filled while no CPU reads it, and made current inside
 * stop_machine(), where the offset is taken. An NMI may read the clock even there: it finds
 * one slot or the other, both are complete, and both give the same time. Steal time may stand
 * still for as long as a switch takes.
 *
 * Before the first switch the call sites enter the provider itself.
 */

#include <linux/cleanup.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched/clock.h>
#include <linux/static_call.h>
#include <linux/stop_machine.h>

#include <asm/paravirt.h>
#include <asm/timer.h>
#include <asm/tsc.h>
#include <asm/vmi.h>

#include "clock.h"
#include "site.h"

DEFINE_STATIC_CALL(vmi_sched_clock_0, native_sched_clock);
DEFINE_STATIC_CALL(vmi_sched_clock_1, native_sched_clock);
static u64 sched_clock_offset[2];
static unsigned int sched_clock_slot;
static u64 (*sched_clock_provider)(void);

static noinstr u64 sched_clock_of_slot(unsigned int slot)
{
	return slot ? static_call(vmi_sched_clock_1)() :
		      static_call(vmi_sched_clock_0)();
}

/* Callers have preemption off, so stop_machine() finds none of them in here. */
static noinstr u64 vmi_sched_clock(void)
{
	unsigned int slot = READ_ONCE(sched_clock_slot);

	return sched_clock_of_slot(slot) + READ_ONCE(sched_clock_offset[slot]);
}

static void sched_clock_flip(void)
{
	unsigned int next = !sched_clock_slot;
	u64 theirs;

	/*
	 * Read the new clock first, so that time that passes in between can only look like
	 * a step forward to an NMI.
	 */
	theirs = sched_clock_of_slot(next);
	barrier();
	WRITE_ONCE(sched_clock_offset[next], vmi_sched_clock() - theirs);
	/* An NMI that sees the new slot has to see its offset: x86 keeps order. */
	barrier();
	WRITE_ONCE(sched_clock_slot, next);
}

/* Is the scheduler clock the native one, maybe with an offset or behind a counting thunk? */
bool vmi_sched_clock_uses_tsc(void)
{
	return READ_ONCE(sched_clock_provider) == native_sched_clock;
}

/*
 * Is it the native one without an offset? perf tells user space how to compute that from the TSC.
 */
bool vmi_sched_clock_is_native(void)
{
	return vmi_sched_clock_uses_tsc() &&
	       !READ_ONCE(sched_clock_offset[READ_ONCE(sched_clock_slot)]);
}

/* The time from which the clock goes on after a sleep. */
static u64 suspended_at;
static bool resumed_early;

/* Before the machine sleeps. One CPU, interrupts off. */
void vmi_clock_suspend(void)
{
	suspended_at = sched_clock();
}

/*
 * The provider may count from 0 again, or from the uptime of another host, so let the clock go
 * on from where it stood. The kernel does the same for the native clock. What builtin does is
 * left to it.
 */
static void go_on_from(u64 then)
{
	u64 *offset = &sched_clock_offset[sched_clock_slot];

	if (!vmi_sched_clock_uses_tsc() &&
	    sched_clock_provider != vmi_live.builtin->clock_sched_clock)
		WRITE_ONCE(*offset, *offset + then - sched_clock());
}

/* Right after a sleep, before vmi_clock_resume(). One CPU, interrupts off. */
void vmi_clock_resume_early(void)
{
	go_on_from(suspended_at);
	suspended_at = sched_clock();
	resumed_early = true;
}

/*
 * After the backend's resume(), which can make its clock step back once more. A step forward
 * is time that passed since vmi_clock_resume_early(), or else the uptime of another host. One
 * CPU, interrupts off.
 */
void vmi_clock_resume(void)
{
	if (!resumed_early || sched_clock() < suspended_at)
		go_on_from(suspended_at);
	resumed_early = false;
}

/*
 * The scheduler keeps the last steal time of each run queue and takes the difference,
 * which must not become negative: it would be taken for an age of stolen time. A provider
 * may count from 0 again, after its module was reloaded or after the guest moved to another
 * host. Steal time then goes on from where it stood.
 */
DEFINE_STATIC_CALL(vmi_steal_clock_provider, native_steal_clock);
static DEFINE_PER_CPU(u64, steal_clock_offset);
static DEFINE_PER_CPU(u64, steal_clock_last);
static bool steal_clock_stopped;
static bool steal_clock_on;

static u64 vmi_steal_clock(int cpu)
{
	u64 *offset = per_cpu_ptr(&steal_clock_offset, cpu);
	u64 *last = per_cpu_ptr(&steal_clock_last, cpu);
	u64 now, before, old;

	for (;;) {
		before = READ_ONCE(*last);
		/* Pairs with the release in bind_steal_clock(). */
		if (smp_load_acquire(&steal_clock_stopped))
			return before;
		old = READ_ONCE(*offset);
		/* Read @before first: a CPU that stores a later time afterwards does no harm. */
		smp_rmb();
		now = static_call(vmi_steal_clock_provider)(cpu) + old;
		if ((s64)(now - before) >= 0) {
			if (try_cmpxchg(last, &before, now))
				return now;
			continue;
		}
		/* If several CPUs see the step back, one of them corrects it. */
		cmpxchg(offset, old, old + before - now);
	}
}

/* Providers are called with preemption off, as by the scheduler. */
static void bind_steal_clock(u64 (*to)(int cpu))
{
	u64 *last, *offset, now;
	int cpu;

	WRITE_ONCE(steal_clock_stopped, true);
	/* Callers have preemption off, so no CPU reads the clock after this. */
	synchronize_rcu();
	scoped_guard(preempt) {
		for_each_possible_cpu(cpu) {
			last = per_cpu_ptr(&steal_clock_last, cpu);
			now = static_call(vmi_steal_clock_provider)(cpu) +
			      per_cpu(steal_clock_offset, cpu);
			if ((s64)(now - *last) > 0)
				*last = now;
		}
	}
	static_call_update(vmi_steal_clock_provider, to);
	scoped_guard(preempt) {
		for_each_possible_cpu(cpu) {
			offset = per_cpu_ptr(&steal_clock_offset, cpu);
			*offset = per_cpu(steal_clock_last, cpu) - to(cpu);
		}
	}
	/* A CPU that finds the clock running has to find the offset. */
	smp_store_release(&steal_clock_stopped, false);
}

/*
 * Make the scheduler read steal time. Where builtin has a steal clock, builtin decided that:
 * see "no-steal-acc".
 */
static void steal_clock_enable(bool on)
{
	if (vmi_live.builtin->clock_steal_clock != native_steal_clock ||
	    steal_clock_on == on)
		return;
	steal_clock_on = on;
	if (on) {
		static_key_slow_inc(&paravirt_steal_enabled);
		static_key_slow_inc(&paravirt_steal_rq_enabled);
	} else {
		static_key_slow_dec(&paravirt_steal_rq_enabled);
		static_key_slow_dec(&paravirt_steal_enabled);
	}
}

static int flip_sched_clock(void *to)
{
	sched_clock_flip();
	WRITE_ONCE(sched_clock_provider, to);
	return 0;
}

static void bind_sched_clock(u64 (*to)(void))
{
	if (sched_clock_slot)
		static_call_update(vmi_sched_clock_0, to);
	else
		static_call_update(vmi_sched_clock_1, to);
	stop_machine(flip_sched_clock, to, NULL);

	/*
	 * mark_tsc_unstable() does not tell the scheduler while the bound clock does not use
	 * the TSC. Tell it now if that happened. From here on, mark_tsc_unstable() sees the new
	 * clock.
	 */
	if (vmi_sched_clock_uses_tsc() && check_tsc_unstable())
		clear_sched_clock_stable();
}

/* Exchange the provider of clock ops. Sleeps, under the lock of the live table. */
void vmi_bind_clocks(vmi_opmask_t ops, const struct vmi_ops *to)
{
	static const struct vmi_ops entries = {
		.clock_sched_clock = vmi_sched_clock,
		.clock_steal_clock = vmi_steal_clock,
	};

	/* These give the same time as the call sites do now: this is no step. */
	vmi_bind_sites(ops, &entries);

	if (ops & VMI_OP_BIT(clock_sched_clock))
		bind_sched_clock(to->clock_sched_clock);
	if (ops & VMI_OP_BIT(clock_steal_clock)) {
		bind_steal_clock(to->clock_steal_clock);
		steal_clock_enable(to->clock_steal_clock != native_steal_clock);
	}
}

void __init vmi_clock_init(void)
{
	static_call_update(vmi_sched_clock_0,
			   vmi_live.builtin->clock_sched_clock);
	sched_clock_provider = vmi_live.builtin->clock_sched_clock;
	static_call_update(vmi_steal_clock_provider,
			   vmi_live.builtin->clock_steal_clock);
}

void vmi_clock_is_unsafe(void)
{
	clear_sched_clock_stable();
}
EXPORT_SYMBOL_GPL(vmi_clock_is_unsafe);
