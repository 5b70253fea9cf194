// SPDX-License-Identifier: GPL-2.0-only
/* The kernel masks interrupts where nothing may be instrumented. */

#define BAD_RULE	"noinstr"
#define BAD_OPS		.irq_save_fl = bad_irq_save_fl,			\
			.irq_disable = bad_irq_change,			\
			.irq_enable = bad_irq_change

static unsigned long bad_irq_save_fl(void)
{
	return 0;
}

static void bad_irq_change(void)
{
}

#include "bad.h"
