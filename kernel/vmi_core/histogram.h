/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VMI_HISTOGRAM_H
#define _VMI_HISTOGRAM_H

#include "table.h"

enum vmi_histogram_kind {
	VMI_HISTOGRAM_LATENCY,
	VMI_HISTOGRAM_TARGETS,
	VMI_NR_HISTOGRAMS
};

#define VMI_NR_BUCKETS	64

/* The largest number in a bucket: the bucket's number says how many bits it has. */
#define vmi_bucket_end(bucket)	(BIT_ULL(bucket) - 1)

/*
 * How often numbers of which size occurred: 0 is in the first bucket, and a number that has N bits
 * in bucket N. x86/thunks.S knows where the members are.
 */
struct vmi_histogram {
	u64	sum;
	u64	buckets[VMI_NR_BUCKETS];
};

extern struct vmi_histogram __percpu *
vmi_histograms[VMI_NR_HISTOGRAMS][VMI_NR_OPS];

int vmi_histogram_alloc(enum vmi_op op);
void vmi_histogram_reset(enum vmi_op op);
bool vmi_histogram_read(enum vmi_histogram_kind kind, enum vmi_op op,
			struct vmi_histogram *histogram);
unsigned int vmi_count_targets(const struct cpumask *mask, enum vmi_mask kind);
void vmi_record_targets(const struct cpumask *mask, enum vmi_op op);

#endif /* _VMI_HISTOGRAM_H */
