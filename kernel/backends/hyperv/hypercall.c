// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hypercalls, through the page that the kernel's own guest code set up
 *
 * See "Hypercall Interface" in the TLFS. That code takes the page away before a sleep, and
 * gives it back afterwards. Between the two, a call fails, and the ops use native code.
 */

#include "hyperv.h"

/**
 * vmi_hyperv_call() - make a hypercall whose input is in memory
 * @code: HVCALL_*
 * @banks: size of the variable header, in 8 bytes
 * @reps: number of repetitions, or 0
 * @input: the input page of this CPU
 *
 * Context: interrupts off.
 * Return: status of the call, HV_STATUS_* in its low bits
 */
u64 vmi_hyperv_call(u16 code, unsigned int banks, unsigned int reps, void *input)
{
	if (!hv_hypercall_pg)
		return HV_STATUS_INVALID_HYPERCALL_CODE;
	if (reps)
		return hv_do_rep_hypercall(code, reps, banks, input, NULL);
	return hv_do_hypercall(code | (u64)banks << HV_HYPERCALL_VARHEAD_OFFSET,
			       input, NULL);
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
	if (!hv_hypercall_pg)
		return HV_STATUS_INVALID_HYPERCALL_CODE;
	return hv_do_fast_hypercall16(code, first, second);
}
