/* SPDX-License-Identifier: BSD-2-Clause */
#include "dwarf_types.h"

#include <dwarf.h>
#include <inttypes.h>
#include <string.h>
#include "base/err.h"
#include "base/text.h"
#include "dwarf_elf.h"
#include "elf_image.h"
#include "layout.h"

enum {
	/* Entries right below the unit's own, and members. Half a second, were there so many. */
	MAX_DIES = 10 * 1000 * 1000,
	/* One entry with all below it. */
	MAX_DIE_SIZE = 16 << 20,
	MAX_MEMBERS = 4096,
	MAX_TYPE_CHAIN = 16,
};

struct walk {
	struct dwarf_elf d;
	const struct dwarf_want *want;
	struct dwarf_struct *structs;
	struct golin_err *err;
	uint64_t dies; /* visited so far */
	int missing;   /* structs not found yet for which the search goes on */
	bool any;      /* a struct was found */
};

static int corrupt(struct walk *w, uint64_t off, const char *what)
{
	int code = dwarf_errno();
	const char *why = code ? dwarf_errmsg(code) : NULL;

	return golin_err_set(w->err, -EBADMSG, "corrupt DWARF: %s at 0x%" PRIx64 " of %s%s%s", what,
			     off, w->d.info.name, why ? ": " : "", why ? why : "");
}

/* ---- attributes ---- */

/* A name that stands in another section, which is not loaded yet. */
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

enum { GET_AGAIN = 1 };

/*
 * The name of a DIE. GET_AGAIN: the sections with strings had to be loaded, all DIEs have to be got
 * once more. A DIE without a name gives NULL.
 */
static int die_name(struct walk *w, Dwarf_Die *die, const char **ret)
{
	Dwarf_Attribute attr;
	const char *name;

	*ret = NULL;
	if (!dwarf_attr(die, DW_AT_name, &attr))
		return 0;
	if (is_remote_string(attr.form) && !w->d.with_strings) {
		int r = dwarf_elf_add_strings(&w->d, w->err);

		return r ? r : GET_AGAIN;
	}
	name = dwarf_formstring(&attr);
	if (!name)
		return corrupt(w, dwarf_dieoffset(die), "a name cannot be read");
	*ret = name;
	return 0;
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
	default:
		return false;
	}
	*ret = off + (dwarf_dieoffset(die) - dwarf_cuoffset(die));
	return true;
}

/* ---- types of members ---- */

/*
 * A DIE that is there with all its attributes: it is followed by one that libdw can tell, or by the
 * end of a whole unit. Grows until that is so.
 */
static int get_die(struct walk *w, uint64_t off, Dwarf_Die *ret, Dwarf_Die *ret_next,
		   bool *ret_last)
{
	for (uint64_t more = 4096;; more *= 2) {
		bool cut;
		int r = dwarf_elf_grow(&w->d, off + more, w->err);

		if (r)
			return r;
		if (more > MAX_DIE_SIZE)
			return corrupt(w, off, "an entry of more than 16 MiB");
		cut = w->d.is_patched && off >= w->d.tail;
		if (!cut && !dwarf_elf_is_whole(&w->d) && off >= w->d.tail)
			cut = true;
		if (++w->dies > MAX_DIES)
			return golin_err_set(w->err, -EBADMSG,
					     "corrupt DWARF: more than %d entries in %s", MAX_DIES,
					     w->d.info.name);
		if (!dwarf_offdie(w->d.dbg, off, ret)) {
			if (!cut)
				return corrupt(w, off, "no entry");
			dwarf_errno();
			continue;
		}
		r = dwarf_siblingof(ret, ret_next);
		if (r == 0 && dwarf_dieoffset(ret_next) <= off)
			return corrupt(w, off, "an entry's sibling lies before it");
		if (r != 0 && cut) {
			dwarf_errno(); /* forgets it: an entry that is cut is no error */
			continue;
		}
		if (r < 0)
			return corrupt(w, off, "an entry is malformed");
		*ret_last = r > 0;
		return 0;
	}
}

