// SPDX-License-Identifier: GPL-2.0-only
/*
 * Facts that a KVM guest needs before modules can be loaded
 *
 * For a kernel without CONFIG_KVM_GUEST; see hypervisors[] in the kernel's
 * arch/x86/kernel/cpu/hypervisor.c. The rest of what KVM offers is for the backend.
 *
 * The mode of the APIC: on hardware, x2APIC mode is used only if interrupts are
 * remapped. KVM allows it without, and in the other mode each IPI and each end of an
 * interrupt is an access to memory, which it has to decode. "nox2apic" is obeyed.
 *
 * The frequency of the TSC: a guest that measures it depends on not being preempted
 * meanwhile, and goes on to measure, once a second, as long as it is.
 */

#include <linux/cache.h>
#include <linux/cc_platform.h>
#include <linux/init.h>
#include <linux/math64.h>

#include <asm/cpuid.h>
#include <asm/hypervisor.h>
#include <asm/kvm_para.h>
#include <asm/msr.h>
#include <asm/pvclock-abi.h>
#include <asm/x86_init.h>

static unsigned long tsc_khz_by_host __ro_after_init;

static u32 __init leaves(void)
{
	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR))
		return 0;
	return hypervisor_cpuid_base(KVM_SIGNATURE, 0);
}

static u32 __init features(void)
{
	return cpuid_eax(leaves() | KVM_CPUID_FEATURES);
}

/* If KVM emulates a hypervisor that the kernel has code for, prefer that code. */
static u32 __init detect(void)
{
	return leaves() ? 1 : 0;
}

static bool __init x2apic_available(void)
{
	return true;
}

/* Interrupts of devices can go to a CPU whose APIC ID is above 255, too. */
static bool __init msi_ext_dest_id(void)
{
	return features() & BIT(KVM_FEATURE_MSI_EXT_DEST_ID);
}

/* The kernel keeps pointers to this function. */
static unsigned long calibrate(void)
{
	return tsc_khz_by_host;
}

/*
 * The clock of a vCPU has it: one count of the TSC is tsc_to_system_mul / 2^32 ns, times
 * 2^tsc_shift; see MSR_KVM_SYSTEM_TIME_NEW in Documentation/virt/kvm/x86/msr.rst. KVM
 * writes it before it resumes the guest after the MSR was set, and never again when the
 * MSR was cleared. pvclock_tsc_khz() comes with a clock for the vDSO, which nobody here
 * would have a use for.
 */
static unsigned long __init ask_host(void)
{
	static struct pvclock_vcpu_time_info clock __initdata __aligned(64);
	u64 khz = 1000000ULL << 32;

	wrmsrl(MSR_KVM_SYSTEM_TIME_NEW, __pa_symbol(&clock) | KVM_MSR_ENABLED);
	wrmsrl(MSR_KVM_SYSTEM_TIME_NEW, 0);
	if (!READ_ONCE(clock.tsc_to_system_mul))
		return 0;
	do_div(khz, clock.tsc_to_system_mul);
	return clock.tsc_shift < 0 ? khz << -clock.tsc_shift : khz >> clock.tsc_shift;
}

static void __init init_platform(void)
{
	/* The host cannot write to the memory of an encrypted guest. */
	if (!(features() & BIT(KVM_FEATURE_CLOCKSOURCE2)) ||
	    cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		return;
	tsc_khz_by_host = ask_host();
	if (!tsc_khz_by_host)
		return;
	x86_platform.calibrate_tsc = calibrate;
	x86_platform.calibrate_cpu = calibrate;
	setup_force_cpu_cap(X86_FEATURE_TSC_KNOWN_FREQ);
}

const __initconst struct hypervisor_x86 vmi_hyper_kvm = {
	.name			= "KVM",
	.detect			= detect,
	.type			= X86_HYPER_KVM,
	.init.init_platform	= init_platform,
	.init.x2apic_available	= x2apic_available,
	.init.msi_ext_dest_id	= msi_ext_dest_id,
};
