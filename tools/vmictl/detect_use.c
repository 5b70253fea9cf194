// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmictl detect: which of the offered features this kernel uses.
 *
 * Only VMI has an interface that says so. Other features may leave traces: a
 * clock that is registered, an interrupt that is requested. For features
 * without a trace, the known habit of Linux decides. Some features have no
 * evidence at all.
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "detect.h"
#include "detect_rules.h"
#include "out.h"

static const char *const confidence_names[] = {
	[CERTAIN] = "certain",
	[LIKELY] = "likely",
	[GUESS] = "guess",
	[NONE] = "none",
};

/* Files that may show traces; NULL if a file cannot be read. */
struct system {
	enum hypervisor_kind kind;
	char *clocksource;
	char *clocksources;
	char *clockevent;
	char *cpuidle;
	char *boot_line;
	char *vmi_active;
	char *vmi_builtin;
	bool interrupts;
	/* The kernel's own code for this hypervisor is known to run. */
	bool guest_code;
	/* The guest is one of Xen but not HVM, and nopv has no effect on it. */
	bool ignores_nopv;
};

#define CLOCKSOURCE_DIR "/sys/devices/system/clocksource/clocksource0/"

static bool file_exists(const char *path)
{
	FILE *file = machine_open(path);

	if (file)
		fclose(file);
	return file;
}

static bool has_guest_code(const struct system *system)
{
	uint64_t total;
	char *type;
	bool is_xen;

	if (system->vmi_builtin && strcmp(system->vmi_builtin, "native"))
		return true;
	switch (system->kind) {
	case HYPERVISOR_KVM:
		return line_has_word(system->clocksources, "kvm-clock") ||
		       file_interrupts("HYP", &total);
	case HYPERVISOR_HYPERV:
		return line_has_word(system->clocksources,
				     "hyperv_clocksource_tsc_page") ||
		       line_has_word(system->clocksources,
				     "hyperv_clocksource_msr");
	case HYPERVISOR_XEN:
		type = file_line("/sys/hypervisor/type");
		is_xen = type && !strcmp(type, "xen");
		free(type);
		return is_xen;
	default:
		return false;
	}
}

static void look(struct system *system, const struct detection *detection)
{
	char *guest_type = file_line("/sys/hypervisor/guest_type");

	if (detection->driven)
		system->kind = detection->driven->kind;
	system->clocksource = file_line(CLOCKSOURCE_DIR "current_clocksource");
	system->clocksources =
		file_line(CLOCKSOURCE_DIR "available_clocksource");
	system->clockevent = file_line(
		"/sys/devices/system/clockevents/clockevent0/current_device");
	system->cpuidle =
		file_line("/sys/devices/system/cpu/cpuidle/current_driver");
	system->boot_line = file_line("/proc/cmdline");
	system->vmi_active = file_line("/sys/kernel/vmi/active");
	system->vmi_builtin = file_line("/sys/kernel/vmi/builtin");
	system->interrupts = file_exists("/proc/interrupts");
	system->guest_code = has_guest_code(system);
	system->ignores_nopv = system->kind == HYPERVISOR_XEN &&
			       (!guest_type || strcmp(guest_type, "HVM"));
	free(guest_type);
}

static void forget(struct system *system)
{
	free(system->clocksource);
	free(system->clocksources);
	free(system->clockevent);
	free(system->cpuidle);
	free(system->boot_line);
	free(system->vmi_active);
	free(system->vmi_builtin);
}

static void add_row(json_t *rows, const char *feature, const char *value,
		    enum confidence confidence, char *source)
{
	json_t *row = check_alloc(json_object());

	json_put(row, "feature", json_string(feature));
	json_put(row, "value", json_string(value));
	json_put(row, "confidence", json_string(confidence_names[confidence]));
	json_put(row, "source", json_string(source));
	json_add(rows, row);
	free(source);
}

/* An interrupt that arrived proves the use; a row alone only a handler. */
static bool interrupt_came(json_t *rows, const struct rule *rule,
			   const char *name)
{
	uint64_t total;

	if (!file_interrupts(name, &total))
		return false;
	add_row(rows, rule->feature, "yes", total ? CERTAIN : LIKELY,
		make_text("/proc/interrupts has %s, %" PRIu64 " so far", name,
			  total));
	return true;
}

static bool time_was_stolen(json_t *rows, const struct rule *rule)
{
	uint64_t ticks;

	if (!file_steal(&ticks) || !ticks)
		return false;
	add_row(rows, rule->feature, "yes", CERTAIN,
		make_text("/proc/stat has %" PRIu64 " ticks of steal", ticks));
	return true;
}

static bool is_traced(json_t *rows, const struct rule *rule,
		      const struct system *system, const char *name)
{
	switch (rule->trace) {
	case CLOCKSOURCE:
		if (!line_has_word(system->clocksources, name))
			return false;
		add_row(rows, rule->feature, "yes", CERTAIN,
			make_text("available_clocksource has %s", name));
		return true;
	case CLOCKEVENT:
		if (!system->clockevent || strcmp(system->clockevent, name))
			return false;
		add_row(rows, rule->feature, "yes", CERTAIN,
			make_text("the clockevent of CPU 0 is %s", name));
		return true;
	case INTERRUPT:
		return interrupt_came(rows, rule, name);
	case CPUIDLE:
		if (!system->cpuidle || strcmp(system->cpuidle, name))
			return false;
		add_row(rows, rule->feature, "yes", LIKELY,
			make_text("the cpuidle driver is %s", name));
		return true;
	default:
		return false;
	}
}

