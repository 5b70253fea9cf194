// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest half of the test that the host counts what the guest counts
 *
 * Prints the counters of ops and of the backend's capabilities, again and again, with
 * work in between. Around each reading it leaves marks, so that
 * selftests/host/agrees.awk can tell which calls the host saw before the reading, and
 * by when it saw all that were read.
 */

#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "genl.h"
#include "mark.h"

#define HAND_OFF "/sys/kernel/debug/vmi_cost/lock"

/* What is counted and not yet done reaches the host while this CPU has nothing to do. */
#define SETTLE_US 10000
#define WORKERS 4
#define ROUNDS 80
#define SAMPLES 40

static cpu_set_t all_cpus, one_cpu;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long shared_count;
static char output[1 << 20];

static void run_on(const cpu_set_t *cpus)
{
	if (sched_setaffinity(0, sizeof(*cpus), cpus))
		err(1, "sched_setaffinity");
}

/* Print one counter of each object of a dump, by the object's name. */
static void print_counters(int nr, uint8_t cmd, int name, int counter)
{
	const struct nlattr *table[MAX_ATTRS];
	uint64_t count;
	int i;

	dump(cmd);
	for (i = 0; i < reply.objects; i++) {
		parse(objects[i].data, objects[i].len, table);
		if (!table[counter])
			continue;
		memcpy(&count, payload(table[counter]), sizeof(count));
		printf("sample %d %s %llu\n", nr, string_of(&objects[i], name),
		       (unsigned long long)count);
	}
}

/* Print how many interrupts all CPUs got by which CPUs call each other. */
static void print_interrupts(int nr)
{
	FILE *file = fopen("/proc/interrupts", "r");
	unsigned long long count, sum;
	char *line = NULL, *at, *end;
	int found = 0;
	size_t size = 0;

	if (!file)
		err(1, "/proc/interrupts");
	while (getline(&line, &size, file) > 0) {
		at = line + strspn(line, " ");
		if (strncmp(at, "RES:", 4) && strncmp(at, "CAL:", 4))
			continue;
		printf("sample %d interrupts.%.3s ", nr, at);
		sum = 0;
		for (at += 4;; at = end) {
			count = strtoull(at, &end, 10);
			if (end == at)
				break;
			sum += count;
		}
		printf("%llu\n", sum);
		found++;
	}
	if (found != 2)
		errx(1, "no RES and CAL in /proc/interrupts");
	free(line);
	fclose(file);
}

/* On one CPU, or the marks would have to be left by another one, with an IPI. */
static void sample(int nr)
{
	run_on(&one_cpu);
	mark(MARK_BEGIN, nr);
	print_counters(nr, VMI_CMD_OP_GET, VMI_A_OP_NAME, VMI_A_OP_CALLS);
	print_interrupts(nr);
	print_counters(nr, VMI_CMD_CAP_GET, VMI_A_CAP_NAME, VMI_A_CAP_USES);
	usleep(SETTLE_US);
	mark(MARK_END, nr);
	run_on(&all_cpus);
}

/*
 * Take a spinlock of the kernel as often as others do, so that CPUs wait and are kicked.
 * In a few of the samples only: a host that intercepts PAUSE takes long for it.
 */
#define CONTEND_EVERY 10

static void contend(void)
{
	char buf[32];
	int fd = open(HAND_OFF, O_RDONLY);

	if (fd < 0)
		return;
	if (read(fd, buf, sizeof(buf)) <= 0)
		err(1, HAND_OFF);
	close(fd);
}

/* An IPI to each CPU that runs a worker, or would if the host let it. */
static void memory_barrier(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0))
		err(1, "membarrier");
}

/* Wake-ups, and shootdowns of memory that all workers have in their TLB. */
static void *worker(void *is_contending)
{
	unsigned int i;
	char *page;

	if (is_contending)
		contend();
	for (i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		shared_count++;
		pthread_mutex_unlock(&mutex);
		page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (page == MAP_FAILED)
			err(1, "mmap");
		*page = 1;
		munmap(page, 4096);
		if (!(i % 20))
			memory_barrier();
	}
	return NULL;
}

static void work(int nr)
{
	static char contending;
	pthread_t threads[WORKERS];
	unsigned int i;
	pid_t pid;

	for (i = 0; i < WORKERS; i++) {
		if (pthread_create(&threads[i], NULL, worker,
				   nr % CONTEND_EVERY ? NULL : &contending))
			errx(1, "cannot create a thread");
	}
	for (i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);

	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	int nr;

	/* To write may take an event for the host, so that is for the end. */
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	if (sched_getaffinity(0, sizeof(all_cpus), &all_cpus))
		err(1, "sched_getaffinity");
	CPU_ZERO(&one_cpu);
	CPU_SET(sched_getcpu(), &one_cpu);
	open_socket();
	if (!find_family())
		errx(1, "the kernel has no VMI");

	if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
		    0, 0))
		err(1, "membarrier");
	if (system("modprobe -q vmi_cost"))
		errx(1, "no module vmi_cost to contend for a lock");

	for (nr = 0; nr < SAMPLES; nr++) {
		work(nr);
		usleep(20000);
		sample(nr);
	}
	return 0;
}
