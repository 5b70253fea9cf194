// SPDX-License-Identifier: GPL-2.0-only
/*
 * The backend for Hyper-V: what the host offers, and the life of the backend
 *
 * A kernel with CONFIG_HYPERV has its own code for all of this. On Hyper-V it owns the
 * hypercall page and every MSR, and nothing is left for this backend. The kernel's own
 * code for another hypervisor, KVM that imitates Hyper-V, keeps the ops that it has.
 */

#define pr_fmt(fmt) "vmi_hyperv: " fmt

#include <linux/cc_platform.h>
#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/module.h>

#include <asm/apic.h>
#include <asm/cpufeature.h>
#include <asm/cpuid.h>
#include <asm/hypervisor.h>
#include <asm/paravirt.h>

#include "../clocksource.h"
#include "hyperv.h"

#define HYPERV_SIGNATURE	"Microsoft Hv"

struct vmi_hyperv vmi_hyperv __read_mostly;

static const struct vmi_ops vmi_hyperv_ops = {
	.clock_sched_clock	  = vmi_hyperv_sched_clock,
	.tlb_flush_multi	  = vmi_hyperv_flush_multi,
	.ipi_send		  = vmi_hyperv_send,
	.ipi_send_mask		  = vmi_hyperv_send_mask,
	.ipi_send_mask_allbutself = vmi_hyperv_send_mask_allbutself,
	.ipi_send_allbutself	  = vmi_hyperv_send_allbutself,
	.ipi_send_all		  = vmi_hyperv_send_all,
	.eoi_eoi		  = vmi_hyperv_eoi,
	.lock_slowpath		  = vmi_pv_lock_slowpath,
	.lock_unlock		  = PV_CALLEE_SAVE(vmi_pv_lock_unlock),
	.lock_wait		  = vmi_hyperv_wait,
	.lock_kick		  = vmi_hyperv_kick,
	.lock_vcpu_is_preempted	  = PV_CALLEE_SAVE(vmi_hyperv_vcpu_is_preempted),
};

#define IPI_OPS		(VMI_OP_BIT(ipi_send) |			\
			 VMI_OP_BIT(ipi_send_mask) |		\
			 VMI_OP_BIT(ipi_send_mask_allbutself) |	\
			 VMI_OP_BIT(ipi_send_allbutself) |	\
			 VMI_OP_BIT(ipi_send_all))

enum vmi_hyperv_cap {
	CAP_REFERENCE_TIME,
	CAP_REFERENCE_TSC,
	CAP_TLB,
	CAP_IPI,
	CAP_ASSIST,
	CAP_APIC_MSRS,
	CAP_GUEST_IDLE,
	CAP_TIMERS,
	NR_CAPS
};

static struct vmi_capability vmi_hyperv_caps[NR_CAPS] = {
	[CAP_REFERENCE_TIME] = {
		.name	= "reference-time",
	},
	[CAP_REFERENCE_TSC] = {
		.name	= "reference-tsc",
		.ops	= VMI_OP_BIT(clock_sched_clock),
	},
	[CAP_TLB] = {
		.name	= "tlb-flush",
		.ops	= VMI_OP_BIT(tlb_flush_multi),
		.uses	= &vmi_hyperv_tlb_uses,
	},
	[CAP_IPI] = {
		.name	= "cluster-ipi",
		.ops	= IPI_OPS,
		.uses	= &vmi_hyperv_ipi_uses,
	},
	[CAP_ASSIST] = {
		.name	= "eoi-assist",
		.ops	= VMI_OP_BIT(eoi_eoi),
		.uses	= &vmi_hyperv_eoi_uses,
	},
	[CAP_APIC_MSRS] = {
		.name	= "apic-msrs",
		.ops	= VMI_OP_BIT(eoi_eoi) | IPI_OPS,
	},
	[CAP_GUEST_IDLE] = {
		.name	= "guest-idle",
		.ops	= VMI_LOCK_OPS,
	},
	[CAP_TIMERS] = {
		.name	= "synthetic-timers",
	},
};

/* Whether an op that is bound makes any. */
static bool hypercalls;

static bool usable(enum vmi_hyperv_cap cap)
{
	return vmi_hyperv_caps[cap].offered && !vmi_hyperv_caps[cap].blocked;
}

