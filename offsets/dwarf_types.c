/* SPDX-License-Identifier: BSD-2-Clause */
#include "dwarf_types.h"

#include <dwarf.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/err.h"
#include "base/text.h"
#include "dwarf_elf.h"
#include "dwarf_skip.h"
#include "elf_image.h"
#include "layout.h"

enum {
	/* Ten times as many as a program of 140 MiB has in the unit with Go's types. */
	MAX_ENTRIES = 10 * 1000 * 1000,
	MAX_ENTRY_SIZE = 16 << 20,
	MAX_UNITS = 1 << 18,
	MAX_MEMBERS = 4096,
	MAX_TYPE_CHAIN = 16,
};

/* A unit, and how to read the entries in it. */
struct view {
	struct dwarf_unit unit;
	struct dwarf_abbrevs abbrevs;
};

struct walk {
	struct dwarf_elf d;
	const struct dwarf_want *want;
	struct dwarf_struct *structs;
	struct golin_err *err;
	struct view types;	 /* the unit that has Go's types */
	struct view other;	 /* another one to which a type refers */
	uint64_t entries, units; /* visited so far */
	int missing;		 /* structs not found yet for which the search goes on */
	bool any;		 /* a struct was found */
};

static int corrupt(struct walk *w, uint64_t off, const char *what)
{
	int code = dwarf_errno();
	const char *why = code ? dwarf_errmsg(code) : NULL;

	return golin_err_set(w->err, -EBADMSG, "corrupt DWARF: %s at 0x%" PRIx64 " of %s%s%s", what,
			     off, w->d.info.name, why ? ": " : "", why ? why : "");
}

/* ---- attributes ---- */

/* A name that stands in another section, which may not be loaded yet. */
static bool is_remote_string(unsigned int form)
{
	switch (form) {
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
		return true;
	default:
		return false;
	}
}

/* The name of a DIE; one without a name gives NULL. */
static int die_name(struct walk *w, Dwarf_Die *die, const char **ret)
{
	Dwarf_Attribute attr;
	int r;

	*ret = NULL;
	if (!dwarf_attr(die, DW_AT_name, &attr))
		return 0;
	if (attr.form == DW_FORM_GNU_strp_alt || attr.form == DW_FORM_strp_sup)
		return golin_err_set(w->err, -EOPNOTSUPP,
				     "the names of its DWARF stand in another file (dwz -m)");
	if (is_remote_string(attr.form)) {
		r = dwarf_elf_add_strings(&w->d, w->err);
		if (r)
			return r;
	}
	*ret = dwarf_formstring(&attr);
	return *ret ? 0 : corrupt(w, dwarf_dieoffset(die), "a name cannot be read");
}

static bool die_number(Dwarf_Die *die, unsigned int at, uint64_t *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Word v;

	if (!dwarf_attr(die, at, &attr) || dwarf_formudata(&attr, &v))
		return false;
	*ret = v;
	return true;
}

static bool read_uleb(const struct walk *w, const uint8_t *p, uint64_t *ret)
{
	const uint8_t *end = w->d.buf + w->d.info_off + w->d.info_len;

	*ret = 0;
	for (unsigned int shift = 0; p < end && shift < 64; shift += 7) {
		*ret |= (uint64_t)(*p & 0x7f) << shift;
		if (!(*p++ & 0x80))
			return true;
	}
	return false;
}

/*
 * The section offset to which DW_AT_type refers, also when that much of the section is not there
 * yet: Go uses DW_FORM_ref_addr, which libdw resolves only within what it has.
 */
static bool type_offset(struct walk *w, Dwarf_Die *die, uint64_t *ret)
{
	const struct elf_image *e = w->d.elf;
	Dwarf_Attribute attr;
	Dwarf_Die cu;
	uint8_t offsize;
	uint64_t off;

	if (!dwarf_attr(die, DW_AT_type, &attr) ||
	    !dwarf_cu_die(attr.cu, &cu, NULL, NULL, NULL, &offsize, NULL, NULL))
		return false;
	switch (attr.form) {
	case DW_FORM_ref_addr:
		*ret = offsize == 8 ? elf_u64(e, attr.valp) : elf_u32(e, attr.valp);
		return true;
	/* Within the unit. */
	case DW_FORM_ref1:
		off = *attr.valp;
		break;
	case DW_FORM_ref2:
		off = elf_u16(e, attr.valp);
		break;
	case DW_FORM_ref4:
		off = elf_u32(e, attr.valp);
		break;
	case DW_FORM_ref8:
		off = elf_u64(e, attr.valp);
		break;
	case DW_FORM_ref_udata:
		if (!read_uleb(w, attr.valp, &off))
			return false;
		break;
	default:
		return false;
	}
	*ret = off + (dwarf_dieoffset(die) - dwarf_cuoffset(die));
	return true;
}

