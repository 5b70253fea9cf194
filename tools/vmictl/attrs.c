// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects of libvmi as JSON. Text and JSON documents are both made from them.
 */

#include <string.h>

#include "attrs.h"
#include "out.h"

static json_t *list_json(const struct vmi_object *list)
{
	json_t *array = check_alloc(json_array());

	for (; list; list = list->next)
		json_add(array, attrs_object(list));
	return array;
}

static json_t *value_json(const struct vmi_value *value)
{
	switch (value->type) {
	case VMI_TYPE_STRING:
		return json_clean(value->string, strlen(value->string));
	case VMI_TYPE_U32:
	case VMI_TYPE_U64:
		return json_count(value->number);
	case VMI_TYPE_BOOL:
		return json_boolean(value->truth);
	case VMI_TYPE_STATE:
		return json_string(vmi_state_name(value->state));
	case VMI_TYPE_ERROR:
		return attrs_object(&value->error->object);
	case VMI_TYPE_LIST:
		return list_json(value->list);
	case VMI_TYPE_HISTOGRAM:
		return attrs_object(&value->histogram->object);
	}
	return json_null();
}

static void put_value(const char *name, const struct vmi_value *value,
		      void *object)
{
	json_put(object, name, check_alloc(value_json(value)));
}

json_t *attrs_object(const struct vmi_object *object)
{
	json_t *json = check_alloc(json_object());

	vmi_visit(object, put_value, json);
	return json;
}

json_t *attrs_rows(void *list)
{
	json_t *rows = list_json(list);

	vmi_free(list);
	return rows;
}
