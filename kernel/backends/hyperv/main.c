// SPDX-License-Identifier: GPL-2.0-only
/*
 * The backend for Hyper-V: what the host offers, and the life of the backend
 */

#define pr_fmt(fmt) "vmi_hyperv: " fmt

#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/module.h>

#include <asm/apic.h>
#include <asm/cpufeature.h>
#include <asm/cpuid.h>
#include <asm/hypervisor.h>
#include <asm/paravirt.h>

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
};

static void offer(enum vmi_hyperv_cap cap, bool offered, const char *blocked)
{
	/* Where KVM emulates Hyper-V, the kernel runs its guest code for KVM. */
	if (!hypervisor_is_type(X86_HYPER_MS_HYPERV) || !hv_is_hyperv_initialized())
		blocked = "the kernel's own guest code for Hyper-V is not active";
	vmi_hyperv_caps[cap].offered = offered;
	vmi_hyperv_caps[cap].blocked = offered ? blocked : NULL;
}

/* CPUID names Hyper-V, and has the features that Linux cannot do without. */
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
	const char *no_assist = NULL;
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
	if (!(vmi_hyperv.hints & HV_X64_APIC_ACCESS_RECOMMENDED))
		no_assist = "the host does not recommend it";
	else if (!hv_vp_assist_page)
		no_assist = "the kernel did not register assist pages with the host";
	offer(CAP_ASSIST, vmi_hyperv.features & HV_MSR_APIC_ACCESS_AVAILABLE,
	      no_assist);
	offer(CAP_APIC_MSRS, vmi_hyperv.hints & HV_X64_APIC_ACCESS_RECOMMENDED,
	      x2apic_enabled() ? "the APIC has registers of its own for that" :
				 NULL);
	offer(CAP_GUEST_IDLE, misc & HV_X64_GUEST_IDLE_STATE_AVAILABLE,
	      vmi_builtin_binds(VMI_LOCK_OPS) ? alone :
	      "the kernel does not use it: hv_nopvspin, no right to the MSR, or no IPI hypercalls");
	return 0;
}

static int vmi_hyperv_init(struct vmi_backend *backend, vmi_opmask_t ops)
{
	vmi_hyperv.apic_msrs = vmi_cap_usable(&vmi_hyperv_caps[CAP_APIC_MSRS]);
	vmi_hyperv.ipi_calls = vmi_cap_usable(&vmi_hyperv_caps[CAP_IPI]) &&
			       (ops & IPI_OPS);
	vmi_hyperv.sends = ops & VMI_OP_BIT(ipi_send);
	vmi_hyperv_clock_start();
	return 0;
}

static struct vmi_backend vmi_hyperv_backend = {
	VMI_BACKEND_HEADER("hyperv", "Hyper-V"),
	.version	= "1.0",
	.ops		= &vmi_hyperv_ops,
	.caps		= vmi_hyperv_caps,
	.nr_caps	= ARRAY_SIZE(vmi_hyperv_caps),
	.detect		= vmi_hyperv_detect,
	.init		= vmi_hyperv_init,
	.suspend	= vmi_hyperv_clock_suspend,
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

VMI_BACKEND_ALIAS("hyperv");
MODULE_DESCRIPTION("VMI backend for Hyper-V");
MODULE_LICENSE("GPL");
