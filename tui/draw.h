/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef GOLIN_TUI_DRAW_H
#define GOLIN_TUI_DRAW_H

#include "canvas.h"
#include "contexts_view.h"
#include "findings_view.h"
#include "lineage_view.h"
#include "panics_view.h"
#include "search.h"
#include "treeview.h"

/*
 * Draws the column heads and the rows on the screen into (y, 0) - (y + h, w). since: the attach
 * (monotonic ns), 0 unknown: those that were there before are at least that old.
 */
void draw_lineage(struct canvas *c, const struct lineage *l, const struct treeview *t,
		  const struct search *s, uint64_t since, int y, int w, int h);
/* Likewise. empty: what to say when there is nothing to show. */
void draw_contexts(struct canvas *c, const struct ctxview *v, const struct treeview *t,
		   const struct search *s, uint64_t since, const char *empty, int y, int w, int h);
void draw_findings(struct canvas *c, const struct findings *v, const struct treeview *t,
		   const struct search *s, uint64_t moment, const char *empty, int y, int w, int h);
void draw_panics(struct canvas *c, const struct panview *v, const struct treeview *t,
		 const struct search *s, const char *empty, int y, int w, int h);
enum role draw_outcome_role(enum golin_panic_outcome outcome);

/*
 * The tree lines of a row, at most `max` levels, and its open/closed mark, from column x on;
 * returns the column behind them. broken: the edge to it is.
 */
int draw_guides(struct canvas *c, const struct treeview *t, uint32_t row, uint32_t max, bool broken,
		int y, int x);
/* "12s", ">12s" for at least (created before `since`, the attach), "-" for unknown. */
const char *draw_age(uint64_t created, uint64_t end, uint64_t since, char *buf, size_t cap);
enum role draw_state_role(const struct golin_goroutine *g);
/* The line with the cursor. */
void draw_selected(struct canvas *c, int y, int w);
void draw_put_match(struct canvas *c, int y, int x, int cols, enum role role, const char *text,
		    const struct search *s);
/* A function and its place share the last columns: a part for the place, none of a narrow rest. */
void draw_split(int *func_w, int *at_w);
/* Their heads, the place's a column behind the function's. */
void draw_func_heads(struct canvas *c, int y, int x, int func_w, int at_w);
/* Marks what the search finds in text, which stands at (y, x) cut to cols. */
void draw_match(struct canvas *c, int y, int x, int cols, const char *text, const struct search *s);

#endif
