/* SPDX-License-Identifier: BSD-2-Clause */
/* dwarf_types on DWARF made here: all forms that Go and linkers write, and hostile ones. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dwarf.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include "base/err.h"
#include "dwarf_types.h"
#include "elf_image.h"
#include "elfbuild.h"
#include "layout.h"

/* ---- a writer of DWARF ---- */

enum { MAX_LABELS = 16, MAX_REFS = 64 };

struct dw {
	struct elfb elf;
	int version;
	bool remote;  /* names stand in .debug_str */
	bool dwarf64; /* offsets of 8 bytes */
	uint8_t *v;
	size_t len, cap;
	uint8_t str[4096];
	size_t str_len;
	size_t unit; /* where the open unit begins */
	uint64_t labels[MAX_LABELS];
	struct {
		size_t at;
		int label;
	} refs[MAX_REFS];
	int nrefs;
};

static void put(struct dw *d, int width, uint64_t v)
{
	while (d->len + width > d->cap) {
		d->cap = d->cap ? d->cap * 2 : 4096;
		d->v = realloc(d->v, d->cap);
		assert_non_null(d->v);
	}
	elfb_put(&d->elf, d->v + d->len, width, v);
	d->len += width;
}

/* The same byte n times. */
static void put_many(struct dw *d, size_t n, uint8_t byte)
{
	d->v = realloc(d->v, d->len + n);
	assert_non_null(d->v);
	memset(d->v + d->len, byte, n);
	d->len += n;
	d->cap = d->len;
}

static void put_uleb(struct dw *d, uint64_t v)
{
	do {
		put(d, 1, (v & 0x7f) | (v > 0x7f ? 0x80 : 0));
		v >>= 7;
	} while (v);
}

static void put_name(struct dw *d, const char *s)
{
	if (d->remote) {
		put(d, d->dwarf64 ? 8 : 4, d->str_len);
		assert_true(d->str_len + strlen(s) < sizeof(d->str));
		strcpy((char *)d->str + d->str_len, s);
		d->str_len += strlen(s) + 1;
		return;
	}
	do
		put(d, 1, (uint8_t)*s);
	while (*s++);
}

static void put_ref(struct dw *d, int label)
{
	assert_true(d->nrefs < MAX_REFS);
	d->refs[d->nrefs].at = d->len;
	d->refs[d->nrefs++].label = label;
	put(d, d->dwarf64 ? 8 : 4, 0);
}

static void label(struct dw *d, int n)
{
	d->labels[n] = d->len;
}

/* Codes of the abbreviations. */
enum {
	A_CU = 1,
	A_STRUCT,
	A_MEMBER,
	A_BASE,
	A_POINTER,
	A_TYPEDEF,
	A_PAD,
	A_NEST,
	A_EMPTY,
	A_IMPORT,
	A_NEAR_MEMBER,
};

/* One abbreviation with up to three attributes; attribute 0 ends them. */
static uint8_t *put_abbrev(uint8_t *p, int code, int tag, bool children, const uint8_t attrs[3][2])
{
	*p++ = code;
	*p++ = tag;
	*p++ = children;
	for (int i = 0; i < 3 && attrs[i][0]; i++) {
		*p++ = attrs[i][0];
		*p++ = attrs[i][1];
	}
	*p++ = 0;
	*p++ = 0;
	return p;
}