/* The name of the type at off, and its size, which typedefs hand down. */
static int resolve_type(struct walk *w, struct dwarf_member *m)
{
	uint64_t off = m->type_off;
	const char *name;
	Dwarf_Die die, next;
	bool last;
	int r;

	for (int i = 0; i < MAX_TYPE_CHAIN; i++) {
		if (off >= w->d.info.size)
			return corrupt(w, off, "a type lies outside");
		do {
			r = get_die(w, off, &die, &next, &last);
			if (!r && i == 0)
				r = die_name(w, &die, &name);
		} while (r == GET_AGAIN);
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
	if (s->members.len >= MAX_MEMBERS)
		return corrupt(w, dwarf_dieoffset(die), "a struct has too many members");
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
	Dwarf_Die child;
	int r;

	if (!die_number(die, DW_AT_byte_size, &size))
		return 0; /* a declaration */
	if (size > LAYOUT_MAX_STRUCT)
		return corrupt(w, off, "a struct is too large");
	s->members.len = 0;
	for (r = dwarf_child(die, &child); r == 0; r = dwarf_siblingof(&child, &child)) {
		if (++w->dies > MAX_DIES)
			return corrupt(w, off, "too many entries");
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

/* Looks at one entry of the unit. */
static int visit(struct walk *w, Dwarf_Die *die)
{
	const char *name;
	int id, r;

	if (dwarf_tag(die) != DW_TAG_structure_type)
		return 0;
	r = die_name(w, die, &name);
	if (r || !name)
		return r;
	id = w->want->struct_id(w->want->arg, name);
	if (id < 0 || id >= w->want->nstructs || w->structs[id].found)
		return 0;
	return add_struct(w, id, die);
}

/*
 * All entries right below the unit's own, none deeper: no recursion, whatever the nesting. Ends
 * early when nothing is missing any more.
 */
static int walk_unit(struct walk *w, const struct dwarf_unit *u)
{
	Dwarf_Die die, next;
	uint64_t off = u->die;
	bool last;
	int r;

	/* The first child stands right behind the unit's entry, whose end only libdw knows. */
	for (uint64_t more = 4096;; more *= 2) {
		if (more > MAX_DIE_SIZE)
			return corrupt(w, off, "an entry of more than 16 MiB");
		r = dwarf_elf_grow(&w->d, off + more, w->err);
		if (r)
			return r;
		if (!dwarf_offdie(w->d.dbg, u->die, &die))
			return corrupt(w, u->die, "no entry");
		r = dwarf_child(&die, &next);
		if (!r)
			break;
		if (w->d.info_len >= u->end)
			return r < 0 ? corrupt(w, u->die, "a unit's entry is malformed") : 0;
	}
	off = dwarf_dieoffset(&next);
	for (;;) {
		r = get_die(w, off, &die, &next, &last);
		if (!r)
			r = visit(w, &die);
		if (r == GET_AGAIN)
			continue;
		if (r || last || w->missing <= 0)
			return r;
		off = dwarf_dieoffset(&next);
	}
}

/* ---- units ---- */

/* A unit of Go's that is named "runtime". */
static int is_runtime_unit(struct walk *w, const struct dwarf_unit *u, bool *ret)
{
	const char *name;
	uint64_t lang;
	Dwarf_Die die;
	int r;

	*ret = false;
	if (!u->compile)
		return 0;
	do {
		r = dwarf_elf_grow(&w->d, u->die + 1 < w->d.info.size ? u->die + 1 : u->die,
				   w->err);
		if (r)
			return r;
		if (!dwarf_offdie(w->d.dbg, u->die, &die))
			return corrupt(w, u->die, "a unit has no entry");
		/* Units of C may keep their names elsewhere: not a reason to load all strings. */
		if (!die_number(&die, DW_AT_language, &lang) || lang != DW_LANG_Go)
			return 0;
		r = die_name(w, &die, &name);
	} while (r == GET_AGAIN);
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
		r = dwarf_elf_unit(&w->d, off, &u, w->err);
		if (!r)
			r = is_runtime_unit(w, &u, &is_runtime);
		if (r)
			return r;
		if (!is_runtime)
			continue;
		r = walk_unit(w, &u);
		if (r)
			return r;
		*ret_version = u.version;
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
	r = dwarf_elf_open(e, &w.d, err);
	if (r)
		return r;
	r = walk_units(&w, ret_version);
	if (!r)
		r = resolve_types(&w);
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
