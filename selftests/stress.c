// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work that uses every op from user space, and checks its own results
 *
 * stress [SECONDS]	work for so long, or until SIGTERM
 *
 * On each CPU: fork and exec, mmap and munmap, a contended mutex, a pipe, and
 * somebody who looks at the clock. Nothing may be lost, and no clock may go
 * backwards. Prints how much was done of what, one "NAME COUNT" in a line; exits
 * with 1 and a sentence for each check that failed.
 *
 * The scheduler clock has no system call. The trace buffer stamps its entries
 * with it (trace_clock "local" is sched_clock()), so one thread that moves from
 * CPU to CPU writes numbered markers and reads them back: the buffers of all CPUs
 * are merged by time, so a CPU whose clock is behind shows as numbers in the
 * wrong order. Within one CPU the trace buffer itself sees to the clock at every
 * entry, tens of thousands of times a second with the scheduler's events on, and
 * logs "Ring buffer clock went backwards".
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_CPUS 64
#define INSTANCE "/sys/kernel/tracing/instances/vmi-stress"
#define EXEC_CODE 37

/* In memory that all processes share. */
static struct shared {
	atomic_bool stop;
	atomic_uint failures;
	atomic_ulong execs;
	atomic_ulong mmaps;
	atomic_ulong zaps;
	atomic_ulong zaps_seen;
	atomic_ulong locks;
	atomic_ulong pipes;
	atomic_ulong clocks;
	atomic_ulong markers;
	atomic_ulong steals;
} * shared;

static int cpus[MAX_CPUS];
static int nr_cpus;

static void __attribute__((format(printf, 1, 2))) failed(const char *fmt, ...)
{
	va_list args;
	char text[256];

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* The first few say it all. */
	if (atomic_fetch_add(&shared->failures, 1) < 10)
		fprintf(stderr, "stress: %s\n", text);
}

static bool stopped(void)
{
	return atomic_load(&shared->stop);
}

/* A CPU may be offline just now; then anywhere is fine. */
static void move_to(int index)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpus[index % nr_cpus], &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void find_cpus(void)
{
	cpu_set_t set;
	int cpu;

	if (sched_getaffinity(0, sizeof(set), &set))
		err(1, "sched_getaffinity");
	for (cpu = 0; cpu < CPU_SETSIZE && nr_cpus < MAX_CPUS; cpu++) {
		if (CPU_ISSET(cpu, &set))
			cpus[nr_cpus++] = cpu;
	}
}

/* fork and exec: the child proves that it got its memory and its arguments. */
static void fork_worker(int index)
{
	unsigned char *data = malloc(4096);
	int status;
	pid_t pid;

	move_to(index);
	memset(data, index + 1, 4096);
	while (!stopped()) {
		pid = fork();
		if (pid < 0) {
			failed("fork: %s", strerror(errno));
			return;
		}
		if (!pid) {
			if (data[0] != index + 1 || data[4095] != index + 1)
				_exit(1);
			execl("/proc/self/exe", "stress", "exec", NULL);
			_exit(2);
		}
		if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
		    WEXITSTATUS(status) != EXEC_CODE)
			failed("a child ended with 0x%x", status);
		atomic_fetch_add(&shared->execs, 1);
	}
}

/* A ring of two processes: every number has to come back, in order. */
static void echo(int in, int out)
{
	uint64_t number;

	while (read(in, &number, sizeof(number)) == sizeof(number)) {
		if (write(out, &number, sizeof(number)) != sizeof(number))
			break;
	}
	_exit(0);
}

static void pipe_worker(int index)
{
	int there[2], back[2], status;
	uint64_t number, got;
	pid_t pid;

	if (pipe(there) || pipe(back))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		close(there[1]);
		close(back[0]);
		move_to(index + 1);
		echo(there[0], back[1]);
	}
	close(there[0]);
	close(back[1]);
	move_to(index);
	for (number = 1; !stopped(); number++) {
		if (write(there[1], &number, sizeof(number)) !=
			    sizeof(number) ||
		    read(back[0], &got, sizeof(got)) != sizeof(got)) {
			failed("a pipe broke");
			break;
		}
		if (got != number)
			failed("the pipe returned %ju for %ju", (uintmax_t)got,
			       (uintmax_t)number);
		atomic_fetch_add(&shared->pipes, 1);
	}
	close(there[1]);
	waitpid(pid, &status, 0);
}

static void start_processes(void (*work)(int index), pid_t *pids)
{
	int i;

	for (i = 0; i < nr_cpus; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			err(1, "fork");
		if (!pids[i]) {
			work(i);
			_exit(0);
		}
	}
}

static void reap(pid_t *pids)
{
	int i, status;

	for (i = 0; i < nr_cpus; i++) {
		if (waitpid(pids[i], &status, 0) != pids[i] || status)
			failed("a worker ended with 0x%x", status);
	}
}

