// SPDX-License-Identifier: BSD-2-Clause
/* The contexts and the goroutines under them, a line each. */
#include <inttypes.h>
#include <stdio.h>
#include "base/text.h"
#include "detail.h"
#include "draw.h"
#include "names.h"

enum {
	NAME_COLS = 16, /* what a name may take in the tree's column before it widens */
	TREE_MIN = 18,
	NEAR_NS = 1000000000, /* a deadline so near is red, */
	NEAR_PART = 10,	      /* and so is the last tenth of what was asked for */
};

struct columns {
	int tree, state, age, work, kids, func, at; /* x */
	int tree_w, state_w, age_w, work_w, kids_w, func_w, at_w;
	uint32_t guides; /* levels that fit */
};

static struct columns columns(const struct treeview *t, int w)
{
	struct columns c = {.age_w = 6, .tree = 1, .work_w = 4};
	uint32_t depth = t->depth < 2000 ? t->depth : 2000;
	int widest = w < 100 ? w * 3 / 10 : w * 2 / 5;

	c.tree_w = (int)depth * 2 + 1 + NAME_COLS;
	if (c.tree_w > widest)
		c.tree_w = widest;
	if (c.tree_w < TREE_MIN)
		c.tree_w = TREE_MIN;
	/* of a deep one the name matters more than its edges */
	c.guides = (uint32_t)(c.tree_w - 1 - (c.tree_w < 24 ? 11 : NAME_COLS)) / 2;
	c.state_w = w < 100 ? 13 : 18;
	c.kids_w = w < 72 ? 0 : 5;
	c.state = c.tree + c.tree_w + 1;
	c.age = c.state + c.state_w + 1;
	c.work = c.age + c.age_w + 1;
	c.kids = c.work + c.work_w + 1;
	c.func = c.kids + c.kids_w + 1 + (c.kids_w != 0);
	c.func_w = w - c.func;
	draw_split(&c.func_w, &c.at_w);
	c.at = c.func + c.func_w + 1;
	return c;
}

static void draw_heads(struct canvas *c, const struct columns *k, int y, int w)
{
	canvas_blank(c, y, 0, w, ROLE_HEADER);
	canvas_put(c, y, k->tree, k->tree_w, ROLE_HEADER, "CONTEXT");
	canvas_put(c, y, k->state, k->state_w, ROLE_HEADER, "STATE");
	canvas_put_right(c, y, k->age, k->age_w, ROLE_HEADER, "AGE");
	canvas_put_right(c, y, k->work, k->work_w, ROLE_HEADER, "GOS");
	if (k->kids_w)
		canvas_put_right(c, y, k->kids, k->kids_w, ROLE_HEADER, "KIDS");
	draw_func_heads(c, y, k->func, k->func_w, k->at_w);
}

/* ---- a context ---- */

/* "cancelled 4s", with "ago" where there is room. */
static void put_gone(struct canvas *c, const struct columns *k, const char *what, uint64_t when,
		     uint64_t moment, int y)
{
	char ago[16];

	if (!when)
		canvas_put(c, y, k->state, k->state_w, ROLE_DIM, what);
	else
		canvas_putf(
			c, y, k->state, k->state_w, ROLE_DIM, "%s %s%s", what,
			golin_text_duration(ago, sizeof(ago), moment > when ? moment - when : 0),
			k->state_w < 18 ? "" : " ago");
}

static const char *reason_word(const struct golin_context *of)
{
	switch (of->cancel_reason) {
	case GOLIN_CANCEL_DEADLINE:
		return "deadline";
	case GOLIN_CANCEL_PARENT:
		return "parent";
	default:
		return "cancelled";
	}
}

static bool is_near(const struct golin_context *c, int64_t left)
{
	return left < NEAR_NS ||
	       (c->flags & GOLIN_CTX_HAS_TIMEOUT && left < c->timeout_ns / NEAR_PART);
}

