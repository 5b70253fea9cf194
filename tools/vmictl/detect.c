// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmictl detect: the hypervisor that this machine runs on, the features that it
 * offers, and which of them are in use. The command works on any kernel, so
 * nothing here asks the netlink family.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "detect.h"
#include "out.h"
#include "vmictl.h"

static const struct column hypervisor_columns[] = {
	{ .title = "HYPERVISOR", .key = "name" },
	{ .title = "SIGNATURE", .key = "signature" },
	{ .title = "BACKEND", .key = "backend" },
	{ .title = "EVIDENCE", .key = "evidence" },
};

static const struct column feature_columns[] = {
	{ .title = "OFFERED", .key = "name" },
	{ .title = "HYPERVISOR", .key = "hypervisor" },
	{ .title = "SOURCE", .key = "source" },
};

static const struct column use_columns[] = {
	{ .title = "USED", .key = "feature" },
	{ .title = "VALUE", .key = "value" },
	{ .title = "CONFIDENCE", .key = "confidence" },
	{ .title = "SOURCE", .key = "source" },
};

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

static void print_hypervisors(const json_t *rows)
{
	if (json_array_size(rows))
		out_table(rows, hypervisor_columns, LENGTH(hypervisor_columns));
	else
		puts("No hypervisor was found.");
}

/* Print the offered features as a table, and the others as a list of names. */
static void print_features(const json_t *features)
{
	json_t *offered = check_alloc(json_array()), *row;
	char *others = check_alloc(strdup(""));
	const char *name;
	size_t i;

	json_array_foreach(features, i, row) {
		name = json_string_value(json_object_get(row, "name"));
		if (json_is_true(json_object_get(row, "offered")))
			json_add(offered, json_incref(row));
		else
			others = append_word(others, name);
	}
	if (json_array_size(offered)) {
		putchar('\n');
		out_table(offered, feature_columns, LENGTH(feature_columns));
	}
	if (*others)
		printf("\nNot offered: %s.\n", others);
	free(others);
	json_decref(offered);
}

static void print_use(const json_t *rows)
{
	if (!json_array_size(rows))
		return;
	putchar('\n');
	out_table(rows, use_columns, LENGTH(use_columns));
}

int cmd_detect(int argc, char **argv)
{
	json_t *document, *features, *use, *hypervisors;
	struct detection detection = {};
	int ret;

	ret = no_arguments(argc, argv);
	if (ret)
		return ret;

	detect_layers(&detection);
	hypervisors = detect_hypervisors(&detection);
	features = detect_features(&detection);
	use = detect_use(&detection, features);
	document = check_alloc(json_object());
	json_put(document, "hypervisors", hypervisors);
	json_put(document, "driven",
		 detection.driven ? json_string(detection.driven->name) :
				    json_null());
	json_put(document, "choice", json_string(detection.choice));
	json_put(document, "features", features);
	json_put(document, "in-use", use);
	if (out_is_json()) {
		out_document(document);
	} else {
		print_hypervisors(hypervisors);
		printf("\nvmi=auto would choose %s.\n", detection.choice);
		print_features(features);
		print_use(use);
		json_decref(document);
	}
	detect_free(&detection);
	return 0;
}
