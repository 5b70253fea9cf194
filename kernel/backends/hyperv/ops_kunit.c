// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests of the ops for IPIs and TLB flushes, with a fake host
 *
 * The files of the ops are included as they are. Hypercalls, MSRs and the numbers of
 * virtual processors are those of a fake machine. The fake host decodes a hypercall as
 * the TLFS says.
 */

#include <kunit/test.h>
#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <linux/string.h>

#include <asm/apicdef.h>
#include <asm/irq_vectors.h>
#include <asm/msr.h>
#include <asm/tlbflush.h>

#include "hyperv.h"

/* CPUs of the fake machine, which include the one that runs the test. */
#define CPUS		8
#define ALL_CPUS	GENMASK(CPUS - 1, 0)
#define ID_OF(cpu)	(16 + (cpu))

#define VECTOR		RESCHEDULE_VECTOR
#define BANKS		HV_MAX_SPARSE_VCPU_BANKS

/**
 * struct fake - the machine, and what it was asked for
 * @vp: number of each CPU as a virtual processor
 * @lazy: CPUs that do not use the address space
 * @what: what tlb.flush_multi is to flush
 * @nmi: an NMI is being handled
 * @status: what the host answers
 * @calls: how often it was called
 * @code: for what
 * @malformed: how often it was given what contradicts itself
 * @vps: for which virtual processors
 * @vector: of an IPI
 * @space: address space of a flush
 * @flags: of a flush
 * @first: first page of a flush
 * @pages: number of pages of a flush, 0 for all
 * @by_icr: how often the ICR was written for each CPU
 * @icr: what was written
 * @native_calls: how often a native op was called
 * @native_mask: the CPUs that it was given
 */
static struct fake {
	int			vp[CPUS];
	unsigned long		lazy;
	struct vmi_tlb_flush	what;
	bool			nmi;
	u64			status;
	unsigned int		calls;
	u16			code;
	unsigned int		malformed;
	u64			vps[BANKS];
	u32			vector;
	u64			space;
	u64			flags;
	u64			first;
	u64			pages;
	unsigned int		by_icr[CPUS];
	u32			icr;
	unsigned int		native_calls;
	unsigned long		native_mask;
} fake;

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
			fake.vps[bank] = set->bank_contents[n++];
	}
}

/* Pages follow each other: what is flushed has no gaps. */
static void fake_list(const u64 *list, unsigned int entries)
{
	unsigned int i;

	malformed_if(!entries);
	malformed_if(offset_in_page(list) + entries * sizeof(*list) > PAGE_SIZE);
	fake.first = list[0] >> PAGE_SHIFT;
	for (i = 0; i < entries; i++) {
		malformed_if(list[i] >> PAGE_SHIFT !=
			     fake.first + fake.pages);
		fake.pages += (list[i] & ~PAGE_MASK) + 1;
	}
}

