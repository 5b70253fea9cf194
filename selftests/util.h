/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared by the programs of the tests: a call that fails ends the program. */
#ifndef _SELFTESTS_UTIL_H
#define _SELFTESTS_UTIL_H

#include <err.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534
#define PAGE 4096UL
/* Reading it takes and releases the lock of the module vmi_cost. */
#define HAND_OFF "/sys/kernel/debug/vmi_cost/lock"
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Return what a call returned, unless it failed, which is -1 for mmap() as well. */
static inline long must(long result, const char *what)
{
	if (result == -1)
		err(1, "%s", what);
	return result;
}

static inline void *map(size_t size, int protection, int flags, int fd)
{
	return (void *)must((long)mmap(NULL, size, protection, flags, fd, 0),
			    "mmap");
}

static inline void fork_and_wait(void)
{
	pid_t pid = must(fork(), "fork");

	if (!pid)
		_exit(0);
	must(waitpid(pid, NULL, 0), "waitpid");
}

static inline pthread_t start_thread(void *(*work)(void *), int index)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, work, (void *)(intptr_t)index))
		errx(1, "pthread_create");
	return thread;
}

/* The CPUs that the process may use when it calls find_cpus(). */
static int cpus[CPU_SETSIZE];
static int nr_cpus;

static inline void find_cpus(void)
{
	cpu_set_t set;
	int cpu;

	must(sched_getaffinity(0, sizeof(set), &set), "sched_getaffinity");
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &set))
			cpus[nr_cpus++] = cpu;
	}
}

/* If the CPU is offline, stay where it is. */
static inline void move_to(int index)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpus[index % nr_cpus], &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static inline void register_for_barriers(void)
{
	must(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
		     0, 0),
	     "membarrier");
}

/* Send an IPI to each CPU that runs a thread of this process. */
static inline void memory_barrier(void)
{
	must(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0),
	     "membarrier");
}

#endif /* _SELFTESTS_UTIL_H */
