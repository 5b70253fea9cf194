// SPDX-License-Identifier: GPL-2.0-only
/*
 * What do the call sites of the ops execute?
 *
 * Reads the kernel's text as it is now. A boot that found no hypervisor and was
 * asked for no backend has to have kept the native instructions; any other must
 * have calls there, or nothing could be bound. And the trampoline of an op enters
 * its own thunk: the one that measures where histograms are on, else the one that
 * counts where counting is on. Where both are off it enters the provider itself, so
 * that an op costs no instruction more.
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

#include "genl.h"

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

static unsigned int number(const struct nlattr *attr)
{
	return attr ? *(const unsigned int *)payload(attr) : 0;
}

/* What goes in front of the name of the thunk that an op is to enter, if any. */
static const char *wanted_thunk(const char *member)
{
	const struct nlattr *table[MAX_ATTRS];
	char name[256];
	int i;

	snprintf(name, sizeof(name), "%s", member);
	if (strchr(name, '_'))
		*strchr(name, '_') = '.';
	for (i = 0; i < reply.objects; i++) {
		if (strcmp(string_of(&objects[i], VMI_A_OP_STATS_NAME), name))
			continue;
		parse(objects[i].data, objects[i].len, table);
		if (number(table[VMI_A_OP_STATS_MEASURING]))
			return "vmi_measure_";
		return number(table[VMI_A_OP_STATS_COUNTING]) ? "vmi_count_" :
								"";
	}
	errx(1, "there is no op %s", name);
}

static struct thunk {
	unsigned long address;
	char name[256];
} thunks[2 * MAX_OBJECTS];

static void find_thunks(void)
{
	char symbol[256], type;
	unsigned int nr = 0;
	unsigned long at;
	FILE *file;

	file = fopen("/proc/kallsyms", "r");
	if (!file)
		err(1, "/proc/kallsyms");
	while (fscanf(file, "%lx %c %255s%*[^\n]", &at, &type, symbol) == 3) {
		if (strncmp(symbol, "vmi_count_", 10) &&
		    strncmp(symbol, "vmi_measure_", 12))
			continue;
		if (nr == sizeof(thunks) / sizeof(*thunks))
			errx(1, "too many thunks");
		thunks[nr].address = at;
		snprintf(thunks[nr].name, sizeof(thunks[nr].name), "%s",
			 symbol);
		nr++;
	}
	fclose(file);
}

/* The name of the thunk that begins there, or "" for what is none. */
static const char *thunk_at(unsigned long address)
{
	unsigned int i;

	for (i = 0; i < sizeof(thunks) / sizeof(*thunks); i++)
		if (thunks[i].address == address)
			return thunks[i].name;
	return "";
}

#define TRAMPOLINE "__SCT__vmi_site_"

static bool check_trampolines(unsigned int *nr)
{
	char symbol[256], type;
	unsigned char text[5];
	bool agree = true;
	unsigned long at;
	FILE *file;
	int offset;

	file = fopen("/proc/kallsyms", "r");
	if (!file)
		err(1, "/proc/kallsyms");
	while (fscanf(file, "%lx %c %255s%*[^\n]", &at, &type, symbol) == 3) {
		const char *member = symbol + strlen(TRAMPOLINE);
		const char *thunk, *prefix;
		char wanted[300] = "";

		if (strncmp(symbol, TRAMPOLINE, strlen(TRAMPOLINE)))
			continue;
		if (!read_text(at, text, sizeof(text)) || text[0] != 0xe9) {
			printf("# %s is no jump\n", symbol);
			agree = false;
			continue;
		}
		memcpy(&offset, text + 1, sizeof(offset));
		thunk = thunk_at(at + sizeof(text) + offset);
		prefix = wanted_thunk(member);
		if (*prefix)
			snprintf(wanted, sizeof(wanted), "%s%s", prefix,
				 member);
		(*nr)++;
		if (!strcmp(thunk, wanted))
			continue;
		printf("# %s enters %s, not %s\n", symbol,
		       *thunk ? thunk : "no thunk",
		       *wanted ? wanted : "its provider");
		agree = false;
	}
	fclose(file);
	return agree;
}

int main(void)
{
	bool wanted = expect_inline(), is_inline, failed = false;
	unsigned char text[TEXT_LEN];
	unsigned long address;
	unsigned int i, nr = 0;
	size_t len;

	printf("KTAP version 1\n1..%zu\n", NR_SITES + 1);
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
	open_socket();
	if (!find_family())
		errx(1, "no netlink family");
	dump(VMI_CMD_STATS_GET);
	find_thunks();
	if (check_trampolines(&nr) && nr) {
		printf("ok ");
	} else {
		printf("not ok ");
		failed = true;
	}
	printf("%zu trampolines enter the thunks that they should, %u of them\n",
	       NR_SITES + 1, nr);
	return failed;
}
