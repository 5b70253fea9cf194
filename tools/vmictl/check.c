// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmictl check: describe the file of a module, and tell whether this kernel
 * would accept it as a backend, as far as that can be known without loading it.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend_file.h"
#include "detect.h"
#include "lib/vmi.h"
#include "module_file.h"
#include "out.h"
#include "signature.h"
#include "vmictl.h"

/* The running kernel, with which the module is compared. */
struct running {
	char *release;
	/*
	 * The vermagic that the kernel demands, and the module file it was read
	 * from; both NULL if no such file was found.
	 */
	char *vermagic;
	char *source;
	bool only_signed;
	bool has_vmi;
	struct core_api core;
};

/* Read the vermagic of the first module in this kernel's modules.dep. */
static void find_vermagic(struct running *running)
{
	char *path, *line, *problem, *colon;
	struct module_file *file;
	const char *vermagic;
	FILE *stream;

	path = make_text("/lib/modules/%s/modules.dep", running->release);
	line = file_line(path);
	free(path);
	colon = line ? strchr(line, ':') : NULL;
	if (!colon) {
		free(line);
		return;
	}
	*colon = '\0';
	path = *line == '/' ?
		       make_text("%s", line) :
		       make_text("/lib/modules/%s/%s", running->release, line);
	free(line);
	stream = machine_open(path);
	if (!stream || module_file_open(stream, &file, &problem)) {
		if (stream)
			free(problem);
		free(path);
		return;
	}
	vermagic = module_file_info(file, "vermagic");
	if (vermagic) {
		running->vermagic = make_text("%s", vermagic);
		running->source = path;
	} else {
		free(path);
	}
	module_file_close(file);
}

/* Lockdown marks its level by brackets: "none [integrity] confidentiality". */
static bool takes_only_signed(void)
{
	char *enforce = file_line("/sys/module/module/parameters/sig_enforce");
	char *lockdown = file_line("/sys/kernel/security/lockdown");
	bool only = line_has_word(enforce, "Y") ||
		    (lockdown && !line_has_word(lockdown, "[none]"));

	free(enforce);
	free(lockdown);
	return only;
}

static int ask_core(struct running *running)
{
	struct vmi_status *status;
	struct vmi *vmi;
	int err, ret = 0;

	err = vmi_open(&vmi);
	if (!err)
		err = vmi_get_status(vmi, &status);
	if (!err) {
		running->has_vmi = true;
		running->core.known = true;
		running->core.major = status->api_major;
		running->core.minor = status->api_minor;
		vmi_free(status);
	} else if (err != -ENOENT) {
		ret = out_error(VMI_EXIT_REFUSED, "%s", vmi_strerror(vmi));
	}
	vmi_close(vmi);
	return ret;
}

static int look_at_running(struct running *running)
{
	memset(running, 0, sizeof(*running));
	running->release = file_line("/proc/sys/kernel/osrelease");
	if (!running->release)
		return out_error(
			VMI_EXIT_REFUSED,
			"cannot read the release of this kernel from /proc");
	find_vermagic(running);
	running->only_signed = takes_only_signed();
	return ask_core(running);
}

static void free_running(struct running *running)
{
	free(running->release);
	free(running->vermagic);
	free(running->source);
}

static json_t *text_json(const char *text)
{
	return text ? json_clean(text, strlen(text)) : json_null();
}

static void add_text(json_t *array, char *text)
{
	json_add(array, json_clean(text, strlen(text)));
	free(text);
}

static bool same_words(const char *a, const char *b)
{
	return !strcmp(a, b);
}

/*
 * Return why the kernel would refuse the vermagic, or NULL. The rule is that of
 * same_magic() in the kernel: if the module has checksums of symbols, in the
 * section __versions, the release may differ.
 */
