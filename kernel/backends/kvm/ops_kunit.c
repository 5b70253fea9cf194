// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the ops for IPIs and TLB flushes, with a fake host
 *
 * Hypercalls, the APIC ids and the memory that the host writes to are those of a fake
 * machine. The fake host decodes a hypercall as
 * Documentation/virt/kvm/x86/hypercalls.rst says.
 */

#include <linux/bug.h>
#include <linux/context_tracking_state.h>
#include <linux/module.h>

#include <asm/apicdef.h>
#include <asm/tlbflush.h>

#include "../ops_kunit.h"
#include "kvm.h"

/**
 * struct fake_cpu - a CPU of the fake machine
 * @id: its APIC id
 * @idle: it is in its idle loop
 * @shared: the memory that it shares with the host
 * @wakes: the host begins to run it as soon as somebody has looked at that memory
 */
static struct fake_cpu {
	u32			id;
	bool			idle;
	struct vmi_kvm_shared	shared;
	bool			wakes;
} cpus_of_host[CPUS];

/* The answer of the host to KVM_HC_SEND_IPI. */
static long send_result;

/**
 * struct host - what the host was asked for
 * @calls: how often it was asked to send
 * @icr: what it was to send
 * @strays: how often it was to send to an APIC id that no CPU has
 * @sent: how often it sent, to each CPU
 * @yields: how often it was asked to run another CPU
 * @yielded_to: APIC id of that CPU
 * @warnings: how often the backend warned
 */
static struct host {
	unsigned int	calls;
	unsigned long	icr;
	unsigned int	strays;
	unsigned int	sent[CPUS];
	unsigned int	yields;
	u32		yielded_to;
	unsigned int	warnings;
} host;

static void forget_calls(void)
{
	host = (struct host) {};
	native = (struct native) {};
}

static void host_sends_to(u32 id)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		if (cpus_of_host[cpu].id == id) {
			host.sent[cpu]++;
			return;
		}
	}
	host.strays++;
}

static long host_send_ipi(unsigned int nr, unsigned long low,
			  unsigned long high, u32 min, unsigned long icr)
{
	unsigned int i;

	if (nr != KVM_HC_SEND_IPI)
		return -KVM_ENOSYS;
	host.calls++;
	host.icr = icr;
	if (send_result < 0)
		return send_result;
	for (i = 0; i < BITS_PER_LONG; i++) {
		if (low & BIT(i))
			host_sends_to(min + i);
		if (high & BIT(i))
			host_sends_to(min + BITS_PER_LONG + i);
	}
	return hweight_long(low) + hweight_long(high);
}

static long host_yield(unsigned int nr, unsigned long id)
{
	if (nr != KVM_HC_SCHED_YIELD)
		return -KVM_ENOSYS;
	host.yields++;
	host.yielded_to = id;
	return 0;
}

/* A host that runs a vCPU takes both flags back, and flushes if it was asked to. */
static void host_wakes_cpus(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		if (cpus_of_host[cpu].wakes)
			cpus_of_host[cpu].shared.steal.preempted = 0;
	}
}

struct vmi_kvm vmi_kvm;

#define kvm_hypercall4	host_send_ipi
#define kvm_hypercall1	host_yield
#undef cpu_physical_id
#define cpu_physical_id(cpu)		cpus_of_host[cpu].id
#define ct_rcu_watching_cpu(cpu)	(!cpus_of_host[cpu].idle)
#define vmi_kvm_shared_of(cpu)		(&cpus_of_host[cpu].shared)
#define vmi_kvm_is_preempted(cpu)	\
	(cpus_of_host[cpu].shared.steal.preempted & KVM_VCPU_PREEMPTED)
#undef WARN_ONCE
#define WARN_ONCE(condition, format...)	(host.warnings++)

#include "ipi.c"

#undef READ_ONCE
#define READ_ONCE(x)			\
({					\
	typeof(x) _seen = (x);		\
					\
	host_wakes_cpus();		\
	_seen;				\
})

#include "tlb.c"

static void set_preempted(unsigned long cpus)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		cpus_of_host[cpu].shared.steal.preempted =
			cpus & BIT(cpu) ? KVM_VCPU_PREEMPTED : 0;
}

/*
 * Three CPUs, with each choice and order of ids around the size and the middle of a
 * window: each CPU is reached once, with one hypercall if one can do.
 */
