/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What Go's type descriptors say of structs: a program carries the layout of each type that it puts
 * into an interface (internal/abi.StructType), also without DWARF.
 */
#include <string.h>
#include "golin/layout.h"
#include "memory/types.h"

enum {
	FIELDS_MAX = 64,
	DEPTH_MAX = 8,
	NAME_RAW = 64 + 3,
	PACKAGE_MAX = 128 + 3,
	FIELD_SPAN = 24,   /* bytes of an abi.StructField */
	MINOR_VARINT = 17, /* as in types.c */
};

static bool offset_of(const struct types *t, enum golin_field_id f, uint32_t *ret)
{
	return golin_layout_get(t->m->layout, f, ret);
}

/* The text of an abi.Name at an address: flags, length, bytes. */
static bool name_is(struct types *t, uint64_t addr, const char *want, size_t len)
{
	uint8_t raw[PACKAGE_MAX + 3];
	size_t n, at;

	if (!addr || len + 3 > sizeof(raw) || types_const(t, addr, raw, len + 3))
		return false;
	if (t->m->info->go.minor < MINOR_VARINT) {
		n = (size_t)raw[1] << 8 | raw[2];
		at = 3;
	} else {
		n = raw[1] & 0x7f;
		at = 2;
		if (raw[1] & 0x80) {
			n |= (size_t)(raw[2] & 0x7f) << 7;
			at = 3;
		}
	}
	return n == len && !memcmp(raw + at, want, len);
}

uint64_t types_elem(struct types *t, uint64_t type)
{
	const struct go_type *g = types_get(t, type);
	uint32_t off;
	uint64_t elem;

	if (!g || g->kind != GO_KIND_POINTER || !offset_of(t, GOLIN_F_PTR_TYPE_Elem, &off) ||
	    types_words(t, type + off, &elem, sizeof(elem)))
		return 0;
	return elem;
}

bool types_in_package(struct types *t, uint64_t type, const char *package)
{
	const struct go_type *g = types_get(t, type);
	uint64_t name;
	uint32_t off;

	return g && g->kind == GO_KIND_STRUCT && offset_of(t, GOLIN_F_STRUCT_TYPE_PkgPath, &off) &&
	       !types_words(t, type + off, &name, sizeof(name)) &&
	       name_is(t, name, package, strlen(package));
}

/* One member of a struct type. */
static bool find_field(struct types *t, uint64_t type, const char *name, size_t len,
		       struct go_member *ret)
{
	const struct go_type *g = types_get(t, type);
	uint32_t fields, name_at, type_at, off_at, shift = 0;
	uint64_t slice[2], name_addr, off;
	uint8_t raw[FIELD_SPAN];

	if (!g || g->kind != GO_KIND_STRUCT || len + 3 > NAME_RAW ||
	    !offset_of(t, GOLIN_F_STRUCT_TYPE_Fields, &fields) ||
	    !offset_of(t, GOLIN_F_STRUCT_FIELD_Name, &name_at) ||
	    !offset_of(t, GOLIN_F_STRUCT_FIELD_Typ, &type_at) || name_at > FIELD_SPAN - 8 ||
	    type_at > FIELD_SPAN - 8)
		return false;
	/* With the bit that says whether it is embedded, up to Go 1.18. */
	if (!offset_of(t, GOLIN_F_STRUCT_FIELD_Offset, &off_at)) {
		if (!offset_of(t, GOLIN_F_STRUCT_FIELD_offsetAnon, &off_at))
			return false;
		shift = 1;
	}
	if (off_at > FIELD_SPAN - 8 || types_words(t, type + fields, slice, sizeof(slice)))
		return false;
	for (uint64_t i = 0; i < slice[1] && i < FIELDS_MAX; i++) {
		if (types_words(t, slice[0] + i * FIELD_SPAN, raw, sizeof(raw)))
			return false;
		memcpy(&name_addr, raw + name_at, 8);
		if (!name_is(t, name_addr, name, len))
			continue;
		memcpy(&ret->type, raw + type_at, 8);
		memcpy(&off, raw + off_at, 8);
		off >>= shift;
		if (off > g->size)
			return false;
		ret->offset = (uint32_t)off;
		return true;
	}
	return false;
}

bool types_member(struct types *t, uint64_t type, const char *path, struct go_member *ret)
{
	struct go_member part;
	uint32_t offset = 0;

	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		size_t len = strcspn(path, ".");

		if (!find_field(t, type, path, len, &part))
			return false;
		offset += part.offset;
		type = part.type;
		if (!path[len]) {
			*ret = (struct go_member){.offset = offset, .type = type};
			return true;
		}
		path += len + 1;
	}
	return false;
}