/* ---- entries ---- */

/* The entry at off, which is within the unit; it is there as a whole then. */
static int get_entry(struct walk *w, struct view *v, uint64_t off, struct dwarf_entry *ret)
{
	uint64_t want = off + 1;

	for (;;) {
		const char *why;
		uint64_t len;
		int r = dwarf_elf_grow(&w->d, want, w->err);

		if (r)
			return r;
		if (++w->entries > MAX_ENTRIES)
			return golin_err_set(w->err, -EBADMSG,
					     "corrupt DWARF: more than %d entries in %s",
					     MAX_ENTRIES, w->d.info.name);
		len = w->d.info_len < v->unit.end ? w->d.info_len : v->unit.end;
		r = dwarf_skip_entry(&v->abbrevs, w->d.elf, w->d.buf + w->d.info_off, len, off, ret,
				     &why);
		if (r == -ENOMEM)
			return golin_err_set(w->err, r, "out of memory");
		if (r == -EBADMSG)
			return corrupt(w, off, why);
		if (r != DWARF_SKIP_CUT)
			return 0;
		if (len == v->unit.end)
			return corrupt(w, off, "an entry goes beyond its unit");
		if (len - off > MAX_ENTRY_SIZE)
			return corrupt(w, off, "an entry of more than 16 MiB");
		want = len + (len - off) + 1;
	}
}

static void use_unit(struct walk *w, struct view *v, const struct dwarf_unit *u)
{
	v->unit = *u;
	v->abbrevs.bytes = w->d.buf + w->d.part_off[DWARF_PART_ABBREV];
	v->abbrevs.len = w->d.parts[DWARF_PART_ABBREV].size;
	dwarf_abbrevs_use(&v->abbrevs, u);
}

static int next_unit(struct walk *w, uint64_t off, struct dwarf_unit *ret)
{
	if (++w->units > MAX_UNITS)
		return golin_err_set(w->err, -EBADMSG, "corrupt DWARF: more than %d units in %s",
				     MAX_UNITS, w->d.info.name);
	return dwarf_elf_unit(&w->d, off, ret, w->err);
}

/* The unit in which off lies: Go's types refer to each other within one, others need not. */
static int view_of(struct walk *w, uint64_t off, struct view **ret)
{
	const struct dwarf_unit *o = &w->other.unit;
	struct dwarf_unit u;

	*ret = &w->types;
	if (off >= w->types.unit.off && off < w->types.unit.end)
		return 0;
	*ret = &w->other;
	if (o->end && off >= o->off && off < o->end)
		return 0;
	for (uint64_t at = o->end && off >= o->end ? o->end : 0;; at = u.end) {
		int r = next_unit(w, at, &u);

		if (r == -ENODATA)
			return corrupt(w, off, "a type lies outside");
		if (r)
			return r;
		if (off < u.end)
			break;
	}
	use_unit(w, &w->other, &u);
	return 0;
}

/* libdw's view of an entry that is there as a whole. */
static int get_die(struct walk *w, uint64_t off, Dwarf_Die *ret)
{
	return dwarf_offdie(w->d.dbg, off, ret) ? 0 : corrupt(w, off, "no entry");
}

/* ---- types of members ---- */

/* The name of the type at off, and its size, which typedefs hand down. */
static int resolve_type(struct walk *w, struct dwarf_member *m)
{
	uint64_t off = m->type_off;
	const char *name = NULL;
	struct dwarf_entry entry;
	struct view *view;
	Dwarf_Die die;
	int r;

	for (int i = 0; i < MAX_TYPE_CHAIN; i++) {
		if (off >= w->d.info.size)
			return corrupt(w, off, "a type lies outside");
		r = view_of(w, off, &view);
		if (!r)
			r = get_entry(w, view, off, &entry);
		if (!r && !entry.tag)
			r = corrupt(w, off, "no entry");
		if (!r)
			r = get_die(w, off, &die);
		if (!r && i == 0)
			r = die_name(w, &die, &name);
		if (r)
			return r;
		if (i == 0 && name)
			golin_text_clean(m->type, sizeof(m->type), name, strlen(name));
		if (die_number(&die, DW_AT_byte_size, &m->size))
			return 0;
		switch (dwarf_tag(&die)) {
		case DW_TAG_pointer_type:
		case DW_TAG_subroutine_type: /* a Go func value is a pointer */
		case DW_TAG_reference_type:
			m->size = w->d.elf->is64 ? 8 : 4;
			return 0;
		case DW_TAG_typedef:
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
			if (type_offset(w, &die, &off))
				continue;
			return corrupt(w, off, "a typedef of nothing");
		default:
			return corrupt(w, off, "a type has no size");
		}
	}
	return corrupt(w, m->type_off, "a type that goes round in circles");
}