static void each_target_is_reached_once(struct kunit *test)
{
	static const u32 ids[] = {
		0, 1, 62, 63, 64, 65, 126, 127, 128, 129, 191, 192, 255, 256,
		1000, U32_MAX - 127, U32_MAX - 1,
	};
	const unsigned int n = ARRAY_SIZE(ids);
	unsigned int i, a, b, c;

	for (i = 0; i < n * n * n; i++) {
		a = ids[i % n];
		b = ids[i / n % n];
		c = ids[i / n / n];
		if (a == b || b == c || c == a)
			continue;
		cpus_of_host[0].id = a;
		cpus_of_host[1].id = b;
		cpus_of_host[2].id = c;
		give(vmi_kvm_send_mask, 7, VECTOR);

		KUNIT_ASSERT_EQ_MSG(test, reached(host.sent), 7,
				    "APIC ids %u, %u, %u", a, b, c);
		KUNIT_ASSERT_EQ_MSG(test, host.strays, 0,
				    "APIC ids %u, %u, %u", a, b, c);
		if (max3(a, b, c) - min3(a, b, c) < 128)
			KUNIT_ASSERT_EQ_MSG(test, host.calls, 1,
					    "APIC ids %u, %u, %u", a, b, c);
	}
}

/* This CPU is in half of the masks. */
static void any_mask_is_reached_once(struct kunit *test)
{
	unsigned long cpus;
	unsigned int cpu;

	/* Two windows, neither in the order of CPU numbers. */
	for (cpu = 0; cpu < CPUS; cpu++)
		cpus_of_host[cpu].id = 500 - 60 * cpu;

	for (cpus = 0; cpus <= ALL_CPUS; cpus++) {
		give(vmi_kvm_send_mask, cpus, VECTOR);
		KUNIT_ASSERT_EQ(test, reached(host.sent), cpus);
		KUNIT_ASSERT_EQ(test, host.strays, 0);
		KUNIT_ASSERT_EQ(test, reached(native.sent), 0);
		KUNIT_ASSERT_EQ(test, !host.calls, !cpus);
	}
}

static void host_is_given_the_vector(struct kunit *test)
{
	give(vmi_kvm_send_mask, 1, VECTOR);
	KUNIT_EXPECT_EQ(test, host.icr, APIC_DM_FIXED | VECTOR);
	give(vmi_kvm_send_mask, 1, NMI_VECTOR);
	KUNIT_EXPECT_EQ(test, host.icr, APIC_DM_NMI);
}

static void allbutself_leaves_self_out(struct kunit *test)
{
	unsigned long others = give_others(vmi_kvm_send_mask_allbutself);

	KUNIT_EXPECT_EQ(test, reached(host.sent), others);
	others = give_online_others(vmi_kvm_send_allbutself);
	KUNIT_EXPECT_EQ(test, reached(host.sent), others);
}

/* With the wider gaps it takes several hypercalls, each for some of the CPUs. */
static void refused_call_is_made_up_for(struct kunit *test)
{
	unsigned int gap, cpu;
	unsigned long others;

	send_result = -KVM_EINVAL;
	for (gap = 1; gap <= 64; gap++) {
		for (cpu = 0; cpu < CPUS; cpu++)
			cpus_of_host[cpu].id = gap * (CPUS - cpu);
		others = give_others(vmi_kvm_send_mask_allbutself);
		KUNIT_ASSERT_EQ(test, reached(host.sent), 0);
		KUNIT_ASSERT_EQ(test, reached(native.sent), others);
		KUNIT_ASSERT_EQ(test, native.vector, VECTOR);
		KUNIT_ASSERT_EQ(test, host.warnings, host.calls);
	}
}

static void host_that_sends_nothing_is_not_asked(struct kunit *test)
{
	vmi_kvm.send_ipi = false;
	give(vmi_kvm_send_mask, 5, VECTOR);
	KUNIT_EXPECT_EQ(test, native.mask, 5);
	KUNIT_EXPECT_EQ(test, host.calls, 0);
	give(vmi_kvm_send_mask_allbutself, 6, VECTOR);
	KUNIT_EXPECT_EQ(test, native.mask, 6);
	KUNIT_EXPECT_EQ(test, host.calls, 0);
	give_online_others(vmi_kvm_send_allbutself);
	KUNIT_EXPECT_EQ(test, native.calls, 1);
	KUNIT_EXPECT_EQ(test, host.calls, 0);
}

/* Send to all CPUs, of which @cpus were preempted. Return the APIC id yielded to, or -1. */
static int yields_to(unsigned long cpus, int vector)
{
	set_preempted(cpus);
	give(vmi_kvm_send_mask, ALL_CPUS, vector);
	return host.yields ? host.yielded_to : -1;
}

