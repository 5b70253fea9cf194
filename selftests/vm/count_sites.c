// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin for QEMU's emulator, which counts how often a machine executes the inline sites
 *
 *	-plugin count_sites.so,sites=FILE,counts=FILE
 *
 * A line of FILE is an address and the name of the op there, or "mark" for an instruction whose
 * execution writes a line: the count of each op. While a site changes, the int3 there counts as
 * well: it is emulated as the call. The machine has one CPU.
 *
 * Debian has no package with qemu-plugin.h, so what is used of it is declared here: version 1 of
 * the interface, include/qemu/qemu-plugin.h of QEMU 7.2.
 */
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

__attribute__((visibility("default"))) int qemu_plugin_version = 1;
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info,
			int argc, char **argv);
void qemu_plugin_register_vcpu_tb_trans_cb(
	qemu_plugin_id_t id,
	void (*translated)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    void (*executed)(unsigned int cpu,
							     void *data),
					    enum qemu_plugin_cb_flags flags,
					    void *data);

#define MAX_OPS 16
#define MAX_SITES 65536
#define MARK "mark"

static struct op {
	char name[64];
	uint64_t count;
} ops[MAX_OPS];

static struct site {
	uint64_t address;
	struct op *op;
} sites[MAX_SITES];

static size_t nr_sites;
static FILE *counts;

static void site_executed(unsigned int cpu, void *data)
{
	struct op *op = data;

	op->count++;
}

static void mark_executed(unsigned int cpu, void *data)
{
	struct op *op;

	for (op = ops; op < ops + MAX_OPS && *op->name; op++)
		if (op != data)
			fprintf(counts, "%s %llu ", op->name,
				(unsigned long long)op->count);
	fputc('\n', counts);
	fflush(counts);
}

static int compare(const void *one, const void *other)
{
	const struct site *a = one, *b = other;

	return a->address < b->address ? -1 : a->address > b->address;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, nr = qemu_plugin_tb_n_insns(tb);

	for (i = 0; i < nr; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		struct site key = { qemu_plugin_insn_vaddr(insn), NULL };
		const struct site *site =
			bsearch(&key, sites, nr_sites, sizeof(*sites), compare);

		if (site)
			qemu_plugin_register_vcpu_insn_exec_cb(
				insn,
				strcmp(site->op->name, MARK) ? site_executed :
							       mark_executed,
				QEMU_PLUGIN_CB_NO_REGS, site->op);
	}
}

static struct op *op_of(const char *name)
{
	struct op *op;

	for (op = ops; op < ops + MAX_OPS; op++) {
		if (!*op->name)
			strcpy(op->name, name);
		if (!strcmp(op->name, name))
			return op;
	}
	errx(1, "too many ops");
}

static void read_sites(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned long long address;
	char name[sizeof(ops->name)];

	if (!file)
		err(1, "%s", path);
	while (fscanf(file, "%llx %63s", &address, name) == 2) {
		if (nr_sites == MAX_SITES)
			errx(1, "too many sites");
		sites[nr_sites++] = (struct site){ address, op_of(name) };
	}
	fclose(file);
	qsort(sites, nr_sites, sizeof(*sites), compare);
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
		    char **argv)
{
	int i;

	for (i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "sites=", 6))
			read_sites(argv[i] + 6);
		else if (!strncmp(argv[i], "counts=", 7))
			counts = fopen(argv[i] + 7, "w");
	}
	if (!nr_sites || !counts)
		errx(1, "count_sites needs sites=FILE and counts=FILE");
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
