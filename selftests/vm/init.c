// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of every virtual machine of the test matrix.
 *
 * Run /cmd and hand its output, its exit status and in the end the kernel log to the host,
 * each through its own port. The console is slow, and may show warnings only. If anything
 * fails, exit: the kernel panics, no status arrives, and the run is void.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "../util.h"

#define PORT_TIMEOUT_MS 20000

#define VMI_SYSFS "/sys/kernel/vmi"
#define VMI_AT_INIT "/run/vmi-at-init"

enum { OUTPUT, STATUS, LOG, NR_PORTS };

/* Where there is no virtio, the boot line has VMI_PORTS= with three other devices. */
static char ports[] = "/dev/vport0p1,/dev/vport0p2,/dev/vport0p3";

static void mount_at(const char *type, const char *dir)
{
	if (mkdir(dir, 0755) && errno != EEXIST)
		err(1, "mkdir %s", dir);
	must(mount(type, dir, type, 0, NULL), dir);
}

/* Save what user space finds when it starts, before it can change anything. */
static void save_vmi(void)
{
	static const char *const names[] = { "active", "before_init", "state" };
	char path[PATH_MAX], value[256];
	ssize_t len;
	size_t i;
	int fd;

	must(mkdir(VMI_AT_INIT, 0755), VMI_AT_INIT);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), VMI_SYSFS "/%s", names[i]);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		len = read(fd, value, sizeof(value));
		close(fd);
		snprintf(path, sizeof(path), VMI_AT_INIT "/%s", names[i]);
		fd = must(open(path, O_WRONLY | O_CREAT, 0444), path);
		if (write(fd, value, len) != len)
			err(1, "%s", path);
		close(fd);
	}
}

static void loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = must(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");

	must(ioctl(fd, SIOCSIFFLAGS, &ifr), "loopback");
	close(fd);
}

/* The ports are announced by the host, some time after the driver is there. */
static int open_port(const char *path)
{
	int waited, fd;

	for (waited = 0; waited < PORT_TIMEOUT_MS; waited += 10) {
		/* A disk keeps what it has got if the guest dies. */
		fd = open(path, O_WRONLY | O_CLOEXEC | O_DSYNC);
		if (fd >= 0)
			return fd;
		if (errno != ENOENT)
			break;
		usleep(10 * 1000);
	}
	err(1, "%s", path);
}

static void save_log(int fd)
{
	/* linux/syslog.h is not for user space. */
	enum { READ_ALL = 3, SIZE_BUFFER = 10 };
	int size = klogctl(SIZE_BUFFER, NULL, 0);
	ssize_t len, done, n;
	char *log;

	log = size > 0 ? malloc(size) : NULL;
	if (!log)
		err(1, "kernel log");
	len = klogctl(READ_ALL, log, size);
	for (done = 0; done < len; done += n) {
		n = write(fd, log + done, len - done);
		if (n <= 0)
			err(1, "write the log");
	}
	free(log);
}

static void __attribute__((noreturn)) run(int output, int interactive)
{
	int input;

	setsid();
	if (interactive) {
		input = must(open("/dev/ttyS0", O_RDWR), "/dev/ttyS0");
		must(ioctl(input, TIOCSCTTY, 1), "/dev/ttyS0");
		output = input;
	} else {
		input = must(open("/dev/null", O_RDONLY), "/dev/null");
	}
	must(dup2(input, STDIN_FILENO), "dup2");
	must(dup2(output, STDOUT_FILENO), "dup2");
	must(dup2(output, STDERR_FILENO), "dup2");
	execl("/bin/sh", "sh", "/cmd", NULL);
	err(1, "/bin/sh");
}

int main(void)
{
	char *list = getenv("VMI_PORTS");
	int fds[NR_PORTS], result, i;
	pid_t pid, child;
	char tsc[32];

	/* Where it counts instructions, this is what the boot was. */
	snprintf(tsc, sizeof(tsc), "%llu", __builtin_ia32_rdtsc());
	setenv("TSC_AT_INIT", tsc, 1);

	mount_at("sysfs", "/sys");
	mount_at("tmpfs", "/run");
	save_vmi();

	mount_at("proc", "/proc");
	mount_at("devtmpfs", "/dev");
	mount_at("devpts", "/dev/pts");
	mount_at("tmpfs", "/tmp");
	chmod("/tmp", 01777);
	mount_at("debugfs", "/sys/kernel/debug");
	mount_at("tracefs", "/sys/kernel/tracing");
	loopback_up();

	setenv("PATH", "/sbin:/bin", 1);
	setenv("HOME", "/", 1);
	must(chdir("/"), "chdir");

	list = strtok(list ? list : ports, ",");
	for (i = 0; i < NR_PORTS; i++, list = strtok(NULL, ",")) {
		if (!list)
			errx(1, "VMI_PORTS");
		fds[i] = open_port(list);
	}

	child = must(fork(), "fork");
	if (!child)
		run(fds[OUTPUT], !access("/interactive", F_OK));

	/* Orphans end up here as well. */
	do {
		pid = wait(&result);
	} while (pid != child && (pid > 0 || errno == EINTR));
	if (pid != child)
		err(1, "wait");

	save_log(fds[LOG]);
	result = WIFEXITED(result) ? WEXITSTATUS(result) :
				     128 + WTERMSIG(result);
	if (dprintf(fds[STATUS], "%d\n", result) < 0)
		err(1, "write the status");

	kill(-1, SIGKILL);
	sync();
	reboot(RB_AUTOBOOT);
	err(1, "reboot");
}