/* KVM takes every hypercall for one of Hyper-V's once the guest has made itself known. */
static bool is_by_hypercall(enum vmi_hyperv_cap cap)
{
	return cap == CAP_TLB || cap == CAP_IPI;
}

static void offer(enum vmi_hyperv_cap cap, bool offered, const char *blocked)
{
	if (IS_ENABLED(CONFIG_HYPERV) &&
	    hypervisor_is_type(X86_HYPER_MS_HYPERV))
		blocked = "owned by the kernel's own Hyper-V guest code";
	else if (cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		blocked = "an encrypted guest cannot share with the host";
	else if (vmi_builtin_owns(vmi_hyperv_caps[cap].ops))
		blocked = "owned by the kernel's own guest code";
	else if (is_by_hypercall(cap) && hypervisor_is_type(X86_HYPER_KVM))
		blocked = "would end the hypercalls of the kernel's own KVM guest code";
	vmi_hyperv_caps[cap].offered = offered;
	vmi_hyperv_caps[cap].blocked = offered ? blocked : NULL;
}

/* The leaves say so, and what Linux cannot do without is there. */
static bool is_hyperv(void)
{
	const u32 needed = HV_MSR_HYPERCALL_AVAILABLE | HV_MSR_VP_INDEX_AVAILABLE;
	u32 last, regs[3];

	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR))
		return false;
	cpuid(HYPERV_CPUID_VENDOR_AND_MAX_FUNCTIONS, &last, &regs[0], &regs[1],
	      &regs[2]);
	return last >= HYPERV_CPUID_MIN && last <= HYPERV_CPUID_MAX &&
	       !memcmp(regs, HYPERV_SIGNATURE, sizeof(regs)) &&
	       (cpuid_eax(HYPERV_CPUID_FEATURES) & needed) == needed;
}

static int vmi_hyperv_detect(struct vmi_backend *backend, char *evidence)
{
	const char *alone = num_possible_cpus() > 1 ? NULL :
			    "there is only one possible CPU";
	u32 misc;

	if (!is_hyperv())
		return -ENODEV;
	vmi_hyperv.features = cpuid_eax(HYPERV_CPUID_FEATURES);
	misc = cpuid_edx(HYPERV_CPUID_FEATURES);
	vmi_hyperv.hints = cpuid_eax(HYPERV_CPUID_ENLIGHTMENT_INFO);
	scnprintf(evidence, VMI_EVIDENCE_LEN,
		  "CPUID 0x%x %s, features 0x%x, hints 0x%x",
		  HYPERV_CPUID_VENDOR_AND_MAX_FUNCTIONS, HYPERV_SIGNATURE,
		  vmi_hyperv.features, vmi_hyperv.hints);

	offer(CAP_REFERENCE_TIME,
	      vmi_hyperv.features & HV_MSR_TIME_REF_COUNT_AVAILABLE,
	      "reading it takes an exit, so it only stands in for reference-tsc");
	offer(CAP_REFERENCE_TSC,
	      vmi_hyperv.features & HV_MSR_REFERENCE_TSC_AVAILABLE,
	      vmi_hyperv_caps[CAP_REFERENCE_TIME].offered ? NULL :
	      "it needs reference time, for when the page is not valid");
	offer(CAP_TLB, vmi_hyperv.hints & HV_X64_REMOTE_TLB_FLUSH_RECOMMENDED,
	      alone);
	offer(CAP_IPI, vmi_hyperv.hints & HV_X64_CLUSTER_IPI_RECOMMENDED, alone);
	offer(CAP_ASSIST, vmi_hyperv.features & HV_MSR_APIC_ACCESS_AVAILABLE,
	      NULL);
	offer(CAP_APIC_MSRS, vmi_hyperv.hints & HV_X64_APIC_ACCESS_RECOMMENDED,
	      x2apic_enabled() ? "the APIC has registers of its own for that" :
				 NULL);
	offer(CAP_GUEST_IDLE, misc & HV_X64_GUEST_IDLE_STATE_AVAILABLE,
	      vmi_hyperv.features & HV_MSR_GUEST_IDLE_AVAILABLE ? alone :
	      "the partition has no right to read the MSR that it needs");
	offer(CAP_TIMERS, vmi_hyperv.features & HV_MSR_SYNTIMER_AVAILABLE,
	      "the host notifies by an interrupt, and modules have no vector");
	return 0;
}

/*
 * Takes back what is left of init(). A clocksource that cannot be taken back is kept,
 * with its page, and is read by the MSR from then on.
 */
