// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the ops for IPIs and TLB flushes, with a fake host
 *
 * Hypercalls, the APIC ids and the memory that the host writes to are those of a fake
 * machine. The fake host decodes a hypercall as
 * Documentation/virt/kvm/x86/hypercalls.rst says.
 */

#include <linux/bug.h>
#include <linux/module.h>

#include <asm/apicdef.h>
#include <asm/tlbflush.h>

#include "../ops_kunit.h"
#include "kvm.h"

static struct {
	u32			id;	/* of its APIC */
	struct kvm_steal_time	steal;
} cpus_of_host[CPUS];

/* The host begins to run all CPUs right after a read of the shared memory. */
static bool host_wakes_cpus;

/* The answer of the host to KVM_HC_SEND_IPI. */
static long send_result;

/* What the host was asked for. */
static struct host {
	unsigned int	calls;		/* to send interrupts */
	unsigned long	icr;
	unsigned int	sent[CPUS];	/* interrupts to each CPU */
	unsigned int	strays;		/* interrupts to an APIC id that no CPU has */
	unsigned int	warnings;	/* of the backend */
} host;

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

/* A host that runs a vCPU takes both flags back, and flushes if it was asked to. */
static void set_preempted(unsigned long cpus)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++)
		cpus_of_host[cpu].steal.preempted =
			cpus & BIT(cpu) ? KVM_VCPU_PREEMPTED : 0;
}

struct vmi_kvm vmi_kvm;

#define kvm_hypercall4	host_send_ipi
#undef cpu_physical_id
#define cpu_physical_id(cpu)		cpus_of_host[cpu].id
#define vmi_kvm_steal_of(cpu)		(&cpus_of_host[cpu].steal)
#undef WARN_ONCE
#define WARN_ONCE(condition, format...)	(host.warnings++)

#include "ipi.c"

#undef READ_ONCE
#define READ_ONCE(x)			\
({					\
	typeof(x) _seen = (x);		\
					\
	if (host_wakes_cpus)		\
		set_preempted(0);	\
	_seen;				\
})

#include "tlb.c"

/*
 * Any of three CPUs, with each choice and order of ids around the size and the middle of a
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
	unsigned long cpus;

	for (i = 0; i < n * n * n * 8; i++) {
		cpus = i % 8;
		a = ids[i / 8 % n];
		b = ids[i / 8 / n % n];
		c = ids[i / 8 / n / n];
		if (a == b || b == c || c == a)
			continue;
		cpus_of_host[0].id = a;
		cpus_of_host[1].id = b;
		cpus_of_host[2].id = c;
		call_op(vmi_kvm_send_mask, mask_of(cpus), VECTOR);

		KUNIT_ASSERT_EQ_MSG(test, reached(host.sent), cpus,
				    "APIC ids %u, %u, %u", a, b, c);
		KUNIT_ASSERT_EQ_MSG(test, host.strays, 0,
				    "APIC ids %u, %u, %u", a, b, c);
		KUNIT_ASSERT_EQ(test, reached(native.sent), 0);
		if (!cpus || max3(a, b, c) - min3(a, b, c) < 128)
			KUNIT_ASSERT_EQ_MSG(test, host.calls, !!cpus,
					    "APIC ids %u, %u, %u", a, b, c);
	}
}

static void host_is_given_the_vector(struct kunit *test)
{
	call_op(vmi_kvm_send_mask, mask_of(1), VECTOR);
	KUNIT_EXPECT_EQ(test, host.icr, APIC_DM_FIXED | VECTOR);
	call_op(vmi_kvm_send_mask, mask_of(1), NMI_VECTOR);
	KUNIT_EXPECT_EQ(test, host.icr, APIC_DM_NMI);
}

static void allbutself_leaves_self_out(struct kunit *test)
{
	unsigned long self;

	self = call_op(vmi_kvm_send_mask_allbutself, mask_of(ALL_CPUS), VECTOR);
	KUNIT_EXPECT_EQ(test, reached(host.sent), ALL_CPUS & ~self);
	self = call_op(vmi_kvm_send_allbutself, VECTOR);
	KUNIT_EXPECT_EQ(test, reached(host.sent), online_cpus() & ~self);
}

/* With the wider gaps it takes several hypercalls, each for some of the CPUs. */
static void refused_call_is_made_up_for(struct kunit *test)
{
	unsigned int gap, cpu;
	unsigned long self;

	send_result = -KVM_EINVAL;
	for (gap = 1; gap <= 64; gap++) {
		for (cpu = 0; cpu < CPUS; cpu++)
			cpus_of_host[cpu].id = gap * (CPUS - cpu);
		self = call_op(vmi_kvm_send_mask_allbutself, mask_of(ALL_CPUS), VECTOR);
		KUNIT_ASSERT_EQ(test, reached(host.sent), 0);
		KUNIT_ASSERT_EQ(test, reached(native.sent), ALL_CPUS & ~self);
		KUNIT_ASSERT_EQ(test, native.vector, VECTOR);
		KUNIT_ASSERT_EQ(test, host.warnings, host.calls);
	}
}

/* The CPUs that the host is to flush before it runs them, or ~0 if one of them runs. */
static unsigned long left_to_host(void)
{
	unsigned long cpus = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		u8 state = cpus_of_host[cpu].steal.preempted;

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
	host_wakes_cpus = true;
	set_preempted(ALL_CPUS);
	KUNIT_EXPECT_EQ(test, flush_tlb_of(BIT(2)), 0);
	KUNIT_EXPECT_EQ(test, native.mask, BIT(2));
	KUNIT_EXPECT_EQ(test, left_to_host(), 0);
}

static void ops_suite_exit(struct kunit_suite *suite)
{
	vmi_kvm_tlb_free();
}

static int ops_init(struct kunit *test)
{
	unsigned int cpu;

	skip_larger_machine(test);
	send_result = 0;
	host_wakes_cpus = false;
	memset(cpus_of_host, 0, sizeof(cpus_of_host));
	for (cpu = 0; cpu < CPUS; cpu++)
		cpus_of_host[cpu].id = 3 * cpu;
	vmi_kvm.native = &fake_native;
	return vmi_kvm_tlb_alloc();
}

static struct kunit_case ops_cases[] = {
	KUNIT_CASE(each_target_is_reached_once),
	KUNIT_CASE(host_is_given_the_vector),
	KUNIT_CASE(allbutself_leaves_self_out),
	KUNIT_CASE(refused_call_is_made_up_for),
	KUNIT_CASE(cpus_that_do_not_run_are_left_to_the_host),
	KUNIT_CASE(cpu_that_wakes_meanwhile_is_interrupted),
	{}
};

static struct kunit_suite ops_suite = {
	.name		= "vmi_kvm_ops",
	.suite_exit	= ops_suite_exit,
	.init		= ops_init,
	.test_cases	= ops_cases,
};

kunit_test_suite(ops_suite);

MODULE_DESCRIPTION("KUnit tests of the VMI backend for KVM");
MODULE_LICENSE("GPL");
