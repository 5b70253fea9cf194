// SPDX-License-Identifier: GPL-2.0-only
/*
 * The boot line, and the first switch
 *
 *	vmi=PROVIDER[,MODIFIER]...
 *
 * PROVIDER is auto, native, builtin or the name of a backend, and auto if it is
 * left out; a MODIFIER is -GROUP or -GROUP.OP to leave ops unbound, or stats to
 * count from the start.
 * What is not understood is logged and skipped: the boot line must not be able
 * to stop a boot.
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <linux/ctype.h>
#include <linux/dmi.h>
#include <linux/init.h>
#include <linux/initrd.h>
#include <linux/kmod.h>
#include <linux/string.h>

#include <asm/setup.h>

#include "vmi_core.h"

/* The word of the boot line is kept for status before it is acted on. */
static char boot_provider[VMI_NAME_LEN + 1] __initdata = "auto";
static bool boot_stats __initdata;

bool vmi_is_reserved_name(const char *name)
{
	return !strcmp(name, "auto") || !strcmp(name, "native") ||
	       !strcmp(name, "builtin") || !strcmp(name, "stats");
}

bool __init vmi_boot_wants_backend(void)
{
	return !vmi_is_reserved_name(boot_provider);
}

bool __init vmi_boot_wants_stats(void)
{
	return boot_stats;
}

static bool __init is_modifier(const char *word)
{
	return word[0] == '-' || !strcmp(word, "stats");
}

static void __init parse_modifier(const char *word)
{
	vmi_opmask_t ops;

	if (!strcmp(word, "stats")) {
		boot_stats = true;
		return;
	}
	ops = word[0] == '-' ? vmi_ops_find(word + 1) : 0;
	if (!ops) {
		pr_warn("unknown word '%s' in vmi=, valid are stats, -GROUP and -GROUP.OP\n",
			word);
		return;
	}
	vmi_live.excluded |= ops;
}

static int __init parse_vmi(char *arg)
{
	static char line[COMMAND_LINE_SIZE] __initdata;
	char *rest = line, *word;

	if (!arg)
		return 0;
	strscpy(line, arg, sizeof(line));

	word = strsep(&rest, ",");
	if (is_modifier(word))
		parse_modifier(word);
	else if (strlen(word) > VMI_NAME_LEN)
		pr_warn("the provider '%s' in vmi= is too long, staying with %s\n",
			word, boot_provider);
	else if (*word)
		strscpy(boot_provider, word, sizeof(boot_provider));

	while ((word = strsep(&rest, ",")))
		parse_modifier(word);
	return 0;
}
early_param("vmi", parse_vmi);

static bool __init try_switch(const char *name)
{
	struct vmi_error error = {};
	int err;

	mutex_lock(&vmi_live.lock);
	err = vmi_switch(&vmi_live, name, &error);
	mutex_unlock(&vmi_live.lock);
	return !err;
}

static bool __init is_registered(const char *name)
{
	bool found;

	mutex_lock(&vmi_live.lock);
	found = vmi_table_find(&vmi_live, name);
	mutex_unlock(&vmi_live.lock);
	return found;
}

static void __init select_by_name(const char *name)
{
	if (vmi_boot_wants_backend() && !is_registered(name)) {
		request_module("vmi-backend-%s", name);
		if (!is_registered(name))
			pr_warn("unknown provider '%s' in vmi=, valid are auto, native, builtin and names of backends\n",
				name);
	}
	try_switch(name);
}

/* A backend that recognised the machine's hypervisor. */
static bool __init find_claim(char *name)
{
	struct vmi_entry *entry;
	bool found = false;

	mutex_lock(&vmi_live.lock);
	list_for_each_entry(entry, &vmi_live.entries, node) {
		if (entry->state == VMI_STATE_VALIDATED &&
		    !entry->backend->by_name_only) {
			strscpy(name, entry->backend->name, VMI_NAME_LEN + 1);
			found = true;
			break;
		}
	}
	mutex_unlock(&vmi_live.lock);
	return found;
}

/* Ask for a module, unless a backend that is there already claims the machine. */
static void __init request_claim(const char *kind, const char *what)
{
	char name[VMI_NAME_LEN + 1];

	if (!find_claim(name))
		request_module("vmi-%s-%s", kind, what);
}

static void __init request_by_cpuid(void)
{
	char signature[13], *c;
	unsigned int i;

	for (i = 0; vmi_arch_signature(i, signature); i++) {
		for (c = signature; *c; c++) {
			if (!isalnum(*c))
				*c = '_';
		}
		request_claim("hypervisor", signature);
	}
}

static void __init request_by_dmi(void)
{
	static const int fields[] __initconst = {
		DMI_SYS_VENDOR, DMI_PRODUCT_SERIAL
	};
	const char *text, *end;
	char word[16];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fields); i++) {
		text = dmi_get_system_info(fields[i]);
		for (end = text; end && isalnum(*end); end++)
			;
		if (end == text || end - text >= sizeof(word))
			continue;
		strscpy(word, text, end - text + 1);
		request_claim("dmi", word);
	}
}

/*
 * Which backend is for which hypervisor is known to the backends alone: each has
 * the signature of its hypervisor, or what it writes to the DMI tables, as a
 * module alias, and looks for itself once it is loaded. A hypervisor that imitates
 * another one has that one's signature first: it wants guests to use those
 * features. DMI is for machines that do not admit to be virtual.
 */
static void __init select_auto(void)
{
	char name[VMI_NAME_LEN + 1];

	request_by_cpuid();
	request_by_dmi();
	if (find_claim(name))
		try_switch(name);
	strscpy(vmi_live.requested, "auto", sizeof(vmi_live.requested));
}

/*
 * After every built-in backend has registered, with all CPUs up and module
 * loading possible, and before PID 1: its first look finds the choice made.
 */
static int __init vmi_select(void)
{
	if (!vmi_live.hw)
		return 0;

	strscpy(vmi_live.requested, boot_provider, sizeof(vmi_live.requested));
	/* Modules are in there. */
	wait_for_initramfs();

	if (strcmp(boot_provider, "auto"))
		select_by_name(boot_provider);
	else
		select_auto();

	pr_info("hypervisor %s, running on '%s'\n", vmi_live.hypervisor,
		vmi_active_name(&vmi_live));
	return 0;
}
late_initcall_sync(vmi_select);