static size_t put_abbrevs(uint8_t *start, bool remote, bool sibling)
{
	const uint8_t form = remote ? DW_FORM_strp : DW_FORM_string;
	const uint8_t cu[3][2] = {{DW_AT_name, form}, {DW_AT_language, DW_FORM_data1}};
	const uint8_t sized[3][2] = {{DW_AT_name, form}, {DW_AT_byte_size, DW_FORM_udata}};
	const uint8_t typed[3][2] = {{DW_AT_name, form}, {DW_AT_type, DW_FORM_ref_addr}};
	const uint8_t member[3][2] = {{DW_AT_name, form},
				      {DW_AT_data_member_location, DW_FORM_udata},
				      {DW_AT_type, DW_FORM_ref_addr}};
	const uint8_t near[3][2] = {{DW_AT_name, form},
				    {DW_AT_data_member_location, DW_FORM_udata},
				    {DW_AT_type, DW_FORM_ref_udata}};
	const uint8_t pads[3][2] = {{DW_AT_name, DW_FORM_string}};
	const uint8_t nest[3][2] = {{sibling ? DW_AT_sibling : 0, DW_FORM_ref4}};
	const uint8_t none[3][2] = {{0}};
	uint8_t *p = start;

	p = put_abbrev(p, A_CU, DW_TAG_compile_unit, true, cu);
	p = put_abbrev(p, A_STRUCT, DW_TAG_structure_type, true, sized);
	p = put_abbrev(p, A_MEMBER, DW_TAG_member, false, member);
	p = put_abbrev(p, A_BASE, DW_TAG_base_type, false, sized);
	p = put_abbrev(p, A_POINTER, DW_TAG_pointer_type, false, typed);
	p = put_abbrev(p, A_TYPEDEF, DW_TAG_typedef, false, typed);
	p = put_abbrev(p, A_PAD, DW_TAG_subprogram, false, pads);
	p = put_abbrev(p, A_NEST, DW_TAG_lexical_block, true, nest);
	p = put_abbrev(p, A_EMPTY, DW_TAG_subroutine_type, false, none);
	p = put_abbrev(p, A_NEAR_MEMBER, DW_TAG_member, false, near);
	p = put_abbrev(p, A_IMPORT, DW_TAG_imported_unit, false, none);
	*p++ = 0;
	return p - start;
}

static void begin_unit(struct dw *d, const char *name, int lang)
{
	int offset = d->dwarf64 ? 8 : 4;

	d->unit = d->len;
	if (d->dwarf64)
		put(d, 4, 0xffffffff);
	put(d, offset, 0);
	put(d, 2, d->version);
	if (d->version == 5) {
		put(d, 1, DW_UT_compile);
		put(d, 1, d->elf.is32 ? 4 : 8);
		put(d, offset, 0);
	} else {
		put(d, offset, 0);
		put(d, 1, d->elf.is32 ? 4 : 8);
	}
	put_uleb(d, A_CU);
	put_name(d, name);
	put(d, 1, lang);
}

static void end_unit(struct dw *d)
{
	put(d, 1, 0);
	if (d->dwarf64)
		elfb_put(&d->elf, d->v + d->unit + 4, 8, d->len - d->unit - 12);
	else
		elfb_put(&d->elf, d->v + d->unit, 4, d->len - d->unit - 4);
}

/* Names that do not compress by much: golin refuses what compresses too well. */
static void pad(struct dw *d, size_t bytes)
{
	static uint32_t seed = 1;
	size_t end = d->len + bytes;

	while (d->len + 64 < end) {
		put_uleb(d, A_PAD);
		for (int i = 0; i < 40; i++)
			put(d, 1, 'a' + (seed = seed * 1103515245 + 12345) / 65536 % 26);
		put(d, 1, 0);
	}
	while (d->len < end) { /* DIEs of two bytes, or a longer one */
		put_uleb(d, A_PAD);
		if (end - d->len == 2)
			put(d, 1, 'x');
		put(d, 1, 0);
	}
}

static void put_struct(struct dw *d, const char *name, uint64_t size)
{
	put_uleb(d, A_STRUCT);
	put_name(d, name);
	put_uleb(d, size);
}

static void put_member(struct dw *d, const char *name, uint64_t off, int type)
{
	put_uleb(d, A_MEMBER);
	put_name(d, name);
	put_uleb(d, off);
	put_ref(d, type);
}

/* The type stands in front of it, in the same unit. */
static void put_near_member(struct dw *d, const char *name, uint64_t off, int type)
{
	put_uleb(d, A_NEAR_MEMBER);
	put_name(d, name);
	put_uleb(d, off);
	put_uleb(d, d->labels[type] - d->unit);
}