/* ---- structs ---- */

static int add_member(struct walk *w, int id, Dwarf_Die *die)
{
	struct dwarf_struct *s = &w->structs[id];
	struct dwarf_member *m;
	const char *name;
	int r = die_name(w, die, &name);

	if (r)
		return r;
	if (!name || (w->want->member && !w->want->member(w->want->arg, id, name)))
		return 0;
	m = array_add(&s->members);
	if (!m)
		return golin_err_set(w->err, -ENOMEM, "out of memory");
	golin_text_clean(m->name, sizeof(m->name), name, strlen(name));
	if (!die_number(die, DW_AT_data_member_location, &m->offset))
		return corrupt(w, dwarf_dieoffset(die), "a member has no constant offset");
	if (!type_offset(w, die, &m->type_off))
		return corrupt(w, dwarf_dieoffset(die), "a member has no type");
	return 0;
}

/* The struct at `die`, which is there as a whole. */
static int add_struct(struct walk *w, int id, Dwarf_Die *die)
{
	struct dwarf_struct *s = &w->structs[id];
	uint64_t off = dwarf_dieoffset(die), size;
	int r, children = 0;
	Dwarf_Die child;

	if (!die_number(die, DW_AT_byte_size, &size))
		return 0; /* a declaration */
	if (size > LAYOUT_MAX_STRUCT)
		return corrupt(w, off, "a struct is too large");
	s->members.len = 0;
	for (r = dwarf_child(die, &child); r == 0; r = dwarf_siblingof(&child, &child)) {
		if (++children > MAX_MEMBERS)
			return corrupt(w, off, "a struct has too many members");
		if (dwarf_tag(&child) != DW_TAG_member)
			continue;
		r = add_member(w, id, &child);
		if (r)
			return r;
	}
	if (r < 0)
		return corrupt(w, off, "the members of a struct cannot be read");
	s->found = true;
	s->size = size;
	w->any = true;
	w->missing -= !(w->want->dispensable && w->want->dispensable[id]);
	return 0;
}

/* The wanted struct that an entry is; -1: none. */
static int wanted(struct walk *w, const struct dwarf_entry *e, int *ret)
{
	const char *name = e->name;
	Dwarf_Die die;
	int r, id;

	*ret = -1;
	if (!e->has_name)
		return 0;
	if (!name) {
		r = get_die(w, e->off, &die);
		if (!r)
			r = die_name(w, &die, &name);
		if (r || !name)
			return r;
	}
	id = w->want->struct_id(w->want->arg, name);
	if (id >= 0 && id < w->want->nstructs && !w->structs[id].found)
		*ret = id;
	return 0;
}

/* A struct right below the unit's entry whose members are being passed. */
struct open_struct {
	int id; /* -1: none */
	uint64_t off;
};

static int end_struct(struct walk *w, struct open_struct *s)
{
	int id = s->id, r;
	Dwarf_Die die;

	if (id < 0)
		return 0;
	s->id = -1;
	r = get_die(w, s->off, &die);
	return r ? r : add_struct(w, id, &die);
}

/*
 * All entries of the unit in their order; only those right below the unit's own matter. No
 * recursion, whatever the nesting. Ends early when nothing is missing any more.
 */
