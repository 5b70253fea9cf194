/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A backend that breaks one rule
 *
 * Each module defines BAD_RULE, its name, and whatever breaks the rule, and
 * includes this. All else is right, so that nothing but that rule can be the
 * reason of a refusal.
 */
#ifndef BAD_H
#define BAD_H

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/vmi.h>

#ifndef BAD_API_MAJOR
#define BAD_API_MAJOR	VMI_API_MAJOR
#endif
#ifndef BAD_SIZE
#define BAD_SIZE	sizeof(struct vmi_backend)
#endif
#ifndef BAD_OPS
#define BAD_OPS		.io_delay = bad_io_delay
#endif
#ifndef BAD_INIT_RESULT
#define BAD_INIT_RESULT	0
#endif
#ifndef BAD_CPU_RESULT
#define BAD_CPU_RESULT	0
#endif

static struct cpumask prepared;

static void __maybe_unused bad_io_delay(void)
{
}

static void __maybe_unused bad_lock_kick(int cpu)
{
}

static int bad_detect(struct vmi_backend *backend, char *evidence)
{
	strscpy(evidence, "needs no hypervisor", VMI_EVIDENCE_LEN);
	return 0;
}

static int bad_init(struct vmi_backend *backend, vmi_opmask_t ops)
{
	return BAD_INIT_RESULT;
}

static int bad_cpu_online(unsigned int cpu)
{
	int err = BAD_CPU_RESULT;

	if (!err)
		cpumask_set_cpu(cpu, &prepared);
	return err;
}

static void bad_cpu_offline(unsigned int cpu)
{
	cpumask_clear_cpu(cpu, &prepared);
}

/* Each CPU that was prepared has to be taken back before this. */
static void bad_exit(struct vmi_backend *backend)
{
	WARN_ON(!cpumask_empty(&prepared));
}

static void bad_shutdown(void)
{
}

/* A rule is broken by a reference to init code, which modpost would reject. */
static const struct vmi_ops bad_ops __refconst = {
	BAD_OPS,
};

static struct vmi_backend bad_backend = {
	.api_major	= BAD_API_MAJOR,
	.api_minor	= VMI_API_MINOR,
	.size		= BAD_SIZE,
	.nr_ops		= VMI_NR_OPS,
	.name		= "bad-" BAD_RULE,
	.hypervisor	= "none",
	.owner		= THIS_MODULE,
	.ops		= &bad_ops,
	.detect		= bad_detect,
	.init		= bad_init,
	.exit		= bad_exit,
	.cpu_online	= bad_cpu_online,
	.cpu_offline	= bad_cpu_offline,
	.shutdown	= bad_shutdown,
};

#ifdef BAD_LOAD_RESULT
VMI_BACKEND(bad_backend);

/* A failing init must unregister the backend, which works only if nothing is bound. */
static int __init bad_backend_init(void)
{
	int err = vmi_backend_register(&bad_backend);

	if (err)
		return err;
	msleep(BAD_LOAD_WAIT);
	if (BAD_LOAD_RESULT)
		vmi_backend_unregister(&bad_backend);
	return BAD_LOAD_RESULT;
}
module_init(bad_backend_init);

static void __exit bad_backend_exit(void)
{
	vmi_backend_unregister(&bad_backend);
}
module_exit(bad_backend_exit);
#else
module_vmi_backend(bad_backend);
#endif
VMI_BACKEND_ALIAS("bad-" BAD_RULE);
MODULE_DESCRIPTION("VMI backend that breaks a rule: " BAD_RULE);
MODULE_LICENSE("GPL");
MODULE_INFO(test, "Y");

#endif /* BAD_H */
