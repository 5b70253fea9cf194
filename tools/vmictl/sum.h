/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_SUM_H
#define VMICTL_SUM_H

#include <stdint.h>

/* What is too large for a number stays at the largest one, as it does in JSON. */
static inline uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

#endif /* VMICTL_SUM_H */
