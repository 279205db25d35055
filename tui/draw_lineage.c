// SPDX-License-Identifier: BSD-2-Clause
#include <stdio.h>
#include "base/text.h"
#include "draw.h"
#include "names.h"
#include "panic_marks.h"

enum {
	GUIDES_MAX = 64, /* levels drawn; the width allows fewer */
	GOID_COLS = 8,	 /* what a goid may take in the tree's column before it widens */
	TREE_MIN = 14,
};

struct columns {
	int tree, state, age, kids, func, at; /* x */
	int tree_w, state_w, age_w, kids_w, func_w, at_w;
	uint32_t guides; /* levels that fit */
};

void draw_split(int *func_w, int *at_w)
{
	int rest = *func_w;

	*at_w = rest * 2 / 5;
	if (*at_w > 32)
		*at_w = 32;
	if (*at_w < 12 && rest < 30)
		*at_w = 0;
	*func_w = rest - (*at_w ? *at_w + 1 : 0);
}

void draw_func_heads(struct canvas *c, int y, int x, int func_w, int at_w)
{
	canvas_put(c, y, x, func_w, ROLE_HEADER, "FUNC");
	if (at_w)
		canvas_put(c, y, x + func_w + 1, at_w, ROLE_HEADER, "AT");
}

static struct columns columns(const struct treeview *t, int w)
{
	struct columns c = {.age_w = 7, .tree = 1};
	uint32_t depth = t->depth < 2000 ? t->depth : 2000;

	c.tree_w = (int)depth * 2 + 1 + GOID_COLS;
	if (c.tree_w > w * 2 / 5)
		c.tree_w = w * 2 / 5;
	if (c.tree_w < TREE_MIN)
		c.tree_w = TREE_MIN;
	c.guides = (uint32_t)(c.tree_w - 1 - GOID_COLS) / 2;
	if (c.guides > GUIDES_MAX)
		c.guides = GUIDES_MAX;
	c.state_w = w < 72 ? 11 : w < 100 ? 13 : 18;
	c.kids_w = w < 72 ? 4 : 6;
	c.state = c.tree + c.tree_w + 1;
	c.age = c.state + c.state_w + 1;
	c.kids = c.age + c.age_w + 1;
	c.func = c.kids + c.kids_w + 2;
	c.func_w = w - c.func;
	draw_split(&c.func_w, &c.at_w);
	c.at = c.func + c.func_w + 1;
	return c;
}

static void draw_heads(struct canvas *c, const struct columns *k, int y, int w)
{
	canvas_blank(c, y, 0, w, ROLE_HEADER);
	canvas_put(c, y, k->tree, k->tree_w, ROLE_HEADER, "GOID");
	canvas_put(c, y, k->state, k->state_w, ROLE_HEADER, "STATE");
	canvas_put_right(c, y, k->age, k->age_w, ROLE_HEADER, "AGE");
	canvas_put_right(c, y, k->kids, k->kids_w, ROLE_HEADER, "KIDS");
	draw_func_heads(c, y, k->func, k->func_w, k->at_w);
}

void draw_match(struct canvas *c, int y, int x, int cols, const char *text, const struct search *s)
{
	const char *at = search_in(s, text);
	char head[512];
	int from, width;

	if (!at || (size_t)(at - text) >= sizeof(head))
		return;
	snprintf(head, sizeof(head), "%.*s", (int)(at - text), text);
	from = golin_text_width(head);
	snprintf(head, sizeof(head), "%.*s", (int)strlen(s->needle), at);
	width = golin_text_width(head);
	if (from + width > cols)
		width = cols - from;
	if (width > 0)
		canvas_role(c, y, x + from, width, ROLE_MATCH);
}

void draw_put_match(struct canvas *c, int y, int x, int cols, enum role role, const char *text,
		    const struct search *s)
{
	canvas_put(c, y, x, cols, role, text);
	draw_match(c, y, x, cols, text, s);
}

