// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that have a handle of libvmi each, and share nothing: to be built with
 * -fsanitize=thread, which stops the program if they do.
 *
 * usage: threads [shared]     with it, they do share a handle, which has to be found
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "examine.h"
#include "vmi.h"

#define THREADS 3
#define ROUNDS 5

/*
 * Used in turns: a thread that leaves one late would be ordered behind those that have
 * come to it again, and what they did meanwhile.
 */
static pthread_barrier_t barriers[2];

static void check(int err)
{
	if (err)
		examine_fail("pthread", err, strerror(err));
}

/*
 * Whatever orders the threads hides what they share, and libnl has a lock that each
 * takes when it opens or closes a socket: what comes before that in one thread must
 * not find another one behind it.
 */
static void use_once(void)
{
	struct vmi *vmi;

	pthread_barrier_wait(&barriers[0]);
	vmi = examine_open();
	pthread_barrier_wait(&barriers[1]);
	examine_calls(vmi, false);
	pthread_barrier_wait(&barriers[0]);
	examine_calls(vmi, true);
	pthread_barrier_wait(&barriers[1]);
	vmi_close(vmi);
}

static void *use_own(void *arg)
{
	int round;

	(void)arg;
	for (round = 0; round < ROUNDS; round++)
		use_once();
	return NULL;
}

/* What the handle is used for here is to hold a sentence, and cannot do harm. */
static void *use_shared(void *arg)
{
	const struct vmi_policy_entry entry = { "io", NULL };

	pthread_barrier_wait(&barriers[0]);
	if (vmi_set_policy(arg, &entry, 1) != -EINVAL)
		examine_fail("entry without a provider", 0, "");
	return NULL;
}

static void run_threads(void *(*start)(void *arg), void *arg)
{
	pthread_t threads[THREADS];
	int i;

	for (i = 0; i < THREADS; i++)
		check(pthread_create(&threads[i], NULL, start, arg));
	for (i = 0; i < THREADS; i++)
		check(pthread_join(threads[i], NULL));
}

int main(int argc, char **argv)
{
	static const char *const kernels[] = {
		"patient",
		"patient,refusing",
		"patient,failing",
		"patient,nonsense",
	};
	struct vmi *vmi;
	size_t i;

	for (i = 0; i < 2; i++)
		check(pthread_barrier_init(&barriers[i], NULL, THREADS));
	if (argc > 1 && !strcmp(argv[1], "shared")) {
		setenv("FAKE_KERNEL", "good", 1);
		vmi = examine_open();
		run_threads(use_shared, vmi);
		vmi_close(vmi);
		return EXIT_SUCCESS;
	}
	for (i = 0; i < sizeof(kernels) / sizeof(*kernels); i++) {
		setenv("FAKE_KERNEL", kernels[i], 1);
		run_threads(use_own, NULL);
	}
	return EXIT_SUCCESS;
}
