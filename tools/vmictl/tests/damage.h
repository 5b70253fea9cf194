/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_TESTS_DAMAGE_H
#define VMICTL_TESTS_DAMAGE_H

#include <stddef.h>

/*
 * Called by the fake kernel, if there is such a function, with each datagram
 * that it sends: may change it. Returns the length that is left.
 */
size_t damage(char *datagram, size_t len) __attribute__((weak));

#endif /* VMICTL_TESTS_DAMAGE_H */
