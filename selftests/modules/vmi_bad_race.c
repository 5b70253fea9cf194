// SPDX-License-Identifier: GPL-2.0-only
/* An op runs on several CPUs at once, and this one counts in a variable that they share. */

#include <linux/mm_types.h>
#include <linux/module.h>

static unsigned long exits;
module_param(exits, ulong, 0444);

static void racy_exit_mmap(struct mm_struct *mm)
{
	exits++;
}

#define BAD_RULE	"race"
#define BAD_OPS		.mm_exit_mmap = racy_exit_mmap

#include "bad.h"
