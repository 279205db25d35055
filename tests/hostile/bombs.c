/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that were made to take a reader's memory or time: claims, bombs, cycles, repetitions. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include "damage.h"

static const uint64_t TB = 1ull << 40;

struct make {
	const struct program *p;
	size_t *len;
};

static struct blob copy(const struct program *p)
{
	struct blob b = {malloc(p->len), p->len};

	memcpy(b.p, p->data, p->len);
	return b;
}

static uint8_t *give(struct blob b, const struct make *m)
{
	*m->len = b.len;
	return b.p;
}

static uint64_t flags_of(const struct program *p)
{
	return p->gnu_names ? 0 : SHF_COMPRESSED;
}

/* ---- claims ---- */

static uint8_t *claim(const struct make *m, size_t shdr, const struct blob *b, enum packing packing,
		      uint64_t size)
{
	struct blob file = copy(m->p), packed;

	if (m->p->gnu_names)
		packing = PACK_GNU;
	packed = pack(b, packing, size);
	move_section(&file, shdr, &packed, flags_of(m->p));
	free(packed.p);
	return give(file, m);
}

/* `size` zeros, compressed. */
static uint8_t *zeros(const struct make *m, size_t shdr, enum packing packing, size_t size)
{
	struct blob b = {calloc(1, size), size};
	uint8_t *r = claim(m, shdr, &b, packing, size);

	free(b.p);
	return r;
}

/* All sections, or segments, say this size. */
static uint8_t *sizes(const struct make *m, bool sections, size_t member, uint64_t value)
{
	struct blob file = copy(m->p);
	struct region r = m->p->places[sections ? P_SHDRS : P_PHDRS];
	size_t step = sections ? sizeof(Elf64_Shdr) : sizeof(Elf64_Phdr);

	for (size_t at = 0; at + step <= r.len; at += step)
		memcpy(file.p + r.off + at + member, &value, 8);
	return give(file, m);
}

/* ---- DWARF ---- */

struct text {
	uint8_t *p;
	size_t len, cap;
};

static void add(struct text *t, const void *p, size_t len)
{
	if (t->len + len > t->cap) {
		t->cap = 2 * (t->len + len);
		t->p = realloc(t->p, t->cap);
		if (!t->p)
			abort();
	}
	memcpy(t->p + t->len, p, len);
	t->len += len;
}
#define ADD(t, ...) add((t), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void add_u32(struct text *t, uint32_t v)
{
	add(t, &v, 4);
}

/* A unit of version 4 of Go, named "runtime"; its entries follow. */
static void begin_unit(struct text *t)
{
	add_u32(t, 0);
	ADD(t, 4, 0, 0, 0, 0, 0, 8, 1, 'r', 'u', 'n', 't', 'i', 'm', 'e', 0, 0x16);
}

static void end_unit(struct text *t)
{
	uint32_t len = t->len - 4;

	memcpy(t->p, &len, 4);
}

/*
 * 1 unit {name string, language data1}, 2 struct with children {name, byte_size udata},
 * 3 member {name, type ref_addr, data_member_location udata}, 4 typedef {name, type ref_addr},
 * 5 struct with children and sibling {sibling ref4, name}, 6 indirect form, 7 a block of any size
 */
static const uint8_t abbrevs[] = {1, 0x11, 1, 0x03, 0x08, 0x13, 0x0b, 0,    0,		/**/
				  2, 0x13, 1, 0x03, 0x08, 0x0b, 0x0f, 0,    0,		/**/
				  3, 0x0d, 0, 0x03, 0x08, 0x49, 0x10, 0x38, 0x0f, 0, 0, /**/
				  4, 0x16, 0, 0x03, 0x08, 0x49, 0x10, 0,    0,		/**/
				  5, 0x13, 1, 0x01, 0x13, 0x03, 0x08, 0,    0,		/**/
				  6, 0x34, 0, 0x03, 0x16, 0,	0,			/**/
				  7, 0x34, 0, 0x02, 0x0a, 0x1c, 0x09, 0,    0,		/**/
				  0};

static uint8_t *dwarf(const struct make *m, struct text *info, const struct blob *abbrev)
{
	struct blob ab = {(uint8_t *)abbrevs, sizeof(abbrevs)}, b;
	uint8_t *r;

	end_unit(info);
	b = (struct blob){info->p, info->len};
	r = with_dwarf(m->p, &b, abbrev ? abbrev : &ab, PACK_NONE, m->len);
	free(info->p);
	return r;
}

static void add_g(struct text *t, const char *member)
{
	ADD(t, 2);
	add(t, "runtime.g", 10);
	ADD(t, 0x80, 4);
	if (member) {
		ADD(t, 3);
		add(t, member, strlen(member) + 1);
	}
}

