// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest half of the test that the host counts what the guest counts
 *
 * Prints the counters of ops and of the backend's capabilities, again and again, with
 * work in between. Around each reading it leaves marks, so that
 * selftests/host/agrees.awk can tell which calls the host saw before the reading, and
 * by when it saw all that were read.
 *
 * usage: host_agrees [SAMPLES]
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

#define HAND_OFF "/sys/kernel/debug/vmi_lock_cost"
#define OPS_DIR "/sys/kernel/vmi/ops"

/* What is counted and not yet done reaches the host while this CPU has nothing to do. */
#define SETTLE_US 10000
#define WORKERS 4
#define ROUNDS 80

static const char *const ops[] = {
	"ipi.send",
	"ipi.send_self",
	"ipi.send_mask",
	"ipi.send_mask_allbutself",
	"ipi.send_allbutself",
	"lock.kick",
	"eoi.eoi",
};

#define NR_OPS (sizeof(ops) / sizeof(ops[0]))

static int fds[NR_OPS];
static cpu_set_t all_cpus, one_cpu;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long shared_count;
static char output[1 << 20];

/* Interrupts by which CPUs call each other: their names in /proc/interrupts. */
static const char *const interrupts[] = { "RES:", "CAL:" };

#define NR_INTERRUPTS (sizeof(interrupts) / sizeof(interrupts[0]))

static unsigned long long read_counter(int fd)
{
	char buf[32];
	ssize_t len = pread(fd, buf, sizeof(buf) - 1, 0);

	if (len <= 0)
		err(1, "reading a counter");
	buf[len] = '\0';
	return strtoull(buf, NULL, 10);
}

/* How many of them all CPUs got. */
static void read_interrupts(unsigned long long *counts)
{
	char buf[32768], *at, *end;
	size_t len = 0;
	unsigned int i;
	ssize_t got;
	int fd;

	fd = open("/proc/interrupts", O_RDONLY);
	if (fd < 0)
		err(1, "/proc/interrupts");
	while ((got = read(fd, buf + len, sizeof(buf) - 1 - len)) > 0)
		len += got;
	if (got < 0)
		err(1, "/proc/interrupts");
	if (len == sizeof(buf) - 1)
		errx(1, "/proc/interrupts is too long");
	close(fd);
	buf[len] = '\0';

	for (i = 0; i < NR_INTERRUPTS; i++) {
		at = strstr(buf, interrupts[i]);
		if (!at)
			errx(1, "no %s in /proc/interrupts", interrupts[i]);
		counts[i] = 0;
		for (at += strlen(interrupts[i]);; at = end) {
			unsigned long long count = strtoull(at, &end, 10);

			if (end == at)
				break;
			counts[i] += count;
		}
	}
}

static void run_on(const cpu_set_t *cpus)
{
	if (sched_setaffinity(0, sizeof(*cpus), cpus))
		err(1, "sched_setaffinity");
}

/* How often each capability was used, from the reply to a dump. */
static void print_uses(unsigned long nr)
{
	const struct nlattr *table[MAX_ATTRS];
	uint64_t uses;
	int i;

	for (i = 0; i < reply.objects; i++) {
		parse(objects[i].data, objects[i].len, table);
		if (!table[VMI_A_CAP_USES])
			continue;
		memcpy(&uses, payload(table[VMI_A_CAP_USES]), sizeof(uses));
		printf("sample %lu %s %llu\n", nr,
		       string_of(&objects[i], VMI_A_CAP_NAME),
		       (unsigned long long)uses);
	}
}

/* On one CPU, or the marks would have to be left by another one, with an IPI. */
static void sample(unsigned long nr)
{
	unsigned long long calls[NR_OPS], interrupted[NR_INTERRUPTS];
	unsigned int i;

	run_on(&one_cpu);
	mark(MARK_BEGIN, nr);
	for (i = 0; i < NR_OPS; i++)
		calls[i] = read_counter(fds[i]);
	read_interrupts(interrupted);
	dump(VMI_CMD_CAP_GET);
	usleep(SETTLE_US);
	mark(MARK_END, nr);
	run_on(&all_cpus);

	print_uses(nr);
	for (i = 0; i < NR_OPS; i++)
		printf("sample %lu %s %llu\n", nr, ops[i], calls[i]);
	for (i = 0; i < NR_INTERRUPTS; i++)
		printf("sample %lu interrupts.%.3s %llu\n", nr, interrupts[i],
		       interrupted[i]);
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

static void work(unsigned long nr)
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

int main(int argc, char **argv)
{
	unsigned long nr, samples;
	char path[64];
	unsigned int i;

	if (argc > 2)
		errx(1, "usage: host_agrees [SAMPLES]");
	/* To write may take an event for the host, so that is for the end. */
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	samples = argc == 2 ? strtoul(argv[1], NULL, 10) : 40;
	if (samples > MARK_MAX_ARGUMENT)
		errx(1, "at most %d samples", MARK_MAX_ARGUMENT);
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
	if (system("modprobe -q vmi_lock_cost"))
		errx(1, "no module vmi_lock_cost to contend for a lock");

	for (i = 0; i < NR_OPS; i++) {
		snprintf(path, sizeof(path), OPS_DIR "/%s/calls", ops[i]);
		fds[i] = open(path, O_RDONLY);
		if (fds[i] < 0)
			err(1, "%s", path);
	}
	for (nr = 0; nr < samples; nr++) {
		work(nr);
		usleep(20000);
		sample(nr);
	}
	return 0;
}
