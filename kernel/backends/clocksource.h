/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rules for the clocksources of backends
 */
#ifndef _VMI_CLOCKSOURCE_H
#define _VMI_CLOCKSOURCE_H

#include <linux/module.h>
#include <linux/printk.h>

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

/**
 * vmi_clocksource_keep() - keep the module if its clocksource cannot be taken back
 * @kept: whether that is so since an earlier call; the backend's own
 * @keep: whether it could not be taken back this time
 *
 * Called each time the backend exits. The timekeeper goes on to call the code, which is
 * better kept than unloaded. The module can go after an exit that has taken it back.
 *
 * Context: process context
 */
static inline void vmi_clocksource_keep(bool *kept, bool keep)
{
	if (keep)
		pr_warn("the clocksource cannot be taken back, keeping it\n");
	if (keep && !*kept)
		__module_get(THIS_MODULE);
	if (!keep && *kept)
		module_put(THIS_MODULE);
	*kept = keep;
}

#endif /* _VMI_CLOCKSOURCE_H */
