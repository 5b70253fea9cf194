// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmictl trace: commands that show the calls of an op on this machine. They are
 * printed and not executed.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "detect.h"
#include "kernel.h"
#include "out.h"
#include "trace_host.h"
#include "vmictl.h"

#define TRACING "/sys/kernel/tracing/"
#define NO_PROBES "/sys/kernel/debug/kprobes/blacklist"

/* An op, and the function that it is bound to now. */
struct target {
	const struct vmi_op *op;
	/* NULL if no function is known. */
	char *function;
	/* Name of the provider's module, or NULL. */
	const char *own;
	/*
	 * Name of the module with the function, NULL if that is the kernel or
	 * unknown; and whether the function is listed among the symbols.
	 */
	char *module;
	bool listed;
	/*
	 * The function is in the list of those that must not be probed, and of
	 * those that can be traced.
	 */
	bool forbidden;
	bool traceable;
};

/* The support for tracers in this kernel. */
struct tracers {
	bool kprobes;
	/* The list of functions that can be traced is readable. */
	bool functions;
};

static bool kernel_has(const char *path)
{
	FILE *file;

	errno = 0;
	file = machine_open(path);
	if (file)
		fclose(file);
	/* The file may be for root only, and root has to run the commands. */
	return file || errno == EACCES;
}

/*
 * A line is "SYMBOL", "SYMBOL [MODULE]" or
 * "0xffffffff81000000-0xffffffff81000100 SYMBOL".
 */
static bool has_symbol(const char *line, const char *symbol)
{
	if (!strncmp(line, "0x", 2)) {
		line += strcspn(line, "\t ");
		line += strspn(line, "\t ");
	}
	return strcspn(line, "\t \n") == strlen(symbol) &&
	       !strncmp(line, symbol, strlen(symbol));
}

/*
 * Set the bool at offset @flag in each target whose function is in the file.
 * Return: false if the file cannot be read.
 */
static bool look_up(const char *path, struct target *targets, size_t count,
		    size_t flag)
{
	FILE *file = machine_open(path);
	char *line = NULL;
	size_t size = 0, i;

	if (!file)
		return false;
	while (getline(&line, &size, file) >= 0)
		for (i = 0; i < count; i++)
			if (targets[i].function &&
			    has_symbol(line, targets[i].function))
				*(bool *)((char *)&targets[i] + flag) = true;
	free(line);
	fclose(file);
	return true;
}

/* Return whether the op's contract forbids to instrument its providers. */
static bool is_noinstr(const struct vmi_op *op)
{
	static const char *const names[] = { "clock.sched_clock",
					     "idle.safe_halt", "idle.halt" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], op->name))
			return true;
	return false;
}

static const char *module_of(const struct vmi_backend *backends,
			     const char *provider)
{
	const struct vmi_backend *backend;

	vmi_for_each(backend, backends)
		if (!strcmp(backend->name, provider))
			return backend->module;
	return NULL;
}

/* Parse "ADDRESS TYPE SYMBOL", with "[MODULE]" behind it for a module. */
static bool parse_symbol(char *line, const char **symbol, const char **module)
{
	char *rest;

	*symbol = NULL;
	if (strtok_r(line, " \t\n", &rest) && strtok_r(NULL, " \t\n", &rest))
		*symbol = strtok_r(NULL, " \t\n", &rest);
	*module = strtok_r(NULL, "[] \t\n", &rest);
	return *symbol;
}

/*
 * Store the module of a target's function. A backend may bind functions of the
 * kernel, so the module is not always the provider's. If several symbols have
 * the name, the one in the provider's module is right, or else the first: the
 * list begins with the kernel.
 */
static void take_module(struct target *target, const char *module)
{
	bool own = module && target->own && !strcmp(module, target->own);

	if (target->listed && !own)
		return;
	target->listed = true;
	free(target->module);
	target->module = module ? make_text("%s", module) : NULL;
}

