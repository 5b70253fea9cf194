// SPDX-License-Identifier: GPL-2.0-only
/* cpu_online() may fail, on the last CPU after it worked on the others. */

#define BAD_RULE	"cpu"
#define BAD_CPU_RESULT	(cpu == cpumask_last(cpu_online_mask) ? -EIO : 0)

#include "bad.h"
