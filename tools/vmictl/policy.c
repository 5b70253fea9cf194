// SPDX-License-Identifier: GPL-2.0-only
/* vmictl policy: override the default provider for an op or a group. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attrs.h"
#include "kernel.h"
#include "out.h"
#include "policy_file.h"
#include "vmictl.h"
#include "words.h"

/* Print a policy as a line that vmictl policy load accepts. */
static void print_policy(const json_t *policy)
{
	char *target = out_text(json_object_get(policy, "target"));
	char *provider = out_text(json_object_get(policy, "provider"));

	printf("%s %s\n", target, provider);
	free(target);
	free(provider);
}

static int show(int argc, char **argv)
{
	struct vmi_policy *policies;
	struct vmi *vmi;
	json_t *rows;
	size_t i;
	int ret;

	if (argc > 2)
		return usage_error(argv[0], "unexpected word '%s'", argv[2]);
	ret = kernel_open(&vmi);
	if (!ret)
		ret = kernel_result(vmi_list_policies(vmi, &policies));
	if (ret)
		return ret;
	rows = attrs_rows(policies);
	if (out_is_json()) {
		out_document(rows);
		return 0;
	}
	for (i = 0; i < json_array_size(rows); i++)
		print_policy(json_array_get(rows, i));
	json_decref(rows);
	return 0;
}

static int done(struct vmi *vmi, int err, const char *target)
{
	int ret;

	if (err == -ENOENT)
		ret = report_unknown_target(vmi, "", target);
	else
		ret = kernel_result(err);
	if (!ret)
		out_done();
	return ret;
}

static int set(int argc, char **argv)
{
	struct vmi_policy_entry entry;
	struct vmi *vmi;
	int ret;

	if (argc != 4)
		return usage_error(
			argv[0],
			"set takes a group or an op, and native or builtin");
	entry = (struct vmi_policy_entry){ argv[2], argv[3] };
	ret = check_name(argv[0], entry.target);
	if (!ret)
		ret = check_name(argv[0], entry.provider);
	if (!ret)
		ret = kernel_open(&vmi);
	if (ret)
		return ret;
	return done(vmi, vmi_set_policy(vmi, &entry, 1), entry.target);
}

static int clear(int argc, char **argv)
{
	const char *target = argv[2];
	struct vmi *vmi;
	int ret = 0;

	if (argc > 3)
		return usage_error(argv[0], "clear takes one group or op");
	if (target)
		ret = check_name(argv[0], target);
	if (!ret)
		ret = kernel_open(&vmi);
	if (ret)
		return ret;
	return done(vmi, vmi_clear_policy(vmi, target), target);
}

static int set_all(const struct policy_file *file, const char *path)
{
	struct vmi *vmi;
	int entry, err, ret;
	char *where;

	err = kernel_open(&vmi);
	if (err || !file->count)
		return err;
	err = vmi_set_policy(vmi, file->entries, file->count);
	entry = vmi_refused_entry(vmi);
	if (!err || entry < 0)
		return kernel_result(err);
	where = make_text("%s:%zu: ", path, file->lines[entry]);
	if (err == -ENOENT)
		ret = report_unknown_target(vmi, where,
					    file->entries[entry].target);
	else
		ret = out_error(VMI_EXIT_REFUSED, "%s%s", where,
				vmi_strerror(vmi));
	free(where);
	return ret;
}

static int load(int argc, char **argv)
{
	const char *path = argc > 2 ? argv[2] : POLICY_FILE;
	struct policy_file file;
	int ret;

	if (argc > 3)
		return usage_error(argv[0], "load takes one file");
	ret = policy_file_read(path, &file);
	if (ret)
		return ret;
	ret = set_all(&file, path);
	policy_file_free(&file);
	if (!ret)
		out_done();
	return ret;
}

int cmd_policy(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} actions[] = {
		{ "show", show },
		{ "set", set },
		{ "clear", clear },
		{ "load", load },
	};
	size_t i;

	if (argc == 1)
		return show(argc, argv);
	for (i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (!strcmp(argv[1], actions[i].name))
			return actions[i].run(argc, argv);
	return usage_error(argv[0],
			   "unknown action '%s' (use show, set, clear or load)",
			   argv[1]);
}
