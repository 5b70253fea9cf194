// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work that uses every op from user space, and checks its own results
 *
 * stress [SECONDS]	work for so long, or until SIGTERM
 * stress steal		no work: only watch steal time, until SIGTERM
 *
 * Each CPU has workers that fork and exec, map and unmap memory, contend for a mutex,
 * use a pipe and read clocks. Nothing may be lost, and no clock may go backwards or at
 * another rate than the others. Prints a line "NAME COUNT" for each kind of work; exits
 * with 1 and a sentence for each check that failed.
 *
 * The scheduler clock has no system call, but the trace buffer stamps its entries with it
 * (trace_clock "local" is sched_clock()). One thread that moves from CPU to CPU writes
 * numbered markers and reads them back: the buffers of all CPUs are merged by time, so a
 * CPU whose clock is behind shows as numbers in the wrong order. The time of each marker
 * is between two readings of another clock, which bounds its rate and its steps. Within
 * one CPU the trace buffer itself checks the clock at each entry, and logs "Ring buffer
 * clock went backwards".
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "util.h"

#define INSTANCE "/sys/kernel/tracing/instances/vmi-stress"
#define STEAL_CLOCK "/sys/kernel/debug/vmi_steal_clock"
#define EXEC_CODE 37

/* All processes share this memory. */
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
	atomic_ulong steps_us;
} * shared;

static void __attribute__((format(printf, 1, 2))) failed(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	/* The first few say it all. */
	if (atomic_fetch_add(&shared->failures, 1) < 10)
		vwarnx(fmt, args);
	va_end(args);
}

static bool stopped(void)
{
	return atomic_load(&shared->stop);
}

