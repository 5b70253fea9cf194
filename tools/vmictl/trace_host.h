/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_TRACE_HOST_H
#define VMICTL_TRACE_HOST_H

#include "lib/vmi.h"

/* A tracepoint of a Linux host, and which of its events are meant, or NULL for all. */
struct host_event {
	const char *event;
	const char *filter;
};

/*
 * What the host can see of the calls of @op: a list, ended by one without an event;
 * NULL if there is nothing, or if it is not known for these hypervisors.
 */
const struct host_event *trace_host_events(const struct vmi_layer *layers,
					   const struct vmi_op *op);

#endif /* VMICTL_TRACE_HOST_H */
