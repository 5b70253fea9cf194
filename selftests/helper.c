// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tools that the test scripts need and the shell of a small system lacks
 *
 * helper nobody COMMAND...	run it without any privilege
 * helper signature		print the hypervisor's signatures in CPUID, and
 *				the leaf of each
 * helper perf-time		print 1 if perf tells how to compute time from the TSC, or 0
 * helper count-hooks COMMAND	run it on CPU 0, and print of how many padded instructions perf
 *				was told that they became calls
 * helper clock-syscalls	print how many system calls a reading of some clocks takes
 * helper msrs MASK MSR...	print these bits of each MSR on each CPU
 * helper touch FILE		map it, and read each 64th page, from user space
 * helper guest-stopped		print whether the host says that it stopped the guest, and
 *				whether the kernel notices that within a minute
 * helper fork COUNT		fork and reap that many children
 * helper mprotect COUNT	change the protection of a page that a thread on another CPU
 *				shares, COUNT times
 * Between marks of that NUMBER:
 * helper shootdown COUNT CPUS NUMBER	give back a page shared by CPUS others, COUNT times
 * helper ipi COUNT CPUS NUMBER		make a memory barrier on these CPUs, COUNT times
 * helper contend SECONDS NUMBER	take the lock of vmi_cost on all CPUs for SECONDS
 * helper idle SECONDS NUMBER		do nothing for SECONDS
 * helper kexec KERNEL INITRD LINE	load a kernel, and start it
 * helper kexec-on-crash ...	load a kernel for the case of a crash
 */
#include <cpuid.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/kexec.h>
#include <linux/membarrier.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mark.h"
#include "util.h"

static void run_as_nobody(char **argv)
{
	must(setgroups(0, NULL), "setgroups");
	must(setresgid(NOBODY, NOBODY, NOBODY), "setresgid");
	must(setresuid(NOBODY, NOBODY, NOBODY), "setresuid");
	must(execvp(argv[0], argv), argv[0]);
}

/* Xen answers a PV guest after __XEN_EMULATE_PREFIX, see the kernel's asm/emulate_prefix.h. */
static void cpuid(unsigned int leaf, unsigned int *eax, unsigned int *regs)
{
	static int xen = -1;

	if (xen < 0)
		xen = !system("grep -qsx PV /sys/hypervisor/guest_type");
	if (!xen) {
		__cpuid(leaf, *eax, regs[0], regs[1], regs[2]);
		return;
	}
	asm volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid"
		     : "=a"(*eax), "=b"(regs[0]), "=c"(regs[1]), "=d"(regs[2])
		     : "a"(leaf), "c"(0));
}

/* See cap_user_time in perf_event_open(2). */
static void print_perf_time(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
	};
	struct perf_event_mmap_page *page;
	int fd;

	fd = must(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0),
		  "perf_event_open");
	page = map(PAGE, PROT_READ, MAP_SHARED, fd);
	printf("%u\n", (unsigned int)page->cap_user_time);
}

static volatile sig_atomic_t syscalls;
static volatile char dispatch = SYSCALL_DISPATCH_FILTER_ALLOW;

static void count_syscall(int signal)
{
	syscalls++;
	dispatch = SYSCALL_DISPATCH_FILTER_ALLOW;
}

static int count_syscalls_of(clockid_t clock)
{
	struct timespec time;

	syscalls = 0;
	dispatch = SYSCALL_DISPATCH_FILTER_BLOCK;
	clock_gettime(clock, &time);
	dispatch = SYSCALL_DISPATCH_FILTER_ALLOW;
	return syscalls;
}