static enum glyph edge_glyph(bool here, bool last, bool broken)
{
	if (!here)
		return last ? GLYPH_TREE_NONE : GLYPH_TREE_LINE;
	if (broken)
		return last ? GLYPH_BREAK_LAST : GLYPH_BREAK_MID;
	return last ? GLYPH_TREE_LAST : GLYPH_TREE_MID;
}

int draw_guides(struct canvas *c, const struct treeview *t, uint32_t row, uint32_t max, bool broken,
		int y, int x)
{
	uint64_t bits[GUIDES_MAX / 64 + 1];
	const struct tree_row *r = &t->rows.v[row];
	bool cut;
	uint32_t levels = treeview_guides(t, row, max < GUIDES_MAX ? max : GUIDES_MAX, bits, &cut);

	for (uint32_t i = 0; i < levels; i++, x += 2) {
		bool last = bits[i / 64] >> (i % 64) & 1, here = i + 1 == levels;
		enum role role = here && broken ? ROLE_BREAK : ROLE_GUIDE;

		if (!i && cut)
			canvas_fill(c, y, x, 1, ROLE_GUIDE, GLYPH_CUT);
		else
			canvas_put(c, y, x, 2, role,
				   canvas_glyph(c, edge_glyph(here, last, broken)));
	}
	canvas_fill(c, y, x, 1, broken ? ROLE_BREAK : ROLE_GUIDE,
		    !(r->flags & TREE_EXPANDABLE) ? GLYPH_LEAF
		    : r->flags & TREE_OPEN	  ? GLYPH_OPEN
						  : GLYPH_CLOSED);
	return x + 1;
}

void draw_selected(struct canvas *c, int y, int w)
{
	canvas_fill(c, y, 0, 1, ROLE_NORMAL, GLYPH_CURSOR);
	canvas_flag(c, y, 0, w, CELL_SELECTED);
}

static void draw_names(struct canvas *c, const struct columns *k, const struct lineage *l,
		       const struct golin_goroutine *g, const char *mark, const struct search *s,
		       int y, bool dim)
{
	int x = k->func, end = k->func + k->func_w;
	struct golin_frame f;
	char place[512];

	if (mark)
		x += canvas_put(c, y, x, end - x, *mark == '!' ? ROLE_BREAK : ROLE_ALERT, mark) + 1;
	if (g->startpc && x < end) {
		f = golin_model_start_func(l->model, g);
		draw_put_match(c, y, x, end - x, dim ? ROLE_DIM : ROLE_FUNC,
			       name_func(f.func, end - x), s);
	}
	if (g->gopc && k->at_w) {
		f = golin_model_go_site(l->model, g);
		draw_put_match(c, y, k->at, k->at_w, dim ? ROLE_DIM : ROLE_PLACE,
			       name_tail(name_place(&f, place, sizeof(place)), k->at_w), s);
	}
}

const char *draw_age(uint64_t created, uint64_t end, uint64_t since, char *buf, size_t cap)
{
	char d[16];

	if (created) {
		golin_text_duration(buf, cap, end > created ? end - created : 0);
	} else if (since && end > since) {
		golin_text_duration(d, sizeof(d), end - since);
		snprintf(buf, cap, ">%s", d);
	} else {
		snprintf(buf, cap, "-");
	}
	return buf;
}

