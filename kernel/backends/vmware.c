// SPDX-License-Identifier: GPL-2.0-only
/*
 * The backend for VMware
 *
 * See asm/vmware.h for the hypercall. The kernel's own VMware guest code is part of
 * every kernel that can be a guest. What it has to decide at boot stays with it:
 * frequencies, and that the TSC is to be trusted. So does steal time, if it turned
 * that on, for there is one buffer of a CPU that the host writes to. The ops without
 * a state in the host can be exchanged.
 */

#define pr_fmt(fmt) "vmi_vmware: " fmt

#include <linux/cc_platform.h>
#include <linux/clocksource.h>
#include <linux/cpumask.h>
#include <linux/dmi.h>
#include <linux/irqflags.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/vmi.h>

#include <asm/cpufeature.h>
#include <asm/cpuid.h>
#include <asm/io.h>
#include <asm/msr.h>
#include <asm/tsc.h>
#include <asm/vmware.h>

#define VMWARE_SIGNATURE	"VMwareVMware"
/* Frequencies in kHz: TSC in EAX, bus in EBX. */
#define CPUID_TIMING		0x10

/*
 * Arguments and results of VMWARE_CMD_STEALCLOCK, and the buffer that the host writes. No
 * header has them: the source is the kernel's own guest code, kernel/cpu/vmware.c.
 */
#define STEAL_ENABLED		1
#define STEAL_NOT_AVAILABLE	U32_MAX
/* An address that means off. */
#define STEAL_OFF		1

/**
 * struct vmware_steal - what the host writes for a CPU
 * @clock: stolen time, in ticks of the TSC
 * @reserved: makes it the 64 bytes that the host wants to itself, aligned
 */
struct vmware_steal {
	u64	clock;
	u64	reserved[7];
};

/* The slab allocator aligns to the size, if that is a power of 2. */
static_assert(sizeof(struct vmware_steal) == 64);

static DEFINE_PER_CPU(struct vmware_steal *, vmware_steal);

enum vmware_cap {
	CAP_SCHED_CLOCK,
	CAP_STEAL,
	CAP_IO_DELAY,
	CAP_BUS_FREQUENCY,
	CAP_RELIABLE_TSC,
	NR_CAPS
};

/* Conversion from ticks of the TSC to nanoseconds. */
static u32 tsc_mul __ro_after_init;
static u32 tsc_shift __ro_after_init;

static bool steal_on;

/* The core adds the offset that makes time go on where it was. */
static noinstr u64 vmware_sched_clock(void)
{
	return mul_u64_u32_shr(rdtsc(), tsc_mul, tsc_shift);
}

static u64 vmware_steal_clock(int cpu)
{
	const struct vmware_steal *steal = per_cpu(vmware_steal, cpu);

	return mul_u64_u32_shr(READ_ONCE(steal->clock), tsc_mul, tsc_shift);
}

/* Ports are emulated, so none is slow. */
static void vmware_io_delay(void)
{
}

static const struct vmi_ops vmware_ops = {
	.clock_sched_clock	= vmware_sched_clock,
	.clock_steal_clock	= vmware_steal_clock,
	.io_delay		= vmware_io_delay,
};

static struct vmi_capability vmware_caps[NR_CAPS] = {
	[CAP_SCHED_CLOCK] = {
		.name	= "tsc-sched-clock",
		.ops	= VMI_OP_BIT(clock_sched_clock),
	},
	[CAP_STEAL] = {
		.name	= "steal-clock",
		.ops	= VMI_OP_BIT(clock_steal_clock),
	},
	[CAP_IO_DELAY] = {
		.name	= "no-io-delay",
		.ops	= VMI_OP_BIT(io_delay),
	},
	[CAP_BUS_FREQUENCY] = {
		.name	= "bus-frequency",
	},
	[CAP_RELIABLE_TSC] = {
		.name	= "reliable-tsc",
	},
};

static void offer(enum vmware_cap cap, bool offered, const char *blocked)
{
	vmware_caps[cap].offered = offered;
	vmware_caps[cap].blocked = offered ? blocked : NULL;
}

static u32 steal_command(phys_addr_t address)
{
	u32 info;

	return vmware_hypercall5(VMWARE_CMD_STEALCLOCK, 0, 0,
				 upper_32_bits(address), lower_32_bits(address),
				 &info);
}

/* To ask is to turn it off on this CPU, so nobody may be using it. */
static bool steal_is_available(void)
{
	return steal_command(STEAL_OFF) != STEAL_NOT_AVAILABLE;
}

static bool dmi_says_vmware(void)
{
	const char *serial = dmi_get_system_info(DMI_PRODUCT_SERIAL);

	return serial && strstr(serial, "VMware");
}

static bool port_answers(void)
{
	u32 magic, product;

	return vmware_hypercall3(VMWARE_CMD_GETVERSION, 0, &magic, &product) !=
	       U32_MAX && magic == VMWARE_HYPERVISOR_MAGIC;
}

