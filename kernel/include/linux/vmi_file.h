/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Layout of a backend in the file of its module
 *
 * Programs that look at a module without loading it, for example "vmictl check", need the
 * version of the API, and the offsets of the members of struct vmi_backend that the core
 * checks first. A module has the address of that structure in a section of its own, so a
 * program reads what the core will read. This header has macros only; vmi.h checks the
 * structure against them.
 *
 * Within a major version, members are added at the end and are not moved.
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
#define VMI_AT_VERSION		32
#define VMI_AT_OPS		48
#define VMI_AT_DETECT		72
#define VMI_BACKEND_SIZE	152

#endif /* _LINUX_VMI_FILE_H */