static bool is_seen(json_t *rows, const struct rule *rule,
		    const struct system *system)
{
	size_t i;

	if (rule->trace == STEAL)
		return time_was_stolen(rows, rule);
	for (i = 0; rule->traces[i]; i++)
		if (is_traced(rows, rule, system, rule->traces[i]))
			return true;
	return false;
}

/*
 * Return whether the backend, like null, is for no hypervisor and calls native
 * ops.
 */
static bool is_for_none(const char *backend)
{
	char *path =
		make_text("/sys/kernel/vmi/backends/%s/hypervisor", backend);
	char *hypervisor = file_line(path);
	bool is_none = hypervisor && !strcmp(hypervisor, "none");

	free(hypervisor);
	free(path);
	return is_none;
}

static bool vmi_says(json_t *rows, const struct rule *rule)
{
	char *path, *provider;
	bool native;

	if (!rule->op)
		return false;
	path = make_text("/sys/kernel/vmi/ops/%s/provider", rule->op);
	provider = file_line(path);
	free(path);
	if (!provider)
		return false;
	native = !strcmp(provider, "native") || is_for_none(provider);
	/* A provider may implement the op without using this feature. */
	add_row(rows, rule->feature, native ? "no" : "yes",
		native ? CERTAIN : LIKELY,
		make_text("VMI has %s on %s", rule->op, provider));
	free(provider);
	return true;
}

static bool is_off(json_t *rows, const struct rule *rule,
		   const struct system *system)
{
	const char *word = NULL;
	size_t i;

	if (!system->ignores_nopv && line_has_word(system->boot_line, "nopv"))
		word = "nopv";
	for (i = 0; !word && rule->off[i]; i++)
		if (line_has_word(system->boot_line, rule->off[i]))
			word = rule->off[i];
	if (!word)
		return false;
	add_row(rows, rule->feature, "no", CERTAIN,
		make_text("the boot line has %s", word));
	return true;
}

static bool is_missing(json_t *rows, const struct rule *rule,
		       const struct system *system)
{
	const char *place;

	switch (rule->trace) {
	case CLOCKSOURCE:
		place = system->clocksources ? "available_clocksource" : NULL;
		break;
	case CLOCKEVENT:
		place = system->clockevent ? "the clockevent of CPU 0" : NULL;
		break;
	case INTERRUPT:
		place = system->interrupts ? "/proc/interrupts" : NULL;
		break;
	case CPUIDLE:
		place = system->cpuidle ? "the cpuidle driver" : NULL;
		break;
	default:
		place = NULL;
	}
	if (!place)
		return false;
	add_row(rows, rule->feature, "no", LIKELY,
		make_text("no %s in %s", rule->traces[0], place));
	return true;
}

static void add_habit(json_t *rows, const struct rule *rule,
		      const struct system *system)
{
	if (!system->guest_code || rule->habit == NONE)
		add_row(rows, rule->feature, "unknown", NONE,
			make_text("nothing shows it"));
	else if (rule->habit == LIKELY)
		add_row(rows, rule->feature, "yes", LIKELY,
			make_text("Linux does, where it is offered"));
	else
		add_row(rows, rule->feature, "yes", GUESS,
			make_text("Linux does, on some conditions"));
}

static void apply(json_t *rows, const struct rule *rule,
		  const struct system *system)
{
	/* A registered clock is evidence, whatever the op's provider is. */
	bool clock = rule->trace == CLOCKSOURCE && is_seen(rows, rule, system);

	/* VMI's answer comes first: a trace may be older than a switch. */
	if (!clock && !vmi_says(rows, rule) && !is_seen(rows, rule, system) &&
	    !is_off(rows, rule, system) && !is_missing(rows, rule, system))
		add_habit(rows, rule, system);
}

/* A feature in none of the tables may still be offered. */
static bool is_offered(const struct detection *detection,
		       const json_t *features, const char *name)
{
	const json_t *row;
	const char *text;
	size_t i;

	json_array_foreach(features, i, row) {
		text = json_string_value(json_object_get(row, "hypervisor"));
		if (strcmp(text, detection->driven->name))
			continue;
		text = json_string_value(json_object_get(row, "name"));
		if (!strcmp(text, name))
			return json_is_true(json_object_get(row, "offered"));
	}
	return true;
}

static void add_setting(json_t *rows, const char *name, const char *value,
			const char *path)
{
	if (value)
		add_row(rows, name, value, CERTAIN, make_text("%s", path));
}

json_t *detect_use(const struct detection *detection, const json_t *features)
{
	json_t *rows = check_alloc(json_array());
	struct system system = {};
	const struct rule *rule;

	look(&system, detection);
	add_setting(rows, "vmi", system.vmi_active, "/sys/kernel/vmi/active");
	add_setting(rows, "clocksource", system.clocksource,
		    CLOCKSOURCE_DIR "current_clocksource");
	for (rule = detect_rules; rule->feature; rule++)
		if (detection->driven && rule->kind == system.kind &&
		    is_offered(detection, features, rule->feature))
			apply(rows, rule, &system);
	forget(&system);
	return rows;
}