/* A host may know it and tell it in one of two ways, or not at all. */
static u32 get_tsc_khz(u32 base, bool answers, u32 *bus_khz)
{
	u32 low, high = U32_MAX, bus_hz;

	if (answers)
		low = vmware_hypercall3(VMWARE_CMD_GETHZ, U32_MAX, &high,
					&bus_hz);
	if (high != U32_MAX) {
		*bus_khz = bus_hz / 1000;
		return div_u64((u64)high << 32 | low, 1000);
	}
	if (base && cpuid_eax(base) >= base + CPUID_TIMING) {
		*bus_khz = cpuid_ebx(base + CPUID_TIMING);
		return cpuid_eax(base + CPUID_TIMING);
	}
	*bus_khz = 0;
	return 0;
}

/*
 * The port is looked at where something says that this is VMware: on another
 * machine it may belong to a device.
 */
static int vmware_detect(struct vmi_backend *backend, char *evidence)
{
	u32 base = 0, tsc_khz, bus_khz;
	const char *reason = NULL;
	bool answers, owned;

	if (boot_cpu_has(X86_FEATURE_HYPERVISOR))
		base = hypervisor_cpuid_base(VMWARE_SIGNATURE, 0);
	if (!base && !dmi_says_vmware())
		return -ENODEV;
	answers = port_answers();
	if (!base && !answers)
		return -ENODEV;

	tsc_khz = get_tsc_khz(base, answers, &bus_khz);
	if (tsc_khz)
		clocks_calc_mult_shift(&tsc_mul, &tsc_shift, tsc_khz,
				       NSEC_PER_MSEC, 0);
	if (base)
		scnprintf(evidence, VMI_EVIDENCE_LEN,
			  "CPUID 0x%x %s, TSC %u kHz", base, VMWARE_SIGNATURE,
			  tsc_khz);
	else
		scnprintf(evidence, VMI_EVIDENCE_LEN,
			  "DMI serial number and port 0x%x, TSC %u kHz",
			  VMWARE_HYPERVISOR_PORT, tsc_khz);

	offer(CAP_SCHED_CLOCK, tsc_khz,
	      check_tsc_unstable() ? "the kernel found the TSC unstable" : NULL);
	owned = vmi_builtin_owns(VMI_OP_BIT(clock_steal_clock));
	if (owned)
		reason = "owned by the kernel's own VMware guest code";
	else if (cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		reason = "an encrypted guest cannot share with the host";
	offer(CAP_STEAL,
	      owned || (tsc_khz && answers && steal_is_available()), reason);
	offer(CAP_IO_DELAY, true, NULL);
	offer(CAP_BUS_FREQUENCY, bus_khz,
	      "the timer of the local APIC is calibrated before there are modules");
	offer(CAP_RELIABLE_TSC, true,
	      "whether to trust the TSC is decided before there are modules");
	return 0;
}

static void vmware_exit(struct vmi_backend *backend)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		kfree(per_cpu(vmware_steal, cpu));
		per_cpu(vmware_steal, cpu) = NULL;
	}
}

static int vmware_init(struct vmi_backend *backend, vmi_opmask_t ops)
{
	struct vmware_steal *steal;
	unsigned int cpu;

	steal_on = ops & VMI_OP_BIT(clock_steal_clock);
	for_each_possible_cpu(cpu) {
		if (!steal_on)
			break;
		steal = kzalloc_node(sizeof(*steal), GFP_KERNEL,
				     cpu_to_node(cpu));
		if (!steal) {
			vmware_exit(backend);
			return -ENOMEM;
		}
		per_cpu(vmware_steal, cpu) = steal;
	}
	return 0;
}

static int steal_enable(void)
{
	if (steal_on &&
	    steal_command(virt_to_phys(this_cpu_read(vmware_steal))) !=
	    STEAL_ENABLED)
		return -EIO;
	return 0;
}

/* Also from the crash path: no lock, no printing. */
static void steal_disable(void)
{
	if (steal_on)
		steal_command(STEAL_OFF);
}

static int vmware_cpu_online(unsigned int cpu)
{
	unsigned long flags;
	int err;

	local_irq_save(flags);
	err = steal_enable();
	local_irq_restore(flags);
	return err;
}

static void vmware_cpu_offline(unsigned int cpu)
{
	unsigned long flags;

	local_irq_save(flags);
	steal_disable();
	local_irq_restore(flags);
}

static void vmware_resume(void)
{
	if (steal_enable())
		pr_warn("the host refused steal time after resume\n");
}

static struct vmi_backend vmware_backend = {
	VMI_BACKEND_HEADER("vmware", "VMware"),
	.signature	= VMWARE_SIGNATURE,
	.version	= "1.0",
	.ops		= &vmware_ops,
	.caps		= vmware_caps,
	.nr_caps	= ARRAY_SIZE(vmware_caps),
	.detect		= vmware_detect,
	.init		= vmware_init,
	.exit		= vmware_exit,
	.cpu_online	= vmware_cpu_online,
	.cpu_offline	= vmware_cpu_offline,
	.shutdown	= steal_disable,
	.suspend	= steal_disable,
	.resume		= vmware_resume,
};
module_vmi_backend(vmware_backend);

VMI_BACKEND_ALIAS("vmware", "VMwareVMware");
VMI_BACKEND_DMI_ALIAS("VMware");
MODULE_DESCRIPTION("VMI backend for VMware");
MODULE_LICENSE("GPL");
