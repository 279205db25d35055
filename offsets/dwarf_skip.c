/* SPDX-License-Identifier: BSD-2-Clause */
#include "dwarf_skip.h"

#include <dwarf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dwarf_elf.h"
#include "elf_image.h"

enum {
	/* Compilers and linkers number them from 1 on; a program of C++ has some thousands. */
	MAX_CODE = 1 << 16,
	/* Go's DWARF has about sixty declarations, which all units share. */
	MAX_WORK = 4 << 20,
	/* Forms beside the standard's, where elfutils' header is too old for them. */
	FORM_LLVM_ADDRX_OFFSET = 0x2001,
};

struct cursor {
	const uint8_t *p, *end;
	bool cut; /* something was wanted from behind the end */
};

static uint64_t take_uleb(struct cursor *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; c->p < c->end; shift += 7) {
		uint8_t byte = *c->p++;

		if (shift < 64)
			v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return v;
	}
	c->cut = true;
	return 0;
}

static void skip(struct cursor *c, uint64_t len)
{
	if (len > (uint64_t)(c->end - c->p)) {
		c->cut = true;
		len = c->end - c->p;
	}
	c->p += len;
}

static uint64_t take(const struct elf_image *e, struct cursor *c, size_t width)
{
	const uint8_t *p = c->p;

	skip(c, width);
	if (c->cut)
		return 0;
	return width == 1   ? *p
	       : width == 2 ? elf_u16(e, p)
	       : width == 4 ? elf_u32(e, p)
			    : elf_u64(e, p);
}

/* ---- abbreviations ---- */

/* Bytes that a form takes; -1: it says so itself; -2: unknown. */
static int form_size(const struct dwarf_abbrevs *a, unsigned int form)
{
	switch (form) {
	case DW_FORM_flag_present:
	case DW_FORM_implicit_const:
		return 0;
	case DW_FORM_data1:
	case DW_FORM_ref1:
	case DW_FORM_flag:
	case DW_FORM_strx1:
	case DW_FORM_addrx1:
		return 1;
	case DW_FORM_data2:
	case DW_FORM_ref2:
	case DW_FORM_strx2:
	case DW_FORM_addrx2:
		return 2;
	case DW_FORM_strx3:
	case DW_FORM_addrx3:
		return 3;
	case DW_FORM_data4:
	case DW_FORM_ref4:
	case DW_FORM_ref_sup4:
	case DW_FORM_strx4:
	case DW_FORM_addrx4:
		return 4;
	case DW_FORM_data8:
	case DW_FORM_ref8:
	case DW_FORM_ref_sig8:
	case DW_FORM_ref_sup8:
		return 8;
	case DW_FORM_data16:
		return 16;
	case DW_FORM_addr:
		return a->addr_size;
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_sec_offset:
	case DW_FORM_strp_sup:
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_GNU_strp_alt:
		return a->offset_size;
	case DW_FORM_ref_addr: /* DWARF 2 had it as wide as an address */
		return a->version <= 2 ? a->addr_size : a->offset_size;
	case DW_FORM_string:
	case DW_FORM_block:
	case DW_FORM_block1:
	case DW_FORM_block2:
	case DW_FORM_block4:
	case DW_FORM_exprloc:
	case DW_FORM_sdata:
	case DW_FORM_udata:
	case DW_FORM_ref_udata:
	case DW_FORM_strx:
	case DW_FORM_addrx:
	case DW_FORM_loclistx:
	case DW_FORM_rnglistx:
	case DW_FORM_GNU_addr_index:
	case DW_FORM_GNU_str_index:
	case DW_FORM_indirect:
	case FORM_LLVM_ADDRX_OFFSET:
		return -1;
	default:
		return -2;
	}
}

