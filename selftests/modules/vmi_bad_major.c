// SPDX-License-Identifier: GPL-2.0-only
/* The API's major version has to be equal. */

#define BAD_RULE	"major"
#define BAD_API_MAJOR	(VMI_API_MAJOR + 1)

#include "bad.h"
