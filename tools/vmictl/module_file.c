// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file of a kernel module. libelf checks that the offsets in it stay within
 * the file. The code below checks that the file is a module.
 */

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gelf.h>

#include "module_file.h"
#include "out.h"

/*
 * Limit of the unpacked size, far above that of any backend: a few bytes can
 * unpack to any size.
 */
#define MAX_UNPACKED (64 << 20)
/* Upper limit of what one of the programs writes at a time. */
#define MAX_BLOCK (1 << 20)

struct module_file {
	FILE *stream;
	Elf *elf;
	size_t names;
	size_t symbols;
};

/* Programs that unpack a file to standard output, by its first bytes. */
static const struct {
	const char *magic;
	size_t size;
	const char *program;
} packers[] = {
	{ "\x1f\x8b", 2, "gzip" },
	{ "\xfd\x37\x7a\x58\x5a", 5, "xz" },
	{ "\x28\xb5\x2f\xfd", 4, "zstd" },
};

static const char *packer_of(FILE *stream)
{
	char magic[8] = "";
	size_t i;

	if (pread(fileno(stream), magic, sizeof(magic), 0) < 0)
		return NULL;
	for (i = 0; i < sizeof(packers) / sizeof(*packers); i++)
		if (!memcmp(magic, packers[i].magic, packers[i].size))
			return packers[i].program;
	return NULL;
}

static bool run_packer(const char *program, int from, int to)
{
	char *args[] = { (char *)program, (char *)"-dc", NULL };
	posix_spawn_file_actions_t files;
	int status = -1;
	pid_t pid;

	if (posix_spawn_file_actions_init(&files))
		return false;
	/* Discard the messages of the program: unpack() reports its failure. */
	if (!posix_spawn_file_actions_adddup2(&files, from, STDIN_FILENO) &&
	    !posix_spawn_file_actions_adddup2(&files, to, STDOUT_FILENO) &&
	    !posix_spawn_file_actions_addopen(&files, STDERR_FILENO,
					      "/dev/null", O_WRONLY, 0) &&
	    !posix_spawnp(&pid, program, &files, NULL, args, environ))
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	posix_spawn_file_actions_destroy(&files);
	return !status;
}

