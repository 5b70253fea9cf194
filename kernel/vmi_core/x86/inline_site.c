// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inline sites of ops: native instructions that become calls of thunks, and native again
 *
 *	site: native instruction <-> call of the op's thunk -> static call of the op [-> ...]
 *
 * See asm/vmi_site.h. A site is hooked while its op is bound to another function than the native
 * one, or is counted. The static call has its new function before sites change, so a hooked site is
 * always right; a native one is right because a provider has to change the real interrupt flag.
 * Sites change in batches, therefore, and between two of these a CPU finds some of them hooked and
 * some not.
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

/* An op has a call of the thunk at its sites, or these bytes. */
static const struct form {
	void	*thunk;
	u8	native[CALL_INSN_SIZE];
} forms[VMI_NR_OPS] = {
#define FORM(op, native, opcode)	\
	[VMI_OP_##op] = { vmi_enter_##op, { 0x2e, 0x2e, 0x2e, 0x2e, opcode } },
	VMI_INLINE_SITES(FORM)
};

/* The op of the thunk that a hook calls, VMI_NR_OPS if there is no such thunk. */
static enum vmi_op op_of_hook(const u8 *hook)
{
	const u8 *end = hook + CALL_INSN_SIZE;
	long value = *(s32 *)(hook + 1);
	const u8 *target = *hook == CALL_INSN_OPCODE ? end + value : (u8 *)value;
	enum vmi_op op;

	for_each_vmi_op_in(op, VMI_INLINE_OPS) {
		if (forms[op].thunk == target)
			break;
	}
	return op;
}

/* The text of init functions is freed, and the ops there are not worth counting. */
static bool is_init_text(const struct module *mod, const u8 *addr)
{
	return mod ? within_module_init((unsigned long)addr, mod) :
		     init_section_contains((void *)addr, 1);
}

static bool fill_site(struct inline_site *site, u8 *addr, const u8 *hook)
{
	site->addr = addr;
	site->op = op_of_hook(hook);
	if (WARN_ONCE(site->op == VMI_NR_OPS, "inline site %pS has no thunk\n", addr))
		return false;
	return !WARN_ONCE(memcmp(addr, forms[site->op].native, CALL_INSN_SIZE),
			  "inline site %pS is not the native instruction: %*ph\n",
			  addr, CALL_INSN_SIZE, addr);
}

static void hook_of(const struct inline_site *site, u8 *hook)
{
	__text_gen_insn(hook, CALL_INSN_OPCODE, site->addr, forms[site->op].thunk,
			CALL_INSN_SIZE);
}

static unsigned int count_sites(const struct alt_instr *start, const struct alt_instr *end)
{
	const struct alt_instr *alt;
	unsigned int nr = 0;

	for (alt = start; alt < end; alt++)
		nr += !!(alt->flags & ALT_FLAG_VMI);
	return nr;
}

static void collect_sites(struct site_list *list, struct alt_instr *start, struct alt_instr *end)
{
	struct alt_instr *alt;
	unsigned int nr = 0;

	for (alt = start; alt < end; alt++) {
		u8 *addr = (u8 *)&alt->instr_offset + alt->instr_offset;
		u8 *hook = (u8 *)&alt->repl_offset + alt->repl_offset;

		if (alt->flags & ALT_FLAG_VMI && !is_init_text(list->mod, addr))
			nr += fill_site(&list->sites[nr], addr, hook);
	}
	list->nr = nr;
}

/**
 * vmi_sites_add() - find the inline sites in the kernel or in a module
 * @mod: the module, or NULL
 * @start: its alternatives, which have been applied
 * @end: their end
 *
 * If the kernel's sites cannot be found, their ops stay native until the next boot.
 *
 * Context: process context, before the text of the module runs.
 * Return: 0, or -ENOMEM
 */
int __init_or_module vmi_sites_add(struct module *mod, struct alt_instr *start,
				   struct alt_instr *end)
{
	unsigned int i, nr = count_sites(start, end);
	struct site_list *list;
	u8 hook[CALL_INSN_SIZE];

	/* A guest of Xen PV calls pv_ops instead. */
	if (!nr || boot_cpu_has(X86_FEATURE_XENPV))
		return 0;
	list = kvzalloc(struct_size(list, sites, nr), GFP_KERNEL);
	if (!list)
		return -ENOMEM;
	list->mod = mod;
	list->nr = nr;
	collect_sites(list, start, end);
	if (!mod)
		vmi_live.inlined &= ~VMI_INLINE_OPS;

	guard(mutex)(&sites_lock);
	scoped_guard(mutex, &text_mutex)
		list_add_tail(&list->node, &site_lists);
	for (i = 0; i < list->nr; i++) {
		struct inline_site *site = &list->sites[i];

		if (!(hooked_ops & BIT_ULL(site->op)))
			continue;
		hook_of(site, hook);
		text_poke_early(site->addr, hook, sizeof(hook));
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

/* A CPU that finds the int3 of a change calls the thunk, whichever way the site changes. */
static void queue_change(const struct inline_site *site, bool hook)
{
	u8 call[CALL_INSN_SIZE];

	hook_of(site, call);
	text_poke_queue(site->addr, hook ? call : forms[site->op].native, CALL_INSN_SIZE, call);
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
			if (!(ops & BIT_ULL(list->sites[i].op)))
				continue;
			queue_change(&list->sites[i], hook);
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
static bool is_right(const struct inline_site *site, bool hooked)
{
	u8 call[CALL_INSN_SIZE];
	struct insn insn;

	hook_of(site, call);
	return !memcmp(site->addr, hooked ? call : forms[site->op].native, CALL_INSN_SIZE) &&
	       !insn_decode_kernel(&insn, site->addr) && insn.length == CALL_INSN_SIZE;
}

/* Return the number of sites whose bytes differ from the state of their ops. Sleeps. */
unsigned int vmi_wrong_sites(vmi_opmask_t hooked, unsigned int *nr)
{
	const struct site_list *list;
	unsigned int i, wrong = 0;

	*nr = 0;
	guard(mutex)(&sites_lock);
	list_for_each_entry(list, &site_lists, node) {
		for (i = 0; i < list->nr; i++)
			wrong += !is_right(&list->sites[i], hooked & BIT_ULL(list->sites[i].op));
		*nr += list->nr;
	}
	return wrong;
}
EXPORT_SYMBOL_IF_KUNIT(vmi_wrong_sites);
#endif