static int walk_unit(struct walk *w, struct view *v)
{
	struct open_struct open = {.id = -1};
	struct dwarf_entry e;
	uint64_t depth = 0;
	int r = 0;

	/* Lists of children that the unit's end cuts are taken as ended, as libdw does. */
	for (uint64_t off = v->unit.die; off < v->unit.end && w->missing > 0; off = e.end) {
		r = get_entry(w, v, off, &e);
		if (r)
			return r;
		/* Some of its types stand elsewhere: not to be taken for absent. */
		if (depth == 1 && e.tag == DW_TAG_imported_unit)
			return golin_err_set(w->err, -EOPNOTSUPP,
					     "Go's types are spread over several units (dwz)");
		if (depth == 1 && e.tag == DW_TAG_structure_type) {
			r = wanted(w, &e, &open.id);
			open.off = off;
		}
		if (!e.tag && depth)
			depth--;
		else if (e.tag && e.children)
			depth++;
		if (!r && depth == 1)
			r = end_struct(w, &open);
		if (r)
			return r;
		if (!depth)
			return 0;
	}
	return end_struct(w, &open);
}

/* ---- units ---- */

/* A unit of Go's that is named "runtime". */
static int is_runtime_unit(struct walk *w, struct view *v, bool *ret)
{
	struct dwarf_entry e;
	const char *name;
	Dwarf_Die die;
	int r;

	*ret = false;
	if (!v->unit.compile)
		return 0;
	r = get_entry(w, v, v->unit.die, &e);
	/* Units of C may keep their names elsewhere: not a reason to load all strings. */
	if (r || e.tag != DW_TAG_compile_unit || e.lang != DW_LANG_Go || !e.has_name)
		return r;
	name = e.name;
	if (!name) {
		r = get_die(w, v->unit.die, &die);
		if (!r)
			r = die_name(w, &die, &name);
	}
	*ret = !r && name && !strcmp(name, "runtime");
	return r;
}

static int walk_units(struct walk *w, uint32_t *ret_version)
{
	struct dwarf_unit u;
	bool is_runtime;
	int r;

	for (uint64_t off = 0; !w->any; off = u.end) {
		if (off >= w->d.info.size)
			return golin_err_set(w->err, -ENODATA, "no types of Go in %s",
					     w->d.info.name);
		r = next_unit(w, off, &u);
		if (r)
			return r;
		use_unit(w, &w->types, &u);
		r = is_runtime_unit(w, &w->types, &is_runtime);
		if (!r && is_runtime)
			r = walk_unit(w, &w->types);
		if (r)
			return r;
		*ret_version = u.version;
	}
	if (w->want->place) {
		snprintf(w->want->place->section, sizeof(w->want->place->section), "%.23s",
			 w->d.info.name);
		w->want->place->unit = w->types.unit.off;
	}
	return 0;
}

/* Behind the walk, because a type may stand behind the struct that uses it. */
static int resolve_types(struct walk *w)
{
	for (int i = 0; i < w->want->nstructs; i++) {
		struct dwarf_struct *s = &w->structs[i];

		for (size_t j = 0; j < s->members.len; j++) {
			struct dwarf_member *m = &s->members.v[j];
			int r = resolve_type(w, m);

			if (r)
				return r;
			if (m->size > s->size || m->offset > s->size - m->size)
				return golin_err_set(
					w->err, -EBADMSG,
					"corrupt DWARF: member %s at %" PRIu64 " of %" PRIu64
					" bytes does not fit into its struct of %" PRIu64,
					m->name, m->offset, m->size, s->size);
		}
	}
	return 0;
}

int dwarf_types_collect(const struct elf_image *e, const struct dwarf_want *want,
			struct dwarf_struct *ret, uint32_t *ret_version, struct golin_err *err)
{
	struct walk w = {.want = want, .structs = ret, .err = err};
	int r;

	memset(ret, 0, want->nstructs * sizeof(*ret));
	for (int i = 0; i < want->nstructs; i++)
		w.missing += !(want->dispensable && want->dispensable[i]);
	if (elf_image_section(e, ".gnu_debugaltlink"))
		return golin_err_set(err, -EOPNOTSUPP,
				     "a part of its DWARF stands in another file (dwz -m)");
	r = dwarf_elf_open(e, &w.d, err);
	if (r)
		return r;
	r = walk_units(&w, ret_version);
	if (!r)
		r = resolve_types(&w);
	dwarf_abbrevs_done(&w.types.abbrevs);
	dwarf_abbrevs_done(&w.other.abbrevs);
	dwarf_elf_done(&w.d);
	if (r)
		dwarf_structs_done(ret, want->nstructs);
	return r;
}

void dwarf_structs_done(struct dwarf_struct *s, int n)
{
	for (int i = 0; i < n; i++)
		array_free(&s[i].members);
	memset(s, 0, n * sizeof(*s));
}
