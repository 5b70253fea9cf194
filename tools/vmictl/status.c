// SPDX-License-Identifier: GPL-2.0-only
/* vmictl status: the default provider, and why it was chosen. */

#include <stdio.h>
#include <stdlib.h>

#include "attrs.h"
#include "kernel.h"
#include "out.h"
#include "status.h"
#include "vmictl.h"

#define NSEC_PER_SEC 1000000000
#define NSEC_PER_USEC 1000

/* Copy a value, or put @absent in its place. Drop the reference to @absent. */
static void copy_or(json_t *to, const char *to_key, const json_t *from,
		    const char *from_key, json_t *absent)
{
	json_t *value = json_object_get(from, from_key);

	if (value) {
		json_decref(absent);
		json_incref(value);
	} else {
		value = absent;
	}
	json_put(to, to_key, value);
}

static void copy(json_t *to, const json_t *from, const char *key)
{
	copy_or(to, key, from, key, json_null());
}

static json_t *api_version(const json_t *message)
{
	json_t *api = check_alloc(json_object());

	copy_or(api, "major", message, "api-major", json_null());
	copy_or(api, "minor", message, "api-minor", json_null());
	return api;
}

/*
 * Make an object that has every key, since scripts may rely on that. A value
 * that the kernel omits becomes null, "none" or false.
 */
json_t *status_complete(const struct vmi_status *said)
{
	json_t *message = attrs_object(&said->object);
	json_t *status = check_alloc(json_object());

	copy(status, message, "active");
	copy(status, message, "requested");
	copy_or(status, "state", message, "state", json_string("none"));
	copy(status, message, "hypervisor");
	copy(status, message, "builtin");
	json_put(status, "api", api_version(message));
	copy(status, message, "switches");
	copy(status, message, "switched-at-ns");
	copy_or(status, "before-init", message, "before-init", json_false());
	copy(status, message, "last-error");
	copy(status, message, "choice");
	json_decref(message);
	return status;
}

static void print_value(const json_t *status, const char *key)
{
	char *text = out_text(json_object_get(status, key));

	printf("%-12s%s\n", key, text);
	free(text);
}

static void print_api(const json_t *api)
{
	char *major = out_text(json_object_get(api, "major"));
	char *minor = out_text(json_object_get(api, "minor"));

	printf("%-12s%s.%s\n", "api", major, minor);
	free(major);
	free(minor);
}

static void print_switched(const json_t *status)
{
	json_int_t ns =
		json_integer_value(json_object_get(status, "switched-at-ns"));
	bool before = json_is_true(json_object_get(status, "before-init"));

	if (!ns) {
		printf("%-12s%s\n", "switched", "never");
		return;
	}
	printf("%-12s%lld.%06lld s after boot%s\n", "switched",
	       ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / NSEC_PER_USEC,
	       before ? ", before PID 1 ran" : "");
}

static void print_status(const json_t *status)
{
	print_value(status, "active");
	print_value(status, "choice");
	print_value(status, "requested");
	print_value(status, "state");
	print_value(status, "hypervisor");
	print_value(status, "builtin");
	print_api(json_object_get(status, "api"));
	print_value(status, "switches");
	print_switched(status);
	print_value(status, "last-error");
}

int cmd_status(int argc, char **argv)
{
	struct vmi_status *said;
	struct vmi *vmi;
	json_t *status;
	int ret;

	ret = no_arguments(argc, argv);
	if (!ret)
		ret = kernel_open(&vmi);
	if (!ret)
		ret = kernel_result(vmi_get_status(vmi, &said));
	if (ret)
		return ret;

	status = status_complete(said);
	vmi_free(said);
	if (out_is_json()) {
		out_document(status);
		return 0;
	}
	print_status(status);
	json_decref(status);
	return 0;
}