/* The vDSO lacks the time of a process, so that clock shows that a system call is seen. */
static void print_clock_syscalls(void)
{
	static const struct {
		const char *name;
		clockid_t id;
	} clocks[] = {
		{ "realtime", CLOCK_REALTIME },
		{ "monotonic", CLOCK_MONOTONIC },
		{ "process", CLOCK_PROCESS_CPUTIME_ID },
	};
	struct sigaction action = { .sa_handler = count_syscall };
	size_t i;

	must(sigaction(SIGSYS, &action, NULL), "sigaction");
	must(prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0,
		   &dispatch),
	     "system call dispatch");
	for (i = 0; i < ARRAY_SIZE(clocks); i++)
		printf("%s %d\n", clocks[i].name,
		       count_syscalls_of(clocks[i].id));
}

#define RING_SIZE (256 * PAGE)
#define PREFIX 0x2e
#define CALL 0xe8

/* PERF_RECORD_TEXT_POKE, see perf_event_open(2): lengths, then the old bytes and the new ones. */
static bool is_hook(const unsigned char *ring, uint64_t at)
{
	const uint16_t *lengths = (const void *)(ring + (at + 16) % RING_SIZE);
	unsigned char old = ring[(at + 20) % RING_SIZE];
	unsigned char new = ring[(at + 20 + lengths[0]) % RING_SIZE];

	return old == PREFIX && new == CALL;
}

static void print_hooks(const char *command)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.text_poke = 1,
	};
	const struct perf_event_header *record;
	struct perf_event_mmap_page *page;
	const unsigned char *ring;
	unsigned int hooks = 0;
	uint64_t at, end;
	cpu_set_t cpus;
	int fd;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	must(sched_setaffinity(0, sizeof(cpus), &cpus), "sched_setaffinity");
	fd = must(syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0),
		  "perf_event_open");
	page = map(PAGE + RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	ring = (const unsigned char *)page + PAGE;
	if (system(command))
		errx(1, "'%s' failed", command);
	end = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	for (at = 0; at < end; at += record->size) {
		record = (const void *)(ring + at % RING_SIZE);
		if (record->type == PERF_RECORD_LOST)
			errx(1, "the buffer is too small");
		hooks += record->type == PERF_RECORD_TEXT_POKE &&
			 is_hook(ring, at);
	}
	printf("%u\n", hooks);
}

/* The caller masks addresses of shared memory, which differ between kernels. */
static void print_msrs(unsigned long mask, char **words)
{
	int cpus = (int)sysconf(_SC_NPROCESSORS_CONF);
	char path[32];
	uint64_t value;
	int cpu, fd;

	for (; *words; words++) {
		printf("%s", *words);
		for (cpu = 0; cpu < cpus; cpu++) {
			snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
			fd = must(open(path, O_RDONLY), path);
			if (pread(fd, &value, sizeof(value),
				  strtol(*words, NULL, 16)) == sizeof(value))
				printf(" %lx", value & mask);
			else
				printf(" -");
			close(fd);
		}
		printf("\n");
	}
}

static void touch_pages(const char *path)
{
	int fd = must(open(path, O_RDONLY), path);
	volatile char *memory;
	struct stat status;
	off_t at;

	must(fstat(fd, &status), path);
	memory = map(status.st_size, PROT_READ, MAP_SHARED, fd);
	for (at = 0; at < status.st_size; at += 64L * PAGE)
		(void)memory[at];
}

/*
 * KVM's clock page is behind the first page of the vDSO's data. It has the clocks of all CPUs
 * of a small machine: struct pvclock_vsyscall_time_info in asm/pvclock.h, struct
 * pvclock_vcpu_time_info in asm/pvclock-abi.h.
 */
static volatile unsigned char *find_clocks(void)
{
	FILE *file = fopen("/proc/self/maps", "r");
	unsigned long start = 0;
	char line[256];

	if (!file)
		err(1, "/proc/self/maps");
	while (fgets(line, sizeof(line), file)) {
		if (strstr(line, "[vvar]"))
			start = strtoul(line, NULL, 16);
	}
	fclose(file);
	if (!start)
		errx(1, "no data of the vDSO");
	return (volatile unsigned char *)start + PAGE;
}