static uint8_t *nested(const struct make *m, bool closed)
{
	struct text t = {0};

	begin_unit(&t);
	for (int i = 0; i < 500000; i++)
		ADD(&t, 2, 'x', 0, 1);
	for (int i = 0; i < 500000 && closed; i++)
		ADD(&t, 0);
	return dwarf(m, &t, NULL);
}

static uint8_t *many_units(const struct make *m)
{
	struct text t = {0};

	for (int i = 0; i < 100000; i++) {
		add_u32(&t, 17);
		ADD(&t, 4, 0, 0, 0, 0, 0, 8, 1, 'r', 'u', 'n', 't', 'i', 'm', 0, 0x16, 0);
	}
	/* end_unit() would make one of them. */
	struct blob b = {t.p, t.len}, ab = {(uint8_t *)abbrevs, sizeof(abbrevs)};
	uint8_t *r = with_dwarf(m->p, &b, &ab, PACK_NONE, m->len);

	free(t.p);
	return r;
}

static uint8_t *many_structs(const struct make *m, int members)
{
	struct text t = {0};

	begin_unit(&t);
	for (int i = 0; i < (members ? 1 : 400000); i++) {
		add_g(&t, NULL);
		for (int k = 0; k < members; k++) {
			ADD(&t, 3, 'g', 'o', 'i', 'd', 0);
			add_u32(&t, 12);
			ADD(&t, 8);
		}
		ADD(&t, 0);
	}
	return dwarf(m, &t, NULL);
}

/* The sibling of a struct: itself, what stands before it, or nowhere. */
static uint8_t *sibling(const struct make *m, int how)
{
	struct text t = {0};
	uint32_t at;

	begin_unit(&t);
	for (int i = 0; i < 1000; i++) {
		ADD(&t, 5);
		at = how == 0 ? t.len - 1 : how == 1 ? 11 : 0x7fffffff;
		add_u32(&t, at);
		ADD(&t, 'y', 0, 0);
	}
	return dwarf(m, &t, NULL);
}

/* A member whose type is a typedef of itself, or of a chain of 100,000 of them. */
static uint8_t *typedefs(const struct make *m, int chain)
{
	struct text t = {0};

	begin_unit(&t);
	add_g(&t, "goid");
	add_u32(&t, t.len + 6);
	ADD(&t, 8, 0);
	for (int i = 0; i < chain; i++) {
		uint32_t self = t.len;

		ADD(&t, 4, 't', 0);
		add_u32(&t, i + 1 < chain ? self + 7 : chain > 1 ? self - 7 : self);
	}
	ADD(&t, 0);
	return dwarf(m, &t, NULL);
}

static uint8_t *forms(const struct make *m, int which)
{
	struct text t = {0};

	begin_unit(&t);
	if (which == 0) { /* an indirect form that is an indirect form that ... */
		ADD(&t, 6);
		for (int i = 0; i < 100000; i++)
			ADD(&t, 0x16);
	} else { /* a block that ends behind everything */
		ADD(&t, 7, 1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1);
	}
	ADD(&t, 0);
	return dwarf(m, &t, NULL);
}

/* Abbreviations: very many, each of many attributes, or with codes of ten bytes. */
static uint8_t *abbreviations(const struct make *m, int how)
{
	struct text t = {0}, ab = {0};
	struct blob b;
	uint8_t *r;

	add(&ab, abbrevs, sizeof(abbrevs) - 1);
	for (int i = 0; i < (how == 1 ? 1 : 300000); i++) {
		uint32_t code = 100 + i;

		if (how == 2)
			ADD(&ab, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1);
		else
			ADD(&ab, (code & 127) | 128, (code >> 7 & 127) | 128, code >> 14);
		ADD(&ab, 0x34, 0);
		for (int k = 0; how == 1 && k < 1000000; k++)
			ADD(&ab, 0x02, 0x0b);
		ADD(&ab, 0, 0);
	}
	ADD(&ab, 0);
	begin_unit(&t);
	for (int i = 0; i < 1000; i++)
		ADD(&t, 100, 0, 0);
	b = (struct blob){ab.p, ab.len};
	r = dwarf(m, &t, &b);
	free(ab.p);
	return r;
}

/* A name without an end, and one of a megabyte in each struct. */
static uint8_t *long_names(const struct make *m)
{
	struct text t = {0};
	uint8_t *name = malloc(1 << 20);

	memset(name, 'n', 1 << 20);
	begin_unit(&t);
	for (int i = 0; i < 8; i++) {
		ADD(&t, 2);
		add(&t, name, 1 << 20);
		if (i < 7)
			ADD(&t, 0, 8, 0);
	}
	free(name);
	return dwarf(m, &t, NULL);
}

