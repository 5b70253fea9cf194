// SPDX-License-Identifier: GPL-2.0-only
/* vmictl use: switch to a provider. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "out.h"
#include "vmictl.h"

/* What would have been understood, behind what the kernel said. */
static int unknown_provider(struct vmi *vmi, const char *name)
{
	char *words = append_word(check_alloc(strdup("native")), "builtin");
	char *said = make_text("%s", vmi_strerror(vmi));
	struct vmi_backend *backends = NULL, *backend;
	bool known = false;
	int ret;

	/* Who may not list them gets the sentence alone. */
	if (vmi_list_backends(vmi, &backends))
		backends = NULL;
	vmi_for_each(backend, backends) {
		known = known || !strcmp(backend->name, name);
		words = append_word(words, backend->name);
	}
	vmi_free(backends);
	ret = known ? out_error(VMI_EXIT_REFUSED, "%s", said) :
		      out_error(VMI_EXIT_REFUSED, "%s (use %s)", said, words);
	free(words);
	free(said);
	return ret;
}

static int use(struct vmi *vmi, const char *name)
{
	int err = vmi_use(vmi, name);

	return err == -ENOENT ? unknown_provider(vmi, name) :
				kernel_result(err);
}

int cmd_use(int argc, char **argv)
{
	struct vmi *vmi;
	int ret;

	if (argc != 2)
		return usage_error(argv[0], "give exactly one provider");
	ret = check_name(argv[0], argv[1]);
	if (!ret)
		ret = kernel_open(&vmi);
	if (!ret)
		ret = use(vmi, argv[1]);
	if (!ret)
		out_done();
	return ret;
}
