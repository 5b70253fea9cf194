// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions per operation
 *
 * For a machine whose time stamp counter counts instructions: the scenario icount, with
 * QEMU's -icount shift=0. host/icount compares the numbers with those of another kernel.
 *
 * usage: icount     the rows in $ICOUNT_ROWS, separated by commas, or all of them
 *        icount command PROGRAM [ARGUMENT...]
 *
 * Print a line for each row and process: "icount ROW OPERATIONS INSTRUCTIONS". For a
 * command, which prints to /dev/null, print the instructions from the fork to its end.
 */

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <ucontext.h>

#include "../util.h"

#define DIR "/tmp/icount"
#define FILE_NAME DIR "/file"

/* Rows that execute a program execute this one. */
static char self[PATH_MAX];

static void finish(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0), "waitpid");
	if (status)
		errx(1, "a process failed");
}

static void run(char **args)
{
	pid_t pid = must(fork(), "fork");

	if (!pid)
		must(execv(args[0], args), args[0]);
	finish(pid);
}

static void *map_pages(size_t pages, int flags)
{
	return map(pages * PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags,
		   -1);
}

static void touch(volatile char *pages, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		pages[i * PAGE] = 1;
}

static int open_file(const char *name, int flags)
{
	return must(open(name, flags, 0600), name);
}

/* An operation that is one call, which must not fail. */
#define CALL(operation, call)           \
	static void operation(void)     \
	{                               \
		must(call, #operation); \
	}

/* System calls and nothing else */

static struct stat st;
static sigset_t set;

CALL(null_syscall, syscall(SYS_getppid))
CALL(stat_file, stat(FILE_NAME, &st))
CALL(open_close, close(open_file(FILE_NAME, O_RDONLY)))
/* The call takes and releases a spinlock, and copies eight bytes. */
CALL(spinlock_pair, syscall(SYS_rt_sigpending, &set, 8))
CALL(yield, syscall(SYS_sched_yield))

/* Signals and faults */

static void on_signal(int sig)
{
}

static const struct sigaction install = { .sa_handler = on_signal };

CALL(signal_install, sigaction(SIGUSR1, &install, NULL))
CALL(signal_deliver, syscall(SYS_kill, getpid(), SIGUSR1))

static char *memory;
static char writable;

/* The store that failed is repeated, with another address. */
static void on_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	uc->uc_mcontext.gregs[REG_RAX] = (greg_t)&writable;
}

static void map_read_only(void)
{
	struct sigaction action = { .sa_sigaction = on_fault,
				    .sa_flags = SA_SIGINFO };

	memory = map_pages(1, MAP_PRIVATE | MAP_POPULATE);
	must(mprotect(memory, PAGE, PROT_READ), "mprotect");
	must(sigaction(SIGSEGV, &action, NULL), "sigaction");
}

static void protection_fault(void)
{
	char *address = memory;

	asm volatile("movb $1, (%0)" : "+a"(address) : : "memory");
}

/*
 * The pages of a file are in memory and only have to be mapped. A fault for writing maps
 * one page; a fault for reading would map its neighbours as well.
 */
#define FAULT_PAGES 256

static size_t next_page;

static void map_file(void)
{
	int fd = open_file(FILE_NAME, O_RDWR);

	must(ftruncate(fd, FAULT_PAGES * PAGE), "ftruncate");
	memory =
		map(FAULT_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	close(fd);
	touch(memory, FAULT_PAGES);
}

static void unmap_pages(void)
{
	must(madvise(memory, FAULT_PAGES * PAGE, MADV_DONTNEED), "madvise");
	next_page = 0;
}

static void page_fault(void)
{
	touch(memory + PAGE * next_page++, 1);
}

/* Address space */

#define FEW_PAGES 16
#define MANY_PAGES 2000
#define MANY_LEN (MANY_PAGES * PAGE)

static void mmap_touch_munmap(void)
{
	char *few = map_pages(FEW_PAGES, MAP_PRIVATE);

	touch(few, FEW_PAGES);
	must(munmap(few, FEW_PAGES * PAGE), "munmap");
}

static void map_many(void)
{
	memory = map_pages(MANY_PAGES, MAP_PRIVATE | MAP_POPULATE);
}

CALL(protect_many, mprotect(memory, MANY_LEN, PROT_READ) ?:
			   mprotect(memory, MANY_LEN, PROT_READ | PROT_WRITE))
CALL(unmap_many, munmap(memory, MANY_LEN))

/* Other processes that take part, until the one that measures ends them */

#define MAX_RING 16

static pid_t partners[MAX_RING];
static int nr_partners;

static void start_partner(void (*func)(int), int arg)
{
	pid_t pid = must(fork(), "fork");

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			func(arg);
	}
	partners[nr_partners++] = pid;
}

