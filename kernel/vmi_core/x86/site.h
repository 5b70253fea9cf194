/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_X86_SITE_H
#define _VMI_X86_SITE_H

#include <linux/static_call.h>
#include "../arch.h"

/**
 * struct vmi_site - the call sites of an op
 * @key: the static call they are
 * @tramp: its trampoline
 * @target_key: the static call that the thunks enter the provider by
 * @target_tramp: its trampoline
 * @thunks: what counts calls, and what measures them as well
 * @func: what they enter, maybe through a thunk
 * @counting: through which thunk
 */
struct vmi_site {
	struct static_call_key	*key;
	void			*tramp;
	struct static_call_key	*target_key;
	void			*target_tramp;
	void			*thunks[VMI_COUNTING_LATENCY + 1];
	void			*func;
	enum vmi_counting	counting;
};

/* thunks.S */
#define VMI_DECLARE_THUNK(group, name, ...)	\
	void vmi_count_##group##_##name(void);	\
	void vmi_measure_##group##_##name(void);
VMI_OPS(VMI_DECLARE_THUNK)
#undef VMI_DECLARE_THUNK

void __raw_callee_save_vmi_native_lock_unlock(struct qspinlock *lock);
bool __raw_callee_save_vmi_native_lock_vcpu_is_preempted(long cpu);

void vmi_queue_update(struct static_call_key *key, void *tramp, void *func);
void vmi_apply_updates(void);
void vmi_bind_sites(vmi_opmask_t ops, const struct vmi_ops *to);
void vmi_capture_sites(void);

#endif /* _VMI_X86_SITE_H */
