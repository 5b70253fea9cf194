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

static void call_all(struct vmi *vmi, bool with_events)
{
	const struct vmi_policy_entry entries[] = { { "io", "native" },
						    { "eoi", "kvm" } };
	struct vmi_backend *backends;
	struct vmi_op_stats *stats;
	struct vmi_policy *policies;
	struct vmi_status *status;
	struct vmi_event *event;
	struct vmi_layer *layers;
	struct vmi_cap *caps;
	struct vmi_op *ops;
	int err;

	err = vmi_get_status(vmi, &status);
	examine_list(vmi, err, status);
	err = vmi_list_layers(vmi, &layers);
	examine_list(vmi, err, layers);
	err = vmi_list_backends(vmi, &backends);
	examine_list(vmi, err, backends);
	err = vmi_list_ops(vmi, &ops);
	examine_list(vmi, err, ops);
	err = vmi_list_stats(vmi, &stats);
	examine_list(vmi, err, stats);
	err = vmi_get_stats(vmi, "tlb.flush_multi", &stats);
	examine_list(vmi, err, stats);
	err = vmi_list_caps(vmi, &caps);
	examine_list(vmi, err, caps);
	err = vmi_get_op(vmi, "tlb.flush_multi", &ops);
	examine_list(vmi, err, ops);
	err = vmi_get_backend(vmi, "kvm", &backends);
	examine_list(vmi, err, backends);
	err = vmi_list_policies(vmi, &policies);
	examine_list(vmi, err, policies);
	err = vmi_set_policy(vmi, entries, 2);
	examine_list(vmi, err, NULL);
	if (vmi_refused_entry(vmi) > 1)
		examine_fail("entry that was not sent", err, "");
	err = vmi_clear_policy(vmi, NULL);
	examine_list(vmi, err, NULL);
	err = vmi_use(vmi, "kvm");
	examine_list(vmi, err, NULL);
	err = vmi_set_stats(vmi, VMI_STATS_ACTION_ON, NULL);
	examine_list(vmi, err, NULL);
	err = vmi_set_histograms(vmi, true, "lock");
	examine_list(vmi, err, NULL);
	err = vmi_next_event(vmi, &event);
	examine_list(vmi, err, NULL);
	if (!err)
		examine_fail("event without a subscription", err, "");
	if (!with_events)
		return;
	err = vmi_subscribe(vmi);
	examine_list(vmi, err, NULL);
	if (err)
		return;
	err = examine_events(vmi);
	if (err != -EAGAIN)
		examine_fail("events", err, vmi_strerror(vmi));
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
	call_all(vmi, !strncmp(kernel, "patient", strlen("patient")));

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
	static const char *const kernels[] = { "patient",  "native",
					       "uncapped", "refusing",
					       "warning",  "half",
					       "packed",   "patient,policy" };
	const unsigned int count = sizeof(kernels) / sizeof(*kernels);
	int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;

	for (; rounds > 0; rounds--)
		try_nonsense(kernels[(unsigned int)rounds % count]);
	return EXIT_SUCCESS;
}
