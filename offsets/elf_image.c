/* SPDX-License-Identifier: BSD-2-Clause */
#include "elf_image.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/err.h"
#include "base/text.h"

/*
 * More headers than any real file has; their tables must lie in the file, so that this bounds time
 * rather than memory.
 */
enum { MAX_SECTIONS = 1 << 18, MAX_CORE_SEGMENTS = 1 << 18 };
/* A program has a dozen segments; each is looked into, so they are not to be many. */
enum { MAX_SEGMENTS = 256 };
/* A dynamic section has some thirty entries. */
enum { MAX_DYNAMIC = 4096 };

/* A word as wide as an address of the file. */
static uint64_t elf_addr(const struct elf_image *e, const uint8_t *p)
{
	return e->is64 ? elf_u64(e, p) : elf_u32(e, p);
}

/* A header's member, at its place in the 64-bit and in the 32-bit layout. */
#define ADDR(e, p, T, m)                                                                           \
	elf_addr((e), (p) + ((e)->is64 ? offsetof(Elf64_##T, m) : offsetof(Elf32_##T, m)))
#define WORD(e, p, T, m)                                                                           \
	elf_u32((e), (p) + ((e)->is64 ? offsetof(Elf64_##T, m) : offsetof(Elf32_##T, m)))
#define HALF(e, p, T, m)                                                                           \
	elf_u16((e), (p) + ((e)->is64 ? offsetof(Elf64_##T, m) : offsetof(Elf32_##T, m)))

static bool in_file(const struct elf_image *e, uint64_t off, uint64_t len)
{
	return off <= e->size && len <= e->size - off;
}

/* ---- opening ---- */

static int refuse_kind(mode_t mode, struct golin_err *err)
{
	const char *what = S_ISDIR(mode)    ? "a directory"
			   : S_ISFIFO(mode) ? "a FIFO"
			   : S_ISCHR(mode)  ? "a character device"
			   : S_ISBLK(mode)  ? "a block device"
			   : S_ISSOCK(mode) ? "a socket"
					    : "no regular file";

	return golin_err_set(err, -ENOEXEC, "not an ELF file: it is %s", what);
}

static int refuse_content(const uint8_t *p, size_t len, struct golin_err *err)
{
	static const struct {
		const char *magic;
		size_t len;
		const char *what;
	} known[] = {
		{"#!", 2, "a script"},
		{"!<arch>\n", 8, "an ar archive"},
		{"\x1f\x8b", 2, "compressed by gzip"},
		{"\x28\xb5\x2f\xfd", 4, "compressed by zstd"},
		{"\xfd"
		 "7zXZ",
		 5, "compressed by xz"},
		{"PK\x03\x04", 4, "a zip archive"},
		{"MZ", 2, "a Windows program"},
		{"\xcf\xfa\xed\xfe", 4, "a Mach-O program"},
	};
	char head[40];

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (len >= known[i].len && !memcmp(p, known[i].magic, known[i].len))
			return golin_err_set(err, -ENOEXEC, "not an ELF file: it is %s",
					     known[i].what);
	golin_text_clean(head, sizeof(head), p, len < 8 ? len : 8);
	return golin_err_set(err, -ENOEXEC, "not an ELF file: it begins with '%s'", head);
}

static int read_ident(struct elf_image *e, struct golin_err *err)
{
	const uint8_t *p = e->map;
	size_t ehsize;

	if (e->size < SELFMAG || memcmp(p, ELFMAG, SELFMAG))
		return refuse_content(p, e->size, err);
	if (e->size < EI_NIDENT)
		return golin_err_set(err, -EBADMSG,
				     "cut ELF file: the ELF header ends after %zu bytes", e->size);
	if (p[EI_CLASS] != ELFCLASS32 && p[EI_CLASS] != ELFCLASS64)
		return golin_err_set(
			err, -EBADMSG,
			"malformed ELF header: class %u (known: 1 = 32-bit, 2 = 64-bit)",
			p[EI_CLASS]);
	if (p[EI_DATA] != ELFDATA2LSB && p[EI_DATA] != ELFDATA2MSB)
		return golin_err_set(
			err, -EBADMSG,
			"malformed ELF header: byte order %u (known: 1 = little, 2 = big)",
			p[EI_DATA]);
	if (p[EI_VERSION] != EV_CURRENT)
		return golin_err_set(err, -EBADMSG, "malformed ELF header: version %u (known: 1)",
				     p[EI_VERSION]);
	e->is64 = p[EI_CLASS] == ELFCLASS64;
	e->big_endian = p[EI_DATA] == ELFDATA2MSB;
	ehsize = e->is64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	if (e->size < ehsize)
		return golin_err_set(err, -EBADMSG,
				     "cut ELF file: the ELF header has %zu bytes, the file %zu",
				     ehsize, e->size);
	e->type = HALF(e, p, Ehdr, e_type);
	e->machine = HALF(e, p, Ehdr, e_machine);
	e->entry = ADDR(e, p, Ehdr, e_entry);
	return 0;
}

/* The tables of headers, checked to lie in the file. */
struct header_tables {
	uint64_t shoff, shnum, phoff, phnum, shstrndx;
};

static int check_table(const struct elf_image *e, const char *what, uint64_t off, uint64_t num,
		       uint64_t entsize, uint64_t want, uint64_t max, struct golin_err *err)
{
	if (!num)
		return 0;
	if (entsize != want)
		return golin_err_set(err, -EBADMSG,
				     "malformed ELF header: %s headers of %" PRIu64
				     " bytes, not %" PRIu64,
				     what, entsize, want);
	if (num > max)
		return golin_err_set(err, -EBADMSG,
				     "malformed ELF header: %" PRIu64
				     " %s headers, more than %" PRIu64,
				     num, what, max);
	if (!in_file(e, off, num * want))
		return golin_err_set(err, -EBADMSG,
				     "cut ELF file: %" PRIu64 " %s headers lie at 0x%" PRIx64
				     "..0x%" PRIx64 ", the file ends at 0x%zx",
				     num, what, off, off + num * want, e->size);
	return 0;
}

static int locate_tables(const struct elf_image *e, struct header_tables *t, struct golin_err *err)
{
	const uint8_t *p = e->map;
	uint64_t shsize = e->is64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
	uint64_t phsize = e->is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	int r;

	t->shoff = ADDR(e, p, Ehdr, e_shoff);
	t->phoff = ADDR(e, p, Ehdr, e_phoff);
	t->shnum = t->shoff ? HALF(e, p, Ehdr, e_shnum) : 0;
	t->phnum = t->phoff ? HALF(e, p, Ehdr, e_phnum) : 0;
	t->shstrndx = HALF(e, p, Ehdr, e_shstrndx);
	/* Numbers that do not fit stand in the first section header. */
	if (t->shoff && (!t->shnum || t->phnum == PN_XNUM || t->shstrndx == SHN_XINDEX)) {
		const uint8_t *sh;

		r = check_table(e, "section", t->shoff, 1, HALF(e, p, Ehdr, e_shentsize), shsize, 1,
				err);
		if (r)
			return r;
		sh = p + t->shoff;
		if (!t->shnum)
			t->shnum = ADDR(e, sh, Shdr, sh_size);
		if (t->phnum == PN_XNUM)
			t->phnum = WORD(e, sh, Shdr, sh_info);
		if (t->shstrndx == SHN_XINDEX)
			t->shstrndx = WORD(e, sh, Shdr, sh_link);
	}
	r = check_table(e, "program", t->phoff, t->phnum, HALF(e, p, Ehdr, e_phentsize), phsize,
			e->type == ET_CORE ? MAX_CORE_SEGMENTS : MAX_SEGMENTS, err);
	if (r)
		return r;
	return check_table(e, "section", t->shoff, t->shnum, HALF(e, p, Ehdr, e_shentsize), shsize,
			   MAX_SECTIONS, err);
}

static int read_segments(struct elf_image *e, const struct header_tables *t, bool split,
			 struct golin_err *err)
{
	size_t phsize = e->is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);

	if (!t->phnum)
		return 0;
	e->segments = calloc(t->phnum, sizeof(*e->segments));
	if (!e->segments)
		return golin_err_set(err, -ENOMEM, "out of memory");
	e->nsegments = t->phnum;
	for (size_t i = 0; i < e->nsegments; i++) {
		const uint8_t *p = e->map + t->phoff + i * phsize;
		struct elf_segment *s = &e->segments[i];

		s->type = WORD(e, p, Phdr, p_type);
		s->flags = WORD(e, p, Phdr, p_flags);
		s->off = ADDR(e, p, Phdr, p_offset);
		s->vaddr = ADDR(e, p, Phdr, p_vaddr);
		s->filesz = ADDR(e, p, Phdr, p_filesz);
		s->memsz = ADDR(e, p, Phdr, p_memsz);
		s->align = ADDR(e, p, Phdr, p_align);
		if (s->type != PT_LOAD || split)
			continue;
		if (!in_file(e, s->off, s->filesz))
			return golin_err_set(err, -EBADMSG,
					     "cut ELF file: segment %zu (PT_LOAD) has %" PRIu64
					     " bytes at 0x%" PRIx64 ", the file ends at 0x%zx",
					     i, s->filesz, s->off, e->size);
		if (s->filesz > s->memsz || s->vaddr + s->memsz < s->vaddr)
			return golin_err_set(err, -EBADMSG,
					     "malformed segment %zu (PT_LOAD): %" PRIu64
					     " bytes of the file in %" PRIu64
					     " bytes of memory at 0x%" PRIx64,
					     i, s->filesz, s->memsz, s->vaddr);
	}
	return 0;
}

static void section_name(const struct elf_image *e, const struct elf_section *strtab, uint32_t off,
			 struct elf_section *s)
{
	size_t len, max;
	const char *name;

	if (!strtab || strtab->type == SHT_NOBITS || off >= strtab->size ||
	    !in_file(e, strtab->off, strtab->size))
		return;
	name = (const char *)e->map + strtab->off + off;
	max = strtab->size - off;
	len = strnlen(name, max < sizeof(s->name) ? max : sizeof(s->name));
	golin_text_clean(s->name, sizeof(s->name), name, len);
}

static int read_sections(struct elf_image *e, const struct header_tables *t, struct golin_err *err)
{
	size_t shsize = e->is64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
	const struct elf_section *strtab;

	if (!t->shnum)
		return 0;
	e->sections = calloc(t->shnum, sizeof(*e->sections));
	if (!e->sections)
		return golin_err_set(err, -ENOMEM, "out of memory");
	e->nsections = t->shnum;
	for (size_t i = 0; i < e->nsections; i++) {
		const uint8_t *p = e->map + t->shoff + i * shsize;
		struct elf_section *s = &e->sections[i];

		s->type = WORD(e, p, Shdr, sh_type);
		s->link = WORD(e, p, Shdr, sh_link);
		s->flags = ADDR(e, p, Shdr, sh_flags);
		s->addr = ADDR(e, p, Shdr, sh_addr);
		s->off = ADDR(e, p, Shdr, sh_offset);
		s->size = ADDR(e, p, Shdr, sh_size);
		s->entsize = ADDR(e, p, Shdr, sh_entsize);
	}
	if (t->shstrndx >= e->nsections)
		return golin_err_set(err, -EBADMSG,
				     "malformed ELF header: section names in section %" PRIu64
				     " of %zu",
				     t->shstrndx, e->nsections);
	/* Section 0 means that there are no names. */
	strtab = t->shstrndx ? &e->sections[t->shstrndx] : NULL;
	for (size_t i = 1; i < e->nsections; i++) {
		struct elf_section *s = &e->sections[i];

		section_name(e, strtab, WORD(e, e->map + t->shoff + i * shsize, Shdr, sh_name), s);
		if (s->type == SHT_NOBITS || s->type == SHT_NULL || in_file(e, s->off, s->size))
			continue;
		return golin_err_set(err, -EBADMSG,
				     "cut ELF file: section %zu ('%s') has %" PRIu64
				     " bytes at 0x%" PRIx64 ", the file ends at 0x%zx",
				     i, s->name, s->size, s->off, e->size);
	}
	return 0;
}

static int open_image(int fd, bool split, struct elf_image *ret, struct golin_err *err)
{
	struct elf_image e = {0};
	struct header_tables t = {0};
	struct stat st;
	void *map;
	int r;

	if (fstat(fd, &st) < 0) {
		r = -errno;
		return golin_err_set(err, r, "cannot be examined: %s", golin_errno_name(r));
	}
	/* Before anything is read: a FIFO would block, a device never end. */
	if (!S_ISREG(st.st_mode))
		return refuse_kind(st.st_mode, err);
	if (!st.st_size)
		return golin_err_set(err, -ENOEXEC, "not an ELF file: it is empty");
	if ((uint64_t)st.st_size > SIZE_MAX)
		return golin_err_set(err, -EOPNOTSUPP, "too large to be mapped");
	map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		r = -errno;
		return golin_err_set(err, r, "cannot be mapped: %s", golin_errno_name(r));
	}
	e.map = map;
	e.is_mapped = true;
	e.size = st.st_size;
	r = read_ident(&e, err);
	if (!r)
		r = locate_tables(&e, &t, err);
	if (!r)
		r = read_segments(&e, &t, split, err);
	if (!r)
		r = read_sections(&e, &t, err);
	if (r) {
		elf_image_done(&e);
		return r;
	}
	*ret = e;
	return 0;
}

int elf_image_open(int fd, struct elf_image *ret, struct golin_err *err)
{
	return open_image(fd, false, ret, err);
}

int elf_image_open_split(int fd, struct elf_image *ret, struct golin_err *err)
{
	return open_image(fd, true, ret, err);
}

void elf_image_done(struct elf_image *e)
{
	if (e->map)
		munmap((void *)e->map, e->size);
	free(e->sections);
	free(e->segments);
	free(e->relatives);
	memset(e, 0, sizeof(*e));
}

void elf_image_release(const struct elf_image *e, const uint8_t *p, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t from = (size_t)(p - e->map) & ~(page - 1);
	size_t to = (size_t)(p - e->map) + len;

	to = to == e->size ? to : to & ~(page - 1);
	if (e->is_mapped && from < to)
		(void)madvise((void *)(e->map + from), to - from, MADV_DONTNEED);
}

/* ---- views ---- */

const struct elf_section *elf_image_section(const struct elf_image *e, const char *name)
{
	for (size_t i = 1; i < e->nsections; i++)
		if (!strcmp(e->sections[i].name, name))
			return &e->sections[i];
	return NULL;
}

const uint8_t *elf_image_data(const struct elf_image *e, const struct elf_section *s)
{
	if (s->type == SHT_NOBITS || s->type == SHT_NULL || !in_file(e, s->off, s->size))
		return NULL;
	return e->map + s->off;
}

static const struct elf_segment *segment_at(const struct elf_image *e, uint64_t vaddr)
{
	for (size_t i = 0; i < e->nsegments; i++) {
		const struct elf_segment *s = &e->segments[i];

		if (s->type == PT_LOAD && vaddr >= s->vaddr && vaddr - s->vaddr < s->filesz)
			return s;
	}
	return NULL;
}

const uint8_t *elf_image_at(const struct elf_image *e, uint64_t vaddr, size_t len)
{
	const struct elf_segment *s = segment_at(e, vaddr);

	if (!s || len > s->filesz - (vaddr - s->vaddr))
		return NULL;
	return e->map + s->off + (vaddr - s->vaddr);
}

bool elf_image_is_code(const struct elf_image *e, uint64_t vaddr, size_t len)
{
	const struct elf_segment *s = segment_at(e, vaddr);

	return s && (s->flags & PF_X) && len <= s->filesz - (vaddr - s->vaddr);
}

size_t elf_image_avail(const struct elf_image *e, uint64_t vaddr)
{
	const struct elf_segment *s = segment_at(e, vaddr);

	return s ? s->filesz - (vaddr - s->vaddr) : 0;
}

bool elf_image_file_off(const struct elf_image *e, uint64_t vaddr, uint64_t *ret)
{
	const struct elf_segment *s = segment_at(e, vaddr);

	if (!s)
		return false;
	*ret = s->off + (vaddr - s->vaddr);
	return true;
}

/* ---- relative relocations ---- */

/* The R_*_RELATIVE of a machine whose relocations carry addends; -1: it has none that do. */
static int64_t relative_type(const struct elf_image *e)
{
	switch (e->machine) {
	case EM_X86_64:
		return R_X86_64_RELATIVE;
	case EM_AARCH64:
		return R_AARCH64_RELATIVE;
	case EM_PPC64:
		return R_PPC64_RELATIVE;
	case EM_S390:
		return R_390_RELATIVE;
	case EM_RISCV:
		return R_RISCV_RELATIVE;
	case 258: /* EM_LOONGARCH; R_LARCH_RELATIVE */
		return 3;
	default: /* REL: the addend is the word itself */
		return -1;
	}
}

/* What the dynamic section says; 0: nothing. */
static uint64_t dynamic_value(const struct elf_image *e, uint64_t wanted)
{
	size_t word = e->is64 ? 8 : 4;

	for (size_t i = 0; i < e->nsegments; i++) {
		const struct elf_segment *s = &e->segments[i];

		if (s->type != PT_DYNAMIC || !in_file(e, s->off, s->filesz))
			continue;
		for (uint64_t off = 0; s->filesz - off >= 2 * word && off < MAX_DYNAMIC * 2 * word;
		     off += 2 * word) {
			const uint8_t *p = e->map + s->off + off;
			uint64_t tag = elf_addr(e, p);

			if (tag == DT_NULL)
				break;
			if (tag == wanted)
				return elf_addr(e, p + word);
		}
	}
	return 0;
}

/* Where the dynamic section says that the relocations lie. */
static bool find_rela(const struct elf_image *e, uint64_t *ret_vaddr, uint64_t *ret_size)
{
	*ret_vaddr = dynamic_value(e, DT_RELA);
	*ret_size = dynamic_value(e, DT_RELASZ);
	return *ret_vaddr && *ret_size;
}

static int cmp_relative(const void *a, const void *b)
{
	const struct elf_relative *x = a, *y = b;

	return x->vaddr < y->vaddr ? -1 : x->vaddr > y->vaddr;
}

/*
 * Memory stays bounded by the file: an entry takes 16 bytes here and 24 (12 in ELF32) there.
 * Whatever is wrong with the table leaves it empty: words are then as the file has them.
 */
static void load_relatives(struct elf_image *e)
{
	size_t entsize = e->is64 ? sizeof(Elf64_Rela) : sizeof(Elf32_Rela);
	int64_t want = relative_type(e);
	uint64_t vaddr, size;
	const uint8_t *table;
	bool sorted = true;
	size_t n = 0;

	e->relatives_loaded = true;
	if (want < 0 || !find_rela(e, &vaddr, &size))
		return;
	table = elf_image_at(e, vaddr, size);
	if (!table)
		return;
	for (size_t i = 0; i < size / entsize; i++) {
		uint64_t info = ADDR(e, table + i * entsize, Rela, r_info);

		n += (e->is64 ? ELF64_R_TYPE(info) : ELF32_R_TYPE(info)) == (uint64_t)want;
	}
	e->relatives = n ? calloc(n, sizeof(*e->relatives)) : NULL;
	if (!e->relatives)
		return;
	for (size_t i = 0; i < size / entsize && e->nrelatives < n; i++) {
		const uint8_t *p = table + i * entsize;
		uint64_t info = ADDR(e, p, Rela, r_info);
		struct elf_relative *rel = &e->relatives[e->nrelatives];

		if ((e->is64 ? ELF64_R_TYPE(info) : ELF32_R_TYPE(info)) != (uint64_t)want)
			continue;
		rel->vaddr = ADDR(e, p, Rela, r_offset);
		rel->addend = ADDR(e, p, Rela, r_addend);
		sorted = sorted && (!e->nrelatives || rel[-1].vaddr <= rel->vaddr);
		e->nrelatives++;
	}
	if (!sorted)
		qsort(e->relatives, e->nrelatives, sizeof(*e->relatives), cmp_relative);
}

bool elf_image_word(struct elf_image *e, uint64_t vaddr, uint64_t *ret)
{
	struct elf_relative key = {.vaddr = vaddr};
	const struct elf_relative *rel = NULL;
	const uint8_t *p = elf_image_at(e, vaddr, e->is64 ? 8 : 4);

	if (!p)
		return false;
	if (!e->relatives_loaded)
		load_relatives(e);
	if (e->nrelatives)
		rel = bsearch(&key, e->relatives, e->nrelatives, sizeof(key), cmp_relative);
	*ret = rel ? rel->addend : elf_addr(e, p);
	return true;
}

/* ---- thread-local storage ---- */

static const struct elf_segment *segment_of_type(const struct elf_image *e, uint32_t type)
{
	for (size_t i = 0; i < e->nsegments; i++)
		if (e->segments[i].type == type)
			return &e->segments[i];
	return NULL;
}

/* The value of a symbol that this file defines. */
static bool dynamic_symbol(const struct elf_image *e, uint64_t index, uint64_t *ret)
{
	uint64_t symtab = dynamic_value(e, DT_SYMTAB);
	const uint8_t *p;

	*ret = 0;
	if (!index) /* the segment itself */
		return true;
	if (!symtab || index > UINT32_MAX)
		return false;
	p = elf_image_at(e, symtab + index * sizeof(Elf64_Sym), sizeof(Elf64_Sym));
	if (!p || elf_u16(e, p + offsetof(Elf64_Sym, st_shndx)) == SHN_UNDEF)
		return false;
	*ret = elf_u64(e, p + offsetof(Elf64_Sym, st_value));
	return true;
}

bool elf_image_tls_word(struct elf_image *e, uint64_t vaddr, int64_t *ret)
{
	const struct elf_segment *tls = segment_of_type(e, PT_TLS);
	uint64_t rela, size, align, value;
	const uint8_t *table;

	if (e->machine != EM_X86_64 || !e->is64 || !tls || !segment_of_type(e, PT_INTERP) ||
	    !find_rela(e, &rela, &size))
		return false;
	align = tls->align ? tls->align : 1;
	table = elf_image_at(e, rela, size);
	if (!table || tls->memsz > 1 << 20 || align > 1 << 20 || align & (align - 1))
		return false;
	for (size_t i = 0; i < size / sizeof(Elf64_Rela); i++) {
		const uint8_t *p = table + i * sizeof(Elf64_Rela);
		uint64_t info = elf_u64(e, p + offsetof(Elf64_Rela, r_info));

		if (elf_u64(e, p + offsetof(Elf64_Rela, r_offset)) != vaddr ||
		    ELF64_R_TYPE(info) != R_X86_64_TPOFF64)
			continue;
		if (!dynamic_symbol(e, ELF64_R_SYM(info), &value))
			return false;
		*ret = (int64_t)(value + elf_u64(e, p + offsetof(Elf64_Rela, r_addend)) -
				 ((tls->memsz + align - 1) & ~(align - 1)));
		return true;
	}
	return false;
}
