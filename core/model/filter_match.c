/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a goroutine passes a filter; how terms are joined. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "filter_impl.h"

/* Steps up the tree that one match may take; deeper trees are walked once for all. */
enum { NEAR = 64, CONTEXTS_LOOK = 256 };

bool filter_text(const struct filter_term *t, const char *s)
{
	if (t->regex)
		return !regexec(t->regex, s, 0, NULL, 0);
	return t->fold ? strcasestr(s, t->text) != NULL : strstr(s, t->text) != NULL;
}

static const char *place_text(char *buf, size_t cap, const struct golin_frame *f)
{
	if (*f->file)
		snprintf(buf, cap, "%s:%u", f->file, f->line);
	else
		buf[0] = 0;
	return buf;
}

bool filter_place(const struct filter_term *t, const struct golin_frame *f)
{
	char buf[GOLIN_STR_MAX + 16];

	return filter_text(t, f->func) || filter_text(t, place_text(buf, sizeof(buf), f));
}

static bool any_matches(const struct filter_term *t, const struct golin_model *m,
			const struct golin_goroutine *g)
{
	struct golin_frame start = golin_model_start_func(m, g), site;
	char buf[GOLIN_STR_MAX + 16];

	if (filter_text(t, start.func) || filter_text(t, golin_goroutine_state_text(m, g)))
		return true;
	site = golin_model_go_site(m, g);
	return filter_text(t, start.file) || filter_text(t, place_text(buf, sizeof(buf), &site));
}

static bool file_matches(const struct filter_term *t, const struct golin_model *m,
			 const struct golin_goroutine *g)
{
	return filter_text(t, golin_model_start_func(m, g).file) ||
	       filter_text(t, golin_model_go_site(m, g).file);
}

bool filter_compare(const struct filter_term *t, uint64_t v)
{
	return t->op == '>' ? v > t->num : v < t->num;
}

/* Since its creation; of one that has ended, how long it lived. */
static bool age_matches(const struct filter_term *t, const struct golin_model *m,
			const struct golin_goroutine *g)
{
	uint64_t end = g->exited ? g->exited : golin_model_now(m);
	uint64_t start = g->created ? g->created : golin_model_first(m);
	uint64_t age = end > start ? end - start : 0;

	/* One that was there before is at least as old as golin's watch; how old, nobody knows. */
	if (!g->created && t->op == '<')
		return false;
	return filter_compare(t, age);
}

static bool depth_matches(const struct filter_term *t, const struct golin_model *m,
			  const struct golin_goroutine *g)
{
	uint64_t depth = 0;

	/* Steps beyond the number change nothing. */
	while (g->up != GOLIN_GIDX_NONE && depth <= t->num) {
		g = golin_model_goroutine(m, g->up);
		depth++;
	}
	return filter_compare(t, depth);
}

/* ---- under:7 ---- */

static golin_gidx next_below(const struct golin_model *m, golin_gidx i, golin_gidx top)
{
	const struct golin_goroutine *g = golin_model_goroutine(m, i);

	if (g->first != GOLIN_GIDX_NONE)
		return g->first;
	while (i != top && g->next == GOLIN_GIDX_NONE) {
		i = g->up;
		g = golin_model_goroutine(m, i);
	}
	return i == top ? GOLIN_GIDX_NONE : g->next;
}

/* Marks all below `top`. False when memory is out. */
static bool mark_below(struct filter_term *t, const struct golin_model *m, golin_gidx top)
{
	size_t len = golin_model_goroutine_max(m) / 64 + 1;

	if (len > t->below_len) {
		uint64_t *below = realloc(t->below, len * sizeof(*below));

		if (!below)
			return false;
		t->below = below;
		t->below_len = len;
	}
	memset(t->below, 0, t->below_len * sizeof(*t->below));
	for (golin_gidx i = top; i != GOLIN_GIDX_NONE; i = next_below(m, i, top))
		t->below[i / 64] |= 1ULL << i % 64;
	t->seen_model = m;
	t->seen_top = top;
	t->seen_generation = golin_model_generation(m);
	return true;
}

/* False when that takes more than `steps`. */
static bool is_below(const struct golin_model *m, const struct golin_goroutine *g, golin_gidx top,
		     uint64_t steps, bool *ret)
{
	const struct golin_goroutine *t = golin_model_goroutine(m, top);

	for (; steps; steps--) {
		if (g == t || g->up == GOLIN_GIDX_NONE) {
			*ret = g == t;
			return true;
		}
		g = golin_model_goroutine(m, g->up);
	}
	return false;
}

static bool is_marked(const struct filter_term *t, const struct golin_model *m, golin_gidx top)
{
	return t->seen_model == m && t->seen_top == top &&
	       t->seen_generation == golin_model_generation(m);
}

