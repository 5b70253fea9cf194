// SPDX-License-Identifier: GPL-2.0-only
/* init() may fail: it does if it is given the op, which a policy can withhold. */

#define BAD_RULE	"init"
#define BAD_INIT_RESULT	(ops ? -ENOMEM : 0)

#include "bad.h"