static char *why_not_vermagic(const struct running *running,
			      const char *vermagic, bool has_checksums)
{
	const char *wanted = running->vermagic;
	size_t release;

	if (!vermagic)
		return make_text("it does not say for which kernel it is");
	release = strcspn(vermagic, " ");
	if (!wanted) {
		if (has_checksums ||
		    (release == strlen(running->release) &&
		     !strncmp(vermagic, running->release, release)))
			return NULL;
		return make_text("it is for Linux %.*s, and this is %s",
				 (int)release, vermagic, running->release);
	}
	if (has_checksums) {
		vermagic += release;
		wanted += strcspn(wanted, " ");
	}
	if (same_words(vermagic, wanted))
		return NULL;
	return make_text("it is for '%s', and this kernel takes '%s'", vermagic,
			 wanted);
}

/* Decide as license_is_gpl_compatible() in the kernel does. */
static bool may_use_vmi(const char *license)
{
	static const char *const compatible[] = {
		"GPL",		"GPL v2",	"GPL and additional rights",
		"Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL",
	};
	size_t i;

	for (i = 0; license && i < sizeof(compatible) / sizeof(*compatible);
	     i++)
		if (!strcmp(license, compatible[i]))
			return true;
	return false;
}

/* List the reasons in the order in which the kernel would find them. */
static json_t *why_refused(const struct module_file *file,
			   const struct backend_file *backend,
			   const struct running *running)
{
	const char *license = module_file_info(file, "license");
	json_t *reasons = check_alloc(json_array());
	char *why;

	if (running->only_signed && !module_file_is_signed(file))
		add_text(reasons,
			 make_text("it is not signed, as this kernel demands"));
	why = why_not_vermagic(running, module_file_info(file, "vermagic"),
			       module_file_section(file, "__versions"));
	if (why)
		add_text(reasons, why);
	if (!running->has_vmi)
		add_text(reasons, make_text("this kernel has no VMI"));
	if (!may_use_vmi(license))
		add_text(
			reasons,
			make_text(
				"its licence '%s' is not that of a user of VMI",
				license ?: ""));
	if (backend)
		backend_file_check(backend, &running->core, reasons);
	return reasons;
}

static json_t *running_json(const struct running *running)
{
	json_t *json = check_alloc(json_object()), *api;

	json_put(json, "release", text_json(running->release));
	json_put(json, "vermagic", text_json(running->vermagic));
	if (running->has_vmi) {
		api = check_alloc(json_object());
		json_put(api, "major", json_integer(running->core.major));
		json_put(api, "minor", json_integer(running->core.minor));
		json_put(json, "api", api);
	} else {
		json_put(json, "api", json_null());
	}
	return json;
}

static json_t *compared_json(const struct running *running, bool has_checksums)
{
	char *text;
	json_t *json;

	if (running->source)
		text = make_text("vermagic%s with that of %s",
				 has_checksums ? " but for the release" : "",
				 running->source);
	else if (has_checksums)
		text = make_text(
			"nothing: no module of this kernel was found, and the release may differ");
	else
		text = make_text(
			"the release: no module of this kernel was found");
	json = json_clean(text, strlen(text));
	free(text);
	return json;
}

static json_t *describe(const char *path, const struct module_file *file,
			const struct backend_file *backend,
			const struct running *running, json_t *reasons)
{
	static const char *const infos[] = { "name", "description", "license",
					     "vermagic" };
	bool has_checksums = module_file_section(file, "__versions");
	json_t *json = check_alloc(json_object());
	size_t i;

	json_put(json, "file", text_json(path));
	for (i = 0; i < sizeof(infos) / sizeof(*infos); i++)
		json_put(json, infos[i],
			 text_json(module_file_info(file, infos[i])));
	json_put(json, "signature",
		 module_file_is_signed(file) ? signature_json(path) :
					       json_null());
	json_put(json, "backend",
		 backend ? backend_file_json(backend) : json_null());
	json_put(json, "running", running_json(running));
	json_put(json, "compared", compared_json(running, has_checksums));
	json_put(json, "loads", json_boolean(!json_array_size(reasons)));
	json_put(json, "reasons", reasons);
	return json;
}

static void print_line(const char *key, char *text)
{
	printf("%-12s%s\n", key, text);
	free(text);
}

static void print_text(const char *key, const json_t *object, const char *in)
{
	print_line(key, out_text(json_object_get(object, in)));
}

