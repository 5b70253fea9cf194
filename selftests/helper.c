// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tools that the test scripts need and the shell of a small system lacks
 *
 * helper nobody COMMAND...	run it without any privilege
 * helper userns COMMAND...	run it as root of a new user namespace
 * helper netns COMMAND...	run it in a new network namespace
 * helper signature		print the hypervisor's signatures in CPUID, and
 *				the leaf of each
 * helper perf-time		print 1 if perf tells how to compute time from the TSC, or 0
 * helper clock-syscalls	print how many system calls a reading of some clocks takes
 * helper msrs MASK MSR...	print these bits of each MSR on each CPU
 * helper touch FILE		map it, and read here and there, from user space
 * helper guest-stopped		print whether the host says that it stopped the guest, and the
 *				kernel takes note of that within a minute
 * helper fork COUNT		fork and reap that many children
 * helper mprotect COUNT	change the protection of a page as often, with
 *				another thread running elsewhere
 * helper shootdown COUNT CPUS NUMBER	give a page back as often, with threads on that
 *				many other CPUs, between marks of that number
 * helper ipi COUNT CPUS NUMBER	have these CPUs do a memory barrier as often
 * helper contend SECONDS NUMBER	take the lock of vmi_cost on all CPUs for so long
 * helper idle SECONDS NUMBER	do nothing for so long
 * helper kexec KERNEL INITRD LINE	load a kernel, and start it
 * helper kexec-on-crash ...	load a kernel for the case of a crash
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/kexec.h>
#include <linux/membarrier.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mark.h"

#define NOBODY 65534
#define PAGE 4096

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Scripts take this status for "cannot be tested here". */
#define SKIPPED 4

static void run(char **argv)
{
	if (!argv[0])
		errx(1, "which command?");
	execvp(argv[0], argv);
	err(1, "%s", argv[0]);
}

static void become_nobody(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		err(1, "cannot become nobody");
	/* A process that changed its identity does not own its /proc/self. */
	if (prctl(PR_SET_DUMPABLE, 1))
		err(1, "prctl");
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(1, "%s", path);
	close(fd);
}

static void enter_userns(void)
{
	char map[64];

	if (unshare(CLONE_NEWUSER)) {
		warn("no user namespace");
		exit(SKIPPED);
	}
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", NOBODY);
	write_file("/proc/self/uid_map", map);
	write_file("/proc/self/gid_map", map);
	if (setresgid(0, 0, 0) || setresuid(0, 0, 0))
		err(1, "cannot become root of the namespace");
}

static bool is_xen_pv(void)
{
	char type[4] = "";
	int fd = open("/sys/hypervisor/guest_type", O_RDONLY);

	if (fd < 0)
		return false;
	if (read(fd, type, 3) < 0)
		type[0] = '\0';
	close(fd);
	return !strcmp(type, "PV\n");
}

/*
 * A PV guest's CPUID says what the processor has. With these bytes before it, it is
 * Xen that answers: __XEN_EMULATE_PREFIX in the kernel's asm/emulate_prefix.h.
 */
static void cpuid(unsigned int leaf, unsigned int *eax, unsigned int *regs)
{
	static int xen = -1;

	if (xen < 0)
		xen = is_xen_pv();
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

	fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	if (fd < 0)
		err(1, "perf_event_open");
	page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		err(1, "mmap of a perf event");
	printf("%u\n", (unsigned int)page->cap_user_time);
}

static volatile sig_atomic_t syscalls;
static volatile char dispatch = SYSCALL_DISPATCH_FILTER_ALLOW;

static void count_syscall(int signal)
{
	(void)signal;
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

/* The time of a process is not in the vDSO: this clock shows that a system call is seen. */
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

	if (sigaction(SIGSYS, &action, NULL) ||
	    prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0,
		  &dispatch))
		err(1, "system call dispatch");
	for (i = 0; i < ARRAY_SIZE(clocks); i++)
		printf("%s %d\n", clocks[i].name,
		       count_syscalls_of(clocks[i].id));
}