/* ---- tables and headers ---- */

static uint8_t *fill(const struct make *m, enum place place, size_t from, uint8_t byte)
{
	struct blob file = copy(m->p);
	struct region r = m->p->places[place];

	if (r.len > from)
		memset(file.p + r.off + from, byte, r.len - from);
	return give(file, m);
}

static uint8_t *table_word(const struct make *m, size_t at, uint64_t value)
{
	struct blob file = copy(m->p);
	struct region r = m->p->places[P_PCLN_HEADER];

	if (r.len)
		memcpy(file.p + r.off + at, &value, 8);
	return give(file, m);
}

/* Each function is the same one, with the longest tables. */
static uint8_t *same_function(const struct make *m)
{
	struct blob file = copy(m->p);
	struct region r = m->p->places[P_FUNCTAB];

	for (size_t i = 4; i + 4 <= r.len; i += 8)
		memcpy(file.p + r.off + i, file.p + r.off + (r.len > 16 ? 12 : 4), 4);
	return give(file, m);
}

/*
 * Very many program headers of this type, each of the whole file: whoever looks into each of them
 * reads the file so often.
 */
static uint8_t *segments(const struct make *m, uint32_t type, uint32_t flags, unsigned n)
{
	struct blob file = copy(m->p), table = {calloc(n, sizeof(Elf64_Phdr)), 0};
	Elf64_Ehdr eh;
	Elf64_Shdr sh;

	memcpy(&eh, file.p, sizeof(eh));
	for (unsigned i = 0; i < n; i++)
		((Elf64_Phdr *)table.p)[i] = (Elf64_Phdr){.p_type = type,
							  .p_flags = flags,
							  .p_filesz = m->p->len,
							  .p_memsz = m->p->len,
							  .p_vaddr = 0x10000000};
	/* The number, as it is, or in the first section header. */
	eh.e_phoff = file.len;
	eh.e_phnum = n < PN_XNUM ? n : PN_XNUM;
	memcpy(&sh, file.p + eh.e_shoff, sizeof(sh));
	sh.sh_info = n;
	memcpy(file.p + eh.e_shoff, &sh, sizeof(sh));
	memcpy(file.p, &eh, sizeof(eh));
	table.len = n * sizeof(Elf64_Phdr);
	file.p = realloc(file.p, file.len + table.len);
	memcpy(file.p + file.len, table.p, table.len);
	file.len += table.len;
	free(table.p);
	/* Without build information it is searched for everywhere. */
	if (type == PT_LOAD && m->p->places[P_BUILDINFO].len)
		file.p[m->p->places[P_BUILDINFO].off] = 0;
	return give(file, m);
}

/*
 * 200,000 sections of the whole file, of a type that is looked into: notes, or symbols whose names
 * have no end.
 */
static uint8_t *sections(const struct make *m, uint32_t type)
{
	enum { N = 200000 };
	struct blob file = copy(m->p);
	Elf64_Shdr first, each = {.sh_type = type, .sh_size = m->p->len};
	Elf64_Ehdr eh;

	memcpy(&eh, file.p, sizeof(eh));
	memcpy(&first, file.p + eh.e_shoff, sizeof(first));
	first.sh_size = N;
	each.sh_entsize = type == SHT_SYMTAB ? sizeof(Elf64_Sym) : 0;
	each.sh_link = eh.e_shnum;
	file.p = realloc(file.p, file.len + N * sizeof(Elf64_Shdr));
	for (size_t i = 0; i < N; i++)
		memcpy(file.p + file.len + i * sizeof(each), &each, sizeof(each));
	memcpy(file.p + file.len, file.p + eh.e_shoff, eh.e_shnum * sizeof(Elf64_Shdr));
	memcpy(file.p + file.len, &first, sizeof(first));
	if (type == SHT_SYMTAB) {
		/* Its own symbols are another kind; the names are .text, which has no NUL at last.
		 */
		for (size_t i = 1; i < eh.e_shnum; i++)
			if (file.p[file.len + i * sizeof(each) + 4] == SHT_SYMTAB)
				file.p[file.len + i * sizeof(each) + 4] = SHT_PROGBITS;
		each.sh_type = SHT_STRTAB;
		each.sh_offset = m->p->places[P_TEXT].off;
		each.sh_size = m->p->places[P_TEXT].len;
		memset(file.p + each.sh_offset, 0xcc, each.sh_size);
		memcpy(file.p + file.len + eh.e_shnum * sizeof(each), &each, sizeof(each));
	}
	eh.e_shoff = file.len;
	eh.e_shnum = 0;
	memcpy(file.p, &eh, sizeof(eh));
	file.len += N * sizeof(Elf64_Shdr);
	return give(file, m);
}

