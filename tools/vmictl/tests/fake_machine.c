// SPDX-License-Identifier: GPL-2.0-only
/*
 * A machine for the tests of vmictl detect. The directory in the environment
 * variable FAKE_MACHINE has its files below root/, and its CPUID in the file
 * cpuid, a leaf on each line, "cpu LEAF EAX EBX ECX EDX" in hexadecimal, or with
 * "xen" what Xen answers to its PV guests. A leaf that is not there has zeros.
 * Without the variable there is nothing.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../detect.h"

FILE *machine_open(const char *path)
{
	const char *directory = getenv("FAKE_MACHINE");
	FILE *file;
	char *name;

	if (!directory)
		return NULL;
	if (asprintf(&name, "%s/root%s", directory, path) < 0)
		abort();
	file = fopen(name, "re");
	free(name);
	return file;
}

void machine_cpuid(bool ask_xen, uint32_t leaf, struct cpuid_regs *regs)
{
	const char *directory = getenv("FAKE_MACHINE");
	struct cpuid_regs read;
	char *name, who[4];
	uint32_t number;
	FILE *file;

	memset(regs, 0, sizeof(*regs));
	if (!directory)
		return;
	if (asprintf(&name, "%s/cpuid", directory) < 0)
		abort();
	file = fopen(name, "re");
	if (!file)
		abort();
	free(name);
	while (fscanf(file,
		      "%3s %" SCNx32 " %" SCNx32 " %" SCNx32 " %" SCNx32
		      " %" SCNx32,
		      who, &number, &read.eax, &read.ebx, &read.ecx,
		      &read.edx) == 6)
		if (!strcmp(who, ask_xen ? "xen" : "cpu") && number == leaf)
			*regs = read;
	if (!feof(file))
		abort();
	fclose(file);
}
