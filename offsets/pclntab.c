/* SPDX-License-Identifier: BSD-2-Clause */
#include "pclntab.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/err.h"
#include "elf_image.h"
#include "pclntab_impl.h"
#include "name_set.h"

enum {
	/* 1.16 and later: the longest name that is looked for with a copy on the stack. */
	MAX_WANTED_NAME = 512,
	MAX_SAME_NAME = NAME_SET_SAME,
	/* Names of generic functions have some thousand bytes. What is longer has no end. */
	MAX_NAME = 32 << 10,
};

static const struct func_shape shapes64[] = {
	[PCLN_GO112] = {40, 8, 24, 28, 32, 0, 36, 0, 39, 0},
	[PCLN_GO116] = {44, 8, 24, 28, 32, 36, 40, 41, 43, 0},
	[PCLN_GO118] = {40, 4, 20, 24, 28, 32, 36, 37, 39, 0},
	[PCLN_GO120] = {44, 4, 20, 24, 28, 32, 40, 41, 43, 36},
};

static const struct func_shape shapes32[] = {
	[PCLN_GO112] = {36, 4, 20, 24, 28, 0, 32, 0, 35, 0},
	[PCLN_GO116] = {40, 4, 20, 24, 28, 32, 36, 37, 39, 0},
	[PCLN_GO118] = {40, 4, 20, 24, 28, 32, 36, 37, 39, 0},
	[PCLN_GO120] = {44, 4, 20, 24, 28, 32, 40, 41, 43, 36},
};

static const uint32_t magics[] = {
	[PCLN_GO112] = 0xfffffffb,
	[PCLN_GO116] = 0xfffffffa,
	[PCLN_GO118] = 0xfffffff0,
	[PCLN_GO120] = 0xfffffff1,
};

static enum pclntab_format format_of(uint16_t minor)
{
	return minor < 16   ? PCLN_GO112
	       : minor < 18 ? PCLN_GO116
	       : minor < 20 ? PCLN_GO118
			    : PCLN_GO120;
}

/* runtime.funcID of wrappers: the list before it grew. */
uint8_t pcln_wrapper_id(uint16_t minor)
{
	return minor < 14 ? 20 : minor < 18 ? 22 : minor < 22 ? 21 : minor < 25 ? 22 : 23;
}

/* An address, or a number as wide. */
static uint64_t rdword(const struct pclntab *t, const uint8_t *p)
{
	return t->word == 8 ? elf_u64(t->elf, p) : elf_u32(t->elf, p);
}

const struct func_shape *pcln_shape(const struct pclntab *t)
{
	return &(t->word == 8 ? shapes64 : shapes32)[t->format];
}

/* A string of the table that ends within it; NULL if it does not. */
const char *pcln_str(const struct pcln_span *s, uint64_t off, size_t *ret_len)
{
	const uint8_t *p, *end;
	size_t max;

	if (off >= s->len)
		return NULL;
	p = s->p + off;
	max = s->len - off;
	end = memchr(p, 0, max < MAX_NAME ? max : MAX_NAME);
	if (!end)
		return NULL;
	if (ret_len)
		*ret_len = end - p;
	return (const char *)p;
}

/* ---- opening ---- */

/* The part tables of the header since 1.16, which stand in this order. */
static bool split(struct pclntab *t, size_t at)
{
	struct pcln_span *spans[] = {&t->names, &t->cutab, &t->files, &t->pctab, &t->funcs};
	uint64_t off[6];

	for (int i = 0; i < 5; i++)
		off[i] = rdword(t, t->data + at + t->word * i);
	off[5] = t->size;
	for (int i = 0; i < 5; i++) {
		if (off[i] < at + 5 * t->word || off[i] > off[i + 1] || off[i + 1] > t->size)
			return false;
		spans[i]->p = t->data + off[i];
		spans[i]->len = off[i + 1] - off[i];
	}
	return true;
}

/* Bytes of an entry of the functab, and of the last one, which is an address alone. */
static size_t functab_entry(const struct pclntab *t)
{
	return t->format >= PCLN_GO118 ? 8 : 2 * t->word;
}

/* Where the functab of the old single table begins: behind the magic and the count. */
static size_t first_functab(const struct pclntab *t)
{
	return t->format == PCLN_GO112 ? 8 + t->word : 0;
}

