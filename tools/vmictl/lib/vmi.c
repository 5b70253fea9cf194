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
	(*vmi)->requests.fd = -1;
	(*vmi)->events.fd = -1;
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

const char *vmi_warning(const struct vmi *vmi)
{
	return vmi->warning[0] ? vmi->warning : NULL;
}

void vmi_free(void *result)
{
	free(result);
}

/* A socket, and a request without attributes. */
static int begin(struct vmi *vmi, struct vmi_request *request, int flags,
		 uint8_t cmd)
{
	int ret = vmi_connect(vmi);

	if (!ret)
		vmi_request(request, vmi->family, flags, cmd);
	return ret;
}

/* What is left out, the kernel has an opinion about. */
static int add_name(struct vmi *vmi, struct vmi_request *request, uint16_t type,
		    const char *name)
{
	if (!name)
		return 0;
	if (strlen(name) > VMI_NAME_LEN)
		return vmi_fail(vmi, -EINVAL, "a name has 1 to %d characters",
				VMI_NAME_LEN);
	vmi_request_string(request, type, name);
	return 0;
}

/*
 * Send a request for objects, a list of them or a single one. @objects points
 * to a pointer to a structure; all of these look the same.
 */
static int read_objects(struct vmi *vmi, struct vmi_request *request,
			const struct vmi_set *set, const char *what,
			void *objects)
{
	bool single = !(request->header.nlmsg_flags & NLM_F_DUMP);
	struct vmi_reply reply;
	void *block;
	int ret;

	ret = vmi_transact(vmi, request, what, &reply);
	if (ret)
		return ret;
	if (single && reply.count != 1)
		ret = -EBADMSG;
	else
		ret = vmi_decode(set, &reply, 0, &block);
	free(reply.messages);
	if (ret == -EBADMSG)
		return vmi_malformed(vmi, what);
	if (ret)
		return vmi_fail(vmi, ret, "cannot %s: %m", what);
	memcpy(objects, &block, sizeof(block));
	return 0;
}

static int list(struct vmi *vmi, uint8_t cmd, const struct vmi_set *set,
		const char *what, void *first)
{
	struct vmi_request request;
	int ret;

	ret = begin(vmi, &request, NLM_F_DUMP, cmd);
	if (!ret)
		ret = read_objects(vmi, &request, set, what, first);
	return ret;
}

int vmi_list_layers(struct vmi *vmi, struct vmi_layer **layers)
{
	return list(vmi, VMI_CMD_LAYER_GET, &vmi_layer_set,
		    "list the hypervisors", layers);
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

int vmi_list_caps(struct vmi *vmi, struct vmi_cap **caps)
{
	return list(vmi, VMI_CMD_CAP_GET, &vmi_cap_set, "list the capabilities",
		    caps);
}

int vmi_get_status(struct vmi *vmi, struct vmi_status **status)
{
	struct vmi_request request;
	int ret;

	ret = begin(vmi, &request, NLM_F_ACK, VMI_CMD_STATUS_GET);
	if (!ret)
		ret = read_objects(vmi, &request, &vmi_status_set,
				   "read the status", status);
	return ret;
}

int vmi_get_backend(struct vmi *vmi, const char *name,
		    struct vmi_backend **backend)
{
	struct vmi_request request;
	int ret;

	ret = begin(vmi, &request, NLM_F_ACK, VMI_CMD_BACKEND_GET);
	if (!ret)
		ret = add_name(vmi, &request, VMI_A_BACKEND_NAME, name);
	if (!ret)
		ret = read_objects(vmi, &request, &vmi_backend_set,
				   "read the backend", backend);
	return ret;
}

int vmi_get_op(struct vmi *vmi, const char *name, struct vmi_op **op)
{
	struct vmi_request request;
	int ret;

	ret = begin(vmi, &request, NLM_F_ACK, VMI_CMD_OP_GET);
	if (!ret)
		ret = add_name(vmi, &request, VMI_A_OP_NAME, name);
	if (!ret)
		ret = read_objects(vmi, &request, &vmi_op_set, "read the op",
				   op);
	return ret;
}

/* A request that changes something; there is nothing in its reply. */
static int change(struct vmi *vmi, struct vmi_request *request,
		  const char *what)
{
	struct vmi_reply reply;
	int ret;

	ret = vmi_transact(vmi, request, what, &reply);
	if (!ret)
		free(reply.messages);
	return ret;
}

int vmi_use(struct vmi *vmi, const char *provider)
{
	char what[sizeof("switch to ") + VMI_NAME_LEN];
	struct vmi_request request;
	int ret;

	ret = begin(vmi, &request, NLM_F_ACK, VMI_CMD_USE);
	if (!ret)
		ret = add_name(vmi, &request, VMI_A_USE_PROVIDER, provider);
	if (ret)
		return ret;
	snprintf(what, sizeof(what), "switch to %s", provider ?: "nothing");
	return change(vmi, &request, what);
}

int vmi_set_stats(struct vmi *vmi, enum vmi_stats_action action,
		  const char *target)
{
	static const char *const whats[] = {
		[VMI_STATS_ACTION_OFF] = "stop counting",
		[VMI_STATS_ACTION_ON] = "start counting",
		[VMI_STATS_ACTION_RESET] = "reset the counters",
	};
	const char *what = "change the counters";
	struct vmi_request request;
	int ret;

	if ((size_t)action < sizeof(whats) / sizeof(*whats))
		what = whats[action];
	ret = begin(vmi, &request, NLM_F_ACK, VMI_CMD_STATS_SET);
	if (ret)
		return ret;
	vmi_request_u32(&request, VMI_A_STATS_ACTION, action);
	ret = add_name(vmi, &request, VMI_A_STATS_TARGET, target);
	if (!ret)
		ret = change(vmi, &request, what);
	return ret;
}