/* The index of a goroutine of the model; NONE for one that stands outside (a copy). */
static golin_gidx index_of(const struct golin_model *m, const struct golin_goroutine *g)
{
	golin_gidx i = golin_model_find_key(m, g->target, g->epoch, g->goid);

	return golin_model_goroutine(m, i) == g ? i : GOLIN_GIDX_NONE;
}

static bool under_matches(struct filter_term *t, const struct golin_model *m,
			  const struct golin_goroutine *g)
{
	golin_gidx top = golin_model_find_key(m, g->target, g->epoch, t->num), i;
	bool below = false;

	if (g->goid == t->num)
		return true;
	if (top == GOLIN_GIDX_NONE)
		return g->parent == t->num;
	if (is_below(m, g, top, NEAR, &below))
		return below;
	i = index_of(m, g);
	if (i != GOLIN_GIDX_NONE && (is_marked(t, m, top) || mark_below(t, m, top)))
		return t->below[i / 64] >> i % 64 & 1;
	is_below(m, g, top, UINT64_MAX, &below);
	return below;
}

/* One of the contexts that it works under, for what only contexts have. */
static bool contexts_match(struct filter_term *t, const struct golin_model *m,
			   const struct golin_goroutine *g)
{
	struct filter_subject s = {.m = m, .g = g};
	golin_cidx c[CONTEXTS_LOOK];
	uint32_t n = golin_goroutine_contexts(m, index_of(m, g), c, CONTEXTS_LOOK);

	for (uint32_t k = 0; k < n && k < CONTEXTS_LOOK; k++) {
		s.c = c[k];
		if (filter_context_term(t, &s))
			return true;
	}
	return false;
}

bool filter_goroutine_term(struct filter_term *t, const struct golin_model *m,
			   const struct golin_goroutine *g)
{
	struct golin_frame site;

	if (filter_is_of_context(t))
		return contexts_match(t, m, g);

	switch (t->key) {
	case KEY_ANY:
		return any_matches(t, m, g);
	case KEY_FN:
		return filter_text(t, golin_model_start_func(m, g).func);
	case KEY_AT:
		site = golin_model_go_site(m, g);
		return filter_place(t, &site);
	case KEY_FILE:
		return file_matches(t, m, g);
	case KEY_STATE:
		return filter_text(t, golin_goroutine_state_text(m, g));
	case KEY_WAIT:
		return g->state == GOLIN_GS_WAITING && g->wait &&
		       filter_text(t, golin_model_string(m, g->wait));
	case KEY_VIA:
		return g->via && filter_text(t, golin_via_name(g->via));
	case KEY_HOW:
		return g->how && filter_text(t, golin_how_name(g->how));
	case KEY_GOID:
		return g->goid == t->num;
	case KEY_PARENT:
		return g->flags & GOLIN_GF_PARENT_KNOWN && g->parent == t->num;
	case KEY_UNDER:
		return under_matches(t, m, g);
	case KEY_ALIVE:
		return t->yes == !!(g->flags & GOLIN_GF_ALIVE);
	case KEY_SYSTEM:
		return t->yes == !!(g->flags & GOLIN_GF_SYSTEM);
	case KEY_CHILDREN:
		return filter_compare(t, g->nchild);
	case KEY_DEPTH:
		return depth_matches(t, m, g);
	case KEY_AGE:
		return age_matches(t, m, g);
	default:
		return false;
	}
}

static bool term_matches(struct filter_term *t, const struct filter_subject *s)
{
	if (s->finding)
		return filter_finding_term(t, s);
	if (s->panic)
		return filter_panic_term(t, s);
	if (s->c != GOLIN_CIDX_NONE)
		return filter_context_term(t, s);
	return s->g && filter_goroutine_term(t, s->m, s->g);
}

bool filter_eval(const struct golin_filter *f, const struct filter_subject *s)
{
	/* Each term pushes one value, so there are never more than terms. */
	bool stack[FILTER_MAX_TERMS];
	size_t n = 0;

	if (!f || !f->ops.len)
		return true;
	for (size_t k = 0; k < f->ops.len; k++) {
		int op = f->ops.v[k];

		if (op >= 0) {
			stack[n++] = term_matches(&f->terms.v[op], s);
		} else if (op == OP_NOT) {
			stack[n - 1] = !stack[n - 1];
		} else {
			n--;
			stack[n - 1] =
				op == OP_AND ? stack[n - 1] && stack[n] : stack[n - 1] || stack[n];
		}
	}
	return stack[0];
}

bool golin_filter_match(const struct golin_filter *f, const struct golin_model *m,
			const struct golin_goroutine *g)
{
	return filter_eval(f, &(struct filter_subject){.m = m, .g = g, .c = GOLIN_CIDX_NONE});
}