/* The single table of Go 1.13 to 1.15: all offsets count from its beginning. */
static bool read_single(struct pclntab *t, uint64_t nfunc, uint64_t *ret_nfiles)
{
	uint64_t end = first_functab(t) + nfunc * 2 * t->word + t->word;

	if (end + 4 > t->size)
		return false;
	t->names = t->pctab = t->funcs = (struct pcln_span){t->data, t->size};
	/* The table of files: how many, then offsets of their names, counted from 1. */
	end = rd32(t, t->data + end);
	if (end + 4 > t->size)
		return false;
	*ret_nfiles = rd32(t, t->data + end);
	if (*ret_nfiles > (t->size - end) / 4)
		return false;
	t->files.p = t->data + end;
	t->files.len = *ret_nfiles * 4;
	return true;
}

static bool is_quantum(uint8_t n)
{
	return n == 1 || n == 2 || n == 4;
}

/* The header at t->vaddr: false when it is none, or contradicts the size of the table. */
static bool read_header(struct pclntab *t)
{
	uint64_t nfunc, nfiles = 0;
	const uint8_t *p;

	t->word = t->elf->is64 ? 8 : 4;
	t->size = elf_image_avail(t->elf, t->vaddr);
	if (t->size < 80)
		return false;
	p = t->data = elf_image_at(t->elf, t->vaddr, t->size);
	if (!p || rd32(t, p) != magics[t->format] || p[4] || p[5] || p[7] != t->word ||
	    !is_quantum(p[6]))
		return false;
	nfunc = rdword(t, p + 8);
	if (!nfunc || nfunc > t->size / functab_entry(t))
		return false;
	if (t->format == PCLN_GO112) {
		if (!read_single(t, nfunc, &nfiles))
			return false;
	} else {
		nfiles = rdword(t, p + 8 + t->word);
		if (!split(t, 8 + (t->format == PCLN_GO116 ? 2 : 3) * t->word))
			return false;
		if (nfunc * functab_entry(t) + functab_entry(t) / 2 > t->funcs.len)
			return false;
		if (nfiles > t->files.len)
			return false;
	}
	t->nfunc = nfunc < UINT32_MAX ? nfunc : 0;
	t->nfiles = nfiles;
	return t->nfunc;
}

/*
 * A table whose magic number alone is wrong: obfuscators change it, so that tools do not find
 * their way. What follows is the header of a table all the same.
 */
static bool is_obfuscated(const struct pclntab *t)
{
	struct pclntab tmp = *t;
	const uint8_t *p = elf_image_at(t->elf, t->vaddr, 80);
	uint64_t nfunc;

	tmp.word = t->elf->is64 ? 8 : 4;
	if (!p || p[4] || p[5] || !is_quantum(p[6]) || p[7] != tmp.word)
		return false;
	for (size_t i = PCLN_GO112; i <= PCLN_GO120; i++)
		if (rd32(t, p) == magics[i])
			return false;
	nfunc = rdword(&tmp, p + 8);
	return nfunc && nfunc <= elf_image_avail(t->elf, t->vaddr) / 8;
}

/*
 * With an external linker a PIE's table stands somewhere within .data.rel.ro. The bytes of a header
 * may stand elsewhere too, as in a program that has another one in its data: the first that looks
 * right behind the address `after`.
 */
static bool scan(struct pclntab *t, uint64_t after)
{
	size_t align = t->elf->is64 ? 8 : 4;
	uint8_t want[6] = {0};

	for (int i = 0; i < 4; i++)
		want[i] = magics[t->format] >> (t->elf->big_endian ? 24 - 8 * i : 8 * i);
	for (size_t i = 0; i < t->elf->nsegments; i++) {
		const struct elf_segment *s = &t->elf->segments[i];
		const uint8_t *base, *p, *end;

		if (s->type != PT_LOAD)
			continue;
		base = elf_image_at(t->elf, s->vaddr, s->filesz);
		if (!base)
			continue;
		end = base + s->filesz;
		for (p = base; (p = memmem(p, end - p, want, sizeof(want))); p++) {
			t->vaddr = s->vaddr + (p - base);
			if (t->vaddr > after && t->vaddr % align == 0 && read_header(t))
				return true;
		}
	}
	return false;
}

