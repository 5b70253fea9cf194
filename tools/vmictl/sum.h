/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_SUM_H
#define VMICTL_SUM_H

#include <stdint.h>

/* Add two numbers; a sum that is too large becomes the maximum. */
static inline uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

#endif /* VMICTL_SUM_H */
