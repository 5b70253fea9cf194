// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmictl detect: the features that the hypervisors report.
 *
 * A feature for which VMI has a capability bears the capability's name. Any
 * other feature bears the name of its bit in the kernel. A bit that has no name
 * here is shown only if it is set.
 */

#include <stdlib.h>
#include <string.h>

#include <asm/kvm_para.h>

#include "detect.h"
#include "detect_bits.h"
#include "out.h"

/*
 * A feature and its bits. The feature is offered if any of them is set; those
 * in xen_services need all of them.
 */
struct bit_name {
	const char *name;
	uint32_t bits;
};

static const struct bit_name kvm_features[] = {
	{ "kvmclock",
	  BIT(KVM_FEATURE_CLOCKSOURCE) | BIT(KVM_FEATURE_CLOCKSOURCE2) },
	{ "kvmclock-vdso", BIT(KVM_FEATURE_CLOCKSOURCE_STABLE_BIT) },
	{ "steal-time", BIT(KVM_FEATURE_STEAL_TIME) },
	{ "vcpu-is-preempted", BIT(KVM_FEATURE_STEAL_TIME) },
	{ "pv-eoi", BIT(KVM_FEATURE_PV_EOI) },
	{ "pv-ipi", BIT(KVM_FEATURE_PV_SEND_IPI) },
	{ "pv-sched-yield", BIT(KVM_FEATURE_PV_SCHED_YIELD) },
	{ "pv-tlb-flush", BIT(KVM_FEATURE_PV_TLB_FLUSH) },
	{ "pv-unhalt", BIT(KVM_FEATURE_PV_UNHALT) },
	{ "no-io-delay", BIT(KVM_FEATURE_NOP_IO_DELAY) },
	{ "async-pf", BIT(KVM_FEATURE_ASYNC_PF_INT) },
	{ "async-pf-msr", BIT(KVM_FEATURE_ASYNC_PF) },
	{ "async-pf-vmexit", BIT(KVM_FEATURE_ASYNC_PF_VMEXIT) },
	{ "poll-control", BIT(KVM_FEATURE_POLL_CONTROL) },
	{ "msi-ext-dest-id", BIT(KVM_FEATURE_MSI_EXT_DEST_ID) },
	{ "map-gpa-range", BIT(KVM_FEATURE_HC_MAP_GPA_RANGE) },
	{ "migration-control", BIT(KVM_FEATURE_MIGRATION_CONTROL) },
	{ "mmu-op", BIT(KVM_FEATURE_MMU_OP) },
	{}
};

static const struct bit_name kvm_hints[] = { { "realtime-hint",
					       BIT(KVM_HINTS_REALTIME) },
					     {} };

static const struct bit_name hyperv_privileges[] = {
	{ "reference-time", HV_MSR_TIME_REF_COUNT_AVAILABLE },
	{ "reference-tsc", HV_MSR_REFERENCE_TSC_AVAILABLE },
	{ "synthetic-timers", HV_MSR_SYNTIMER_AVAILABLE },
	{ "eoi-assist", HV_MSR_APIC_ACCESS_AVAILABLE },
	{ "synic", HV_MSR_SYNIC_AVAILABLE },
	{ "hypercall", HV_MSR_HYPERCALL_AVAILABLE },
	{ "vp-index", HV_MSR_VP_INDEX_AVAILABLE },
	{ "vp-runtime", HV_MSR_VP_RUNTIME_AVAILABLE },
	{ "guest-idle-msr", HV_MSR_GUEST_IDLE_AVAILABLE },
	{ "reset", HV_MSR_RESET_AVAILABLE },
	{ "stat-pages", HV_MSR_STAT_PAGES_AVAILABLE },
	{ "access-frequency-msrs", HV_ACCESS_FREQUENCY_MSRS },
	{ "reenlightenment", HV_ACCESS_REENLIGHTENMENT },
	{ "tsc-invariant", HV_ACCESS_TSC_INVARIANT },
	{}
};

static const struct bit_name hyperv_more_privileges[] = {
	{ "create-partitions", HV_CREATE_PARTITIONS },
	{ "access-partition-id", HV_ACCESS_PARTITION_ID },
	{ "access-memory-pool", HV_ACCESS_MEMORY_POOL },
	{ "adjust-message-buffers", HV_ADJUST_MESSAGE_BUFFERS },
	{ "post-messages", HV_POST_MESSAGES },
	{ "signal-events", HV_SIGNAL_EVENTS },
	{ "create-port", HV_CREATE_PORT },
	{ "connect-port", HV_CONNECT_PORT },
	{ "access-stats", HV_ACCESS_STATS },
	{ "debugging", HV_DEBUGGING },
	{ "cpu-management", HV_CPU_MANAGEMENT },
	{ "extended-hypercalls", HV_ENABLE_EXTENDED_HYPERCALLS },
	{ "isolation", HV_ISOLATION },
	{}
};

