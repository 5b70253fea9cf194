// SPDX-License-Identifier: GPL-2.0-only
/*
 * A program that calls libvmi with what it must not: each call must return an error
 * with a sentence, and the handle must be as good as before.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "examine.h"
#include "vmi.h"

#define LONG "a-name-that-no-op-and-no-backend-can-have"

/* The second of two, so that its number is not that of the first by chance. */
static void set_policy(struct vmi *vmi, const char *target,
		       const char *provider, const char *sentence)
{
	const struct vmi_policy_entry entries[] = {
		{ "io", "native" },
		{ target, provider },
	};
	int err = vmi_set_policy(vmi, entries, 2);

	if (err != -EINVAL || strcmp(vmi_strerror(vmi), sentence))
		examine_fail("entry", err, vmi_strerror(vmi));
	if (vmi_refused_entry(vmi) != 1)
		examine_fail("number of the entry", vmi_refused_entry(vmi), "");
	examine_recovery(vmi);
}

int main(void)
{
	struct vmi *vmi;

	setenv("FAKE_KERNEL", "good", 1);
	vmi = examine_open();
	set_policy(vmi, "eoi", NULL, "a policy needs a provider");
	set_policy(vmi, LONG, "native", "a name has 1 to 31 characters");
	set_policy(vmi, "eoi", LONG, "a name has 1 to 31 characters");
	vmi_close(vmi);
	return EXIT_SUCCESS;
}
