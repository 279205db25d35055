/* SPDX-License-Identifier: BSD-2-Clause */
#include "dwarf_elf.h"

#include <dwarf.h>
#include <elf.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/err.h"
#include "elf_image.h"

/* ---- building the file ---- */

enum {
	S_NULL,
	S_SHSTRTAB,
	S_ABBREV,
	S_INFO,
	S_STR,
	S_LINE_STR,
	S_STR_OFFSETS,
	S_MAX,
};

static const char shstrtab[] = "\0.shstrtab\0.debug_abbrev\0.debug_info\0.debug_str\0"
			       ".debug_line_str\0.debug_str_offsets";
static const uint8_t name_off[S_MAX] = {0, 1, 11, 25, 37, 48, 64};

/* What a hostile file can make golin hold: all sections together. */
static const uint64_t max_inflated = 96 << 20;
/* What is there grows by so much at once. */
static const uint64_t min_step = 128 << 10;

/* Puts an integer of `width` bytes in the byte order of the file. */
static void put(const struct elf_image *e, uint8_t *p, size_t width, uint64_t v)
{
	for (size_t i = 0; i < width; i++)
		p[e->big_endian ? width - 1 - i : i] = v >> (8 * i);
}

#define PUT(e, p, T, m, v)                                                                         \
	((e)->is64 ? put((e), (p) + offsetof(Elf64_##T, m), sizeof(((Elf64_##T *)0)->m), (v))      \
		   : put((e), (p) + offsetof(Elf32_##T, m), sizeof(((Elf32_##T *)0)->m), (v)))

static size_t ehdr_size(const struct elf_image *e)
{
	return e->is64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
}

static size_t shdr_size(const struct elf_image *e)
{
	return e->is64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
}

static void put_shdr(const struct elf_image *e, uint8_t *p, uint8_t name, uint32_t type,
		     uint64_t off, uint64_t size)
{
	PUT(e, p, Shdr, sh_name, name);
	PUT(e, p, Shdr, sh_type, type);
	PUT(e, p, Shdr, sh_offset, off);
	PUT(e, p, Shdr, sh_size, size);
	PUT(e, p, Shdr, sh_addralign, 1);
}

static void put_headers(struct dwarf_elf *d)
{
	static const int section_of[DWARF_PART_MAX] = {S_ABBREV, S_STR, S_LINE_STR, S_STR_OFFSETS};
	const struct elf_image *e = d->elf;
	size_t shdrs = ehdr_size(e);
	uint8_t *buf = d->buf;

	memcpy(buf, ELFMAG, SELFMAG);
	buf[EI_CLASS] = e->is64 ? ELFCLASS64 : ELFCLASS32;
	buf[EI_DATA] = e->big_endian ? ELFDATA2MSB : ELFDATA2LSB;
	buf[EI_VERSION] = EV_CURRENT;
	/* An executable's DWARF needs no relocation, which libdw would do for ET_REL. */
	PUT(e, buf, Ehdr, e_type, ET_EXEC);
	PUT(e, buf, Ehdr, e_machine, e->machine);
	PUT(e, buf, Ehdr, e_version, EV_CURRENT);
	PUT(e, buf, Ehdr, e_ehsize, ehdr_size(e));
	PUT(e, buf, Ehdr, e_shoff, shdrs);
	PUT(e, buf, Ehdr, e_shentsize, shdr_size(e));
	PUT(e, buf, Ehdr, e_shnum, S_MAX);
	PUT(e, buf, Ehdr, e_shstrndx, S_SHSTRTAB);
	put_shdr(e, buf + shdrs + S_SHSTRTAB * shdr_size(e), name_off[S_SHSTRTAB], SHT_STRTAB,
		 shdrs + S_MAX * shdr_size(e), sizeof(shstrtab));
	memcpy(buf + shdrs + S_MAX * shdr_size(e), shstrtab, sizeof(shstrtab));
	put_shdr(e, buf + shdrs + S_INFO * shdr_size(e), name_off[S_INFO], SHT_PROGBITS,
		 d->info_off, d->info.size);
	for (int i = 0; i < DWARF_PART_MAX; i++)
		if (d->part_off[i])
			put_shdr(e, buf + shdrs + section_of[i] * shdr_size(e),
				 name_off[section_of[i]], SHT_PROGBITS, d->part_off[i],
				 d->parts[i].size);
}

/* ---- memory ---- */

/* Room for len bytes from pos on, on pages of their own, with zeros behind them. */
static size_t room(size_t *pos, uint64_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), at = *pos;

	*pos = at + ((len + page - 1) & ~(page - 1)) + page;
	return at;
}

/* Makes [off, off + len) of buf writable, and fills it from the section's stream. */
static int fill(struct dwarf_elf *d, struct debug_section *s, size_t off, size_t len,
		struct golin_err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), from = off & ~(page - 1);

	d->inflated += len;
	if (d->inflated > max_inflated)
		return golin_err_set(err, -EOPNOTSUPP,
				     "Go's types do not lie within the first %" PRIu64
				     " MiB of its DWARF",
				     max_inflated >> 20);
	if (mprotect(d->buf + from, off - from + len, PROT_READ | PROT_WRITE) < 0)
		return golin_err_set(err, -ENOMEM, "out of memory");
#ifdef MADV_POPULATE_WRITE
	/* All pages at once rather than by a fault each; old kernels cannot. */
	(void)madvise(d->buf + from, off - from + len, MADV_POPULATE_WRITE);
#endif
	return debug_section_read(s, d->buf + off, len, err);
}

static int open_parts(struct dwarf_elf *d, size_t *pos, struct golin_err *err)
{
	static const char *const names[DWARF_PART_MAX] = {"abbrev", "str", "line_str",
							  "str_offsets"};

	for (int i = 0; i < DWARF_PART_MAX; i++) {
		struct golin_err why = {0};
		int r = debug_section_open(d->elf, names[i], &d->parts[i], &why);

		if (!r)
			d->part_off[i] = room(pos, d->parts[i].size);
		else if (i != DWARF_PART_ABBREV && r != -ENODATA)
			d->strings_err = why;
		else if (i == DWARF_PART_ABBREV && r == -ENODATA)
			return golin_err_set(err, -EBADMSG,
					     "section %s is there without .debug_abbrev",
					     d->info.name);
		else if (i == DWARF_PART_ABBREV)
			return golin_err_set(err, r, "%s", why.msg);
	}
	return 0;
}

/* Reserves addresses for headers and sections, and fills in all that is needed from the start. */
static int build(struct dwarf_elf *d, struct golin_err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), pos = 0;
	void *mem;
	int r;

	room(&pos, ehdr_size(d->elf) + S_MAX * shdr_size(d->elf) + sizeof(shstrtab));
	r = open_parts(d, &pos, err);
	if (r)
		return r;
	d->info_off = room(&pos, d->info.size);
	/* Read-only until there is something: so it counts for nothing. */
	mem = mmap(NULL, pos, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED)
		return golin_err_set(err, -ENOMEM, "out of memory");
	d->buf = mem;
	d->cap = pos;
	if (mprotect(d->buf, page, PROT_READ | PROT_WRITE) < 0)
		return golin_err_set(err, -ENOMEM, "out of memory");
	put_headers(d);
	return fill(d, &d->parts[DWARF_PART_ABBREV], d->part_off[DWARF_PART_ABBREV],
		    d->parts[DWARF_PART_ABBREV].size, err);
}

static int begin_libdw(struct dwarf_elf *d, struct golin_err *err)
{
	d->libelf = elf_memory((char *)d->buf, d->cap);
	if (!d->libelf)
		return golin_err_set(err, -EBADMSG, "libelf: %s", elf_errmsg(-1));
	d->dbg = dwarf_begin_elf(d->libelf, DWARF_C_READ, NULL);
	if (!d->dbg)
		return golin_err_set(err, -EBADMSG, "libdw on %s: %s", d->info.name,
				     dwarf_errmsg(-1));
	return 0;
}

/* ---- units ---- */

/*
 * Reads the header at off of the bytes that are there. -ENODATA: too few are there; the caller
 * knows whether the section has more.
 */
static int parse_unit(const struct dwarf_elf *d, uint64_t off, struct dwarf_unit *ret,
		      struct golin_err *err)
{
	const struct elf_image *e = d->elf;
	const uint8_t *p = d->buf + d->info_off + off;
	size_t left = d->info_len - off, width, at;
	struct dwarf_unit u = {.off = off, .compile = true};
	uint64_t len;

	if (left < 24) {
		/* The last units of a section can be shorter than the longest header. */
		if (!dwarf_elf_is_whole(d) || left < 11)
			return -ENODATA;
	}
	len = elf_u32(e, p);
	u.is_dwarf64 = len == 0xffffffff;
	if (u.is_dwarf64)
		len = elf_u64(e, p + 4);
	else if (len >= 0xfffffff0)
		return golin_err_set(err, -EBADMSG,
				     "malformed unit at 0x%" PRIx64 " of %s: length 0x%" PRIx64,
				     off, d->info.name, len);
	at = u.is_dwarf64 ? 12 : 4;
	width = u.is_dwarf64 ? 8 : 4;
	if (len > d->info.size - off - at || len < 2 + width + 1)
		return golin_err_set(err, -EBADMSG,
				     "malformed unit at 0x%" PRIx64 " of %s: it has %" PRIu64
				     " bytes, the section ends at 0x%" PRIx64,
				     off, d->info.name, len, d->info.size);
	u.end = off + at + len;
	u.version = elf_u16(e, p + at);
	at += 2;
	if (u.version < 2 || u.version > 5)
		return golin_err_set(err, -EBADMSG,
				     "malformed unit at 0x%" PRIx64
				     " of %s: DWARF version %u (known: 2 to 5)",
				     off, d->info.name, u.version);
	if (u.version == 5) {
		u.compile = p[at] == DW_UT_compile;
		u.addr_size = p[at + 1];
		at += 2;
	}
	if (at + width + (u.version < 5) > left)
		return golin_err_set(err, -EBADMSG,
				     "malformed unit at 0x%" PRIx64 " of %s: its header is cut",
				     off, d->info.name);
	u.abbrev = u.is_dwarf64 ? elf_u64(e, p + at) : elf_u32(e, p + at);
	at += width;
	if (u.version < 5)
		u.addr_size = p[at++];
	u.die = off + at;
	if (u.die > u.end)
		return golin_err_set(err, -EBADMSG,
				     "malformed unit at 0x%" PRIx64
				     " of %s: no room for its header",
				     off, d->info.name);
	*ret = u;
	return 0;
}

/* ---- the interface ---- */

int dwarf_elf_open(const struct elf_image *e, struct dwarf_elf *ret, struct golin_err *err)
{
	struct dwarf_elf *d = ret;
	int r;

	memset(d, 0, sizeof(*d));
	elf_version(EV_CURRENT);
	d->elf = e;
	r = debug_section_open(e, "info", &d->info, err);
	if (!r)
		r = build(d, err);
	if (!r)
		r = begin_libdw(d, err);
	if (r)
		dwarf_elf_done(d);
	return r;
}

void dwarf_elf_done(struct dwarf_elf *d)
{
	if (d->dbg)
		dwarf_end(d->dbg);
	if (d->libelf)
		elf_end(d->libelf);
	debug_section_done(&d->info);
	for (int i = 0; i < DWARF_PART_MAX; i++)
		debug_section_done(&d->parts[i]);
	if (d->buf)
		munmap(d->buf, d->cap);
	memset(d, 0, sizeof(*d));
}

int dwarf_elf_grow(struct dwarf_elf *d, uint64_t want, struct golin_err *err)
{
	int r;

	if (want <= d->info_len || dwarf_elf_is_whole(d))
		return 0;
	if (want < d->info_len + min_step)
		want = d->info_len + min_step;
	if (want > d->info.size)
		want = d->info.size;
	r = fill(d, &d->info, d->info_off + d->info_len, want - d->info_len, err);
	if (!r)
		d->info_len = want;
	return r;
}

int dwarf_elf_add_strings(struct dwarf_elf *d, struct golin_err *err)
{
	if (d->with_strings)
		return 0;
	d->with_strings = true;
	if (d->strings_err.code)
		return golin_err_set(err, d->strings_err.code, "%s", d->strings_err.msg);
	for (int i = DWARF_PART_STR; i < DWARF_PART_MAX; i++) {
		int r = d->part_off[i]
				? fill(d, &d->parts[i], d->part_off[i], d->parts[i].size, err)
				: 0;

		if (r)
			return r;
	}
	return 0;
}

int dwarf_elf_unit(struct dwarf_elf *d, uint64_t off, struct dwarf_unit *ret, struct golin_err *err)
{
	/* A unit's first DIE, with its name and producer, rarely takes more than 1 KiB. */
	uint64_t want = d->info.size - off < 4096 ? d->info.size : off + 4096;
	int r;

	if (off >= d->info.size)
		return golin_err_set(err, -ENODATA, "end of %s", d->info.name);
	r = dwarf_elf_grow(d, want, err);
	if (!r)
		r = parse_unit(d, off, ret, err);
	if (r == -ENODATA)
		return golin_err_set(err, -EBADMSG,
				     "malformed %s: %" PRIu64 " bytes behind the last unit",
				     d->info.name, d->info.size - off);
	return r;
}