static const struct bit_name hyperv_misc[] = {
	{ "guest-idle", HV_X64_GUEST_IDLE_STATE_AVAILABLE },
	{ "stimer-direct", HV_STIMER_DIRECT_MODE_AVAILABLE },
	{ "frequency-msrs", HV_FEATURE_FREQUENCY_MSRS_AVAILABLE },
	{ "guest-crash-msr", HV_FEATURE_GUEST_CRASH_MSR_AVAILABLE },
	{ "hypercall-xmm-input", HV_X64_HYPERCALL_XMM_INPUT_AVAILABLE },
	{ "hypercall-xmm-output", HV_X64_HYPERCALL_XMM_OUTPUT_AVAILABLE },
	{ "ext-gva-ranges-flush", HV_FEATURE_EXT_GVA_RANGES_FLUSH },
	{ "mwait", HV_X64_MWAIT_AVAILABLE },
	{ "guest-debugging", HV_X64_GUEST_DEBUGGING_AVAILABLE },
	{ "perf-monitor", HV_X64_PERF_MONITOR_AVAILABLE },
	{ "cpu-dynamic-partitioning",
	  HV_X64_CPU_DYNAMIC_PARTITIONING_AVAILABLE },
	{ "debug-msrs", HV_FEATURE_DEBUG_MSRS_AVAILABLE },
	{}
};

static const struct bit_name hyperv_hints[] = {
	{ "tlb-flush", HV_X64_REMOTE_TLB_FLUSH_RECOMMENDED },
	{ "cluster-ipi", HV_X64_CLUSTER_IPI_RECOMMENDED },
	{ "apic-msrs", HV_X64_APIC_ACCESS_RECOMMENDED },
	{ "ex-processor-masks", HV_X64_EX_PROCESSOR_MASKS_RECOMMENDED },
	{ "relaxed-timing", HV_X64_RELAXED_TIMING_RECOMMENDED },
	{ "local-tlb-flush", HV_X64_LOCAL_TLB_FLUSH_RECOMMENDED },
	{ "as-switch", HV_X64_AS_SWITCH_RECOMMENDED },
	{ "system-reset", HV_X64_SYSTEM_RESET_RECOMMENDED },
	{ "deprecating-aeoi", HV_DEPRECATING_AEOI_RECOMMENDED },
	{ "nested", HV_X64_HYPERV_NESTED },
	{ "enlightened-vmcs", HV_X64_ENLIGHTENED_VMCS_RECOMMENDED },
	{ "no-nonarch-coresharing", HV_X64_NO_NONARCH_CORESHARING },
	{ "mmio-hypercalls", HV_X64_USE_MMIO_HYPERCALLS },
	{}
};

static const struct bit_name xen_features[] = {
	{ "mmu-pt-update-preserve-ad",
	  XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD },
	{}
};

static const struct bit_name xen_tsc[] = {
	{ "tsc-emulated", XEN_CPUID_TSC_EMULATED },
	{ "host-tsc-reliable", XEN_CPUID_HOST_TSC_RELIABLE },
	{ "rdtscp-instr", XEN_CPUID_RDTSCP_INSTR_AVAIL },
	{}
};

static const struct bit_name xen_hvm[] = {
	{ "apic-access-virt", XEN_HVM_CPUID_APIC_ACCESS_VIRT },
	{ "x2apic-virt", XEN_HVM_CPUID_X2APIC_VIRT },
	{ "iommu-mappings", XEN_HVM_CPUID_IOMMU_MAPPINGS },
	{ "vcpu-id", XEN_HVM_CPUID_VCPU_ID_PRESENT },
	{ "domid", XEN_HVM_CPUID_DOMID_PRESENT },
	{ "ext-dest-id", XEN_HVM_CPUID_EXT_DEST_ID },
	{ "upcall-vector", XEN_HVM_CPUID_UPCALL_VECTOR },
	{}
};

