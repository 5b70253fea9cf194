// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions at the call sites of the ops.
 *
 * Read the kernel's text as it is now. An op with inline sites is a padded instruction there
 * while it is native and not counted. Otherwise it is a call of its thunk, or a jump to a stub
 * that calls the thunk.
 *
 * The trampoline of each op has to lead to the function that sysfs names: through a thunk
 * if the op is measured or counted, and directly if not. A clock that was switched goes by
 * the function that adds its offset.
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Macros only, for the number of ops. */
#include "../kernel/include/linux/vmi_ops.h"
#include "genl.h"
#include "util.h"

#define ONE(...) +1
#define NR_OPS (VMI_OPS(ONE))

#define TEXT_LEN 256
#define NAME_LEN 256
#define SITE_LEN 5
#define SKIP 4

#define CALL 0xe8
#define JMP 0xe9

static const struct site {
	const char *op;
	/* With CONFIG_DEBUG_SPINLOCK, the second one if it exists. */
	const char *functions[2];
	const char *thunk;
	/* Without the register, which the compiler chooses. */
	unsigned char native[SITE_LEN];
	size_t len;
} sites[] = {
	/* pushf, cli, sti */
	{ "irq.save_fl",
	  { "_raw_spin_lock_irqsave" },
	  "vmi_enter_irq_save_fl",
	  { 0x2e, 0x2e, 0x2e, 0x2e, 0x9c },
	  5 },
	{ "irq.disable",
	  { "_raw_spin_lock_irq" },
	  "vmi_enter_irq_disable",
	  { 0x2e, 0x2e, 0x2e, 0x2e, 0xfa },
	  5 },
	{ "irq.enable",
	  { "_raw_spin_unlock_irq" },
	  "vmi_enter_irq_enable",
	  { 0x2e, 0x2e, 0x2e, 0x2e, 0xfb },
	  5 },
	/* movb $0, (register) */
	{ "lock.unlock",
	  { "_raw_spin_unlock_irqrestore", "do_raw_spin_unlock" },
	  "vmi_enter_lock_unlock",
	  { 0x2e, 0x2e, 0xc6 },
	  3 },
	/* xor */
	{ "lock.vcpu_is_preempted",
	  { "available_idle_cpu" },
	  "vmi_enter_lock_vcpu_is_preempted",
	  { 0x2e, 0x2e, 0x2e, 0x31 },
	  4 },
};

/* Static calls of the kernel itself; every other op has one of VMI's. */
static const char *const static_calls[][2] = {
	{ "clock_sched_clock", "pv_sched_clock" },
	{ "clock_steal_clock", "pv_steal_clock" },
	{ "ipi_send", "apic_call_send_IPI" },
	{ "ipi_send_mask", "apic_call_send_IPI_mask" },
	{ "ipi_send_mask_allbutself", "apic_call_send_IPI_mask_allbutself" },
	{ "ipi_send_allbutself", "apic_call_send_IPI_allbutself" },
	{ "ipi_send_all", "apic_call_send_IPI_all" },
	{ "ipi_send_self", "apic_call_send_IPI_self" },
	{ "eoi_eoi", "apic_call_eoi" },
};

static struct symbol {
	unsigned long address;
	char *name;
} * symbols;
static size_t nr_symbols;

static void read_symbols(void)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	char name[NAME_LEN], type;
	unsigned long address;

	if (!file)
		err(SKIP, "/proc/kallsyms");
	while (fscanf(file, "%lx %c %255s%*[^\n]", &address, &type, name) ==
	       3) {
		if (!(nr_symbols & (nr_symbols + 1)))
			symbols = realloc(symbols, 2 * (nr_symbols + 1) *
							   sizeof(*symbols));
		if (!symbols)
			err(1, "realloc");
		symbols[nr_symbols].address = address;
		symbols[nr_symbols++].name = strdup(name);
	}
	fclose(file);
}

static const struct symbol *find(const char *name)
{
	size_t i;

	for (i = 0; i < nr_symbols; i++)
		if (!strcmp(symbols[i].name, name))
			return symbols[i].address ? &symbols[i] : NULL;
	return NULL;
}

/* An address may have several names, and a name several addresses. */
static bool name_begins(unsigned long address, const char *begin, size_t len)
{
	size_t i;

	for (i = 0; i < nr_symbols; i++)
		if (symbols[i].address == address &&
		    !strncmp(symbols[i].name, begin, len))
			return true;
	return false;
}

