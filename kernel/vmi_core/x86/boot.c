// SPDX-License-Identifier: GPL-2.0-only
/*
 * The core takes over the call sites at boot; struct vmi_arch_ops for x86
 */

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/init.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/stop_machine.h>

#include <asm/cpufeature.h>
#include <asm/hypervisor.h>
#include <asm/paravirt.h>
#include <asm/qspinlock.h>
#include <asm/tlb.h>
#include <asm/vmi.h>

#include "../cmdline.h"
#include "clock.h"
#include "cpu.h"
#include "site.h"

static void vmi_x86_bind(vmi_opmask_t ops, const struct vmi_ops *to)
{
	const vmi_opmask_t clocks = vmi_ops_of_group(VMI_GROUP_clock);

	if (ops & clocks)
		vmi_bind_clocks(ops & clocks, to);
	if (ops & ~clocks)
		vmi_bind_sites(ops & ~clocks, to);
}

static DEFINE_PER_CPU(struct cpu_stop_work, quiesce_work);
static DECLARE_COMPLETION(quiesce_done);
static atomic_t quiesce_left;

static int quiesce_cpu(void *unused)
{
	if (atomic_dec_and_test(&quiesce_left))
		complete(&quiesce_done);
	return 0;
}

/*
 * The kernel calls these with preemption or interrupts off, or in the idle task. It calls
 * vcpu_is_preempted() with preemption on as well (rtmutex_spin_on_owner()).
 */
#define NEVER_PREEMPTED	((VMI_LOCK_OPS & ~VMI_OP_BIT(lock_vcpu_is_preempted)) |	\
			 VMI_OP_BIT(clock_sched_clock) |			\
			 VMI_OP_BIT(clock_steal_clock) | VMI_OP_BIT(eoi_eoi) |	\
			 VMI_OP_BIT(idle_safe_halt) | VMI_OP_BIT(idle_halt))

/*
 * An op runs with preemption or interrupts off, in the idle task, or preempted in the middle. The
 * first two have ended once each CPU ran a task of ours: the idle task leaves its halt before it
 * schedules. The last one has ended once each task was seen to schedule by itself, for an op does
 * not sleep. That takes tenths of a second, so it is left out without CONFIG_PREEMPTION, and for
 * ops that are called with preemption off.
 *
 * The task is the stopper, which needs no memory, and yields to no real-time task,
 * because this must not fail. Unlike in stop_machine() no CPU waits for another
 * one: that takes long where one of them is a vCPU that does not run.
 */
static void vmi_x86_quiesce(vmi_opmask_t ops)
{
	unsigned int cpu;

	lockdep_assert_held(&vmi_live.lock);

	cpus_read_lock();
	atomic_set(&quiesce_left, num_online_cpus());
	for_each_online_cpu(cpu) {
		/* Only a CPU that is not online has no stopper. */
		if (WARN_ON_ONCE(!stop_one_cpu_nowait(cpu, quiesce_cpu, NULL,
						      &per_cpu(quiesce_work, cpu))))
			quiesce_cpu(NULL);
	}
	wait_for_completion(&quiesce_done);
	cpus_read_unlock();

	if (IS_ENABLED(CONFIG_PREEMPTION) && (ops & ~NEVER_PREEMPTED))
		synchronize_rcu_tasks();
}

static void vmi_x86_lock_bypass(bool on)
{
	if (on)
		static_branch_enable(&virt_spin_lock_key);
	else
		static_branch_disable(&virt_spin_lock_key);
}

static const struct vmi_arch_ops vmi_x86_ops = {
	.bind		= vmi_x86_bind,
	.quiesce	= vmi_x86_quiesce,
	.lock_bypass	= vmi_x86_lock_bypass,
	.cpus_online	= vmi_cpus_online,
	.cpus_offline	= vmi_cpus_offline,
};

/*
 * "nopvspin" applies to every provider. The kernel's variable of that name would not do: the
 * kernel's code for Xen also sets it where PV spinlocks are of no use to that code.
 */