/* Build information at each 16 bytes of the data, none of it whole. */
static uint8_t *many_magics(const struct make *m)
{
	struct blob file = copy(m->p);
	struct region r = m->p->places[P_BUILDINFO];
	static const uint8_t claim_tb[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x20};

	if (r.len >= 48 && file.p[r.off + 15] & 2)
		memcpy(file.p + r.off + 32, claim_tb, sizeof(claim_tb));
	for (size_t at = r.off; r.len && at + 16 <= m->p->places[P_SHDRS].off && at < r.off + 65536;
	     at += 16)
		memcpy(file.p + at, "\xff Go buildinf:\x08\x02", 16);
	return give(file, m);
}

uint8_t *bomb(const struct program *p, unsigned number, size_t *ret_len, const char **ret_kind)
{
	const struct make m = {p, ret_len};
	enum packing big = number & 1 ? PACK_ZSTD : PACK_ZLIB;

#define KIND(text) *ret_kind = (text)
	if (!p->types.len && number < 30) {
		/* It has no DWARF to replace. */
		KIND("bombs of headers");
		number = 30 + number % 20;
	}
	KIND("bombs");
	switch (number) {
	case 0:
	case 1:
		return claim(&m, p->info_shdr, &p->info, big, TB);
	case 2:
	case 3:
		return claim(&m, p->abbrev_shdr, &p->abbrev, big, TB);
	case 4:
	case 5:
		return claim(&m, p->info_shdr, &p->info, big, UINT64_MAX);
	case 6:
	case 7:
		return zeros(&m, p->info_shdr, big, 300 << 20);
	case 8:
	case 9:
		return zeros(&m, p->abbrev_shdr, big, 300 << 20);
	case 10:
		return claim(&m, p->info_shdr, &p->info, PACK_ZLIB, p->info.len - 1);
	case 11:
		return claim(&m, p->info_shdr, &p->info, PACK_ZSTD, p->info.len + 1);
	case 12:
		return nested(&m, false);
	case 13:
		return nested(&m, true);
	case 14:
		return many_units(&m);
	case 15:
		return many_structs(&m, 0);
	case 16:
		return many_structs(&m, 200000);
	case 17:
	case 18:
	case 19:
		return sibling(&m, number - 17);
	case 20:
		return typedefs(&m, 1);
	case 21:
		return typedefs(&m, 2);
	case 22:
		return typedefs(&m, 100000);
	case 23:
	case 24:
		return forms(&m, number - 23);
	case 25:
	case 26:
	case 27:
		return abbreviations(&m, number - 25);
	case 28:
		return long_names(&m);
	case 29:
		return many_structs(&m, 4096);
	case 30:
		return sizes(&m, true, offsetof(Elf64_Shdr, sh_size), TB);
	case 31:
		return sizes(&m, true, offsetof(Elf64_Shdr, sh_offset), TB);
	case 32:
		return sizes(&m, false, offsetof(Elf64_Phdr, p_filesz), TB);
	case 33:
		return sizes(&m, false, offsetof(Elf64_Phdr, p_memsz), TB);
	case 34:
		return sizes(&m, false, offsetof(Elf64_Phdr, p_memsz), UINT64_MAX);
	case 35:
		return fill(&m, P_PCTAB, 1, 0x81);
	case 36:
		return fill(&m, P_PCTAB, 1, 1);
	case 37:
		return fill(&m, P_NAMES, 1, 'n');
	case 38:
		return fill(&m, P_FUNCTAB, 0, 0);
	case 39:
		return fill(&m, P_FUNCS, 0, 0xff);
	case 40:
		return table_word(&m, 8, TB);
	case 41:
		return table_word(&m, 8, UINT32_MAX);
	case 42:
		return same_function(&m);
	case 43:
		return segments(&m, PT_NOTE, PF_R, 256);
	case 44:
		return segments(&m, PT_LOAD, PF_R | PF_W, 60000);
	case 45:
		return segments(&m, PT_LOAD, PF_R | PF_W, 16);
	case 46:
		return segments(&m, PT_DYNAMIC, PF_R | PF_W, 256);
	case 47:
		return sections(&m, SHT_NOTE);
	case 48:
		return many_magics(&m);
	case 49:
		return fill(&m, P_RELOCS, 0, 0x08);
	case 50:
		return fill(&m, P_MODULEDATA, 8, 0xff);
	case 51:
		return fill(&m, P_NOTES, 0, 0xff);
	case 53:
		return sections(&m, SHT_SYMTAB);
	case 54:
		return sections(&m, SHT_PROGBITS);
	case 52:
		return segments(&m, PT_NOTE, PF_R, 200000);
	default:
		return NULL;
	}
}
