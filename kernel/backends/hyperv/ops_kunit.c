// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the ops for IPIs, TLB flushes and spinlocks, with a fake host
 *
 * Hypercalls, MSRs, NMIs and the numbers of virtual processors are those of a fake machine.
 * The fake host decodes a hypercall as the TLFS says.
 */

#include <linux/bitops.h>
#include <linux/delay.h>
#include <linux/hardirq.h>
#include <linux/irqflags.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>

#include <asm/apicdef.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/paravirt.h>
#include <asm/tlbflush.h>

#include "../ops_kunit.h"
#include "hyperv.h"

#define ID_OF(cpu)	(16 + (cpu))
#define BANKS		HV_MAX_SPARSE_VCPU_BANKS

static struct fake {
	int			vp[CPUS];	/* number of each CPU as a virtual processor */
	unsigned long		lazy;		/* CPUs that do not use the address space */
	struct vmi_tlb_flush	what;		/* tlb.flush_multi is to flush this */
	bool			nmi;		/* an NMI is being handled */
	u64			status;		/* the host's answer */
	unsigned int		malformed;	/* input of the host that contradicts itself */
} fake;

/* What the host was asked for: hypercalls, their input, and writes to the ICR. */
static struct host {
	unsigned int	calls;
	u16		code;
	u64		vps[BANKS];
	u32		vector;
	u64		space;
	u64		flags;
	u64		first;		/* page */
	u64		pages;		/* 0 for all */
	unsigned int	by_icr[CPUS];	/* writes for each CPU */
	u32		icr;
} host;

static void malformed_if(bool wrong)
{
	fake.malformed += wrong;
}

static void fake_vpset(const struct hv_vpset *set, unsigned int banks)
{
	unsigned int bank, n = 0;

	malformed_if(set->format != HV_GENERIC_SET_SPARSE_4K);
	malformed_if(hweight64(set->valid_bank_mask) != banks);
	for (bank = 0; bank < BANKS; bank++) {
		if (set->valid_bank_mask & BIT_ULL(bank))
			host.vps[bank] = set->bank_contents[n++];
	}
}

/* Pages follow each other: what is flushed has no gaps. */
static void fake_list(const u64 *list, unsigned int entries)
{
	unsigned int i;

	malformed_if(!entries);
	malformed_if(offset_in_page(list) + entries * sizeof(*list) > PAGE_SIZE);
	host.first = list[0] >> PAGE_SHIFT;
	for (i = 0; i < entries; i++) {
		malformed_if(list[i] >> PAGE_SHIFT != host.first + host.pages);
		host.pages += (list[i] & ~PAGE_MASK) + 1;
	}
}

u64 vmi_hyperv_call(u16 code, unsigned int banks, unsigned int entries,
		    void *input)
{
	const struct hv_tlb_flush_ex *flush_ex = input;
	const struct hv_send_ipi_ex *send_ex = input;
	const struct hv_tlb_flush *flush = input;

	host.calls++;
	host.code = code;
	host.space = flush->address_space;
	host.flags = flush->flags;
	malformed_if(offset_in_page(input) || !irqs_disabled());

	switch (host.code) {
	case HVCALL_SEND_IPI_EX:
		host.vector = send_ex->vector;
		malformed_if(send_ex->reserved || entries);
		fake_vpset(&send_ex->vp_set, banks);
		break;
	case HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST:
		fake_list(flush->gva_list, entries);
		fallthrough;
	case HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE:
		malformed_if(banks);
		host.vps[0] = flush->processor_mask;
		break;
	case HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX:
		fake_list(&flush_ex->hv_vp_set.bank_contents[banks], entries);
		fallthrough;
	case HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX:
		fake_vpset(&flush_ex->hv_vp_set, banks);
		break;
	default:
		malformed_if(true);
	}
	return fake.status;
}

u64 vmi_hyperv_call_fast(u16 code, u64 first, u64 second)
{
	host.calls++;
	host.code = code;
	host.vector = first;
	host.vps[0] = second;
	malformed_if(code != HVCALL_SEND_IPI);
	return fake.status;
}

static void fake_write_msr(u32 msr, u32 low, u32 high)
{
	unsigned int cpu = GET_XAPIC_DEST_FIELD(high) - ID_OF(0);

	malformed_if(msr != HV_X64_MSR_ICR || cpu >= CPUS);
	host.by_icr[cpu % CPUS]++;
	host.icr = low;
}

struct vmi_hyperv vmi_hyperv;

