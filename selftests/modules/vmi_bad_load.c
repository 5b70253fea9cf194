// SPDX-License-Identifier: GPL-2.0-only
/* The init of a module may fail after it registered a backend that a policy waits for. */

#define BAD_RULE	"load"
#define BAD_LOAD_RESULT	-EIO
#define BAD_OPS		.tlb_flush_local = bad_io_delay

#include "bad.h"
