// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the ops for IPIs and TLB flushes, with a fake host
 *
 * The files of the ops are included as they are. Their hypercalls, the APIC ids and the
 * memory that the host writes to are those of a fake machine. The fake host decodes a
 * hypercall as Documentation/virt/kvm/x86/hypercalls.rst says.
 */

#include <kunit/test.h>
#include <linux/bug.h>
#include <linux/context_tracking_state.h>
#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/string.h>

#include <asm/apicdef.h>
#include <asm/irq_vectors.h>
#include <asm/tlbflush.h>

#include "kvm.h"

/* CPUs of the fake machine, which include the one that runs the test. */
#define CPUS		8
#define ALL_CPUS	GENMASK(CPUS - 1, 0)

#define VECTOR		RESCHEDULE_VECTOR

/**
 * struct fake_cpu - a CPU of the fake machine
 * @id: its APIC id
 * @idle: it is in its idle loop
 * @shared: the memory that it shares with the host
 * @wakes: the host begins to run it as soon as somebody has looked at that memory
 */
struct fake_cpu {
	u32			id;
	bool			idle;
	struct vmi_kvm_shared	shared;
	bool			wakes;
};

/**
 * struct fake - the machine, and what it was asked for
 * @cpus: the CPUs
 * @result: what the host returns for KVM_HC_SEND_IPI
 * @calls: how often it was asked to send
 * @icr: what it was to send
 * @strays: how often it was to send to an APIC id that no CPU has
 * @by_host: how often it sent, to each CPU
 * @natively: how often an interrupt was sent natively, to each CPU
 * @native_mask: the CPUs that a native op with a mask was given
 * @native_masks: how often that was
 * @yields: how often the host was asked to run another CPU
 * @yielded_to: APIC id of that CPU
 * @warnings: how often the backend warned
 */
static struct fake {
	struct fake_cpu	cpus[CPUS];
	long			result;
	unsigned int		calls;
	unsigned long		icr;
	unsigned int		strays;
	unsigned int		by_host[CPUS];
	unsigned int		natively[CPUS];
	unsigned long		native_mask;
	unsigned int		native_masks;
	unsigned int		yields;
	u32			yielded_to;
	unsigned int		warnings;
} fake;

static void fake_delivery(u32 id)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		if (fake.cpus[cpu].id == id) {
			fake.by_host[cpu]++;
			return;
		}
	}
	fake.strays++;
}

static long fake_send_ipi(unsigned int nr, unsigned long low,
			  unsigned long high, u32 min, unsigned long icr)
{
	unsigned int i;

	if (nr != KVM_HC_SEND_IPI)
		return -KVM_ENOSYS;
	fake.calls++;
	fake.icr = icr;
	if (fake.result < 0)
		return fake.result;
	for (i = 0; i < BITS_PER_LONG; i++) {
		if (low & BIT(i))
			fake_delivery(min + i);
		if (high & BIT(i))
			fake_delivery(min + BITS_PER_LONG + i);
	}
	return hweight_long(low) + hweight_long(high);
}

static long fake_yield(unsigned int nr, unsigned long id)
{
	if (nr != KVM_HC_SCHED_YIELD)
		return -KVM_ENOSYS;
	fake.yields++;
	fake.yielded_to = id;
	return 0;
}

/* A host that runs a vCPU takes both flags back, and flushes if it was asked to. */
static void fake_wakeup(void)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		if (fake.cpus[cpu].wakes)
			fake.cpus[cpu].shared.steal.preempted = 0;
	}
}

static void fake_send(int cpu, int vector)
{
	fake.natively[cpu]++;
	fake.icr = vector;
}

static void fake_send_mask(const struct cpumask *mask, int vector)
{
	fake.native_masks++;
	fake.native_mask = cpumask_bits(mask)[0];
}

static void fake_send_allbutself(int vector)
{
	fake.native_masks++;
}

static void fake_flush_multi(const struct cpumask *cpus,
			     const struct flush_tlb_info *info)
{
	fake.native_masks++;
	fake.native_mask = cpumask_bits(cpus)[0];
}

static const struct vmi_ops fake_native = {
	.ipi_send			= fake_send,
	.ipi_send_mask			= fake_send_mask,
	.ipi_send_mask_allbutself	= fake_send_mask,
	.ipi_send_allbutself		= fake_send_allbutself,
	.tlb_flush_multi		= fake_flush_multi,
};

