/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmi

#if !defined(_VMI_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VMI_TRACE_H

#include <linux/tracepoint.h>

/*
 * Every request, including one that changes nothing and one that is refused. Names and reasons
 * are text, as in every other interface: a trace may be read on another machine.
 */
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
	TP_PROTO(const char *op, const char *policy),
	TP_ARGS(op, policy),
	TP_STRUCT__entry(
		__string(op, op)
		__string(policy, policy)
	),
	TP_fast_assign(
		__assign_str(op);
		__assign_str(policy);
	),
	TP_printk("op=%s policy=%s", __get_str(op), __get_str(policy))
);

#endif /* _VMI_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
