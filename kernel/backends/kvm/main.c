// SPDX-License-Identifier: GPL-2.0-only
/*
 * The backend for KVM: what the host offers, and the life of the backend
 *
 * See Documentation/virt/kvm/x86/cpuid.rst.
 */

#define pr_fmt(fmt) "vmi_kvm: " fmt

#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/module.h>

#include <asm/cpufeature.h>
#include <asm/cpuid.h>
#include <asm/hypervisor.h>
#include <asm/msr.h>
#include <asm/paravirt.h>
#include <asm/pvclock.h>
#include <asm/kvmclock.h>

#include "kvm.h"

struct vmi_kvm vmi_kvm __read_mostly;

/* The host answers at once when a port is slow, so there is nothing to wait for. */
static void vmi_kvm_io_delay(void)
{
}

static const struct vmi_ops vmi_kvm_ops = {
	.clock_sched_clock	  = vmi_kvm_sched_clock,
	.clock_steal_clock	  = vmi_kvm_steal_clock,
	.tlb_flush_multi	  = vmi_kvm_flush_multi,
	.ipi_send_mask		  = vmi_kvm_send_mask,
	.ipi_send_mask_allbutself = vmi_kvm_send_mask_allbutself,
	.ipi_send_allbutself	  = vmi_kvm_send_allbutself,
	.eoi_eoi		  = vmi_kvm_eoi,
	.lock_slowpath		  = vmi_pv_lock_slowpath,
	.lock_unlock		  = PV_CALLEE_SAVE(vmi_pv_lock_unlock),
	.lock_wait		  = vmi_kvm_wait,
	.lock_kick		  = vmi_kvm_kick,
	.lock_vcpu_is_preempted	  = PV_CALLEE_SAVE(vmi_kvm_vcpu_is_preempted),
	.io_delay		  = vmi_kvm_io_delay,
};

#define IPI_OPS		(VMI_OP_BIT(ipi_send_mask) |		\
			 VMI_OP_BIT(ipi_send_mask_allbutself) |	\
			 VMI_OP_BIT(ipi_send_allbutself))

static struct vmi_capability vmi_kvm_caps[NR_CAPS] = {
	[CAP_CLOCK] = {
		.name	= "kvmclock",
		.ops	= VMI_OP_BIT(clock_sched_clock),
	},
	[CAP_STEAL] = {
		.name	= "steal-time",
		.ops	= VMI_OP_BIT(clock_steal_clock),
	},
	[CAP_EOI] = {
		.name	= "pv-eoi",
		.ops	= VMI_OP_BIT(eoi_eoi),
		.uses	= &vmi_kvm_eoi_uses,
	},
	[CAP_IPI] = {
		.name	= "pv-ipi",
		.ops	= IPI_OPS,
		.uses	= &vmi_kvm_ipi_uses,
	},
	[CAP_TLB] = {
		.name	= "pv-tlb-flush",
		.ops	= VMI_OP_BIT(tlb_flush_multi),
		.uses	= &vmi_kvm_tlb_uses,
	},
	[CAP_UNHALT] = {
		.name	= "pv-unhalt",
		.ops	= VMI_LOCK_OPS,
	},
	[CAP_IS_PREEMPTED] = {
		.name	= "vcpu-is-preempted",
		.ops	= VMI_OP_BIT(lock_vcpu_is_preempted),
	},
	[CAP_IO_DELAY] = {
		.name	= "no-io-delay",
		.ops	= VMI_OP_BIT(io_delay),
	},
};

/* Requirements of a capability. */
#define NEED_CLOCK	BIT(0)	/* the kernel's own guest code registered the memory */
#define NEED_STEAL	BIT(1)
#define NEED_EOI	BIT(2)
#define NEED_SMP	BIT(3)
#define NEED_PREEMPTION	BIT(4)	/* vCPUs that do not always run */
#define NEED_NO_MWAIT	BIT(5)
#define NEED_UNHALT	BIT(6)

/**
 * struct rule - when a capability is offered, and when it is not used
 * @any: it takes one of these features
 * @all: it takes all of these features
 * @needs: NEED_*
 */
struct rule {
	u32		any;
	u32		all;
	unsigned int	needs;
};

static const struct rule rules[NR_CAPS] = {
	[CAP_CLOCK] = {
		.any	= BIT(KVM_FEATURE_CLOCKSOURCE2) |
			  BIT(KVM_FEATURE_CLOCKSOURCE),
		.needs	= NEED_CLOCK,
	},
	[CAP_STEAL] = {
		.all	= BIT(KVM_FEATURE_STEAL_TIME),
		.needs	= NEED_STEAL,
	},
	[CAP_EOI] = {
		.all	= BIT(KVM_FEATURE_PV_EOI),
		.needs	= NEED_EOI,
	},
	[CAP_IPI] = {
		.all	= BIT(KVM_FEATURE_PV_SEND_IPI),
		.needs	= NEED_SMP,
	},
	[CAP_TLB] = {
		.all	= BIT(KVM_FEATURE_PV_TLB_FLUSH),
		.needs	= NEED_SMP | NEED_PREEMPTION |
			  NEED_NO_MWAIT | NEED_STEAL,
	},
	[CAP_UNHALT] = {
		.all	= BIT(KVM_FEATURE_PV_UNHALT),
		.needs	= NEED_SMP | NEED_PREEMPTION,
	},
	[CAP_IS_PREEMPTED] = {
		.all	= BIT(KVM_FEATURE_STEAL_TIME),
		.needs	= NEED_STEAL | NEED_UNHALT,
	},
	[CAP_IO_DELAY] = {
		.all	= BIT(KVM_FEATURE_NOP_IO_DELAY),
	},
};

