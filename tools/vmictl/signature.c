// SPDX-License-Identifier: GPL-2.0-only
/*
 * The signature of a module, as libkmod reads it.
 *
 * libkmod is loaded only when it is needed. It requires libcrypto, and loading
 * both at the start would take longer than most commands do.
 */

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include <libkmod.h>

#include "out.h"
#include "signature.h"

#define LIBKMOD "libkmod.so.2"

#define KMOD_FUNCTIONS(FUNCTION)             \
	FUNCTION(kmod_new)                   \
	FUNCTION(kmod_unref)                 \
	FUNCTION(kmod_set_log_priority)      \
	FUNCTION(kmod_module_new_from_path)  \
	FUNCTION(kmod_module_unref)          \
	FUNCTION(kmod_module_get_info)       \
	FUNCTION(kmod_module_info_get_key)   \
	FUNCTION(kmod_module_info_get_value) \
	FUNCTION(kmod_module_info_free_list) \
	FUNCTION(kmod_list_next)

static struct {
#define MEMBER(function) __typeof__(function) *function;
	KMOD_FUNCTIONS(MEMBER)
} kmod;

static bool load(void)
{
	static void *library;

	if (!library)
		library = dlopen(LIBKMOD, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return false;
#define LOOK_UP(function)                          \
	kmod.function = dlsym(library, #function); \
	if (!kmod.function)                        \
		return false;
	KMOD_FUNCTIONS(LOOK_UP)
	return true;
}

static void put(json_t *signature, const char *key, const char *value)
{
	static const struct {
		const char *kmod;
		const char *ours;
	} keys[] = {
		{ "sig_id", "kind" },
		{ "signer", "signer" },
		{ "sig_key", "key" },
		{ "sig_hashalgo", "hash" },
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!strcmp(key, keys[i].kmod) && *value)
			json_put(signature, keys[i].ours,
				 json_clean(value, strlen(value)));
}

static void read_info(struct kmod_ctx *context, const char *path,
		      json_t *signature)
{
	struct kmod_list *list = NULL, *entry;
	struct kmod_module *module;

	if (kmod.kmod_module_new_from_path(context, path, &module) < 0)
		return;
	if (kmod.kmod_module_get_info(module, &list) < 0)
		list = NULL;
	for (entry = list; entry; entry = kmod.kmod_list_next(list, entry))
		put(signature, kmod.kmod_module_info_get_key(entry),
		    kmod.kmod_module_info_get_value(entry));
	kmod.kmod_module_info_free_list(list);
	kmod.kmod_module_unref(module);
}

json_t *signature_json(const char *path)
{
	json_t *signature = check_alloc(json_object());
	const char *no_files[] = { NULL };
	struct kmod_ctx *context;

	context = load() ? kmod.kmod_new(NULL, no_files) : NULL;
	if (!context)
		return signature;
	/* Disable the messages of libkmod: vmictl check has its own. */
	kmod.kmod_set_log_priority(context, 0);
	read_info(context, path, signature);
	kmod.kmod_unref(context);
	return signature;
}
