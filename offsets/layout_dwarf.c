/* SPDX-License-Identifier: BSD-2-Clause */
/* The wanted layouts out of DWARF. */
#include <stdio.h>
#include <string.h>
#include "base/err.h"
#include "dwarf_types.h"
#include "layout.h"

static int struct_id(const void *arg, const char *name)
{
	enum golin_struct_id id = golin_struct_find(name);

	return id == GOLIN_S_MAX ? -1 : (int)id;
}

static bool member_wanted(const void *arg, int id, const char *name)
{
	return golin_field_find(id, name) != GOLIN_F_MAX;
}

static void fill(struct golin_layout *l, int id, const struct dwarf_struct *s)
{
	if (!s->found)
		return;
	l->structs[id].size = s->size;
	l->structs[id].source = GOLIN_FROM_DWARF;
	for (size_t i = 0; i < s->members.len; i++) {
		const struct dwarf_member *m = &s->members.v[i];
		enum golin_field_id f = golin_field_find(id, m->name);

		if (f == GOLIN_F_MAX)
			continue;
		l->fields[f].offset = m->offset;
		l->fields[f].size = m->size;
		l->fields[f].source = GOLIN_FROM_DWARF;
		snprintf(l->fields[f].type, sizeof(l->fields[f].type), "%s", m->type);
	}
}

int layout_from_dwarf(struct elf_image *e, const bool *known_absent, struct golin_layout *ret,
		      uint32_t *ret_version, struct golin_err *err)
{
	struct dwarf_place place = {0};
	struct dwarf_want want = {
		.struct_id = struct_id,
		.member = member_wanted,
		.nstructs = GOLIN_S_MAX,
		.dispensable = known_absent,
		.place = &place,
	};
	struct dwarf_struct structs[GOLIN_S_MAX];
	enum golin_field_id a, b;
	int r = dwarf_types_collect(e, &want, structs, ret_version, err);

	if (r)
		return r;
	memset(ret, 0, sizeof(*ret));
	ret->source = GOLIN_FROM_DWARF;
	ret->dwarf_unit = place.unit;
	snprintf(ret->dwarf_section, sizeof(ret->dwarf_section), "%s", place.section);
	for (int i = 0; i < GOLIN_S_MAX; i++)
		fill(ret, i, &structs[i]);
	dwarf_structs_done(structs, GOLIN_S_MAX);
	if (layout_overlap(ret, &a, &b))
		return golin_err_set(err, -EBADMSG,
				     "corrupt DWARF: %s and %s of %s lie on one another",
				     golin_field_name(a), golin_field_name(b),
				     golin_struct_name(golin_field_struct(a)));
	return 0;
}
