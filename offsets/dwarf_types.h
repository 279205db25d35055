/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structs out of a Go program's DWARF. Go's linker puts the types of the whole program into one
 * unit named "runtime"; from 1.18 on nine or ten units have this name (one for each assembly file
 * of the package), and it is neither the first nor the last of them. So the units are visited in
 * order until one has a struct that is wanted, and no further than that unit's end.
 */
#ifndef GOLIN_OFFSETS_DWARF_TYPES_H
#define GOLIN_OFFSETS_DWARF_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/array.h"

struct elf_image;
struct golin_err;

struct dwarf_member {
	char name[64]; /* clean */
	char type[71]; /* clean; "" when the type has no name */
	uint64_t offset, size;
	uint64_t type_off; /* of the type's DIE */
};

struct dwarf_struct {
	bool found;
	uint64_t size;
	ARRAY_OF(struct dwarf_member) members;
};

/* Where the types stand. */
struct dwarf_place {
	char section[24]; /* as in the file: ".zdebug_info" */
	uint64_t unit;	  /* of the unit's header within */
};

/* What is asked for. */
struct dwarf_want {
	/* The caller's number of the struct of this name; a negative one when it is not wanted. */
	int (*struct_id)(const void *arg, const char *name);
	/* Whether its member is wanted; NULL: all are. */
	bool (*member)(const void *arg, int struct_id, const char *name);
	const void *arg;
	int nstructs;
	/* nstructs entries, or NULL: structs for which the search need not go on. */
	const bool *dispensable;
	struct dwarf_place *place; /* filled in on success, or NULL */
};

/*
 * Fills ret[0 .. want->nstructs). *ret_version is the DWARF version of the unit with the types.
 * -ENODATA: there is no DWARF, or none of Go's; -EBADMSG: it is corrupt (which is not the same);
 * -EOPNOTSUPP: it is of a kind that golin does not read. ret is left empty then.
 */
int dwarf_types_collect(const struct elf_image *e, const struct dwarf_want *want,
			struct dwarf_struct *ret, uint32_t *ret_version, struct golin_err *err);
void dwarf_structs_done(struct dwarf_struct *s, int n);

#endif
