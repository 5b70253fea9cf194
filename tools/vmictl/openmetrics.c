// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmictl stats --format openmetrics: text for collectors of metrics.
 *
 * The collector of node_exporter reads the older format of Prometheus, so the
 * output is limited to what both formats accept. The older format rejects the
 * type "info", so vmi_info is a gauge. The older format accepts a counter of
 * OpenMetrics, but without its type, since the name in the line TYPE has no
 * _total.
 */

#include <inttypes.h>
#include <stdio.h>

#include "counters.h"
#include "histogram.h"
#include "kernel.h"
#include "openmetrics.h"

/*
 * All values to print. They are read before the first line is printed, since
 * the format has no place for an error.
 */
struct metrics {
	struct vmi_status *status;
	struct vmi_op_stats *ops;
	struct vmi_cap *caps;
};

/*
 * A kind of histogram. Its buckets are always the same, since series must not
 * come and go. They end with the largest numbers of @first to @last bits.
 */
struct family {
	const char *name;
	const char *help;
	unsigned int first;
	unsigned int last;
};

static const struct family latency_family = {
	.name = "vmi_op_latency_cycles",
	.help = "Cycles that calls of the operation took while they were measured.",
	.first = 5,
	.last = 40,
};

static const struct family targets_family = {
	.name = "vmi_op_targets",
	.help = "CPUs that calls of the operation were for while they were measured.",
	.first = 0,
	.last = 13,
};

static void print_family(const char *name, const char *type, const char *help)
{
	printf("# TYPE %s %s\n# HELP %s %s\n", name, type, name, help);
}

/*
 * Print the value of a label. Texts can have any byte; the format is UTF-8 and
 * escapes three characters.
 */
static void print_value(const char *value)
{
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", stdout);
		else if (*value == '\\' || *value == '"')
			printf("\\%c", *value);
		else
			putchar(*value < ' ' || *value > '~' ? '?' : *value);
	}
}

static void print_label(char before, const char *name, const char *value)
{
	printf("%c%s=\"", before, name);
	print_value(value);
	putchar('"');
}

static void print_info(const struct vmi_status *status)
{
	bool has_state = vmi_has(&status->object, VMI_A_STATUS_STATE);

	print_family("vmi_info", "gauge",
		     "The default provider and what it runs on, as labels.");
	fputs("vmi_info", stdout);
	print_label('{', "active", status->active);
	print_label(',', "requested", status->requested);
	print_label(',', "state",
		    has_state ? vmi_state_name(status->state) : "none");
	print_label(',', "hypervisor", status->hypervisor);
	print_label(',', "builtin", status->builtin);
	printf(",api=\"%" PRIu32 ".%" PRIu32 "\"} 1\n", status->api_major,
	       status->api_minor);

	print_family("vmi_switches", "counter",
		     "Switches of the provider completed since boot.");
	printf("vmi_switches_total %" PRIu64 "\n", status->switches);
}

/* Print a sample of an op up to its value. A bucket also has the label @le. */
static void print_sample(const char *name, const char *suffix,
			 const struct vmi_op_stats *op, const char *le)
{
	printf("%s%s", name, suffix);
	print_label('{', "op", op->name);
	print_label(',', "group", op->group);
	print_label(',', "provider", op->provider);
	if (le)
		print_label(',', "le", le);
	fputs("} ", stdout);
}

static void print_op(const char *name, const struct vmi_op_stats *op,
		     uint64_t value)
{
	print_sample(name, "", op, NULL);
	printf("%" PRIu64 "\n", value);
}

static bool is_wanted(const struct vmi_op_stats *op, const char *target)
{
	return is_included(op->group, op->name, target);
}

