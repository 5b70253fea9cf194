// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables that describe the replies of the netlink family. They are used to
 * decode a message to an object, and to visit the object.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/genl/genl.h>

#include "internal.h"

/*
 * An attribute, and the member it is stored in. A nested attribute holds an
 * object of another set. A list repeats the attribute.
 */
struct field {
	const char *name;
	size_t offset;
	enum vmi_type type;
	bool optional;
	const struct vmi_set *nested;
};

struct vmi_set {
	const struct field *fields;
	unsigned int max;
	size_t size;
};

#define FIELD(object, member, attr_name, attr_type)              \
	{                                                        \
		.name = attr_name,                               \
		.offset = offsetof(struct vmi_##object, member), \
		.type = VMI_TYPE_##attr_type                     \
	}

#define OPTIONAL(object, member, attr_name, attr_type)           \
	{                                                        \
		.name = attr_name,                               \
		.offset = offsetof(struct vmi_##object, member), \
		.type = VMI_TYPE_##attr_type, .optional = true   \
	}

#define NESTED(object, member, attr_name, attr_type, set)        \
	{                                                        \
		.name = attr_name,                               \
		.offset = offsetof(struct vmi_##object, member), \
		.type = VMI_TYPE_##attr_type, .optional = true,  \
		.nested = &set##_set                             \
	}

#define SET(object)                                                        \
	{                                                                  \
		.fields = object##_fields,                                 \
		.max = sizeof(object##_fields) / sizeof(struct field) - 1, \
		.size = sizeof(struct vmi_##object)                        \
	}

static const struct field error_fields[] = {
	[VMI_A_ERROR_KIND] = FIELD(error, kind, "kind", STRING),
	[VMI_A_ERROR_MESSAGE] = FIELD(error, message, "message", STRING),
};

static const struct vmi_set error_set = SET(error);

static const struct field status_fields[] = {
	[VMI_A_STATUS_ACTIVE] = FIELD(status, active, "active", STRING),
	[VMI_A_STATUS_REQUESTED] =
		FIELD(status, requested, "requested", STRING),
	[VMI_A_STATUS_STATE] = OPTIONAL(status, state, "state", STATE),
	[VMI_A_STATUS_HYPERVISOR] =
		FIELD(status, hypervisor, "hypervisor", STRING),
	[VMI_A_STATUS_BUILTIN] = FIELD(status, builtin, "builtin", STRING),
	[VMI_A_STATUS_API_MAJOR] = FIELD(status, api_major, "api-major", U32),
	[VMI_A_STATUS_API_MINOR] = FIELD(status, api_minor, "api-minor", U32),
	[VMI_A_STATUS_SWITCHES] = FIELD(status, switches, "switches", U64),
	[VMI_A_STATUS_SWITCHED_AT_NS] =
		FIELD(status, switched_at_ns, "switched-at-ns", U64),
	[VMI_A_STATUS_BEFORE_INIT] =
		FIELD(status, before_init, "before-init", BOOL),
	[VMI_A_STATUS_LAST_ERROR] =
		NESTED(status, last_error, "last-error", ERROR, error),
	[VMI_A_STATUS_CHOICE] = FIELD(status, choice, "choice", STRING),
};

static const struct field backend_fields[] = {
	[VMI_A_BACKEND_NAME] = FIELD(backend, name, "name", STRING),
	[VMI_A_BACKEND_HYPERVISOR] =
		OPTIONAL(backend, hypervisor, "hypervisor", STRING),
	[VMI_A_BACKEND_VERSION] = OPTIONAL(backend, version, "version", STRING),
	[VMI_A_BACKEND_MODULE] = OPTIONAL(backend, module, "module", STRING),
	[VMI_A_BACKEND_STATE] = OPTIONAL(backend, state, "state", STATE),
	[VMI_A_BACKEND_EVIDENCE] =
		OPTIONAL(backend, evidence, "evidence", STRING),
	[VMI_A_BACKEND_LAST_ERROR] =
		NESTED(backend, last_error, "last-error", ERROR, error),
};

static const struct field op_fields[] = {
	[VMI_A_OP_NAME] = FIELD(op, name, "name", STRING),
	[VMI_A_OP_GROUP] = FIELD(op, group, "group", STRING),
	[VMI_A_OP_PROVIDER] = FIELD(op, provider, "provider", STRING),
	[VMI_A_OP_COUNTING] = FIELD(op, counting, "counting", BOOL),
	[VMI_A_OP_CALLS] = FIELD(op, calls, "calls", U64),
	[VMI_A_OP_REASON] = OPTIONAL(op, reason, "reason", STRING),
	[VMI_A_OP_POLICY] = FIELD(op, policy, "policy", STRING),
};

static const struct field cap_fields[] = {
	[VMI_A_CAP_NAME] = FIELD(cap, name, "name", STRING),
	[VMI_A_CAP_BACKEND] = FIELD(cap, backend, "backend", STRING),
	[VMI_A_CAP_OFFERED] = FIELD(cap, offered, "offered", BOOL),
	[VMI_A_CAP_BOUND] = FIELD(cap, bound, "bound", BOOL),
	[VMI_A_CAP_USES] = OPTIONAL(cap, uses, "uses", U64),
	[VMI_A_CAP_REASON] = OPTIONAL(cap, reason, "reason", STRING),
};

static const struct field cpu_calls_fields[] = {
	[VMI_A_CPU_CALLS_CPU] = FIELD(cpu_calls, cpu, "cpu", U32),
	[VMI_A_CPU_CALLS_CALLS] = FIELD(cpu_calls, calls, "calls", U64),
};

static const struct vmi_set cpu_calls_set = SET(cpu_calls);

static const struct field bucket_fields[] = {
	[VMI_A_BUCKET_TO] = FIELD(bucket, to, "to", U64),
	[VMI_A_BUCKET_COUNT] = FIELD(bucket, count, "count", U64),
};

static const struct vmi_set bucket_set = SET(bucket);

static const struct field histogram_fields[] = {
	[VMI_A_HISTOGRAM_SUM] = FIELD(histogram, sum, "sum", U64),
	[VMI_A_HISTOGRAM_BUCKETS] =
		NESTED(histogram, buckets, "buckets", LIST, bucket),
};

static const struct vmi_set histogram_set = SET(histogram);

static const struct field op_stats_fields[] = {
	[VMI_A_OP_STATS_NAME] = FIELD(op_stats, name, "name", STRING),
	[VMI_A_OP_STATS_GROUP] = FIELD(op_stats, group, "group", STRING),
	[VMI_A_OP_STATS_PROVIDER] =
		FIELD(op_stats, provider, "provider", STRING),
	[VMI_A_OP_STATS_COUNTING] = FIELD(op_stats, counting, "counting", BOOL),
	[VMI_A_OP_STATS_CALLS] = FIELD(op_stats, calls, "calls", U64),
	[VMI_A_OP_STATS_CPUS] = NESTED(op_stats, cpus, "cpus", LIST, cpu_calls),
	[VMI_A_OP_STATS_MEASURING] =
		FIELD(op_stats, measuring, "measuring", BOOL),
	[VMI_A_OP_STATS_LATENCY] =
		NESTED(op_stats, latency, "latency", HISTOGRAM, histogram),
	[VMI_A_OP_STATS_TARGETS] =
		NESTED(op_stats, targets, "targets", HISTOGRAM, histogram),
};

const struct vmi_set vmi_status_set = SET(status);
const struct vmi_set vmi_backend_set = SET(backend);
const struct vmi_set vmi_op_set = SET(op);
const struct vmi_set vmi_cap_set = SET(cap);
const struct vmi_set vmi_op_stats_set = SET(op_stats);

static const char *const state_names[] = {
	[VMI_STATE_REGISTERED] = "registered",
	[VMI_STATE_VALIDATED] = "validated",
	[VMI_STATE_PREPARED] = "prepared",
	[VMI_STATE_ACTIVE] = "active",
	[VMI_STATE_DRAINING] = "draining",
	[VMI_STATE_FAILED] = "failed",
};

const char *vmi_state_name(enum vmi_state state)
{
	if ((size_t)state >= sizeof(state_names) / sizeof(*state_names))
		return "unknown";
	return state_names[state];
}

static int decode(const struct vmi_set *set, struct nlattr *attrs, int len,
		  struct vmi_object *object, char **pool);

/* The size of an object, rounded up to align the next one. */
static size_t room(const struct vmi_set *set)
{
	size_t align = _Alignof(max_align_t);

	return (set->size + align - 1) / align * align;
}

/*
 * Find the field of an attribute; NULL for padding, or for an attribute that
 * only a newer kernel knows.
 */
static const struct field *field_of(const struct vmi_set *set,
				    const struct nlattr *attr)
{
	unsigned int type = (unsigned int)nla_type(attr);

	if (type > set->max || !set->fields[type].name)
		return NULL;
	return &set->fields[type];
}

/*
 * The size of all objects nested in these attributes. The function visits the
 * same attributes as decode(), so there is room for every object that decode()
 * stores.
 */
static size_t nested_room(const struct vmi_set *set, struct nlattr *attrs,
			  int len)
{
	const struct field *field;
	struct nlattr *attr;
	size_t sum = 0;
	int left;

	nla_for_each_attr(attr, attrs, len, left) {
		field = field_of(set, attr);
		if (field && field->nested)
			sum += room(field->nested) + nested_room(field->nested,
								 nla_data(attr),
								 nla_len(attr));
	}
	return sum;
}

/* Copy a value, which must have exactly @size bytes. */
static int copy(const struct nlattr *attr, void *member, int size)
{
	if (nla_len(attr) != size)
		return -EBADMSG;
	nla_memcpy(member, attr, size);
	return 0;
}

static int store_string(const struct nlattr *attr, const char **member)
{
	*member = nla_data(attr);
	return memchr(*member, 0, (size_t)nla_len(attr)) ? 0 : -EBADMSG;
}

static int store_bool(const struct nlattr *attr, bool *member)
{
	uint32_t value = 0;
	int ret = copy(attr, &value, sizeof(value));

	*member = value;
	return ret;
}

/*
 * Store a nested object. A list keeps the order of the attributes. @end is
 * where the next object of the list goes, since a search for the end of a long
 * list is slow.
 */
static int store_nested(const struct field *field, const struct nlattr *attr,
			struct vmi_object ***end, char **pool)
{
	struct vmi_object *object = (void *)*pool;

	*pool += room(field->nested);
	**end = object;
	if (field->type == VMI_TYPE_LIST)
		*end = &object->next;
	return decode(field->nested, nla_data(attr), nla_len(attr), object,
		      pool);
}

static int store(const struct field *field, const struct nlattr *attr,
		 struct vmi_object *object, struct vmi_object ***end,
		 char **pool)
{
	void *member = (char *)object + field->offset;

	switch (field->type) {
	case VMI_TYPE_STRING:
		return store_string(attr, member);
	case VMI_TYPE_U32:
	case VMI_TYPE_STATE:
		return copy(attr, member, sizeof(uint32_t));
	case VMI_TYPE_U64:
		return copy(attr, member, sizeof(uint64_t));
	case VMI_TYPE_BOOL:
		return store_bool(attr, member);
	case VMI_TYPE_ERROR:
	case VMI_TYPE_LIST:
	case VMI_TYPE_HISTOGRAM:
		if (!*end)
			*end = member;
		return store_nested(field, attr, end, pool);
	}
	return -EBADMSG;
}

_Static_assert(sizeof(enum vmi_state) == sizeof(uint32_t),
	       "a state is stored as a number");

static bool is_complete(const struct vmi_object *object)
{
	const struct vmi_set *set = object->set;
	unsigned int i;

	for (i = 0; i <= set->max; i++)
		if (set->fields[i].name && !set->fields[i].optional &&
		    !vmi_has(object, i))
			return false;
	return true;
}

static int decode(const struct vmi_set *set, struct nlattr *attrs, int len,
		  struct vmi_object *object, char **pool)
{
	struct vmi_object **ends[8 * sizeof(object->present)] = {};
	const struct field *field;
	const struct nlattr *attr;
	int left, ret;

	object->set = set;
	nla_for_each_attr(attr, attrs, len, left) {
		field = field_of(set, attr);
		if (!field)
			continue;
		ret = store(field, attr, object, &ends[nla_type(attr)], pool);
		if (ret)
			return ret;
		object->present |= 1U << nla_type(attr);
	}
	return left > 0 || !is_complete(object) ? -EBADMSG : 0;
}

static const struct nlmsghdr *next_message(const struct nlmsghdr *message)
{
	return (const void *)((const char *)message +
			      NLMSG_ALIGN(message->nlmsg_len));
}

static int decode_messages(const struct vmi_set *set, char *objects,
			   size_t count, const struct nlmsghdr *message)
{
	char *pool = objects + count * room(set);
	struct vmi_object *object, *last = NULL;
	int ret = 0;

	for (; count && !ret; count--) {
		object = (void *)objects;
		ret = decode(set, nlmsg_attrdata(message, GENL_HDRLEN),
			     nlmsg_attrlen(message, GENL_HDRLEN), object,
			     &pool);
		if (last)
			last->next = object;
		last = object;
		objects += room(set);
		message = next_message(message);
	}
	return ret;
}

/* The size of the objects of all messages, with all nested objects. */
static size_t room_of_reply(const struct vmi_set *set,
			    const struct vmi_reply *reply)
{
	const struct nlmsghdr *message = (const void *)reply->messages;
	size_t sum = 0;
	size_t i;

	for (i = 0; i < reply->count; i++) {
		sum += room(set) +
		       nested_room(set, nlmsg_attrdata(message, GENL_HDRLEN),
				   nlmsg_attrlen(message, GENL_HDRLEN));
		message = next_message(message);
	}
	return sum;
}

int vmi_decode(const struct vmi_set *set, const struct vmi_reply *reply,
	       size_t head, void **block)
{
	size_t objects_len = room_of_reply(set, reply);
	char *memory, *messages;
	int ret;

	*block = NULL;
	if (!reply->count)
		return 0;
	memory = calloc(1, head + objects_len + reply->len);
	if (!memory)
		return -ENOMEM;
	messages = memory + head + objects_len;
	memcpy(messages, reply->messages, reply->len);
	ret = decode_messages(set, memory + head, reply->count,
			      (const void *)messages);
	if (ret)
		free(memory);
	else
		*block = memory;
	return ret;
}

bool vmi_has(const struct vmi_object *object, unsigned int attr)
{
	return attr <= object->set->max && object->present >> attr & 1;
}

static struct vmi_value value_of(const struct vmi_object *object,
				 const struct field *field)
{
	const void *member = (const char *)object + field->offset;
	struct vmi_value value = { .type = field->type };

	switch (field->type) {
	case VMI_TYPE_STRING:
		value.string = *(const char *const *)member;
		break;
	case VMI_TYPE_U32:
		value.number = *(const uint32_t *)member;
		break;
	case VMI_TYPE_U64:
		value.number = *(const uint64_t *)member;
		break;
	case VMI_TYPE_BOOL:
		value.truth = *(const bool *)member;
		break;
	case VMI_TYPE_STATE:
		value.state = *(const enum vmi_state *)member;
		break;
	case VMI_TYPE_ERROR:
		value.error = *(const struct vmi_error *const *)member;
		break;
	case VMI_TYPE_LIST:
		value.list = *(const struct vmi_object *const *)member;
		break;
	case VMI_TYPE_HISTOGRAM:
		value.histogram = *(const struct vmi_histogram *const *)member;
		break;
	}
	return value;
}

void vmi_visit(const struct vmi_object *object, vmi_visitor *visit, void *arg)
{
	const struct vmi_set *set = object->set;
	struct vmi_value value;
	unsigned int i;

	for (i = 0; i <= set->max; i++) {
		if (!vmi_has(object, i))
			continue;
		value = value_of(object, &set->fields[i]);
		visit(set->fields[i].name, &value, arg);
	}
}
