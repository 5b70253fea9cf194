/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM vmi

#if !defined(_VMI_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _VMI_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(vmi_register,
	TP_PROTO(const char *name, int err),
	TP_ARGS(name, err),
	TP_STRUCT__entry(
		__string(name, name)
		__field(int, err)
	),
	TP_fast_assign(
		__assign_str(name);
		__entry->err = err;
	),
	TP_printk("name=%s err=%d", __get_str(name), __entry->err)
);

TRACE_EVENT(vmi_switch,
	TP_PROTO(const char *from, const char *to, int err),
	TP_ARGS(from, to, err),
	TP_STRUCT__entry(
		__string(from, from)
		__string(to, to)
		__field(int, err)
	),
	TP_fast_assign(
		__assign_str(from);
		__assign_str(to);
		__entry->err = err;
	),
	TP_printk("from=%s to=%s err=%d", __get_str(from), __get_str(to),
		  __entry->err)
);

TRACE_EVENT(vmi_policy,
	TP_PROTO(const char *target, const char *provider, int err),
	TP_ARGS(target, provider, err),
	TP_STRUCT__entry(
		__string(target, target)
		__string(provider, provider)
		__field(int, err)
	),
	TP_fast_assign(
		__assign_str(target);
		__assign_str(provider);
		__entry->err = err;
	),
	TP_printk("target=%s provider=%s err=%d", __get_str(target),
		  __get_str(provider), __entry->err)
);

#endif /* _VMI_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
