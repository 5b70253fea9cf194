// SPDX-License-Identifier: GPL-2.0-only
/*
 * The init of a module may fail after it registered a backend. It does here, unless it is told
 * what to return, and takes as long as it is told.
 */

#include <linux/module.h>

static int result = -EIO;
module_param(result, int, 0444);

static unsigned int wait_ms;
module_param(wait_ms, uint, 0444);

#define BAD_RULE	"load"
#define BAD_LOAD_RESULT	result
#define BAD_LOAD_WAIT	wait_ms

#include "bad.h"
