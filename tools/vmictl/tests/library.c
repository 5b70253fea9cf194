// SPDX-License-Identifier: GPL-2.0-only
/*
 * Callers of libvmi.
 *
 * usage: library misuse     entries of a policy without a name, or with one too long: an
 *                           error with a sentence, and the handle is as good as before
 *        library threads    threads with a handle each: to be built with
 *                           -fsanitize=thread, which stops the program if they share
 *                           anything
 *        library shared     threads that do share a handle, which has to be found
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "examine.h"
#include "vmi.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof(*(a)))

static struct vmi *open_handle(void)
{
	struct vmi *vmi;
	int err = vmi_open(&vmi);

	if (err)
		examine_fail("open", err, vmi_strerror(vmi));
	return vmi;
}

/* The second of two, so that its number is not that of the first by chance. */
static void misuse_policy(struct vmi *vmi, const char *target,
			  const char *provider, const char *sentence)
{
	const struct vmi_policy_entry entries[] = {
		{ "io", "native" },
		{ target, provider },
	};
	int err = vmi_set_policy(vmi, entries, 2);

	if (err != -EINVAL || strcmp(vmi_strerror(vmi), sentence))
		examine_fail("entry", err, vmi_strerror(vmi));
	if (vmi_refused_entry(vmi) != 1)
		examine_fail("number of the entry", vmi_refused_entry(vmi), "");
	examine_recovery(vmi);
}

static void test_misuse(void)
{
	static const char lacking[] = "a policy needs a target and a provider",
			  length[] = "a name has 1 to 31 characters",
			  name[] = "a-name-that-no-op-and-no-backend-can-have";
	struct vmi *vmi = open_handle();

	misuse_policy(vmi, NULL, "kvm", lacking);
	misuse_policy(vmi, "eoi", NULL, lacking);
	misuse_policy(vmi, name, "kvm", length);
	misuse_policy(vmi, "eoi", name, length);
	vmi_close(vmi);
}

#define THREADS 3
#define ROUNDS 5

/*
 * Used in turns: a thread that leaves one late would be ordered behind those that have
 * come to it again, and what they did meanwhile.
 */
static pthread_barrier_t barriers[2];

static void check(int err, const char *what)
{
	if (err)
		examine_fail(what, err, strerror(err));
}

/*
 * Whatever orders the threads hides what they share, and libnl has a lock that each
 * takes when it opens or closes a socket: what comes before that in one thread must
 * not find another one behind it.
 */
static void *use_own(void *arg)
{
	struct vmi *vmi;
	int round;

	(void)arg;
	for (round = 0; round < ROUNDS; round++) {
		pthread_barrier_wait(&barriers[0]);
		vmi = open_handle();
		pthread_barrier_wait(&barriers[1]);
		examine_calls(vmi, false);
		pthread_barrier_wait(&barriers[0]);
		examine_calls(vmi, true);
		pthread_barrier_wait(&barriers[1]);
		vmi_close(vmi);
	}
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

	for (i = 0; i < 2; i++)
		check(pthread_barrier_init(&barriers[i], NULL, THREADS),
		      "barrier");
	for (i = 0; i < THREADS; i++)
		check(pthread_create(&threads[i], NULL, start, arg), "thread");
	for (i = 0; i < THREADS; i++)
		check(pthread_join(threads[i], NULL), "end of a thread");
	for (i = 0; i < 2; i++)
		pthread_barrier_destroy(&barriers[i]);
}

static void test_threads(void)
{
	static const char *const kernels[] = {
		"patient",	   "patient,refusing", "patient,warning",
		"patient,failing", "patient,nonsense",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kernels); i++) {
		setenv("FAKE_KERNEL", kernels[i], 1);
		run_threads(use_own, NULL);
	}
}

static void test_shared(void)
{
	struct vmi *vmi = open_handle();

	run_threads(use_shared, vmi);
	vmi_close(vmi);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} tests[] = {
		{ "misuse", test_misuse },
		{ "threads", test_threads },
		{ "shared", test_shared },
	};
	size_t i;

	for (i = 0; argc == 2 && i < ARRAY_SIZE(tests); i++) {
		if (!strcmp(argv[1], tests[i].name)) {
			tests[i].run();
			return EXIT_SUCCESS;
		}
	}
	return EXIT_FAILURE;
}
