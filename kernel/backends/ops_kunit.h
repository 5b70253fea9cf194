/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fake machine for tests of the ops for IPIs and TLB flushes
 *
 * The tests include the files of the ops as they are, and define the hypercalls that
 * these make. Here is what does not depend on the hypervisor: the CPUs, and native ops
 * that write down what they are given.
 */
#ifndef _VMI_OPS_KUNIT_H
#define _VMI_OPS_KUNIT_H

#include <kunit/test.h>
#include <linux/bits.h>
#include <linux/cpumask.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/vmi.h>

#include <asm/irq_vectors.h>

/* CPUs of the fake machine, which include the one that runs the test. */
#define CPUS		8
#define ALL_CPUS	GENMASK(CPUS - 1, 0)

#define VECTOR		RESCHEDULE_VECTOR

/* What native ops were asked for. */
static struct native {
	unsigned int	sent[CPUS];	/* interrupts to each CPU, one by one */
	int		vector;
	unsigned int	calls;		/* of the ops for more than one CPU */
	unsigned long	mask;		/* that these were given */
} native;

static void native_send(int cpu, int vector)
{
	native.sent[cpu]++;
	native.vector = vector;
}

static void native_send_mask(const struct cpumask *mask, int vector)
{
	native.calls++;
	native.mask = cpumask_bits(mask)[0];
}

static void native_send_others(int vector)
{
	native.calls++;
}

static void native_flush_multi(const struct cpumask *cpus,
			       const struct flush_tlb_info *info)
{
	native_send_mask(cpus, 0);
}

static const struct vmi_ops fake_native = {
	.ipi_send			= native_send,
	.ipi_send_mask			= native_send_mask,
	.ipi_send_mask_allbutself	= native_send_mask,
	.ipi_send_allbutself		= native_send_others,
	.ipi_send_all			= native_send_others,
	.tlb_flush_multi		= native_flush_multi,
};

static const struct cpumask *mask_of(unsigned long cpus)
{
	static struct cpumask mask;

	cpumask_clear(&mask);
	cpumask_bits(&mask)[0] = cpus;
	return &mask;
}

/*
 * Call an op as the kernel does, with preemption off, and forget all calls before it; each
 * backend has its own struct host. The value is the bit of the CPU that called the op.
 */
#define call_op(op, args...)						\
({									\
	unsigned long _self;						\
									\
	host = (struct host) {};					\
	native = (struct native) {};					\
	_self = BIT(get_cpu());						\
	op(args);							\
	put_cpu();							\
	_self;								\
})

static unsigned long online_cpus(void)
{
	return cpumask_bits(cpu_online_mask)[0];
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

static void skip_larger_machine(struct kunit *test)
{
	if (small_cpumask_bits < CPUS || nr_cpu_ids > CPUS)
		kunit_skip(test, "the fake machine has %d CPUs", CPUS);
}

#endif /* _VMI_OPS_KUNIT_H */
