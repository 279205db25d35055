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
const char *render_verdict(int verdict); /* "ok", "FAILED", "not done" */

#endif