static void find_modules(struct target *targets, size_t count)
{
	FILE *file = machine_open("/proc/kallsyms");
	const char *symbol, *module;
	char *line = NULL;
	size_t size = 0, i;

	if (!file)
		return;
	while (getline(&line, &size, file) >= 0) {
		if (!parse_symbol(line, &symbol, &module))
			continue;
		for (i = 0; i < count; i++)
			if (targets[i].function &&
			    !strcmp(targets[i].function, symbol))
				take_module(&targets[i], module);
	}
	free(line);
	fclose(file);
}

static struct target *find_targets(const struct vmi_op *ops,
				   const struct vmi_backend *backends,
				   const char *word, size_t *count)
{
	struct target *targets, *target;
	const struct vmi_op *op;
	char *path;

	*count = 0;
	vmi_for_each(op, ops)
		*count += is_selected(op, word);
	targets = check_alloc(calloc(*count, sizeof(*targets)));
	target = targets;
	vmi_for_each(op, ops) {
		if (!is_selected(op, word))
			continue;
		path = make_text("/sys/kernel/vmi/ops/%s/function", op->name);
		target->op = op;
		target->function = file_line(path);
		free(path);
		if (target->function && !strcmp(target->function, "none")) {
			free(target->function);
			target->function = NULL;
		}
		target->own = module_of(backends, op->provider);
		target++;
	}
	find_modules(targets, *count);
	return targets;
}

static struct tracers find_tracers(struct target *targets, size_t count)
{
	struct tracers tracers = {
		.kprobes = kernel_has(TRACING "kprobe_events"),
	};
	size_t i;

	if (!look_up(NO_PROBES, targets, count,
		     offsetof(struct target, forbidden)))
		for (i = 0; i < count; i++)
			targets[i].forbidden = is_noinstr(targets[i].op);
	tracers.functions = look_up(TRACING "available_filter_functions",
				    targets, count,
				    offsetof(struct target, traceable));
	return tracers;
}

/* Return why the function cannot be probed, as a sentence; NULL if it can. */
static const char *why_no_probe(const struct target *target,
				const struct tracers *tracers)
{
	if (!target->function)
		return "no function is known that is entered: the code is at the call sites, or has no name";
	if (target->forbidden)
		return "the function must not be instrumented (noinstr)";
	if (!tracers->kprobes)
		return "this kernel has no kprobe events";
	if (tracers->functions && !target->traceable)
		return "the function must not be traced (notrace)";
	return NULL;
}

/* Add a hint, and free @command. */
static void add_hint(json_t *hints, const char *where, const char *tool,
		     char *command)
{
	json_t *hint = check_alloc(json_object());

	json_put(hint, "where", json_string(where));
	json_put(hint, "tool", json_string(tool));
	json_put(hint, "command", json_clean(command, strlen(command)));
	json_add(hints, hint);
	free(command);
}

static void add_probes(json_t *hints, const struct target *target,
		       const struct tracers *tracers)
{
	const char *function = target->function;
	const char *module = target->module;

	add_hint(
		hints, "guest", "perf",
		make_text(
			"perf probe -q %s%s%s%s && perf record -q -a -e probe:%s sleep 10 && perf script",
			module ? "-m " : "", module ?: "", module ? " " : "",
			function, function));
	if (tracers->functions)
		add_hint(
			hints, "guest", "trace-cmd",
			make_text(
				"trace-cmd record -p function -l %s sleep 10 && trace-cmd report",
				function));
	add_hint(hints, "guest", "bpftrace",
		 make_text("bpftrace -e 'kprobe:%s { @[kstack] = count(); }'",
			   function));
}

static void add_host(json_t *hints, const struct host_event *event)
{
	for (; event && event->event; event++)
		add_hint(
			hints, "host", "perf",
			make_text(
				"perf record -q -a -e %s%s%s%s sleep 10 && perf script",
				event->event,
				event->filter ? " --filter '" : "",
				event->filter ?: "", event->filter ? "'" : ""));
}

