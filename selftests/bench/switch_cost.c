// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions of a switch
 *
 * For a machine whose time stamp counter counts instructions, of all its CPUs: the
 * scenario icount. Counted is from the request to the answer.
 *
 * usage: switch_cost ROUNDS PROVIDER...
 *
 * To each PROVIDER, so many times. A line for each switch:
 * "icount switch-to-PROVIDER 1 INSTRUCTIONS".
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "../genl.h"

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
	int rounds, i;

	if (argc < 3)
		errx(2, "usage: switch_cost ROUNDS PROVIDER...");
	open_socket();
	if (!find_family())
		errx(1, "the kernel has no VMI");
	for (rounds = atoi(argv[1]); rounds > 0; rounds--)
		for (i = 2; i < argc; i++)
			use(argv[i]);
	return 0;
}
