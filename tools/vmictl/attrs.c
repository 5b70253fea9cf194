// SPDX-License-Identifier: GPL-2.0-only
/*
 * The replies of the netlink family, described once: text and JSON are both
 * made from what is decoded here.
 */

#include <stdint.h>

#include <linux/vmi.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>

#include "attrs.h"
#include "out.h"

enum attr_type {
	ATTR_STRING,
	ATTR_U32,
	ATTR_U64,
	ATTR_BOOL,
	ATTR_STATE,
	ATTR_ERROR,
};

struct attr {
	const char *key;
	enum attr_type type;
};

struct attr_set {
	const struct attr *attrs;
	int max;
};

#define ATTR_MAX VMI_A_STATUS_MAX

#define ATTR_SET(array)                                                   \
	{                                                                 \
		.attrs = array, .max = sizeof(array) / sizeof(*array) - 1 \
	}

static const struct attr error_attrs[] = {
	[VMI_A_ERROR_KIND] = { "kind", ATTR_STRING },
	[VMI_A_ERROR_MESSAGE] = { "message", ATTR_STRING },
};

static const struct attr status_attrs[] = {
	[VMI_A_STATUS_ACTIVE] = { "active", ATTR_STRING },
	[VMI_A_STATUS_REQUESTED] = { "requested", ATTR_STRING },
	[VMI_A_STATUS_STATE] = { "state", ATTR_STATE },
	[VMI_A_STATUS_HYPERVISOR] = { "hypervisor", ATTR_STRING },
	[VMI_A_STATUS_BUILTIN] = { "builtin", ATTR_STRING },
	[VMI_A_STATUS_API_MAJOR] = { "api-major", ATTR_U32 },
	[VMI_A_STATUS_API_MINOR] = { "api-minor", ATTR_U32 },
	[VMI_A_STATUS_SWITCHES] = { "switches", ATTR_U64 },
	[VMI_A_STATUS_SWITCHED_AT_NS] = { "switched-at-ns", ATTR_U64 },
	[VMI_A_STATUS_BEFORE_INIT] = { "before-init", ATTR_BOOL },
	[VMI_A_STATUS_LAST_ERROR] = { "last-error", ATTR_ERROR },
	[VMI_A_STATUS_CHOICE] = { "choice", ATTR_STRING },
};

static const struct attr layer_attrs[] = {
	[VMI_A_LAYER_SIGNATURE] = { "signature", ATTR_STRING },
	[VMI_A_LAYER_EVIDENCE] = { "evidence", ATTR_STRING },
	[VMI_A_LAYER_BACKEND] = { "backend", ATTR_STRING },
};

static const struct attr backend_attrs[] = {
	[VMI_A_BACKEND_NAME] = { "name", ATTR_STRING },
	[VMI_A_BACKEND_HYPERVISOR] = { "hypervisor", ATTR_STRING },
	[VMI_A_BACKEND_VERSION] = { "version", ATTR_STRING },
	[VMI_A_BACKEND_MODULE] = { "module", ATTR_STRING },
	[VMI_A_BACKEND_STATE] = { "state", ATTR_STATE },
	[VMI_A_BACKEND_EVIDENCE] = { "evidence", ATTR_STRING },
	[VMI_A_BACKEND_LAST_ERROR] = { "last-error", ATTR_ERROR },
};

static const struct attr op_attrs[] = {
	[VMI_A_OP_NAME] = { "name", ATTR_STRING },
	[VMI_A_OP_GROUP] = { "group", ATTR_STRING },
	[VMI_A_OP_PROVIDER] = { "provider", ATTR_STRING },
	[VMI_A_OP_COUNTING] = { "counting", ATTR_BOOL },
	[VMI_A_OP_CALLS] = { "calls", ATTR_U64 },
	[VMI_A_OP_REASON] = { "reason", ATTR_STRING },
};

static const struct attr cap_attrs[] = {
	[VMI_A_CAP_NAME] = { "name", ATTR_STRING },
	[VMI_A_CAP_BACKEND] = { "backend", ATTR_STRING },
	[VMI_A_CAP_OFFERED] = { "offered", ATTR_BOOL },
	[VMI_A_CAP_BOUND] = { "bound", ATTR_BOOL },
	[VMI_A_CAP_USES] = { "uses", ATTR_U64 },
	[VMI_A_CAP_REASON] = { "reason", ATTR_STRING },
};