static bool is_named(unsigned long address, const char *name)
{
	return name_begins(address, name, strlen(name) + 1);
}

static bool is_thunk(unsigned long address)
{
	return name_begins(address, "vmi_count_", 10) ||
	       name_begins(address, "vmi_measure_", 12);
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

/* The text of a function, up to the next one. */
static bool read_function(const char *name, unsigned char *text, size_t *len)
{
	const struct symbol *symbol = find(name);
	unsigned long distance;
	size_t i;

	if (!symbol)
		return false;
	*len = TEXT_LEN;
	for (i = 0; i < nr_symbols; i++) {
		distance = symbols[i].address - symbol->address;
		if (distance && distance < *len)
			*len = distance;
	}
	return read_text(symbol->address, text, *len);
}

static void read_line(const char *path, char *line, int len)
{
	FILE *file = fopen(path, "r");

	if (!file || !fgets(line, len, file))
		err(1, "%s", path);
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
}

/* A guest of Xen PV calls pv_ops for the interrupt flag. */
static bool has_sites(const char *op)
{
	return strncmp(op, "irq.", 4) ||
	       system("grep -qsx PV /sys/hypervisor/guest_type");
}

/* Return the target of a direct call or jump; 0 if there is none. */
static unsigned long target_of(const unsigned char *insn, unsigned long address,
			       unsigned char opcode)
{
	int offset;

	if (*insn != opcode)
		return 0;
	memcpy(&offset, insn + 1, sizeof(offset));
	return address + 5 + offset;
}

/* A stub is a few instructions, one of which is the call. */
static bool stub_calls(unsigned long stub, const char *thunk)
{
	unsigned char text[24];
	size_t i;

	if (!stub || !read_text(stub, text, sizeof(text)))
		return false;
	for (i = 0; i + 5 <= sizeof(text); i++)
		if (is_named(target_of(text + i, stub + i, CALL), thunk))
			return true;
	return false;
}

static bool is_hook(const unsigned char *insn, unsigned long address,
		    const char *thunk)
{
	return is_named(target_of(insn, address, CALL), thunk) ||
	       stub_calls(target_of(insn, address, JMP), thunk);
}

static bool check_site(const struct site *site, bool hooked, bool wanted)
{
	const char *function = site->functions[0];
	unsigned char text[TEXT_LEN];
	unsigned long start;
	size_t len, i;

	if (site->functions[1] && find(site->functions[1]))
		function = site->functions[1];
	if (!read_function(function, text, &len)) {
		printf("# cannot read %s\n", function);
		return false;
	}
	start = find(function)->address;
	for (i = 0; i + SITE_LEN <= len; i++) {
		if (hooked ? is_hook(text + i, start + i, site->thunk) :
			     !memcmp(text + i, site->native, site->len))
			break;
	}
	if (i + SITE_LEN > len)
		return !wanted;
	printf("# site of %s: %s+%zu\n", site->op, function, i);
	return wanted;
}

/* Return the target of the jump in a static call's trampoline; 0 if it returns instead. */
static bool read_trampoline(const char *call, unsigned long *target)
{
	char name[NAME_LEN + 8];
	const struct symbol *symbol;
	unsigned char text[5];
	int offset;

	snprintf(name, sizeof(name), "__SCT__%s", call);
	symbol = find(name);
	if (!symbol || !read_text(symbol->address, text, sizeof(text))) {
		printf("# cannot read %s\n", name);
		return false;
	}
	memcpy(&offset, text + 1, sizeof(offset));
	if (text[0] == 0xe9)
		*target = symbol->address + sizeof(text) + offset;
	else
		*target = 0;
	if (*target || text[0] == 0xc3)
		return true;
	printf("# %s begins with 0x%02x, which is neither a jump nor a return\n",
	       name, text[0]);
	return false;
}

static bool leads_to(unsigned long target, const char *member,
		     const char *function)
{
	static const char *const behind[] = { "sched_clock_0", "sched_clock_1",
					      "steal_clock_provider" };
	char name[2 * VMI_NAME_LEN];
	size_t i;

	if (is_named(target, function))
		return true;
	/* The clock's offset, and then its provider, which can be in one of two slots. */
	if (strncmp(member, "clock_", 6))
		return false;
	snprintf(name, sizeof(name), "vmi_%s", member + 6);
	if (!is_named(target, name))
		return false;
	for (i = 0; i < ARRAY_SIZE(behind); i++) {
		snprintf(name, sizeof(name), "vmi_%s", behind[i]);
		if (!strncmp(behind[i], member + 6, strlen(member + 6)) &&
		    read_trampoline(name, &target) &&
		    is_named(target, function))
			return true;
	}
	return false;
}

static unsigned int number(const struct nlattr *attr)
{
	return attr ? *(const unsigned int *)payload(attr) : 0;
}

static const char *call_of(const char *member)
{
	static char name[2 * VMI_NAME_LEN];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(static_calls); i++)
		if (!strcmp(static_calls[i][0], member))
			return static_calls[i][1];
	snprintf(name, sizeof(name), "vmi_site_%s", member);
	return name;
}

