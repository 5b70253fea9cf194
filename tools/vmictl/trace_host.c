// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmictl trace: what a Linux host with KVM sees of an op, in arch/x86/kvm/trace.h.
 *
 * Most of what native ops do it sees as well, as an access to an emulated device. The
 * numbers are those of hypercalls: KVM_HC_ of linux/kvm_para.h and HVCALL_ of
 * asm/hyperv-tlfs.h in the kernel.
 */

#include <string.h>

#include "trace_host.h"

#define KVM "KVMKVMKVM"
#define HYPERV "Microsoft Hv"

/* Of Intel or of AMD. */
#define HALTS \
	"(isa == 1 && exit_reason == 12) || (isa == 2 && exit_reason == 0x78)"

#define ALL(name)               \
	{                       \
		.event = (name) \
	}
#define SOME(name, condition)                          \
	{                                              \
		.event = (name), .filter = (condition) \
	}
#define EVENTS(...) ((const struct host_event[]){ __VA_ARGS__, ALL(NULL) })

/* The first that fits; NULL fits all, and an op is named by itself or by its group. */
static const struct {
	const char *hypervisor;
	const char *provider;
	const char *op;
	const struct host_event *events;
} rules[] = {
	{ NULL, "native", "ipi", EVENTS(ALL("kvm:kvm_apic_ipi")) },
	{ NULL, "native", "eoi", EVENTS(ALL("kvm:kvm_eoi")) },
	{ NULL, NULL, "idle", EVENTS(SOME("kvm:kvm_exit", HALTS)) },
	{ NULL, "native", "io.delay",
	  EVENTS(SOME("kvm:kvm_pio", "port == 0x80 || port == 0xed")) },
	{ KVM, "kvm", "ipi", EVENTS(SOME("kvm:kvm_hypercall", "nr == 10")) },
	{ KVM, "kvm", "eoi",
	  EVENTS(ALL("kvm:kvm_pv_eoi"), ALL("kvm:kvm_eoi")) },
	{ KVM, "kvm", "lock.kick",
	  EVENTS(SOME("kvm:kvm_hypercall", "nr == 5")) },
	{ KVM, "kvm", "lock.wait", EVENTS(SOME("kvm:kvm_exit", HALTS)) },
	{ KVM, "kvm", "tlb.flush_multi", EVENTS(ALL("kvm:kvm_pv_tlb_flush")) },
	{ KVM, "kvm", "clock.sched_clock",
	  EVENTS(ALL("kvm:kvm_pvclock_update")) },
	{ HYPERV, "hyperv", "ipi",
	  EVENTS(SOME("kvm:kvm_hv_hypercall", "code == 0xb || code == 0x15")) },
	{ HYPERV, "hyperv", "tlb.flush_multi",
	  EVENTS(SOME(
		  "kvm:kvm_hv_hypercall",
		  "code == 0x2 || code == 0x3 || code == 0x13 || code == 0x14")) },
	{ HYPERV, "hyperv", "eoi", EVENTS(ALL("kvm:kvm_eoi")) },
};

static bool fits(const char *wanted, const char *is)
{
	return !wanted || !strcmp(wanted, is);
}

/* The kernel's own guest code does as a backend for the same hypervisor. */
static const char *like_backend(const struct vmi_op *op, const char *hypervisor)
{
	if (strcmp(op->provider, "builtin"))
		return op->provider;
	return strcmp(hypervisor, KVM) ? "hyperv" : "kvm";
}

const struct host_event *trace_host_events(const struct vmi_status *status,
					   const struct vmi_op *op)
{
	const char *hypervisor = status->hypervisor;
	size_t i;

	/* Others do not run under Linux, or have tracers of their own. */
	if (strcmp(hypervisor, KVM) && strcmp(hypervisor, HYPERV))
		return NULL;
	for (i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (fits(rules[i].hypervisor, hypervisor) &&
		    fits(rules[i].provider, like_backend(op, hypervisor)) &&
		    (!strcmp(rules[i].op, op->group) ||
		     !strcmp(rules[i].op, op->name)))
			return rules[i].events;
	return NULL;
}
