// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hypervisor signatures in CPUID
 */

#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include <asm/cpufeature.h>
#include <asm/processor.h>

#include "detect.h"

#define SIGNATURE_FIRST		0x40000000
#define SIGNATURE_LAST		0x4000ff00
#define SIGNATURE_STEP		0x100
#define SIGNATURE_LEN		12

/* A leaf that holds no signature may return arbitrary bytes; do not print them. */
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
 * vmi_arch_find_layers() - the hypervisors' signatures in CPUID
 * @layers: gets them, without the padding; room for VMI_MAX_LAYERS
 *
 * A hypervisor that imitates another one has the other's signature first, at
 * 0x40000000, and its own in a later block of 0x100 leaves.
 *
 * Return: how many there are
 */
unsigned int vmi_arch_find_layers(struct vmi_layer *layers)
{
	unsigned int n = 0;
	u32 eax, regs[3];
	u32 base;

	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR))
		return 0;

	for (base = SIGNATURE_FIRST;
	     base <= SIGNATURE_LAST && n < VMI_MAX_LAYERS;
	     base += SIGNATURE_STEP) {
		cpuid(base, &eax, &regs[0], &regs[1], &regs[2]);
		/* The last leaf of the block; old KVM says 0 for base + 1. */
		if (eax && (eax < base || eax - base >= SIGNATURE_STEP))
			continue;
		scnprintf(layers[n].evidence, sizeof(layers[n].evidence),
			  "CPUID 0x%x", base);
		memcpy(layers[n].signature, regs, SIGNATURE_LEN);
		layers[n].signature[SIGNATURE_LEN] = '\0';
		if (is_text(layers[n].signature))
			n++;
	}
	return n;
}
