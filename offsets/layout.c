/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of layout.def as data, and questions to a layout. */
#include "layout.h"

#include <stdio.h>
#include <string.h>
#include "base/err.h"

static const struct {
	const char *name, *other;
	size_t len;
} structs[GOLIN_S_MAX] = {
#define GOLIN_STRUCT(id, n, o) [GOLIN_S_##id] = {n, o, sizeof(n) - 1},
#define GOLIN_FIELD(s, id, member, need)
#include "golin/layout.def"
#undef GOLIN_STRUCT
#undef GOLIN_FIELD
};

enum { REQ = 1, OPT = 0 };

static const struct {
	const char *member;
	uint16_t structure;
	bool required;
} fields[GOLIN_F_MAX] = {
#define GOLIN_STRUCT(id, n, o)
#define GOLIN_FIELD(s, id, m, need) [GOLIN_F_##s##_##id] = {m, GOLIN_S_##s, need},
#include "golin/layout.def"
#undef GOLIN_STRUCT
#undef GOLIN_FIELD
};

const char *golin_struct_name(enum golin_struct_id id)
{
	return structs[id].name;
}

const char *layout_struct_other_names(enum golin_struct_id id)
{
	return structs[id].other;
}

enum golin_struct_id golin_field_struct(enum golin_field_id id)
{
	return fields[id].structure;
}

const char *golin_field_name(enum golin_field_id id)
{
	return fields[id].member;
}

bool golin_field_required(enum golin_field_id id)
{
	return fields[id].required;
}

enum golin_field_id layout_find_field(enum golin_struct_id id, const char *member)
{
	for (int f = 0; f < GOLIN_F_MAX; f++)
		if (fields[f].structure == id && !strcmp(fields[f].member, member))
			return f;
	return GOLIN_F_MAX;
}

static bool in_names(const char *names, const char *name, size_t len)
{
	while (*names) {
		size_t n = strcspn(names, "|");

		if (n == len && !memcmp(names, name, n))
			return true;
		names += n + (names[n] == '|');
	}
	return false;
}

/* Asked for every struct of a program: lengths settle nearly all. */
enum golin_struct_id layout_find_struct(const char *name)
{
	size_t len = strlen(name);

	for (int s = 0; s < GOLIN_S_MAX; s++)
		if ((structs[s].len == len && !memcmp(structs[s].name, name, len)) ||
		    (*structs[s].other && in_names(structs[s].other, name, len)))
			return s;
	return GOLIN_S_MAX;
}

bool golin_layout_get(const struct golin_layout *l, enum golin_field_id id, uint32_t *ret_offset)
{
	if (id >= GOLIN_F_MAX || l->fields[id].source == GOLIN_FROM_NONE)
		return false;
	*ret_offset = l->fields[id].offset;
	return true;
}

int golin_layout_check(const struct golin_layout *l, struct golin_err *err)
{
	char list[400] = "";
	size_t len = 0;
	int more = 0;

	for (int f = 0; f < GOLIN_F_MAX; f++) {
		int n;

		if (!fields[f].required || l->fields[f].source != GOLIN_FROM_NONE)
			continue;
		n = snprintf(list + len, sizeof(list) - len, "%s%s.%s", len ? ", " : "",
			     structs[fields[f].structure].name, fields[f].member);
		if (n < 0 || (size_t)n >= sizeof(list) - len) {
			list[len] = '\0';
			more++;
			continue;
		}
		len += n;
	}
	if (!len)
		return 0;
	if (more)
		return golin_err_set(err, -ENODATA, "the layout lacks %s and %d more", list, more);
	return golin_err_set(err, -ENODATA, "the layout lacks %s", list);
}
