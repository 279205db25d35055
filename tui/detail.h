/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of the selected goroutine, context or finding, as lines. */
#ifndef GOLIN_TUI_DETAIL_H
#define GOLIN_TUI_DETAIL_H

#include "base/array.h"
#include "canvas.h"
#include "contexts_view.h"
#include "findings_view.h"
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
	int width;	 /* its columns, for text that is wrapped; 0: it is not */
};

void detail_done(struct detail *d);
/* Makes the lines for a row; row may be NULL. `since`: the attach (monotonic), 0 unknown. */
void detail_build(struct detail *d, const struct lineage *l, const struct tree_row *row,
		  uint64_t since);
/* The same for a row of the contexts; `since` as above. */
void detail_build_context(struct detail *d, const struct ctxview *v, const struct treeview *t,
			  const struct lineage *l, uint64_t since);
void detail_build_finding(struct detail *d, const struct findings *v, const struct tree_row *row,
			  uint64_t moment);
/* "Who cancelled this?" */
void detail_build_who(struct detail *d, const struct ctxview *v, golin_cidx i);
/* Where the cascade that reached i began, as far as the model has it; NONE: nobody cancelled it. */
golin_cidx detail_who_origin(const struct ctxview *v, golin_cidx i);
/* What a goroutine has to do with a context: "created it". */
const char *detail_held_text(uint8_t how);
void detail_scroll(struct detail *d, int64_t by);
void detail_draw(struct detail *d, struct canvas *c, int y, int x, int h, int w);

#endif
