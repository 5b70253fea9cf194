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

/* The machine itself, in detect_machine.c; the tests bring another one. */

/* With @ask_xen a PV guest of Xen gets Xen's answer, and others a signal. */
void machine_cpuid(bool ask_xen, uint32_t leaf, struct cpuid_regs *regs);
/* For reading; NULL if there is no such file or it may not be read. */
FILE *machine_open(const char *path);

/* Its files, in detect_files.c. What is returned is printable, to be freed. */

/* The first line, without what is blank at its end; NULL if it is not there. */
char *file_line(const char *path);
/* Is @word one of the words of @line, which may be NULL? */
bool line_has_word(const char *line, const char *word);
/*
 * The sum over all CPUs in the row of /proc/interrupts that starts with @name,
 * or that is called @name by Xen's event channels. False if there is none.
 */
bool file_interrupts(const char *name, uint64_t *total);
/* Time that the host took away, in the ticks of /proc/stat. */
bool file_steal(uint64_t *ticks);

enum hypervisor_kind {
	HYPERVISOR_OTHER,
	HYPERVISOR_KVM,
	HYPERVISOR_HYPERV,
	HYPERVISOR_XEN,
	HYPERVISOR_VMWARE,
};

struct layer {
	enum hypervisor_kind kind;
	const char *name;
	char signature[SIGNATURE_LEN + 1];
	/* The first and the last leaf; 0 if it is not CPUID that names it. */
	uint32_t base;
	uint32_t last;
	json_t *evidence;
};

/* As many as the kernel's VMI looks at. */
#define MAX_CPUID_LAYERS 4
/* And those that only files name: Xen, and one by each field of DMI. */
#define MAX_LAYERS (MAX_CPUID_LAYERS + 4)

struct detection {
	struct layer layers[MAX_LAYERS];
	size_t count;
	/* CPUID has to be asked as a PV guest of Xen asks. */
	bool ask_xen;
	/* A guest that could not run without the kernel's own code for Xen. */
	bool needs_xen;
	/* The one that vmi=auto is for, or NULL, and why. */
	const struct layer *driven;
	char *choice;
};

void detect_layers(struct detection *detection);
void detect_free(struct detection *detection);

/* Arrays of objects, as documents show them. */
json_t *detect_hypervisors(const struct detection *detection);
json_t *detect_features(const struct detection *detection);
json_t *detect_use(const struct detection *detection, const json_t *features);

/* printf() into allocated memory. */
char *make_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* VMICTL_DETECT_H */
