// SPDX-License-Identifier: BSD-2-Clause
/* The panics by site, and the trees of failures, a line each. */
#include <inttypes.h>
#include <stdio.h>
#include "base/text.h"
#include "draw.h"
#include "names.h"

struct columns {
	int tree, outcome, count, last, text, at; /* x */
	int tree_w, outcome_w, count_w, last_w, text_w, at_w;
	uint32_t guides; /* levels that fit */
	bool clock;	 /* there is room for the time of day */
};

/* Where there are no sites there is nothing to count. */
static struct columns columns(int w, bool sites)
{
	struct columns c = {.tree = 1, .outcome_w = w < 100 || !sites ? 10 : 13};

	c.clock = w >= 100;
	c.last_w = c.clock ? 12 : 5;
	c.tree_w = w < 72 ? 19 : w < 100 ? 23 : w < 140 ? 28 : 40;
	c.count_w = sites ? 5 : 0;
	c.guides = (uint32_t)(c.tree_w - 14) / 2;
	c.outcome = c.tree + c.tree_w + 1;
	c.count = c.outcome + c.outcome_w + 1;
	c.last = c.count + c.count_w + (sites ? 1 : 0);
	c.text = c.last + c.last_w + 2;
	c.text_w = w - c.text;
	draw_split(&c.text_w, &c.at_w);
	c.at = c.text + c.text_w + 1;
	return c;
}

static void draw_heads(struct canvas *c, const struct columns *k, int y, int w)
{
	canvas_blank(c, y, 0, w, ROLE_HEADER);
	canvas_put(c, y, k->tree, k->tree_w, ROLE_HEADER, "PANIC");
	canvas_put(c, y, k->outcome, k->outcome_w, ROLE_HEADER, "OUTCOME");
	if (k->count_w)
		canvas_put_right(c, y, k->count, k->count_w, ROLE_HEADER, "COUNT");
	canvas_put_right(c, y, k->last, k->last_w, ROLE_HEADER, k->clock ? "LAST" : "AGO");
	canvas_put(c, y, k->text, k->text_w, ROLE_HEADER, k->count_w ? "RAISED IN" : "WHAT");
	if (k->at_w)
		canvas_put(c, y, k->at, k->at_w, ROLE_HEADER, "AT");
}

enum role draw_outcome_role(enum golin_panic_outcome outcome)
{
	switch (outcome) {
	case GOLIN_PO_FATAL:
		return ROLE_BREAK;
	case GOLIN_PO_ACTIVE:
		return ROLE_ALERT;
	case GOLIN_PO_RECOVERED:
		return ROLE_RUN;
	case GOLIN_PO_UNKNOWN:
		return ROLE_WAIT;
	default:
		return ROLE_NORMAL;
	}
}

/* The worst first: what a site is shown as when its panics went different ways. */
static const enum golin_panic_outcome worst[] = {
	GOLIN_PO_FATAL,	   GOLIN_PO_ACTIVE, GOLIN_PO_UNKNOWN,
	GOLIN_PO_REPLACED, GOLIN_PO_GOEXIT, GOLIN_PO_RECOVERED,
};

static void draw_time(struct canvas *c, const struct columns *k, const struct panview *v,
		      uint64_t ns, int y)
{
	char text[32];

	if (k->clock)
		name_clock(golin_model_unix(v->model, ns), text, sizeof(text));
	else
		draw_age(ns, panview_moment(v), 0, text, sizeof(text));
	canvas_put_right(c, y, k->last, k->last_w, ROLE_NORMAL, text);
}

static void draw_place(struct canvas *c, const struct columns *k, const struct golin_frame *at,
		       const struct search *s, int y, bool dim)
{
	char place[512];

	if (k->at_w)
		draw_put_match(c, y, k->at, k->at_w, dim ? ROLE_DIM : ROLE_PLACE,
			       name_tail(name_place(at, place, sizeof(place)), k->at_w), s);
}

