// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions of a switch
 *
 * For a machine whose time stamp counter counts instructions, of all its CPUs: the
 * scenario icount. Counted is from the request to the answer.
 *
 * usage: switch_cost PROVIDER ROUNDS
 *
 * From the provider in charge to PROVIDER and back, so many times. A line for each way:
 * "icount switch-to-PROVIDER 1 INSTRUCTIONS".
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../genl.h"

#define STATUS "/sys/kernel/vmi/active"

static void use(const char *provider)
{
	unsigned long long before;
	struct message msg;

	start(&msg, family, VMI_CMD_USE, 0);
	put_string(&msg, VMI_A_USE_PROVIDER, provider);
	before = __builtin_ia32_rdtsc();
	transact(&msg);
	before = __builtin_ia32_rdtsc() - before;
	if (reply.error)
		errx(1, "%s: %s", provider, reply.text);
	printf("icount switch-to-%s 1 %llu\n", provider, before);
}

int main(int argc, char **argv)
{
	char active[64];
	FILE *file;
	int rounds;

	if (argc != 3)
		errx(2, "usage: switch_cost PROVIDER ROUNDS");
	file = fopen(STATUS, "r");
	if (!file || !fgets(active, sizeof(active), file))
		err(1, STATUS);
	fclose(file);
	active[strcspn(active, "\n")] = '\0';

	open_socket();
	if (!find_family())
		errx(1, "the kernel has no VMI");
	for (rounds = atoi(argv[2]); rounds > 0; rounds--) {
		use(argv[1]);
		use(active);
	}
	return 0;
}
