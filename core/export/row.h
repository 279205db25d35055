/* SPDX-License-Identifier: BSD-2-Clause */
/* A line of a tree for people: guides, columns, styles, cut at the width. */
#ifndef GOLIN_EXPORT_ROW_H
#define GOLIN_EXPORT_ROW_H

#include "export.h"

enum style { PLAIN, BOLD, DIM, RED, GREEN, YELLOW };

/* A line under construction: cut at the width, styled on the way. */
struct row {
	const struct golin_export_opts *o;
	struct strbuf *out;
	int left; /* columns; -1: no limit */
	bool cut, any;
};

void row_begin(struct row *r, const struct golin_export_opts *o, struct strbuf *out);
void row_add(struct row *r, enum style style, const char *s);
/* A column: two blanks before all but the first. Nothing for "". */
void row_column(struct row *r, enum style style, const char *s);
void row_columnf(struct row *r, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * The lines of the tree in front of a row. later[k], for each level down to the row's own: the next
 * sibling's row on that level, UINT32_MAX when there is none.
 */
void row_guides(struct row *r, const uint32_t *later, size_t len);

#endif