static void draw_state(struct canvas *c, const struct columns *k, const struct ctxview *v,
		       golin_cidx i, int y)
{
	const struct golin_context *self = golin_model_context(v->model, i);
	struct ctxview_state s = ctxview_state(v, i);
	char text[32];
	int64_t left;

	if (s.state == GOLIN_CS_CANCELLED) {
		put_gone(c, k, reason_word(golin_model_context(v->model, s.of)), s.cancelled,
			 ctxview_moment(v), y);
	} else if (ctxview_ended(v, i)) {
		canvas_put(c, y, k->state, k->state_w, ROLE_DIM, "unused");
	} else if (ctxview_left(v, i, &left)) {
		golin_text_duration(text, sizeof(text),
				    (unsigned long long)(left < 0 ? -left : left));
		canvas_putf(c, y, k->state, k->state_w, is_near(self, left) ? ROLE_BREAK : ROLE_RUN,
			    left < 0 ? "over %s" : "%s left", text);
	} else {
		canvas_put(c, y, k->state, k->state_w,
			   s.state == GOLIN_CS_UNKNOWN ? ROLE_WAIT : ROLE_RUN,
			   s.state == GOLIN_CS_UNKNOWN ? "unknown" : "active");
	}
}

/* "main.key=string", with the texts where they may be shown; else "". */
static const char *value_text(const struct ctxview *v, const struct golin_context *c, char *buf,
			      size_t cap)
{
	const char *key = golin_model_string(v->model, c->key_type);
	const char *value = golin_model_string(v->model, c->value_type);
	const char *text = golin_model_string(v->model, c->value);

	buf[0] = 0;
	if (c->kind != GOLIN_CTX_VALUE)
		return buf;
	if (c->flags & GOLIN_CTX_SHOWN && *text)
		snprintf(buf, cap, "%s=%.100s ", *key ? key : "?", text);
	else
		snprintf(buf, cap, "%s=%s ", *key ? key : "?", *value ? value : "nil");
	return buf;
}

/* The rule that found something wrong, what a value carries, and where it was made. */
static void draw_site(struct canvas *c, const struct columns *k, const struct ctxview *v,
		      const struct golin_context *self, const struct finding *f,
		      const struct search *s, int y, bool dim)
{
	struct golin_frame site = golin_context_site(v->model, self);
	char text[512];
	int x = k->func, end = k->func + k->func_w;

	if (f)
		x += canvas_putf(c, y, x, end - x, ROLE_BREAK, "!%s", f->rule) + 1;
	value_text(v, self, text, sizeof(text));
	if (*text && x < end) {
		draw_put_match(c, y, x, end - x, dim ? ROLE_DIM : ROLE_SYSCALL, text, s);
		x += golin_text_width(text);
	}
	if (*site.func && x < end)
		draw_put_match(c, y, x, end - x, dim ? ROLE_DIM : ROLE_FUNC,
			       name_func(site.func, end - x), s);
	if (*site.func && k->at_w)
		draw_put_match(c, y, k->at, k->at_w, dim ? ROLE_DIM : ROLE_PLACE,
			       name_tail(name_place(&site, text, sizeof(text)), k->at_w), s);
}

static void draw_counts(struct canvas *c, const struct columns *k, uint32_t work, uint32_t kids,
			bool dim, int y)
{
	char num[16];

	if (work)
		canvas_put_right(c, y, k->work, k->work_w, dim ? ROLE_DIM : ROLE_NORMAL,
				 name_rate(work, num, sizeof(num)));
	if (kids && k->kids_w)
		canvas_put_right(c, y, k->kids, k->kids_w, dim ? ROLE_DIM : ROLE_NORMAL,
				 name_rate(kids, num, sizeof(num)));
}