u64 vmi_hyperv_call(u64 control, void *input)
{
	unsigned int entries = (control & HV_HYPERCALL_REP_COMP_MASK) >>
			       HV_HYPERCALL_REP_COMP_OFFSET;
	unsigned int banks = (control & HV_HYPERCALL_VARHEAD_MASK) >>
			     HV_HYPERCALL_VARHEAD_OFFSET;
	const struct hv_tlb_flush_ex *flush_ex = input;
	const struct hv_send_ipi_ex *send_ex = input;
	const struct hv_tlb_flush *flush = input;

	fake.calls++;
	fake.code = control;
	fake.space = flush->address_space;
	fake.flags = flush->flags;
	malformed_if(offset_in_page(input) || !irqs_disabled());

	switch (fake.code) {
	case HVCALL_SEND_IPI_EX:
		fake.vector = send_ex->vector;
		malformed_if(send_ex->reserved || entries);
		fake_vpset(&send_ex->vp_set, banks);
		break;
	case HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST:
		fake_list(flush->gva_list, entries);
		fallthrough;
	case HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE:
		malformed_if(banks);
		fake.vps[0] = flush->processor_mask;
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
	fake.calls++;
	fake.code = code;
	fake.vector = first;
	fake.vps[0] = second;
	malformed_if(code != HVCALL_SEND_IPI);
	return fake.status;
}

static void fake_write_msr(u32 msr, u32 low, u32 high)
{
	unsigned int cpu = GET_XAPIC_DEST_FIELD(high) - ID_OF(0);

	malformed_if(msr != HV_X64_MSR_ICR || cpu >= CPUS);
	fake.by_icr[cpu % CPUS]++;
	fake.icr = low;
}

static void fake_send(int cpu, int vector)
{
	fake.native_calls++;
	fake.native_mask = BIT(cpu);
}

static void fake_send_mask(const struct cpumask *mask, int vector)
{
	fake.native_calls++;
	fake.native_mask = cpumask_bits(mask)[0];
}

static void fake_send_others(int vector)
{
	fake.native_calls++;
}

static void fake_flush_multi(const struct cpumask *cpus,
			     const struct flush_tlb_info *info)
{
	fake_send_mask(cpus, 0);
}

static const struct vmi_ops fake_native = {
	.ipi_send			= fake_send,
	.ipi_send_mask			= fake_send_mask,
	.ipi_send_mask_allbutself	= fake_send_mask,
	.ipi_send_allbutself		= fake_send_others,
	.ipi_send_all			= fake_send_others,
	.tlb_flush_multi		= fake_flush_multi,
};

struct vmi_hyperv vmi_hyperv;
DEFINE_PER_CPU(struct vmi_hyperv_cpu, vmi_hyperv_cpu);

#undef cpu_physical_id
#define cpu_physical_id(cpu)		ID_OF(cpu)
#define vmi_hyperv_vp(cpu)		fake.vp[cpu]
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

static void forget_calls(void)
{
	fake.calls = 0;
	fake.code = 0;
	fake.pages = 0;
	fake.native_calls = 0;
	fake.native_mask = 0;
	memset(fake.vps, 0, sizeof(fake.vps));
	memset(fake.by_icr, 0, sizeof(fake.by_icr));
}

static const struct cpumask *mask_of(unsigned long cpus)
{
	static struct cpumask mask;

	cpumask_clear(&mask);
	cpumask_bits(&mask)[0] = cpus;
	return &mask;
}

/* Call an op that sends to a mask. */
static void give(void (*op)(const struct cpumask *mask, int vector),
		 unsigned long cpus, int vector)
{
	forget_calls();
	preempt_disable();
	op(mask_of(cpus), vector);
	preempt_enable();
}

static void flush_tlb_of(unsigned long cpus)
{
	forget_calls();
	preempt_disable();
	vmi_hyperv_flush_multi(mask_of(cpus), NULL);
	preempt_enable();
}

/* CPUs that the host was called for, or ~0 if it was for other virtual processors, too. */
static unsigned long called_for(void)
{
	unsigned int cpu, bank, vps = 0;
	unsigned long cpus = 0;

	for (bank = 0; bank < BANKS; bank++)
		vps += hweight64(fake.vps[bank]);
	for (cpu = 0; cpu < CPUS; cpu++) {
		int vp = fake.vp[cpu];

		if (vp >= 0 && vp < BANKS * 64 &&
		    fake.vps[vp / 64] & BIT_ULL(vp % 64))
			cpus |= BIT(cpu);
	}
	return vps == hweight_long(cpus) ? cpus : ~0UL;
}

static unsigned long sent_by_icr(void)
{
	unsigned long cpus = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		if (fake.by_icr[cpu] > 1)
			return ~0UL;
		if (fake.by_icr[cpu])
			cpus |= BIT(cpu);
	}
	return cpus;
}

static void number_cpus(const int *vps)
{
	memcpy(fake.vp, vps, sizeof(fake.vp));
}

static const int first_vps[CPUS] = { 3, 0, 1, 2, 63, 62, 32, 31 };
/* The numbers have another order than the CPUs, and most banks are empty. */
static const int sparse_vps[CPUS] = { 4095, 64, 63, 0, 65, 127, 128, 4031 };

static bool is_sparse(unsigned long cpus)
{
	unsigned int cpu;

	for (cpu = 0; cpu < CPUS; cpu++) {
		if (cpus & BIT(cpu) && fake.vp[cpu] >= 64)
			return true;
	}
	return false;
}

