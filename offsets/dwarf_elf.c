/* SPDX-License-Identifier: BSD-2-Clause */
#include "dwarf_elf.h"

#include <dwarf.h>
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
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

struct part {
	struct debug_section sec;
	bool there;
	size_t off; /* in buf */
};

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

static void put_headers(const struct elf_image *e, uint8_t *buf, const struct part *parts)
{
	size_t shdrs = ehdr_size(e);

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
	for (int i = S_ABBREV; i < S_MAX; i++)
		if (parts[i].there)
			put_shdr(e, buf + shdrs + i * shdr_size(e), name_off[i], SHT_PROGBITS,
				 parts[i].off, parts[i].sec.size);
}

static int open_part(const struct elf_image *e, const char *name, struct part *p, size_t *pos,
		     struct golin_err *err)
{
	int r = debug_section_open(e, name, &p->sec, err);

	if (r)
		return r;
	p->there = true;
	p->off = *pos;
	*pos += p->sec.size;
	return 0;
}

/* Writes a new buf: headers, the sections that are wanted whole, then what there is of info. */
static int build(struct dwarf_elf *d, bool with_strings, struct golin_err *err)
{
	static const char *const strings[S_MAX] = {
		[S_STR] = "str", [S_LINE_STR] = "line_str", [S_STR_OFFSETS] = "str_offsets"};
	const struct elf_image *e = d->elf;
	struct part parts[S_MAX] = {0};
	struct golin_err optional;
	size_t pos = ehdr_size(e) + S_MAX * shdr_size(e) + sizeof(shstrtab);
	uint8_t *buf = NULL;
	int r;

	r = open_part(e, "abbrev", &parts[S_ABBREV], &pos, err);
	if (r == -ENODATA)
		r = golin_err_set(err, -EBADMSG, "section %s is there without .debug_abbrev",
				  d->info.name);
	for (int i = S_STR; i < S_MAX && !r && with_strings; i++) {
		r = open_part(e, strings[i], &parts[i], &pos, &optional);
		if (r == -ENODATA)
			r = 0;
		else if (r)
			golin_err_set(err, r, "%s", optional.msg);
	}
	if (r)
		return r;
	parts[S_INFO].there = true;
	parts[S_INFO].off = pos;
	buf = calloc(1, pos + d->info_len);
	if (!buf)
		return golin_err_set(err, -ENOMEM, "out of memory");
	for (int i = S_ABBREV; i < S_MAX && !r; i++) {
		if (!parts[i].there || i == S_INFO)
			continue;
		r = debug_section_read(&parts[i].sec, buf + parts[i].off, parts[i].sec.size, err);
		debug_section_done(&parts[i].sec);
	}
	if (r) {
		free(buf);
		return r;
	}
	put_headers(e, buf, parts);
	if (d->info_len)
		memcpy(buf + pos, d->buf + d->info_off, d->info_len);
	free(d->buf);
	d->buf = buf;
	d->cap = pos + d->info_len;
	d->info_off = pos;
	d->info_shdr = ehdr_size(e) + S_INFO * shdr_size(e);
	d->with_strings = with_strings;
	return 0;
}

/* ---- libdw on it ---- */

static void end_libdw(struct dwarf_elf *d)
{
	if (d->dbg)
		dwarf_end(d->dbg);
	if (d->libelf)
		elf_end(d->libelf);
	d->dbg = NULL;
	d->libelf = NULL;
}

static void unpatch(struct dwarf_elf *d)
{
	if (d->is_patched)
		memcpy(d->buf + d->info_off + d->tail + d->patched_at, d->patched_orig,
		       d->patched_len);
	d->is_patched = false;
}

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

/*
 * Shortens the last unit to what is there of it, so that libdw takes it for whole; returns how much
 * of .debug_info libdw may see.
 */