static void vmi_hyperv_exit(struct vmi_backend *backend)
{
	static bool kept;
	bool keep = vmi_hyperv_clock_stop();

	vmi_clocksource_keep(&kept, keep);
	if (keep)
		vmi_hyperv_clock_disable();
	else
		vmi_hyperv_clock_free();
	vmi_hyperv_hypercall_stop();
	vmi_hyperv_cpu_free();
}

static int vmi_hyperv_init(struct vmi_backend *backend, vmi_opmask_t ops)
{
	int err;

	vmi_hyperv.assist = usable(CAP_ASSIST) && (ops & VMI_OP_BIT(eoi_eoi));
	vmi_hyperv.apic_msrs = usable(CAP_APIC_MSRS);
	vmi_hyperv.ipi_calls = usable(CAP_IPI) && (ops & IPI_OPS);
	vmi_hyperv.sends = ops & VMI_OP_BIT(ipi_send);

	err = vmi_hyperv_cpu_alloc();
	if (err)
		return err;
	hypercalls = vmi_hyperv.ipi_calls ||
		     (ops & VMI_OP_BIT(tlb_flush_multi));
	if (hypercalls)
		err = vmi_hyperv_hypercall_start();
	if (!err && (ops & VMI_OP_BIT(clock_sched_clock)))
		err = vmi_hyperv_clock_start();
	if (err)
		vmi_hyperv_exit(backend);
	return err;
}

static int vmi_hyperv_drain(struct vmi_backend *backend)
{
	return vmi_hyperv_clock_stop();
}

static void vmi_hyperv_cpu_starting(unsigned int cpu)
{
	vmi_hyperv_clock_wake();
}

static int vmi_hyperv_cpu_online(unsigned int cpu)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = vmi_hyperv_cpu_enable();
	local_irq_restore(flags);
	return err;
}

static void vmi_hyperv_cpu_offline(unsigned int cpu)
{
	unsigned long flags;

	local_irq_save(flags);
	vmi_hyperv_cpu_disable();
	local_irq_restore(flags);
}

/*
 * The first CPU that gets here also gives up what belongs to the whole partition. A call that
 * another CPU makes meanwhile fails, and that CPU uses native code; see page.S.
 */
static void vmi_hyperv_shutdown(void)
{
	vmi_hyperv_cpu_disable();
	vmi_hyperv_clock_disable();
	vmi_hyperv_hypercall_stop();
}

static void vmi_hyperv_resume(void)
{
	int err = 0;

	if (hypercalls)
		err = vmi_hyperv_hypercall_start();
	vmi_hyperv_clock_wake();
	if (vmi_hyperv_cpu_enable() || err)
		pr_warn("the host refused an MSR after resume\n");
}

static struct vmi_backend vmi_hyperv_backend = {
	VMI_BACKEND_HEADER("hyperv", "Hyper-V"),
	.signature	= HYPERV_SIGNATURE,
	.version	= "1.0",
	.ops		= &vmi_hyperv_ops,
	.caps		= vmi_hyperv_caps,
	.nr_caps	= ARRAY_SIZE(vmi_hyperv_caps),
	.detect		= vmi_hyperv_detect,
	.init		= vmi_hyperv_init,
	.exit		= vmi_hyperv_exit,
	.drain		= vmi_hyperv_drain,
	.cpu_starting	= vmi_hyperv_cpu_starting,
	.cpu_online	= vmi_hyperv_cpu_online,
	.cpu_offline	= vmi_hyperv_cpu_offline,
	.shutdown	= vmi_hyperv_shutdown,
	.suspend	= vmi_hyperv_shutdown,
	.resume		= vmi_hyperv_resume,
};

VMI_BACKEND(vmi_hyperv_backend);

static int __init vmi_hyperv_module_init(void)
{
	vmi_hyperv.native = vmi_native();
	return vmi_backend_register(&vmi_hyperv_backend);
}
module_init(vmi_hyperv_module_init);

static void __exit vmi_hyperv_module_exit(void)
{
	vmi_backend_unregister(&vmi_hyperv_backend);
}
module_exit(vmi_hyperv_module_exit);

VMI_BACKEND_ALIAS("hyperv", "Microsoft_Hv");
MODULE_DESCRIPTION("VMI backend for Hyper-V");
MODULE_LICENSE("GPL");
