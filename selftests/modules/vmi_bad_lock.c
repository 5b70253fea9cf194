// SPDX-License-Identifier: GPL-2.0-only
/* A group that moves together is implemented whole or not at all. */

#define BAD_RULE	"lock"
#define BAD_OPS		.lock_kick = bad_lock_kick

#include "bad.h"
