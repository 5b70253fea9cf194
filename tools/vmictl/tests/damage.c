// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel that answers nonsense: libvmi must return an error with a sentence,
 * or a result that can be read, and be as good as before when the kernel is.
 *
 * usage: damage [ROUNDS]
 */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "damage.h"
#include "examine.h"
#include "vmi.h"

#define ROUNDS 20000

/* What the next datagrams will suffer; none if it is not armed. */
static bool armed;
static uint32_t random_state = 1;

static uint32_t next_random(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % below;
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
	uint32_t bytes;

	if (!armed || !next_random(4))
		return len;
	for (bytes = next_random(4); bytes && len; bytes--)
		datagram[next_random((uint32_t)len)] = next_byte();
	return next_random(4) ? len : next_random((uint32_t)len + 1);
}

static void try_nonsense(const char *kernel)
{
	struct vmi_status *status;
	struct vmi *vmi;
	int err;

	setenv("FAKE_KERNEL", kernel, 1);
	armed = true;
	err = vmi_open(&vmi);
	examine_list(vmi, err, NULL);
	examine_calls(vmi, !strncmp(kernel, "patient", strlen("patient")));

	armed = false;
	/* The number of the family may be a wrong one, until that is noticed. */
	err = vmi_get_status(vmi, &status);
	if (err)
		err = vmi_get_status(vmi, &status);
	if (err)
		examine_fail("no recovery", err, vmi_strerror(vmi));
	examine_list(vmi, err, status);
	vmi_close(vmi);
}

int main(int argc, char **argv)
{
	static const char *const kernels[] = { "patient",	"native",
					       "uncapped",	"refusing",
					       "half",		"packed",
					       "patient,policy" };
	const unsigned int count = sizeof(kernels) / sizeof(*kernels);
	int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;

	for (; rounds > 0; rounds--)
		try_nonsense(kernels[(unsigned int)rounds % count]);
	return EXIT_SUCCESS;
}
