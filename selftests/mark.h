/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading an MSR that does not exist, to appear in the host's kvm:kvm_msr trace
 *
 * It tells selftests/host/ what the guest was doing at that point of the trace. User
 * space can do that on any hypervisor, where a hypercall is for the kernel alone on
 * some. The read fails, which nobody but the host takes note of. Without an msr driver
 * there is no mark; whoever needs it in the trace will miss it there.
 */
#ifndef _SELFTESTS_MARK_H
#define _SELFTESTS_MARK_H

#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

/* "VM", four bits for the kind of the mark and twelve for an argument. */
#define MARK_MSR(kind, argument) (0x564d0000 | (kind) << 12 | (argument))

/* The place of the mark around a reading of counters or a measurement; its number. */
#define MARK_BEGIN 1
#define MARK_END 2

/* Read the MSR on this CPU, so that no other CPU has to be interrupted. */
static inline void mark(unsigned int kind, unsigned int argument)
{
	uint64_t value;
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/cpu/%d/msr", sched_getcpu());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (pread(fd, &value, sizeof(value), MARK_MSR(kind, argument)) < 0)
		value = 0;
	close(fd);
}

#endif /* _SELFTESTS_MARK_H */