struct vmi_kvm vmi_kvm;

#define kvm_hypercall4	fake_send_ipi
#define kvm_hypercall1	fake_yield
#undef cpu_physical_id
#define cpu_physical_id(cpu)		fake.cpus[cpu].id
#define ct_rcu_watching_cpu(cpu)	(!fake.cpus[cpu].idle)
#define vmi_kvm_shared_of(cpu)		(&fake.cpus[cpu].shared)
#define vmi_kvm_is_preempted(cpu)	\
	(fake.cpus[cpu].shared.steal.preempted & KVM_VCPU_PREEMPTED)
#undef WARN_ONCE
#define WARN_ONCE(condition, format...)	(fake.warnings++)

#include "ipi.c"

#undef READ_ONCE
#define READ_ONCE(x)			\
({					\
	typeof(x) _seen = (x);		\
					\
	fake_wakeup();			\
	_seen;				\
})

#include "tlb.c"

/* Call an op that sends to a mask. */
static void give(void (*op)(const struct cpumask *mask, int vector),
		 unsigned long cpus, int vector)
{
	static struct cpumask mask;

	cpumask_clear(&mask);
	cpumask_bits(&mask)[0] = cpus;
	preempt_disable();
	op(&mask, vector);
	preempt_enable();
}

static void set_preempted(unsigned long cpus)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		fake.cpus[cpu].shared.steal.preempted =
			cpus & BIT(cpu) ? KVM_VCPU_PREEMPTED : 0;
}

static void forget_calls(void)
{
	fake.calls = 0;
	fake.strays = 0;
	memset(fake.by_host, 0, sizeof(fake.by_host));
	memset(fake.natively, 0, sizeof(fake.natively));
}

/* CPUs that got one interrupt, or ~0 if any got more. */
static unsigned long reached(const unsigned int *times)
{
	unsigned long cpus = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		if (times[cpu] > 1)
			return ~0UL;
		if (times[cpu])
			cpus |= BIT(cpu);
	}
	return cpus;
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
		fake.cpus[0].id = a;
		fake.cpus[1].id = b;
		fake.cpus[2].id = c;
		forget_calls();
		give(vmi_kvm_send_mask, 7, VECTOR);

		KUNIT_ASSERT_EQ_MSG(test, reached(fake.by_host), 7,
				    "APIC ids %u, %u, %u", a, b, c);
		KUNIT_ASSERT_EQ_MSG(test, fake.strays, 0,
				    "APIC ids %u, %u, %u", a, b, c);
		if (max3(a, b, c) - min3(a, b, c) < 128)
			KUNIT_ASSERT_EQ_MSG(test, fake.calls, 1,
					    "APIC ids %u, %u, %u", a, b, c);
	}
}

static void any_mask_is_reached_once(struct kunit *test)
{
	unsigned long cpus;
	unsigned int cpu;

	/* Two windows, neither in the order of CPU numbers. */
	for (cpu = 0; cpu < CPUS; cpu++)
		fake.cpus[cpu].id = 500 - 60 * cpu;

	for (cpus = 0; cpus <= ALL_CPUS; cpus++) {
		forget_calls();
		give(vmi_kvm_send_mask, cpus, VECTOR);
		KUNIT_ASSERT_EQ(test, reached(fake.by_host), cpus);
		KUNIT_ASSERT_EQ(test, fake.strays, 0);
		KUNIT_ASSERT_EQ(test, reached(fake.natively), 0);
	}
}

static void empty_mask_makes_no_call(struct kunit *test)
{
	give(vmi_kvm_send_mask, 0, VECTOR);
	KUNIT_EXPECT_EQ(test, fake.calls, 0);
}

static void host_is_given_the_vector(struct kunit *test)
{
	give(vmi_kvm_send_mask, 1, VECTOR);
	KUNIT_EXPECT_EQ(test, fake.icr, APIC_DM_FIXED | VECTOR);
	give(vmi_kvm_send_mask, 1, NMI_VECTOR);
	KUNIT_EXPECT_EQ(test, fake.icr, APIC_DM_NMI);
}

