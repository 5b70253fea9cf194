/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the clocksources of backends have in common
 */
#ifndef _VMI_CLOCKSOURCE_H
#define _VMI_CLOCKSOURCE_H

#include <asm/cpufeature.h>
#include <asm/tsc.h>

/*
 * A TSC that is known to be good on all hosts the guest may be moved to is as exact
 * and can be read by the vDSO: stay just behind it.
 */
static inline int vmi_clocksource_rating(void)
{
	if (boot_cpu_has(X86_FEATURE_CONSTANT_TSC) &&
	    boot_cpu_has(X86_FEATURE_NONSTOP_TSC) && !check_tsc_unstable())
		return 299;
	return 400;
}

#endif /* _VMI_CLOCKSOURCE_H */
