// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is the native form of an op inlined into its call sites?
 *
 * Reads the kernel's text as it was patched at boot. A boot that found no
 * hypervisor and was asked for no backend has to have kept the native
 * instructions; any other must have calls there, or nothing could be bound.
 */

#define _GNU_SOURCE

#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_LEN 256
#define SKIP 4

static const struct site {
	const char *desc;
	const char *function;
	unsigned char native[3];
} sites[] = {
	/* movb $0, (%rdi) */
	{ "unlock", "_raw_spin_unlock_irqrestore", { 0xc6, 0x07, 0x00 } },
	/* xor %rax, %rax */
	{ "vcpu_is_preempted", "available_idle_cpu", { 0x48, 0x31, 0xc0 } },
};

#define NR_SITES (sizeof(sites) / sizeof(sites[0]))

/* Where a function is, and how long: up to the next symbol. */
static bool find(const char *name, unsigned long *address, size_t *len)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	unsigned long at, next = -1UL;
	char symbol[256], type;

	if (!file)
		err(SKIP, "/proc/kallsyms");
	*address = 0;
	while (fscanf(file, "%lx %c %255s%*[^\n]", &at, &type, symbol) == 3) {
		if (!strcmp(symbol, name))
			*address = at;
	}
	rewind(file);
	while (fscanf(file, "%lx %c %255s%*[^\n]", &at, &type, symbol) == 3) {
		if (at > *address && at < next)
			next = at;
	}
	fclose(file);
	*len = next - *address < TEXT_LEN ? next - *address : TEXT_LEN;
	return *address;
}

static bool read_text(unsigned long address, unsigned char *text, size_t len)
{
	int fd = open("/proc/kcore", O_RDONLY);
	bool done = false;
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdr;
	int i;

	if (fd < 0)
		err(SKIP, "/proc/kcore");
	if (pread(fd, &ehdr, sizeof(ehdr), 0) != sizeof(ehdr))
		err(1, "/proc/kcore");
	for (i = 0; i < ehdr.e_phnum && !done; i++) {
		off_t at = ehdr.e_phoff + i * sizeof(phdr);

		if (pread(fd, &phdr, sizeof(phdr), at) != sizeof(phdr))
			err(1, "/proc/kcore");
		if (phdr.p_type != PT_LOAD || address < phdr.p_vaddr ||
		    address + len > phdr.p_vaddr + phdr.p_memsz)
			continue;
		at = phdr.p_offset + (address - phdr.p_vaddr);
		done = pread(fd, text, len, at) == (ssize_t)len;
	}
	close(fd);
	return done;
}

static bool expect_inline(void)
{
	char line[4096] = "", *vmi;
	FILE *file;

	file = fopen("/sys/kernel/vmi/hypervisor", "r");
	if (!file)
		errx(SKIP, "no VMI");
	if (!fgets(line, sizeof(line), file))
		errx(1, "/sys/kernel/vmi/hypervisor is empty");
	fclose(file);
	if (strcmp(line, "none\n"))
		return false;

	file = fopen("/proc/cmdline", "r");
	if (!file || !fgets(line, sizeof(line), file))
		err(1, "/proc/cmdline");
	fclose(file);
	vmi = strstr(line, " vmi=");
	return !vmi || !strncmp(vmi + 5, "auto", 4) ||
	       !strncmp(vmi + 5, "native", 6) ||
	       !strncmp(vmi + 5, "builtin", 7);
}

int main(void)
{
	bool wanted = expect_inline(), is_inline, failed = false;
	unsigned char text[TEXT_LEN];
	unsigned long address;
	unsigned int i;
	size_t len;

	printf("KTAP version 1\n1..%zu\n", NR_SITES);
	for (i = 0; i < NR_SITES; i++) {
		const struct site *site = &sites[i];

		if (!find(site->function, &address, &len) ||
		    !read_text(address, text, len)) {
			printf("not ok %u %s # cannot read %s\n", i + 1,
			       site->desc, site->function);
			failed = true;
			continue;
		}
		is_inline =
			memmem(text, len, site->native, sizeof(site->native));
		printf("%sok %u %s is %s\n", is_inline == wanted ? "" : "not ",
		       i + 1, site->desc, wanted ? "inlined" : "a call");
		failed |= is_inline != wanted;
	}
	return failed;
}