static void end_partners(void)
{
	while (nr_partners--) {
		kill(partners[nr_partners], SIGKILL);
		waitpid(partners[nr_partners], NULL, 0);
	}
}

/*
 * Pipes pass a token around in a ring of processes. Each of the loops is a pipe from a
 * process to itself.
 */
static int ring[MAX_RING][2], loops[MAX_RING][2];
static int ring_len;

static void put_token(int *ends)
{
	char token = 0;

	must(write(ends[1], &token, 1), "write");
}

static void take_token(int *ends)
{
	char token;

	must(read(ends[0], &token, 1), "read");
}

static void pass_token(int at)
{
	take_token(ring[at]);
	put_token(ring[(at + 1) % ring_len]);
}

static void start_ring(int len)
{
	int i;

	ring_len = len;
	for (i = 0; i < len; i++)
		must(pipe(ring[i]), "pipe");
	for (i = 1; i < len; i++)
		start_partner(pass_token, i);
}

static void ring_round(void)
{
	put_token(ring[1 % ring_len]);
	take_token(ring[0]);
}

static void loop_round(void)
{
	int i;

	for (i = 0; i < ring_len; i++) {
		if (!loops[i][1])
			must(pipe(loops[i]), "pipe");
		put_token(loops[i]);
		take_token(loops[i]);
	}
}

/* Two processes take turns, and wake each other. */
static unsigned int *turn;

static void futex(int op, unsigned int value)
{
	syscall(SYS_futex, turn, op, value, NULL, NULL, 0);
}

static void wake_waiter(void)
{
	futex(FUTEX_WAKE, 1);
}

static void hand_to(unsigned int who)
{
	__atomic_store_n(turn, who, __ATOMIC_SEQ_CST);
	wake_waiter();
}

static void wait_for(unsigned int who)
{
	unsigned int now;

	while ((now = __atomic_load_n(turn, __ATOMIC_SEQ_CST)) != who)
		futex(FUTEX_WAIT, now);
}

static void take_turn(int me)
{
	wait_for(me);
	hand_to(!me);
}

static void map_turn(void)
{
	turn = map_pages(1, MAP_SHARED);
}

static void start_taking_turns(void)
{
	map_turn();
	start_partner(take_turn, 1);
}

static void hand_off(void)
{
	hand_to(1);
	wait_for(0);
}

/* Processes */

static void fork_exit(void)
{
	pid_t pid = must(fork(), "fork");

	if (!pid)
		_exit(0);
	finish(pid);
}

static void fork_exec(void)
{
	run((char *[]){ self, "exit", NULL });
}

static void shell(void)
{
	static char command[sizeof(self) + 8];

	snprintf(command, sizeof(command), "%s exit", self);
	run((char *[]){ "/bin/sh", "-c", command, NULL });
}

/*
 * Each process starts a ring of that length and calls setup. A batch calls prepare, and then
 * counts that many calls of run; each call is that many operations. Subtract the count of
 * overhead, the part of run that is no operation. If run is NULL, init has measured the row.
 */
static const struct row {
	const char *name;
	void (*run)(void);
	unsigned int operations, rounds, batches;
	void (*setup)(void), (*prepare)(void);
	int ring;
	void (*overhead)(void);
} rows[] = {
	{ "boot" },
	{ "null-syscall", null_syscall, 1, 1000, 20 },
	{ "stat", stat_file, 1, 100, 20 },
	{ "open-close", open_close, 1, 100, 20 },
	{ "spinlock-pair", spinlock_pair, 1, 1000, 20 },
	{ "sched-yield", yield, 1, 200, 20 },
	{ "signal-install", signal_install, 1, 500, 20 },
	{ "signal-deliver", signal_deliver, 1, 100, 20, signal_install },
	{ "protection-fault", protection_fault, 1, 100, 20, map_read_only },
	{ "page-fault", page_fault, 1, FAULT_PAGES, 20, map_file, unmap_pages },
	{ "mmap-touch-munmap", mmap_touch_munmap, 1, 1, 100 },
	{ "mprotect-2000", protect_many, 2, 1, 20, map_many },
	{ "munmap-2000", unmap_many, 1, 1, 12, .prepare = map_many },
	{ "futex-wake-nobody", wake_waiter, 1, 500, 20, map_turn },
	{ "futex-hand-off", hand_off, 2, 50, 60, start_taking_turns },
	{ "pipe-self", ring_round, 1, 100, 20, .ring = 1 },
	{ "pipe-round-trip", ring_round, 1, 50, 60, .ring = 2 },
	{ "switch-2", ring_round, 2, 50, 60, NULL, NULL, 2, loop_round },
	{ "switch-16", ring_round, 16, 5, 60, NULL, NULL, 16, loop_round },
	{ "fork-exit", fork_exit, 1, 1, 200 },
	{ "fork-exec", fork_exec, 1, 1, 100 },
	{ "sh-c", shell, 1, 1, 50 },
	{}
};