_Static_assert(sizeof(layer_attrs) <= sizeof(status_attrs) &&
		       sizeof(backend_attrs) <= sizeof(status_attrs) &&
		       sizeof(op_attrs) <= sizeof(status_attrs) &&
		       sizeof(cap_attrs) <= sizeof(status_attrs),
	       "ATTR_MAX is too small");

static const struct attr_set attrs_error = ATTR_SET(error_attrs);
const struct attr_set attrs_status = ATTR_SET(status_attrs);
const struct attr_set attrs_layer = ATTR_SET(layer_attrs);
const struct attr_set attrs_backend = ATTR_SET(backend_attrs);
const struct attr_set attrs_op = ATTR_SET(op_attrs);
const struct attr_set attrs_cap = ATTR_SET(cap_attrs);

static const char *const state_names[] = {
	[VMI_STATE_REGISTERED] = "registered",
	[VMI_STATE_VALIDATED] = "validated",
	[VMI_STATE_PREPARED] = "prepared",
	[VMI_STATE_ACTIVE] = "active",
	[VMI_STATE_DRAINING] = "draining",
	[VMI_STATE_FAILED] = "failed",
};

static struct nla_policy attr_policy(enum attr_type type)
{
	switch (type) {
	case ATTR_STRING:
		return (struct nla_policy){ .type = NLA_STRING };
	case ATTR_U64:
		return (struct nla_policy){ .type = NLA_U64, .maxlen = 8 };
	case ATTR_ERROR:
		return (struct nla_policy){ .type = NLA_NESTED };
	default:
		return (struct nla_policy){ .type = NLA_U32, .maxlen = 4 };
	}
}

static void set_policy(const struct attr_set *set, struct nla_policy *policy)
{
	int i;

	for (i = 0; i <= set->max; i++)
		if (set->attrs[i].key)
			policy[i] = attr_policy(set->attrs[i].type);
}

/* JSON has no unsigned numbers; a counter stops short of turning negative. */
static json_t *decode_u64(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

/* A newer kernel may have states that this program has no name for. */
static json_t *decode_state(uint32_t state)
{
	if (state >= sizeof(state_names) / sizeof(*state_names))
		return json_string("unknown");
	return json_string(state_names[state]);
}

static json_t *decode_object(const struct attr_set *set, struct nlattr **tb);

static json_t *decode_nest(const struct attr_set *set, struct nlattr *nest)
{
	struct nla_policy policy[ATTR_MAX + 1] = {};
	struct nlattr *tb[ATTR_MAX + 1];

	set_policy(set, policy);
	if (nla_parse_nested(tb, set->max, nest, policy) < 0)
		return NULL;
	return decode_object(set, tb);
}

static json_t *decode_value(enum attr_type type, struct nlattr *attr)
{
	switch (type) {
	case ATTR_STRING:
		return json_clean(nla_data(attr), (size_t)nla_len(attr));
	case ATTR_U32:
		return json_integer(nla_get_u32(attr));
	case ATTR_U64:
		return decode_u64(nla_get_u64(attr));
	case ATTR_BOOL:
		return json_boolean(nla_get_u32(attr));
	case ATTR_STATE:
		return decode_state(nla_get_u32(attr));
	case ATTR_ERROR:
		return decode_nest(&attrs_error, attr);
	}
	return NULL;
}

static json_t *decode_object(const struct attr_set *set, struct nlattr **tb)
{
	json_t *object = check_alloc(json_object()), *value;
	int i;

	for (i = 0; i <= set->max; i++) {
		if (!set->attrs[i].key || !tb[i])
			continue;
		value = decode_value(set->attrs[i].type, tb[i]);
		if (!value) {
			json_decref(object);
			return NULL;
		}
		json_put(object, set->attrs[i].key, value);
	}
	return object;
}

json_t *attrs_decode(const struct attr_set *set, struct nlmsghdr *message)
{
	struct nla_policy policy[ATTR_MAX + 1] = {};
	struct nlattr *tb[ATTR_MAX + 1];

	set_policy(set, policy);
	if (genlmsg_parse(message, 0, tb, set->max, policy) < 0)
		return NULL;
	return decode_object(set, tb);
}
