// SPDX-License-Identifier: GPL-2.0-only
/*
 * The backend for KVM: what the host offers, and the life of the backend
 *
 * See Documentation/virt/kvm/x86/cpuid.rst. Where the kernel's own KVM guest code
 * (CONFIG_KVM_GUEST) is at work, whatever it has bound stays with it: two drivers
 * of one MSR would turn off each other's memory.
 */

#define pr_fmt(fmt) "vmi_kvm: " fmt

#include <linux/cc_platform.h>
#include <linux/cpumask.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/module.h>

#include <asm/cpufeature.h>
#include <asm/cpuid.h>
#include <asm/hypervisor.h>
#include <asm/paravirt.h>

#include "../clocksource.h"
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
/* Ops that read steal time besides the one that reports it. */
#define PREEMPTED_OPS	(VMI_OP_BIT(tlb_flush_multi) |		\
			 VMI_OP_BIT(lock_vcpu_is_preempted))

static struct vmi_capability vmi_kvm_caps[NR_CAPS] = {
	[CAP_CLOCK] = {
		.name	= "kvmclock",
		.ops	= VMI_OP_BIT(clock_sched_clock),
	},
	[CAP_CLOCK_VDSO] = {
		.name	= "kvmclock-vdso",
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
	[CAP_YIELD] = {
		.name	= "pv-sched-yield",
		.ops	= IPI_OPS,
		.uses	= &vmi_kvm_yield_uses,
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
	[CAP_ASYNC_PF] = {
		.name	= "async-pf",
	},
	[CAP_POLL] = {
		.name	= "poll-control",
	},
};

/* Requirements of a capability. */
#define NEED_SHARING	BIT(0)	/* memory or registers that the host can read */
#define NEED_SMP	BIT(1)
#define NEED_PREEMPTION	BIT(2)	/* vCPUs that do not always run */
#define NEED_NO_MWAIT	BIT(3)
#define NEED_STEAL	BIT(4)
#define NEED_UNHALT	BIT(5)

/**
 * struct rule - when a capability is offered, and when it is not used
 * @any: it takes one of these features
 * @all: it takes all of these features
 * @needs: NEED_*
 * @never: why it is not used even so, unless the kernel's own code uses it
 */
struct rule {
	u32		any;
	u32		all;
	unsigned int	needs;
	const char	*never;
};

static const struct rule rules[NR_CAPS] = {
	[CAP_CLOCK] = {
		.any	= BIT(KVM_FEATURE_CLOCKSOURCE2) |
			  BIT(KVM_FEATURE_CLOCKSOURCE),
		.needs	= NEED_SHARING,
	},
	[CAP_CLOCK_VDSO] = {
		.any	= BIT(KVM_FEATURE_CLOCKSOURCE2) |
			  BIT(KVM_FEATURE_CLOCKSOURCE),
		.all	= BIT(KVM_FEATURE_CLOCKSOURCE_STABLE_BIT),
		.never	= "user space would read a page that outlives the module",
	},
	[CAP_STEAL] = {
		.all	= BIT(KVM_FEATURE_STEAL_TIME),
		.needs	= NEED_SHARING,
	},
	[CAP_EOI] = {
		.all	= BIT(KVM_FEATURE_PV_EOI),
		.needs	= NEED_SHARING,
	},
	[CAP_IPI] = {
		.all	= BIT(KVM_FEATURE_PV_SEND_IPI),
		.needs	= NEED_SHARING | NEED_SMP,
	},
	[CAP_YIELD] = {
		.all	= BIT(KVM_FEATURE_PV_SCHED_YIELD),
		.needs	= NEED_SHARING | NEED_SMP | NEED_PREEMPTION |
			  NEED_NO_MWAIT | NEED_STEAL,
	},
	[CAP_TLB] = {
		.all	= BIT(KVM_FEATURE_PV_TLB_FLUSH),
		.needs	= NEED_SHARING | NEED_SMP | NEED_PREEMPTION |
			  NEED_NO_MWAIT | NEED_STEAL,
	},
	[CAP_UNHALT] = {
		.all	= BIT(KVM_FEATURE_PV_UNHALT),
		.needs	= NEED_SHARING | NEED_SMP | NEED_PREEMPTION,
	},
	[CAP_IS_PREEMPTED] = {
		.all	= BIT(KVM_FEATURE_STEAL_TIME),
		.needs	= NEED_SHARING | NEED_STEAL | NEED_UNHALT,
	},
	[CAP_IO_DELAY] = {
		.all	= BIT(KVM_FEATURE_NOP_IO_DELAY),
	},
	[CAP_ASYNC_PF] = {
		.all	= BIT(KVM_FEATURE_ASYNC_PF_INT),
		.never	= "the host notifies by an interrupt, and modules have no vector",
	},
	[CAP_POLL] = {
		.all	= BIT(KVM_FEATURE_POLL_CONTROL),
		.never	= "it belongs to the kernel's haltpoll driver and not to an op",
	},
};

static const char owned[] = "owned by the kernel's own KVM guest code";

static bool usable(enum vmi_kvm_cap cap)
{
	return vmi_kvm_caps[cap].offered && !vmi_kvm_caps[cap].blocked;
}

static const char *why_blocked(enum vmi_kvm_cap cap, u32 hints)
{
	const struct rule *rule = &rules[cap];

	if (rule->never)
		return IS_ENABLED(CONFIG_KVM_GUEST) && hypervisor_is_type(X86_HYPER_KVM) ?
		       owned : rule->never;
	if (vmi_builtin_owns(vmi_kvm_caps[cap].ops))
		return owned;
	if ((rule->needs & NEED_SHARING) &&
	    cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		return "the guest is encrypted, and this backend cannot share with the host then";
	if ((rule->needs & NEED_SMP) && num_possible_cpus() == 1)
		return "there is only one possible CPU";
	if ((rule->needs & NEED_PREEMPTION) && (hints & BIT(KVM_HINTS_REALTIME)))
		return "the host says that vCPUs are never preempted for long";
	if ((rule->needs & NEED_NO_MWAIT) && boot_cpu_has(X86_FEATURE_MWAIT))
		return "the guest may use MWAIT, so its vCPUs are taken to have their own CPUs";
	if ((rule->needs & NEED_STEAL) && !usable(CAP_STEAL))
		return "it needs steal time, which is not usable";
	if ((rule->needs & NEED_UNHALT) && !usable(CAP_UNHALT))
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

/* Enable only memory that an op reads which can be bound. */
static unsigned int msrs_for(vmi_opmask_t ops)
{
	unsigned int msrs = 0;

	if (ops & VMI_OP_BIT(clock_sched_clock))
		msrs |= MSR_BIT_CLOCK;
	if (ops & VMI_OP_BIT(clock_steal_clock) ||
	    (usable(CAP_STEAL) && (ops & PREEMPTED_OPS)) ||
	    vmi_kvm.yield)
		msrs |= MSR_BIT_STEAL;
	if (ops & VMI_OP_BIT(eoi_eoi))
		msrs |= MSR_BIT_EOI;
	return msrs;
}

/*
 * Takes back what is left of init(). Freeing memory that a clocksource reads is
 * worse than keeping it.
 */
static void vmi_kvm_exit(struct vmi_backend *backend)
{
	static bool kept;
	bool keep = vmi_kvm_clock_stop();

	vmi_clocksource_keep(&kept, keep);
	if (keep)
		return;
	vmi_kvm_cpu_free();
	vmi_kvm_tlb_free();
}

static int vmi_kvm_init(struct vmi_backend *backend, vmi_opmask_t ops)
{
	int err;

	vmi_kvm.send_ipi = usable(CAP_IPI) && (ops & IPI_OPS);
	vmi_kvm.yield = usable(CAP_YIELD) && (ops & IPI_OPS);
	vmi_kvm.msrs = msrs_for(ops);

	/* Ops read the shared memory whether the host writes to it or not. */
	err = vmi_kvm_cpu_alloc();
	if (err)
		return err;
	if (ops & VMI_OP_BIT(tlb_flush_multi)) {
		err = vmi_kvm_tlb_alloc();
		if (err)
			goto undo;
	}
	if (vmi_kvm.msrs & MSR_BIT_CLOCK) {
		err = vmi_kvm_clock_start();
		if (err)
			goto undo;
	}
	return 0;

undo:
	vmi_kvm_exit(backend);
	return err;
}

static int vmi_kvm_drain(struct vmi_backend *backend)
{
	return vmi_kvm_clock_stop();
}

/*
 * A vCPU that comes up went through INIT, which turned off everything in the host
 * (kvm_vcpu_reset()); what was enabled before does not matter.
 */
static void vmi_kvm_cpu_starting(unsigned int cpu)
{
	this_cpu_write(vmi_kvm_cpu.enabled, 0);
	/* If it fails, cpu_online() does as well, and can say so. */
	vmi_kvm_cpu_enable(vmi_kvm.msrs & MSR_BIT_CLOCK);
	vmi_kvm_clock_wake();
}

static int vmi_kvm_cpu_online(unsigned int cpu)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = vmi_kvm_cpu_enable(vmi_kvm.msrs);
	local_irq_restore(flags);
	return err;
}

static void vmi_kvm_cpu_offline(unsigned int cpu)
{
	unsigned long flags;

	local_irq_save(flags);
	vmi_kvm_cpu_disable();
	local_irq_restore(flags);
}

static void vmi_kvm_shutdown(void)
{
	vmi_kvm_cpu_disable();
}

static void vmi_kvm_suspend(void)
{
	vmi_kvm_cpu_disable();
	if (vmi_kvm.msrs & MSR_BIT_CLOCK)
		vmi_kvm_clock_suspend();
}

static void vmi_kvm_resume(void)
{
	if (vmi_kvm_cpu_enable(vmi_kvm.msrs))
		pr_warn("the host refused an MSR after resume\n");
	vmi_kvm_clock_wake();
}

static struct vmi_backend vmi_kvm_backend = {
	VMI_BACKEND_HEADER("kvm", "KVM"),
	.signature	= KVM_SIGNATURE,
	.version	= "1.0",
	.ops		= &vmi_kvm_ops,
	.caps		= vmi_kvm_caps,
	.nr_caps	= ARRAY_SIZE(vmi_kvm_caps),
	.detect		= vmi_kvm_detect,
	.init		= vmi_kvm_init,
	.exit		= vmi_kvm_exit,
	.drain		= vmi_kvm_drain,
	.cpu_starting	= vmi_kvm_cpu_starting,
	.cpu_online	= vmi_kvm_cpu_online,
	.cpu_offline	= vmi_kvm_cpu_offline,
	.shutdown	= vmi_kvm_shutdown,
	.suspend	= vmi_kvm_suspend,
	.resume		= vmi_kvm_resume,
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

VMI_BACKEND_ALIAS("kvm", "KVMKVMKVM");
MODULE_DESCRIPTION("VMI backend for KVM");
MODULE_LICENSE("GPL");
