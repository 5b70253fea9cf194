// SPDX-License-Identifier: GPL-2.0-only
/*
 * A machine for the tests of vmictl detect. The directory in the environment
 * variable FAKE_MACHINE has its files below root/, and its CPUID in the file
 * cpuid, a leaf on each line:
 *
 *	LEAF EAX EBX ECX EDX		in hexadecimal
 *	LEAF EAX =SIGNATURE
 *	xen ...				what Xen answers to its PV guests
 *
 * A leaf that is not there has zeros. Without the variable there is nothing.
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

static bool parse(const char *line, uint32_t leaf, struct cpuid_regs *regs)
{
	char signature[SIGNATURE_LEN + 1] = "";
	struct cpuid_regs read = {};
	uint32_t number;
	int count;

	count = sscanf(line,
		       "%" SCNx32 " %" SCNx32 " %" SCNx32 " %" SCNx32
		       " %" SCNx32,
		       &number, &read.eax, &read.ebx, &read.ecx, &read.edx);
	if (count < 1 || number != leaf)
		return false;
	if (sscanf(line, "%*x %*x =%12[^\n]", signature) == 1) {
		memcpy(&read.ebx, signature, sizeof(read.ebx));
		memcpy(&read.ecx, signature + 4, sizeof(read.ecx));
		memcpy(&read.edx, signature + 8, sizeof(read.edx));
	} else if (count != 5) {
		fprintf(stderr, "fake machine: what is %s", line);
		abort();
	}
	*regs = read;
	return true;
}

void machine_cpuid(bool ask_xen, uint32_t leaf, struct cpuid_regs *regs)
{
	const char *directory = getenv("FAKE_MACHINE");
	char *name, *line = NULL;
	bool of_xen, found = false;
	size_t size = 0;
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
	while (!found && getline(&line, &size, file) >= 0) {
		of_xen = !strncmp(line, "xen ", 4);
		if (of_xen == ask_xen)
			found = parse(line + (of_xen ? 4 : 0), leaf, regs);
	}
	free(line);
	fclose(file);
}