static bool is_stopped(volatile unsigned char *clocks)
{
	const int size = 64, flags = 29, stopped = 2;
	long cpu;

	for (cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++) {
		if (clocks[cpu * size + flags] & stopped)
			return true;
	}
	return false;
}

/* Return whether the flag has that value in time. */
static bool wait_for_stopped(bool wanted, int seconds)
{
	volatile unsigned char *clocks = find_clocks();
	int i;

	for (i = 0; i < seconds * 1000; i++) {
		if (is_stopped(clocks) == wanted)
			return true;
		usleep(1000);
	}
	return false;
}

static void print_guest_stopped(void)
{
	if (!wait_for_stopped(true, 10))
		puts("not-told");
	else if (!wait_for_stopped(false, 60))
		puts("ignored");
	else
		puts("noticed");
}

static void print_signatures(void)
{
	unsigned int eax, regs[4], base;

	cpuid(1, &eax, regs);
	if (!(regs[1] & (1u << 31)))
		return;
	for (base = 0x40000000; base < 0x40010000; base += 0x100) {
		memset(regs, 0, sizeof(regs));
		cpuid(base, &eax, regs);
		if (regs[0] && (!eax || (eax >= base && eax < base + 0x100)))
			printf("%.12s\t0x%x\n", (char *)regs, base);
	}
}

static void fork_often(int count)
{
	while (count-- > 0)
		fork_and_wait();
}

static atomic_int stop;

/* How often each other CPU went round, in a cache line of its own. */
static struct {
	_Alignas(64) atomic_ulong rounds;
} others_at[CPU_SETSIZE];

static void *spin(void *index)
{
	move_to((intptr_t)index);
	while (!atomic_load(&stop))
		atomic_fetch_add(&others_at[(intptr_t)index].rounds, 1);
	return NULL;
}

/* Until all others run this process, since nothing is sent to a CPU that does not. */
static void wait_for(int others)
{
	unsigned long before;
	int i;

	for (i = 1; i <= others; i++) {
		before = atomic_load(&others_at[i].rounds);
		while (atomic_load(&others_at[i].rounds) == before)
			;
	}
}

static _Alignas(PAGE) volatile char page[PAGE];

/* Take a right away that another CPU may have cached. */
static void change_protection(void)
{
	must(mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE), "mprotect");
	page[0] = 1;
	must(mprotect((void *)page, PAGE, PROT_READ), "mprotect");
}

/* One shootdown, where changing the protection may be two. */
static void give_page_back(void)
{
	page[0] = 1;
	must(madvise((void *)page, PAGE, MADV_DONTNEED), "madvise");
}

static pthread_t threads[CPU_SETSIZE];

/* Run work() on each of these CPUs. */
static void start_threads(void *(*work)(void *), int first, int last)
{
	int i;

	for (i = first; i <= last; i++)
		threads[i] = start_thread(work, i);
}

static void stop_threads(int first, int last)
{
	int i;

	atomic_store(&stop, 1);
	for (i = first; i <= last; i++)
		pthread_join(threads[i], NULL);
}

/*
 * Run another process on the CPUs from FIRST on, which ends with this one. An idle CPU would
 * be woken now and then, by an IPI.
 */
static pid_t occupy_from(int first)
{
	pid_t parent = getpid(), pid = must(fork(), "fork");

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	start_threads(spin, first, nr_cpus - 1);
	pause();
	_exit(1);
}

/* Start threads on so many other CPUs, and wait until they run. */
static void start_others(int others)
{
	start_threads(spin, 1, others);
	move_to(0);
	wait_for(others);
}

/* Do something often on one CPU, while another one runs a thread of this process. */
static void do_often(void (*do_once)(void), int count)
{
	start_others(1);
	while (count-- > 0)
		do_once();
	stop_threads(1, 1);
}

