// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ops move, in an order that is correct while all CPUs run
 *
 * Each call site moves at a moment of its own, so a CPU can see any mix of old and new
 * functions. Each group has a rule that makes these mixes correct:
 *
 *   independent  Neither function keeps state that the other one has to know: idle, tlb,
 *		  mm, ipi, io.
 *   ordered      lock: see bind_lock(). clock: see x86/clock.c.
 *   quiesced     eoi: either function may end an interrupt that began under the other
 *		  one, but the hypervisor must not be told to stop while a CPU is inside
 *		  the old one. The quiesce before a backend is released ensures that.
 */

#include "bind.h"

/* Return the ops in @mask that are bound to another function than @ops has. */
static vmi_opmask_t not_bound(const struct vmi_table *table,
			      const struct vmi_ops *ops, vmi_opmask_t mask)
{
	vmi_opmask_t changed = 0;
	enum vmi_op op;

	for_each_vmi_op_in(op, mask) {
		if (vmi_get_op(ops, op) != vmi_get_op(&table->bound, op))
			changed |= BIT_ULL(op);
	}
	return changed;
}

static void bind_ops(struct vmi_table *table, const struct vmi_ops *ops,
		     vmi_opmask_t mask)
{
	vmi_opmask_t changed = not_bound(table, ops, mask);
	enum vmi_op op;

	if (!changed)
		return;
	table->arch->bind(changed, ops);
	for_each_vmi_op_in(op, changed)
		vmi_set_op(&table->bound, op, vmi_get_op(ops, op));
}

/*
 * The lock group. Waiters and the unlocker share a lock word, so the mixes on the way matter:
 *
 * - A paravirtual waiter marks the lock, halts, and counts on the unlocker to
 *   see the mark and kick it. A native unlock would clear the mark without a
 *   kick. So no paravirtual waiter may exist before every unlock is the
 *   paravirtual one, which handles both forms of the lock word, and before every
 *   native unlock that was entered earlier has returned.
 * - A paravirtual and a native waiter must not queue on the same lock: the
 *   native one in front does not kick its successor, and both take the pending
 *   bit to be their own and can then own the lock at the same time.
 * - One provider's kick need not end another one's wait.
 *
 * So the slow path moves through a state in which no CPU queues: the bypass makes the
 * native slow path test and set, which takes the lock only when the whole word is 0, and is
 * correct with either kind of waiter. Waiting and unlocking have preemption off, so a
 * quiesce drains both.
 */
static void bind_lock(struct vmi_table *table, const struct vmi_ops *ops,
		      vmi_opmask_t group)
{
	const vmi_opmask_t slowpath = VMI_OP_BIT(lock_slowpath);
	/* vcpu_is_preempted keeps no state, and any mix of it is correct. */
	const vmi_opmask_t waits = group & ~VMI_OP_BIT(lock_vcpu_is_preempted);

	if (!not_bound(table, ops, group))
		return;

	table->arch->lock_bypass(true);
	bind_ops(table, table->native, slowpath);
	table->arch->quiesce(waits);

	/* No CPU waits for a lock, so the rest may move in any order. */
	bind_ops(table, ops, group & ~slowpath);
	table->arch->quiesce(waits);

	bind_ops(table, ops, slowpath);
	if (table->native_bypass)
		return;
	/* A CPU in the native slow path still has to find the bypass on. */
	if (ops->lock_slowpath != table->native->lock_slowpath)
		table->arch->quiesce(waits);
	table->arch->lock_bypass(false);
}

/* Return the function that the policy of an op, or else the default provider, binds. */
static void *wanted_func(const struct vmi_table *table, enum vmi_op op)
{
	const struct vmi_ops *from;

	if (table->fixed & BIT_ULL(op))
		from = &table->bound;
	else if (table->policy.native & BIT_ULL(op))
		from = table->native;
	else if (table->policy.builtin & BIT_ULL(op))
		from = table->builtin;
	else if (table->active && (table->active->usable & BIT_ULL(op)))
		from = &table->active->ops;
	else
		from = table->base_native ? table->native : table->builtin;
	return vmi_get_op(from, op);
}

/*
 * Bind each op as its policy and the default provider say. A CPU may be inside an old function
 * until the next quiesce. Sleeps, under the table's lock, and cannot fail.
 */
void vmi_bind_wanted(struct vmi_table *table)
{
	const vmi_opmask_t lock = vmi_ops_of_group(VMI_GROUP_lock);
	struct vmi_ops ops;
	enum vmi_op op;

	lockdep_assert_held(&table->lock);

	for_each_vmi_op(op)
		vmi_set_op(&ops, op, wanted_func(table, op));
	bind_lock(table, &ops, lock);
	bind_ops(table, &ops, ~lock);
}