enum { T_UINT64 = 1, T_M, T_PM, T_ID, T_FUNC };

static void put_types(struct dw *d)
{
	put_struct(d, "runtime.g", 456);
	put_member(d, "m", 48, T_PM);
	put_member(d, "goid", 152, T_UINT64);
	put_member(d, "id", 160, T_ID);
	put(d, 1, 0);
	label(d, T_M);
	put_struct(d, "runtime.m", 16);
	put_member(d, "g0", 8, T_UINT64);
	put(d, 1, 0);
}

static void put_leaf_types(struct dw *d)
{
	label(d, T_UINT64);
	put_uleb(d, A_BASE);
	put_name(d, "uint64");
	put_uleb(d, 8);
	label(d, T_PM);
	put_uleb(d, A_POINTER);
	put_name(d, "*runtime.m");
	put_ref(d, T_M);
	label(d, T_ID);
	put_uleb(d, A_TYPEDEF);
	put_name(d, "main.ID");
	put_ref(d, T_UINT64);
}

static void resolve(struct dw *d)
{
	for (int i = 0; i < d->nrefs; i++)
		elfb_put(&d->elf, d->v + d->refs[i].at, d->dwarf64 ? 8 : 4,
			 d->labels[d->refs[i].label]);
}

/*
 * What a Go program has: a unit of C, one of Go, one named runtime without types, the one with
 * them, and one more runtime behind it.
 */
static void put_program(struct dw *d, size_t before, size_t between, size_t behind)
{
	begin_unit(d, "runtime", DW_LANG_C99);
	put_struct(d, "runtime.g", 4); /* C's, not Go's */
	put(d, 1, 0);
	end_unit(d);
	begin_unit(d, "main", DW_LANG_Go);
	pad(d, before);
	end_unit(d);
	begin_unit(d, "runtime", DW_LANG_Go);
	pad(d, 100);
	end_unit(d);
	begin_unit(d, "runtime", DW_LANG_Go);
	pad(d, 200);
	put_types(d);
	pad(d, between);
	put_leaf_types(d);
	pad(d, behind);
	end_unit(d);
	begin_unit(d, "runtime", DW_LANG_Go);
	pad(d, 100);
	end_unit(d);
	resolve(d);
}

enum packing { PLAIN, ELF_ZLIB, GNU_ZLIB, ELF_ZSTD, PACKINGS };

/* Compresses src; the result is to be freed. */
static uint8_t *pack(struct dw *d, enum packing how, const uint8_t *src, size_t len, size_t *ret)
{
	uLongf out = compressBound(len);
	size_t header = how == GNU_ZLIB ? 12 : d->elf.is32 ? 12 : 24;
	uint8_t *p = calloc(1, header + out);

	assert_non_null(p);
	if (how == ELF_ZSTD) {
		free(p);
		out = ZSTD_compressBound(len);
		p = calloc(1, header + out);
		assert_non_null(p);
		out = ZSTD_compress(p + header, out, src, len, 3);
		assert_false(ZSTD_isError(out));
	} else {
		assert_int_equal(compress2(p + header, &out, src, len, 6), Z_OK);
	}
	if (how == GNU_ZLIB) {
		memcpy(p, "ZLIB", 4);
		for (int i = 0; i < 8; i++)
			p[4 + i] = (uint64_t)len >> (8 * (7 - i));
	} else {
		elfb_put(&d->elf, p, 4, how == ELF_ZSTD ? 2 : ELFCOMPRESS_ZLIB);
		elfb_put(&d->elf, p + (d->elf.is32 ? 4 : 8), d->elf.is32 ? 4 : 8, len);
	}
	*ret = header + out;
	return p;
}

static void add_packed(struct dw *d, enum packing how, const char *plain, const char *gnu,
		       const uint8_t *src, size_t len, uint8_t **ret_mem)
{
	*ret_mem = NULL;
	if (how != PLAIN)
		src = *ret_mem = pack(d, how, src, len, &len);
	elfb_section(&d->elf, how == GNU_ZLIB ? gnu : plain, SHT_PROGBITS,
		     how == ELF_ZLIB || how == ELF_ZSTD ? SHF_COMPRESSED : 0, 0, src, len);
}