/* All threads share one mm, so each munmap has to reach the other CPUs. */
static void *mmap_worker(void *arg)
{
	const size_t pages = 16, size = pages * 4096;
	int index = (intptr_t)arg;
	uint64_t round = 0;
	char *area;
	size_t i;

	move_to(index);
	while (!stopped()) {
		area = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (area == MAP_FAILED) {
			failed("mmap: %s", strerror(errno));
			break;
		}
		round++;
		for (i = 0; i < pages; i++)
			*(uint64_t *)(area + i * 4096) = round + i + index;
		for (i = 0; i < pages; i++) {
			if (*(uint64_t *)(area + i * 4096) != round + i + index)
				failed("a page changed by itself");
		}
		if (munmap(area, size))
			failed("munmap: %s", strerror(errno));
		atomic_fetch_add(&shared->mmaps, 1);
	}
	return NULL;
}

/*
 * One thread fills a page and zaps it again. Whoever reads it between the two
 * announcements "zapped" and "filled" has to see a page of zeros: anything else
 * was read through a TLB entry that should have been flushed.
 */
static volatile uint64_t *zap_page;
static atomic_ulong filled, zapped;

static void *zap_worker(void *arg)
{
	struct timespec pause = { .tv_nsec = 100000 };
	unsigned long round;

	(void)arg;
	move_to(0);
	for (round = 1; !stopped(); round++) {
		atomic_store(&filled, round);
		*zap_page = round;
		nanosleep(&pause, NULL);
		if (madvise((void *)zap_page, 4096, MADV_DONTNEED))
			failed("madvise: %s", strerror(errno));
		atomic_store(&zapped, round);
		atomic_fetch_add(&shared->zaps, 1);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static void *zap_reader(void *arg)
{
	struct timespec pause = { .tv_nsec = 20000 };
	unsigned long round;
	uint64_t value;

	move_to((intptr_t)arg + 1);
	while (!stopped()) {
		round = atomic_load(&zapped);
		value = *zap_page;
		/* Still the same round: the page was zapped all the time. */
		if (atomic_load(&filled) != round) {
			nanosleep(&pause, NULL);
			continue;
		}
		if (value)
			failed("read %ju through a stale TLB entry",
			       (uintmax_t)value);
		atomic_fetch_add(&shared->zaps_seen, 1);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long guarded;

static void *lock_worker(void *arg)
{
	unsigned long own = 0, before;

	move_to((intptr_t)arg);
	while (!stopped()) {
		pthread_mutex_lock(&mutex);
		before = guarded;
		/* Gives the others time to break in. */
		if (!(own % 64))
			sched_yield();
		guarded = before + 1;
		pthread_mutex_unlock(&mutex);
		own++;
	}
	atomic_fetch_add(&shared->locks, own);
	return NULL;
}

static uint64_t monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* What any thread read before it announced it is behind any later reading. */
static _Atomic uint64_t latest;

static void *clock_worker(void *arg)
{
	struct timespec pause = { .tv_nsec = 200000 };
	uint64_t before, now;
	unsigned long n = 0;
	int index = (intptr_t)arg;

	move_to(index);
	while (!stopped()) {
		before = atomic_load(&latest);
		now = monotonic();
		if (now < before)
			failed("CLOCK_MONOTONIC went back by %ju ns",
			       (uintmax_t)(before - now));
		while (now > before &&
		       !atomic_compare_exchange_weak(&latest, &before, now))
			;
		/* The last of them is the one who travels. */
		if (!(++n % 64)) {
			if (index == nr_cpus)
				move_to(rand());
			nanosleep(&pause, NULL);
		}
		atomic_fetch_add(&shared->clocks, 1);
	}
	return NULL;
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret;

	if (fd < 0)
		return -1;
	ret = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;
	close(fd);
	return ret;
}

static bool in_step = true;

/* Returns the last number read. Lines: ... TIME: tracing_mark_write: vmi N */
static unsigned long read_markers(int fd, unsigned long last)
{
	static char text[65536];
	unsigned long number;
	char *line, *rest;
	ssize_t len;

	while ((len = read(fd, text, sizeof(text) - 1)) > 0) {
		text[len] = '\0';
		for (rest = text; (line = strsep(&rest, "\n"));) {
			line = strstr(line, ": vmi ");
			if (!line)
				continue;
			number = strtoul(line + 6, NULL, 10);
			if (number != last + 1 && in_step)
				failed("the scheduler clock went back: marker %lu came after %lu",
				       number, last);
			last = number;
		}
	}
	return last;
}

static bool have_markers;

static void *marker_worker(void *arg)
{
	int marker = open(INSTANCE "/trace_marker", O_WRONLY | O_CLOEXEC);
	int pipe =
		open(INSTANCE "/trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	unsigned long number = 0, last = 0;
	struct timespec pause = { .tv_nsec = 200000 };
	char text[32];
	int i;

	(void)arg;
	if (marker < 0 || pipe < 0) {
		failed("cannot use " INSTANCE);
		return NULL;
	}
	while (!stopped()) {
		for (i = 0; i < 64; i++) {
			move_to(++number);
			snprintf(text, sizeof(text), "vmi %lu\n", number);
			if (write(marker, text, strlen(text)) < 0)
				failed("trace_marker: %s", strerror(errno));
		}
		last = read_markers(pipe, last);
		if (last != number && in_step) {
			failed("of %lu markers, %lu was the last", number,
			       last);
			last = number;
		}
		atomic_fetch_add(&shared->markers, 64);
		nanosleep(&pause, NULL);
	}
	close(marker);
	close(pipe);
	return NULL;
}

/* Steal time of a CPU, from /proc/stat, only grows. */
static void *steal_worker(void *arg)
{
	static unsigned long long steal[MAX_CPUS];
	struct timespec pause = { .tv_nsec = 20000000 };
	unsigned long long now;
	char line[512];
	unsigned int cpu;
	FILE *stat;

	(void)arg;
	while (!stopped()) {
		stat = fopen("/proc/stat", "re");
		if (!stat) {
			failed("/proc/stat: %s", strerror(errno));
			break;
		}
		while (fgets(line, sizeof(line), stat)) {
			if (sscanf(line,
				   "cpu%u %*u %*u %*u %*u %*u %*u %*u %llu",
				   &cpu, &now) != 2 ||
			    cpu >= MAX_CPUS)
				continue;
			if (now < steal[cpu])
				failed("steal time of CPU %u went from %llu to %llu",
				       cpu, steal[cpu], now);
			steal[cpu] = now;
			atomic_fetch_add(&shared->steals, 1);
		}
		fclose(stat);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static pthread_t threads[8 * MAX_CPUS];
static int nr_threads;

static void start_thread(void *(*work)(void *arg), int index)
{
	if (pthread_create(&threads[nr_threads++], NULL, work,
			   (void *)(intptr_t)index))
		errx(1, "pthread_create");
}

static void stop_all(int signal)
{
	(void)signal;
	atomic_store(&shared->stop, true);
}

/*
 * Where CPUs have clocks that are not in step, the kernel knows and says so;
 * then only the order within one CPU means anything.
 */
static void prepare_markers(void)
{
	in_step = !getenv("STRESS_CLOCKS_DIFFER");
	if (access("/sys/kernel/tracing/instances", W_OK))
		return;
	rmdir(INSTANCE);
	if (mkdir(INSTANCE, 0755))
		return;
	if (write_file(INSTANCE "/trace_clock", "local"))
		failed("no trace clock: %s", strerror(errno));
	have_markers = true;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = stop_all };
	pid_t forkers[MAX_CPUS], pipers[MAX_CPUS];
	int i;

	if (argc == 2 && !strcmp(argv[1], "exec"))
		return EXEC_CODE;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	zap_page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || zap_page == MAP_FAILED)
		err(1, "mmap");
	find_cpus();
	prepare_markers();

	/* Whoever switches meanwhile should have to wait for locks only. */
	if (nice(10) < 0)
		err(1, "nice");

	/* Before there are threads. */
	start_processes(fork_worker, forkers);
	start_processes(pipe_worker, pipers);

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	if (argc == 2)
		alarm(atoi(argv[1]));

	start_thread(zap_worker, 0);
	start_thread(steal_worker, 0);
	if (have_markers)
		start_thread(marker_worker, 0);
	for (i = 0; i < nr_cpus; i++) {
		start_thread(mmap_worker, i);
		start_thread(lock_worker, i);
		start_thread(zap_reader, i);
		start_thread(clock_worker, i);
	}
	start_thread(clock_worker, nr_cpus);

	for (i = 0; i < nr_threads; i++)
		pthread_join(threads[i], NULL);
	reap(forkers);
	reap(pipers);
	if (have_markers && rmdir(INSTANCE))
		failed("rmdir " INSTANCE ": %s", strerror(errno));

	if (guarded != atomic_load(&shared->locks))
		failed("%lu increments under the mutex became %lu",
		       atomic_load(&shared->locks), guarded);

	printf("cpus %d\nexecs %lu\nmmaps %lu\nzaps %lu\nzaps_seen %lu\n"
	       "locks %lu\npipes %lu\nclocks %lu\nmarkers %lu\nsteals %lu\n",
	       nr_cpus, shared->execs, shared->mmaps, shared->zaps,
	       shared->zaps_seen, shared->locks, shared->pipes, shared->clocks,
	       shared->markers, shared->steals);
	return shared->failures ? 1 : 0;
}
