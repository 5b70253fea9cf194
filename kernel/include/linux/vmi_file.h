/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What can be told of a backend from the file of its module
 *
 * For those who look at a module without loading it, "vmictl check" for example:
 * the version of the API, and where the members of struct vmi_backend are that the
 * core looks at first. A module has the address of that structure in a section of
 * its own, so what is read there is what the core will read. Macros only; vmi.h
 * holds the structure against them.
 *
 * Within a major version, members are added at the end and none is moved.
 */
#ifndef _LINUX_VMI_FILE_H
#define _LINUX_VMI_FILE_H

/* A backend loads on a core of the same major and the same or a newer minor. */
#define VMI_API_MAJOR	1
#define VMI_API_MINOR	0

#define VMI_BACKEND_SECTION	".vmi_backend"

/* Each by its offset in bytes; pointers have 8. */
#define VMI_AT_API_MAJOR	0	/* 16 bits */
#define VMI_AT_API_MINOR	2	/* 16 bits */
#define VMI_AT_SIZE		4	/* 32 bits */
#define VMI_AT_NR_OPS		8	/* 32 bits */
#define VMI_AT_NAME		16
#define VMI_AT_HYPERVISOR	24
#define VMI_AT_VERSION		40
#define VMI_AT_OPS		56
#define VMI_AT_DETECT		80
#define VMI_BACKEND_SIZE	160

#endif /* _LINUX_VMI_FILE_H */
