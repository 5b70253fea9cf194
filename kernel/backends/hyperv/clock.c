// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scheduler clock and clocksource: the partition's reference time
 *
 * See "Partition Reference Time" in the TLFS: it counts 100 ns, is the same for all
 * virtual processors, and is read from an MSR, or computed from the TSC with what the
 * host wrote to a page. While the sequence of that page is 0, the MSR has to do.
 */

#define pr_fmt(fmt) "vmi_hyperv: " fmt

#include <linux/clocksource.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/math64.h>
#include <linux/module.h>

#include <asm/barrier.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "../clocksource.h"
#include "hyperv.h"

#define TICK_NS		100

/* Zero before the host writes to it, and again once it took its own back. */
static struct ms_hyperv_tsc_page *tsc_page __read_mostly;

static bool registered;
static bool asleep;

static __always_inline u64 read_clock(void)
{
	const struct ms_hyperv_tsc_page *page = tsc_page;
	u64 tsc, scale;
	u32 sequence;
	s64 offset;

	do {
		sequence = READ_ONCE(page->tsc_sequence);
		if (!sequence)
			return __rdmsr(HV_X64_MSR_TIME_REF_COUNT);
		virt_rmb();	/* the sequence before the data */
		scale = READ_ONCE(page->tsc_scale);
		offset = READ_ONCE(page->tsc_offset);
		tsc = rdtsc_ordered();
		virt_rmb();	/* the data before the sequence again */
	} while (READ_ONCE(page->tsc_sequence) != sequence);

	return mul_u64_u64_shr(tsc, scale, 64) + offset;
}

noinstr u64 vmi_hyperv_sched_clock(void)
{
	return read_clock() * TICK_NS;
}

static u64 clocksource_read(struct clocksource *cs)
{
	return read_clock();
}

static struct clocksource vmi_hyperv_clocksource = {
	.name	= "vmi-hyperv-clock",
	.read	= clocksource_read,
	.mask	= CLOCKSOURCE_MASK(64),
	.flags	= CLOCK_SOURCE_IS_CONTINUOUS,
	.owner	= THIS_MODULE,
};

static void clock_enable(void)
{
	u64 msr = virt_to_phys(tsc_page) | HV_X64_MSR_TSC_REFERENCE_ENABLE;

	asleep = false;
	/* If the host refuses, the sequence stays 0. */
	wrmsrl_safe(HV_X64_MSR_REFERENCE_TSC, msr);
}

/*
 * Also from the crash path. A host that wrote to the page, rather than lay its own
 * over it, leaves what it wrote, which grows old: the clock goes on by the MSR.
 */
void vmi_hyperv_clock_disable(void)
{
	asleep = true;
	if (!tsc_page)
		return;
	wrmsrl_safe(HV_X64_MSR_REFERENCE_TSC, 0);
	WRITE_ONCE(tsc_page->tsc_sequence, 0);
}

int vmi_hyperv_clock_start(void)
{
	int err;

	if (!tsc_page)
		tsc_page = (void *)get_zeroed_page(GFP_KERNEL);
	if (!tsc_page)
		return -ENOMEM;
	clock_enable();
	if (registered)
		return 0;

	vmi_hyperv_clocksource.rating = vmi_clocksource_rating();
	err = clocksource_register_hz(&vmi_hyperv_clocksource,
				      NSEC_PER_SEC / TICK_NS);
	registered = !err;
	return err;
}

/* Returns -EBUSY when it is in use and the machine has no other that will do. */
int vmi_hyperv_clock_stop(void)
{
	int err = registered ? clocksource_unregister(&vmi_hyperv_clocksource) : 0;

	registered = err;
	return err;
}

/* Once nobody reads it any more. */
void vmi_hyperv_clock_free(void)
{
	if (!tsc_page)
		return;
	vmi_hyperv_clock_disable();
	free_page((unsigned long)tsc_page);
	tsc_page = NULL;
}

/*
 * After the machine slept, the clock is read before syscore_resume(), and has to be
 * what it will be from then on. Where it did not sleep after all, resume() is the
 * first to be called.
 */
void vmi_hyperv_clock_wake(void)
{
	if (asleep && tsc_page)
		clock_enable();
}
