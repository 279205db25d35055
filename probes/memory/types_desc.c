/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What type descriptors say beside size, kind and name: elements, fields, methods, packages. All
 * of it is read as it stands in the program and may lie.
 */
#include <string.h>
#include "base/text.h"
#include "golin/layout.h"
#include "memory/types.h"
#include "memory/types_impl.h"

enum {
	FIELD_SPAN = 24,       /* bytes of an abi.StructField */
	FIELDS_EACH = 256,     /* of one struct that are looked at */
	FIELDS_KEPT = 1 << 15, /* of all of them, remembered */
	METHOD_SPAN = 16,
	METHODS_MAX = 4096,
	METHODS_AT_ONCE = 16,
	NAME_EMBEDDED = 1 << 3, /* bits of a name, since Go 1.19 */
	MINOR_EMBEDDED = 19,
	TFLAG_UNCOMMON = 1 << 0,
};

static bool offset_of(const struct types *t, enum golin_field_id f, uint32_t *ret)
{
	return golin_layout_get(t->m->layout, f, ret);
}

/* ---- names ---- */

bool types_text(struct types *t, uint64_t addr, size_t skip, size_t want, struct type_text *ret)
{
	uint8_t head[4];
	size_t at = 1;

	memset(ret, 0, sizeof(*ret));
	/* Behind the shortest name is always something: they do not stand at the very end. */
	if (!addr || types_desc(t, addr, head, sizeof(head)))
		return false;
	ret->flags = head[0];
	if (t->m->info->go.minor < MINOR_VARINT) {
		ret->len = (size_t)head[1] << 8 | head[2];
		at = 3;
	} else {
		for (int shift = 0; at < sizeof(head); shift += 7) {
			ret->len |= (size_t)(head[at] & 0x7f) << shift;
			if (!(head[at++] & 0x80))
				break;
		}
	}
	if (skip > ret->len)
		return false;
	ret->len -= skip;
	ret->have = ret->len < want ? ret->len : want;
	if (ret->have > sizeof(ret->b))
		ret->have = sizeof(ret->b);
	return !ret->have || !types_desc(t, addr + at + skip, ret->b, ret->have);
}

/* Where the name at an offset from the module's types stands; 0 nowhere. */
static uint64_t name_at(const struct types *t, int32_t off)
{
	return off > 0 && (uint64_t)off < t->hi - t->lo ? t->lo + (uint64_t)off : 0;
}

/* ---- elements ---- */