/* Return "1.0", for example, or "-" if no version is known. */
static char *api_text(const json_t *object)
{
	const json_t *api = json_object_get(object, "api");
	char *major, *minor, *text;

	if (!json_is_object(api))
		return make_text("-");
	major = out_text(json_object_get(api, "major"));
	minor = out_text(json_object_get(api, "minor"));
	text = make_text("%s.%s", major, minor);
	free(major);
	free(minor);
	return text;
}

static void print_ops(const json_t *backend)
{
	const json_t *ops = json_object_get(backend, "ops"), *op;
	char *words = check_alloc(strdup(""));
	size_t i;

	json_array_foreach(ops, i, op)
		words = append_word(
			words, json_string_value(json_object_get(op, "name")));
	if (!*words)
		words = append_word(words, "-");
	print_line("ops", words);
}

static void print_signature(const json_t *signature)
{
	char *words = check_alloc(strdup("")), *text;
	const char *key;
	json_t *value;

	if (json_is_null(signature)) {
		print_line("signature", append_word(words, "-"));
		return;
	}
	words = append_word(words, "yes");
	json_object_foreach((json_t *)signature, key, value) {
		text = make_text("%s %s", key, json_string_value(value));
		words = append_word(words, text);
		free(text);
	}
	print_line("signature", words);
}

static void print_verdict(const json_t *reasons)
{
	const json_t *reason;
	size_t i;

	if (!json_array_size(reasons))
		puts("verdict     would load, as far as can be told");
	json_array_foreach(reasons, i, reason)
		printf("%-12s%s%s\n", i ? "" : "verdict",
		       i ? "and " : "would be refused: ",
		       json_string_value(reason));
}

static void print_description(const json_t *json)
{
	const json_t *backend = json_object_get(json, "backend");
	const json_t *running = json_object_get(json, "running");

	print_text("file", json, "file");
	print_text("module", json, "name");
	print_text("description", json, "description");
	print_text("license", json, "license");
	print_text("vermagic", json, "vermagic");
	print_signature(json_object_get(json, "signature"));
	print_text("backend", backend, "name");
	print_text("hypervisor", backend, "hypervisor");
	print_text("version", backend, "version");
	print_line("api", api_text(backend));
	print_ops(backend);
	print_text("kernel", running, "release");
	print_text("takes", running, "vermagic");
	print_line("core-api", api_text(running));
	print_text("compared", json, "compared");
	print_verdict(json_object_get(json, "reasons"));
}

static int check_module(const char *path, const struct module_file *file)
{
	struct backend_file backend;
	bool known = backend_file_read(file, &backend), loads;
	struct running running;
	json_t *json;
	int ret;

	if (!known && !module_file_needs(file, "vmi_backend_register"))
		return out_error(VMI_EXIT_REFUSED,
				 "%s is a module, but no backend for VMI",
				 path);
	ret = look_at_running(&running);
	if (ret) {
		free_running(&running);
		return ret;
	}
	json = describe(path, file, known ? &backend : NULL, &running,
			why_refused(file, known ? &backend : NULL, &running));
	loads = json_is_true(json_object_get(json, "loads"));
	free_running(&running);
	if (out_is_json()) {
		out_document(json);
	} else {
		print_description(json);
		json_decref(json);
	}
	return loads ? 0 : VMI_EXIT_REFUSED;
}

int cmd_check(int argc, char **argv)
{
	struct module_file *file;
	char *problem;
	FILE *stream;
	int ret;

	if (argc != 2)
		return usage_error(argv[0], "give exactly one file");
	stream = fopen(argv[1], "re");
	if (!stream)
		return out_error(VMI_EXIT_USAGE, "cannot open %s: %s", argv[1],
				 strerror(errno));
	if (module_file_open(stream, &file, &problem)) {
		ret = out_error(VMI_EXIT_REFUSED, "%s %s", argv[1], problem);
		free(problem);
		return ret;
	}
	ret = check_module(argv[1], file);
	module_file_close(file);
	return ret;
}