static const struct row *find_row(const char *name)
{
	const struct row *row;

	for (row = rows; row->name; row++)
		if (!strcmp(row->name, name))
			return row;
	errx(2, "there is no row '%s'", name);
}

static int compare(const void *a, const void *b)
{
	const unsigned long long *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/*
 * Return the first quartile of many batches. Some have a timer interrupt, one in 4,000,000
 * instructions, or caches of the kernel fill and drain, which depends on the free memory
 * and so on the kernel. A few have less to do than usual. A batch has to be long against
 * reading the counter, and short enough for most to have none of that. The first batch is
 * for what happens once.
 */
static unsigned long long count(const struct row *row, void (*run)(void))
{
	unsigned long long counts[row->batches + 1], before;
	unsigned int batch, i;

	for (batch = 0; batch <= row->batches; batch++) {
		if (row->prepare)
			row->prepare();
		before = __builtin_ia32_rdtsc();
		for (i = 0; i < row->rounds; i++)
			run();
		counts[batch] = __builtin_ia32_rdtsc() - before;
	}
	qsort(counts + 1, row->batches, sizeof(*counts), compare);
	return counts[1 + row->batches / 4];
}

static void measure(const struct row *row)
{
	unsigned long long cost;

	if (row->ring)
		start_ring(row->ring);
	if (row->setup)
		row->setup();
	cost = count(row, row->run);
	if (row->overhead)
		cost -= count(row, row->overhead);
	end_partners();
	printf("icount %s %u %llu\n", row->name, row->operations * row->rounds,
	       cost);
}

/*
 * Depending on the memory that a process was given, its forks take 150 or 300 instructions
 * more, of 180,000, and any difference between two kernels gives their processes other
 * memory. So several processes measure each row, one after the other. Print the results
 * when all have ended, as a busy console would change them.
 */
#define PROCESSES 8

static void measure_in_processes(const struct row *row, const char *boot)
{
	int i;

	for (i = 0; row->run && i < PROCESSES; i++)
		run((char *[]){ self, "measure", (char *)row->name, NULL });
	if (!row->run && boot)
		dprintf(STDOUT_FILENO, "icount %s 1 %s\n", row->name, boot);
}

static void measure_all(void)
{
	char *list = getenv("ICOUNT_ROWS"), *boot = getenv("TSC_AT_INIT");
	int out = must(dup(STDOUT_FILENO), "dup"), results;
	struct sched_param param = { 0 };
	static char text[4 * PAGE];
	const struct row *row;
	ssize_t len;

	/* With this policy, a process that is woken never takes the CPU at once. */
	must(sched_setscheduler(0, SCHED_BATCH, &param), "scheduler");
	/* The stack of a program is as long as its environment. */
	clearenv();
	mkdir(DIR, 0700);
	close(open_file(FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC));
	results = open_file(DIR, O_RDWR | O_TMPFILE);
	must(dup2(results, STDOUT_FILENO), "dup2");
	for (row = rows; !list && row->name; row++)
		measure_in_processes(row, boot);
	while (list)
		measure_in_processes(find_row(strsep(&list, ",")), boot);
	len = must(pread(results, text, sizeof(text), 0), "pread");
	if (write(out, text, len) != len)
		err(1, "write");
}

static char **command;

static void run_command(void)
{
	run(command);
}

static void measure_command(char **args)
{
	static const struct row row = { NULL, run_command, 1, 1, 50 };
	int out = must(dup(STDOUT_FILENO), "dup");

	must(dup2(open_file("/dev/null", O_WRONLY), STDOUT_FILENO), "dup2");
	clearenv();
	command = args;
	dprintf(out, "%llu\n", count(&row, run_command));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	must(readlink("/proc/self/exe", self, sizeof(self) - 1), "readlink");
	if (!strcmp(what, "measure") && argc > 2)
		measure(find_row(argv[2]));
	else if (!strcmp(what, "command") && argc > 2)
		measure_command(argv + 2);
	else if (strcmp(what, "exit"))
		measure_all();
	return 0;
}
