// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions per operation
 *
 * For a machine whose clock counts instructions, one a nanosecond: the scenario
 * icount, with QEMU's -icount shift=0. Elsewhere the numbers mean nothing. What
 * they have to be is decided by selftests/host/icount, which has those of the
 * kernel without VMI as well.
 */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int pipe_fds[2];

static void null_syscall(void)
{
	syscall(SYS_getppid);
}

static void fork_exit(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid)
		_exit(0);
	if (waitpid(pid, NULL, 0) != pid)
		err(1, "waitpid");
}

/* Takes and releases the locks of the pipe and its wait queues, uncontended. */
static void unlock(void)
{
	char byte = 0;

	if (write(pipe_fds[1], &byte, 1) != 1 ||
	    read(pipe_fds[0], &byte, 1) != 1)
		err(1, "pipe");
}

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/*
 * The least of several batches: timer interrupts fall into some of them, and caches
 * of the kernel fill and drain at times that depend on how much memory is free,
 * which is not the same in two kernels. A batch has to be long against looking at
 * the clock, and short enough for some to have none of that.
 */
static void measure(const char *name, void (*func)(void), unsigned int batches,
		    unsigned int rounds)
{
	long long before, count, least = 0;
	unsigned int batch, i;

	for (batch = 0; batch < batches; batch++) {
		before = now_ns();
		for (i = 0; i < rounds; i++)
			func();
		count = now_ns() - before;
		if (!batch || count < least)
			least = count;
	}
	printf("icount %s %u %lld\n", name, rounds, least);
}

static void measure_all(void)
{
	if (pipe(pipe_fds))
		err(1, "pipe");
	measure("null-syscall", null_syscall, 20, 50000);
	measure("fork-exit", fork_exit, 1000, 1);
	measure("unlock", unlock, 20, 10000);
}

/*
 * A process is never quite like another one: which memory it was given when it was
 * started makes a fork of it 150 or 300 instructions dearer for as long as it lives,
 * of 180,000, and any difference between two kernels gives their processes other
 * memory. So that is done by several.
 */
#define PROCESSES 8

int main(int argc, char **argv)
{
	char *args[] = { argv[0], "once", NULL };
	int i, status;
	pid_t pid;

	if (argc > 1) {
		measure_all();
		return 0;
	}
	for (i = 0; i < PROCESSES; i++) {
		pid = fork();
		if (pid < 0)
			err(1, "fork");
		if (!pid) {
			execv("/proc/self/exe", args);
			err(1, "exec");
		}
		if (waitpid(pid, &status, 0) != pid)
			err(1, "waitpid");
		if (status)
			errx(1, "a process that measures failed");
	}
	return 0;
}
