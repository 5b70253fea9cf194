// SPDX-License-Identifier: GPL-2.0-only
/* The structure must not be larger than the core knows it. */

#define BAD_RULE	"size"
#define BAD_SIZE	(sizeof(struct vmi_backend) + 8)

#include "bad.h"