static bool no_pv_spinlocks __initdata;

static int __init parse_nopvspin(char *arg)
{
	no_pv_spinlocks = true;
	return 0;
}
early_param("nopvspin", parse_nopvspin);

/*
 * The hash table of paravirtual spinlocks comes from boot memory, which is gone
 * long before a module can ask for it.
 */
void __init vmi_lock_init(void)
{
	if (!no_pv_spinlocks)
		__pv_init_lock_hash();
}

/*
 * A paravirtual TLB flush sends no IPI to a preempted vCPU, so an IPI no longer proves that nobody
 * walks a page table which is to be freed. The tables have to be freed by RCU instead. That cannot
 * be changed while some are being freed, so it is done once for all providers. It has a cost, so
 * tlb.flush_multi stays native where no backend is likely to bind it.
 */
static void __init prepare_flush_multi(void)
{
	if (boot_cpu_has(X86_FEATURE_HYPERVISOR) || !vmi_is_reserved_name(vmi_boot_provider))
		pv_ops.mmu.tlb_remove_table = tlb_remove_table;
	else
		vmi_live.fixed |= VMI_OP_BIT(tlb_flush_multi);
}

/* The hypervisors that the kernel can detect, and the names of the backends for them. */
static void __init name_hypervisor(void)
{
	struct names { const char *hypervisor, *backend; };
	static const struct names names[] __initconst = {
		[X86_HYPER_VMWARE]	= { "VMware", "vmware" },
		[X86_HYPER_MS_HYPERV]	= { "Hyper-V", "hyperv" },
		[X86_HYPER_XEN_PV]	= { "Xen", "xen" },
		[X86_HYPER_XEN_HVM]	= { "Xen", "xen" },
		[X86_HYPER_KVM]		= { "KVM", "kvm" },
		[X86_HYPER_JAILHOUSE]	= { "Jailhouse" },
		[X86_HYPER_ACRN]	= { "ACRN" },
	};

	if (x86_hyper_type < ARRAY_SIZE(names)) {
		vmi_live.hypervisor = names[x86_hyper_type].hypervisor;
		vmi_live.auto_backend = names[x86_hyper_type].backend;
	}
	if (!vmi_live.hypervisor)
		vmi_live.hypervisor = boot_cpu_has(X86_FEATURE_HYPERVISOR) ?
				      "unknown" : "none";
}

/**
 * vmi_bind_boot() - take over the call sites
 *
 * Called on the boot CPU, alone, after every hypervisor's early code had its
 * chance to fill pv_ops and the APIC's callbacks, and right before alternatives
 * turn pv_ops call sites into direct calls. Interrupts may be on: a trampoline
 * leads to the right function before pv_ops leads to the trampoline.
 */
void __init vmi_bind_boot(void)
{
	vmi_table_init(&vmi_live, &vmi_x86_ops);
	vmi_capture_sites();
	vmi_live.base_native = !vmi_builtin_binds(VMI_ALL_OPS);
	if (no_pv_spinlocks)
		vmi_live.disabled = vmi_ops_of_group(VMI_GROUP_lock);

	name_hypervisor();
	vmi_live.builtin_name = pv_info.name;
	/*
	 * Xen PV has no right to native instructions, and a TDX guest can sleep
	 * through an interrupt in a native halt.
	 */
	vmi_live.native_invalid = boot_cpu_has(X86_FEATURE_XENPV) ||
				  boot_cpu_has(X86_FEATURE_TDX_GUEST);
	vmi_live.native_bypass = vmi_builtin_binds(VMI_OP_BIT(lock_slowpath)) ?
				 boot_cpu_has(X86_FEATURE_HYPERVISOR) :
				 static_key_enabled(&virt_spin_lock_key);

	prepare_flush_multi();
	if (!IS_ENABLED(CONFIG_VMI_LOWLEVEL) || boot_cpu_has(X86_FEATURE_XENPV))
		vmi_live.fixed |= VMI_IRQ_OPS;

	vmi_clock_init();
}