/* Wait before each time until all others run this process. */
static void measure_often(void (*do_once)(void), int count, int others,
			  int number)
{
	pid_t rest = occupy_from(others + 1);

	start_others(others);
	do_once();
	mark(MARK_BEGIN, number);
	while (count-- > 0) {
		wait_for(others);
		do_once();
	}
	mark(MARK_END, number);
	stop_threads(1, others);
	kill(rest, SIGKILL);
	waitpid(rest, NULL, 0);
}

/* Each thread opens the file, as reads of one open file exclude each other. */
static void *contend(void *index)
{
	int fd = must(open(HAND_OFF, O_RDONLY), HAND_OFF);
	char buf[32];

	move_to((intptr_t)index);
	while (!atomic_load(&stop)) {
		if (pread(fd, buf, sizeof(buf), 0) <= 0)
			err(1, HAND_OFF);
	}
	close(fd);
	return NULL;
}

static void contend_for(int seconds, int number)
{
	mark(MARK_BEGIN, number);
	start_threads(contend, 0, nr_cpus - 1);
	sleep(seconds);
	stop_threads(0, nr_cpus - 1);
	mark(MARK_END, number);
}

static void idle_for(int seconds, int number)
{
	mark(MARK_BEGIN, number);
	sleep(seconds);
	mark(MARK_END, number);
}

/* The number of other CPUs in a word. */
static int others_of(const char *word)
{
	int others = atoi(word);

	if (others < 1 || others >= nr_cpus)
		errx(1, "there are %d other CPUs", nr_cpus - 1);
	return others;
}

/* Debian's kexec-tools would change how the machine of a developer reboots. */
static void load_kernel(char **argv, unsigned long flags)
{
	int kernel, initrd;

	if (!argv[0] || !argv[1] || !argv[2])
		errx(1, "which kernel, initrd and boot line?");
	kernel = must(open(argv[0], O_RDONLY), argv[0]);
	initrd = must(open(argv[1], O_RDONLY), argv[1]);
	must(syscall(SYS_kexec_file_load, kernel, initrd, strlen(argv[2]) + 1,
		     argv[2], flags),
	     "kexec_file_load");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int count = argc > 2 ? atoi(argv[2]) : 0;

	find_cpus();
	if (!strcmp(what, "nobody") && argc > 2) {
		run_as_nobody(argv + 2);
	} else if (!strcmp(what, "signature")) {
		print_signatures();
	} else if (!strcmp(what, "perf-time")) {
		print_perf_time();
	} else if (!strcmp(what, "count-hooks") && argc == 3) {
		print_hooks(argv[2]);
	} else if (!strcmp(what, "clock-syscalls")) {
		print_clock_syscalls();
	} else if (!strcmp(what, "touch") && argc == 3) {
		touch_pages(argv[2]);
	} else if (!strcmp(what, "guest-stopped")) {
		print_guest_stopped();
	} else if (!strcmp(what, "msrs") && argc > 3) {
		print_msrs(strtoul(argv[2], NULL, 16), argv + 3);
	} else if (!strcmp(what, "fork")) {
		fork_often(count);
	} else if (!strcmp(what, "mprotect")) {
		do_often(change_protection, count);
	} else if (!strcmp(what, "shootdown") && argc == 5) {
		measure_often(give_page_back, count, others_of(argv[3]),
			      atoi(argv[4]));
	} else if (!strcmp(what, "ipi") && argc == 5) {
		register_for_barriers();
		measure_often(memory_barrier, count, others_of(argv[3]),
			      atoi(argv[4]));
	} else if (!strcmp(what, "contend") && argc == 4) {
		contend_for(count, atoi(argv[3]));
	} else if (!strcmp(what, "idle") && argc == 4) {
		idle_for(count, atoi(argv[3]));
	} else if (!strcmp(what, "kexec")) {
		load_kernel(argv + 2, 0);
		must(reboot(RB_KEXEC), "kexec");
	} else if (!strcmp(what, "kexec-on-crash")) {
		load_kernel(argv + 2, KEXEC_FILE_ON_CRASH);
	} else {
		errx(1, "unknown word '%s'", what);
	}
	return 0;
}