/* Create a file in memory of the maximum size. Writes beyond its end fail. */
static int room_for_unpacked(void)
{
	int fd = memfd_create("module", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && !ftruncate(fd, MAX_UNPACKED) &&
	    !fcntl(fd, F_ADD_SEALS, F_SEAL_GROW))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Unpack @stream and close it. Return NULL and a @problem on failure. */
static FILE *unpack(FILE *stream, const char *program, char **problem)
{
	int fd = room_for_unpacked();
	FILE *unpacked = fd < 0 ? NULL : fdopen(fd, "r");
	bool done = unpacked && !lseek(fileno(stream), 0, SEEK_SET) &&
		    run_packer(program, fileno(stream), fd);
	/* The program has moved the offset to the end of the contents. */
	off_t end = unpacked ? lseek(fd, 0, SEEK_CUR) : 0;

	fclose(stream);
	if (done && !ftruncate(fd, end))
		return unpacked;
	if (end > MAX_UNPACKED - MAX_BLOCK)
		*problem = make_text(
			"is compressed, and has more than %d MiB unpacked",
			MAX_UNPACKED >> 20);
	else
		*problem = make_text("is compressed, and %s cannot unpack it",
				     program);
	if (unpacked)
		fclose(unpacked);
	else if (fd >= 0)
		close(fd);
	return NULL;
}

static char *no_elf(FILE *stream)
{
	char byte;

	if (pread(fileno(stream), &byte, 1, 0) < 0)
		return make_text("cannot be read: %s", strerror(errno));
	return make_text("is no ELF file");
}

static Elf_Scn *section_at(const struct module_file *file, size_t number,
			   GElf_Shdr *header)
{
	Elf_Scn *section = number ? elf_getscn(file->elf, number) : NULL;

	return section && gelf_getshdr(section, header) ? section : NULL;
}

static const char *section_name(const struct module_file *file,
				const GElf_Shdr *header)
{
	return elf_strptr(file->elf, file->names, header->sh_name) ?: "";
}

/* Return a section's contents; NULL if truncated or not in the file. */
static Elf_Data *section_data(const struct module_file *file, size_t number,
			      GElf_Shdr *header)
{
	Elf_Scn *section = section_at(file, number, header);
	Elf_Data *data;

	if (!section || header->sh_type == SHT_NOBITS)
		return NULL;
	data = elf_getdata(section, NULL);
	return data && data->d_buf ? data : NULL;
}

/* Find the last section with @name, or with @type if @name is NULL. */
static size_t find_section(const struct module_file *file, const char *name,
			   uint32_t type)
{
	size_t number, count, found = 0;
	GElf_Shdr header;

	if (elf_getshdrnum(file->elf, &count))
		return 0;
	for (number = 1; number < count; number++) {
		if (!section_at(file, number, &header))
			continue;
		if (name ? !strcmp(section_name(file, &header), name) :
			   header.sh_type == type)
			found = number;
	}
	return found;
}

/*
 * Return whether the sections add up to more than the file, because they
 * overlap. To read all of them could take too long.
 */
static bool overlaps(const struct module_file *file)
{
	size_t number, count, size, left;
	GElf_Shdr header;
	struct stat stat;

	if (fstat(fileno(file->stream), &stat) ||
	    elf_getshdrnum(file->elf, &count))
		return false;
	size = (size_t)stat.st_size;
	left = size;
	for (number = 1; number < count; number++) {
		if (!section_at(file, number, &header) ||
		    header.sh_type == SHT_NOBITS)
			continue;
		/* A truncated section is left to all_there(). */
		if (header.sh_offset > size ||
		    header.sh_size > size - header.sh_offset)
			return false;
		if (header.sh_size > left)
			return true;
		left -= header.sh_size;
	}
	return false;
}

/* Return whether no section is truncated, not even one that is never read. */
static bool all_there(const struct module_file *file)
{
	size_t number, count;
	GElf_Shdr header;

	if (elf_getshdrnum(file->elf, &count) || !count)
		return false;
	for (number = 1; number < count; number++) {
		if (!section_at(file, number, &header))
			return false;
		if (header.sh_type != SHT_NOBITS && header.sh_size &&
		    !section_data(file, number, &header))
			return false;
	}
	return true;
}

/*
 * Return whether a section of names ends with a NUL and is not compressed.
 * Otherwise, libelf would search for each name's end up to the section's end,
 * or unpack it.
 */
static bool names_end(const struct module_file *file, size_t section)
{
	GElf_Shdr header;
	Elf_Data *data = section_data(file, section, &header);

	return data && data->d_size && !(header.sh_flags & SHF_COMPRESSED) &&
	       !((const char *)data->d_buf)[data->d_size - 1];
}

static bool all_names_end(const struct module_file *file)
{
	GElf_Shdr header;

	return names_end(file, file->names) &&
	       (!section_at(file, file->symbols, &header) ||
		names_end(file, header.sh_link));
}

static char *look_at(struct module_file *file)
{
	GElf_Ehdr header;

	if (elf_kind(file->elf) != ELF_K_ELF)
		return no_elf(file->stream);
	if (!gelf_getehdr(file->elf, &header))
		return make_text("is truncated");
	if (header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_machine != EM_X86_64)
		return make_text(
			"is not for x86-64 (%d-bit, machine %d of ELF)",
			header.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32,
			header.e_machine);
	if (header.e_type != ET_REL)
		return make_text("is an ELF file, but no module");
	if (overlaps(file))
		return make_text("is damaged: its sections overlap");
	if (elf_getshdrstrndx(file->elf, &file->names) || !all_there(file))
		return make_text("is truncated");
	file->symbols = find_section(file, NULL, SHT_SYMTAB);
	if (!all_names_end(file))
		return make_text("is damaged: its names have no end");
	if (!find_section(file, ".modinfo", 0) ||
	    !find_section(file, ".gnu.linkonce.this_module", 0))
		return make_text("is an ELF file, but no module");
	return NULL;
}

int module_file_open(FILE *stream, struct module_file **opened, char **problem)
{
	const char *program = packer_of(stream);
	struct module_file *file;

	if (program) {
		stream = unpack(stream, program, problem);
		if (!stream)
			return -1;
	}
	file = check_alloc(calloc(1, sizeof(*file)));
	elf_version(EV_CURRENT);
	file->stream = stream;
	file->elf = elf_begin(fileno(stream), ELF_C_READ_MMAP, NULL);
	*problem = file->elf ? look_at(file) : no_elf(stream);
	if (!*problem) {
		*opened = file;
		return 0;
	}
	module_file_close(file);
	return -1;
}

void module_file_close(struct module_file *file)
{
	if (!file)
		return;
	elf_end(file->elf);
	fclose(file->stream);
	free(file);
}

bool module_file_is_signed(const struct module_file *file)
{
	/* MODULE_SIG_STRING of the kernel's linux/module_signature.h. */
	static const char magic[] = "~Module signature appended~\n";
	char end[sizeof(magic) - 1];

	return !fseek(file->stream, -(long)sizeof(end), SEEK_END) &&
	       fread(end, sizeof(end), 1, file->stream) == 1 &&
	       !memcmp(end, magic, sizeof(end));
}

size_t module_file_section(const struct module_file *file, const char *name)
{
	return find_section(file, name, 0);
}

const char *module_file_info(const struct module_file *file, const char *name)
{
	size_t len = strlen(name), size;
	const char *at, *end;
	GElf_Shdr header;
	Elf_Data *data;

	data = section_data(file, find_section(file, ".modinfo", 0), &header);
	if (!data)
		return NULL;
	at = data->d_buf;
	end = at + data->d_size;
	for (; at < end; at += size + 1) {
		size = strnlen(at, (size_t)(end - at));
		/* Ignore a value without a NUL at its end. */
		if (at + size == end)
			break;
		if (size > len && !memcmp(at, name, len) && at[len] == '=')
			return at + len + 1;
	}
	return NULL;
}

static bool symbol_at(const struct module_file *file, size_t number,
		      GElf_Sym *symbol, const char **name)
{
	GElf_Shdr header;
	Elf_Data *data = section_data(file, file->symbols, &header);

	if (!data || number > INT32_MAX ||
	    !gelf_getsym(data, (int)number, symbol))
		return false;
	*name = elf_strptr(file->elf, header.sh_link, symbol->st_name);
	return true;
}

bool module_file_needs(const struct module_file *file, const char *wanted)
{
	const char *name;
	GElf_Sym symbol;
	size_t number;

	for (number = 1; symbol_at(file, number, &symbol, &name); number++)
		if (symbol.st_shndx == SHN_UNDEF && name &&
		    !strcmp(name, wanted))
			return true;
	return false;
}

bool module_file_is_text(const struct module_file *file, size_t section)
{
	static const char init[] = ".init";
	GElf_Shdr header;

	return section_at(file, section, &header) &&
	       (header.sh_flags & SHF_EXECINSTR) &&
	       strncmp(section_name(file, &header), init, strlen(init));
}

bool module_file_is_constant(const struct module_file *file, size_t section)
{
	GElf_Shdr header;

	return section_at(file, section, &header) &&
	       !(header.sh_flags & SHF_WRITE);
}

bool module_file_read(const struct module_file *file, size_t section,
		      uint64_t offset, void *to, size_t size)
{
	GElf_Shdr header;
	Elf_Data *data = section_data(file, section, &header);

	if (!data || offset > data->d_size || size > data->d_size - offset)
		return false;
	memcpy(to, (const char *)data->d_buf + offset, size);
	return true;
}

/* Return the name of the symbol at an address, or NULL. */
static const char *name_of(const struct module_file *file, size_t section,
			   uint64_t offset)
{
	const char *name, *found = NULL;
	GElf_Sym symbol;
	size_t number;

	for (number = 1; symbol_at(file, number, &symbol, &name); number++)
		if (symbol.st_shndx == section && symbol.st_value == offset &&
		    GELF_ST_TYPE(symbol.st_info) != STT_SECTION && name &&
		    *name)
			found = name;
	return found;
}

static struct module_pointer lead(const struct module_file *file,
				  const GElf_Rela *rela)
{
	struct module_pointer pointer = { .set = true };
	const char *name = NULL;
	GElf_Sym symbol;

	/* An undefined or unreadable symbol is not in this module. */
	if (!symbol_at(file, GELF_R_SYM(rela->r_info), &symbol, &name) ||
	    symbol.st_shndx == SHN_UNDEF) {
		pointer.foreign = true;
		pointer.symbol = name && *name ? name : NULL;
		return pointer;
	}
	pointer.section = symbol.st_shndx;
	pointer.offset = symbol.st_value + (uint64_t)rela->r_addend;
	pointer.symbol = name_of(file, pointer.section, pointer.offset);
	return pointer;
}

/* Look in the relocations: in the section itself, a pointer is 0. */
struct module_pointer module_file_pointer(const struct module_file *file,
					  size_t section, uint64_t offset)
{
	struct module_pointer none = { .set = false };
	size_t number, count, i;
	GElf_Shdr header;
	Elf_Data *data;
	GElf_Rela rela;

	if (elf_getshdrnum(file->elf, &count))
		return none;
	for (number = 1; number < count; number++) {
		data = section_data(file, number, &header);
		if (!data || header.sh_type != SHT_RELA ||
		    header.sh_info != section)
			continue;
		for (i = 0; i < data->d_size / sizeof(Elf64_Rela); i++)
			if (gelf_getrela(data, (int)i, &rela) &&
			    rela.r_offset == offset &&
			    GELF_R_TYPE(rela.r_info) == R_X86_64_64)
				return lead(file, &rela);
	}
	return none;
}

const char *module_file_text(const struct module_file *file,
			     const struct module_pointer *pointer)
{
	GElf_Shdr header;
	Elf_Data *data;
	const char *at;

	if (!pointer->set || pointer->foreign)
		return NULL;
	data = section_data(file, pointer->section, &header);
	if (!data || pointer->offset >= data->d_size)
		return NULL;
	at = (const char *)data->d_buf + pointer->offset;
	return memchr(at, '\0', data->d_size - pointer->offset) ? at : NULL;
}