/* The second page is for a list that is too long, which is then found. */
static u8 fake_input[2 * PAGE_SIZE] __aligned(PAGE_SIZE);

#undef cpu_physical_id
#define cpu_physical_id(cpu)		ID_OF(cpu)
#define vmi_hyperv_vp(cpu)		fake.vp[cpu]
#define vmi_hyperv_input()		((void *)fake_input)
#undef in_nmi
#define in_nmi()			fake.nmi
#define native_write_msr		fake_write_msr
#define vmi_tlb_is_lazy			fake_is_lazy
#define vmi_tlb_describe(info, flush)	(*(flush) = fake.what)

static bool fake_is_lazy(int cpu)
{
	return fake.lazy & BIT(cpu);
}

#include "vpset.c"
#include "ipi.c"
#include "tlb.c"

/* CPUs that the host was called for, or ~0 if it was for other virtual processors, too. */
static unsigned long called_for(void)
{
	unsigned int cpu, bank, vps = 0;
	unsigned long cpus = 0;

	for (bank = 0; bank < BANKS; bank++)
		vps += hweight64(host.vps[bank]);
	for (cpu = 0; cpu < CPUS; cpu++) {
		int vp = fake.vp[cpu];

		if (vp >= 0 && vp < BANKS * 64 &&
		    host.vps[vp / 64] & BIT_ULL(vp % 64))
			cpus |= BIT(cpu);
	}
	return vps == hweight_long(cpus) ? cpus : ~0UL;
}

static bool is_sparse(unsigned long cpus)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		if (cpus & BIT(cpu) && fake.vp[cpu] >= 64)
			return true;
	}
	return false;
}

static const int first_vps[CPUS] = { 3, 0, 1, 2, 63, 62, 32, 31 };
/* The numbers have another order than the CPUs, and most banks are empty. */
static const int sparse_vps[CPUS] = { 4095, 64, 63, 0, 65, 127, 128, 4031 };

/* A machine for a test, by what is special about it. */
struct setup {
	const char	*desc;
	const int	*vps;		/* numbers of the CPUs as virtual processors */
	int		vp_of_6;	/* another number of CPU 6 */
	bool		not_sparse;	/* the host has no hypercalls for sparse sets */
	bool		no_ipis;	/* the host has no hypercall for IPIs */
	bool		nmi;		/* an NMI is being handled */
	u64		status;		/* the host's answer */
	int		vector;		/* to send, if not VECTOR */
	unsigned int	calls;		/* to the host, before native code does the work */
	bool		flushes;	/* native code does the flushes as well */
};

static const struct setup numberings[] = {
	{ "first_64_vps", first_vps },
	{ "vps_of_any_bank", sparse_vps },
};

KUNIT_ARRAY_PARAM_DESC(numbering, numberings, desc);

#define REFUSED	.status = HV_STATUS_INVALID_PARAMETER, .calls = 1, .flushes = true

/* In the last four, CPU 6 has no number yet, or one that no set has room for. */
static const struct setup obstacles[] = {
	{ "refused", first_vps, REFUSED },
	{ "sparse_set_refused", sparse_vps, REFUSED },
	{ "nmi_is_sent", first_vps, .vector = NMI_VECTOR },
	{ "input_page_is_used_by_what_the_nmi_interrupted", sparse_vps, .nmi = true },
	{ "host_has_no_sparse_sets", sparse_vps, .not_sparse = true, .flushes = true },
	{ "host_sends_no_ipis", first_vps, .no_ipis = true },
	{ "no_number", first_vps, -ENOENT, .flushes = true },
	{ "no_number_in_sparse_set", sparse_vps, -ENOENT, .flushes = true },
	{ "number_too_large", first_vps, BANKS * 64, .flushes = true },
	{ "number_too_large_for_sparse_set", sparse_vps, BANKS * 64, .flushes = true },
};

KUNIT_ARRAY_PARAM_DESC(obstacle, obstacles, desc);

static void flush_tlb_of(unsigned long cpus)
{
	call_op(vmi_hyperv_flush_multi, mask_of(cpus), NULL);
}

static void ipi_is_sent_to_any_mask(struct kunit *test)
{
	unsigned long cpus;

	for (cpus = 0; cpus <= ALL_CPUS; cpus++) {
		call_op(vmi_hyperv_send_mask, mask_of(cpus), VECTOR);
		KUNIT_ASSERT_EQ(test, called_for(), cpus);
		KUNIT_ASSERT_EQ(test, native.calls, 0);
		KUNIT_ASSERT_EQ(test, reached(host.by_icr), 0);
		KUNIT_ASSERT_EQ(test, host.calls, !!cpus);
		if (!cpus)
			continue;
		KUNIT_ASSERT_EQ(test, host.vector, VECTOR);
		KUNIT_ASSERT_EQ(test, host.code, is_sparse(cpus) ?
				HVCALL_SEND_IPI_EX : HVCALL_SEND_IPI);
	}
}