/* Addresses of shared memory are another kernel's business, so the caller masks them. */
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
			fd = open(path, O_RDONLY);
			if (fd < 0)
				err(1, "%s", path);
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
	const off_t step = 64L * PAGE;
	volatile char *memory;
	struct stat status;
	off_t at;
	int fd;

	fd = open(path, O_RDONLY);
	if (fd < 0 || fstat(fd, &status))
		err(1, "%s", path);
	memory = mmap(NULL, status.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		err(1, "mmap of %s", path);
	for (at = 0; at < status.st_size; at += step)
		(void)memory[at];
}

/*
 * The clock pages of KVM are behind the first page of the vDSO's data. Linux 6.12 has the
 * clocks of all CPUs of a small machine in the one that is mapped: struct
 * pvclock_vsyscall_time_info in asm/pvclock.h, struct pvclock_vcpu_time_info in
 * asm/pvclock-abi.h.
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
	pid_t pid;

	while (count-- > 0) {
		pid = fork();
		if (pid < 0)
			err(1, "fork");
		if (!pid)
			_exit(0);
		if (waitpid(pid, NULL, 0) != pid)
			err(1, "waitpid");
	}
}

static atomic_int stop;

/* To one of the CPUs that this process may use, if there are as many. */
static void move_to(int index)
{
	cpu_set_t allowed, set;
	int cpu;

	if (sched_getaffinity(getpid(), sizeof(allowed), &allowed))
		err(1, "sched_getaffinity");
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed) || index--)
			continue;
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		sched_setaffinity(0, sizeof(set), &set);
		return;
	}
}

/* How often each other CPU went round, each number in a cache line of its own. */
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

/*
 * Until all of them run this process, and not something of the kernel's, in which case
 * there would be nothing to send to them.
 */
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

static void set_protection(int protection)
{
	if (mprotect((void *)page, PAGE, protection))
		err(1, "mprotect");
}

/* Takes a right away that another CPU may have cached. */
static void change_protection(void)
{
	set_protection(PROT_READ | PROT_WRITE);
	page[0] = 1;
	set_protection(PROT_READ);
}

/* One shootdown, where changing the protection may be two. */
static void give_page_back(void)
{
	page[0] = 1;
	if (madvise((void *)page, PAGE, MADV_DONTNEED))
		err(1, "madvise");
}

static void memory_barrier(void)
{
	static bool registered;

	if (!registered &&
	    syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
		    0, 0))
		err(1, "membarrier");
	registered = true;
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0))
		err(1, "membarrier");
}

static int other_cpus(void)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		err(1, "sched_getaffinity");
	return CPU_COUNT(&allowed) - 1;
}

static pthread_t spinners[CPU_SETSIZE];

static void start_spinning(int first, int last)
{
	intptr_t i;

	for (i = first; i <= last; i++) {
		if (pthread_create(&spinners[i], NULL, spin, (void *)i))
			errx(1, "pthread_create");
	}
}

/*
 * On CPUs from that one on, another process, which ends with this one. An idle CPU would
 * be woken now and then, which takes an IPI.
 */
static pid_t occupy_from(int first)
{
	pid_t parent = getpid();
	pid_t pid;

	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	start_spinning(first, other_cpus());
	pause();
	_exit(1);
}

/* Threads of this process on so many other CPUs, all of which run. */
static void start_others(int others)
{
	start_spinning(1, others);
	move_to(0);
	wait_for(others);
}

static void stop_others(int others)
{
	int i;

	atomic_store(&stop, 1);
	for (i = 1; i <= others; i++)
		pthread_join(spinners[i], NULL);
}

/* Do something often on one CPU, while another one runs a thread of this process. */
static void do_often(void (*do_once)(void), int count)
{
	start_others(1);
	while (count-- > 0)
		do_once();
	stop_others(1);
}

