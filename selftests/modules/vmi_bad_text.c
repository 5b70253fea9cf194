// SPDX-License-Identifier: GPL-2.0-only
/* An op has to be code of the module. */

#define BAD_RULE	"text"
#define BAD_OPS		.io_delay = dump_stack

#include "bad.h"