static void draw_group(struct canvas *c, const struct columns *k, const struct lineage *l,
		       const struct lineage_group *grp, const struct search *s, uint64_t since,
		       int y, int x)
{
	struct golin_goroutine like = lineage_group_like(grp);
	bool dim = grp->ended;
	char num[32], age[24], mark[48] = "";
	int w = k->state + k->state_w - x, used;

	used = canvas_putf(c, y, x, w, dim ? ROLE_DIM : ROLE_GROUP, "[%s like this]",
			   name_count(grp->count, num, sizeof(num)));
	if (dim && used + 6 <= w) {
		canvas_put(c, y, x + used + 1, w - used - 1, ROLE_DIM, "ended");
	} else if (!dim) {
		if (used + 7 <= w)
			canvas_put(c, y, x + used + 1, w - used - 1, ROLE_GROUP, "oldest");
		draw_age(grp->oldest, lineage_moment(l), since, age, sizeof(age));
		canvas_put_right(c, y, k->age, k->age_w, ROLE_NORMAL, age);
		canvas_put_right(c, y, k->kids, k->kids_w, ROLE_NORMAL,
				 name_rate(grp->kids, num, sizeof(num)));
	}
	if (grp->panics)
		snprintf(mark, sizeof(mark), "%s%s panic%s", grp->active ? "!" : "~",
			 name_rate(grp->active ? grp->active : grp->panics, num, sizeof(num)),
			 grp->active ? "" : "ked");
	draw_names(c, k, l, &like, *mark ? mark : NULL, s, y, dim);
}

enum role draw_state_role(const struct golin_goroutine *g)
{
	switch (g->state) {
	case GOLIN_GS_RUNNING:
	case GOLIN_GS_RUNNABLE:
		return ROLE_RUN;
	case GOLIN_GS_SYSCALL:
		return ROLE_SYSCALL;
	default:
		return ROLE_WAIT;
	}
}

static void draw_goroutine(struct canvas *c, const struct columns *k, const struct lineage *l,
			   const struct golin_goroutine *g, const struct tree_row *row,
			   const struct search *s, uint64_t since, int y, int x)
{
	bool alive = lineage_alive(l, g), ghost = g->flags & GOLIN_GF_GHOST;
	/* shown only because of what lies below it */
	bool path = row->item < l->nmark && !(l->mark[row->item] & MARK_SHOWN);
	bool dim = !alive || ghost || path;
	uint64_t end = alive ? lineage_moment(l) : g->exited;
	const char *state = lineage_state(l, g);
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)g->goid);
	draw_put_match(c, y, x, k->tree + k->tree_w - x, dim ? ROLE_DIM : ROLE_GOID, text, s);
	draw_put_match(c, y, k->state, k->state_w, dim ? ROLE_DIM : draw_state_role(g), state, s);
	if (alive || g->exited)
		draw_age(g->created, end, ghost ? 0 : since, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "-");
	canvas_put_right(c, y, k->age, k->age_w, dim ? ROLE_DIM : ROLE_NORMAL, text);
	canvas_put_right(c, y, k->kids, k->kids_w, dim ? ROLE_DIM : ROLE_NORMAL,
			 name_rate(lineage_kids(l, g), text, sizeof(text)));
	draw_names(c, k, l, g,
		   l->panics ? panic_marks_text(l->panics, l, g, text, sizeof(text)) : NULL, s, y,
		   dim);
}

void draw_lineage(struct canvas *c, const struct lineage *l, const struct treeview *t,
		  const struct search *s, uint64_t since, int y, int w, int h)
{
	struct columns k = columns(t, w);

	draw_heads(c, &k, y, w);
	for (int i = 1; i < h; i++) {
		uint32_t row = t->top + (uint32_t)i - 1;
		const struct tree_row *r;
		const struct golin_goroutine *g;
		const struct lineage_group *grp;
		int x;

		if (row >= t->rows.len)
			break;
		r = &t->rows.v[row];
		g = lineage_goroutine(l, r);
		grp = lineage_group(l, r);
		x = draw_guides(c, t, row, k.guides, false, y + i, k.tree);
		if (g)
			draw_goroutine(c, &k, l, g, r, s, since, y + i, x);
		else if (grp)
			draw_group(c, &k, l, grp, s, since, y + i, x);
		else
			canvas_put(c, y + i, x, w - x, ROLE_DIM, "(no longer known)");
		if (row == t->sel)
			draw_selected(c, y + i, w);
	}
	if (!t->rows.len)
		canvas_put(c, y + 1, 2, w - 3, ROLE_DIM,
			   l->filter ? "no goroutine fits the filter (f, then Ctrl-U and Enter, "
				       "shows all)"
				     : "no goroutines yet");
}