static void draw_site(struct canvas *c, const struct columns *k, const struct panview *v,
		      const struct panview_site *site, const struct search *s, int y, int x)
{
	struct golin_frame at = golin_panic_at(v->model, site->newest);
	const char *type = panview_type(v->model, site->newest);
	int w = k->tree + k->tree_w - x;
	char num[32], of[32];

	draw_put_match(c, y, x, w, ROLE_GROUP, name_func(type, w), s);
	for (size_t i = 0; i < sizeof(worst) / sizeof(worst[0]); i++) {
		uint32_t n = site->by[worst[i]];
		const char *name = golin_panic_outcome_name(worst[i]);

		if (!n)
			continue;
		if (n == site->count)
			draw_put_match(c, y, k->outcome, k->outcome_w, draw_outcome_role(worst[i]),
				       name, s);
		else
			canvas_putf(c, y, k->outcome, k->outcome_w, draw_outcome_role(worst[i]),
				    "%s %s/%s", name, name_rate(n, num, sizeof(num)),
				    name_rate(site->count, of, sizeof(of)));
		break;
	}
	canvas_put_right(c, y, k->count, k->count_w, ROLE_NORMAL,
			 name_rate(site->count, num, sizeof(num)));
	draw_time(c, k, v, site->last_at, y);
	draw_put_match(c, y, k->text, k->text_w, ROLE_FUNC, name_func(at.func, k->text_w), s);
	draw_place(c, k, &at, s, y, false);
}

/* A line of a site's needs no type; in a tree, first why it stands where it does. */
static void panic_text(const struct panview *v, golin_pidx i, bool member, char *buf, size_t cap)
{
	const char *text = panview_text(v->model, i), *type = panview_type(v->model, i);
	char rel[64];

	panview_relation(v->model, i, rel, sizeof(rel));
	if (member)
		snprintf(buf, cap, "%s%s%s", *text ? text : type, *rel ? "  " : "", rel);
	else
		snprintf(buf, cap, "%s%s%s%s%s", rel, *rel ? ": " : "", type, *text ? " " : "",
			 text);
}

static void draw_panic(struct canvas *c, const struct columns *k, const struct panview *v,
		       golin_pidx i, bool member, const struct search *s, int y, int x)
{
	const struct golin_panic *p = golin_model_panic(v->model, i);
	struct golin_frame at = golin_panic_at(v->model, i);
	enum golin_panic_outcome outcome = panview_outcome(v, p);
	/* shown only because of what lies below it */
	bool dim = i < v->nmark && !(v->mark[i] & MARK_SHOWN);
	int w = k->text_w + (member && k->at_w ? k->at_w + 1 : 0);
	char text[1024];

	if (p->goid)
		snprintf(text, sizeof(text), "#%" PRIu64 " go %" PRIu64, p->number, p->goid);
	else
		snprintf(text, sizeof(text), "#%" PRIu64, p->number);
	draw_put_match(c, y, x, k->tree + k->tree_w - x, dim ? ROLE_DIM : ROLE_GOID, text, s);
	draw_put_match(c, y, k->outcome, k->outcome_w, dim ? ROLE_DIM : draw_outcome_role(outcome),
		       golin_panic_outcome_name(outcome), s);
	draw_time(c, k, v, p->started, y);
	panic_text(v, i, member, text, sizeof(text));
	draw_put_match(c, y, k->text, w, dim ? ROLE_DIM : ROLE_NORMAL, text, s);
	/* A site says where its panics were raised. */
	if (!member)
		draw_place(c, k, &at, s, y, dim);
}

void draw_panics(struct canvas *c, const struct panview *v, const struct treeview *t,
		 const struct search *s, const char *empty, int y, int w, int h)
{
	struct columns k = columns(w, v->fold);

	draw_heads(c, &k, y, w);
	for (int i = 1; i < h && t->top + (uint32_t)i - 1 < t->rows.len; i++) {
		uint32_t row = t->top + (uint32_t)i - 1;
		const struct tree_row *r = &t->rows.v[row];
		const struct panview_site *site = panview_site(v, r);
		golin_pidx pi = panview_panic(v, r);
		int x = draw_guides(c, t, row, k.guides, false, y + i, k.tree);

		if (pi == GOLIN_PIDX_NONE)
			canvas_put(c, y + i, x, w - x, ROLE_DIM, "(no longer known)");
		else if (site)
			draw_site(c, &k, v, site, s, y + i, x);
		else
			draw_panic(c, &k, v, pi, r->kind == PANVIEW_MEMBER, s, y + i, x);
		if (row == t->sel)
			draw_selected(c, y + i, w);
	}
	if (!t->rows.len)
		canvas_put(c, y + 1, 2, w - 3, ROLE_DIM, empty);
}
