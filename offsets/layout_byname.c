/* SPDX-License-Identifier: BSD-2-Clause */
/* Layouts as programs outside see them: by name, of a size that only the library knows. */
#include <errno.h>
#include <stdlib.h>
#include "golin/layout.h"

struct golin_layout *golin_layout_new(void)
{
	return calloc(1, sizeof(struct golin_layout));
}

void golin_layout_free(struct golin_layout *l)
{
	free(l);
}

enum golin_value_source golin_layout_source(const struct golin_layout *l)
{
	return l->source;
}

int golin_layout_struct(const struct golin_layout *l, const char *name, struct golin_struct *ret)
{
	enum golin_struct_id s = golin_struct_find(name);

	if (s == GOLIN_S_MAX)
		return -ENOENT;
	if (l->structs[s].source == GOLIN_FROM_NONE)
		return -ENODATA;
	*ret = l->structs[s];
	return 0;
}

int golin_layout_field(const struct golin_layout *l, const char *name, const char *member,
		       struct golin_field *ret)
{
	enum golin_struct_id s = golin_struct_find(name);
	enum golin_field_id f = s == GOLIN_S_MAX ? GOLIN_F_MAX : golin_field_find(s, member);

	if (f == GOLIN_F_MAX)
		return -ENOENT;
	if (l->fields[f].source == GOLIN_FROM_NONE)
		return -ENODATA;
	*ret = l->fields[f];
	return 0;
}

const char *golin_wanted_struct(uint32_t i)
{
	return i < GOLIN_S_MAX ? golin_struct_name(i) : NULL;
}

const char *golin_wanted_member(uint32_t i, uint32_t j)
{
	enum golin_field_id first, end;

	if (i >= GOLIN_S_MAX)
		return NULL;
	first = golin_struct_fields(i, &end);
	return j < (uint32_t)(end - first) ? golin_field_name(first + j) : NULL;
}

const char *golin_value_source_name(enum golin_value_source source)
{
	switch (source) {
	case GOLIN_FROM_DWARF:
		return "dwarf";
	case GOLIN_FROM_TABLE:
		return "table";
	default:
		return "absent";
	}
}
