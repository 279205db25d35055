/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Go's type descriptors in a running program: what an interface value's first word is, and what
 * the type is called. They are constants of the program, or made once by reflection; none ever
 * changes, so all is remembered.
 */
#ifndef GOLIN_PROBES_TYPES_H
#define GOLIN_PROBES_TYPES_H

#include <stdbool.h>
#include <stdint.h>
#include "base/array.h"
#include "base/map64.h"
#include "golin/offsets.h"
#include "golin/probes.h"

struct golin_err;

/* An itab: the pair of an interface type and a concrete one. */
struct go_itab {
	uint64_t inter, type; /* addresses in the process */
};

struct go_type {
	uint64_t addr;
	uint8_t kind;  /* abi.Kind: 22 pointer, 24 string ... */
	bool direct;   /* an interface's data word is the value itself */
	uint32_t size; /* bytes of a value */
	uint8_t tflag;
	uint8_t says; /* enum go_says; see types_says() */
	bool says_known;
	char name[120]; /* as reflect's String(): "*errors.errorString"; clean, cut; "" unknown */
};

enum {
	GO_KIND_BOOL = 1,
	GO_KIND_INT = 2,
	GO_KIND_INT64 = 6,
	GO_KIND_UINT = 7,
	GO_KIND_UINT8 = 8,
	GO_KIND_UINT64 = 11,
	GO_KIND_UINTPTR = 12,
	GO_KIND_FLOAT32 = 13,
	GO_KIND_FLOAT64 = 14,
	GO_KIND_COMPLEX64 = 15,
	GO_KIND_COMPLEX128 = 16,
	GO_KIND_ARRAY = 17,
	GO_KIND_CHAN = 18,
	GO_KIND_FUNC = 19,
	GO_KIND_INTERFACE = 20,
	GO_KIND_MAP = 21,
	GO_KIND_POINTER = 22,
	GO_KIND_SLICE = 23,
	GO_KIND_STRING = 24,
	GO_KIND_STRUCT = 25,
	GO_KIND_UNSAFE_POINTER = 26,
};

struct go_field {
	uint64_t type;
	uint64_t offset; /* in the struct; within its size */
	bool embedded;
	char name[64]; /* clean, cut */
};

/* The fields of a struct type that were asked for: n, of which the first ones are remembered. */
struct go_fields {
	uint64_t n;
	uint32_t first, have;
};

struct types {
	const struct golin_memory *m;
	uint64_t lo, hi; /* of the module's types, in the process */
	uint32_t size, tflag, kind, str, itab_inter, itab_type; /* offsets */
	bool ended; /* the process has no memory any more: the file's constants are left */
	struct map64 by_addr, by_itab;
	ARRAY_OF(struct go_type) v;
	ARRAY_OF(struct go_itab) itabs;
	struct map64 by_struct;
	ARRAY_OF(struct go_fields) structs;
	ARRAY_OF(struct go_field) fields;
};

/* *m is borrowed. -ENODATA: the layout or the module data does not tell. */
int types_open(struct types *t, const struct golin_memory *m, struct golin_err *err);
void types_done(struct types *t);
/* False when there is none that can be read at that address; valid until the next call. */
const struct go_type *types_get(struct types *t, uint64_t addr);
bool types_itab(struct types *t, uint64_t addr, struct go_itab *ret);
/* Bytes of a constant of the program: from its file, when it has ended. 0 or -errno. */
int types_const(struct types *t, uint64_t addr, void *buf, size_t len);
/* Likewise of what holds addresses: those in the file of a position-independent program are none.
 */
int types_words(struct types *t, uint64_t addr, void *buf, size_t len);
/* The words of an itab, read in time by somebody else. */
void types_told(struct types *t, uint64_t addr, const uint64_t words[2]);

/*
 * Of a type descriptor, wherever that is: those that reflection makes lie in the heap for good.
 * Words: as types_words().
 */
int types_desc(struct types *t, uint64_t addr, void *buf, size_t len);
int types_desc_words(struct types *t, uint64_t addr, void *buf, size_t len);

/* ---- structs (types_struct.c) ---- */

struct go_member {
	uint32_t offset; /* in the struct */
	uint64_t type;
};

/* What a pointer type points to; 0: it is none, or that is not known. */
uint64_t types_elem(struct types *t, uint64_t type);
/* Is it a struct type of that package, as its unexported members are? */
bool types_in_package(struct types *t, uint64_t type, const char *package);
/* A member by its path, "sc.traceID"; false when it has none, or that is not known. */
bool types_member(struct types *t, uint64_t type, const char *path, struct go_member *ret);

/* ---- what else descriptors say (types_desc.c, types_name.c) ---- */

enum {
	TYPE_NAME_MAX = 1024,	/* bytes of a type's name, at most */
	TYPE_PACKAGE_MAX = 256, /* of a package's path */
};

enum go_says {
	GO_SAYS_ERROR = 1 << 0,	 /* it has a method Error */
	GO_SAYS_STRING = 1 << 1, /* ... String */
};

/* What a pointer, array, slice, channel or map has for elements; 0: not known. */
uint64_t types_elem_of(struct types *t, uint64_t type);
/* Of an array type. */
bool types_array_len(struct types *t, uint64_t type, uint64_t *ret);
/* Fields of a struct type; 0 when it is none, or that is not known. */
uint64_t types_nfields(struct types *t, uint64_t type);
bool types_field(struct types *t, uint64_t type, uint64_t i, struct go_field *ret);
/* Is it interface{}, without methods: its values begin with a type, not with an itab? */
bool types_is_eface(struct types *t, uint64_t type, bool *ret);
/* enum go_says; 0 also when that is not known. */
uint32_t types_says(struct types *t, uint64_t type);
/* The path of the package that declares it, "io/fs"; "" when it has none or that is not known. */
size_t types_package(struct types *t, uint64_t type, char ret[TYPE_PACKAGE_MAX]);
/*
 * Its whole name, clean and cut at cap bytes (at most TYPE_NAME_MAX): for the types that reflection
 * made too, whose names are put together of their parts. Returns its length, 0 unknown.
 */
size_t types_name(struct types *t, uint64_t type, char *buf, size_t cap);

#endif
