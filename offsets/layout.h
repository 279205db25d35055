/* SPDX-License-Identifier: BSD-2-Clause */
/* Private to offsets/: the sources of layouts, and what layout.def says beyond offsets.h. */
#ifndef GOLIN_OFFSETS_LAYOUT_H
#define GOLIN_OFFSETS_LAYOUT_H

#include "golin/layout.h"
#include "golin/offsets.h"

struct elf_image;

/*
 * runtime.heapArena has 2 MiB and more up to Go 1.19 (its bitmap, runtime/mheap.go); nothing that
 * is wanted comes near this.
 */
enum { LAYOUT_MAX_STRUCT = 64 << 20 };

/*
 * Two fields of one struct that lie on one another, which Go's never do: a layout that says so is
 * wrong. False when there are none.
 */
bool layout_overlap(const struct golin_layout *l, enum golin_field_id *ret_a,
		    enum golin_field_id *ret_b);

/*
 * From DWARF. `known_absent` (GOLIN_S_MAX entries, or NULL) marks structs that this Go version is
 * known not to have: the search need not wait for them. *ret_version is the DWARF version of the
 * unit with Go's types.
 * -ENODATA: there is no DWARF of Go; -EBADMSG: it is corrupt; -EOPNOTSUPP: of a kind that golin
 * does not read.
 */
int layout_from_dwarf(struct elf_image *e, const bool *known_absent, struct golin_layout *ret,
		      uint32_t *ret_version, struct golin_err *err);

/*
 * As the offset of a field that is not there (GOLIN_FROM_NONE): whether this Go version has it is
 * not known, either. Otherwise it is known to be absent, as far as its struct is there.
 */
#define LAYOUT_UNKNOWN UINT32_MAX

static inline bool layout_is_unknown(const struct golin_field *f)
{
	return f->source == GOLIN_FROM_NONE && f->offset == LAYOUT_UNKNOWN;
}

/*
 * From the table. -ENODATA: it does not know this version or architecture, and which it knows, or
 * not all that is required of it.
 */
int layout_from_table(const struct golin_go_version *go, const char *arch, struct golin_layout *ret,
		      struct golin_err *err);
/*
 * Marks the structs (GOLIN_S_MAX entries) of which the table knows that this version has none. Of
 * others it may know nothing.
 */
void layout_table_absent(const struct golin_go_version *go, const char *arch, bool *ret);

/* The releases for which the table has one and the same row. */
struct layout_range {
	uint16_t from_minor, from_patch, to_minor, to_patch;
};

/* The row of a struct (f: GOLIN_F_MAX) or of its member. False: the table has none. */
bool layout_table_range(const struct golin_go_version *go, const char *arch, enum golin_struct_id s,
			enum golin_field_id f, struct layout_range *ret);

#endif
