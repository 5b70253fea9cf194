// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions per operation
 *
 * For a machine whose time stamp counter counts instructions: the scenario icount,
 * with QEMU's -icount shift=0. Elsewhere the numbers mean nothing. What they have to
 * be is decided by those who have the numbers of another kernel as well.
 *
 * usage: icount     the rows in $ICOUNT_ROWS, separated by commas, or all of them
 *        icount command PROGRAM [ARGUMENT...]
 *
 * A line for each row and process: "icount ROW OPERATIONS INSTRUCTIONS". Of a command,
 * which is started again and again with nowhere to print to, only the instructions from
 * the fork to its end.
 */

#define _GNU_SOURCE

#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define DIR "/tmp/icount"
#define FILE_NAME DIR "/file"
#define PAGE 4096UL

/* This program, for those rows that execute one. */
static char self[PATH_MAX];

static pid_t start(char **args)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		execv(args[0], args);
		err(1, "exec");
	}
	return pid;
}

static void finish(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		err(1, "waitpid");
	if (status)
		errx(1, "a process failed");
}

static void *map(size_t pages, int flags)
{
	void *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (memory == MAP_FAILED)
		err(1, "mmap");
	return memory;
}

static void touch(volatile char *memory, size_t pages)
{
	size_t i;

	for (i = 0; i < pages; i++)
		memory[i * PAGE] = 1;
}

static int open_file(const char *name, int flags)
{
	int fd = open(name, flags, 0600);

	if (fd < 0)
		err(1, "%s", name);
	return fd;
}

/* System calls and nothing else */

static void null_syscall(void)
{
	syscall(SYS_getppid);
}

static void stat_file(void)
{
	struct stat st;

	if (stat(FILE_NAME, &st))
		err(1, "stat");
}

static void open_close(void)
{
	close(open_file(FILE_NAME, O_RDONLY));
}

/* Takes and releases a spinlock, copies eight bytes, and is otherwise empty. */
static void spinlock_pair(void)
{
	sigset_t set;

	if (syscall(SYS_rt_sigpending, &set, 8))
		err(1, "sigpending");
}

static void yield(void)
{
	syscall(SYS_sched_yield);
}

/* Signals and faults */

static void on_signal(int sig)
{
	(void)sig;
}

static void signal_install(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	if (sigaction(SIGUSR1, &action, NULL))
		err(1, "sigaction");
}

static void signal_deliver(void)
{
	if (syscall(SYS_kill, getpid(), SIGUSR1))
		err(1, "kill");
}

static char *memory;
static char writable;

/* The store that failed is repeated, with another address. */
static void on_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)info;
	uc->uc_mcontext.gregs[REG_RAX] = (greg_t)&writable;
}

static void protection_fault_setup(void)
{
	struct sigaction action = { .sa_sigaction = on_fault,
				    .sa_flags = SA_SIGINFO };

	memory = map(1, MAP_POPULATE);
	if (mprotect(memory, PAGE, PROT_READ) ||
	    sigaction(SIGSEGV, &action, NULL))
		err(1, "protection fault");
}

static void protection_fault(void)
{
	char *address = memory;

	asm volatile("movb $1, (%0)" : "+a"(address) : : "memory");
}

/*
 * Memory of a file: its pages are there and only have to be mapped. A fault for
 * writing maps one page, where one for reading maps its neighbours as well.
 */
#define FAULT_PAGES 256

static size_t next_page;