static void allbutself_leaves_self_out(struct kunit *test)
{
	unsigned long self;

	self = call_op(vmi_hyperv_send_mask_allbutself, mask_of(ALL_CPUS), VECTOR);
	KUNIT_EXPECT_EQ(test, called_for(), ALL_CPUS & ~self);
	self = call_op(vmi_hyperv_send_allbutself, VECTOR);
	KUNIT_EXPECT_EQ(test, called_for(), online_cpus() & ~self);

	/* A refusal is made up for without self as well. */
	fake.status = HV_STATUS_INVALID_PARAMETER;
	vmi_hyperv.apic_msrs = true;
	self = call_op(vmi_hyperv_send_mask_allbutself, mask_of(ALL_CPUS), VECTOR);
	KUNIT_EXPECT_EQ(test, reached(host.by_icr), ALL_CPUS & ~self);
}

static void ipi_is_sent_to_one_or_all(struct kunit *test)
{
	call_op(vmi_hyperv_send, 5, VECTOR);
	KUNIT_EXPECT_EQ(test, called_for(), BIT(5));
	call_op(vmi_hyperv_send_all, VECTOR);
	KUNIT_EXPECT_EQ(test, called_for(), online_cpus());
}

/* All CPUs get an IPI by the native op, or each one by the ICR; a flush by the native op. */
static void obstacle_is_made_up_for(struct kunit *test)
{
	const struct setup *setup = test->param_value;
	int msrs, vector = setup->vector ?: VECTOR;

	for (msrs = 0; msrs <= 1; msrs++) {
		vmi_hyperv.apic_msrs = msrs;
		call_op(vmi_hyperv_send_mask, mask_of(ALL_CPUS), vector);
		KUNIT_EXPECT_EQ(test, host.calls, setup->calls);
		KUNIT_EXPECT_EQ(test, native.calls, !msrs);
		KUNIT_EXPECT_EQ(test, native.mask, msrs ? 0 : ALL_CPUS);
		KUNIT_EXPECT_EQ(test, reached(host.by_icr), msrs ? ALL_CPUS : 0);
	}
	KUNIT_EXPECT_EQ(test, host.icr, vector == NMI_VECTOR ? APIC_DM_NMI :
			APIC_DM_FIXED | VECTOR);

	if (!setup->flushes)
		return;
	flush_tlb_of(0x77);
	KUNIT_EXPECT_EQ(test, host.calls, setup->calls);
	KUNIT_EXPECT_EQ(test, native.mask, 0x77);
	KUNIT_EXPECT_EQ(test, native.calls, 1);
}

static void any_mask_is_flushed(struct kunit *test)
{
	unsigned long cpus;

	for (cpus = 1; cpus <= ALL_CPUS; cpus++) {
		flush_tlb_of(cpus);
		KUNIT_ASSERT_EQ(test, called_for(), cpus);
		KUNIT_ASSERT_EQ(test, host.calls, 1);
		KUNIT_ASSERT_EQ(test, host.code, is_sparse(cpus) ?
				HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX :
				HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST);
		KUNIT_ASSERT_EQ(test, host.first, 0x1000);
		KUNIT_ASSERT_EQ(test, host.pages, 2);
		KUNIT_ASSERT_EQ(test, native.calls, 0);
	}
}

/* The host is told of just these pages, or to flush all where it is 0. */
static void flushed(struct kunit *test, u64 pages)
{
	flush_tlb_of(ALL_CPUS);
	KUNIT_EXPECT_EQ(test, called_for(), ALL_CPUS);
	KUNIT_EXPECT_EQ(test, host.space, fake.what.cr3);
	KUNIT_EXPECT_EQ(test, host.pages, pages);
	if (!pages)
		return;
	KUNIT_EXPECT_EQ(test, host.first, fake.what.start >> PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, host.flags, 0);
}

static void flush_pages(struct kunit *test, u64 pages, u64 told)
{
	fake.what.end = fake.what.start + pages * PAGE_SIZE;
	flushed(test, told);
}