static void any_mask_is_sent_to(struct kunit *test, const int *vps)
{
	unsigned long cpus;

	number_cpus(vps);
	for (cpus = 1; cpus <= ALL_CPUS; cpus++) {
		give(vmi_hyperv_send_mask, cpus, VECTOR);
		KUNIT_ASSERT_EQ(test, called_for(), cpus);
		KUNIT_ASSERT_EQ(test, fake.calls, 1);
		KUNIT_ASSERT_EQ(test, fake.vector, VECTOR);
		KUNIT_ASSERT_EQ(test, fake.code, is_sparse(cpus) ?
				HVCALL_SEND_IPI_EX : HVCALL_SEND_IPI);
		KUNIT_ASSERT_EQ(test, fake.native_calls, 0);
		KUNIT_ASSERT_EQ(test, sent_by_icr(), 0);
	}
}

static void ipi_is_sent_to_the_first_64_vps(struct kunit *test)
{
	any_mask_is_sent_to(test, first_vps);
}

static void ipi_is_sent_to_vps_of_any_bank(struct kunit *test)
{
	any_mask_is_sent_to(test, sparse_vps);
}

static void ipi_to_no_cpu_makes_no_call(struct kunit *test)
{
	give(vmi_hyperv_send_mask, 0, VECTOR);
	KUNIT_EXPECT_EQ(test, fake.calls, 0);
	KUNIT_EXPECT_EQ(test, fake.native_calls, 0);
}

static void ipi_leaves_self_out(struct kunit *test, const int *vps)
{
	unsigned long self;

	number_cpus(vps);
	preempt_disable();
	self = BIT(smp_processor_id());
	give(vmi_hyperv_send_mask_allbutself, ALL_CPUS, VECTOR);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, called_for(), ALL_CPUS & ~self);

	forget_calls();
	preempt_disable();
	self = BIT(smp_processor_id());
	vmi_hyperv_send_allbutself(VECTOR);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, called_for(),
			cpumask_bits(cpu_online_mask)[0] & ~self);

	/* A refusal is made up for without self as well. */
	fake.status = HV_STATUS_INVALID_PARAMETER;
	vmi_hyperv.apic_msrs = true;
	preempt_disable();
	self = BIT(smp_processor_id());
	give(vmi_hyperv_send_mask_allbutself, ALL_CPUS, VECTOR);
	preempt_enable();
	KUNIT_EXPECT_EQ(test, sent_by_icr(), ALL_CPUS & ~self);
}

static void allbutself_leaves_self_out(struct kunit *test)
{
	ipi_leaves_self_out(test, first_vps);
}

static void allbutself_leaves_self_out_of_sparse_sets(struct kunit *test)
{
	ipi_leaves_self_out(test, sparse_vps);
}

static void ipi_is_sent_to_one_or_all(struct kunit *test)
{
	forget_calls();
	vmi_hyperv_send(5, VECTOR);
	KUNIT_EXPECT_EQ(test, called_for(), BIT(5));
	forget_calls();
	vmi_hyperv_send_all(VECTOR);
	KUNIT_EXPECT_EQ(test, called_for(), cpumask_bits(cpu_online_mask)[0]);
}

/* All CPUs get it by the native op, or each one by the ICR. */
static void ipi_is_made_up_for(struct kunit *test, unsigned int calls,
			       int vector, u32 icr)
{
	vmi_hyperv.apic_msrs = false;
	give(vmi_hyperv_send_mask, ALL_CPUS, vector);
	KUNIT_EXPECT_EQ(test, fake.calls, calls);
	KUNIT_EXPECT_EQ(test, fake.native_mask, ALL_CPUS);
	KUNIT_EXPECT_EQ(test, fake.native_calls, 1);
	KUNIT_EXPECT_EQ(test, sent_by_icr(), 0);

	vmi_hyperv.apic_msrs = true;
	give(vmi_hyperv_send_mask, ALL_CPUS, vector);
	KUNIT_EXPECT_EQ(test, fake.calls, calls);
	KUNIT_EXPECT_EQ(test, fake.native_calls, 0);
	KUNIT_EXPECT_EQ(test, sent_by_icr(), ALL_CPUS);
	KUNIT_EXPECT_EQ(test, fake.icr, icr);
}

