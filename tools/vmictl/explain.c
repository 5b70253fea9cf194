// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmictl explain: the purpose of an operation, its provider, the reason for
 * that provider, and the operation's name in 2006.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Include this by relative path: with its directory in the include path,
 * <linux/vmi.h> would be the kernel's.
 */
#include "../../kernel/include/linux/vmi_ops.h"

#include "attrs.h"
#include "kernel.h"
#include "out.h"
#include "vmictl.h"
#include "words.h"

/*
 * The purpose of an op, and the corresponding call of VMI 3.0 or NULL. If an op
 * of vmi_ops.h has no such macro, this file does not compile.
 */
#define EXPLAIN_clock_sched_clock                                     \
	"reads the clock that the scheduler goes by, in nanoseconds", \
		"GetCycleCounter (AVAILABLE)"
#define EXPLAIN_clock_steal_clock                                          \
	"tells for how many nanoseconds the host kept a CPU from running", \
		"GetCycleCounter (STOLEN)"
#define EXPLAIN_idle_safe_halt                                               \
	"lets interrupts in and stops the CPU until one comes, in one step", \
		"Halt"
#define EXPLAIN_idle_halt \
	"stops the CPU, with interrupts let in or not as they were", "Halt"
#define EXPLAIN_tlb_flush_local \
	"drops all but the global entries of this CPU's TLB", "FlushTLB"
#define EXPLAIN_tlb_flush_global \
	"drops all entries of this CPU's TLB, the global ones too", "FlushTLB"
#define EXPLAIN_tlb_flush_one \
	"drops one user address from this CPU's TLB", "InvalPage"
#define EXPLAIN_tlb_flush_multi \
	"drops addresses from the TLBs of several CPUs", NULL
#define EXPLAIN_mm_exit_mmap \
	"tells that an address space is about to be torn down", "ReleasePage"
#define EXPLAIN_ipi_send "sends an interrupt to one CPU", "APICWrite"
#define EXPLAIN_ipi_send_mask "sends an interrupt to a set of CPUs", "APICWrite"
#define EXPLAIN_ipi_send_mask_allbutself \
	"sends an interrupt to a set of CPUs, but not to this one", "APICWrite"
#define EXPLAIN_ipi_send_allbutself \
	"sends an interrupt to all other CPUs", "APICWrite"
#define EXPLAIN_ipi_send_all \
	"sends an interrupt to all CPUs, this one too", "APICWrite"
#define EXPLAIN_ipi_send_self \
	"sends an interrupt to this CPU itself", "APICWrite"
#define EXPLAIN_eoi_eoi \
	"tells the APIC that the handling of an interrupt is over", "APICWrite"
#define EXPLAIN_lock_slowpath \
	"waits for a spinlock that was not free at the first look", NULL
#define EXPLAIN_lock_unlock "gives a spinlock back", NULL
#define EXPLAIN_lock_wait \
	"stops a CPU that waits for a spinlock until it is kicked", NULL
#define EXPLAIN_lock_kick \
	"wakes a CPU that was stopped while it waited for a spinlock", NULL
#define EXPLAIN_lock_vcpu_is_preempted \
	"tells whether the host keeps a CPU from running now", NULL
#define EXPLAIN_io_delay \
	"gives a slow device time after an access to its port", "IODelay"
#define EXPLAIN_irq_save_fl \
	"reads the flags, to see whether interrupts are on", "GetInterruptMask"
#define EXPLAIN_irq_disable "masks interrupts on this CPU", "DisableInterrupts"
#define EXPLAIN_irq_enable "unmasks interrupts on this CPU", "EnableInterrupts"

static const struct {
	const char *name;
	const char *does;
	const char *call;
} explanations[] = {
#define EXPLANATION(group, op, ...) { #group "." #op, EXPLAIN_##group##_##op },
	VMI_OPS(EXPLANATION)
};

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

static void put_explanation(json_t *document, const char *name)
{
	const char *does = NULL, *call = NULL;
	size_t i;

	/* A newer kernel may have other ops; both texts are NULL then. */
	for (i = 0; i < sizeof(explanations) / sizeof(*explanations); i++) {
		if (strcmp(explanations[i].name, name))
			continue;
		does = explanations[i].does;
		call = explanations[i].call;
	}
	json_put(document, "does", text_or_null(does));
	json_put(document, "vmi-2006", text_or_null(call));
}

static void copy(json_t *to, const json_t *from, const char *key)
{
	json_t *value = json_object_get(from, key);

	json_put(to, key, value ? json_incref(value) : json_null());
}

static json_t *explain(const struct vmi_op *op, const struct vmi_status *status)
{
	json_t *document = check_alloc(json_object());
	json_t *op_json = attrs_object(&op->object);
	json_t *status_json = attrs_object(&status->object);

	copy(document, op_json, "name");
	put_explanation(document, op->name);
	copy(document, op_json, "provider");
	copy(document, op_json, "reason");
	copy(document, status_json, "active");
	copy(document, status_json, "choice");
	json_decref(op_json);
	json_decref(status_json);
	return document;
}

static const struct vmi_op *find_op(const struct vmi_op *ops, const char *name)
{
	const struct vmi_op *op;

	vmi_for_each(op, ops)
		if (!strcmp(op->name, name))
			return op;
	return NULL;
}

static void print_explanation(json_t *document)
{
	const char *key;
	json_t *value;
	char *text;

	json_object_foreach(document, key, value) {
		text = out_text(value);
		printf("%-12s%s\n", key, text);
		free(text);
	}
}

static int unknown_op(const struct vmi_op *ops, const char *name)
{
	char *words = words_for_op(ops, name);
	int ret;

	ret = out_error(VMI_EXIT_REFUSED, "unknown op '%s' (%s)", name, words);
	free(words);
	return ret;
}

static int explain_op(struct vmi *vmi, const struct vmi_op *ops,
		      const char *name)
{
	const struct vmi_op *op = find_op(ops, name);
	struct vmi_status *status;
	json_t *document;
	int ret;

	if (!op)
		return unknown_op(ops, name);
	ret = kernel_result(vmi_get_status(vmi, &status));
	if (ret)
		return ret;
	document = explain(op, status);
	vmi_free(status);
	if (out_is_json()) {
		out_document(document);
		return 0;
	}
	print_explanation(document);
	json_decref(document);
	return 0;
}

int cmd_explain(int argc, char **argv)
{
	struct vmi_op *ops;
	struct vmi *vmi;
	int ret;

	if (argc != 2)
		return usage_error(argv[0], "give exactly one operation");
	ret = check_name(argv[0], argv[1]);
	if (!ret)
		ret = kernel_open(&vmi);
	if (!ret)
		ret = kernel_result(vmi_list_ops(vmi, &ops));
	if (ret)
		return ret;
	ret = explain_op(vmi, ops, argv[1]);
	vmi_free(ops);
	return ret;
}
