// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's paravirtual queued spinlock, as helpers for backends
 */

#include <linux/export.h>

#include <asm/paravirt.h>
#include <asm/qspinlock.h>

#include <linux/vmi.h>

void vmi_pv_lock_slowpath(struct qspinlock *lock, u32 val)
{
	__pv_queued_spin_lock_slowpath(lock, val);
}
EXPORT_SYMBOL_GPL(vmi_pv_lock_slowpath);

/* thunks.S has the function. modversions need an export with its prototype. */
EXPORT_SYMBOL_GPL(__raw_callee_save_vmi_pv_lock_unlock);
