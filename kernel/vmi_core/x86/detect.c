// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which hypervisors does CPUID name?
 */

#include <linux/ctype.h>
#include <linux/string.h>

#include <asm/cpufeature.h>
#include <asm/processor.h>

#include "x86.h"

#define SIGNATURE_FIRST		0x40000000
#define SIGNATURE_LAST		0x4000ff00
#define SIGNATURE_STEP		0x100
#define SIGNATURE_LEN		12

/* What a leaf says that is none need not be text, and is not to be printed. */
static bool is_text(const char *signature)
{
	const char *c;

	for (c = signature; *c; c++) {
		if (!isascii(*c) || !isprint(*c))
			return false;
	}
	return c != signature;
}

/**
 * vmi_arch_signature() - a hypervisor's signature in CPUID
 * @index: which one, counted from 0
 * @signature: gets it, 13 bytes, without the padding
 *
 * A hypervisor that imitates another one has the other's signature first, at
 * 0x40000000, and its own in a later block of 0x100 leaves.
 *
 * Return: 1, or 0 if there are not as many
 */
unsigned int vmi_arch_signature(unsigned int index, char *signature)
{
	u32 eax, regs[3];
	u32 base;

	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR))
		return 0;

	for (base = SIGNATURE_FIRST; base <= SIGNATURE_LAST;
	     base += SIGNATURE_STEP) {
		cpuid(base, &eax, &regs[0], &regs[1], &regs[2]);
		/* The last leaf of the block; old KVM says 0 for base + 1. */
		if (eax && (eax < base || eax - base >= SIGNATURE_STEP))
			continue;
		memcpy(signature, regs, SIGNATURE_LEN);
		signature[SIGNATURE_LEN] = '\0';
		if (is_text(signature) && !index--)
			return 1;
	}
	return 0;
}
