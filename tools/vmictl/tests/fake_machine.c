// SPDX-License-Identifier: GPL-2.0-only
/*
 * A machine for the tests of vmictl detect, with its files below root/ in the
 * directory in the environment variable FAKE_MACHINE. The file cpuid/LEAF has what
 * CPUID returns, and cpuid/xen/LEAF what Xen answers to its PV guests:
 *
 *	EAX EBX ECX EDX		in hexadecimal
 *	EAX =SIGNATURE
 *
 * A leaf that is not there has zeros.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../detect.h"

FILE *machine_open(const char *path)
{
	FILE *file;
	char *name;

	if (asprintf(&name, "%s/root%s", getenv("FAKE_MACHINE"), path) < 0)
		abort();
	file = fopen(name, "re");
	free(name);
	return file;
}

void machine_cpuid(bool ask_xen, uint32_t leaf, struct cpuid_regs *regs)
{
	char path[24], signature[SIGNATURE_LEN + 1] = "";
	FILE *file;

	memset(regs, 0, sizeof(*regs));
	snprintf(path, sizeof(path), "/cpuid/%s%" PRIx32, ask_xen ? "xen/" : "",
		 leaf);
	file = machine_open(path);
	if (!file)
		return;
	if (fscanf(file, "%" SCNx32 " =%12[^\n]", &regs->eax, signature) == 2) {
		memcpy(&regs->ebx, signature, sizeof(regs->ebx));
		memcpy(&regs->ecx, signature + 4, sizeof(regs->ecx));
		memcpy(&regs->edx, signature + 8, sizeof(regs->edx));
	} else if (fscanf(file, "%" SCNx32 " %" SCNx32 " %" SCNx32, &regs->ebx,
			  &regs->ecx, &regs->edx) != 3) {
		fprintf(stderr, "fake machine: no registers in %s\n", path);
		abort();
	}
	fclose(file);
}
