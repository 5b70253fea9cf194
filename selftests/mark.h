/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hypercall that does nothing but appear in the host's kvm:kvm_hypercall trace
 *
 * It tells selftests/host/ what the guest was doing at that point of the trace.
 * KVM traces a hypercall before it refuses it to user mode.
 */
#ifndef _SELFTESTS_MARK_H
#define _SELFTESTS_MARK_H

#include <cpuid.h>

/* "VMI" and the place of the mark around a reading of counters. */
#define MARK_BEGIN 0x564d4901
#define MARK_END 0x564d4902
#define MARK_BEGIN_CLOSE 0x564d4903
#define MARK_END_CLOSE 0x564d4904
/*
 * Something goes that the host shares memory with, and comes back; the argument of
 * the second mark is how many vCPUs have shared nothing in between.
 */
#define MARK_LEAVING 0x564d4905
#define MARK_BACK 0x564d4906

static inline int mark_is_amd(void)
{
	unsigned int eax = 0, ebx, ecx, edx;

	__cpuid(0, eax, ebx, ecx, edx);
	return ebx == signature_AMD_ebx;
}

static inline void mark(unsigned long nr, unsigned long argument)
{
	unsigned long ret = nr;

	if (mark_is_amd())
		asm volatile("vmmcall" : "+a"(ret) : "b"(argument) : "memory");
	else
		asm volatile("vmcall" : "+a"(ret) : "b"(argument) : "memory");
}

#endif /* _SELFTESTS_MARK_H */
