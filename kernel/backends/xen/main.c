// SPDX-License-Identifier: GPL-2.0-only
/*
 * The backend for Xen: what it offers to HVM and PVH guests, and the life of the
 * backend
 *
 * A kernel that runs there with CONFIG_XEN_PVHVM shares memory with Xen and has its
 * event channels from boot on, because its drivers cannot do without. None of that is
 * taken from it. The ops are exchanged: they read the same memory, and wait for event
 * channels of their own.
 *
 * In PV guests, native code does not work, and the core refuses all backends.
 */

#define pr_fmt(fmt) "vmi_xen: " fmt

#include <linux/cpumask.h>
#include <linux/module.h>

#include <asm/cpuid.h>
#include <asm/paravirt.h>
#include <asm/xen/hypervisor.h>
#include <xen/events.h>
#include <xen/features.h>
#include <xen/xen.h>

#include "xen.h"

enum vmi_xen_cap {
	CAP_CLOCK,
	CAP_STEAL,
	CAP_POLL,
	CAP_PAGETABLE_DYING,
	CAP_IPI,
	CAP_TIMER,
	NR_CAPS
};

static const struct vmi_ops vmi_xen_ops = {
	.clock_sched_clock	= vmi_xen_sched_clock,
	.clock_steal_clock	= vmi_xen_steal_clock,
	.mm_exit_mmap		= vmi_xen_exit_mmap,
	.lock_slowpath		= vmi_pv_lock_slowpath,
	.lock_unlock		= PV_CALLEE_SAVE(vmi_pv_lock_unlock),
	.lock_wait		= vmi_xen_wait,
	.lock_kick		= vmi_xen_kick,
	.lock_vcpu_is_preempted	= PV_CALLEE_SAVE(vmi_xen_vcpu_is_preempted),
};

static struct vmi_capability vmi_xen_caps[NR_CAPS] = {
	[CAP_CLOCK] = {
		.name	= "system-time",
		.ops	= VMI_OP_BIT(clock_sched_clock),
	},
	[CAP_STEAL] = {
		.name	= "runstate",
		.ops	= VMI_OP_BIT(clock_steal_clock),
	},
	[CAP_POLL] = {
		.name	= "event-poll",
		.ops	= VMI_LOCK_OPS,
		.uses	= &vmi_xen_poll_uses,
	},
	[CAP_PAGETABLE_DYING] = {
		.name	= "pagetable-dying",
		.ops	= VMI_OP_BIT(mm_exit_mmap),
	},
	[CAP_IPI] = {
		.name	= "event-ipi",
	},
	[CAP_TIMER] = {
		.name	= "singleshot-timer",
	},
};

static void offer(enum vmi_xen_cap cap, bool offered, const char *blocked)
{
	vmi_xen_caps[cap].offered = offered;
	vmi_xen_caps[cap].blocked = offered ? blocked : NULL;
}

static int vmi_xen_detect(struct vmi_backend *backend, char *evidence)
{
	static const char own[] =
		"the kernel's own Xen guest code has it, and it is no op";
	u32 base, version;
	bool time, channels;
	const char *reason = NULL;

	/* Without the kernel's part of it, "xen_nopv" for example, nothing works. */
	base = xen_hvm_domain() ? xen_cpuid_base() : 0;
	if (!base)
		return -ENODEV;

	version = cpuid_eax(base + 1);
	scnprintf(evidence, VMI_EVIDENCE_LEN, "CPUID 0x%x %s, Xen %u.%u, %s",
		  base, XEN_SIGNATURE, version >> 16, version & 0xffff,
		  xen_pvh_domain() ? "PVH" : "HVM");

	channels = xen_have_vector_callback;
	time = channels && xen_feature(XENFEAT_hvm_safe_pvclock);
	offer(CAP_CLOCK, time, NULL);
	offer(CAP_STEAL, time, NULL);
	if (num_possible_cpus() == 1)
		reason = "there is only one possible CPU";
	/* Without the runstates, a lock op would have to guess. */
	offer(CAP_POLL, time, reason);
	offer(CAP_PAGETABLE_DYING, vmi_xen_wants_dying_pagetables(), NULL);
	offer(CAP_IPI, channels, own);
	offer(CAP_TIMER, time, own);
	return 0;
}

static bool lock_is_bound;

static int vmi_xen_init(struct vmi_backend *backend, vmi_opmask_t ops)
{
	lock_is_bound = ops & VMI_LOCK_OPS;
	if (ops & VMI_OP_BIT(clock_sched_clock))
		vmi_xen_clock_start();
	return lock_is_bound ? vmi_xen_lock_alloc() : 0;
}

static void vmi_xen_exit(struct vmi_backend *backend)
{
	if (lock_is_bound)
		vmi_xen_lock_free();
}

/* There are no CPU callbacks: Xen writes to memory of the kernel's own guest code only. */
static struct vmi_backend vmi_xen_backend = {
	VMI_BACKEND_HEADER("xen", "Xen"),
	.version	= "1.0",
	.ops		= &vmi_xen_ops,
	.caps		= vmi_xen_caps,
	.nr_caps	= ARRAY_SIZE(vmi_xen_caps),
	.detect		= vmi_xen_detect,
	.init		= vmi_xen_init,
	.exit		= vmi_xen_exit,
	.resume		= vmi_xen_clock_resume,
};
module_vmi_backend(vmi_xen_backend);

VMI_BACKEND_ALIAS("xen");
MODULE_DESCRIPTION("VMI backend for Xen");
MODULE_LICENSE("GPL");
