/* SPDX-License-Identifier: BSD-2-Clause */
/* Types that a test makes up in a piece of its own memory, as Go 1.27 lays them out. */
#ifndef GOLIN_TEST_FAKE_TYPES_H
#define GOLIN_TEST_FAKE_TYPES_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "golin/layout.h"
#include "memory/types.h"

enum { FAKE_ROOM = 1 << 20, FAKE_DIRECT = 1 << 5, FAKE_UNCOMMON = 1 << 0 };

struct fake_types {
	struct golin_image_info info;
	struct golin_layout layout;
	struct golin_memory m;
	struct types t;
	uint8_t mem[FAKE_ROOM];
	size_t used;
};

struct fake_field {
	const char *name;
	uint64_t type, offset;
	bool embedded;
};

static inline void fake_set(struct golin_layout *l, enum golin_field_id id, uint32_t off)
{
	l->fields[id].offset = off;
	l->fields[id].size = 8;
	l->fields[id].source = GOLIN_FROM_DWARF;
}

static inline void fake_layout(struct golin_layout *l)
{
	static const struct {
		enum golin_struct_id id;
		uint32_t size;
	} sizes[] = {
		{GOLIN_S_TYPE, 48},	  {GOLIN_S_PTR_TYPE, 56},    {GOLIN_S_ARRAY_TYPE, 72},
		{GOLIN_S_SLICE_TYPE, 56}, {GOLIN_S_CHAN_TYPE, 64},   {GOLIN_S_MAP_TYPE, 104},
		{GOLIN_S_FUNC_TYPE, 56},  {GOLIN_S_STRUCT_TYPE, 80}, {GOLIN_S_INTERFACE_TYPE, 80},
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		l->structs[sizes[i].id].size = sizes[i].size;
	fake_set(l, GOLIN_F_TYPE_Size_, 0);
	fake_set(l, GOLIN_F_TYPE_TFlag, 20);
	fake_set(l, GOLIN_F_TYPE_Kind_, 23);
	fake_set(l, GOLIN_F_TYPE_Str, 40);
	fake_set(l, GOLIN_F_ITAB_Inter, 0);
	fake_set(l, GOLIN_F_ITAB_Type, 8);
	fake_set(l, GOLIN_F_PTR_TYPE_Elem, 48);
	fake_set(l, GOLIN_F_ARRAY_TYPE_Elem, 48);
	fake_set(l, GOLIN_F_ARRAY_TYPE_Len, 64);
	fake_set(l, GOLIN_F_SLICE_TYPE_Elem, 48);
	fake_set(l, GOLIN_F_CHAN_TYPE_Elem, 48);
	fake_set(l, GOLIN_F_MAP_TYPE_Key, 48);
	fake_set(l, GOLIN_F_MAP_TYPE_Elem, 56);
	fake_set(l, GOLIN_F_INTERFACE_TYPE_Methods, 56);
	fake_set(l, GOLIN_F_STRUCT_TYPE_PkgPath, 48);
	fake_set(l, GOLIN_F_STRUCT_TYPE_Fields, 56);
	fake_set(l, GOLIN_F_STRUCT_FIELD_Name, 0);
	fake_set(l, GOLIN_F_STRUCT_FIELD_Typ, 8);
	fake_set(l, GOLIN_F_STRUCT_FIELD_Offset, 16);
	fake_set(l, GOLIN_F_UNCOMMON_PkgPath, 0);
	fake_set(l, GOLIN_F_UNCOMMON_Mcount, 4);
	fake_set(l, GOLIN_F_UNCOMMON_Xcount, 6);
	fake_set(l, GOLIN_F_UNCOMMON_Moff, 8);
}

static inline struct fake_types *fake_types_new(void)
{
	struct fake_types *f = calloc(1, sizeof(*f));
	struct golin_err err;

	fake_layout(&f->layout);
	f->info.go.minor = 27;
	f->info.types = (uintptr_t)f->mem;
	f->info.etypes = (uintptr_t)(f->mem + FAKE_ROOM);
	f->m = (struct golin_memory){
		.mem_fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC),
		.info = &f->info,
		.layout = &f->layout,
	};
	f->used = 64;
	if (f->m.mem_fd < 0 || types_open(&f->t, &f->m, &err))
		abort();
	return f;
}

static inline void fake_types_free(struct fake_types *f)
{
	close(f->m.mem_fd);
	types_done(&f->t);
	free(f);
}

static inline uint64_t fake_room(struct fake_types *f, size_t len)
{
	uint64_t at = (uintptr_t)(f->mem + f->used);

	f->used += (len + 15) & ~(size_t)15;
	if (f->used > FAKE_ROOM)
		abort();
	return at;
}

