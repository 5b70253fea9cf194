// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first switch, before PID 1
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <linux/ctype.h>
#include <linux/dmi.h>
#include <linux/init.h>
#include <linux/initrd.h>
#include <linux/kmod.h>
#include <linux/string.h>

#include "bind.h"
#include "cmdline.h"
#include "switch.h"

__printf(1, 2)
static void __init set_choice(const char *fmt, ...)
{
	va_list args;

	lockdep_assert_held(&vmi_live.lock);

	va_start(args, fmt);
	vscnprintf(vmi_live.choice, sizeof(vmi_live.choice), fmt, args);
	va_end(args);
}

static void __init try_switch(const char *name, const char *choice)
{
	struct vmi_error error = {};

	mutex_lock(&vmi_live.lock);
	if (vmi_switch(&vmi_live, name, choice, &error))
		set_choice("the kernel booted with it, and could not switch to '%s'",
			   name);
	mutex_unlock(&vmi_live.lock);
}

static bool __init is_registered(const char *name)
{
	bool found;

	mutex_lock(&vmi_live.lock);
	found = vmi_table_find(&vmi_live, name);
	mutex_unlock(&vmi_live.lock);
	return found;
}

static void __init request_by_name(const char *name)
{
	if (vmi_is_reserved_name(name) || is_registered(name))
		return;
	request_module("vmi-backend-%s", name);
	if (!is_registered(name))
		pr_warn("unknown provider '%s' in vmi=, valid are auto, native, builtin and names of backends\n",
			name);
}

static bool __init claims(const struct vmi_entry *entry)
{
	return entry->state != VMI_STATE_FAILED &&
	       !entry->backend->by_name_only;
}

/* Find a backend that recognised its hypervisor, and the reason to choose it. */
static bool __init find_claim(char *name, char *choice, size_t size)
{
	struct vmi_entry *entry = NULL, *other;
	unsigned int i;

	mutex_lock(&vmi_live.lock);
	for (i = vmi_live.nr_layers; i > 0 && !entry; i--) {
		const struct vmi_layer *layer = &vmi_live.layers[i - 1];

		other = vmi_layer_entry(&vmi_live, layer);
		if (!other || !claims(other))
			continue;
		entry = other;
		scnprintf(choice, size,
			  "%s (%s) is the last hypervisor with a usable backend",
			  layer->signature, layer->evidence);
	}
	list_for_each_entry(other, &vmi_live.entries, node) {
		if (entry || !claims(other))
			continue;
		entry = other;
		scnprintf(choice, size,
			  "it recognised the machine: %s", other->evidence);
	}
	if (entry)
		strscpy(name, entry->backend->name, VMI_NAME_LEN + 1);
	mutex_unlock(&vmi_live.lock);
	return entry;
}

/* Request the backend of each hypervisor: each one is shown with its evidence. */
static void __init request_by_cpuid(void)
{
	char alias[sizeof(vmi_live.layers[0].signature)], *c;
	unsigned int i;

	for (i = 0; i < vmi_live.nr_layers; i++) {
		strscpy(alias, vmi_live.layers[i].signature);
		for (c = alias; *c; c++) {
			if (!isalnum(*c))
				*c = '_';
		}
		request_module("vmi-hypervisor-%s", alias);
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
		request_module("vmi-dmi-%s", word);
	}
}

/*
 * Only a backend knows its hypervisor: a module alias has the signature of the hypervisor,
 * or what the hypervisor writes to the DMI tables, and the backend looks for itself once
 * it is loaded. DMI is for machines that do not say that they are virtual.
 *
 * A hypervisor that emulates another one shows the signature of that one first, for guests
 * that know no other, and its own signature last. The kernel takes the last one as well,
 * see detect_hypervisor_vendor().
 */
static bool __init request_and_find_claim(char *name, char *choice, size_t size)
{
	request_by_cpuid();
	if (find_claim(name, choice, size))
		return true;
	request_by_dmi();
	return find_claim(name, choice, size);
}

static void __init select_auto(void)
{
	char name[VMI_NAME_LEN + 1], choice[VMI_MESSAGE_LEN];

	bool found = request_and_find_claim(name, choice, sizeof(choice));

	if (found)
		try_switch(name, choice);
	mutex_lock(&vmi_live.lock);
	if (!found && vmi_live.nr_layers)
		set_choice("the kernel booted with it, and no backend is usable on %s",
			   vmi_hypervisor_name(&vmi_live));
	else if (!found)
		set_choice("the kernel booted with it, and found no hypervisor");
	strscpy(vmi_live.requested, "auto", sizeof(vmi_live.requested));
	mutex_unlock(&vmi_live.lock);
}

static void __init select_by_name(const char *name)
{
	request_by_name(name);
	try_switch(name, "asked for on the boot line");
}

/* The boot line was parsed before it was known whether native ops work here. */
static void __init drop_native_policies(void)
{
	struct vmi_error error = {};

	lockdep_assert_held(&vmi_live.lock);

	if (!vmi_live.native_invalid || !vmi_live.policy.native)
		return;
	vmi_refuse_native(&vmi_live, 0, "policy", &error);
	pr_warn("left out policies of vmi= for native: %s\n", error.message);
	vmi_live.policy.native = 0;
}

/* No switch has bound the policies if the default provider is what the kernel booted with. */
static void __init apply_policies(void)
{
	mutex_lock(&vmi_live.lock);
	vmi_bind_wanted(&vmi_live);
	mutex_unlock(&vmi_live.lock);
}

/*
 * Every built-in backend has registered, all CPUs are up, modules can be loaded, and PID 1
 * has not started: its first look finds the choice made.
 */
static int __init vmi_select(void)
{
	const char *provider = vmi_boot_provider();

	if (!vmi_live.arch)
		return 0;

	mutex_lock(&vmi_live.lock);
	strscpy(vmi_live.requested, provider, sizeof(vmi_live.requested));
	set_choice("the kernel booted with it");
	drop_native_policies();
	mutex_unlock(&vmi_live.lock);
	/* The modules are in the initramfs. */
	wait_for_initramfs();

	if (strcmp(provider, "auto"))
		select_by_name(provider);
	else
		select_auto();
	apply_policies();

	pr_info("hypervisor %s, running on '%s': %s\n",
		vmi_hypervisor_name(&vmi_live), vmi_active_name(&vmi_live),
		vmi_live.choice);
	return 0;
}
late_initcall_sync(vmi_select);
