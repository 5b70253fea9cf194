// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel that answers nonsense: libvmi must return an error with a sentence,
 * or a result that can be read, and be as good as before when the kernel is.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damage.h"
#include "examine.h"
#include "vmi.h"

#define ROUNDS 20000

/* What the next datagrams will suffer; none if it is not armed. */
static bool armed;

/* Return the same numbers in each run. */
static size_t next_random(size_t below)
{
	return (size_t)random() % below;
}

/* Lengths and types are where it hurts, and most are small numbers. */
static char next_byte(void)
{
	static const char numbers[] = { 0, 1, 2, 3, 4, 5, 8, 127, -1, -128 };

	if (next_random(2))
		return numbers[next_random(sizeof(numbers))];
	return (char)next_random(256);
}

size_t damage(char *datagram, size_t len)
{
	size_t bytes;

	if (!armed || !next_random(4))
		return len;
	for (bytes = next_random(4); bytes && len; bytes--)
		datagram[next_random(len)] = next_byte();
	return next_random(4) ? len : next_random(len + 1);
}

static void try_nonsense(const char *kernel)
{
	struct vmi *vmi;
	int err;

	setenv("FAKE_KERNEL", kernel, 1);
	armed = true;
	err = vmi_open(&vmi);
	examine_list(vmi, err, NULL);
	examine_calls(vmi, !strncmp(kernel, "patient", strlen("patient")));

	armed = false;
	/* The number of the family may be a wrong one, until a call notices. */
	examine_call(vmi, 0);
	examine_recovery(vmi);
	vmi_close(vmi);
}

int main(void)
{
	static const char *const kernels[] = { "patient",	"native",
					       "uncapped",	"refusing",
					       "half",		"packed",
					       "patient,policy" };
	const unsigned int count = sizeof(kernels) / sizeof(*kernels);
	unsigned int round;

	for (round = 0; round < ROUNDS; round++)
		try_nonsense(kernels[round % count]);
	return EXIT_SUCCESS;
}
