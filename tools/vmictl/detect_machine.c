// SPDX-License-Identifier: GPL-2.0-only
/* vmictl detect: access to the machine. The tests replace this file. */

#include <cpuid.h>

#include "detect.h"

void machine_cpuid(bool ask_xen, uint32_t leaf, struct cpuid_regs *regs)
{
	if (!ask_xen) {
		__cpuid_count(leaf, 0, regs->eax, regs->ebx, regs->ecx,
			      regs->edx);
		return;
	}
	/*
	 * The processor itself answers the CPUID of a PV guest. With this
	 * prefix, which is __XEN_EMULATE_PREFIX in the kernel's
	 * asm/emulate_prefix.h, Xen answers instead.
	 */
	asm volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid"
		     : "=a"(regs->eax), "=b"(regs->ebx), "=c"(regs->ecx),
		       "=d"(regs->edx)
		     : "a"(leaf), "c"(0));
}

FILE *machine_open(const char *path)
{
	return fopen(path, "re");
}