static void allbutself_leaves_self_out(struct kunit *test)
{
	unsigned long self;

	preempt_disable();
	self = BIT(smp_processor_id());
	give(vmi_kvm_send_mask_allbutself, ALL_CPUS, VECTOR);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, reached(fake.by_host), ALL_CPUS & ~self);

	forget_calls();
	preempt_disable();
	self = BIT(smp_processor_id());
	vmi_kvm_send_allbutself(VECTOR);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, reached(fake.by_host),
			cpumask_bits(cpu_online_mask)[0] & ~self);
}

static void mask_may_include_self(struct kunit *test)
{
	give(vmi_kvm_send_mask, ALL_CPUS, VECTOR);
	KUNIT_EXPECT_EQ(test, reached(fake.by_host), ALL_CPUS);
}

/* With the wider gaps it takes several hypercalls, each for some of the CPUs. */
static void refused_call_is_made_up_for(struct kunit *test)
{
	unsigned int gap, cpu;
	unsigned long self;

	fake.result = -KVM_EINVAL;
	for (gap = 1; gap <= 64; gap++) {
		for (cpu = 0; cpu < CPUS; cpu++)
			fake.cpus[cpu].id = gap * (CPUS - cpu);
		forget_calls();
		fake.warnings = 0;
		preempt_disable();
		self = BIT(smp_processor_id());
		give(vmi_kvm_send_mask_allbutself, ALL_CPUS, VECTOR);
		preempt_enable();

		KUNIT_ASSERT_EQ(test, reached(fake.by_host), 0);
		KUNIT_ASSERT_EQ(test, reached(fake.natively),
				ALL_CPUS & ~self);
		KUNIT_ASSERT_EQ(test, fake.icr, VECTOR);
		KUNIT_ASSERT_EQ(test, fake.warnings, fake.calls);
	}
}

static void host_that_sends_nothing_is_not_asked(struct kunit *test)
{
	vmi_kvm.send_ipi = false;
	give(vmi_kvm_send_mask, 5, VECTOR);
	KUNIT_EXPECT_EQ(test, fake.native_mask, 5);
	give(vmi_kvm_send_mask_allbutself, 6, VECTOR);
	KUNIT_EXPECT_EQ(test, fake.native_mask, 6);
	preempt_disable();
	vmi_kvm_send_allbutself(VECTOR);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, fake.native_masks, 3);
	KUNIT_EXPECT_EQ(test, fake.calls, 0);
}

/* Send to all CPUs, of which @cpus were preempted. Return the number of yields. */
static unsigned int yields_to(unsigned long cpus, int vector)
{
	set_preempted(cpus);
	fake.yields = 0;
	give(vmi_kvm_send_mask, ALL_CPUS, vector);
	return fake.yields;
}

static void sender_yields_to_one_that_was_preempted(struct kunit *test)
{
	vmi_kvm.yield = true;
	KUNIT_EXPECT_EQ(test, yields_to(0, CALL_FUNCTION_VECTOR), 0);
	KUNIT_EXPECT_EQ(test, yields_to(ALL_CPUS, VECTOR), 0);

	KUNIT_EXPECT_EQ(test, yields_to(BIT(7), CALL_FUNCTION_VECTOR), 1);
	KUNIT_EXPECT_EQ(test, fake.yielded_to, fake.cpus[7].id);

	/* An idle CPU has nothing to do but the call itself. */
	fake.cpus[6].idle = true;
	KUNIT_EXPECT_EQ(test, yields_to(BIT(6), CALL_FUNCTION_VECTOR), 0);
	KUNIT_EXPECT_EQ(test, yields_to(BIT(6) | BIT(7), CALL_FUNCTION_VECTOR),
			1);
	KUNIT_EXPECT_EQ(test, fake.yielded_to, fake.cpus[7].id);

	vmi_kvm.yield = false;
	KUNIT_EXPECT_EQ(test, yields_to(ALL_CPUS, CALL_FUNCTION_VECTOR), 0);
}

static void sender_does_not_yield_to_itself(struct kunit *test)
{
	unsigned int yields;

	vmi_kvm.yield = true;
	preempt_disable();
	yields = yields_to(BIT(smp_processor_id()), CALL_FUNCTION_VECTOR);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, yields, 0);
}

