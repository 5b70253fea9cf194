// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hypercall page
 *
 * See "Hypercall Interface" in the TLFS: a guest says who it is, then where the page
 * shall be; in the end it takes both back, in the reverse order.
 */

#define pr_fmt(fmt) "vmi_hyperv: " fmt

#include <linux/io.h>
#include <linux/printk.h>

#include <asm/asm.h>
#include <asm/msr.h>
#include <asm/pgtable.h>

#include "hyperv.h"

static bool enabled;

/*
 * If the page is turned off between the check of @enabled and the call, KVM would take the
 * value in this register for the number of one of its own calls. No host knows this number.
 */
#define NO_CALL	(~0ULL)

int vmi_hyperv_hypercall_start(void)
{
	union hv_x64_msr_hypercall_contents hypercall;
	u64 owner;

	/* Firmware that uses hypercalls, or the kernel's own code. */
	if (rdmsrl_safe(HV_X64_MSR_GUEST_OS_ID, &owner) || owner)
		return -EBUSY;
	/* Linux; the version is for the host's log. */
	if (vmi_hyperv_set_msr(HV_X64_MSR_GUEST_OS_ID,
			       hv_generate_guest_id(VMI_API_MAJOR << 16 |
						    VMI_API_MINOR << 8)))
		return -EIO;
	if (rdmsrl_safe(HV_X64_MSR_HYPERCALL, &hypercall.as_uint64))
		goto undo;
	hypercall.enable = 1;
	hypercall.guest_physical_address =
		PHYS_PFN(slow_virt_to_phys(vmi_hyperv_page));
	if (vmi_hyperv_set_msr(HV_X64_MSR_HYPERCALL, hypercall.as_uint64))
		goto undo;
	WRITE_ONCE(enabled, true);
	return 0;

undo:
	wrmsrl_safe(HV_X64_MSR_GUEST_OS_ID, 0);
	return -EIO;
}

/* Also from the crash path. To do it twice does no harm. */
void vmi_hyperv_hypercall_stop(void)
{
	if (!enabled)
		return;
	WRITE_ONCE(enabled, false);
	wrmsrl_safe(HV_X64_MSR_HYPERCALL, 0);
	wrmsrl_safe(HV_X64_MSR_GUEST_OS_ID, 0);
}

/**
 * vmi_hyperv_call() - make a hypercall whose input is in memory
 * @control: vmi_hyperv_control()
 * @input: the input page of this CPU
 *
 * A call with repetitions may return early, to let interrupts in, and is then to be
 * continued.
 *
 * Context: interrupts off.
 * Return: status of the call, HV_STATUS_* in its low bits
 */
u64 vmi_hyperv_call(u64 control, void *input)
{
	unsigned int reps = (control & HV_HYPERCALL_REP_COMP_MASK) >>
			    HV_HYPERCALL_REP_COMP_OFFSET;
	u64 status, rcx, rdx;
	unsigned int done;

	do {
		if (!READ_ONCE(enabled))
			return HV_STATUS_INVALID_HYPERCALL_CODE;
		status = NO_CALL;
		rcx = control;
		rdx = virt_to_phys(input);
		asm volatile("mov %[output], %%r8\n\t"
			     "call vmi_hyperv_page"
			     : "+a" (status), ASM_CALL_CONSTRAINT,
			       "+c" (rcx), "+d" (rdx)
			     : [output] "r" (0UL)
			     : "cc", "memory", "r8", "r9", "r10", "r11");
		if (!hv_result_success(status))
			break;
		done = hv_repcomp(status);
		control &= ~HV_HYPERCALL_REP_START_MASK;
		control |= (u64)done << HV_HYPERCALL_REP_START_OFFSET;
	} while (done < reps);
	return status;
}

/**
 * vmi_hyperv_call_fast() - make a hypercall whose input is in registers
 * @code: HVCALL_*
 * @first: first 8 bytes of the input
 * @second: second 8 bytes
 *
 * Context: any.
 * Return: status of the call, HV_STATUS_* in its low bits
 */
u64 vmi_hyperv_call_fast(u16 code, u64 first, u64 second)
{
	u64 status = NO_CALL, control = code | HV_HYPERCALL_FAST_BIT;

	if (!READ_ONCE(enabled))
		return HV_STATUS_INVALID_HYPERCALL_CODE;
	asm volatile("mov %[second], %%r8\n\t"
		     "call vmi_hyperv_page"
		     : "+a" (status), ASM_CALL_CONSTRAINT,
		       "+c" (control), "+d" (first)
		     : [second] "r" (second)
		     : "cc", "memory", "r8", "r9", "r10", "r11");
	return status;
}
