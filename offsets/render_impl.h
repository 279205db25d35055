/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of render_*.c share. */
#ifndef GOLIN_OFFSETS_RENDER_IMPL_H
#define GOLIN_OFFSETS_RENDER_IMPL_H

#include "render.h"

enum { RENDER_MAX_COLUMNS = 7 };

/* Two passes over the same rows: the first measures the columns, the second writes. */
struct columns {
	struct strbuf *out; /* NULL while measuring */
	int width[RENDER_MAX_COLUMNS];
	unsigned int right; /* bit i: column i is aligned to the right */
};

void columns_row(struct columns *c, const char *const *cells, int n);

bool render_known_absent(const struct golin_render *r, enum golin_struct_id id);
bool render_shows(const struct golin_render *r, enum golin_struct_id id);
/* "go1.26.8 amd64 pie, layout from dwarf (DWARF 5), build id ...", without an end. */
void render_head(const struct golin_render *r, struct strbuf *out);
/*
 * --explain: whence a value comes, "DWARF 5", "table, go1.23.0 to go1.27.4", or "". f: a member, or
 * GOLIN_F_MAX for the struct itself.
 */
const char *render_from(const struct golin_render *r, enum golin_struct_id s, enum golin_field_id f,
			char *dst, size_t cap);
/* "go1.20", "go1.21.0" */
const char *render_release(char *dst, size_t cap, unsigned int minor, unsigned int patch);
const char *render_verdict(int verdict); /* "ok", "FAILED", "not done" */

#endif