static void page_fault_setup(void)
{
	int fd = open_file(FILE_NAME, O_RDWR);

	if (ftruncate(fd, FAULT_PAGES * PAGE))
		err(1, "ftruncate");
	memory = mmap(NULL, FAULT_PAGES * PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		err(1, "mmap");
	close(fd);
	touch(memory, FAULT_PAGES);
}

static void page_fault_prepare(void)
{
	if (madvise(memory, FAULT_PAGES * PAGE, MADV_DONTNEED))
		err(1, "madvise");
	next_page = 0;
}

static void page_fault(void)
{
	touch(memory + PAGE * next_page++, 1);
}

/* Address space */

#define FEW_PAGES 16
#define MANY_PAGES 2000

static void mmap_touch_munmap(void)
{
	char *few = map(FEW_PAGES, 0);

	touch(few, FEW_PAGES);
	if (munmap(few, FEW_PAGES * PAGE))
		err(1, "munmap");
}

static void map_many(void)
{
	memory = map(MANY_PAGES, MAP_POPULATE);
}

static void mprotect_many(void)
{
	if (mprotect(memory, MANY_PAGES * PAGE, PROT_READ) ||
	    mprotect(memory, MANY_PAGES * PAGE, PROT_READ | PROT_WRITE))
		err(1, "mprotect");
}

static void munmap_many(void)
{
	if (munmap(memory, MANY_PAGES * PAGE))
		err(1, "munmap");
}

/* Other processes that take part, until the one that measures ends them */

#define MAX_RING 16

static pid_t partners[MAX_RING];
static int nr_partners;

static void start_partner(void (*func)(int), int arg)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
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

/* A token goes around in a ring of processes, with a pipe before each of them. */
static int ring[MAX_RING][2];
static int ring_len;

static void ring_send(int to)
{
	char token = 0;

	if (write(ring[to][1], &token, 1) != 1)
		err(1, "write");
}

static void ring_receive(int at)
{
	char token;

	if (read(ring[at][0], &token, 1) != 1)
		err(1, "read");
}

static void ring_pass(int at)
{
	ring_receive(at);
	ring_send((at + 1) % ring_len);
}

static void ring_setup(int len)
{
	int i;

	ring_len = len;
	for (i = 0; i < len; i++) {
		if (pipe(ring[i]))
			err(1, "pipe");
	}
	for (i = 1; i < len; i++)
		start_partner(ring_pass, i);
}

static void ring1_setup(void)
{
	ring_setup(1);
}

static void ring2_setup(void)
{
	ring_setup(2);
}

static void ring16_setup(void)
{
	ring_setup(16);
}

static void ring_round(void)
{
	ring_send(1 % ring_len);
	ring_receive(0);
}

/* The same through pipes of which one process has both ends. */
static int loops[MAX_RING][2];

static void ring_overhead(void)
{
	char token = 0;
	int i;

	for (i = 0; i < ring_len; i++) {
		if (!loops[i][1] && pipe(loops[i]))
			err(1, "pipe");
		if (write(loops[i][1], &token, 1) != 1 ||
		    read(loops[i][0], &token, 1) != 1)
			err(1, "pipe");
	}
}

/* Two processes have their turns, and tell each other. */
static unsigned int *turn;

static void futex(int op, unsigned int value)
{
	syscall(SYS_futex, turn, op, value, NULL, NULL, 0);
}

static void hand_to(unsigned int who)
{
	__atomic_store_n(turn, who, __ATOMIC_SEQ_CST);
	futex(FUTEX_WAKE, 1);
}

static void wait_for(unsigned int who)
{
	unsigned int now;

	while ((now = __atomic_load_n(turn, __ATOMIC_SEQ_CST)) != who)
		futex(FUTEX_WAIT, now);
}

static void futex_partner(int me)
{
	wait_for(me);
	hand_to(!me);
}

static void futex_setup(void)
{
	turn = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (turn == MAP_FAILED)
		err(1, "mmap");
}

static void futex_hand_off_setup(void)
{
	futex_setup();
	start_partner(futex_partner, 1);
}

static void futex_hand_off(void)
{
	hand_to(1);
	wait_for(0);
}

static void futex_wake_nobody(void)
{
	futex(FUTEX_WAKE, 1);
}

/* Processes */

static void fork_exit(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid)
		_exit(0);
	finish(pid);
}

static void fork_exec(void)
{
	char *args[] = { self, "exit", NULL };

	finish(start(args));
}

static void shell(void)
{
	static char command[sizeof(self) + 8];
	char *args[] = { "/bin/sh", "-c", command, NULL };

	snprintf(command, sizeof(command), "%s exit", self);
	finish(start(args));
}

/*
 * What a build does: look at files, start a compiler that reads source and headers and
 * needs memory, which starts an assembler that writes what comes through a pipe.
 */
#define TEXT_LEN (4 * PAGE)
#define NR_HEADERS 8
#define ARENA_PAGES 32

static char text[TEXT_LEN];

static size_t read_all(int fd)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, text + len, sizeof(text) - len)) > 0)
		len += n;
	if (n < 0)
		err(1, "read");
	return len;
}

static void write_all(int fd, size_t len)
{
	if (write(fd, text, len) != (ssize_t)len)
		err(1, "write");
}

static void assemble(void)
{
	int fd = open_file(DIR "/object", O_WRONLY | O_CREAT | O_TRUNC);

	write_all(fd, read_all(STDIN_FILENO));
	close(fd);
}

static void compile(void)
{
	char *args[] = { self, "assemble", NULL };
	char *arena = map(ARENA_PAGES, 0), name[32];
	int fds[2], i, fd;
	pid_t pid;

	for (i = 0; i < NR_HEADERS; i++) {
		snprintf(name, sizeof(name), DIR "/%d.h", i);
		fd = open_file(name, O_RDONLY);
		read_all(fd);
		close(fd);
	}
	touch(arena, ARENA_PAGES);
	if (pipe2(fds, O_CLOEXEC))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		dup2(fds[0], STDIN_FILENO);
		execv(self, args);
		err(1, "exec");
	}
	close(fds[0]);
	write_all(fds[1], sizeof(text));
	close(fds[1]);
	finish(pid);
}

