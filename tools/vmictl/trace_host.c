// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmictl trace: the tracepoints in which a Linux host with KVM sees an op, from
 * arch/x86/kvm/trace.h.
 *
 * The host sees most native ops as well, as an access to an emulated device. No
 * header for programs has the numbers below: they are HVCALL_ of
 * asm/hyperv-tlfs.h in the kernel, and KVM_ISA_ of the file above.
 */

#include <string.h>

#include <asm/svm.h>
#include <asm/vmx.h>
#include <linux/kvm_para.h>

#include "trace_host.h"

/* Make a string of a macro's value, not of its name. */
#define AS_TEXT(number) NUMBER_TEXT(number)
#define NUMBER_TEXT(number) #number

#define EXITS(which, reason) \
	"(isa == " #which " && exit_reason == " AS_TEXT(reason) ")"

/* Exits because of a halt, on Intel or AMD. */
#define HALTS EXITS(1, EXIT_REASON_HLT) " || " EXITS(2, SVM_EXIT_HLT)

#define HYPERCALL(number) SOME("kvm:kvm_hypercall", "nr == " AS_TEXT(number))

#define ALL(name)               \
	{                       \
		.event = (name) \
	}
#define SOME(name, condition)                          \
	{                                              \
		.event = (name), .filter = (condition) \
	}
#define EVENTS(...) ((const struct host_event[]){ __VA_ARGS__, ALL(NULL) })

/*
 * The first rule that fits applies. A provider of NULL fits all; an op is named
 * by itself or by its group.
 */
static const struct {
	const char *provider;
	const char *op;
	const struct host_event *events;
} rules[] = {
	{ "native", "ipi", EVENTS(ALL("kvm:kvm_apic_ipi")) },
	{ "native", "eoi", EVENTS(ALL("kvm:kvm_eoi")) },
	{ NULL, "idle", EVENTS(SOME("kvm:kvm_exit", HALTS)) },
	{ "native", "io.delay",
	  EVENTS(SOME("kvm:kvm_pio", "port == 0x80 || port == 0xed")) },
	{ "kvm", "ipi", EVENTS(HYPERCALL(KVM_HC_SEND_IPI)) },
	{ "kvm", "eoi", EVENTS(ALL("kvm:kvm_pv_eoi"), ALL("kvm:kvm_eoi")) },
	{ "kvm", "lock.kick", EVENTS(HYPERCALL(KVM_HC_KICK_CPU)) },
	{ "kvm", "lock.wait", EVENTS(SOME("kvm:kvm_exit", HALTS)) },
	{ "kvm", "tlb.flush_multi", EVENTS(ALL("kvm:kvm_pv_tlb_flush")) },
	{ "kvm", "clock.sched_clock", EVENTS(ALL("kvm:kvm_pvclock_update")) },
	{ "hyperv", "ipi",
	  EVENTS(SOME("kvm:kvm_hv_hypercall", "code == 0xb || code == 0x15")) },
	{ "hyperv", "tlb.flush_multi",
	  EVENTS(SOME(
		  "kvm:kvm_hv_hypercall",
		  "code == 0x2 || code == 0x3 || code == 0x13 || code == 0x14")) },
	{ "hyperv", "eoi", EVENTS(ALL("kvm:kvm_eoi")) },
};

/*
 * Return the backend whose rules fit the provider of @op. The kernel's own
 * guest code does the same as a backend for the same hypervisor.
 */
static const char *like_backend(const struct detection *detection,
				const struct vmi_op *op)
{
	if (strcmp(op->provider, "builtin") || !detection->driven)
		return op->provider;
	return detect_backend(detection->driven);
}

/*
 * Return whether the host has KVM. Other hypervisors do not run under Linux, or
 * have their own tracers.
 */
static bool host_has_kvm(const struct detection *detection,
			 const char *provider)
{
	size_t i;

	for (i = 0; i < detection->count; i++)
		if (detection->layers[i].kind == HYPERVISOR_KVM)
			return true;
	return !strcmp(provider, "kvm");
}

const struct host_event *trace_host_events(const struct detection *detection,
					   const struct vmi_op *op)
{
	const char *provider = like_backend(detection, op);
	size_t i;

	if (!host_has_kvm(detection, provider))
		return NULL;
	for (i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if ((!rules[i].provider ||
		     !strcmp(rules[i].provider, provider)) &&
		    (!strcmp(rules[i].op, op->group) ||
		     !strcmp(rules[i].op, op->name)))
			return rules[i].events;
	return NULL;
}
