// SPDX-License-Identifier: GPL-2.0-only
/*
 * The boot line
 *
 *	vmi=PROVIDER[,MODIFIER]...
 *
 * PROVIDER is auto, native, builtin or the name of a backend; without it, VMI takes auto. A
 * MODIFIER is a policy, GROUP[.OP]=native, =builtin or =default; -GROUP[.OP], short for
 * GROUP[.OP]=builtin; stats, to count from the start; or histograms, to measure as well.
 * A word that is unknown or not possible is logged and left out, and so are all policies where
 * one is native and native ops do not work: the boot line must not be able to stop a boot.
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include <asm/setup.h>

#include "cmdline.h"

char vmi_boot_provider[VMI_NAME_LEN + 1] __initdata = "auto";
struct vmi_policy vmi_boot_policy __initdata;
enum vmi_counting vmi_boot_counting __initdata;

static bool __init is_modifier(const char *word)
{
	return word[0] == '-' || strchr(word, '=') || !strcmp(word, "stats") ||
	       !strcmp(word, "histograms");
}

static int __init parse_policy(const char *word, struct vmi_error *error)
{
	const char *provider = strchr(word, '=');
	char target[VMI_NAME_LEN + 1];
	vmi_opmask_t ops;

	if (word[0] == '-') {
		strscpy(target, word + 1);
		provider = "builtin";
	} else if (provider) {
		strscpy(target, word, min_t(size_t, provider + 1 - word, sizeof(target)));
		provider++;
	} else {
		return vmi_fail(error, -EINVAL, "request",
				"valid are stats, histograms, -GROUP[.OP] and GROUP[.OP]=native, builtin or default");
	}
	return vmi_policy_find(target, &ops, error) ?:
	       vmi_policy_put(&vmi_boot_policy, ops, provider, error);
}

static void __init parse_modifier(const char *word)
{
	struct vmi_error error = {};

	if (!strcmp(word, "stats"))
		vmi_boot_counting = max(vmi_boot_counting, VMI_COUNTING_CALLS);
	else if (!strcmp(word, "histograms"))
		vmi_boot_counting = VMI_COUNTING_LATENCY;
	else if (parse_policy(word, &error))
		pr_warn("left out '%s' of vmi=: %s\n", word, error.message);
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
			word, vmi_boot_provider);
	else if (*word)
		strscpy(vmi_boot_provider, word, sizeof(vmi_boot_provider));

	while ((word = strsep(&rest, ",")))
		parse_modifier(word);
	return 0;
}
early_param("vmi", parse_vmi);
