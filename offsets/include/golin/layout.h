/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Layouts by number, for golin's own code: the numbers come from layout.def and change whenever it
 * does, and with them the size of struct golin_layout. So this header is not installed; programs
 * outside ask by name (offsets.h).
 */
#ifndef GOLIN_LAYOUT_H
#define GOLIN_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>
#include "golin/offsets.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Structs and fields, numbered by layout.def. */
enum golin_struct_id {
#define GOLIN_STRUCT(id, name, other) GOLIN_S_##id,
#define GOLIN_FIELD(s, id, member, other, need)
#include "golin/layout.def"
#undef GOLIN_STRUCT
#undef GOLIN_FIELD
	GOLIN_S_MAX
};

enum golin_field_id {
#define GOLIN_STRUCT(id, name, other)
#define GOLIN_FIELD(s, id, member, other, need) GOLIN_F_##s##_##id,
#include "golin/layout.def"
#undef GOLIN_STRUCT
#undef GOLIN_FIELD
	GOLIN_F_MAX
};

struct golin_layout {
	struct golin_struct structs[GOLIN_S_MAX];
	struct golin_field fields[GOLIN_F_MAX];
	uint8_t source; /* enum golin_value_source of the whole: never mixed within a struct */
	char dwarf_section[24]; /* in which its types stand: ".debug_info"; "" not from DWARF */
	uint64_t dwarf_unit;	/* where in it their unit, which Go calls "runtime", begins */
};

const char *golin_struct_name(enum golin_struct_id id);
/* By any name that layout.def has for it; GOLIN_S_MAX when it is not wanted. */
enum golin_struct_id golin_struct_find(const char *name);
/* The fields of a struct are [the result, *ret_end). */
enum golin_field_id golin_struct_fields(enum golin_struct_id id, enum golin_field_id *ret_end);
enum golin_struct_id golin_field_struct(enum golin_field_id id);
const char *golin_field_name(enum golin_field_id id); /* the member: "goid" */
/* By any name that layout.def has for it; GOLIN_F_MAX when the struct has no such wanted member. */
enum golin_field_id golin_field_find(enum golin_struct_id id, const char *member);
/* golin refuses a target without it. */
bool golin_field_required(enum golin_field_id id);
/* False when the field is absent. */
bool golin_layout_get(const struct golin_layout *l, enum golin_field_id id, uint32_t *ret_offset);
/* 0, or -ENODATA naming each required field that is absent. */
int golin_layout_check(const struct golin_layout *l, struct golin_err *err);

#ifdef __cplusplus
}
#endif
#endif