static void build_setup(void)
{
	char name[32];
	int fd, i;

	for (i = 0; i < NR_HEADERS; i++) {
		snprintf(name, sizeof(name), DIR "/%d.h", i);
		fd = open_file(name, O_WRONLY | O_CREAT | O_TRUNC);
		write_all(fd, sizeof(text));
		close(fd);
	}
}

static void build(void)
{
	char *args[] = { self, "compile", NULL };
	char name[32];
	struct stat st;
	int i;

	for (i = 0; i < NR_HEADERS; i++) {
		snprintf(name, sizeof(name), DIR "/%d.h", i);
		if (stat(name, &st))
			err(1, "%s", name);
	}
	finish(start(args));
	if (unlink(DIR "/object"))
		err(1, "unlink");
}

/*
 * run is counted, rounds times in each batch; it is so many operations. setup is once
 * for a process, prepare before each batch. overhead is what run does besides the
 * operations: counted likewise, and subtracted.
 */
static const struct row {
	const char *name;
	void (*setup)(void);
	void (*prepare)(void);
	void (*run)(void);
	void (*overhead)(void);
	unsigned int operations, rounds, batches;
} rows[] = {
	{ .name = "null-syscall", .run = null_syscall, .rounds = 1000 },
	{ .name = "stat", .run = stat_file, .rounds = 100 },
	{ .name = "open-close", .run = open_close, .rounds = 100 },
	{ .name = "spinlock-pair", .run = spinlock_pair, .rounds = 1000 },
	{ .name = "sched-yield", .run = yield, .rounds = 200 },
	{ .name = "signal-install", .run = signal_install, .rounds = 500 },
	{ .name = "signal-deliver",
	  .setup = signal_install,
	  .run = signal_deliver,
	  .rounds = 100 },
	{ .name = "protection-fault",
	  .setup = protection_fault_setup,
	  .run = protection_fault,
	  .rounds = 100 },
	{ .name = "page-fault",
	  .setup = page_fault_setup,
	  .prepare = page_fault_prepare,
	  .run = page_fault,
	  .rounds = FAULT_PAGES },
	{ .name = "mmap-touch-munmap",
	  .run = mmap_touch_munmap,
	  .batches = 100 },
	{ .name = "mprotect-2000",
	  .setup = map_many,
	  .run = mprotect_many,
	  .operations = 2 },
	{ .name = "munmap-2000",
	  .prepare = map_many,
	  .run = munmap_many,
	  .batches = 12 },
	{ .name = "futex-wake-nobody",
	  .setup = futex_setup,
	  .run = futex_wake_nobody,
	  .rounds = 500 },
	{ .name = "futex-hand-off",
	  .setup = futex_hand_off_setup,
	  .run = futex_hand_off,
	  .operations = 2,
	  .rounds = 50,
	  .batches = 60 },
	{ .name = "pipe-self",
	  .setup = ring1_setup,
	  .run = ring_round,
	  .rounds = 100 },
	{ .name = "pipe-round-trip",
	  .setup = ring2_setup,
	  .run = ring_round,
	  .rounds = 50,
	  .batches = 60 },
	{ .name = "switch-2",
	  .setup = ring2_setup,
	  .run = ring_round,
	  .overhead = ring_overhead,
	  .operations = 2,
	  .rounds = 50,
	  .batches = 60 },
	{ .name = "switch-16",
	  .setup = ring16_setup,
	  .run = ring_round,
	  .overhead = ring_overhead,
	  .operations = 16,
	  .rounds = 5,
	  .batches = 60 },
	{ .name = "fork-exit", .run = fork_exit, .batches = 200 },
	{ .name = "fork-exec", .run = fork_exec, .batches = 100 },
	{ .name = "sh-c", .run = shell, .batches = 50 },
	{ .name = "build", .setup = build_setup, .run = build, .batches = 50 },
};

#define OPERATIONS(row) ((row)->operations ?: 1)
#define ROUNDS(row) ((row)->rounds ?: 1)
#define BATCHES(row) ((row)->batches ?: 20)