/* The child proves that it got its memory and its arguments. */
static void fork_worker(int index)
{
	unsigned char *data = malloc(4096);
	int status;
	pid_t pid;

	move_to(index);
	memset(data, index + 1, 4096);
	while (!stopped()) {
		pid = must(fork(), "fork");
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

	must(pipe(there), "pipe");
	must(pipe(back), "pipe");
	pid = must(fork(), "fork");
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

static void start_processes(void (*work)(int index))
{
	int i;

	for (i = 0; i < nr_cpus; i++) {
		if (!must(fork(), "fork")) {
			work(i);
			_exit(0);
		}
	}
}

/* Each CPU has workers of two kinds that are processes. */
static void reap_processes(void)
{
	int i, status;

	for (i = 0; i < 2 * nr_cpus; i++) {
		if (wait(&status) < 0 || status)
			failed("a worker ended with 0x%x", status);
	}
}

/* All threads share one mm, so each munmap has to reach the other CPUs. */
static void *mmap_worker(void *arg)
{
	const size_t pages = 16, size = pages * PAGE;
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
			*(uint64_t *)(area + i * PAGE) = round + i + index;
		for (i = 0; i < pages; i++) {
			if (*(uint64_t *)(area + i * PAGE) != round + i + index)
				failed("a page changed by itself");
		}
		if (munmap(area, size))
			failed("munmap: %s", strerror(errno));
		atomic_fetch_add(&shared->mmaps, 1);
	}
	return NULL;
}

/*
 * One thread fills a page and zaps it again. Between the announcements "zapped" and
 * "filled", other threads have to read zeros: anything else was read through a TLB entry
 * that should have been flushed.
 */
static _Alignas(PAGE) volatile uint64_t zap_page[PAGE / sizeof(uint64_t)];
static atomic_ulong filled, zapped;

static void *zap_worker(void *arg)
{
	unsigned long round;

	move_to(0);
	for (round = 1; !stopped(); round++) {
		atomic_store(&filled, round);
		*zap_page = round;
		usleep(100);
		if (madvise((void *)zap_page, PAGE, MADV_DONTNEED))
			failed("madvise: %s", strerror(errno));
		atomic_store(&zapped, round);
		atomic_fetch_add(&shared->zaps, 1);
		usleep(100);
	}
	return NULL;
}

static void *zap_reader(void *arg)
{
	unsigned long round;
	uint64_t value;

	move_to((intptr_t)arg + 1);
	while (!stopped()) {
		round = atomic_load(&zapped);
		value = *zap_page;
		/* Still the same round: the page was zapped all the time. */
		if (atomic_load(&filled) != round) {
			usleep(20);
			continue;
		}
		if (value)
			failed("read %ju through a stale TLB entry",
			       (uintmax_t)value);
		atomic_fetch_add(&shared->zaps_seen, 1);
		usleep(20);
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

#define SECOND 1000000000LL
#define MILLISECOND 1000000LL
#define MICROSECOND 1000LL

/* Read a clock, in nanoseconds. */
static int64_t read_clock(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

/*
 * Return by how much the growth of a clock is below or above the bounds that another clock
 * gives: negative, positive or 0. Their rates may differ by 1 %, as much as the kernel
 * allows between two calibrations of the TSC.
 */
static int64_t outside(int64_t growth, int64_t least, int64_t most)
{
	least -= least / 100;
	most += most / 100;
	if (growth < least)
		return growth - least;
	return growth > most ? growth - most : 0;
}

/* The latest time that a thread announced; no later reading may be before it. */
static _Atomic int64_t latest;

static void *clock_worker(void *arg)
{
	int64_t before, now;
	unsigned long n = 0;
	int index = (intptr_t)arg;

	move_to(index);
	while (!stopped()) {
		before = atomic_load(&latest);
		now = read_clock(CLOCK_MONOTONIC);
		if (now < before)
			failed("CLOCK_MONOTONIC went back by %jd ns",
			       (intmax_t)(before - now));
		while (now > before &&
		       !atomic_compare_exchange_weak(&latest, &before, now))
			;
		/* The last clock worker moves between CPUs. */
		if (!(++n % 64)) {
			if (index == nr_cpus)
				move_to(rand());
			usleep(200);
		}
		atomic_fetch_add(&shared->clocks, 1);
	}
	return NULL;
}

/* Markers that are written before they are read. */
#define BATCH 64

/*
 * CLOCK_MONOTONIC_RAW before and after a marker was written, how long the machine had
 * slept by then, and the marker's time by the scheduler clock. If the host preempts the
 * CPU between two readings, the bounds become weaker, not wrong.
 */
static struct bracket {
	int64_t before, after, slept, time;
	bool torn;
} written[BATCH];

static int64_t slept(void)
{
	return read_clock(CLOCK_BOOTTIME) - read_clock(CLOCK_MONOTONIC);
}

/* Ignore the moment between the two readings in slept(). */
static bool has_slept(int64_t from, int64_t to)
{
	return llabs(to - from) > SECOND / 2;
}

static void write_marker(int fd, unsigned long number)
{
	struct bracket *bracket = &written[number % BATCH];
	int64_t slept_before = slept();
	char text[32];

	snprintf(text, sizeof(text), "vmi %lu\n", number);
	bracket->before = read_clock(CLOCK_MONOTONIC_RAW);
	if (write(fd, text, strlen(text)) < 0)
		failed("trace_marker: %s", strerror(errno));
	bracket->after = read_clock(CLOCK_MONOTONIC_RAW);
	bracket->slept = slept();
	bracket->torn = has_slept(slept_before, bracket->slept);
}

/*
 * A switch reads the new clock and then the old one, and its step is the time in
 * between. If the host preempts the CPU there, steps can add up to milliseconds.
 */
#define MAX_STEPS (250 * MILLISECOND)

/* Return the error of the scheduler clock since an earlier marker. */
static int64_t error_since(const struct bracket *then,
			   const struct bracket *now)
{
	/* A marker's time is rounded to microseconds. */
	return outside(now->time - then->time,
		       now->before - then->after - MICROSECOND,
		       now->after - then->before + MICROSECOND);
}

/*
 * Find steps between two markers that follow each other, and a wrong rate since the first
 * one. Start again after a sleep, which not all clocks count.
 */
static void check_sched_clock(const struct bracket *now)
{
	static struct bracket first, last;
	static int64_t steps;
	static bool begun;
	int64_t error;

	if (now->torn || !begun || has_slept(last.slept, now->slept)) {
		begun = !now->torn;
		first = *now;
	} else {
		error = error_since(&last, now);
		steps += llabs(error);
		if (error && steps > MAX_STEPS)
			failed("the scheduler clock made a step of %jd us, and %jd us in all",
			       (intmax_t)(error / MICROSECOND),
			       (intmax_t)(steps / MICROSECOND));
		atomic_store(&shared->steps_us, steps / MICROSECOND);
		if (llabs(error_since(&first, now)) > MAX_STEPS)
			failed("the scheduler clock counted %jd us, and CLOCK_MONOTONIC_RAW %jd us",
			       (intmax_t)((now->time - first.time) /
					  MICROSECOND),
			       (intmax_t)((now->before - first.before) /
					  MICROSECOND));
	}
	last = *now;
}

/*
 * Returns the last number read. A line is
 * "stress-PID [CPU] FLAGS SECONDS.MICROSECONDS: tracing_mark_write: vmi NUMBER".
 */
static unsigned long read_markers(FILE *pipe, unsigned long last)
{
	long long seconds, microseconds;
	struct bracket *bracket;
	unsigned long number;
	char line[256];

	while (fgets(line, sizeof(line), pipe)) {
		if (sscanf(line,
			   "%*s [%*d] %*s %lld.%lld: tracing_mark_write: vmi %lu",
			   &seconds, &microseconds, &number) != 3)
			continue;
		bracket = &written[number % BATCH];
		bracket->time = seconds * SECOND + microseconds * MICROSECOND;
		if (number == last + 1)
			check_sched_clock(bracket);
		else
			failed("the scheduler clock went back: marker %lu came after %lu",
			       number, last);
		last = number;
	}
	/* There is nothing more to read now. */
	clearerr(pipe);
	return last;
}

static void *marker_worker(void *arg)
{
	int marker = open(INSTANCE "/trace_marker", O_WRONLY | O_CLOEXEC);
	FILE *pipe = fdopen(open(INSTANCE "/trace_pipe",
				 O_RDONLY | O_NONBLOCK | O_CLOEXEC),
			    "r");
	unsigned long number = 0, last = 0;
	int i;

	if (marker < 0 || !pipe) {
		failed("cannot use " INSTANCE);
		return NULL;
	}
	while (!stopped()) {
		for (i = 0; i < BATCH; i++) {
			move_to(++number);
			write_marker(marker, number);
		}
		last = read_markers(pipe, last);
		if (last != number) {
			failed("of %lu markers, %lu was the last", number,
			       last);
			last = number;
		}
		atomic_fetch_add(&shared->markers, BATCH);
		usleep(200);
	}
	close(marker);
	fclose(pipe);
	return NULL;
}

/* The last value of a CPU's steal time, and a time before it took that value: at first, the boot. */
static struct steal {
	int64_t value, since, read;
	bool seen;
} steals[CPU_SETSIZE];

/*
 * The host adds the time that a CPU waited when that CPU runs again. So the value grows by
 * no more than the time since it grew before, which was after the reading before that.
 */
static void check_steal(int cpu, int64_t value, int64_t before, int64_t after)
{
	struct steal *steal = &steals[cpu];

	if (!steal->seen || value == steal->value) {
		steal->value = value;
		steal->seen = true;
		steal->read = before;
		return;
	}
	if (value < steal->value)
		failed("steal time of CPU %d went from %jd to %jd ns", cpu,
		       (intmax_t)steal->value, (intmax_t)value);
	else if (outside(value - steal->value, 0, after - steal->since))
		failed("steal time of CPU %d grew by %jd ns in %jd ns", cpu,
		       (intmax_t)(value - steal->value),
		       (intmax_t)(after - steal->since));
	steal->value = value;
	steal->since = steal->read;
	steal->read = before;
}

/*
 * The op's own values, from the module vmi_clocks. /proc/stat would not do: the kernel
 * never adds more than the time that passed, whatever the op says.
 */
static void *steal_worker(void *arg)
{
	long long before, value, after;
	FILE *file;
	int cpu;

	while (!stopped()) {
		file = fopen(STEAL_CLOCK, "re");
		if (!file) {
			failed(STEAL_CLOCK ": %s", strerror(errno));
			break;
		}
		while (fscanf(file, "%d %lld %lld %lld", &cpu, &before, &value,
			      &after) == 4) {
			if (cpu < CPU_SETSIZE)
				check_steal(cpu, value, before, after);
			atomic_fetch_add(&shared->steals, 1);
		}
		fclose(file);
		usleep(5000);
	}
	return NULL;
}

static pthread_t threads[4 * CPU_SETSIZE + 4];
static int nr_threads;

static void start(void *(*work)(void *arg), int index)
{
	threads[nr_threads++] = start_thread(work, index);
}

static void stop_all(int signal)
{
	atomic_store(&shared->stop, true);
}

static bool prepare_markers(void)
{
	FILE *file;

	rmdir(INSTANCE);
	if (mkdir(INSTANCE, 0755))
		return false;
	file = fopen(INSTANCE "/trace_clock", "we");
	if (!file || fputs("local", file) < 0 || fclose(file))
		failed("no trace clock: %s", strerror(errno));
	return true;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = stop_all };
	const char *what = argc == 2 ? argv[1] : "";
	bool have_markers;
	int i;

	if (!strcmp(what, "exec"))
		return EXEC_CODE;

	shared = map(sizeof(*shared), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	if (!strcmp(what, "steal")) {
		steal_worker(NULL);
		printf("steals %lu\n", shared->steals);
		return shared->failures ? 1 : 0;
	}
	find_cpus();
	have_markers = prepare_markers();

	/* A process that switches meanwhile should only have to wait for locks. */
	must(nice(10), "nice");

	/* Before there are threads. */
	start_processes(fork_worker);
	start_processes(pipe_worker);

	if (*what)
		alarm(atoi(what));

	start(zap_worker, 0);
	if (!access(STEAL_CLOCK, R_OK))
		start(steal_worker, 0);
	if (have_markers)
		start(marker_worker, 0);
	for (i = 0; i < nr_cpus; i++) {
		start(mmap_worker, i);
		start(lock_worker, i);
		start(zap_reader, i);
		start(clock_worker, i);
	}
	start(clock_worker, nr_cpus);

	for (i = 0; i < nr_threads; i++)
		pthread_join(threads[i], NULL);
	reap_processes();
	if (have_markers && rmdir(INSTANCE))
		failed("rmdir " INSTANCE ": %s", strerror(errno));

	if (guarded != atomic_load(&shared->locks))
		failed("%lu increments under the mutex became %lu",
		       atomic_load(&shared->locks), guarded);

	printf("cpus %d\nexecs %lu\nmmaps %lu\nzaps %lu\nzaps_seen %lu\n"
	       "locks %lu\npipes %lu\nclocks %lu\nmarkers %lu\nsteals %lu\n"
	       "steps_us %lu\n",
	       nr_cpus, shared->execs, shared->mmaps, shared->zaps,
	       shared->zaps_seen, shared->locks, shared->pipes, shared->clocks,
	       shared->markers, shared->steals, shared->steps_us);
	return shared->failures ? 1 : 0;
}