static void refused_ipi_is_made_up_for(struct kunit *test)
{
	fake.status = HV_STATUS_INVALID_PARAMETER;
	ipi_is_made_up_for(test, 1, VECTOR, APIC_DM_FIXED | VECTOR);
	number_cpus(sparse_vps);
	ipi_is_made_up_for(test, 1, VECTOR, APIC_DM_FIXED | VECTOR);
}

static void nmi_is_not_sent_by_hypercall(struct kunit *test)
{
	ipi_is_made_up_for(test, 0, NMI_VECTOR, APIC_DM_NMI);
}

/* The NMI may have interrupted a call that fills the page. */
static void nmi_leaves_the_input_page_alone(struct kunit *test)
{
	number_cpus(sparse_vps);
	fake.nmi = true;
	ipi_is_made_up_for(test, 0, VECTOR, APIC_DM_FIXED | VECTOR);
}

static void host_without_sparse_sets_is_not_given_one(struct kunit *test)
{
	number_cpus(sparse_vps);
	vmi_hyperv.hints = 0;
	ipi_is_made_up_for(test, 0, VECTOR, APIC_DM_FIXED | VECTOR);
	flush_tlb_of(ALL_CPUS);
	KUNIT_EXPECT_EQ(test, fake.calls, 0);
	KUNIT_EXPECT_EQ(test, fake.native_mask, ALL_CPUS);
}

static void host_that_sends_nothing_is_not_asked(struct kunit *test)
{
	vmi_hyperv.ipi_calls = false;
	ipi_is_made_up_for(test, 0, VECTOR, APIC_DM_FIXED | VECTOR);
}

/* The CPU has no number yet, or one that no set has room for. */
static void vp_out_of_reach_is_left_to_native_code(struct kunit *test)
{
	static const int numbers[] = { -ENOENT, BANKS * 64 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		number_cpus(first_vps);
		fake.vp[6] = numbers[i];
		ipi_is_made_up_for(test, 0, VECTOR, APIC_DM_FIXED | VECTOR);
		flush_tlb_of(ALL_CPUS);
		KUNIT_EXPECT_EQ(test, fake.calls, 0);
		KUNIT_EXPECT_EQ(test, fake.native_mask, ALL_CPUS);

		number_cpus(sparse_vps);
		fake.vp[6] = numbers[i];
		ipi_is_made_up_for(test, 0, VECTOR, APIC_DM_FIXED | VECTOR);
		flush_tlb_of(ALL_CPUS);
		KUNIT_EXPECT_EQ(test, fake.calls, 0);
		KUNIT_EXPECT_EQ(test, fake.native_mask, ALL_CPUS);
	}
}

static void any_mask_is_flushed(struct kunit *test, const int *vps)
{
	unsigned long cpus;

	number_cpus(vps);
	for (cpus = 1; cpus <= ALL_CPUS; cpus++) {
		flush_tlb_of(cpus);
		KUNIT_ASSERT_EQ(test, called_for(), cpus);
		KUNIT_ASSERT_EQ(test, fake.calls, 1);
		KUNIT_ASSERT_EQ(test, fake.code, is_sparse(cpus) ?
				HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX :
				HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST);
		KUNIT_ASSERT_EQ(test, fake.first, 0x1000);
		KUNIT_ASSERT_EQ(test, fake.pages, 2);
		KUNIT_ASSERT_EQ(test, fake.native_calls, 0);
	}
}

static void flush_is_for_the_first_64_vps(struct kunit *test)
{
	any_mask_is_flushed(test, first_vps);
}

static void flush_is_for_vps_of_any_bank(struct kunit *test)
{
	any_mask_is_flushed(test, sparse_vps);
}