static void open_dw(struct dw *d, enum packing how, bool sibling, struct elf_image *ret)
{
	uint8_t abbrevs[256], *mem[3] = {0};
	struct golin_err err = {0};
	int fd;

	add_packed(d, how, ".debug_abbrev", ".zdebug_abbrev", abbrevs,
		   put_abbrevs(abbrevs, d->remote, sibling), &mem[0]);
	add_packed(d, how, ".debug_info", ".zdebug_info", d->v, d->len, &mem[1]);
	if (d->remote)
		add_packed(d, how, ".debug_str", ".zdebug_str", d->str, d->str_len, &mem[2]);
	fd = elfb_build_fd(&d->elf);
	assert_int_equal(elf_image_open(fd, ret, &err), 0);
	close(fd);
	for (int i = 0; i < 3; i++)
		free(mem[i]);
	free(d->v);
	d->v = NULL;
}

/* ---- asking ---- */

static int struct_id(const void *arg, const char *name)
{
	return !strcmp(name, "runtime.g") ? 0 : !strcmp(name, "runtime.m") ? 1 : -1;
}

static int collect(const struct elf_image *e, struct dwarf_struct *s, uint32_t *version,
		   struct golin_err *err)
{
	struct dwarf_want want = {.struct_id = struct_id, .nstructs = 2};

	memset(err, 0, sizeof(*err));
	return dwarf_types_collect(e, &want, s, version, err);
}

static void check_member(const struct dwarf_member *m, const char *name, uint64_t off,
			 uint64_t size, const char *type)
{
	assert_string_equal(m->name, name);
	assert_int_equal(m->offset, off);
	assert_int_equal(m->size, size);
	assert_string_equal(m->type, type);
}

static void expect_right(struct dw *d, enum packing how)
{
	uint64_t word = d->elf.is32 ? 4 : 8;
	struct dwarf_struct s[2];
	struct golin_err err;
	struct elf_image e;
	uint32_t version = 0;
	int expected = d->version;

	open_dw(d, how, false, &e);
	collect(&e, s, &version, &err);
	assert_string_equal(err.msg, "");
	assert_int_equal(version, expected);
	assert_true(s[0].found);
	assert_int_equal(s[0].size, 456);
	assert_int_equal(s[0].members.len, 3);
	check_member(&s[0].members.v[0], "m", 48, word, "*runtime.m");
	check_member(&s[0].members.v[1], "goid", 152, 8, "uint64");
	check_member(&s[0].members.v[2], "id", 160, 8, "main.ID");
	assert_true(s[1].found);
	assert_int_equal(s[1].size, 16);
	assert_int_equal(s[1].members.len, 1);
	dwarf_structs_done(s, 2);
	elf_image_done(&e);
}

static void expect_error(struct dw *d, enum packing how, bool sibling, int code, const char *msg)
{
	struct dwarf_struct s[2];
	struct golin_err err;
	struct elf_image e;
	uint32_t version;

	open_dw(d, how, sibling, &e);
	assert_int_equal(collect(&e, s, &version, &err), code);
	assert_string_equal(err.msg, msg);
	assert_false(s[0].found);
	elf_image_done(&e);
}

/* ---- tests ---- */

static void test_forms(void **state)
{
	for (int version = 4; version <= 5; version++)
		for (int kind = 0; kind < 16; kind++)
			for (int p = 0; p < PACKINGS; p++) {
				struct dw d = {.version = version,
					       .remote = kind & 4,
					       .dwarf64 = kind & 8,
					       .elf = {.is32 = kind & 1, .big_endian = kind & 2}};

				put_program(&d, 1000, 1000, 1000);
				expect_right(&d, p);
			}
}

/*
 * The first step takes 256 KiB: everything that can stand around its end does so once, then types
 * that stand behind, and units that are skipped on the way.
 */
