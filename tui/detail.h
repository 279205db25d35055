/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of one goroutine, or of a group of like ones, as lines. */
#ifndef GOLIN_TUI_DETAIL_H
#define GOLIN_TUI_DETAIL_H

#include "base/array.h"
#include "canvas.h"
#include "lineage_view.h"

struct detail_line {
	char *label; /* static; NULL: the text goes on */
	char *text;
	enum role role;
};

struct detail {
	ARRAY_OF(struct detail_line) lines;
	uint32_t top;	 /* the first line on the screen */
	uint32_t height; /* lines of the pane, without its head */
};

void detail_done(struct detail *d);
/* Makes the lines for a row; row may be NULL. `since`: the attach (monotonic), 0 unknown. */
void detail_build(struct detail *d, const struct lineage *l, const struct tree_row *row,
		  uint64_t since);
void detail_scroll(struct detail *d, int64_t by);
void detail_draw(struct detail *d, struct canvas *c, int y, int x, int h, int w);

#endif
