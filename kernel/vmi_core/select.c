// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first switch, before PID 1
 *
 * With vmi=auto, the backend is the one for the hypervisor that the kernel detected: a backend
 * uses what the kernel's own guest code for that hypervisor registered.
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <linux/init.h>
#include <linux/initrd.h>
#include <linux/kmod.h>
#include <linux/string.h>

#include "cmdline.h"
#include "policy.h"
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

/* Without the table's lock: the module takes it to register. */
static void __init load_backend(const char *name)
{
	bool registered;

	scoped_guard(mutex, &vmi_live.lock)
		registered = vmi_table_find(&vmi_live, name);
	if (!registered)
		request_module("vmi-backend-%s", name);
}

static void __init try_switch(const char *name, const char *choice)
{
	struct vmi_error error = {};

	if (vmi_switch(&vmi_live, name, choice, &error))
		set_choice("the kernel booted with it, and could not switch to '%s'",
			   name);
}

static void __init select_by_name(const char *name)
{
	if (!vmi_is_reserved_name(name) && !vmi_table_find(&vmi_live, name))
		pr_warn("unknown provider '%s' in vmi=, valid are auto, native, builtin and names of backends\n",
			name);
	try_switch(name, "asked for on the boot line");
}

static void __init select_auto(void)
{
	const char *hypervisor = vmi_live.hypervisor, *name = vmi_live.auto_backend;
	struct vmi_entry *entry = name ? vmi_table_find(&vmi_live, name) : NULL;
	char choice[VMI_MESSAGE_LEN];

	if (entry && entry->state != VMI_STATE_FAILED) {
		scnprintf(choice, sizeof(choice), "the kernel detected %s",
			  hypervisor);
		try_switch(name, choice);
	} else if (name) {
		set_choice("the kernel booted with it, and no backend is usable on %s",
			   hypervisor);
	} else {
		set_choice("the kernel booted with it, and detected no hypervisor with a backend");
	}
	strscpy(vmi_live.requested, "auto");
}

/*
 * Every built-in backend has registered, all CPUs are up, modules can be loaded, and PID 1
 * has not started: its first look finds the choice made.
 */
static int __init vmi_select(void)
{
	const char *provider = vmi_boot_provider;
	bool is_auto = !strcmp(provider, "auto");
	const char *name = is_auto ? vmi_live.auto_backend : provider;
	struct vmi_error error = {};

	/* The modules are in the initramfs. */
	wait_for_initramfs();
	/* Where native ops do not work, no backend is usable. */
	if (name && !vmi_is_reserved_name(name) &&
	    !(is_auto && vmi_live.native_invalid))
		load_backend(name);

	guard(mutex)(&vmi_live.lock);
	strscpy(vmi_live.requested, provider);
	set_choice("the kernel booted with it");
	/* Before the switch, so that no op with a policy is bound to the backend. */
	if (vmi_policy_change(&vmi_live, &vmi_boot_policy, &error))
		pr_warn("left out the policies of vmi=: %s\n", error.message);
	if (is_auto)
		select_auto();
	else
		select_by_name(provider);

	pr_info("hypervisor %s, running on '%s': %s\n", vmi_live.hypervisor,
		vmi_active_name(&vmi_live), vmi_live.choice);
	return 0;
}
late_initcall_sync(vmi_select);
