// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time stolen from a vCPU, and whether it runs
 *
 * Xen writes the time that a vCPU spent in each state, and the state it is in, to an
 * area in the guest's memory; see VCPUOP_register_runstate_memory_area in Xen's
 * public/vcpu.h. There is one for each vCPU. The kernel registered it at boot, for
 * its own guest code, so it is read here and never registered again.
 */

#include <linux/compiler.h>
#include <linux/percpu.h>

#include <asm/barrier.h>
#include <asm/paravirt.h>
#include <xen/xen-ops.h>

#include "xen.h"

/*
 * The area may be that of another vCPU, which runs meanwhile. Xen then marks the
 * time of entry while it writes (VMASST_TYPE_runstate_update_flag, on at boot where
 * Xen has it), and changes it with each write: what was read belongs together if it
 * is the same before and after, and not marked.
 */
u64 vmi_xen_steal_clock(int cpu)
{
	const struct vcpu_runstate_info *area = per_cpu_ptr(&xen_runstate, cpu);
	u64 entry, stolen;

	do {
		entry = READ_ONCE(area->state_entry_time);
		virt_rmb();	/* the mark before the data */
		stolen = READ_ONCE(area->time[RUNSTATE_runnable]) +
			 READ_ONCE(area->time[RUNSTATE_offline]);
		virt_rmb();	/* the data before the mark again */
	} while ((entry & XEN_RUNSTATE_UPDATE) ||
		 entry != READ_ONCE(area->state_entry_time));
	return stolen;
}

/* A vCPU that is runnable has no CPU to run on. */
__visible bool vmi_xen_vcpu_is_preempted(long cpu)
{
	return READ_ONCE(per_cpu(xen_runstate, cpu).state) == RUNSTATE_runnable;
}

PV_CALLEE_SAVE_REGS_THUNK(vmi_xen_vcpu_is_preempted);