static void test_growth(void **state)
{
	static const size_t far[] = {300 << 10, 1 << 20, 5 << 20};

	for (size_t at = (256 << 10) - 700; at < (256 << 10) + 50; at++) {
		struct dw d = {.version = at & 1 ? 4 : 5, .dwarf64 = at & 2};

		put_program(&d, at, 0, 300);
		expect_right(&d, PLAIN);
	}
	for (size_t i = 0; i < 3; i++)
		for (int p = PLAIN; p < PACKINGS; p++) {
			struct dw d = {.version = 5};

			put_program(&d, far[i], far[2 - i], far[i]);
			expect_right(&d, p);
		}
}

/* References within the unit, as dwz writes them; it has what is referred to in front. */
static void test_near(void **state)
{
	for (int version = 4; version <= 5; version++) {
		struct dw d = {.version = version, .remote = true};

		begin_unit(&d, "main", DW_LANG_Go);
		pad(&d, 5000);
		end_unit(&d);
		begin_unit(&d, "runtime", DW_LANG_Go);
		put_leaf_types(&d);
		put_struct(&d, "runtime.g", 456);
		put_near_member(&d, "m", 48, T_PM);
		put_near_member(&d, "goid", 152, T_UINT64);
		put_near_member(&d, "id", 160, T_ID);
		put(&d, 1, 0);
		label(&d, T_M);
		put_struct(&d, "runtime.m", 16);
		put_near_member(&d, "g0", 8, T_UINT64);
		put(&d, 1, 0);
		end_unit(&d);
		resolve(&d);
		expect_right(&d, PLAIN);
	}
}

/* Types that stand in other units: before, behind, and behind what has been read so far. */
static void test_other_units(void **state)
{
	static const size_t gaps[] = {10, 100 << 10, 1 << 20};

	for (int i = 0; i < 2 * 3 * 4; i++) {
		struct dw d = {.version = i & 1 ? 5 : 4, .dwarf64 = i & 2};
		bool before = i / 4 % 2;

		begin_unit(&d, "main", DW_LANG_Go);
		pad(&d, 100);
		if (before)
			put_leaf_types(&d);
		pad(&d, gaps[i / 8]);
		end_unit(&d);
		begin_unit(&d, "runtime", DW_LANG_Go);
		put_types(&d);
		pad(&d, 100);
		end_unit(&d);
		for (int k = 0; k < 3; k++) {
			begin_unit(&d, "x", DW_LANG_C99);
			pad(&d, gaps[i / 8]);
			if (k == 1 && !before)
				put_leaf_types(&d);
			end_unit(&d);
		}
		resolve(&d);
		expect_right(&d, i & 4 ? ELF_ZLIB : PLAIN);
	}
}

/* Nothing is read behind the unit's end, and nothing behind the last that is wanted. */
static void test_stops(void **state)
{
	struct dw d = {.version = 4};
	struct golin_err err;
	struct dwarf_struct s[2];
	struct elf_image e;
	uint32_t version;
	size_t end;

	put_program(&d, 1000, 1000, 3 << 20);
	end = d.len;
	memset(d.v + end - (1 << 20), 0xff, 1 << 20); /* nonsense from there on */
	open_dw(&d, PLAIN, false, &e);
	assert_int_equal(collect(&e, s, &version, &err), 0);
	assert_int_equal(s[0].members.len, 3);
	dwarf_structs_done(s, 2);
	elf_image_done(&e);
}