static void draw_context(struct canvas *c, const struct columns *k, const struct ctxview *v,
			 golin_cidx i, const struct finding *f, const struct search *s,
			 uint64_t since, int y, int x)
{
	const struct golin_context *self = golin_model_context(v->model, i);
	bool ended = ctxview_ended(v, i);
	/* shown only because of what lies below it */
	bool path = i < v->nmark && !(v->mark[i] & MARK_SHOWN);
	bool dim = ended || path;
	struct ctxview_state st = ctxview_state(v, i);
	uint64_t end = ended && st.cancelled ? st.cancelled : ctxview_moment(v);
	char text[128];

	draw_put_match(c, y, x, k->tree + k->tree_w - x, dim ? ROLE_DIM : ROLE_GOID,
		       name_context(v->model, self, text, sizeof(text)), s);
	draw_state(c, k, v, i, y);
	if (!ended || st.cancelled)
		canvas_put_right(c, y, k->age, k->age_w, dim ? ROLE_DIM : ROLE_NORMAL,
				 draw_age(self->created, end, since, text, sizeof(text)));
	draw_counts(c, k, ctxview_workers(v, i), ctxview_kids(v, self), dim, y);
	draw_site(c, k, v, self, f, s, y, dim);
}

static void draw_group(struct canvas *c, const struct columns *k, const struct ctxview *v,
		       const struct ctxview_group *grp, const struct search *s, uint64_t since,
		       int y, int x)
{
	const struct golin_context *like = golin_model_context(v->model, grp->first);
	bool dim, unknown;
	char num[32], name[128];
	int w = k->tree + k->tree_w - x, used;

	if (!like)
		return;
	dim = ctxview_ended(v, grp->first);
	used = canvas_putf(c, y, x, w, dim ? ROLE_DIM : ROLE_GROUP, "[%s]",
			   name_count(grp->count, num, sizeof(num)));
	if (used + 2 < w)
		canvas_put(c, y, x + used + 1, w - used - 1, dim ? ROLE_DIM : ROLE_GROUP,
			   name_context(v->model, like, name, sizeof(name)));
	unknown = ctxview_state(v, grp->first).state == GOLIN_CS_UNKNOWN;
	canvas_put(c, y, k->state, k->state_w,
		   dim	     ? ROLE_DIM
		   : unknown ? ROLE_WAIT
			     : ROLE_RUN,
		   dim	     ? "ended"
		   : unknown ? "unknown"
			     : "active");
	if (!dim)
		canvas_put_right(
			c, y, k->age, k->age_w, ROLE_NORMAL,
			draw_age(grp->oldest, ctxview_moment(v), since, name, sizeof(name)));
	draw_counts(c, k, grp->goroutines, 0, dim, y);
	draw_site(c, k, v, like, NULL, s, y, dim);
}

/* ---- goroutines under a context ---- */

static void draw_goroutine(struct canvas *c, const struct columns *k, const struct ctxview *v,
			   const struct golin_goroutine *g, golin_gidx gi, golin_cidx under,
			   const struct finding *f, const struct search *s, uint64_t since, int y,
			   int x)
{
	bool alive = ctxview_works(v, g), dim = !alive;
	const char *state = golin_goroutine_state_text(v->model, g);
	struct golin_frame start = golin_model_start_func(v->model, g);
	const char *how = detail_held_text(golin_context_held(v->model, under, gi));
	char text[64];
	int at = k->func, end = k->func + k->func_w;

	snprintf(text, sizeof(text), "go %" PRIu64, g->goid);
	draw_put_match(c, y, x, k->tree + k->tree_w - x, dim ? ROLE_DIM : ROLE_GOID, text, s);
	if (alive && !(g->flags & GOLIN_GF_ALIVE))
		state = "alive"; /* what it did then is not kept */
	canvas_put(c, y, k->state, k->state_w, dim ? ROLE_DIM : draw_state_role(g), state);
	canvas_put_right(c, y, k->age, k->age_w, dim ? ROLE_DIM : ROLE_NORMAL,
			 draw_age(g->created, alive ? ctxview_moment(v) : g->exited, since, text,
				  sizeof(text)));
	if (f)
		at += canvas_putf(c, y, at, end - at, ROLE_BREAK, "!%s", f->rule) + 1;
	if (at < end)
		draw_put_match(c, y, at, end - at, dim ? ROLE_DIM : ROLE_FUNC,
			       name_func(start.func, end - at), s);
	if (k->at_w)
		canvas_put(c, y, k->at, k->at_w, ROLE_DIM, how);
}

