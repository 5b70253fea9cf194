// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of waiting for a spinlock, with a fake host
 *
 * The file of the ops is included as it is. Reading the MSR calls a function, which
 * writes down what it sees. Interrupts are real: the vector of a kick is sent to this CPU
 * itself. The tests cannot show that reading the MSR sleeps, nor that an interrupt ends
 * that.
 *
 * An NMI is faked as well, by its mark in the preempt count.
 */

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/hardirq.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/vmi.h>

#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/paravirt.h>

#include "hyperv.h"

#define VALUE	1
#define CHANGED	2

/* Far more than an interrupt takes to arrive, whatever else the host does. */
#define TIMEOUT	(5 * HZ)

/**
 * struct fake - what the host was asked for; a test fails only after that
 * @value: what is waited for
 * @reads: how often the MSR was read
 * @msr: the number of the MSR
 * @irqs_off: whether interrupts were off while it was read
 * @kick: a kick comes while it is read
 * @kicks_seen: how many kicks this CPU had handled at the end of the read
 * @sent: how often an interrupt was sent
 * @cpu: where it was sent to
 * @vector: its vector
 */
struct fake {
	u8		value;
	unsigned int	reads;
	unsigned int	msr;
	bool		irqs_off;
	bool		kick;
	unsigned int	kicks_seen;
	unsigned int	sent;
	int		cpu;
	int		vector;
};

/* A single one: the ops pass no argument to find it by, and tests run one by one. */
static struct fake fake;

static unsigned int kicks_handled(void)
{
	return this_cpu_read(irq_stat.x86_platform_ipis);
}

/* Takes the place of the MSR. Interrupts are off since the value was compared. */
static unsigned long long fake_read(unsigned int msr)
{
	fake.reads++;
	fake.msr = msr;
	fake.irqs_off = raw_irqs_disabled();
	if (fake.kick) {
		fake.value = CHANGED;
		vmi_hyperv_kick(smp_processor_id());
		/* Time to arrive, for one that is not held back. */
		mdelay(1);
		fake.kicks_seen = kicks_handled();
	}
	return 0;
}

static void fake_send(int cpu, int vector)
{
	fake.sent++;
	fake.cpu = cpu;
	fake.vector = vector;
}

static const struct vmi_ops fake_native = {
	.ipi_send	= fake_send,
};

#define __rdmsr	fake_read

#include "lock.c"

/* Wait with interrupts on and off; they have to be so again, and the value the same. */
static void expect_reads(struct kunit *test, u8 val, unsigned int reads)
{
	unsigned long flags;
	bool off_after;
	int on;

	for (on = 0; on <= 1; on++) {
		fake = (struct fake) { .value = VALUE };
		local_irq_save(flags);
		if (on)
			local_irq_enable();
		vmi_hyperv_wait(&fake.value, val);
		off_after = raw_irqs_disabled();
		local_irq_restore(flags);

		KUNIT_EXPECT_EQ(test, off_after, !on);
		KUNIT_EXPECT_EQ(test, fake.value, VALUE);
		KUNIT_EXPECT_EQ(test, fake.reads, reads);
		KUNIT_EXPECT_EQ(test, fake.msr, reads ? HV_X64_MSR_GUEST_IDLE : 0);
		KUNIT_EXPECT_EQ(test, fake.irqs_off, !!reads);
	}
}

static void same_value_sleeps_once(struct kunit *test)
{
	expect_reads(test, VALUE, 1);
}

static void changed_value_does_not_sleep(struct kunit *test)
{
	expect_reads(test, CHANGED, 0);
}

static void nmi_does_not_sleep(struct kunit *test)
{
	unsigned long flags;

	local_irq_save(flags);
	__preempt_count_add(NMI_OFFSET);
	vmi_hyperv_wait(&fake.value, VALUE);
	__preempt_count_sub(NMI_OFFSET);
	local_irq_restore(flags);

	KUNIT_EXPECT_EQ(test, fake.reads, 0);
}

/* Preemption is off, so that a kick is counted on the CPU that it is sent to. */
static bool handles_kicks(unsigned int kicks)
{
	unsigned long end = jiffies + TIMEOUT;

	while (kicks_handled() != kicks && time_before(jiffies, end))
		cpu_relax();
	return kicks_handled() == kicks;
}

/*
 * After the look and before the sleep: it has to be pending when the sleep begins, so
 * that it ends that, and is handled once interrupts are on again. The next one would not
 * arrive if it were not acknowledged.
 */
static void kick_after_look_is_not_lost(struct kunit *test)
{
	unsigned int i, before;
	bool handled;

	if (!vmi_native_is_valid() || !boot_cpu_has(X86_FEATURE_APIC))
		kunit_skip(test, "interrupts cannot be sent natively");

	for (i = 0; i < 3; i++) {
		fake = (struct fake) { .value = VALUE, .kick = true };
		preempt_disable();
		before = kicks_handled();
		vmi_hyperv_wait(&fake.value, VALUE);
		handled = handles_kicks(before + 1);
		preempt_enable();

		KUNIT_EXPECT_EQ(test, fake.reads, 1);
		KUNIT_EXPECT_EQ(test, fake.kicks_seen, before);
		KUNIT_ASSERT_TRUE(test, handled);
	}
}

static void kick_is_one_interrupt(struct kunit *test)
{
	unsigned int kicks = 0;
	int cpu;

	vmi_hyperv.native = &fake_native;
	for_each_possible_cpu(cpu) {
		vmi_hyperv_kick(cpu);
		KUNIT_EXPECT_EQ(test, fake.sent, ++kicks);
		KUNIT_EXPECT_EQ(test, fake.cpu, cpu);
		KUNIT_EXPECT_EQ(test, fake.vector, X86_PLATFORM_IPI_VECTOR);
	}
	KUNIT_EXPECT_EQ(test, fake.reads, 0);
}

static int lock_init(struct kunit *test)
{
	fake = (struct fake) { .value = VALUE };
	vmi_hyperv = (struct vmi_hyperv) { .native = vmi_native() };
	return 0;
}

static struct kunit_case lock_cases[] = {
	KUNIT_CASE(same_value_sleeps_once),
	KUNIT_CASE(changed_value_does_not_sleep),
	KUNIT_CASE(nmi_does_not_sleep),
	KUNIT_CASE(kick_after_look_is_not_lost),
	KUNIT_CASE(kick_is_one_interrupt),
	{}
};

static struct kunit_suite lock_suite = {
	.name		= "vmi_hyperv_lock",
	.init		= lock_init,
	.test_cases	= lock_cases,
};

kunit_test_suite(lock_suite);

MODULE_DESCRIPTION("KUnit tests of the VMI backend for Hyper-V");
MODULE_LICENSE("GPL");