static json_t *trace_op(const struct target *target,
			const struct tracers *tracers,
			const struct detection *detection)
{
	const char *why = why_no_probe(target, tracers);
	json_t *document = check_alloc(json_object());
	json_t *hints = check_alloc(json_array());
	const struct vmi_op *op = target->op;

	json_put(document, "name", json_clean(op->name, strlen(op->name)));
	json_put(document, "provider",
		 json_clean(op->provider, strlen(op->provider)));
	json_put(document, "function",
		 target->function ? json_string(target->function) :
				    json_null());
	json_put(document, "no-kprobe", why ? json_string(why) : json_null());
	add_hint(
		hints, "guest", "vmictl",
		make_text(
			"vmictl stats on %s && sleep 10 && vmictl stats off %s && vmictl stats %s",
			op->name, op->name, op->name));
	if (!why)
		add_probes(hints, target, tracers);
	add_host(hints, trace_host_events(detection, op));
	json_put(document, "hints", hints);
	return document;
}

/* Make the hints that show switches, registrations and policies. */
static json_t *trace_switches(void)
{
	json_t *hints = check_alloc(json_array());

	add_hint(
		hints, "guest", "perf",
		make_text(
			"perf record -q -a -e 'vmi:*' sleep 10 && perf script"));
	add_hint(
		hints, "guest", "trace-cmd",
		make_text(
			"trace-cmd record -e vmi sleep 10 && trace-cmd report"));
	add_hint(
		hints, "guest", "bpftrace",
		make_text(
			"bpftrace -e 'tracepoint:vmi:* { @[probe] = count(); }'"));
	return hints;
}

static void print_hints(const json_t *hints)
{
	const json_t *hint;
	size_t i;

	json_array_foreach(hints, i, hint)
		printf("  %-6s%-10s%s\n",
		       json_string_value(json_object_get(hint, "where")),
		       json_string_value(json_object_get(hint, "tool")),
		       json_string_value(json_object_get(hint, "command")));
}

static void print_trace(const json_t *document)
{
	const json_t *ops = json_object_get(document, "ops"), *op, *why;
	char *function;
	size_t i;

	json_array_foreach(ops, i, op) {
		function = out_text(json_object_get(op, "function"));
		printf("%s, bound to %s: %s\n",
		       json_string_value(json_object_get(op, "name")),
		       json_string_value(json_object_get(op, "provider")),
		       function);
		free(function);
		print_hints(json_object_get(op, "hints"));
		why = json_object_get(op, "no-kprobe");
		if (json_is_string(why))
			printf("  no kprobe: %s\n", json_string_value(why));
	}
	puts("switches, registrations and policies");
	print_hints(json_object_get(document, "switches"));
}

static json_t *trace_all(const struct vmi_op *ops,
			 const struct vmi_backend *backends, const char *word)
{
	json_t *document = check_alloc(json_object());
	json_t *array = check_alloc(json_array());
	struct detection detection = {};
	struct target *targets;
	struct tracers tracers;
	size_t count, i;

	detect_layers(&detection);
	targets = find_targets(ops, backends, word, &count);
	tracers = find_tracers(targets, count);
	for (i = 0; i < count; i++) {
		json_add(array, trace_op(&targets[i], &tracers, &detection));
		free(targets[i].function);
		free(targets[i].module);
	}
	free(targets);
	detect_free(&detection);
	json_put(document, "ops", array);
	json_put(document, "switches", trace_switches());
	return document;
}

static int read_kernel(struct vmi *vmi, struct vmi_op **ops,
		       struct vmi_backend **backends)
{
	int ret = kernel_result(vmi_list_ops(vmi, ops));

	if (!ret)
		ret = kernel_result(vmi_list_backends(vmi, backends));
	return ret;
}

int cmd_trace(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : NULL;
	struct vmi_backend *backends = NULL;
	struct vmi_op *ops = NULL;
	json_t *document;
	struct vmi *vmi;
	int ret = 0;

	if (argc > 2)
		return usage_error(argv[0], "unexpected word '%s'", argv[2]);
	if (word)
		ret = check_name(argv[0], word);
	if (!ret)
		ret = kernel_open(&vmi);
	if (!ret)
		ret = read_kernel(vmi, &ops, &backends);
	if (!ret)
		ret = check_target(ops, word);
	if (!ret) {
		document = trace_all(ops, backends, word);
		if (out_is_json()) {
			out_document(document);
		} else {
			print_trace(document);
			json_decref(document);
		}
	}
	vmi_free(backends);
	vmi_free(ops);
	return ret;
}