static void print_ops(const struct vmi_op_stats *ops, const char *target)
{
	const struct vmi_op_stats *op;

	print_family("vmi_op_calls", "counter",
		     "Calls of the operation while they were counted.");
	vmi_for_each(op, ops)
		if (is_wanted(op, target))
			print_op("vmi_op_calls_total", op, op->calls);
	print_family("vmi_op_counting", "gauge",
		     "Whether calls of the operation are counted now.");
	vmi_for_each(op, ops)
		if (is_wanted(op, target))
			print_op("vmi_op_counting", op, op->counting);
	print_family("vmi_op_measuring", "gauge",
		     "Whether calls of the operation are measured now.");
	vmi_for_each(op, ops)
		if (is_wanted(op, target))
			print_op("vmi_op_measuring", op, op->measuring);
}

static void print_histogram(const struct family *family,
			    const struct vmi_op_stats *op,
			    const struct vmi_histogram *histogram)
{
	uint64_t count = histogram_count(histogram, UINT64_MAX), to;
	unsigned int bits;
	char le[32];

	for (bits = family->first; bits <= family->last; bits++) {
		to = (UINT64_C(1) << bits) - 1;
		snprintf(le, sizeof(le), "%" PRIu64 ".0", to);
		print_sample(family->name, "_bucket", op, le);
		printf("%" PRIu64 "\n", histogram_count(histogram, to));
	}
	print_sample(family->name, "_bucket", op, "+Inf");
	printf("%" PRIu64 "\n", count);
	print_sample(family->name, "_sum", op, NULL);
	printf("%" PRIu64 "\n", histogram->sum);
	print_sample(family->name, "_count", op, NULL);
	printf("%" PRIu64 "\n", count);
}

static void print_histograms(const struct vmi_op_stats *ops, const char *target)
{
	const struct vmi_op_stats *op;

	print_family(latency_family.name, "histogram", latency_family.help);
	vmi_for_each(op, ops)
		if (op->latency && is_wanted(op, target))
			print_histogram(&latency_family, op, op->latency);
	print_family(targets_family.name, "histogram", targets_family.help);
	vmi_for_each(op, ops)
		if (op->targets && is_wanted(op, target))
			print_histogram(&targets_family, op, op->targets);
}

static void print_cap(const char *name, const struct vmi_cap *cap,
		      uint64_t value)
{
	fputs(name, stdout);
	print_label('{', "capability", cap->name);
	print_label(',', "backend", cap->backend);
	printf("} %" PRIu64 "\n", value);
}

static void print_caps(const struct vmi_cap *caps)
{
	const struct vmi_cap *cap;

	print_family("vmi_capability_offered", "gauge",
		     "Whether the hypervisor offers the capability.");
	vmi_for_each(cap, caps)
		print_cap("vmi_capability_offered", cap, cap->offered);
	print_family("vmi_capability_bound", "gauge",
		     "Whether the backend uses the capability now.");
	vmi_for_each(cap, caps)
		print_cap("vmi_capability_bound", cap, cap->bound);
	print_family("vmi_capability_uses", "counter",
		     "Times the capability was used, where that is counted.");
	vmi_for_each(cap, caps)
		if (vmi_has(&cap->object, VMI_A_CAP_USES))
			print_cap("vmi_capability_uses_total", cap, cap->uses);
}

static int read_all(struct metrics *metrics, const char *target)
{
	struct vmi *vmi;
	int ret;

	ret = list_counters(target, &metrics->ops);
	if (!ret)
		ret = kernel_open(&vmi);
	if (!ret)
		ret = kernel_result(vmi_get_status(vmi, &metrics->status));
	if (!ret)
		ret = kernel_result(vmi_list_caps(vmi, &metrics->caps));
	return ret;
}

int openmetrics(const char *target)
{
	struct metrics metrics = {};
	int ret;

	ret = read_all(&metrics, target);
	if (!ret) {
		print_info(metrics.status);
		print_ops(metrics.ops, target);
		print_histograms(metrics.ops, target);
		print_caps(metrics.caps);
		puts("# EOF");
	}
	vmi_free(metrics.status);
	vmi_free(metrics.ops);
	vmi_free(metrics.caps);
	return ret;
}
