// SPDX-License-Identifier: GPL-2.0-only
/* libvmi: handles, and a function for each operation of the netlink family. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

int vmi_open(struct vmi **vmi)
{
	*vmi = calloc(1, sizeof(**vmi));
	if (!*vmi)
		return -ENOMEM;
	return vmi_connect(*vmi);
}

void vmi_close(struct vmi *vmi)
{
	if (!vmi)
		return;
	vmi_channel_close(&vmi->requests);
	vmi_channel_close(&vmi->events);
	free(vmi);
}

const char *vmi_strerror(const struct vmi *vmi)
{
	return vmi ? vmi->error : "out of memory";
}

void vmi_free(void *result)
{
	free(result);
}

/*
 * Request a list of objects, or a single one. @objects points to a pointer to a
 * structure; all such pointers have the same format.
 */
static int read_objects(struct vmi *vmi, const struct vmi_request *request,
			const struct vmi_set *set, void *objects)
{
	struct vmi_reply reply;
	void *block;
	int ret;

	ret = vmi_transact(vmi, request, &reply);
	if (ret)
		return ret;
	if (!(request->flags & NLM_F_DUMP) && reply.count != 1)
		ret = -EBADMSG;
	else
		ret = vmi_decode(set, &reply, 0, &block);
	free(reply.messages);
	if (ret == -EBADMSG)
		return vmi_malformed(vmi, request->what);
	if (ret)
		return vmi_fail(vmi, ret, "cannot %s: %m", request->what);
	memcpy(objects, &block, sizeof(block));
	return 0;
}

static int list(struct vmi *vmi, uint8_t cmd, const struct vmi_set *set,
		const char *what, void *first)
{
	const struct vmi_request request = {
		.what = what,
		.cmd = cmd,
		.flags = NLM_F_DUMP,
	};

	return read_objects(vmi, &request, set, first);
}

int vmi_list_backends(struct vmi *vmi, struct vmi_backend **backends)
{
	return list(vmi, VMI_CMD_BACKEND_GET, &vmi_backend_set,
		    "list the backends", backends);
}

int vmi_list_ops(struct vmi *vmi, struct vmi_op **ops)
{
	return list(vmi, VMI_CMD_OP_GET, &vmi_op_set, "list the ops", ops);
}

int vmi_list_stats(struct vmi *vmi, struct vmi_op_stats **stats)
{
	return list(vmi, VMI_CMD_STATS_GET, &vmi_op_stats_set,
		    "list the counters", stats);
}

int vmi_list_caps(struct vmi *vmi, struct vmi_cap **caps)
{
	return list(vmi, VMI_CMD_CAP_GET, &vmi_cap_set, "list the capabilities",
		    caps);
}

int vmi_get_status(struct vmi *vmi, struct vmi_status **status)
{
	static const struct vmi_request request = {
		.what = "read the status",
		.cmd = VMI_CMD_STATUS_GET,
	};

	return read_objects(vmi, &request, &vmi_status_set, status);
}

/* Send a request that changes something; its reply has no contents. */
static int change(struct vmi *vmi, const struct vmi_request *request)
{
	struct vmi_reply reply;
	int ret;

	ret = vmi_transact(vmi, request, &reply);
	if (!ret)
		free(reply.messages);
	return ret;
}

int vmi_use(struct vmi *vmi, const char *provider)
{
	char what[sizeof("switch to ") + VMI_NAME_LEN];
	const struct vmi_request request = {
		.what = what,
		.cmd = VMI_CMD_USE,
		.name_type = VMI_A_USE_PROVIDER,
		.name = provider,
	};

	snprintf(what, sizeof(what), "switch to %s", provider ?: "nothing");
	return change(vmi, &request);
}

int vmi_set_stats(struct vmi *vmi, enum vmi_stats_action action,
		  const char *target)
{
	static const char *const whats[] = {
		[VMI_STATS_ACTION_OFF] = "stop counting",
		[VMI_STATS_ACTION_ON] = "start counting",
		[VMI_STATS_ACTION_RESET] = "reset the counters",
	};
	struct vmi_request request = {
		.what = "change the counters",
		.cmd = VMI_CMD_STATS_SET,
		.number_type = VMI_A_STATS_ACTION,
		.number = action,
		.name_type = VMI_A_STATS_TARGET,
		.name = target,
	};

	if ((size_t)action < sizeof(whats) / sizeof(*whats))
		request.what = whats[action];
	return change(vmi, &request);
}

int vmi_set_policy(struct vmi *vmi, const struct vmi_policy_entry *entries,
		   size_t count)
{
	const struct vmi_request request = {
		.what = "change the policies",
		.cmd = VMI_CMD_POLICY_SET,
		.entries = entries,
		.count = count,
	};

	return change(vmi, &request);
}

int vmi_refused_entry(const struct vmi *vmi)
{
	return vmi->refused;
}

int vmi_set_histograms(struct vmi *vmi, bool on, const char *target)
{
	const struct vmi_request request = {
		.what = on ? "fill histograms" : "stop filling histograms",
		.cmd = VMI_CMD_STATS_SET,
		.number_type = VMI_A_STATS_ACTION,
		.number = on ? VMI_STATS_ACTION_ON : VMI_STATS_ACTION_OFF,
		.name_type = VMI_A_STATS_TARGET,
		.name = target,
		.flag_type = VMI_A_STATS_HISTOGRAMS,
	};

	return change(vmi, &request);
}