static void draw_holders(struct canvas *c, const struct columns *k, const struct ctxview *v,
			 const struct ctxview_group *grp, const struct search *s, uint64_t since,
			 int y, int x)
{
	const struct golin_goroutine *g = golin_model_goroutine(v->model, grp->g);
	char num[32];
	bool dim;

	if (!g)
		return;
	dim = !ctxview_works(v, g);
	canvas_putf(c, y, x, k->tree + k->tree_w - x, dim ? ROLE_DIM : ROLE_GROUP, "[%s] go",
		    name_count(grp->count, num, sizeof(num)));
	canvas_put(c, y, k->state, k->state_w, dim ? ROLE_DIM : ROLE_WAIT,
		   dim ? "ended" : "like this");
	if (!dim)
		canvas_put_right(c, y, k->age, k->age_w, ROLE_NORMAL,
				 draw_age(grp->oldest, ctxview_moment(v), since, num, sizeof(num)));
	draw_put_match(c, y, k->func, k->func_w, dim ? ROLE_DIM : ROLE_FUNC,
		       name_func(golin_model_start_func(v->model, g).func, k->func_w), s);
}

/* ---- rows ---- */

/*
 * What is wrong with the edge above a row: a context's own finding, or, of a goroutine, the finding
 * that names both it and the context that it works under.
 */
static const struct finding *broken_edge(const struct ctxview *v, golin_cidx under,
					 const struct golin_goroutine *g)
{
	const struct finding *f = v->findings ? findings_of_context(v->findings, under) : NULL;

	if (!f || !g)
		return f;
	return f->f.goid == g->goid ? f : NULL;
}

void draw_contexts(struct canvas *c, const struct ctxview *v, const struct treeview *t,
		   const struct search *s, uint64_t since, const char *empty, int y, int w, int h)
{
	struct columns k = columns(t, w);

	draw_heads(c, &k, y, w);
	for (int i = 1; i < h && t->top + (uint32_t)i - 1 < t->rows.len; i++) {
		uint32_t row = t->top + (uint32_t)i - 1;
		const struct tree_row *r = &t->rows.v[row];
		golin_cidx ci = ctxview_context(v, r), under = ctxview_context_of(v, t, row);
		golin_gidx gi = ctxview_goroutine(v, r);
		const struct golin_goroutine *g = golin_model_goroutine(v->model, gi);
		const struct ctxview_group *grp = ctxview_group(v, r);
		const struct finding *f =
			ci != GOLIN_CIDX_NONE || g ? broken_edge(v, under, g) : NULL;
		int x = draw_guides(c, t, row, k.guides, f, y + i, k.tree);

		if (ci != GOLIN_CIDX_NONE)
			draw_context(c, &k, v, ci, f, s, since, y + i, x);
		else if (g)
			draw_goroutine(c, &k, v, g, gi, under, f, s, since, y + i, x);
		else if (grp && r->kind == CTXVIEW_GROUP)
			draw_group(c, &k, v, grp, s, since, y + i, x);
		else if (grp)
			draw_holders(c, &k, v, grp, s, since, y + i, x);
		else
			canvas_put(c, y + i, x, w - x, ROLE_DIM, "(no longer known)");
		if (row == t->sel)
			draw_selected(c, y + i, w);
	}
	if (!t->rows.len)
		canvas_put(c, y + 1, 2, w - 3, ROLE_DIM, empty);
}
