/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GOLIN_TUI_DRAW_H
#define GOLIN_TUI_DRAW_H

#include "canvas.h"
#include "lineage_view.h"
#include "search.h"
#include "treeview.h"

/*
 * Draws the column heads and the rows on the screen into (y, 0) - (y + h, w). since: the attach
 * (monotonic ns), 0 unknown: those that were there before are at least that old.
 */
void draw_lineage(struct canvas *c, const struct lineage *l, const struct treeview *t,
		  const struct search *s, uint64_t since, int y, int w, int h);
/* Marks what the search finds in text, which stands at (y, x) cut to cols. */
void draw_match(struct canvas *c, int y, int x, int cols, const char *text, const struct search *s);

#endif