/* A struct that the program does not have, with and without knowing so. */
static void test_missing_struct(void **state)
{
	for (int known = 0; known < 2; known++) {
		struct dw d = {.version = 5};
		bool dispensable[2] = {false, known};
		struct dwarf_want want = {
			.struct_id = struct_id, .nstructs = 2, .dispensable = dispensable};
		struct golin_err err = {0};
		struct dwarf_struct s[2];
		struct elf_image e;
		uint32_t version;

		begin_unit(&d, "runtime", DW_LANG_Go);
		put_struct(&d, "runtime.g", 8);
		put_member(&d, "goid", 0, T_UINT64);
		put(&d, 1, 0);
		put_leaf_types(&d);
		label(&d, T_M);
		end_unit(&d);
		resolve(&d);
		open_dw(&d, PLAIN, false, &e);
		assert_int_equal(dwarf_types_collect(&e, &want, s, &version, &err), 0);
		assert_true(s[0].found);
		assert_false(s[1].found);
		dwarf_structs_done(s, 2);
		elf_image_done(&e);
	}
}

static void test_absent(void **state)
{
	struct dw d = {.version = 4}, e = {.version = 4};
	struct golin_err err;
	struct dwarf_struct s[2];
	struct elfb b = {0};
	struct elf_image elf;
	uint32_t version;
	int fd;

	elfb_section(&b, ".text", SHT_PROGBITS, 0, 0, "x", 1);
	fd = elfb_build_fd(&b);
	assert_int_equal(elf_image_open(fd, &elf, NULL), 0);
	close(fd);
	assert_int_equal(collect(&elf, s, &version, &err), -ENODATA);
	assert_string_equal(err.msg, "no section .debug_info");
	elf_image_done(&elf);

	begin_unit(&d, "runtime", DW_LANG_C99);
	put_types(&d);
	put_leaf_types(&d);
	end_unit(&d);
	resolve(&d);
	expect_error(&d, PLAIN, false, -ENODATA, "no types of Go in .debug_info");
	begin_unit(&e, "main", DW_LANG_Go);
	put_types(&e);
	put_leaf_types(&e);
	end_unit(&e);
	resolve(&e);
	expect_error(&e, GNU_ZLIB, false, -ENODATA, "no types of Go in .zdebug_info");
}

/* Parts that stand in other files or units are not taken for absent. */
static void test_spread(void **state)
{
	struct dw d = {.version = 4}, e = {.version = 4};

	begin_unit(&d, "runtime", DW_LANG_Go);
	put_uleb(&d, A_IMPORT);
	put_types(&d);
	put_leaf_types(&d);
	end_unit(&d);
	resolve(&d);
	expect_error(&d, PLAIN, false, -EOPNOTSUPP,
		     "Go's types are spread over several units (dwz)");
	put_program(&e, 10, 10, 10);
	elfb_section(&e.elf, ".gnu_debugaltlink", SHT_PROGBITS, 0, 0, "x", 1);
	expect_error(&e, PLAIN, false, -EOPNOTSUPP,
		     "a part of its DWARF stands in another file (dwz -m)");
}

static void test_no_abbrev(void **state)
{
	struct elfb b = {0};
	struct dwarf_struct s[2];
	struct golin_err err;
	struct elf_image e;
	uint32_t version;
	int fd;

	elfb_section(&b, ".debug_info", SHT_PROGBITS, 0, 0, "01234567890123456789", 20);
	fd = elfb_build_fd(&b);
	assert_int_equal(elf_image_open(fd, &e, NULL), 0);
	close(fd);
	assert_int_equal(collect(&e, s, &version, &err), -EBADMSG);
	assert_string_equal(err.msg, "section .debug_info is there without .debug_abbrev");
	elf_image_done(&e);
}

