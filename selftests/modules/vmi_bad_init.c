// SPDX-License-Identifier: GPL-2.0-only
/* init() may fail. */

#define BAD_RULE	"init"
#define BAD_INIT_RESULT	(-ENOMEM)

#include "bad.h"