/* Between marks of that number, and each time all others run this process. */
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
	stop_others(others);
	kill(rest, SIGKILL);
	waitpid(rest, NULL, 0);
}

#define HAND_OFF "/sys/kernel/debug/vmi_cost/lock"

/* Each one has the file open for itself, or they would read one after the other. */
static void *contend(void *index)
{
	char buf[32];
	int fd;

	fd = open(HAND_OFF, O_RDONLY);
	if (fd < 0)
		err(1, HAND_OFF);

	move_to((intptr_t)index);
	while (!atomic_load(&stop)) {
		if (pread(fd, buf, sizeof(buf), 0) <= 0)
			err(1, HAND_OFF);
	}
	close(fd);
	return NULL;
}

static void contend_for(int seconds, int cpus, int number)
{
	pthread_t threads[cpus];
	intptr_t i;

	mark(MARK_BEGIN, number);
	for (i = 0; i < cpus; i++) {
		if (pthread_create(&threads[i], NULL, contend, (void *)i))
			errx(1, "pthread_create");
	}
	sleep(seconds);
	atomic_store(&stop, 1);
	for (i = 0; i < cpus; i++)
		pthread_join(threads[i], NULL);
	mark(MARK_END, number);
}

static void idle_for(int seconds, int number)
{
	mark(MARK_BEGIN, number);
	sleep(seconds);
	mark(MARK_END, number);
}

/* As many other CPUs as that says. */
static int cpus_of(const char *word)
{
	int cpus = atoi(word);

	if (cpus < 1 || cpus > other_cpus())
		errx(1, "there are %d other CPUs", other_cpus());
	return cpus;
}

/*
 * kexec-tools would do, but where Debian installs them they also change how the
 * machine reboots, and this is to be installed on machines of developers.
 */
static void load_kernel(char **argv, unsigned long flags)
{
	int kernel, initrd;

	if (!argv[0] || !argv[1] || !argv[2])
		errx(1, "which kernel, initrd and boot line?");
	kernel = open(argv[0], O_RDONLY);
	if (kernel < 0)
		err(1, "%s", argv[0]);
	initrd = open(argv[1], O_RDONLY);
	if (initrd < 0)
		err(1, "%s", argv[1]);
	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(argv[2]) + 1,
		    argv[2], flags))
		err(1, "kexec_file_load");
	close(initrd);
	close(kernel);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int count = argc > 2 ? atoi(argv[2]) : 0;

	if (!strcmp(what, "nobody")) {
		become_nobody();
		run(argv + 2);
	} else if (!strcmp(what, "userns")) {
		become_nobody();
		enter_userns();
		run(argv + 2);
	} else if (!strcmp(what, "netns")) {
		if (unshare(CLONE_NEWNET)) {
			warn("no network namespace");
			return SKIPPED;
		}
		run(argv + 2);
	} else if (!strcmp(what, "signature")) {
		print_signatures();
	} else if (!strcmp(what, "perf-time")) {
		print_perf_time();
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
		measure_often(give_page_back, count, cpus_of(argv[3]),
			      atoi(argv[4]));
	} else if (!strcmp(what, "ipi") && argc == 5) {
		measure_often(memory_barrier, count, cpus_of(argv[3]),
			      atoi(argv[4]));
	} else if (!strcmp(what, "contend") && argc == 4) {
		contend_for(count, other_cpus() + 1, atoi(argv[3]));
	} else if (!strcmp(what, "idle") && argc == 4) {
		idle_for(count, atoi(argv[3]));
	} else if (!strcmp(what, "kexec")) {
		load_kernel(argv + 2, 0);
		reboot(RB_KEXEC);
		err(1, "kexec");
	} else if (!strcmp(what, "kexec-on-crash")) {
		load_kernel(argv + 2, KEXEC_FILE_ON_CRASH);
	} else {
		errx(1, "unknown word '%s'", what);
	}
	return 0;
}