static inline void fake_put(uint64_t at, size_t off, uint64_t v, size_t len)
{
	memcpy((uint8_t *)(uintptr_t)at + off, &v, len);
}

/* Bytes of the program's; their address. */
static inline uint64_t fake_bytes(struct fake_types *f, const void *b, size_t len)
{
	uint64_t at = fake_room(f, len + 1);

	memcpy((void *)(uintptr_t)at, b, len);
	return at;
}

static inline uint64_t fake_name_flags(struct fake_types *f, const char *s, uint8_t flags)
{
	size_t len = strlen(s), at = 1;
	uint64_t ret = fake_room(f, len + 8);

	fake_put(ret, 0, flags, 1);
	if (f->info.go.minor < 17)
		fake_put(ret, at++, len >> 8, 1);
	for (; f->info.go.minor >= 17 && len >= 0x80; len >>= 7)
		fake_put(ret, at++, 0x80 | (len & 0x7f), 1);
	fake_put(ret, at++, len & 0xff, 1);
	memcpy((char *)(uintptr_t)ret + at, s, strlen(s));
	return ret;
}

static inline uint64_t fake_type(struct fake_types *f, uint8_t kind, uint64_t size, const char *s)
{
	uint64_t at = fake_room(f, 256), n = s ? fake_name_flags(f, s, 0) : 0;

	fake_put(at, 0, size, 8);
	fake_put(at, 23, kind, 1);
	fake_put(at, 20,
		 kind == GO_KIND_POINTER || kind == GO_KIND_MAP || kind == GO_KIND_CHAN ||
				 kind == GO_KIND_FUNC || kind == GO_KIND_UNSAFE_POINTER
			 ? FAKE_DIRECT
			 : 0,
		 1);
	if (s)
		fake_put(at, 40, n - (uintptr_t)f->mem, 4);
	return at;
}

/* Its package and its methods, which stand behind what its kind has. */
static inline void fake_uncommon(struct fake_types *f, uint64_t type, const char *package,
				 const char *const *methods, size_t n)
{
	static const uint8_t sizes[] = {
		[GO_KIND_POINTER] = 56,	  [GO_KIND_ARRAY] = 72, [GO_KIND_SLICE] = 56,
		[GO_KIND_CHAN] = 64,	  [GO_KIND_FUNC] = 56,	[GO_KIND_STRUCT] = 80,
		[GO_KIND_INTERFACE] = 80, [GO_KIND_MAP] = 104};
	uint8_t kind = *(uint8_t *)(uintptr_t)(type + 23),
		tflag = *(uint8_t *)(uintptr_t)(type + 20);
	uint64_t at = type + (kind < sizeof(sizes) && sizes[kind] ? sizes[kind] : 48);
	uint64_t m = fake_room(f, 16 * n);

	fake_put(type, 20, tflag | FAKE_UNCOMMON, 1);
	fake_put(at, 0, fake_name_flags(f, package, 0) - (uintptr_t)f->mem, 4);
	fake_put(at, 4, n, 2);
	fake_put(at, 6, n, 2);
	fake_put(at, 8, m - at, 4);
	for (size_t i = 0; i < n; i++)
		fake_put(m, 16 * i, fake_name_flags(f, methods[i], 0) - (uintptr_t)f->mem, 4);
}

static inline uint64_t fake_struct(struct fake_types *f, uint64_t size, const char *s,
				   const struct fake_field *v, size_t n)
{
	uint64_t at = fake_type(f, GO_KIND_STRUCT, size, s), fields = fake_room(f, 24 * n);

	fake_put(at, 56, fields, 8);
	fake_put(at, 64, n, 8);
	for (size_t i = 0; i < n; i++) {
		fake_put(fields, 24 * i, fake_name_flags(f, v[i].name, v[i].embedded ? 1 << 3 : 0),
			 8);
		fake_put(fields, 24 * i + 8, v[i].type, 8);
		fake_put(fields, 24 * i + 16, v[i].offset, 8);
	}
	return at;
}

/* A pointer, slice or channel of something. */
static inline uint64_t fake_of(struct fake_types *f, uint8_t kind, uint64_t size, const char *s,
			       uint64_t elem)
{
	uint64_t at = fake_type(f, kind, size, s);

	fake_put(at, 48, elem, 8);
	return at;
}

static inline uint64_t fake_iface(struct fake_types *f, const char *s, size_t methods)
{
	uint64_t at = fake_type(f, GO_KIND_INTERFACE, 16, s);

	fake_put(at, 64, methods, 8);
	return at;
}

static inline uint64_t fake_itab(struct fake_types *f, uint64_t inter, uint64_t type)
{
	uint64_t at = fake_room(f, 32);

	fake_put(at, 0, inter, 8);
	fake_put(at, 8, type, 8);
	return at;
}

#endif
