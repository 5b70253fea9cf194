// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inline sites of ops: native instructions that become calls, and native again
 *
 *	site: native instruction <-> call of the op's thunk ------> static call of the op [-> ...]
 *	site: native instruction <-> jump to the site's stub -> thunk ----^
 *
 * See asm/vmi_site.h. A site is hooked while its op is bound to another function than the native
 * one, or is counted. The static call has its new function before sites change, so a hooked site
 * calls the right function. A native site may be found meanwhile as well: a provider of an irq op
 * has to change the real interrupt flag, and bind_lock() moves unlocks while any mix of them is
 * correct. So sites can change in batches, between which other tasks run.
 */

#define pr_fmt(fmt) "vmi: " fmt

#include <kunit/visibility.h>

#include <linux/cpu.h>
#include <linux/init.h>
#include <linux/memory.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include <asm/cpufeature.h>
#include <asm/insn.h>
#include <asm/sections.h>
#include <asm/text-patching.h>
#include <asm/vmi_site.h>

#include "inline_site.h"

/* Release text_mutex after this many sites. */
#define BATCH	256

struct inline_site {
	u8	*addr;
	u8	native[CALL_INSN_SIZE];
	u8	hook[CALL_INSN_SIZE];
	u8	op;
};

/* The sites of a module, or of the kernel where @mod is NULL. */
struct site_list {
	struct list_head	node;
	const struct module	*mod;
	unsigned int		nr;
	struct inline_site	sites[] __counted_by(nr);
};

/*
 * A lock that is taken before cpus_read_lock() and text_mutex. The list changes under this lock and
 * text_mutex, so either of them is enough to read it.
 */
static DEFINE_MUTEX(sites_lock);
static LIST_HEAD(site_lists);
static vmi_opmask_t hooked_ops;

#define EXPORT_ENTRY(op, ...)	EXPORT_SYMBOL(vmi_enter_##op);
VMI_INLINE_SITES(EXPORT_ENTRY)

