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
#include "vmi.h"

#define ROUNDS 20000

/* What the next datagrams will suffer; none if it is not armed. */
static bool armed;
static uint32_t random_state = 1;
/* So that nobody finds out that no value is used. */
static volatile size_t sum;

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

static void fail(const char *what, int err, const char *sentence)
{
	fprintf(stderr, "damage: %s: %d, '%s'\n", what, err, sentence);
	exit(EXIT_FAILURE);
}

static void touch(const char *name, const struct vmi_value *value, void *arg)
{
	const struct vmi_object *object;

	(void)arg;
	sum += strlen(name);
	if (value->type == VMI_TYPE_STRING)
		sum += strlen(value->string);
	else if (value->type == VMI_TYPE_STATE)
		sum += strlen(vmi_state_name(value->state));
	else if (value->type == VMI_TYPE_ERROR)
		vmi_visit(&value->error->object, touch, NULL);
	else if (value->type == VMI_TYPE_HISTOGRAM)
		vmi_visit(&value->histogram->object, touch, NULL);
	else if (value->type == VMI_TYPE_LIST)
		for (object = value->list; object; object = object->next)
			vmi_visit(object, touch, NULL);
}

/* Reads everything there is in what a call has stored. */
static void check_list(struct vmi *vmi, int err, void *list)
{
	const struct vmi_object *object;

	if (err > 0 || (err && !*vmi_strerror(vmi)))
		fail("error without a sentence", err, vmi_strerror(vmi));
	if (err)
		return;
	for (object = list; object; object = object->next)
		vmi_visit(object, touch, NULL);
	vmi_free(list);
}

static void check_events(struct vmi *vmi)
{
	struct vmi_event *event;
	int err;

	for (;;) {
		err = vmi_next_event(vmi, &event);
		check_list(vmi, err, NULL);
		if (err == -EBADMSG)
			continue;
		if (err)
			break;
		if (!event->status == !event->backend)
			fail("event without an object", err, "");
		if (event->status)
			vmi_visit(&event->status->object, touch, NULL);
		else
			vmi_visit(&event->backend->object, touch, NULL);
		vmi_free(event);
	}
	if (err != -EAGAIN)
		fail("events", err, vmi_strerror(vmi));
}

static void call_all(struct vmi *vmi, bool with_events)
{
	struct vmi_backend *backends;
	struct vmi_op_stats *stats;
	struct vmi_status *status;
	struct vmi_event *event;
	struct vmi_layer *layers;
	struct vmi_cap *caps;
	struct vmi_op *ops;
	int err;

	err = vmi_get_status(vmi, &status);
	check_list(vmi, err, status);
	err = vmi_list_layers(vmi, &layers);
	check_list(vmi, err, layers);
	err = vmi_list_backends(vmi, &backends);
	check_list(vmi, err, backends);
	err = vmi_list_ops(vmi, &ops);
	check_list(vmi, err, ops);
	err = vmi_list_stats(vmi, &stats);
	check_list(vmi, err, stats);
	err = vmi_get_stats(vmi, "tlb.flush_multi", &stats);
	check_list(vmi, err, stats);
	err = vmi_list_caps(vmi, &caps);
	check_list(vmi, err, caps);
	err = vmi_get_op(vmi, "tlb.flush_multi", &ops);
	check_list(vmi, err, ops);
	err = vmi_get_backend(vmi, "kvm", &backends);
	check_list(vmi, err, backends);
	err = vmi_use(vmi, "kvm");
	check_list(vmi, err, NULL);
	err = vmi_set_stats(vmi, VMI_STATS_ACTION_ON, NULL);
	check_list(vmi, err, NULL);
	err = vmi_set_histograms(vmi, true, "lock");
	check_list(vmi, err, NULL);
	err = vmi_next_event(vmi, &event);
	check_list(vmi, err, NULL);
	if (!err)
		fail("event without a subscription", err, "");
	if (!with_events)
		return;
	err = vmi_subscribe(vmi);
	check_list(vmi, err, NULL);
	if (!err)
		check_events(vmi);
}

static void try_nonsense(const char *kernel)
{
	struct vmi_status *status;
	struct vmi *vmi;
	int err;

	setenv("FAKE_KERNEL", kernel, 1);
	armed = true;
	err = vmi_open(&vmi);
	check_list(vmi, err, NULL);
	call_all(vmi, !strcmp(kernel, "patient"));

	armed = false;
	/* The number of the family may be a wrong one, until that is noticed. */
	err = vmi_get_status(vmi, &status);
	if (err)
		err = vmi_get_status(vmi, &status);
	if (err)
		fail("no recovery", err, vmi_strerror(vmi));
	check_list(vmi, err, status);
	vmi_close(vmi);
}

int main(int argc, char **argv)
{
	static const char *const kernels[] = { "patient",  "native",
					       "uncapped", "refusing",
					       "warning",  "half",
					       "packed" };
	const unsigned int count = sizeof(kernels) / sizeof(*kernels);
	int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;

	for (; rounds > 0; rounds--)
		try_nonsense(kernels[(unsigned int)rounds % count]);
	return EXIT_SUCCESS;
}