/* The kernel's own guest code registers the memory of all CPUs, or of none. */
static bool is_registered(u32 msr)
{
	u64 value;

	return !rdmsrl_safe(msr, &value) && (value & KVM_MSR_ENABLED);
}

static const char *why_blocked(enum vmi_kvm_cap cap, u32 hints)
{
	const struct rule *rule = &rules[cap];

	/*
	 * "nopv" is obeyed. If the kernel took the machine for Hyper-V, which KVM can emulate,
	 * KVM takes every hypercall for one of Hyper-V's.
	 */
	if (!hypervisor_is_type(X86_HYPER_KVM))
		return "the kernel's own guest code for KVM is not active";
	if ((rule->needs & NEED_CLOCK) && !raw_cpu_read(hv_clock_per_cpu))
		return "the kernel did not register a clock with the host: no-kvmclock";
	if ((rule->needs & NEED_STEAL) && !is_registered(MSR_KVM_STEAL_TIME))
		return "the kernel did not register steal time with the host";
	if ((rule->needs & NEED_EOI) && !is_registered(MSR_KVM_PV_EOI_EN))
		return "the kernel did not register a word for it with the host";
	if ((rule->needs & NEED_SMP) && num_possible_cpus() == 1)
		return "there is only one possible CPU";
	if ((rule->needs & NEED_PREEMPTION) && (hints & BIT(KVM_HINTS_REALTIME)))
		return "the host says that vCPUs are never preempted for long";
	if ((rule->needs & NEED_NO_MWAIT) && boot_cpu_has(X86_FEATURE_MWAIT))
		return "the guest may use MWAIT, so its vCPUs are taken to have their own CPUs";
	if ((rule->needs & NEED_UNHALT) && !vmi_cap_usable(&vmi_kvm_caps[CAP_UNHALT]))
		return "the lock ops move together, and pv-unhalt is not usable";
	return NULL;
}

static int vmi_kvm_detect(struct vmi_backend *backend, char *evidence)
{
	u32 base = 0, hints;
	unsigned int cap;

	if (boot_cpu_has(X86_FEATURE_HYPERVISOR))
		base = hypervisor_cpuid_base(KVM_SIGNATURE, 0);
	if (!base)
		return -ENODEV;

	vmi_kvm.features = cpuid_eax(base | KVM_CPUID_FEATURES);
	hints = cpuid_edx(base | KVM_CPUID_FEATURES);
	scnprintf(evidence, VMI_EVIDENCE_LEN,
		  "CPUID 0x%x %s, features 0x%x",
		  base, KVM_SIGNATURE, vmi_kvm.features);

	for (cap = 0; cap < NR_CAPS; cap++) {
		struct vmi_capability *c = &vmi_kvm_caps[cap];
		const struct rule *rule = &rules[cap];

		c->offered = (!rule->any || (vmi_kvm.features & rule->any)) &&
			     (vmi_kvm.features & rule->all) == rule->all;
		c->blocked = c->offered ? why_blocked(cap, hints) : NULL;
	}
	return 0;
}

static int vmi_kvm_init(struct vmi_backend *backend, vmi_opmask_t ops)
{
	if (ops & VMI_OP_BIT(clock_sched_clock))
		vmi_kvm_clock_start();
	return ops & VMI_OP_BIT(tlb_flush_multi) ? vmi_kvm_tlb_alloc() : 0;
}

static void vmi_kvm_exit(struct vmi_backend *backend)
{
	vmi_kvm_tlb_free();
}

static struct vmi_backend vmi_kvm_backend = {
	VMI_BACKEND_HEADER("kvm", "KVM"),
	.version	= "1.0",
	.ops		= &vmi_kvm_ops,
	.caps		= vmi_kvm_caps,
	.nr_caps	= ARRAY_SIZE(vmi_kvm_caps),
	.detect		= vmi_kvm_detect,
	.init		= vmi_kvm_init,
	.exit		= vmi_kvm_exit,
	.resume		= vmi_kvm_clock_resume,
};

VMI_BACKEND(vmi_kvm_backend);

static int __init vmi_kvm_module_init(void)
{
	vmi_kvm.native = vmi_native();
	return vmi_backend_register(&vmi_kvm_backend);
}
module_init(vmi_kvm_module_init);

static void __exit vmi_kvm_module_exit(void)
{
	vmi_backend_unregister(&vmi_kvm_backend);
}
module_exit(vmi_kvm_module_exit);

VMI_BACKEND_ALIAS("kvm");
MODULE_DESCRIPTION("VMI backend for KVM");
MODULE_LICENSE("GPL");