/* Up to 1.17 the entries are addresses, which a PIE has in its relocations only. */
static int load_entries(struct pclntab *t, struct golin_err *err)
{
	size_t base = t->funcs.p - t->data + first_functab(t);

	if (t->format >= PCLN_GO118 || t->elf->type != ET_DYN)
		return 0;
	t->entries = calloc((size_t)t->nfunc + 1, sizeof(*t->entries));
	if (!t->entries)
		return golin_err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i <= t->nfunc; i++)
		if (!elf_image_word(t->elf, t->vaddr + base + 2 * t->word * i, &t->entries[i]))
			return golin_err_set(err, -EBADMSG, "malformed function table");
	return 0;
}

static int obfuscated(const struct pclntab *t, const char *section, struct golin_err *err)
{
	golin_err_set(err, -EOPNOTSUPP,
		      "obfuscated: the function table in section '%s' has the magic number "
		      "0x%08" PRIx32 ", which is none of Go's",
		      section, rd32(t, elf_image_at(t->elf, t->vaddr, 4)));
	golin_err_hint(err, "garble does this; use a program built by go build");
	return -EOPNOTSUPP;
}

int pclntab_open(struct elf_image *elf, uint16_t minor, struct pclntab *ret, struct golin_err *err)
{
	static const char *const names[] = {".gopclntab", ".data.rel.ro.gopclntab"};
	struct pclntab t = {.elf = elf, .minor = minor, .format = format_of(minor)};
	const struct elf_section *s = NULL;
	int r;

	for (int i = 0; i < 2 && !s; i++)
		s = elf_image_section(elf, names[i]);
	if (s && s->type != SHT_NOBITS) {
		t.vaddr = s->addr;
		if (!read_header(&t) && is_obfuscated(&t))
			return obfuscated(&t, s->name, err);
		if (!t.nfunc)
			return golin_err_set(err, -EBADMSG,
					     "malformed function table: the header in section "
					     "'%s' is not one of Go 1.%u",
					     s->name, minor);
	} else if (!scan(&t, 0)) {
		return golin_err_set(err, -ENODATA,
				     "no function table (.gopclntab) of Go 1.%u in the file",
				     minor);
	}
	t.scanned = !s || s->type == SHT_NOBITS;
	r = load_entries(&t, err);
	if (r) {
		pclntab_done(&t);
		return r;
	}
	*ret = t;
	return 0;
}

bool pclntab_next(struct pclntab *t)
{
	struct pclntab next = {.elf = t->elf, .minor = t->minor, .format = t->format};

	next.scanned = true;
	if (!t->scanned || !scan(&next, t->vaddr) || load_entries(&next, NULL)) {
		pclntab_done(&next);
		return false;
	}
	pclntab_done(t);
	*t = next;
	return true;
}

void pclntab_done(struct pclntab *t)
{
	free(t->entries);
	name_set_free(t->expected);
	memset(t, 0, sizeof(*t));
}

void pclntab_set_module(struct pclntab *t, uint64_t text, uint64_t etext, uint64_t gofunc)
{
	t->text = text;
	t->etext = etext;
	t->gofunc = gofunc;
}

/* ---- functions ---- */

static const uint8_t *functab_at(const struct pclntab *t, uint32_t i)
{
	return t->funcs.p + first_functab(t) + (size_t)i * functab_entry(t);
}

/* i may be nfunc: where the last function ends. */
static uint64_t entry_of(const struct pclntab *t, uint32_t i)
{
	if (t->entries)
		return t->entries[i];
	if (t->format >= PCLN_GO118)
		return t->text + rd32(t, functab_at(t, i));
	return rdword(t, functab_at(t, i));
}

/* The offset of function i's _func within t->funcs. */
static uint64_t func_off(const struct pclntab *t, uint32_t i)
{
	const uint8_t *p = functab_at(t, i);

	return t->format >= PCLN_GO118 ? rd32(t, p + 4) : rdword(t, p + t->word);
}