/* Features of Xen that CPUID does not have; the kernel shows them in sysfs. */
static const struct bit_name xen_sysfs[] = {
	{ "hvm-callback-vector", BIT(XENFEAT_hvm_callback_vector) },
	{ "hvm-safe-pvclock", BIT(XENFEAT_hvm_safe_pvclock) },
	{ "hvm-pirqs", BIT(XENFEAT_hvm_pirqs) },
	{ "writable-page-tables", BIT(XENFEAT_writable_page_tables) },
	{ "writable-descriptor-tables",
	  BIT(XENFEAT_writable_descriptor_tables) },
	{ "auto-translated-physmap", BIT(XENFEAT_auto_translated_physmap) },
	{ "supervisor-mode-kernel", BIT(XENFEAT_supervisor_mode_kernel) },
	{ "pae-pgdir-above-4gb", BIT(XENFEAT_pae_pgdir_above_4gb) },
	{ "mmu-pt-update-preserve-ad", BIT(XENFEAT_mmu_pt_update_preserve_ad) },
	{ "highmem-assist", BIT(XENFEAT_highmem_assist) },
	{ "gnttab-map-avail-bits", BIT(XENFEAT_gnttab_map_avail_bits) },
	{ "dom0", BIT(XENFEAT_dom0) },
	{ "grant-map-identity", BIT(XENFEAT_grant_map_identity) },
	{ "memory-op-vnode", BIT(XENFEAT_memory_op_vnode_supported) },
	{ "linux-rsdp-unrestricted", BIT(XENFEAT_linux_rsdp_unrestricted) },
	{ "not-direct-mapped", BIT(XENFEAT_not_direct_mapped) },
	{ "direct-mapped", BIT(XENFEAT_direct_mapped) },
	{}
};

/*
 * Services that Linux uses as an HVM or PVH guest of Xen, by the names of VMI's
 * capabilities. Each of them needs all of its bits. A PV guest has the services
 * in any case.
 */
#define XEN_CALLBACK_VECTOR BIT(XENFEAT_hvm_callback_vector)
#define XEN_CALLBACK_VECTOR_AND_TIME \
	(XEN_CALLBACK_VECTOR | BIT(XENFEAT_hvm_safe_pvclock))

static const struct bit_name xen_services[] = {
	{ "system-time", XEN_CALLBACK_VECTOR_AND_TIME },
	{ "runstate", XEN_CALLBACK_VECTOR_AND_TIME },
	{ "event-poll", XEN_CALLBACK_VECTOR_AND_TIME },
	{ "event-ipi", XEN_CALLBACK_VECTOR },
	{ "singleshot-timer", XEN_CALLBACK_VECTOR_AND_TIME },
	{}
};

static const struct bit_name vmware_features[] = {
	{ "vmmcall", CPUID_VMWARE_FEATURES_ECX_VMMCALL },
	{ "vmcall", CPUID_VMWARE_FEATURES_ECX_VMCALL },
	{}
};

#define TIMING_LEAF (CPUID_VMWARE_FEATURES_LEAF & 0xff)
#define REGISTER(name, field) name, offsetof(struct cpuid_regs, field)

static const struct {
	enum hypervisor_kind kind;
	/* Number of the leaf, relative to the leaf with the signature. */
	uint32_t leaf;
	const char *reg;
	size_t offset;
	const struct bit_name *names;
} registers[] = {
	{ HYPERVISOR_KVM, KVM_CPUID_FEATURES & 0xff, REGISTER("EAX", eax),
	  kvm_features },
	{ HYPERVISOR_KVM, KVM_CPUID_FEATURES & 0xff, REGISTER("EDX", edx),
	  kvm_hints },
	{ HYPERVISOR_HYPERV, HYPERV_CPUID_FEATURES & 0xff, REGISTER("EAX", eax),
	  hyperv_privileges },
	{ HYPERVISOR_HYPERV, HYPERV_CPUID_FEATURES & 0xff, REGISTER("EBX", ebx),
	  hyperv_more_privileges },
	{ HYPERVISOR_HYPERV, HYPERV_CPUID_FEATURES & 0xff, REGISTER("EDX", edx),
	  hyperv_misc },
	{ HYPERVISOR_HYPERV, HYPERV_CPUID_ENLIGHTMENT_INFO & 0xff,
	  REGISTER("EAX", eax), hyperv_hints },
	{ HYPERVISOR_XEN, 2, REGISTER("ECX", ecx), xen_features },
	{ HYPERVISOR_XEN, 3, REGISTER("EAX", eax), xen_tsc },
	{ HYPERVISOR_XEN, 4, REGISTER("EAX", eax), xen_hvm },
	{ HYPERVISOR_VMWARE, TIMING_LEAF, REGISTER("ECX", ecx),
	  vmware_features },
};

static json_t *add_feature(json_t *rows, const struct layer *layer,
			   const char *name, bool offered, char *source)
{
	json_t *row = check_alloc(json_object());

	json_put(row, "hypervisor", json_string(layer->name));
	json_put(row, "name", json_string(name));
	json_put(row, "offered", json_boolean(offered));
	json_put(row, "source", json_string(source));
	json_add(rows, row);
	free(source);
	return row;
}

/* Return "SOURCE bit 0, 3", for example. */
static char *bits_text(const char *source, uint32_t bits)
{
	char *text = make_text("%s bit", source), *longer;
	const char *comma = "";
	unsigned int i;

	for (i = 0; i < 32; i++) {
		if (!(bits & BIT(i)))
			continue;
		longer = make_text("%s%s %u", text, comma, i);
		free(text);
		text = longer;
		comma = ",";
	}
	return text;
}