/* The op is counted, or bound to another function than the native one. */
static bool expect_hook(const char *op)
{
	const struct nlattr *table[MAX_ATTRS];
	int i;

	for (i = 0; i < reply.objects; i++) {
		if (strcmp(string_of(&objects[i], VMI_A_OP_STATS_NAME), op))
			continue;
		parse(objects[i].data, objects[i].len, table);
		return number(table[VMI_A_OP_STATS_COUNTING]) ||
		       number(table[VMI_A_OP_STATS_MEASURING]) ||
		       strcmp(string_of(&objects[i], VMI_A_OP_STATS_PROVIDER),
			      "native");
	}
	errx(1, "there is no op %s", op);
}

/*
 * Check the call sites of one op. Sysfs names no function for an op that has none, nor for an op
 * without the sites that it needs: such an op need not lead to a certain function.
 */
static bool check_op(const struct object *object)
{
	const char *op = string_of(object, VMI_A_OP_STATS_NAME), *thunk = "";
	char member[VMI_NAME_LEN + 1], name[2 * VMI_NAME_LEN];
	const struct nlattr *table[MAX_ATTRS];
	char path[128], function[NAME_LEN];
	unsigned long target;

	snprintf(member, sizeof(member), "%s", op);
	*strchr(member, '.') = '_';
	snprintf(path, sizeof(path), "/sys/kernel/vmi/ops/%s/function", op);
	read_line(path, function, sizeof(function));

	parse(object->data, object->len, table);
	if (number(table[VMI_A_OP_STATS_MEASURING]))
		thunk = "vmi_measure_";
	else if (number(table[VMI_A_OP_STATS_COUNTING]))
		thunk = "vmi_count_";
	if (!read_trampoline(call_of(member), &target))
		return false;
	if (*thunk) {
		snprintf(name, sizeof(name), "%s%s", thunk, member);
		if (!is_named(target, name)) {
			printf("# %s does not enter %s\n", op, name);
			return false;
		}
		snprintf(name, sizeof(name), "vmi_target_%s", member);
		if (!read_trampoline(name, &target))
			return false;
	}
	if (!strcmp(function, "none") ?
		    !target || (!has_sites(op) && !is_thunk(target)) :
		    leads_to(target, member, function))
		return true;
	printf("# %s does not lead to %s%s\n", op, function,
	       *thunk ? " behind its thunk" : "");
	return false;
}

int main(void)
{
	bool wanted, good, hooked, failed = false;
	unsigned int leading = 0, i, n = 0;

	if (access("/sys/kernel/vmi", F_OK))
		errx(SKIP, "no VMI");
	read_symbols();
	open_socket();
	if (!find_family())
		errx(1, "no netlink family");
	dump(VMI_CMD_STATS_GET);

	printf("KTAP version 1\n1..%zu\n", ARRAY_SIZE(sites) + 1);
	for (i = 0; i < ARRAY_SIZE(sites); i++) {
		wanted = has_sites(sites[i].op);
		hooked = expect_hook(sites[i].op);
		good = check_site(&sites[i], hooked, wanted);
		printf("%sok %u the site of %s is %s\n", good ? "" : "not ",
		       ++n, sites[i].op,
		       !wanted ? "not padded" :
		       hooked  ? "hooked" :
				 "native");
		failed |= !good;
	}
	for (i = 0; i < (unsigned int)reply.objects; i++)
		leading += check_op(&objects[i]);
	good = reply.objects == NR_OPS && leading == NR_OPS;
	printf("# %u of %d ops, wanted %d\n", leading, reply.objects, NR_OPS);
	printf("%sok %u the call sites of each op lead to the function that is bound\n",
	       good ? "" : "not ", ++n);
	return failed || !good;
}
