// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scheduler clock: the partition's reference time
 *
 * See "Partition Reference Time" in the TLFS: it counts 100 ns, is the same for all virtual
 * processors, and is read from an MSR, or computed from the TSC with values that the host wrote
 * to a page. The kernel's own guest code registered the page, and keeps the clocksource and the
 * vDSO clock.
 */

#include <clocksource/hyperv_timer.h>

#include <asm/msr.h>

#include "hyperv.h"

#define TICK_NS		100

static struct ms_hyperv_tsc_page *tsc_page __read_mostly;

noinstr u64 vmi_hyperv_sched_clock(void)
{
	u64 tsc, time;

	/* The host cannot compute the time from the TSC while the sequence of the page is 0. */
	if (!hv_read_tsc_page_tsc(tsc_page, &tsc, &time))
		time = __rdmsr(HV_X64_MSR_TIME_REF_COUNT);
	return time * TICK_NS;
}

void vmi_hyperv_clock_start(void)
{
	tsc_page = hv_get_tsc_page();
}

/*
 * The kernel's own guest code has turned the page off, and turns it on again after the clock is
 * read for the first time. The page still has what the host wrote last, which does not fit a TSC
 * that restarts, so read the MSR until the host writes again. One CPU, interrupts off.
 */
void vmi_hyperv_clock_suspend(void)
{
	if (tsc_page && !hv_root_partition)
		WRITE_ONCE(tsc_page->tsc_sequence, 0);
}