static int compare(const void *a, const void *b)
{
	const unsigned long long *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/*
 * The first quartile of many batches. A timer interrupt, one in 4,000,000 instructions,
 * falls into some of them, and caches of the kernel fill and drain at times that depend
 * on how much memory is free, which is not the same in two kernels. A few others have
 * less to do than is usual. A batch has to be long against reading the counter, and
 * short enough for most to have none of that. The first one of all is for what happens
 * once.
 */
static unsigned long long count(const struct row *row, void (*run)(void))
{
	unsigned long long counts[BATCHES(row) + 1], before;
	unsigned int batch, i;

	for (batch = 0; batch <= BATCHES(row); batch++) {
		if (row->prepare)
			row->prepare();
		before = __builtin_ia32_rdtsc();
		for (i = 0; i < ROUNDS(row); i++)
			run();
		counts[batch] = __builtin_ia32_rdtsc() - before;
	}
	qsort(counts + 1, BATCHES(row), sizeof(*counts), compare);
	return counts[1 + BATCHES(row) / 4];
}

static void measure(const struct row *row)
{
	unsigned long long cost;

	if (row->setup)
		row->setup();
	cost = count(row, row->run);
	if (row->overhead)
		cost -= count(row, row->overhead);
	end_partners();
	printf("icount %s %u %llu\n", row->name, OPERATIONS(row) * ROUNDS(row),
	       cost);
}

/*
 * A process is never quite like another one: which memory it was given when it was
 * started makes a fork of it 150 or 300 instructions dearer for as long as it lives,
 * of 180,000, and any difference between two kernels gives their processes other
 * memory. So each row is measured by several, one after the other, and none of them
 * does anything else. What they say is printed when all have ended: a console that is
 * busy would be in the way.
 */
#define PROCESSES 8

static void measure_in_processes(const struct row *row)
{
	char *args[] = { self, "measure", (char *)row->name, NULL };
	int i;

	for (i = 0; i < PROCESSES; i++)
		finish(start(args));
}

static bool wanted(const char *list, const char *name)
{
	size_t len = strlen(name);
	const char *at;

	if (!list)
		return true;
	for (at = strstr(list, name); at; at = strstr(at + 1, name)) {
		if ((at == list || at[-1] == ',') &&
		    (!at[len] || at[len] == ','))
			return true;
	}
	return false;
}

/* Whoever names a row that there is not would get numbers without it. */
static void check_rows(const char *list)
{
	size_t len, i;

	for (; list && *list; list += len + !!list[len]) {
		len = strcspn(list, ",");
		if (!strncmp(list, "boot", len) && len == strlen("boot"))
			continue;
		for (i = 0; i < ARRAY_SIZE(rows); i++) {
			if (strlen(rows[i].name) == len &&
			    !strncmp(list, rows[i].name, len))
				break;
		}
		if (i == ARRAY_SIZE(rows))
			errx(2, "there is no row '%.*s'", (int)len, list);
	}
}

static char *copy_env(const char *name)
{
	const char *value = getenv(name);

	return value ? strdup(value) : NULL;
}

static void measure_all(void)
{
	char *list = copy_env("ICOUNT_ROWS"), *boot = copy_env("TSC_AT_INIT");
	struct sched_param param = { 0 };
	FILE *results = tmpfile();
	int out = dup(STDOUT_FILENO), fd, c;
	size_t i;

	/*
	 * Whether a process that is woken takes the CPU at once depends on how long
	 * each of them ran before. Of this policy, none does.
	 */
	if (sched_setscheduler(0, SCHED_BATCH, &param))
		err(1, "scheduler");
	if (!results || out < 0 || dup2(fileno(results), STDOUT_FILENO) < 0)
		err(1, "results");
	/* The stack of a program is as long as its environment. */
	clearenv();
	check_rows(list);
	mkdir(DIR, 0700);
	fd = open_file(FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC);
	close(fd);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (wanted(list, rows[i].name))
			measure_in_processes(&rows[i]);
	}
	if (dup2(out, STDOUT_FILENO) < 0)
		err(1, "results");
	if (boot && wanted(list, "boot"))
		printf("icount boot 1 %s\n", boot);
	rewind(results);
	while ((c = getc(results)) != EOF)
		putchar(c);
}

static void measure_one(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!strcmp(rows[i].name, name)) {
			measure(&rows[i]);
			return;
		}
	}
	errx(2, "there is no row '%s'", name);
}

static char **command;

static void run_command(void)
{
	finish(start(command));
}

static void measure_command(char **args)
{
	static const struct row row = { .run = run_command, .batches = 50 };
	int out = dup(STDOUT_FILENO);

	if (out < 0 ||
	    dup2(open_file("/dev/null", O_WRONLY), STDOUT_FILENO) < 0)
		err(1, "/dev/null");
	clearenv();
	command = args;
	dprintf(out, "%llu\n", count(&row, run_command));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len < 0)
		err(1, "/proc/self/exe");
	if (!strcmp(what, "measure") && argc > 2)
		measure_one(argv[2]);
	else if (!strcmp(what, "command") && argc > 2)
		measure_command(argv + 2);
	else if (!strcmp(what, "compile"))
		compile();
	else if (!strcmp(what, "assemble"))
		assemble();
	else if (strcmp(what, "exit"))
		measure_all();
	return 0;
}