/* One thing wrong in otherwise good DWARF. */
static void test_corrupt(void **state)
{
	for (int i = 0; i < 9; i++) {
		static const char *const msg[] = {
			"corrupt DWARF: member goid at 456 of 8 bytes does not fit into its struct "
			"of 456",
			"corrupt DWARF: a struct is too large at 0x15 of .debug_info",
			"corrupt DWARF: a type that goes round in circles at 0x2f of .debug_info",
			"corrupt DWARF: a type lies outside at 0xffffff of .debug_info",
			"malformed unit at 0x0 of .debug_info: it has 1000 bytes, the section ends "
			"at 0x43",
			"malformed unit at 0x0 of .debug_info: DWARF version 77 (known: 2 to 5)",
			"malformed unit at 0x0 of .debug_info: length 0xfffffff5",
			"corrupt DWARF: an entry has an unknown abbreviation at 0xb of .debug_info",
			"malformed .debug_info: 5 bytes behind the last unit",
		};
		struct dw d = {.version = 4};

		begin_unit(&d, i == 8 ? "rumtime" : "runtime", DW_LANG_Go);
		put_struct(&d, "runtime.g", i == 1 ? LAYOUT_MAX_STRUCT + 1 : 456);
		put_member(&d, "goid", i == 0 ? 456 : 152, i == 2 ? T_ID : T_UINT64);
		put(&d, 1, 0);
		put_uleb(&d, A_TYPEDEF);
		d.labels[T_ID] = d.len - 1;
		put_name(&d, "loop");
		put_ref(&d, T_ID);
		label(&d, T_UINT64);
		put_uleb(&d, A_BASE);
		put_name(&d, "uint64");
		put_uleb(&d, 8);
		end_unit(&d);
		if (i == 3)
			d.labels[T_UINT64] = 0xffffff;
		resolve(&d);
		if (i == 4)
			elfb_put(&d.elf, d.v, 4, 1000);
		if (i == 5)
			elfb_put(&d.elf, d.v + 4, 2, 77);
		if (i == 6)
			elfb_put(&d.elf, d.v, 4, 0xfffffff5);
		if (i == 7)
			elfb_put(&d.elf, d.v + 6, 4, 5000);
		if (i == 8)
			put(&d, 4, 0), put(&d, 1, 0);
		expect_error(&d, PLAIN, false, -EBADMSG, msg[i]);
	}
}

/* DW_AT_sibling, which Go does not write, would lead in circles: it is not followed. */
static void test_sibling(void **state)
{
	struct dw d = {.version = 4};

	begin_unit(&d, "runtime", DW_LANG_Go);
	put_struct(&d, "runtime.x", 8);
	label(&d, T_M);
	put_uleb(&d, A_NEST);
	put_ref(&d, T_M);
	put(&d, 1, 0);
	put(&d, 1, 0);
	end_unit(&d);
	resolve(&d);
	expect_error(&d, PLAIN, true, -ENODATA, "no types of Go in .debug_info");
}

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_utime.tv_sec + u.ru_utime.tv_usec / 1e6;
}

/* Nested three million deep: no recursion, and not more than a look at each. */
static void test_deep(void **state)
{
	enum { DEPTH = 3 * 1000 * 1000 };
	struct dw d = {.version = 4};
	double start = cpu_seconds();

	begin_unit(&d, "runtime", DW_LANG_Go);
	put_many(&d, DEPTH, A_NEST);
	put_many(&d, DEPTH, 0);
	put_types(&d);
	put_leaf_types(&d);
	end_unit(&d);
	resolve(&d);
	expect_right(&d, PLAIN);
	assert_true(cpu_seconds() - start < 20);
}

/* What has no end is not read to its end. */
static void test_huge(void **state)
{
	struct dw d = {.version = 4}, e = {.version = 4}, f = {.version = 4}, g = {.version = 4};

	/* One name of 40 MiB. */
	begin_unit(&d, "runtime", DW_LANG_Go);
	put_uleb(&d, A_PAD);
	put_many(&d, 40 << 20, 'x');
	end_unit(&d);
	expect_error(&d, PLAIN, false, -EBADMSG,
		     "corrupt DWARF: an entry of more than 16 MiB at 0x15 of .debug_info");
	begin_unit(&e, "runtime", DW_LANG_Go);
	put_many(&e, 11 << 20, A_EMPTY);
	end_unit(&e);
	expect_error(&e, PLAIN, false, -EBADMSG,
		     "corrupt DWARF: more than 10000000 entries in .debug_info");
	/* A struct of eight million members that nobody wants. */
	begin_unit(&g, "runtime", DW_LANG_Go);
	put_struct(&g, "runtime.g", 456);
	put_many(&g, 8 << 20, A_EMPTY);
	put(&g, 1, 0);
	end_unit(&g);
	expect_error(&g, PLAIN, false, -EBADMSG,
		     "corrupt DWARF: a struct has too many members at 0x15 of .debug_info");
	/* A unit that has nothing of Go's but is longer than golin reads. */
	begin_unit(&f, "C", DW_LANG_C99);
	put_many(&f, 100 << 20, A_EMPTY);
	end_unit(&f);
	begin_unit(&f, "runtime", DW_LANG_Go);
	end_unit(&f);
	expect_error(&f, PLAIN, false, -EOPNOTSUPP,
		     "Go's types do not lie within the first 96 MiB of its DWARF");
}