bool pclntab_func(const struct pclntab *t, uint32_t i, struct pcln_func *ret)
{
	const struct func_shape *sh = pcln_shape(t);
	struct pcln_func f = {.index = i};
	uint64_t off;

	if (i >= t->nfunc)
		return false;
	off = func_off(t, i);
	if (off > t->funcs.len || t->funcs.len - off < sh->size)
		return false;
	f.raw = t->funcs.p + off;
	f.avail = t->funcs.len - off;
	f.lo = entry_of(t, i);
	f.hi = entry_of(t, i + 1);
	if (f.lo >= f.hi || (t->etext && (f.lo < t->text || f.hi > t->etext)))
		return false;
	f.name_off = (int32_t)rd32(t, f.raw + sh->name);
	f.pcfile = rd32(t, f.raw + sh->pcfile);
	f.pcln = rd32(t, f.raw + sh->pcln);
	f.npcdata = rd32(t, f.raw + sh->npcdata);
	f.cu_off = sh->cu ? rd32(t, f.raw + sh->cu) : 0;
	f.func_id = f.raw[sh->id];
	f.flag = sh->flag ? f.raw[sh->flag] : 0;
	f.nfuncdata = f.raw[sh->nfuncdata];
	f.wrapper = f.func_id == pcln_wrapper_id(t->minor);
	if (f.npcdata > (f.avail - sh->size) / 4)
		return false;
	f.name = f.name_off >= 0 ? pcln_str(&t->names, f.name_off, NULL) : NULL;
	if (!f.name)
		return false;
	*ret = f;
	return true;
}

bool pclntab_find_pc(const struct pclntab *t, uint64_t pc, struct pcln_func *ret)
{
	uint32_t lo = 0, hi = t->nfunc;

	if (pc < entry_of(t, 0) || pc >= entry_of(t, t->nfunc))
		return false;
	/* entry(lo) <= pc < entry(hi); a table that is not sorted ends somewhere, too. */
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (entry_of(t, mid) <= pc)
			lo = mid;
		else
			hi = mid;
	}
	return pclntab_func(t, lo, ret) && pc >= ret->lo && pc < ret->hi;
}

/*
 * Since 1.16 names have a table of their own, in which a search is quick. The same name may stand
 * there for a function and for its ABI wrapper. The offsets; 0 when there is none.
 */
static int find_name_offs(const struct pclntab *t, const char *name, size_t len, uint32_t *ret,
			  int max)
{
	const uint8_t *p = t->names.p, *end = p + t->names.len;
	char want[MAX_WANTED_NAME + 2];
	int n = 0;

	if (!len || len > MAX_WANTED_NAME)
		return 0;
	if (name_set_get(t->expected, name, ret, max, &n))
		return n;
	want[0] = '\0';
	memcpy(want + 1, name, len + 1);
	if (t->names.len > len && !memcmp(p, name, len + 1))
		ret[n++] = 0;
	while (n < max && (p = memmem(p, end - p, want, len + 2))) {
		ret[n++] = p + 1 - t->names.p;
		p += len + 1;
	}
	return n;
}

static bool has_name(const struct pclntab *t, uint32_t off, const char *name, size_t len)
{
	return off < t->names.len && t->names.len - off > len &&
	       !memcmp(t->names.p + off, name, len + 1);
}

bool pclntab_find_name(const struct pclntab *t, const char *name, struct pcln_func *ret)
{
	const struct func_shape *sh = pcln_shape(t);
	size_t len = strlen(name);
	uint32_t wanted[MAX_SAME_NAME];
	bool found = false;
	int n = 0;

	if (t->format != PCLN_GO112) {
		n = find_name_offs(t, name, len, wanted, MAX_SAME_NAME);
		if (!n)
			return false;
	}
	for (uint32_t i = 0; i < t->nfunc; i++) {
		uint64_t off = func_off(t, i);
		bool same = false;
		struct pcln_func f;
		uint32_t name_off;

		if (off > t->funcs.len || t->funcs.len - off < sh->size)
			continue;
		name_off = rd32(t, t->funcs.p + off + sh->name);
		for (int k = 0; k < n && !same; k++)
			same = name_off == wanted[k];
		if (t->format == PCLN_GO112)
			same = has_name(t, name_off, name, len);
		if (!same || !pclntab_func(t, i, &f))
			continue;
		if (!found)
			*ret = f;
		found = true;
		/* The ABI wrapper has the same name. */
		if (!f.wrapper) {
			*ret = f;
			return true;
		}
	}
	return found;
}

void pclntab_expect(struct pclntab *t, const char *const *names, size_t n)
{
	name_set_free(t->expected);
	t->expected = NULL;
	/* Up to 1.15 names stand among everything else, and functions are gone through. */
	if (t->format != PCLN_GO112)
		t->expected = name_set_new(t->names.p, t->names.len, names, n);
}

bool pclntab_has_name(const struct pclntab *t, const char *name)
{
	uint32_t off;

	return find_name_offs(t, name, strlen(name), &off, 1) > 0;
}