static int patch_tail(struct dwarf_elf *d, uint64_t *ret_visible, struct golin_err *err)
{
	struct dwarf_unit u;
	uint8_t *p;
	int r;

	for (;; d->tail = u.end) {
		if (d->tail == d->info_len)
			break;
		r = parse_unit(d, d->tail, &u, err);
		if (r == -ENODATA) {
			/* Rest of a header: not to be seen until there is more of it. */
			*ret_visible = d->tail;
			return 0;
		}
		if (r)
			return r;
		if (u.end > d->info_len)
			break;
	}
	*ret_visible = d->info_len;
	if (d->tail == d->info_len)
		return 0;
	p = d->buf + d->info_off + d->tail;
	d->patched_at = u.is_dwarf64 ? 4 : 0;
	d->patched_len = u.is_dwarf64 ? 8 : 4;
	memcpy(d->patched_orig, p + d->patched_at, d->patched_len);
	d->tail_end = u.end;
	put(d->elf, p + d->patched_at, d->patched_len,
	    d->info_len - d->tail - d->patched_at - d->patched_len);
	d->is_patched = true;
	return 0;
}

static int begin_libdw(struct dwarf_elf *d, struct golin_err *err)
{
	uint64_t visible;
	int r = patch_tail(d, &visible, err);

	if (r)
		return r;
	PUT(d->elf, d->buf + d->info_shdr, Shdr, sh_offset, d->info_off);
	PUT(d->elf, d->buf + d->info_shdr, Shdr, sh_size, visible);
	d->libelf = elf_memory((char *)d->buf, d->info_off + d->info_len);
	if (!d->libelf)
		return golin_err_set(err, -EBADMSG, "libelf: %s", elf_errmsg(-1));
	d->dbg = dwarf_begin_elf(d->libelf, DWARF_C_READ, NULL);
	if (!d->dbg)
		return golin_err_set(err, -EBADMSG, "libdw on %s: %s", d->info.name,
				     dwarf_errmsg(-1));
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
		r = build(d, false, err);
	if (r)
		dwarf_elf_done(d);
	return r;
}

void dwarf_elf_done(struct dwarf_elf *d)
{
	end_libdw(d);
	debug_section_done(&d->info);
	free(d->buf);
	d->buf = NULL;
}

int dwarf_elf_grow(struct dwarf_elf *d, uint64_t want, struct golin_err *err)
{
	/* Small steps: what is inflated in vain costs more than another dwarf_begin_elf(). */
	uint64_t step = d->info_len / 4 > (256 << 10) ? d->info_len / 4 : 256 << 10;
	size_t more;
	uint8_t *buf;
	int r;

	if (d->dbg && (want <= d->info_len || dwarf_elf_is_whole(d)))
		return 0;
	if (want < d->info_len + step)
		want = d->info_len + step;
	if (want > d->info.size)
		want = d->info.size;
	end_libdw(d);
	unpatch(d);
	more = want - d->info_len;
	if (d->info_off + want > d->cap) {
		buf = realloc(d->buf, d->info_off + want);
		if (!buf)
			return golin_err_set(err, -ENOMEM, "out of memory");
		d->buf = buf;
		d->cap = d->info_off + want;
	}
	r = debug_section_read(&d->info, d->buf + d->info_off + d->info_len, more, err);
	if (r)
		return r;
	d->info_len = want;
	return begin_libdw(d, err);
}

int dwarf_elf_add_strings(struct dwarf_elf *d, struct golin_err *err)
{
	int r;

	end_libdw(d);
	unpatch(d);
	r = build(d, true, err);
	if (r)
		return r;
	return begin_libdw(d, err);
}

int dwarf_elf_unit(struct dwarf_elf *d, uint64_t off, struct dwarf_unit *ret, struct golin_err *err)
{
	/* A unit's first DIE, with its name and producer, rarely takes more than 1 KiB. */
	uint64_t want = d->info.size - off < 4096 ? d->info.size : off + 4096;
	int r;

	if (off >= d->info.size)
		return golin_err_set(err, -ENODATA, "end of %s", d->info.name);
	r = dwarf_elf_grow(d, want, err);
	if (r)
		return r;
	r = parse_unit(d, off, ret, err);
	if (!r && d->is_patched && off == d->tail)
		ret->end = d->tail_end;
	if (r == -ENODATA)
		return golin_err_set(err, -EBADMSG,
				     "malformed %s: %" PRIu64 " bytes behind the last unit",
				     d->info.name, d->info.size - off);
	return r;
}
