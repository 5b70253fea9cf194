// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel's own way to rebind one call costs
 *
 * For a machine whose time stamp counter counts instructions: the scenario icount.
 * Reading /sys/kernel/debug/vmi_patch_cost has a static call with one call site call
 * another function, and prints "icount static-call-update 1 INSTRUCTIONS".
 */

#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/static_call.h>

#include <asm/msr.h>

static noinline unsigned int even(void)
{
	return 0;
}

static noinline unsigned int odd(void)
{
	return 1;
}

DEFINE_STATIC_CALL(parity, even);

static int vmi_patch_cost_show(struct seq_file *m, void *unused)
{
	u64 before, after;

	before = rdtsc();
	if (static_call(parity)())
		static_call_update(parity, even);
	else
		static_call_update(parity, odd);
	after = rdtsc();
	seq_printf(m, "icount static-call-update 1 %llu\n", after - before);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vmi_patch_cost);

static struct dentry *file;

static int __init vmi_patch_cost_init(void)
{
	file = debugfs_create_file("vmi_patch_cost", 0400, NULL, NULL,
				   &vmi_patch_cost_fops);
	return PTR_ERR_OR_ZERO(file);
}
module_init(vmi_patch_cost_init);

static void __exit vmi_patch_cost_exit(void)
{
	debugfs_remove(file);
}
module_exit(vmi_patch_cost_exit);

MODULE_DESCRIPTION("Instructions to rebind a static call");
MODULE_LICENSE("GPL");
MODULE_INFO(test, "Y");