/* Cut at every byte, with the section's size telling so: an error, or what is right. */
static void test_cut(void **state)
{
	for (int version = 4; version <= 5; version++)
		for (size_t cut = 0;; cut++) {
			struct dw d = {.version = version};
			struct dwarf_struct s[2];
			struct golin_err err;
			struct elf_image e;
			uint32_t v;
			size_t len;
			int r;

			put_program(&d, 20, 20, 20);
			len = d.len;
			if (cut >= len) {
				free(d.v);
				break;
			}
			d.len = cut;
			open_dw(&d, PLAIN, false, &e);
			r = collect(&e, s, &v, &err);
			if (!r) {
				assert_int_equal(s[0].members.len, 3);
				assert_int_equal(s[0].members.v[1].offset, 152);
				dwarf_structs_done(s, 2);
			} else {
				assert_true(r == -EBADMSG || r == -ENODATA);
				assert_true(*err.msg);
			}
			elf_image_done(&e);
		}
}

/* Each byte set to a few values: an answer within bounds, whatever it is. */
static void test_mutated(void **state)
{
	static const uint8_t values[] = {0x00, 0x01, 0x08, 0x7f, 0x80, 0xff};
	struct dw d = {.version = 4};
	uint8_t abbrevs[256], *bytes;
	size_t nabbrevs = put_abbrevs(abbrevs, false, false), len;

	put_program(&d, 20, 20, 20);
	bytes = d.v;
	len = d.len;
	for (size_t i = 0; i < (len + nabbrevs) * sizeof(values); i++) {
		uint8_t *p = i / sizeof(values) < len ? &bytes[i / sizeof(values)]
						      : &abbrevs[i / sizeof(values) - len];
		uint8_t orig = *p;
		struct elfb b = {0};
		struct dwarf_struct s[2];
		struct golin_err err;
		struct elf_image e;
		uint32_t version;
		int fd;

		*p = values[i % sizeof(values)];
		elfb_section(&b, ".debug_abbrev", SHT_PROGBITS, 0, 0, abbrevs, nabbrevs);
		elfb_section(&b, ".debug_info", SHT_PROGBITS, 0, 0, bytes, len);
		fd = elfb_build_fd(&b);
		assert_int_equal(elf_image_open(fd, &e, NULL), 0);
		close(fd);
		if (!collect(&e, s, &version, &err)) {
			for (size_t m = 0; m < s[0].members.len; m++)
				assert_true(s[0].members.v[m].offset + s[0].members.v[m].size <=
					    s[0].size);
			dwarf_structs_done(s, 2);
		} else {
			assert_true(*err.msg);
		}
		elf_image_done(&e);
		*p = orig;
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),	    cmocka_unit_test(test_growth),
		cmocka_unit_test(test_stops),	    cmocka_unit_test(test_near),
		cmocka_unit_test(test_other_units), cmocka_unit_test(test_missing_struct),
		cmocka_unit_test(test_absent),	    cmocka_unit_test(test_no_abbrev),
		cmocka_unit_test(test_spread),	    cmocka_unit_test(test_corrupt),
		cmocka_unit_test(test_sibling),	    cmocka_unit_test(test_deep),
		cmocka_unit_test(test_huge),	    cmocka_unit_test(test_cut),
		cmocka_unit_test(test_mutated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