/* The CPUs that the host is to flush before it runs them. */
static unsigned long left_to_host(void)
{
	unsigned long cpus = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		if (fake.cpus[cpu].shared.steal.preempted &
		    KVM_VCPU_FLUSH_TLB)
			cpus |= BIT(cpu);
	}
	return cpus;
}

/* Return how many flushes were counted as left to the host. */
static u64 flush_tlb_of(unsigned long cpus)
{
	static struct cpumask mask;
	u64 before, after;

	cpumask_clear(&mask);
	cpumask_bits(&mask)[0] = cpus;
	preempt_disable();
	before = this_cpu_read(vmi_kvm_tlb_uses);
	vmi_kvm_flush_multi(&mask, NULL);
	after = this_cpu_read(vmi_kvm_tlb_uses);
	preempt_enable();
	return after - before;
}

static void cpus_that_do_not_run_are_left_to_the_host(struct kunit *test)
{
	unsigned long cpus, preempted;
	u64 uses;

	for (cpus = 0; cpus <= ALL_CPUS; cpus += 3) {
		for (preempted = 0; preempted <= ALL_CPUS; preempted++) {
			set_preempted(preempted);
			uses = flush_tlb_of(cpus);
			KUNIT_ASSERT_EQ(test, fake.native_mask,
					cpus & ~preempted);
			KUNIT_ASSERT_EQ(test, left_to_host(), cpus & preempted);
			KUNIT_ASSERT_EQ(test, uses,
					hweight_long(cpus & preempted));
		}
	}
}

static void flag_of_the_host_stays(struct kunit *test)
{
	set_preempted(ALL_CPUS);
	flush_tlb_of(ALL_CPUS);
	KUNIT_EXPECT_EQ(test, fake.cpus[1].shared.steal.preempted,
			KVM_VCPU_PREEMPTED | KVM_VCPU_FLUSH_TLB);
}

static void second_flush_is_left_to_the_host_as_well(struct kunit *test)
{
	set_preempted(ALL_CPUS);
	flush_tlb_of(ALL_CPUS);
	KUNIT_EXPECT_EQ(test, flush_tlb_of(ALL_CPUS), CPUS);
	KUNIT_EXPECT_EQ(test, fake.native_mask, 0);
	KUNIT_EXPECT_EQ(test, left_to_host(), ALL_CPUS);
}

/* The host takes the flag back between the look at it and the request to flush. */
static void cpu_that_wakes_meanwhile_is_interrupted(struct kunit *test)
{
	unsigned int cpu;
	u64 uses;

	for (cpu = 0; cpu < CPUS; cpu++)
		fake.cpus[cpu].wakes = true;
	set_preempted(ALL_CPUS);
	uses = flush_tlb_of(BIT(2));
	KUNIT_EXPECT_EQ(test, fake.native_mask, BIT(2));
	KUNIT_EXPECT_EQ(test, left_to_host(), 0);
	KUNIT_EXPECT_EQ(test, uses, 0);
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

	if (small_cpumask_bits < CPUS || nr_cpu_ids > CPUS)
		kunit_skip(test, "the fake machine has %d CPUs", CPUS);

	memset(&fake, 0, sizeof(fake));
	for (cpu = 0; cpu < CPUS; cpu++)
		fake.cpus[cpu].id = 3 * cpu;
	vmi_kvm = (struct vmi_kvm) {
		.native		= &fake_native,
		.send_ipi	= true,
	};
	return 0;
}

static struct kunit_case ops_cases[] = {
	KUNIT_CASE(each_target_is_reached_once),
	KUNIT_CASE(any_mask_is_reached_once),
	KUNIT_CASE(empty_mask_makes_no_call),
	KUNIT_CASE(host_is_given_the_vector),
	KUNIT_CASE(allbutself_leaves_self_out),
	KUNIT_CASE(mask_may_include_self),
	KUNIT_CASE(refused_call_is_made_up_for),
	KUNIT_CASE(host_that_sends_nothing_is_not_asked),
	KUNIT_CASE(sender_yields_to_one_that_was_preempted),
	KUNIT_CASE(sender_does_not_yield_to_itself),
	KUNIT_CASE(cpus_that_do_not_run_are_left_to_the_host),
	KUNIT_CASE(flag_of_the_host_stays),
	KUNIT_CASE(second_flush_is_left_to_the_host_as_well),
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