/* The host was told of just these pages, or to flush all where it is 0. */
static void flushed(struct kunit *test, u64 pages)
{
	flush_tlb_of(ALL_CPUS);
	KUNIT_EXPECT_EQ(test, called_for(), ALL_CPUS);
	KUNIT_EXPECT_EQ(test, fake.space, fake.what.cr3);
	KUNIT_EXPECT_EQ(test, fake.pages, pages);
	if (!pages)
		return;
	KUNIT_EXPECT_EQ(test, fake.first, fake.what.start >> PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, fake.flags, 0);
}

/* An entry of a list has room for 4096 pages. */
static void list_has_all_pages_up_to_the_last(struct kunit *test)
{
	static const u64 sizes[] = { 1, 2, 4095, 4096, 4097, 8191, 8192, 8193 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fake.what.end = fake.what.start + sizes[i] * PAGE_SIZE;
		number_cpus(first_vps);
		flushed(test, sizes[i]);
		number_cpus(sparse_vps);
		flushed(test, sizes[i]);
	}
}

static void list_has_pages_of_which_a_part_is_meant(struct kunit *test)
{
	fake.what.start += 1;
	fake.what.end -= 1;
	flushed(test, 2);
	fake.what.end += 2;
	flushed(test, 3);
}

static u64 list_room(void)
{
	return (PAGE_SIZE - sizeof(struct hv_tlb_flush)) / sizeof(u64);
}

/* The list comes after the banks, 64 of them for the last virtual processor. */
static u64 sparse_list_room(void)
{
	return (PAGE_SIZE - sizeof(struct hv_tlb_flush_ex)) / sizeof(u64) -
	       BANKS;
}

static void list_without_room_becomes_a_flush_of_all(struct kunit *test)
{
	u64 pages;

	pages = list_room() * 4096;
	fake.what.end = fake.what.start + pages * PAGE_SIZE;
	flushed(test, pages);
	fake.what.end += PAGE_SIZE;
	flushed(test, 0);
	KUNIT_EXPECT_EQ(test, fake.code, HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE);

	number_cpus(sparse_vps);
	pages = sparse_list_room() * 4096;
	fake.what.end = fake.what.start + pages * PAGE_SIZE;
	flushed(test, pages);
	fake.what.end += PAGE_SIZE;
	flushed(test, 0);
	KUNIT_EXPECT_EQ(test, fake.code,
			HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX);
}

static void flush_says_what_is_flushed(struct kunit *test, const int *vps)
{
	number_cpus(vps);

	fake.what.cr3 = 0x1234000;
	fake.what.end = TLB_FLUSH_ALL;
	flushed(test, 0);
	KUNIT_EXPECT_EQ(test, fake.flags, HV_FLUSH_NON_GLOBAL_MAPPINGS_ONLY);

	/* Kernel mappings are global, and in all address spaces. */
	fake.what.cr3 = 0;
	flushed(test, 0);
	KUNIT_EXPECT_EQ(test, fake.flags,
			HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES);
	fake.what.end = fake.what.start + PAGE_SIZE;
	flush_tlb_of(ALL_CPUS);
	KUNIT_EXPECT_EQ(test, fake.pages, 1);
	KUNIT_EXPECT_EQ(test, fake.flags,
			HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES);
}

static void flush_has_the_flags_of_what_is_flushed(struct kunit *test)
{
	flush_says_what_is_flushed(test, first_vps);
}

static void flush_of_a_sparse_set_has_these_flags_too(struct kunit *test)
{
	flush_says_what_is_flushed(test, sparse_vps);
}

/* A lazy CPU can walk tables that are freed. */
static void lazy_cpus_are_flushed_of_freed_tables(struct kunit *test,
						  const int *vps)
{
	number_cpus(vps);
	fake.lazy = 0x5a;
	flush_tlb_of(ALL_CPUS);
	KUNIT_EXPECT_EQ(test, called_for(), ALL_CPUS & ~0x5a);

	fake.what.freed_tables = true;
	flush_tlb_of(ALL_CPUS);
	KUNIT_EXPECT_EQ(test, called_for(), ALL_CPUS);

	fake.what.freed_tables = false;
	flush_tlb_of(0x5a);
	KUNIT_EXPECT_EQ(test, fake.calls, 0);
	KUNIT_EXPECT_EQ(test, fake.native_calls, 0);
}

