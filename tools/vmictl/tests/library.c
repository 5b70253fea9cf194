// SPDX-License-Identifier: GPL-2.0-only
/*
 * Use libvmi on the fake kernel in ways that must not do harm: an error has to have a
 * sentence, a result must be readable, and the handle has to work afterwards.
 *
 * usage: library damage|misuse|threads|shared
 *
 * The last two are to be built with -fsanitize=thread, which stops the program if threads
 * share anything. With "shared" they share a handle, which has to be found.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "examine.h"
#include "vmi.h"

#define DAMAGE_ROUNDS 20000
#define THREADS 3
#define THREAD_ROUNDS 5
#define LONG "a-name-that-no-op-and-no-backend-can-have"

/* Open a handle, or stop the program. */
static struct vmi *open_handle(void)
{
	struct vmi *vmi;
	int err = vmi_open(&vmi);

	if (err)
		examine_fail("open", err, vmi_strerror(vmi));
	return vmi;
}

/* Check that a handle works after an error. */
static void check_recovery(struct vmi *vmi)
{
	struct vmi_status *status;
	int err = vmi_get_status(vmi, &status);

	if (err)
		examine_fail("no recovery", err, vmi_strerror(vmi));
	examine_list(vmi, err, status);
}

/* Whether the next datagrams are to be damaged. */
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

static void try_damage(void)
{
	static const char *const kernels[] = { "patient",	"native",
					       "uncapped",	"refusing",
					       "half",		"packed",
					       "patient,policy" };
	const unsigned int count = sizeof(kernels) / sizeof(*kernels);
	unsigned int round;
	struct vmi *vmi;
	int err;

	for (round = 0; round < DAMAGE_ROUNDS; round++) {
		setenv("FAKE_KERNEL", kernels[round % count], 1);
		armed = true;
		err = vmi_open(&vmi);
		examine_list(vmi, err, NULL);
		examine_calls(vmi, strstr(kernels[round % count], "patient"));
		armed = false;
		/* The number of the family may be wrong until a call notices. */
		examine_call(vmi, 0);
		check_recovery(vmi);
		vmi_close(vmi);
	}
}

/* The second of two, so that its number is not that of the first by chance. */
static void set_policy(struct vmi *vmi, const char *target,
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
	check_recovery(vmi);
}

static void try_misuse(void)
{
	struct vmi *vmi = open_handle();

	set_policy(vmi, "eoi", NULL, "a policy needs a provider");
	set_policy(vmi, LONG, "native", "a name has 1 to 31 characters");
	set_policy(vmi, "eoi", LONG, "a name has 1 to 31 characters");
	vmi_close(vmi);
}

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
static void *use_own(void *arg)
{
	struct vmi *vmi;
	int round;

	for (round = 0; round < THREAD_ROUNDS; round++) {
		pthread_barrier_wait(&barriers[0]);
		vmi = open_handle();
		pthread_barrier_wait(&barriers[1]);
		examine_calls(vmi, false);
		pthread_barrier_wait(&barriers[0]);
		examine_calls(vmi, true);
		pthread_barrier_wait(&barriers[1]);
		vmi_close(vmi);
	}
	return arg;
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
		check(pthread_barrier_init(&barriers[i], NULL, THREADS));
	for (i = 0; i < THREADS; i++)
		check(pthread_create(&threads[i], NULL, start, arg));
	for (i = 0; i < THREADS; i++)
		check(pthread_join(threads[i], NULL));
	for (i = 0; i < 2; i++)
		check(pthread_barrier_destroy(&barriers[i]));
}

static void try_threads(void)
{
	static const char *const kernels[] = { "patient", "patient,refusing",
					       "patient,failing",
					       "patient,nonsense" };
	size_t i;

	for (i = 0; i < sizeof(kernels) / sizeof(*kernels); i++) {
		setenv("FAKE_KERNEL", kernels[i], 1);
		run_threads(use_own, NULL);
	}
}

static void try_shared(void)
{
	struct vmi *vmi = open_handle();

	run_threads(use_shared, vmi);
	vmi_close(vmi);
}

int main(int argc, char **argv)
{
	const char *test = argc == 2 ? argv[1] : "";

	if (!strcmp(test, "damage"))
		try_damage();
	else if (!strcmp(test, "misuse"))
		try_misuse();
	else if (!strcmp(test, "threads"))
		try_threads();
	else if (!strcmp(test, "shared"))
		try_shared();
	else
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
