/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_TRACE_HOST_H
#define VMICTL_TRACE_HOST_H

#include "detect.h"
#include "lib/vmi.h"

/* A tracepoint of a Linux host, and a filter for its events or NULL. */
struct host_event {
	const char *event;
	const char *filter;
};

/*
 * Return the tracepoints in which the host sees the calls of @op: a list, which
 * ends with an entry without an event. NULL if there are none, or none are
 * known for these hypervisors.
 */
const struct host_event *trace_host_events(const struct detection *detection,
					   const struct vmi_op *op);

#endif /* VMICTL_TRACE_HOST_H */