void dwarf_abbrevs_use(struct dwarf_abbrevs *a, const struct dwarf_unit *u)
{
	uint8_t offset_size = u->is_dwarf64 ? 8 : 4;

	if (a->used && a->off == u->abbrev && a->addr_size == u->addr_size &&
	    a->offset_size == offset_size && (a->version <= 2) == (u->version <= 2))
		return;
	a->off = a->next = u->abbrev;
	a->used = true;
	a->ended = false;
	a->addr_size = u->addr_size;
	a->offset_size = offset_size;
	a->version = u->version;
	if (a->nv)
		memset(a->v, 0, a->nv * sizeof(*a->v));
	a->work += a->nv / 16;
	a->nattrs = 0;
}

void dwarf_abbrevs_done(struct dwarf_abbrevs *a)
{
	free(a->v);
	free(a->attrs);
	memset(a, 0, sizeof(*a));
}

static int add_attr(struct dwarf_abbrevs *a, struct dwarf_abbrev *d, uint64_t at, uint64_t form)
{
	int size;

	if (a->nattrs == a->cap_attrs) {
		size_t cap = a->cap_attrs ? 2 * a->cap_attrs : 512;
		void *attrs = realloc(a->attrs, cap * sizeof(*a->attrs));

		if (!attrs)
			return -ENOMEM;
		a->attrs = attrs;
		a->cap_attrs = cap;
	}
	size = form > UINT16_MAX ? -2 : form_size(a, form);
	if (size == -2 || d->nattrs == UINT16_MAX)
		return -EBADMSG;
	a->attrs[a->nattrs++] = (struct dwarf_attr){
		.at = at > UINT16_MAX ? 0 : (uint16_t)at,
		.form = (uint16_t)form,
	};
	d->nattrs++;
	if (size < 0)
		d->all_fixed = false;
	else
		d->fixed += size;
	return 0;
}

static struct dwarf_abbrev *slot(struct dwarf_abbrevs *a, uint64_t code)
{
	if (code >= a->nv) {
		size_t nv = code < 256 ? 256 : 2 * (code + 1);
		struct dwarf_abbrev *v = realloc(a->v, nv * sizeof(*v));

		if (!v)
			return NULL;
		memset(v + a->nv, 0, (nv - a->nv) * sizeof(*v));
		a->v = v;
		a->nv = nv;
	}
	return &a->v[code];
}

/* Reads the next declaration of the table. */
static int read_declaration(struct dwarf_abbrevs *a, const char **ret_why)
{
	struct cursor c = {.p = a->bytes + a->next, .end = a->bytes + a->len};
	struct dwarf_abbrev d = {.there = true, .all_fixed = true, .first = a->nattrs}, *s;
	uint64_t code = take_uleb(&c), at, form;

	*ret_why = "an abbreviation is malformed";
	if (!code && !c.cut) {
		a->ended = true;
		return 0;
	}
	if (code > MAX_CODE) {
		*ret_why = "an abbreviation has too large a number";
		return -EBADMSG;
	}
	d.tag = take_uleb(&c);
	skip(&c, 1);
	d.children = !c.cut && c.p[-1];
	do {
		at = take_uleb(&c);
		form = take_uleb(&c);
		if (form == DW_FORM_implicit_const)
			take_uleb(&c);
		if (c.cut)
			return -EBADMSG;
		if (++a->work > MAX_WORK) {
			*ret_why = "too many abbreviations";
			return -EBADMSG;
		}
		if (at || form) {
			int r = add_attr(a, &d, at, form);

			if (r == -EBADMSG)
				*ret_why = "an abbreviation has an unknown form";
			if (r)
				return r;
		}
	} while (at || form);
	s = slot(a, code);
	if (!s)
		return -ENOMEM;
	if (!s->there) /* the first of its number holds */
		*s = d;
	a->next = c.p - a->bytes;
	return 0;
}

