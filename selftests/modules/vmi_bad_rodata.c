// SPDX-License-Identifier: GPL-2.0-only
/* An op has to be code, not data of the module. */

#include <linux/types.h>

static const u8 bad_data[16];

#define BAD_RULE	"rodata"
#define BAD_OPS		.io_delay = (void *)bad_data

#include "bad.h"
