/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of layout.def as data, and questions to a layout. */
#include "layout.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "base/err.h"

static const struct {
	const char *name, *other; /* other: |-separated */
} structs[GOLIN_S_MAX] = {
#define GOLIN_STRUCT(id, n, o) [GOLIN_S_##id] = {n, o},
#define GOLIN_FIELD(s, id, m, o, need)
#include "golin/layout.def"
#undef GOLIN_STRUCT
#undef GOLIN_FIELD
};

enum { REQ = 1, OPT = 0 };

static const struct {
	const char *member, *other;
	uint16_t structure;
	bool required;
} fields[GOLIN_F_MAX] = {
#define GOLIN_STRUCT(id, n, o)
#define GOLIN_FIELD(s, id, m, o, need) [GOLIN_F_##s##_##id] = {m, o, GOLIN_S_##s, need},
#include "golin/layout.def"
#undef GOLIN_STRUCT
#undef GOLIN_FIELD
};

const char *golin_struct_name(enum golin_struct_id id)
{
	return structs[id].name;
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

/* ---- by name ---- */

/*
 * All names of structs in an open-addressing table, and where the fields of each begin: asked for
 * every struct of a program, of which there are tens of thousands.
 */
enum { NAME_SLOTS = 512 };

static struct {
	const char *name; /* not NUL-terminated: up to a | or the end */
	uint16_t len, id;
} names[NAME_SLOTS];
static uint16_t first_field[GOLIN_S_MAX + 1];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* A large program's DWARF has 100,000 names to be looked up: by their ends and lengths. */
static uint32_t name_hash(const char *s, size_t len)
{
	uint64_t h = 0;
	size_t n = len < sizeof(h) ? len : sizeof(h);

	memcpy(&h, s + len - n, n);
	h = (h ^ len) * 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32);
}

static void add_names(const char *list, uint16_t id)
{
	while (*list) {
		size_t len = strcspn(list, "|");
		uint32_t i = name_hash(list, len) % NAME_SLOTS;

		while (names[i].name)
			i = (i + 1) % NAME_SLOTS;
		names[i].name = list;
		names[i].len = (uint16_t)len;
		names[i].id = id;
		list += len + (list[len] == '|');
	}
}

static void index_names(void)
{
	int s = 0;

	_Static_assert(GOLIN_S_MAX * 2 < NAME_SLOTS, "the table of names would be too full");
	for (int i = 0; i < GOLIN_S_MAX; i++) {
		add_names(structs[i].name, i);
		add_names(structs[i].other, i);
	}
	/* layout.def has the fields of a struct behind it: they are numbered without a gap. */
	for (int f = 0; f < GOLIN_F_MAX; f++)
		while (s <= fields[f].structure)
			first_field[s++] = f;
	while (s <= GOLIN_S_MAX)
		first_field[s++] = GOLIN_F_MAX;
}

static bool in_list(const char *list, const char *name, size_t len)
{
	while (*list) {
		size_t n = strcspn(list, "|");

		if (n == len && !memcmp(list, name, n))
			return true;
		list += n + (list[n] == '|');
	}
	return false;
}

enum golin_struct_id golin_struct_find(const char *name)
{
	size_t len = strlen(name);

	pthread_once(&once, index_names);
	for (uint32_t i = name_hash(name, len) % NAME_SLOTS; names[i].name;
	     i = (i + 1) % NAME_SLOTS)
		if (names[i].len == len && !memcmp(names[i].name, name, len))
			return names[i].id;
	return GOLIN_S_MAX;
}

enum golin_field_id golin_field_find(enum golin_struct_id id, const char *member)
{
	size_t len = strlen(member);

	pthread_once(&once, index_names);
	for (int f = first_field[id]; f < first_field[id + 1]; f++)
		if (!strcmp(fields[f].member, member) || in_list(fields[f].other, member, len))
			return f;
	return GOLIN_F_MAX;
}

enum golin_field_id golin_struct_fields(enum golin_struct_id id, enum golin_field_id *ret_end)
{
	pthread_once(&once, index_names);
	*ret_end = first_field[id + 1];
	return first_field[id];
}

/* ---- questions to a layout ---- */

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

bool layout_overlap(const struct golin_layout *l, enum golin_field_id *ret_a,
		    enum golin_field_id *ret_b)
{
	for (int a = 0; a < GOLIN_F_MAX; a++) {
		const struct golin_field *x = &l->fields[a];

		for (int b = a + 1; b < GOLIN_F_MAX && fields[b].structure == fields[a].structure;
		     b++) {
			const struct golin_field *y = &l->fields[b];

			if (!x->source || !y->source ||
			    (uint64_t)x->offset + x->size <= y->offset ||
			    (uint64_t)y->offset + y->size <= x->offset || !x->size || !y->size)
				continue;
			*ret_a = a;
			*ret_b = b;
			return true;
		}
	}
	return false;
}
