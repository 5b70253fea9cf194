// SPDX-License-Identifier: GPL-2.0-only
/*
 * The backend for VMware
 *
 * The kernel's own guest code (arch/x86/kernel/cpu/vmware.c) recognises VMware, asks the host for
 * the frequency of the TSC, and registers steal time, whose op this backend leaves to it.
 */

#include <linux/clocksource.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/time64.h>
#include <linux/vmi.h>

#include <asm/hypervisor.h>
#include <asm/msr.h>
#include <asm/tsc.h>

enum vmi_vmware_cap {
	CAP_SCHED_CLOCK,
	CAP_IO_DELAY,
	NR_CAPS
};

/* Conversion from ticks of the TSC to nanoseconds. */
static u32 tsc_mul __ro_after_init;
static u32 tsc_shift __ro_after_init;

/* The core adds the offset from where the last clock stood. */
static noinstr u64 vmi_vmware_sched_clock(void)
{
	return mul_u64_u32_shr(rdtsc(), tsc_mul, tsc_shift);
}

/* Ports are emulated, so none is slow. */
static void vmi_vmware_io_delay(void)
{
}

static const struct vmi_ops vmi_vmware_ops = {
	.clock_sched_clock	= vmi_vmware_sched_clock,
	.io_delay		= vmi_vmware_io_delay,
};

static struct vmi_capability vmi_vmware_caps[NR_CAPS] = {
	[CAP_SCHED_CLOCK] = {
		.name	= "tsc-sched-clock",
		.ops	= VMI_OP_BIT(clock_sched_clock),
	},
	[CAP_IO_DELAY] = {
		.name	 = "no-io-delay",
		.ops	 = VMI_OP_BIT(io_delay),
		.offered = true,
	},
};

static const char *why_no_sched_clock(void)
{
	if (!vmi_builtin_binds(VMI_OP_BIT(clock_sched_clock)))
		return "the kernel does not use it: no-vmw-sched-clock, or no TSC frequency";
	if (check_tsc_unstable())
		return "the kernel found the TSC unstable";
	return NULL;
}

static int vmi_vmware_detect(struct vmi_backend *backend, char *evidence)
{
	if (!hypervisor_is_type(X86_HYPER_VMWARE))
		return -ENODEV;
	scnprintf(evidence, VMI_EVIDENCE_LEN,
		  "detected by the kernel's own guest code, TSC %u kHz", tsc_khz);
	vmi_vmware_caps[CAP_SCHED_CLOCK].offered = true;
	vmi_vmware_caps[CAP_SCHED_CLOCK].blocked = why_no_sched_clock();
	/* A clock that the kernel uses has a frequency. */
	if (!vmi_vmware_caps[CAP_SCHED_CLOCK].blocked)
		clocks_calc_mult_shift(&tsc_mul, &tsc_shift, tsc_khz,
				       NSEC_PER_MSEC, 0);
	return 0;
}

static struct vmi_backend vmi_vmware_backend = {
	VMI_BACKEND_HEADER("vmware", "VMware"),
	.version	= "1.0",
	.ops		= &vmi_vmware_ops,
	.caps		= vmi_vmware_caps,
	.nr_caps	= ARRAY_SIZE(vmi_vmware_caps),
	.detect		= vmi_vmware_detect,
};
module_vmi_backend(vmi_vmware_backend);

VMI_BACKEND_ALIAS("vmware");
MODULE_DESCRIPTION("VMI backend for VMware");
MODULE_LICENSE("GPL");
