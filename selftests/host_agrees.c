// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest half of the test that the host counts what the guest counts
 *
 * Prints the counters of ops and of the backend's capabilities 40 times, with work in
 * between. Marks around each reading tell selftests/host/agrees.awk which calls the host
 * saw before the reading, and by when it saw all that were read.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "genl.h"
#include "mark.h"
#include "util.h"

/* What is counted and not yet done reaches the host while this CPU has nothing to do. */
#define SETTLE_US 10000
#define WORKERS 4
#define ROUNDS 80
#define SAMPLES 40

static cpu_set_t all_cpus, one_cpu;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long shared_count;
static char output[1 << 20];

static void run_on(const cpu_set_t *set)
{
	must(sched_setaffinity(0, sizeof(*set), set), "sched_setaffinity");
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

/* Print the interrupts by which CPUs call each other, as counted on each CPU. */
static void print_interrupts(int nr)
{
	FILE *file = fopen("/proc/interrupts", "r");
	char *line = NULL;
	size_t size = 0;

	if (!file)
		err(1, "/proc/interrupts");
	while (getline(&line, &size, file) > 0) {
		if (strstr(line, "RES: ") || strstr(line, "CAL: "))
			printf("sample %d %s", nr, line);
	}
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

/* Contend for a spinlock of the kernel in few samples: a host that intercepts PAUSE is slow. */
#define CONTEND_EVERY 10

static void contend(void)
{
	int fd = must(open(HAND_OFF, O_RDONLY), HAND_OFF);
	char buf[32];

	if (read(fd, buf, sizeof(buf)) <= 0)
		err(1, HAND_OFF);
	close(fd);
}

/* Wake-ups, and shootdowns of memory that all workers have in their TLB. */
static void *worker(void *nr)
{
	unsigned int i;
	char *page;

	if (!((intptr_t)nr % CONTEND_EVERY))
		contend();
	for (i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		shared_count++;
		pthread_mutex_unlock(&mutex);
		page = map(PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1);
		*page = 1;
		munmap(page, PAGE);
		if (!(i % 20))
			memory_barrier();
	}
	return NULL;
}

static void work(int nr)
{
	pthread_t threads[WORKERS];
	unsigned int i;

	for (i = 0; i < WORKERS; i++)
		threads[i] = start_thread(worker, nr);
	for (i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	fork_and_wait();
}

int main(void)
{
	int nr;

	/* Writing may cause an event of the host, so do it at the end. */
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	must(sched_getaffinity(0, sizeof(all_cpus), &all_cpus),
	     "sched_getaffinity");
	CPU_ZERO(&one_cpu);
	CPU_SET(sched_getcpu(), &one_cpu);
	open_socket();
	if (!find_family())
		errx(1, "the kernel has no VMI");

	register_for_barriers();
	if (system("modprobe -q vmi_cost"))
		errx(1, "no module vmi_cost to contend for a lock");

	for (nr = 0; nr < SAMPLES; nr++) {
		work(nr);
		usleep(20000);
		sample(nr);
	}
	return 0;
}