/* NULL: there is none, or *ret_r is an error. */
static const struct dwarf_abbrev *find(struct dwarf_abbrevs *a, uint64_t code, int *ret_r,
				       const char **ret_why)
{
	*ret_r = 0;
	while (code >= a->nv || !a->v[code].there) {
		if (!a->ended && a->next >= a->len)
			a->ended = true;
		if (a->ended || code > MAX_CODE) {
			*ret_why = "an entry has an unknown abbreviation";
			*ret_r = -EBADMSG;
			return NULL;
		}
		*ret_r = read_declaration(a, ret_why);
		if (*ret_r)
			return NULL;
	}
	return &a->v[code];
}

/* ---- entries ---- */

/* Skips a value whose form is not of a fixed size; false: an unknown form. */
static bool skip_value(const struct dwarf_abbrevs *a, const struct elf_image *e, struct cursor *c,
		       unsigned int form)
{
	const uint8_t *nul;
	int size;

	for (int indirect = 0; form == DW_FORM_indirect; indirect++) {
		form = take_uleb(c);
		if (c->cut)
			return true;
		/* Its own constant would stand in the abbreviation, which does not name it. */
		if (indirect || form == DW_FORM_implicit_const)
			return false;
	}
	switch (form) {
	case DW_FORM_string:
		nul = memchr(c->p, 0, c->end - c->p);
		skip(c, nul ? (uint64_t)(nul + 1 - c->p) : UINT64_MAX);
		return true;
	case DW_FORM_block1:
		skip(c, take(e, c, 1));
		return true;
	case DW_FORM_block2:
		skip(c, take(e, c, 2));
		return true;
	case DW_FORM_block4:
		skip(c, take(e, c, 4));
		return true;
	case DW_FORM_block:
	case DW_FORM_exprloc:
		skip(c, take_uleb(c));
		return true;
	case FORM_LLVM_ADDRX_OFFSET:
		take_uleb(c);
		skip(c, 4);
		return true;
	}
	size = form_size(a, form);
	if (size == -1)
		take_uleb(c);
	else if (size >= 0)
		skip(c, size);
	return size != -2;
}

int dwarf_skip_entry(struct dwarf_abbrevs *a, const struct elf_image *e, const uint8_t *info,
		     size_t len, uint64_t off, struct dwarf_entry *ret, const char **ret_why)
{
	struct cursor c = {.p = info + off, .end = info + len};
	const struct dwarf_abbrev *d;
	uint64_t code = take_uleb(&c);
	int r;

	*ret = (struct dwarf_entry){.off = off};
	if (c.cut)
		return DWARF_SKIP_CUT;
	if (!code) {
		ret->end = c.p - info;
		return 0;
	}
	d = find(a, code, &r, ret_why);
	if (!d)
		return r;
	ret->tag = d->tag;
	ret->children = d->children;
	if (d->all_fixed && d->tag != DW_TAG_compile_unit && d->tag != DW_TAG_structure_type) {
		skip(&c, d->fixed);
		ret->end = c.p - info;
		return c.cut ? DWARF_SKIP_CUT : 0;
	}
	for (uint32_t i = d->first; i < d->first + d->nattrs; i++) {
		const struct dwarf_attr *at = &a->attrs[i];
		const uint8_t *value = c.p;

		if (!skip_value(a, e, &c, at->form)) {
			*ret_why = "an entry has an unknown form";
			return -EBADMSG;
		}
		if (c.cut)
			return DWARF_SKIP_CUT;
		if (at->at == DW_AT_name) {
			ret->has_name = true;
			ret->name_form = at->form;
			ret->name = at->form == DW_FORM_string ? (const char *)value : NULL;
		} else if (at->at == DW_AT_language) {
			struct cursor v = {.p = value, .end = c.p};
			size_t width = c.p - value;

			ret->lang = at->form == DW_FORM_udata		     ? take_uleb(&v)
				    : width == 1 || width == 2 || width == 4 ? take(e, &v, width)
									     : 0;
		}
	}
	ret->end = c.p - info;
	return 0;
}
