/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_TESTS_FAKE_KERNEL_H
#define VMICTL_TESTS_FAKE_KERNEL_H

#include <linux/netlink.h>
#include <sys/socket.h>

/* Receive what the fake kernel sends. */
ssize_t fake_receive(int fd, struct msghdr *hdr, int flags);
/* What the program calls instead, unless it is NULL. */
extern ssize_t (*fake_hook)(int fd, struct msghdr *hdr, int flags);
/* The last request, without what is behind its header. */
extern __thread struct nlmsghdr fake_request;

#endif /* VMICTL_TESTS_FAKE_KERNEL_H */
