/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmi

#if !defined(_VMI_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VMI_TRACE_H

#include <linux/tracepoint.h>

/*
 * States and reasons are text, as in every other interface: a trace may be read on another
 * machine, without a table of numbers. "none" stands for no state, or no reason.
 */

TRACE_EVENT(vmi_register,
	TP_PROTO(const char *name, const char *state, const char *reason,
		 int err),
	TP_ARGS(name, state, reason, err),
	TP_STRUCT__entry(
		__string(name, name)
		__string(state, state)
		__string(reason, reason)
		__field(int, err)
	),
	TP_fast_assign(
		__assign_str(name);
		__assign_str(state);
		__assign_str(reason);
		__entry->err = err;
	),
	TP_printk("name=%s state=%s err=%d reason=%s", __get_str(name),
		  __get_str(state), __entry->err, __get_str(reason))
);

/* Every request, including one that changes nothing and one that is refused. */
TRACE_EVENT(vmi_switch,
	TP_PROTO(const char *from, const char *to, const char *reason, int err),
	TP_ARGS(from, to, reason, err),
	TP_STRUCT__entry(
		__string(from, from)
		__string(to, to)
		__string(reason, reason)
		__field(int, err)
	),
	TP_fast_assign(
		__assign_str(from);
		__assign_str(to);
		__assign_str(reason);
		__entry->err = err;
	),
	TP_printk("from=%s to=%s err=%d reason=%s", __get_str(from),
		  __get_str(to), __entry->err, __get_str(reason))
);

TRACE_EVENT(vmi_policy,
	TP_PROTO(const char *target, const char *provider),
	TP_ARGS(target, provider),
	TP_STRUCT__entry(
		__string(target, target)
		__string(provider, provider)
	),
	TP_fast_assign(
		__assign_str(target);
		__assign_str(provider);
	),
	TP_printk("target=%s provider=%s", __get_str(target),
		  __get_str(provider))
);

#endif /* _VMI_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
