// SPDX-License-Identifier: GPL-2.0-only
/* Valid names to suggest for an unknown one. */

#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "out.h"
#include "vmictl.h"
#include "words.h"

/* List the ops of the group that @name begins with; empty if there is none. */
static char *ops_beside(const struct vmi_op *ops, const char *name)
{
	char *words = check_alloc(strdup(""));
	size_t len = strcspn(name, ".");
	const struct vmi_op *op;

	vmi_for_each(op, ops)
		if (strlen(op->group) == len && !strncmp(op->group, name, len))
			words = append_word(words, op->name);
	return words;
}

static char *all_ops(const struct vmi_op *ops)
{
	char *words = check_alloc(strdup(""));
	const struct vmi_op *op;

	vmi_for_each(op, ops)
		words = append_word(words, op->name);
	return words;
}

static char *all_groups(const struct vmi_op *ops)
{
	json_t *groups = check_alloc(json_object());
	char *words = check_alloc(strdup(""));
	const struct vmi_op *op;
	const char *group;
	json_t *value;
	char *key;

	/* The keys of an object keep each group once, in the kernel's order. */
	vmi_for_each(op, ops) {
		key = check_alloc(strdup(op->group));
		clean_text(key);
		json_put(groups, key, json_null());
		free(key);
	}
	json_object_foreach(groups, group, value)
		words = append_word(words, group);
	json_decref(groups);
	return words;
}

/*
 * Suggest the ops of the group with which @name begins. If there is no such
 * group, suggest the names that @all lists.
 */
static char *words_beside(const struct vmi_op *ops, const char *name,
			  char *(*all)(const struct vmi_op *ops),
			  const char *kind)
{
	char *words = ops_beside(ops, name);
	char *text;

	if (*words) {
		kind = "ops";
	} else {
		free(words);
		words = all(ops);
	}
	text = make_text("%s: %s", kind, words);
	free(words);
	return text;
}

char *words_for_op(const struct vmi_op *ops, const char *name)
{
	return words_beside(ops, name, all_ops, "ops");
}

char *words_for_target(const struct vmi_op *ops, const char *target)
{
	const struct vmi_op *op;

	vmi_for_each(op, ops)
		if (is_selected(op, target))
			return NULL;
	return words_beside(ops, target, all_groups, "groups");
}

static char *words_for_provider(const struct vmi_backend *backends,
				const char *name)
{
	char *words = append_word(check_alloc(strdup("native")), "builtin");
	bool known = !strcmp(name, "native") || !strcmp(name, "builtin");
	const struct vmi_backend *backend;
	char *text;

	vmi_for_each(backend, backends) {
		known = known || !strcmp(backend->name, name);
		words = append_word(words, backend->name);
	}
	text = known ? NULL : make_text("use %s", words);
	free(words);
	return text;
}

/* Report the kernel's sentence, and the valid names unless @words is NULL. */
static int report(const char *where, const char *said, const char *words)
{
	if (!words)
		return out_error(VMI_EXIT_REFUSED, "%s%s", where, said);
	return out_error(VMI_EXIT_REFUSED, "%s%s (%s)", where, said, words);
}

int report_unknown_target(struct vmi *vmi, const char *where,
			  const char *target)
{
	char *said = make_text("%s", vmi_strerror(vmi)), *words = NULL;
	struct vmi_op *ops;
	int ret;

	if (target && !vmi_list_ops(vmi, &ops)) {
		words = words_for_target(ops, target);
		vmi_free(ops);
	}
	ret = report(where, said, words);
	free(words);
	free(said);
	return ret;
}

int report_unknown_provider(struct vmi *vmi, const char *name)
{
	char *said = make_text("%s", vmi_strerror(vmi)), *words;
	struct vmi_backend *backends;
	int ret;

	/* If there is no list, suggest only native and builtin. */
	if (vmi_list_backends(vmi, &backends))
		backends = NULL;
	words = words_for_provider(backends, name);
	vmi_free(backends);
	ret = report("", said, words);
	free(words);
	free(said);
	return ret;
}