/* Instructions that make up the sites of an op, and the thunk that is called there. */
static const struct form {
	u8	opcode;
	void	*thunk;
} forms[VMI_NR_OPS] = {
#define FORM(op, native, opcode)	\
	[VMI_OP_##op] = { opcode, vmi_enter_##op },
	VMI_INLINE_SITES(FORM)
};

static enum vmi_op op_of_opcode(u8 opcode)
{
	enum vmi_op op;

	for_each_vmi_op_in(op, VMI_INLINE_OPS) {
		if (forms[op].opcode == opcode)
			break;
	}
	return op;
}

static bool is_init_text(const struct module *mod, const u8 *addr)
{
	return mod ? within_module_init((unsigned long)addr, mod) :
		     init_section_contains((void *)addr, 1);
}

/* A hook is recorded as a call, as a PUSH of the address to call, or as a jump. */
static bool fill_site(struct inline_site *site, u8 *addr, const u8 *record)
{
	const u8 *end = record + CALL_INSN_SIZE;
	long value = *(s32 *)(record + 1);
	bool is_jump = *record == JMP32_INSN_OPCODE;
	void *target = is_jump || *record == CALL_INSN_OPCODE ? (void *)end + value : (void *)value;
	struct insn insn;

	if (insn_decode_kernel(&insn, addr) || insn.length != CALL_INSN_SIZE)
		return false;
	site->addr = addr;
	site->op = op_of_opcode(insn.opcode.bytes[0]);
	if (site->op == VMI_NR_OPS || (!is_jump && target != forms[site->op].thunk))
		return false;
	memcpy(site->native, addr, CALL_INSN_SIZE);
	__text_gen_insn(site->hook, is_jump ? JMP32_INSN_OPCODE : CALL_INSN_OPCODE, addr, target,
			CALL_INSN_SIZE);
	return true;
}

static unsigned int count_sites(const struct alt_instr *start, const struct alt_instr *end)
{
	const struct alt_instr *alt;
	unsigned int nr = 0;

	for (alt = start; alt < end; alt++)
		nr += !!(alt->flags & ALT_FLAG_VMI);
	return nr;
}

/*
 * The text of init functions is freed, so sites there are in no list. Interrupts are masked by the
 * native instruction there. An unlock is hooked for good: behind a native one, a paravirtual waiter
 * would sleep forever.
 */
static int collect_sites(struct site_list *list, struct alt_instr *start, struct alt_instr *end)
{
	const bool is_pv = boot_cpu_has(X86_FEATURE_XENPV);
	struct alt_instr *alt;
	unsigned int nr = 0;

	for (alt = start; alt < end; alt++) {
		u8 *addr = (u8 *)&alt->instr_offset + alt->instr_offset;
		u8 *record = (u8 *)&alt->repl_offset + alt->repl_offset;
		struct inline_site *site = &list->sites[nr];

		if (!(alt->flags & ALT_FLAG_VMI))
			continue;
		/* A guest of Xen PV calls pv_ops at the sites without a stub. */
		if (is_pv && *record != JMP32_INSN_OPCODE)
			continue;
		if (!fill_site(site, addr, record)) {
			pr_err("inline site %pS cannot be hooked: %*ph\n", addr, 8, addr);
			return -ENOEXEC;
		}
		if (!is_init_text(list->mod, addr))
			nr++;
		else if (BIT_ULL(site->op) & VMI_LOCK_OPS)
			text_poke_early(addr, site->hook, CALL_INSN_SIZE);
	}
	list->nr = nr;
	return 0;
}

/* Go on without the sites of the kernel, unless its own guest code relies on them. */
static void do_without_sites(int err)
{
	if (hooked_ops)
		panic("VMI cannot hook inline sites: error %d", err);
	vmi_live.fixed |= VMI_INLINE_OPS;
}

/**
 * vmi_sites_add() - find the inline sites in the kernel or in a module
 * @mod: the module, or NULL
 * @start: its alternatives, which have been applied
 * @end: their end
 *
 * Without the kernel's sites, their ops stay native until the next boot.
 *
 * Context: process context, before the text of the module runs.
 * Return: 0, -ENOMEM, or -ENOEXEC if there is a site that cannot be hooked
 */
int __init_or_module vmi_sites_add(struct module *mod, struct alt_instr *start,
				   struct alt_instr *end)
{
	unsigned int i, nr = count_sites(start, end);
	struct site_list *list;
	int err;

	if (!nr)
		return 0;
	list = kvzalloc(struct_size(list, sites, nr), GFP_KERNEL);
	if (list) {
		list->mod = mod;
		list->nr = nr;
		err = collect_sites(list, start, end);
	} else {
		err = -ENOMEM;
	}
	if (err) {
		kvfree(list);
		if (!mod)
			do_without_sites(err);
		return err;
	}

	guard(mutex)(&sites_lock);
	scoped_guard(mutex, &text_mutex)
		list_add_tail(&list->node, &site_lists);
	for (i = 0; i < list->nr; i++) {
		struct inline_site *site = &list->sites[i];

		if (hooked_ops & BIT_ULL(site->op))
			text_poke_early(site->addr, site->hook, CALL_INSN_SIZE);
	}
	return 0;
}

/**
 * vmi_sites_remove() - forget the sites of a module
 * @mod: the module, whose text does not run any more
 *
 * Context: process context.
 */
void vmi_sites_remove(struct module *mod)
{
	struct site_list *list;

	guard(mutex)(&sites_lock);
	list_for_each_entry(list, &site_lists, node) {
		if (list->mod != mod)
			continue;
		scoped_guard(mutex, &text_mutex)
			list_del(&list->node);
		kvfree(list);
		return;
	}
}

/**
 * vmi_sites_overlap() - look for an inline site in a range of text
 * @start: the first byte
 * @end: the last byte
 *
 * Context: process context, under text_mutex.
 * Return: true if a kprobe there would be overwritten
 */
bool vmi_sites_overlap(const void *start, const void *end)
{
	const struct site_list *list;
	unsigned int i;

	lockdep_assert_held(&text_mutex);

	list_for_each_entry(list, &site_lists, node) {
		for (i = 0; i < list->nr; i++) {
			const u8 *addr = list->sites[i].addr;

			if (addr + CALL_INSN_SIZE > (u8 *)start && addr <= (u8 *)end)
				return true;
		}
	}
	return false;
}

static void lock_text(void)
{
	cpus_read_lock();
	mutex_lock(&text_mutex);
}

static void unlock_text(void)
{
	text_poke_finish();
	mutex_unlock(&text_mutex);
	cpus_read_unlock();
}

static void change_sites(vmi_opmask_t ops, bool hook)
{
	const struct site_list *list;
	unsigned int i, queued = 0;

	if (!ops)
		return;
	lock_text();
	list_for_each_entry(list, &site_lists, node) {
		for (i = 0; i < list->nr; i++) {
			const struct inline_site *site = &list->sites[i];

			if (!(ops & BIT_ULL(site->op)))
				continue;
			/* At the int3, a CPU takes the hook, whichever way the site changes. */
			text_poke_queue(site->addr, hook ? site->hook : site->native,
					CALL_INSN_SIZE, site->hook);
			if (++queued % BATCH)
				continue;
			unlock_text();
			cond_resched();
			lock_text();
		}
	}
	unlock_text();
}

/* Hook the sites of exactly these ops. Sleeps. */
void vmi_hook_sites(vmi_opmask_t ops)
{
	guard(mutex)(&sites_lock);
	change_sites(ops & ~hooked_ops, true);
	change_sites(hooked_ops & ~ops, false);
	hooked_ops = ops;
}

#if IS_ENABLED(CONFIG_VMI_KUNIT_TEST)
/* A stub ends with a jump to the instruction behind its site. */
static bool stub_returns_to(const struct inline_site *site, const u8 *behind)
{
	const u8 *stub = site->addr + CALL_INSN_SIZE + *(s32 *)(site->hook + 1);
	struct insn insn;

	do {
		if (insn_decode_kernel(&insn, stub))
			return false;
		stub += insn.length;
	} while (insn.opcode.bytes[0] != JMP32_INSN_OPCODE &&
		 insn.opcode.bytes[0] != JMP8_INSN_OPCODE);
	return stub + insn.immediate.value == behind;
}

static bool is_right(const struct inline_site *site, bool hooked)
{
	struct insn insn;

	if (memcmp(site->addr, hooked ? site->hook : site->native, CALL_INSN_SIZE) ||
	    insn_decode_kernel(&insn, site->addr) || insn.length != CALL_INSN_SIZE)
		return false;
	return hooked || *site->hook == CALL_INSN_OPCODE ||
	       stub_returns_to(site, site->addr + insn.length);
}

/* Return the number of sites whose bytes differ from the state of their ops. Sleeps. */
unsigned int vmi_wrong_sites(vmi_opmask_t *hooked, unsigned int *nr)
{
	const struct site_list *list;
	unsigned int i, wrong = 0;

	*nr = 0;
	guard(mutex)(&sites_lock);
	*hooked = hooked_ops;
	list_for_each_entry(list, &site_lists, node) {
		for (i = 0; i < list->nr; i++)
			wrong += !is_right(&list->sites[i],
					   hooked_ops & BIT_ULL(list->sites[i].op));
		*nr += list->nr;
	}
	return wrong;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_wrong_sites);
#endif