/* An entry of a list has room for 4096 pages. */
static void list_has_all_pages_up_to_the_last(struct kunit *test)
{
	static const u64 sizes[] = { 1, 2, 4095, 4096, 4097, 8191, 8192, 8193 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		flush_pages(test, sizes[i], sizes[i]);
}

static void list_has_pages_of_which_a_part_is_meant(struct kunit *test)
{
	fake.what.start += 1;
	fake.what.end -= 1;
	flushed(test, 2);
	fake.what.end += 2;
	flushed(test, 3);
}

/* In a sparse set the list comes after the banks, 64 of them for the last VP. */
static void list_without_room_becomes_a_flush_of_all(struct kunit *test)
{
	bool sparse = is_sparse(ALL_CPUS);
	size_t before = sparse ? sizeof(struct hv_tlb_flush_ex) + BANKS * sizeof(u64) :
				 sizeof(struct hv_tlb_flush);
	u64 pages = (PAGE_SIZE - before) / sizeof(u64) * 4096;

	flush_pages(test, pages, pages);
	flush_pages(test, pages + 1, 0);
	KUNIT_EXPECT_EQ(test, host.code, sparse ? HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX :
			HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE);
}

static void flush_has_the_flags_of_what_is_flushed(struct kunit *test)
{
	fake.what.end = TLB_FLUSH_ALL;
	flushed(test, 0);
	KUNIT_EXPECT_EQ(test, host.flags, HV_FLUSH_NON_GLOBAL_MAPPINGS_ONLY);

	/* Kernel mappings are global, and in all address spaces. */
	fake.what.cr3 = 0;
	flushed(test, 0);
	KUNIT_EXPECT_EQ(test, host.flags, HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES);
	fake.what.end = fake.what.start + PAGE_SIZE;
	flush_tlb_of(ALL_CPUS);
	KUNIT_EXPECT_EQ(test, host.pages, 1);
	KUNIT_EXPECT_EQ(test, host.flags, HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES);
}

/* A lazy CPU can walk freed tables, so it is flushed of these. */
static void lazy_cpus_are_left_out(struct kunit *test)
{
	fake.lazy = 0x5a;
	flush_tlb_of(ALL_CPUS);
	KUNIT_EXPECT_EQ(test, called_for(), ALL_CPUS & ~0x5a);
	flush_tlb_of(0x5a);
	KUNIT_EXPECT_EQ(test, host.calls, 0);
	KUNIT_EXPECT_EQ(test, native.calls, 0);

	fake.what.freed_tables = true;
	flush_tlb_of(ALL_CPUS);
	KUNIT_EXPECT_EQ(test, called_for(), ALL_CPUS);
}

static int ops_init(struct kunit *test)
{
	const struct setup *setup = test->param_value ?: &numberings[0];

	skip_larger_machine(test);
	fake = (struct fake) {
		.what = {
			.cr3	= 0x1234000,
			.start	= 0x1000000,
			.end	= 0x1002000,
		},
		.nmi	= setup->nmi,
		.status	= setup->status,
	};
	memcpy(fake.vp, setup->vps, sizeof(fake.vp));
	if (setup->vp_of_6)
		fake.vp[6] = setup->vp_of_6;
	vmi_hyperv = (struct vmi_hyperv) {
		.native		= &fake_native,
		.hints		= setup->not_sparse ? 0 :
				  HV_X64_EX_PROCESSOR_MASKS_RECOMMENDED,
		.ipi_calls	= !setup->no_ipis,
	};
	return 0;
}

static void ops_exit(struct kunit *test)
{
	KUNIT_EXPECT_EQ_MSG(test, fake.malformed, 0,
			    "the host was given what contradicts itself");
}

static struct kunit_case ops_cases[] = {
	KUNIT_CASE_PARAM(ipi_is_sent_to_any_mask, numbering_gen_params),
	KUNIT_CASE_PARAM(allbutself_leaves_self_out, numbering_gen_params),
	KUNIT_CASE(ipi_is_sent_to_one_or_all),
	KUNIT_CASE_PARAM(obstacle_is_made_up_for, obstacle_gen_params),
	KUNIT_CASE_PARAM(any_mask_is_flushed, numbering_gen_params),
	KUNIT_CASE_PARAM(list_has_all_pages_up_to_the_last, numbering_gen_params),
	KUNIT_CASE(list_has_pages_of_which_a_part_is_meant),
	KUNIT_CASE_PARAM(list_without_room_becomes_a_flush_of_all, numbering_gen_params),
	KUNIT_CASE_PARAM(flush_has_the_flags_of_what_is_flushed, numbering_gen_params),
	KUNIT_CASE_PARAM(lazy_cpus_are_left_out, numbering_gen_params),
	{}
};

static struct kunit_suite ops_suite = {
	.name		= "vmi_hyperv_ops",
	.init		= ops_init,
	.exit		= ops_exit,
	.test_cases	= ops_cases,
};

/*
 * Waiting for a spinlock. Reading the MSR notes what it sees. Interrupts are real: the
 * vector of a kick is sent to this CPU itself. The tests cannot show that reading the MSR
 * sleeps, nor that an interrupt ends that.
 */

#define VALUE	1
#define CHANGED	2

/* Far more than an interrupt takes to arrive, whatever else the host does. */
#define TIMEOUT	(5 * HZ)

static struct sleep {
	u8		value;		/* the waiter compares this */
	unsigned int	reads;		/* of the MSR */
	unsigned int	msr;
	bool		irqs_off;	/* during the read */
	bool		kick;		/* a kick comes during the read */
	unsigned int	kicks_seen;	/* by this CPU at the end of the read */
} sleep;

static unsigned int kicks_handled(void)
{
	return this_cpu_read(irq_stat.x86_platform_ipis);
}

/* Takes the place of the MSR. Interrupts are off since the value was compared. */
static unsigned long long fake_read_msr(unsigned int msr)
{
	sleep.reads++;
	sleep.msr = msr;
	sleep.irqs_off = raw_irqs_disabled();
	if (sleep.kick) {
		sleep.value = CHANGED;
		vmi_hyperv_kick(smp_processor_id());
		/* Time to arrive, for one that is not held back. */
		mdelay(1);
		sleep.kicks_seen = kicks_handled();
	}
	return 0;
}

#define __rdmsr	fake_read_msr

#include "lock.c"

/* Wait with interrupts on and off; they have to be so again, and the value the same. */
static void expect_reads(struct kunit *test, u8 val, unsigned int reads)
{
	unsigned long flags;
	bool off_after;
	int on;

	for (on = 0; on <= 1; on++) {
		sleep = (struct sleep) { .value = VALUE };
		local_irq_save(flags);
		if (on)
			local_irq_enable();
		vmi_hyperv_wait(&sleep.value, val);
		off_after = raw_irqs_disabled();
		local_irq_restore(flags);

		KUNIT_EXPECT_EQ(test, off_after, !on);
		KUNIT_EXPECT_EQ(test, sleep.value, VALUE);
		KUNIT_EXPECT_EQ(test, sleep.reads, reads);
		KUNIT_EXPECT_EQ(test, sleep.msr, reads ? HV_X64_MSR_GUEST_IDLE : 0);
		KUNIT_EXPECT_EQ(test, sleep.irqs_off, !!reads);
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
	fake.nmi = true;
	expect_reads(test, VALUE, 0);
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

	if (boot_cpu_has(X86_FEATURE_XENPV) ||
	    boot_cpu_has(X86_FEATURE_TDX_GUEST) ||
	    !boot_cpu_has(X86_FEATURE_APIC))
		kunit_skip(test, "interrupts cannot be sent natively");

	vmi_hyperv.native = vmi_native();
	for (i = 0; i < 3; i++) {
		sleep = (struct sleep) { .value = VALUE, .kick = true };
		preempt_disable();
		before = kicks_handled();
		vmi_hyperv_wait(&sleep.value, VALUE);
		handled = handles_kicks(before + 1);
		preempt_enable();

		KUNIT_EXPECT_EQ(test, sleep.reads, 1);
		KUNIT_EXPECT_EQ(test, sleep.kicks_seen, before);
		KUNIT_ASSERT_TRUE(test, handled);
	}
}

static void kick_is_one_interrupt(struct kunit *test)
{
	int cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		call_op(vmi_hyperv_kick, cpu);
		KUNIT_EXPECT_EQ(test, reached(native.sent), BIT(cpu));
		KUNIT_EXPECT_EQ(test, native.vector, X86_PLATFORM_IPI_VECTOR);
	}
	KUNIT_EXPECT_EQ(test, sleep.reads, 0);
}

static int lock_init(struct kunit *test)
{
	fake = (struct fake) {};
	sleep = (struct sleep) {};
	vmi_hyperv = (struct vmi_hyperv) { .native = &fake_native };
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

kunit_test_suites(&ops_suite, &lock_suite);

MODULE_DESCRIPTION("KUnit tests of the VMI backend for Hyper-V");
MODULE_LICENSE("GPL");
