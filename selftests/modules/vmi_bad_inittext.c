// SPDX-License-Identifier: GPL-2.0-only
/* An op has to be code that stays: init code is gone once the module is loaded. */

#include <linux/init.h>

static void __init bad_init_io_delay(void)
{
}

#define BAD_RULE	"inittext"
#define BAD_OPS		.io_delay = bad_init_io_delay

#include "bad.h"
