/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of the selected goroutine, context, panic or finding, as lines. */
#ifndef GOLIN_TUI_DETAIL_H
#define GOLIN_TUI_DETAIL_H

#include "base/array.h"
#include "canvas.h"
#include "contexts_view.h"
#include "findings_view.h"
#include "lineage_view.h"
#include "panics_view.h"

enum detail_link_kind { DETAIL_NO_LINK, DETAIL_GOROUTINE, DETAIL_CONTEXT, DETAIL_PANIC };

struct detail_line {
	char *label; /* static; NULL: the text goes on */
	char *text;
	enum role role;
	/* Where it leads: an index of the model, and what tells whether it still is that one. */
	uint8_t link; /* enum detail_link_kind */
	uint32_t item;
	uint64_t id; /* goid, ctxview_tag() or the panic's number */
};

struct detail {
	ARRAY_OF(struct detail_line) lines;
	uint32_t top;	 /* the first line on the screen */
	uint32_t height; /* lines of the pane, without its head */
	int width;	 /* its columns, for text that is wrapped; 0: it is not */
	/* The link under the cursor, which moves while the pane has the keys. */
	uint32_t cursor; /* its line */
	uint8_t cursor_link;
	uint64_t cursor_id;
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
void detail_build_panic(struct detail *d, const struct panview *v, const struct tree_row *row);
/* "Who cancelled this?" */
void detail_build_who(struct detail *d, const struct ctxview *v, golin_cidx i);
/* Where the cascade that reached i began, as far as the model has it; NONE: nobody cancelled it. */
golin_cidx detail_who_origin(const struct ctxview *v, golin_cidx i);
/* What a goroutine has to do with a context: "created it". */
const char *detail_held_text(uint8_t how);
void detail_scroll(struct detail *d, int64_t by);
/* To the next link on the screen; a line on where there is none. by: 1 or -1. */
void detail_step(struct detail *d, int by);
/* Puts the cursor on line n, if that is a link. */
void detail_point(struct detail *d, uint32_t n);
/* The line with the cursor, or NULL. */
const struct detail_line *detail_cursor(struct detail *d);
void detail_draw(struct detail *d, struct canvas *c, int y, int x, int h, int w);
void detail_draw_cursor(struct detail *d, struct canvas *c, int y, int x, int w);

#endif
