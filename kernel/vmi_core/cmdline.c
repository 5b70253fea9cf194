// SPDX-License-Identifier: GPL-2.0-only
/*
 * The boot line
 *
 *	vmi=PROVIDER[,MODIFIER]...
 *
 * PROVIDER is auto, native, builtin or the name of a backend; the default is auto. A
 * MODIFIER is a policy, GROUP[.OP]=native or GROUP[.OP]=builtin; -GROUP[.OP], short for
 * GROUP[.OP]=builtin; stats, to count from the start; or histograms, to measure as well.
 * An unknown word is logged and skipped: the boot line must not be able to stop a boot.
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include <asm/setup.h>

#include "cmdline.h"

static char boot_provider[VMI_NAME_LEN + 1] __initdata = "auto";
static enum vmi_counting boot_stats __initdata;

const char *__init vmi_boot_provider(void)
{
	return boot_provider;
}

bool __init vmi_boot_wants_backend(void)
{
	return !vmi_is_reserved_name(boot_provider);
}

enum vmi_counting __init vmi_boot_wants_stats(void)
{
	return boot_stats;
}

static bool __init is_modifier(const char *word)
{
	return word[0] == '-' || strchr(word, '=') || !strcmp(word, "stats") ||
	       !strcmp(word, "histograms");
}

/*
 * An op of a move-together group takes the group with it: an operator who boots this way
 * to get round a fault has no second try before the next boot.
 */
static vmi_opmask_t __init find_policy_ops(const char *name)
{
	vmi_opmask_t ops = vmi_ops_find(name);
	enum vmi_group group;

	if (!ops)
		return 0;
	group = vmi_op_infos[__ffs64(ops)].group;
	return vmi_groups[group].together ? vmi_ops_of_group(group) : ops;
}

static bool __init parse_policy(const char *word)
{
	char target[VMI_NAME_LEN + 1];
	const char *provider;
	vmi_opmask_t ops;
	size_t len;

	if (word[0] == '-') {
		len = strlen(++word);
		provider = "builtin";
	} else {
		len = strcspn(word, "=");
		if (!word[len])
			return false;
		provider = word + len + 1;
	}
	if (len > VMI_NAME_LEN)
		return false;
	strscpy(target, word, len + 1);
	ops = find_policy_ops(target);
	return ops && vmi_policy_put(&vmi_live.policy, ops, provider);
}

static void __init parse_modifier(const char *word)
{
	if (!strcmp(word, "stats"))
		boot_stats = max(boot_stats, VMI_COUNTING_CALLS);
	else if (!strcmp(word, "histograms"))
		boot_stats = VMI_COUNTING_LATENCY;
	else if (!parse_policy(word))
		pr_warn("unknown word '%s' in vmi=, valid are stats, histograms, -GROUP[.OP], GROUP[.OP]=native and GROUP[.OP]=builtin\n",
			word);
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