static void sender_yields_to_another_that_was_preempted(struct kunit *test)
{
	const int last = cpus_of_host[7].id;
	int yielded_to;

	vmi_kvm.yield = true;
	preempt_disable();
	yielded_to = yields_to(BIT(smp_processor_id()), CALL_FUNCTION_VECTOR);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, yielded_to, -1);

	KUNIT_EXPECT_EQ(test, yields_to(0, CALL_FUNCTION_VECTOR), -1);
	KUNIT_EXPECT_EQ(test, yields_to(ALL_CPUS, VECTOR), -1);
	KUNIT_EXPECT_EQ(test, yields_to(BIT(7), CALL_FUNCTION_VECTOR), last);
	KUNIT_EXPECT_EQ(test, host.yields, 1);

	/* An idle CPU has nothing to do but the call itself. */
	cpus_of_host[6].idle = true;
	KUNIT_EXPECT_EQ(test, yields_to(BIT(6), CALL_FUNCTION_VECTOR), -1);
	KUNIT_EXPECT_EQ(test, yields_to(BIT(6) | BIT(7), CALL_FUNCTION_VECTOR), last);
	KUNIT_EXPECT_EQ(test, host.yields, 1);

	vmi_kvm.yield = false;
	KUNIT_EXPECT_EQ(test, yields_to(ALL_CPUS, CALL_FUNCTION_VECTOR), -1);
}

/* The CPUs that the host is to flush before it runs them, or ~0 if one of them runs. */
static unsigned long left_to_host(void)
{
	unsigned long cpus = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		u8 state = cpus_of_host[cpu].shared.steal.preempted;

		if (state == KVM_VCPU_FLUSH_TLB)
			return ~0UL;
		if (state & KVM_VCPU_FLUSH_TLB)
			cpus |= BIT(cpu);
	}
	return cpus;
}

/* Return how many flushes were counted as left to the host. */
static u64 flush_tlb_of(unsigned long cpus)
{
	u64 before, after;

	preempt_disable();
	before = this_cpu_read(vmi_kvm_tlb_uses);
	vmi_kvm_flush_multi(mask_of(cpus), NULL);
	after = this_cpu_read(vmi_kvm_tlb_uses);
	preempt_enable();
	return after - before;
}

/* The host gets a second flush as well, if it has not run the CPUs in between. */
static void cpus_that_do_not_run_are_left_to_the_host(struct kunit *test)
{
	unsigned long cpus, preempted;
	unsigned int flush;

	for (cpus = 0; cpus <= ALL_CPUS; cpus += 3) {
		for (preempted = 0; preempted <= ALL_CPUS; preempted++) {
			set_preempted(preempted);
			for (flush = 0; flush < 2; flush++) {
				KUNIT_ASSERT_EQ(test, flush_tlb_of(cpus),
						hweight_long(cpus & preempted));
				KUNIT_ASSERT_EQ(test, native.mask, cpus & ~preempted);
				KUNIT_ASSERT_EQ(test, left_to_host(), cpus & preempted);
			}
		}
	}
}

/* The host takes the flag back between the look at it and the request to flush. */
static void cpu_that_wakes_meanwhile_is_interrupted(struct kunit *test)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		cpus_of_host[cpu].wakes = true;
	set_preempted(ALL_CPUS);
	KUNIT_EXPECT_EQ(test, flush_tlb_of(BIT(2)), 0);
	KUNIT_EXPECT_EQ(test, native.mask, BIT(2));
	KUNIT_EXPECT_EQ(test, left_to_host(), 0);
}

static int ops_suite_init(struct kunit_suite *suite)
{
	return vmi_kvm_tlb_alloc();
}

static void ops_suite_exit(struct kunit_suite *suite)
{
	vmi_kvm_tlb_free();
}

static int ops_init(struct kunit *test)
{
	unsigned int cpu;

	skip_larger_machine(test);
	forget_calls();
	send_result = 0;
	memset(cpus_of_host, 0, sizeof(cpus_of_host));
	for (cpu = 0; cpu < CPUS; cpu++)
		cpus_of_host[cpu].id = 3 * cpu;
	vmi_kvm = (struct vmi_kvm) {
		.native		= &fake_native,
		.send_ipi	= true,
	};
	return 0;
}

static struct kunit_case ops_cases[] = {
	KUNIT_CASE(each_target_is_reached_once),
	KUNIT_CASE(any_mask_is_reached_once),
	KUNIT_CASE(host_is_given_the_vector),
	KUNIT_CASE(allbutself_leaves_self_out),
	KUNIT_CASE(refused_call_is_made_up_for),
	KUNIT_CASE(host_that_sends_nothing_is_not_asked),
	KUNIT_CASE(sender_yields_to_another_that_was_preempted),
	KUNIT_CASE(cpus_that_do_not_run_are_left_to_the_host),
	KUNIT_CASE(cpu_that_wakes_meanwhile_is_interrupted),
	{}
};

static struct kunit_suite ops_suite = {
	.name		= "vmi_kvm_ops",
	.suite_init	= ops_suite_init,
	.suite_exit	= ops_suite_exit,
	.init		= ops_init,
	.test_cases	= ops_cases,
};

kunit_test_suite(ops_suite);

MODULE_DESCRIPTION("KUnit tests of the VMI backend for KVM");
MODULE_LICENSE("GPL");
