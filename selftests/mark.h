/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Marks in the host's trace of MSRs, which tell selftests/host/ what the guest was doing
 *
 * A mark is a read of an MSR that does not exist. User space can do that on any hypervisor;
 * some accept hypercalls from the kernel only. Without an msr driver there is no mark.
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
