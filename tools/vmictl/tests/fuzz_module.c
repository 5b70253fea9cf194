// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arbitrary files of modules, for what vmictl check reads of them. What is compressed
 * is left out: it takes a process to unpack it, and then it is a file as well.
 */

#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../backend_file.h"
#include "../module_file.h"
#include "../out.h"
#include "examine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The linker puts the former in place of elf_begin(), and calls that the latter. */
Elf *__wrap_elf_begin(int fd, Elf_Cmd cmd, Elf *ref);
Elf *__real_elf_begin(int fd, Elf_Cmd cmd, Elf *ref);

/* Not mapped, each section has memory of its own, whose end ASan knows. */
Elf *__wrap_elf_begin(int fd, Elf_Cmd cmd, Elf *ref)
{
	return __real_elf_begin(fd, cmd == ELF_C_READ_MMAP ? ELF_C_READ : cmd,
				ref);
}

static FILE *file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file || write(fd, data, size) != (ssize_t)size)
		abort();
	return file;
}

/* Each a text that JSON can have. */
static void examine_reasons(const json_t *reasons)
{
	const json_t *reason;
	size_t i;

	json_array_foreach(reasons, i, reason)
		if (!json_string_length(reason))
			examine_fail("reason without a sentence", (int)i, "");
}

static void examine_module(const struct module_file *file)
{
	static const struct core_api core = { true, 1, 0 };
	struct backend_file backend;
	json_t *reasons, *json;
	const char *license;

	license = module_file_info(file, "license");
	if (license)
		json_decref(json_clean(license, strlen(license)));
	module_file_is_signed(file);
	module_file_needs(file, "vmi_backend_register");
	if (!backend_file_read(file, &backend))
		return;
	reasons = check_alloc(json_array());
	backend_file_check(&backend, &core, reasons);
	examine_reasons(reasons);
	json_decref(reasons);
	json = backend_file_json(&backend);
	if (!json_object_get(json, "api"))
		examine_fail("backend without a version", 0, "");
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct module_file *file;
	char *problem;

	if (size < SELFMAG || memcmp(data, ELFMAG, SELFMAG))
		return -1;
	if (module_file_open(file_of(data, size), &file, &problem)) {
		if (strncmp(problem, "is ", 3))
			examine_fail("problem", 0, problem);
		free(problem);
		return 0;
	}
	examine_module(file);
	module_file_close(file);
	return 0;
}