static void add_bits(json_t *rows, const struct layer *layer,
		     const struct bit_name *names, uint32_t value,
		     const char *source)
{
	uint32_t unnamed = value;
	char *name;
	unsigned int i;

	for (; names->name; names++) {
		add_feature(rows, layer, names->name, value & names->bits,
			    bits_text(source, names->bits));
		unnamed &= ~names->bits;
	}
	for (i = 0; i < 32; i++) {
		if (!(unnamed & BIT(i)))
			continue;
		name = make_text("bit-%u", i);
		add_feature(rows, layer, name, true, bits_text(source, BIT(i)));
		free(name);
	}
}

static bool has_leaf(const struct layer *layer, uint32_t leaf)
{
	return layer->base && layer->base + leaf <= layer->last;
}

static void add_registers(json_t *rows, const struct detection *detection,
			  const struct layer *layer)
{
	struct cpuid_regs regs;
	uint32_t leaf, value;
	char *source;
	size_t i;

	for (i = 0; i < sizeof(registers) / sizeof(*registers); i++) {
		leaf = registers[i].leaf;
		if (registers[i].kind != layer->kind || !has_leaf(layer, leaf))
			continue;
		/* The leaf is for HVM guests; PV guests have the next one. */
		if (registers[i].names == xen_hvm && detection->ask_xen)
			continue;
		machine_cpuid(detection->ask_xen, layer->base + leaf, &regs);
		memcpy(&value, (char *)&regs + registers[i].offset,
		       sizeof(value));
		source = make_text("CPUID 0x%x %s", layer->base + leaf,
				   registers[i].reg);
		add_bits(rows, layer, registers[i].names, value, source);
		free(source);
	}
}

static void add_frequency(json_t *rows, const struct layer *layer,
			  const char *name, uint32_t khz, const char *reg)
{
	json_t *row;

	row = add_feature(rows, layer, name, khz,
			  make_text("CPUID 0x%x %s, %u kHz",
				    layer->base + TIMING_LEAF, reg, khz));
	json_put(row, "khz", json_integer(khz));
}

/*
 * KVM has the leaf, too, if QEMU was told to provide it. VMware may lack the
 * leaf and still report the frequencies at its port.
 */
static void add_frequencies(json_t *rows, const struct detection *detection,
			    const struct layer *layer)
{
	struct cpuid_regs regs;

	if ((layer->kind != HYPERVISOR_VMWARE &&
	     layer->kind != HYPERVISOR_KVM) ||
	    !has_leaf(layer, TIMING_LEAF))
		return;
	machine_cpuid(detection->ask_xen, layer->base + TIMING_LEAF, &regs);
	add_frequency(rows, layer, "tsc-frequency", regs.eax, "EAX");
	add_frequency(rows, layer, "bus-frequency", regs.ebx, "EBX");
	if (layer->kind == HYPERVISOR_VMWARE)
		add_frequency(rows, layer, "tsc-sched-clock", regs.eax, "EAX");
}

/* Add the features without a bit, which Linux always expects of VMware. */
static void add_vmware(json_t *rows, const struct layer *layer)
{
	static const char *const names[] = { "no-io-delay", "reliable-tsc" };
	size_t i;

	if (layer->kind != HYPERVISOR_VMWARE)
		return;
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		add_feature(rows, layer, names[i], true,
			    make_text("taken for granted of VMware"));
}

static void add_xen_services(json_t *rows, const struct layer *layer,
			     uint32_t value, const char *source)
{
	const struct bit_name *name;

	for (name = xen_services; name->name; name++)
		add_feature(rows, layer, name->name,
			    (value & name->bits) == name->bits,
			    bits_text(source, name->bits));
}

static void add_xen_sysfs(json_t *rows, const struct detection *detection,
			  const struct layer *layer)
{
	static const char path[] = "/sys/hypervisor/properties/features";
	unsigned long long value;
	char *line, *end;

	if (layer->kind != HYPERVISOR_XEN)
		return;
	line = file_line(path);
	if (line) {
		value = strtoull(line, &end, 16);
		if (end != line && !*end) {
			add_bits(rows, layer, xen_sysfs, (uint32_t)value, path);
			if (!detection->needs_xen)
				add_xen_services(rows, layer, (uint32_t)value,
						 path);
		}
	}
	free(line);
}

json_t *detect_features(const struct detection *detection)
{
	json_t *rows = check_alloc(json_array());
	const struct layer *layer;
	size_t i;

	for (i = 0; i < detection->count; i++) {
		layer = &detection->layers[i];
		add_registers(rows, detection, layer);
		add_frequencies(rows, detection, layer);
		add_vmware(rows, layer);
		add_xen_sysfs(rows, detection, layer);
	}
	return rows;
}
