/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef VMICTL_DETECT_H
#define VMICTL_DETECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#define SIGNATURE_LEN 12

struct cpuid_regs {
	uint32_t eax;
	uint32_t ebx;
	uint32_t ecx;
	uint32_t edx;
};

/* Access to the machine, in detect_machine.c. The tests replace that file. */

/*
 * Execute CPUID. @ask_xen adds Xen's prefix: with it a PV guest of Xen gets
 * Xen's answer, and any other machine raises SIGILL.
 */
void machine_cpuid(bool ask_xen, uint32_t leaf, struct cpuid_regs *regs);
/* Open a file for reading; NULL if it does not exist or may not be read. */
FILE *machine_open(const char *path);

/*
 * Files of the machine, in detect_files.c. Returned strings are printable
 * ASCII, and the caller frees them.
 */

/* Return a file's first line without trailing blanks, or NULL. */
char *file_line(const char *path);
/* Return whether @word is one of the words of @line, which may be NULL. */
bool line_has_word(const char *line, const char *word);
/*
 * Sum up the row of /proc/interrupts that starts with @name, or that Xen's
 * event channels call @name, over all CPUs. Return: false if there is no such
 * row.
 */
bool file_interrupts(const char *name, uint64_t *total);
/* Read the time stolen by the host, in the ticks of /proc/stat. */
bool file_steal(uint64_t *ticks);

enum hypervisor_kind {
	HYPERVISOR_OTHER,
	HYPERVISOR_KVM,
	HYPERVISOR_HYPERV,
	HYPERVISOR_XEN,
	HYPERVISOR_VMWARE,
	/* The kernel has guest code for these two, and VMI no backend. */
	HYPERVISOR_JAILHOUSE,
	HYPERVISOR_ACRN,
};

struct layer {
	enum hypervisor_kind kind;
	const char *name;
	char signature[SIGNATURE_LEN + 1];
	/* First and last CPUID leaf; 0 if CPUID does not name the layer. */
	uint32_t base;
	uint32_t last;
	json_t *evidence;
};

/* CPUID has room for 256, but hypervisors show one or two. */
#define MAX_CPUID_LAYERS 4
/* Add the layers that only files name: Xen, and three by fields of DMI. */
#define MAX_LAYERS (MAX_CPUID_LAYERS + 4)

struct detection {
	struct layer layers[MAX_LAYERS];
	size_t count;
	/* CPUID has the bit of a hypervisor. */
	bool has_bit;
	/* CPUID needs Xen's prefix, since this is a PV guest. */
	bool ask_xen;
	/* The guest cannot run without the kernel's own code for Xen. */
	bool needs_xen;
	/*
	 * The layer that the kernel detects without nopv, or NULL if VMI has no
	 * backend for it; and the choice of vmi=auto in words.
	 */
	const struct layer *driven;
	char *choice;
};

void detect_layers(struct detection *detection);
void detect_free(struct detection *detection);

/* Return the name of the backend for a layer; NULL if VMI has none. */
const char *detect_backend(const struct layer *layer);

/* Make the arrays of objects that the JSON document contains. */
json_t *detect_hypervisors(const struct detection *detection);
json_t *detect_features(const struct detection *detection);
json_t *detect_use(const struct detection *detection, const json_t *features);

#endif /* VMICTL_DETECT_H */