uint64_t types_elem_of(struct types *t, uint64_t type)
{
	static const struct {
		uint8_t kind;
		enum golin_field_id field;
	} kinds[] = {
		{GO_KIND_POINTER, GOLIN_F_PTR_TYPE_Elem}, {GO_KIND_ARRAY, GOLIN_F_ARRAY_TYPE_Elem},
		{GO_KIND_SLICE, GOLIN_F_SLICE_TYPE_Elem}, {GO_KIND_CHAN, GOLIN_F_CHAN_TYPE_Elem},
		{GO_KIND_MAP, GOLIN_F_MAP_TYPE_Elem},
	};
	const struct go_type *g = types_get(t, type);
	uint64_t elem;
	uint32_t off;

	for (size_t i = 0; g && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (g->kind == kinds[i].kind)
			return offset_of(t, kinds[i].field, &off) &&
					       !types_desc_words(t, type + off, &elem, 8)
				       ? elem
				       : 0;
	return 0;
}

bool types_array_len(struct types *t, uint64_t type, uint64_t *ret)
{
	const struct go_type *g = types_get(t, type);
	uint32_t off;

	return g && g->kind == GO_KIND_ARRAY && offset_of(t, GOLIN_F_ARRAY_TYPE_Len, &off) &&
	       !types_desc(t, type + off, ret, 8);
}

bool types_is_eface(struct types *t, uint64_t type, bool *ret)
{
	const struct go_type *g = types_get(t, type);
	uint64_t n;
	uint32_t off;

	if (!g || g->kind != GO_KIND_INTERFACE ||
	    !offset_of(t, GOLIN_F_INTERFACE_TYPE_Methods, &off) ||
	    types_desc(t, type + off + 8, &n, 8))
		return false;
	*ret = !n;
	return true;
}

/* ---- fields ---- */

/* The slice of fields: where they are, how many. */
static bool slice_of(struct types *t, uint64_t type, uint64_t ret[2])
{
	const struct go_type *g = types_get(t, type);
	uint32_t off;

	if (!g || g->kind != GO_KIND_STRUCT || !offset_of(t, GOLIN_F_STRUCT_TYPE_Fields, &off) ||
	    types_desc(t, type + off + 8, &ret[1], 8))
		return false;
	/* Even one without a size takes a descriptor. */
	if (ret[1] > UINT16_MAX)
		return false;
	return !ret[1] || !types_desc_words(t, type + off, ret, 8);
}

/* A descriptor of a field, at an address. */
static bool read_field(struct types *t, uint64_t addr, uint32_t size, struct go_field *ret)
{
	uint32_t at_name, at_type, at_off, shift = 0;
	struct type_text text;
	uint8_t raw[FIELD_SPAN];
	uint64_t name;

	memset(ret, 0, sizeof(*ret));
	if (!offset_of(t, GOLIN_F_STRUCT_FIELD_Name, &at_name) ||
	    !offset_of(t, GOLIN_F_STRUCT_FIELD_Typ, &at_type) || at_name > FIELD_SPAN - 8 ||
	    at_type > FIELD_SPAN - 8)
		return false;
	/* With the bit that says whether it is embedded, up to Go 1.18. */
	if (!offset_of(t, GOLIN_F_STRUCT_FIELD_Offset, &at_off)) {
		if (!offset_of(t, GOLIN_F_STRUCT_FIELD_offsetAnon, &at_off))
			return false;
		shift = 1;
	}
	if (at_off > FIELD_SPAN - 8 || types_desc_words(t, addr, raw, sizeof(raw)))
		return false;
	memcpy(&name, raw + at_name, 8);
	memcpy(&ret->type, raw + at_type, 8);
	memcpy(&ret->offset, raw + at_off, 8);
	if (!types_text(t, name, 0, 2 * sizeof(ret->name), &text))
		return false;
	ret->embedded = shift ? ret->offset & 1 : text.flags & NAME_EMBEDDED;
	ret->offset >>= shift;
	golin_text_clean(ret->name, sizeof(ret->name), text.b, text.have);
	return ret->offset <= size;
}

static void forget_structs(struct types *t)
{
	map64_done(&t->by_struct);
	memset(&t->by_struct, 0, sizeof(t->by_struct));
	t->structs.len = t->fields.len = 0;
}

/* What is known of a struct's fields, read when it is asked for first; NULL: memory is out. */
static const struct go_fields *fields_of(struct types *t, uint64_t type)
{
	const struct go_type *g;
	struct go_fields *f;
	uint64_t slice[2];
	uint32_t at, size;

	if (map64_get(&t->by_struct, type, &at))
		return &t->structs.v[at];
	if (t->fields.len >= FIELDS_KEPT || t->structs.len >= FIELDS_KEPT)
		forget_structs(t);
	if (!array_reserve(&t->structs, t->structs.len + 1) ||
	    !array_reserve(&t->fields, t->fields.len + FIELDS_EACH) ||
	    !map64_put(&t->by_struct, type, (uint32_t)t->structs.len))
		return NULL;
	f = &t->structs.v[t->structs.len++];
	*f = (struct go_fields){.first = (uint32_t)t->fields.len};
	if (!slice_of(t, type, slice))
		return f;
	f->n = slice[1];
	g = types_get(t, type);
	size = g ? g->size : 0;
	while (f->have < f->n && f->have < FIELDS_EACH &&
	       read_field(t, slice[0] + f->have * FIELD_SPAN, size,
			  &t->fields.v[f->first + f->have]))
		f->have++;
	t->fields.len += f->have;
	return f;
}

uint64_t types_nfields(struct types *t, uint64_t type)
{
	const struct go_fields *f = fields_of(t, type);

	return f ? f->n : 0;
}

bool types_field(struct types *t, uint64_t type, uint64_t i, struct go_field *ret)
{
	const struct go_fields *f = fields_of(t, type);

	memset(ret, 0, sizeof(*ret));
	if (!f || i >= f->have)
		return false;
	*ret = t->fields.v[f->first + i];
	return true;
}

/* ---- methods and packages ---- */

/* Where the uncommon part of a type stands: behind what its kind has. 0: it has none. */
static uint64_t uncommon_of(struct types *t, uint64_t type)
{
	static const struct {
		uint8_t kind;
		enum golin_struct_id s;
	} kinds[] = {
		{GO_KIND_POINTER, GOLIN_S_PTR_TYPE},   {GO_KIND_ARRAY, GOLIN_S_ARRAY_TYPE},
		{GO_KIND_SLICE, GOLIN_S_SLICE_TYPE},   {GO_KIND_CHAN, GOLIN_S_CHAN_TYPE},
		{GO_KIND_MAP, GOLIN_S_MAP_TYPE},       {GO_KIND_FUNC, GOLIN_S_FUNC_TYPE},
		{GO_KIND_STRUCT, GOLIN_S_STRUCT_TYPE}, {GO_KIND_INTERFACE, GOLIN_S_INTERFACE_TYPE},
	};
	const struct golin_struct *s = &t->m->layout->structs[GOLIN_S_TYPE];
	const struct go_type *g = types_get(t, type);

	if (!g || !(g->tflag & TFLAG_UNCOMMON))
		return 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (g->kind == kinds[i].kind)
			s = &t->m->layout->structs[kinds[i].s];
	return s->size ? type + s->size : 0;
}

static uint32_t says_of(struct types *t, uint64_t type)
{
	static const struct {
		const char *name;
		uint32_t says;
	} want[] = {{"Error", GO_SAYS_ERROR}, {"String", GO_SAYS_STRING}};
	uint64_t at = uncommon_of(t, type);
	uint8_t raw[METHODS_AT_ONCE * METHOD_SPAN];
	uint32_t off, moff, says = 0;
	struct type_text text;
	uint16_t n;
	int32_t name;

	if (!at || !offset_of(t, GOLIN_F_UNCOMMON_Mcount, &off) || types_desc(t, at + off, &n, 2) ||
	    !offset_of(t, GOLIN_F_UNCOMMON_Moff, &off) || types_desc(t, at + off, &moff, 4))
		return 0;
	for (uint32_t i = 0; i < n && i < METHODS_MAX; i++) {
		uint32_t in = i % METHODS_AT_ONCE, left = n - i;

		if (!in &&
		    types_desc(t, at + moff + (uint64_t)i * METHOD_SPAN, raw,
			       METHOD_SPAN * (left < METHODS_AT_ONCE ? left : METHODS_AT_ONCE)))
			break;
		memcpy(&name, raw + in * METHOD_SPAN, 4);
		if (!types_text(t, name_at(t, name), 0, 8, &text))
			continue;
		for (size_t k = 0; k < sizeof(want) / sizeof(want[0]); k++)
			if (text.len == strlen(want[k].name) &&
			    !memcmp(text.b, want[k].name, text.len))
				says |= want[k].says;
	}
	return says;
}

uint32_t types_says(struct types *t, uint64_t type)
{
	const struct go_type *g = types_get(t, type);
	uint32_t says, at;

	if (!g)
		return 0;
	if (!g->says_known) {
		says = says_of(t, type);
		if (!map64_get(&t->by_addr, type, &at))
			return says;
		t->v.v[at].says = (uint8_t)says;
		t->v.v[at].says_known = true;
		return says;
	}
	return g->says;
}

size_t types_package(struct types *t, uint64_t type, char ret[TYPE_PACKAGE_MAX])
{
	uint64_t at = uncommon_of(t, type);
	struct type_text text;
	uint32_t off;
	int32_t name;

	*ret = '\0';
	if (!at || !offset_of(t, GOLIN_F_UNCOMMON_PkgPath, &off) ||
	    types_desc(t, at + off, &name, 4) ||
	    !types_text(t, name_at(t, name), 0, TYPE_PACKAGE_MAX, &text))
		return 0;
	return golin_text_clean(ret, TYPE_PACKAGE_MAX, text.b, text.have);
}