static void lazy_cpus_are_left_out(struct kunit *test)
{
	lazy_cpus_are_flushed_of_freed_tables(test, first_vps);
}

static void lazy_cpus_are_left_out_of_sparse_sets(struct kunit *test)
{
	lazy_cpus_are_flushed_of_freed_tables(test, sparse_vps);
}

static void refused_flush_is_made_up_for(struct kunit *test)
{
	fake.status = HV_STATUS_INVALID_PARAMETER;
	flush_tlb_of(0x77);
	KUNIT_EXPECT_EQ(test, fake.calls, 1);
	KUNIT_EXPECT_EQ(test, fake.native_mask, 0x77);
	KUNIT_EXPECT_EQ(test, fake.native_calls, 1);
}

/* The second page is for a list that is too long, which is then found. */
static int ops_suite_init(struct kunit_suite *suite)
{
	void *input = (void *)__get_free_pages(GFP_KERNEL, 1);
	int cpu;

	for_each_possible_cpu(cpu)
		per_cpu(vmi_hyperv_cpu, cpu).input = input;
	return input ? 0 : -ENOMEM;
}

static void ops_suite_exit(struct kunit_suite *suite)
{
	free_pages((unsigned long)this_cpu_read(vmi_hyperv_cpu.input), 1);
}

static int ops_init(struct kunit *test)
{
	if (small_cpumask_bits < CPUS || nr_cpu_ids > CPUS)
		kunit_skip(test, "the fake machine has %d CPUs", CPUS);

	fake = (struct fake) {
		.what = {
			.cr3	= 0x1234000,
			.start	= 0x1000000,
			.end	= 0x1002000,
		},
	};
	number_cpus(first_vps);
	vmi_hyperv = (struct vmi_hyperv) {
		.native		= &fake_native,
		.hints		= HV_X64_EX_PROCESSOR_MASKS_RECOMMENDED,
		.ipi_calls	= true,
	};
	return 0;
}

static void ops_exit(struct kunit *test)
{
	KUNIT_EXPECT_EQ_MSG(test, fake.malformed, 0,
			    "the host was given what contradicts itself");
}

static struct kunit_case ops_cases[] = {
	KUNIT_CASE(ipi_is_sent_to_the_first_64_vps),
	KUNIT_CASE(ipi_is_sent_to_vps_of_any_bank),
	KUNIT_CASE(ipi_to_no_cpu_makes_no_call),
	KUNIT_CASE(allbutself_leaves_self_out),
	KUNIT_CASE(allbutself_leaves_self_out_of_sparse_sets),
	KUNIT_CASE(ipi_is_sent_to_one_or_all),
	KUNIT_CASE(refused_ipi_is_made_up_for),
	KUNIT_CASE(nmi_is_not_sent_by_hypercall),
	KUNIT_CASE(nmi_leaves_the_input_page_alone),
	KUNIT_CASE(host_without_sparse_sets_is_not_given_one),
	KUNIT_CASE(host_that_sends_nothing_is_not_asked),
	KUNIT_CASE(vp_out_of_reach_is_left_to_native_code),
	KUNIT_CASE(flush_is_for_the_first_64_vps),
	KUNIT_CASE(flush_is_for_vps_of_any_bank),
	KUNIT_CASE(list_has_all_pages_up_to_the_last),
	KUNIT_CASE(list_has_pages_of_which_a_part_is_meant),
	KUNIT_CASE(list_without_room_becomes_a_flush_of_all),
	KUNIT_CASE(flush_has_the_flags_of_what_is_flushed),
	KUNIT_CASE(flush_of_a_sparse_set_has_these_flags_too),
	KUNIT_CASE(lazy_cpus_are_left_out),
	KUNIT_CASE(lazy_cpus_are_left_out_of_sparse_sets),
	KUNIT_CASE(refused_flush_is_made_up_for),
	{}
};

static struct kunit_suite ops_suite = {
	.name		= "vmi_hyperv_ops",
	.suite_init	= ops_suite_init,
	.suite_exit	= ops_suite_exit,
	.init		= ops_init,
	.exit		= ops_exit,
	.test_cases	= ops_cases,
};

kunit_test_suite(ops_suite);
