// SPDX-License-Identifier: BSD-2-Clause
/* What was true of contexts at the moment that is shown; finding one of them, or an event. */
#include "contexts_view.h"

enum { HELD_MAX = 4096 };

bool ctxview_exists(const struct ctxview *v, const struct golin_context *c)
{
	return !v->asof || c->created <= v->asof;
}

struct ctxview_state ctxview_state(const struct ctxview *v, golin_cidx i)
{
	struct ctxview_state s = {.of = i};
	const struct golin_context *c = golin_model_context(v->model, i);

	if (!c) {
		s.state = GOLIN_CS_UNKNOWN;
		return s;
	}
	if (c->kind == GOLIN_CTX_VALUE) {
		golin_cidx above =
			i < v->nmark ? v->above[i] : golin_context_cancellable(v->model, c->up);

		if (golin_model_context(v->model, above)) {
			s.of = above;
			c = golin_model_context(v->model, above);
		}
	}
	s.state = (enum golin_context_state)c->state;
	s.cancelled = c->cancelled;
	if (v->asof && s.state == GOLIN_CS_CANCELLED && c->cancelled > v->asof) {
		s.state = GOLIN_CS_ACTIVE;
		s.cancelled = 0;
	}
	return s;
}

bool ctxview_ended(const struct ctxview *v, golin_cidx i)
{
	const struct golin_context *c = golin_model_context(v->model, i);
	struct ctxview_state s = ctxview_state(v, i);

	if (s.state == GOLIN_CS_CANCELLED)
		return true;
	/* What was cancelled later than the moment was in use then. */
	return !c || (c->retired && !(v->asof && c->cancelled > v->asof));
}

bool ctxview_works(const struct ctxview *v, const struct golin_goroutine *g)
{
	if (g->flags & GOLIN_GF_ALIVE)
		return !v->asof || g->created <= v->asof;
	return v->asof && g->created <= v->asof && g->exited > v->asof;
}

uint32_t ctxview_workers(const struct ctxview *v, golin_cidx i)
{
	struct golin_holder h[HELD_MAX];
	uint32_t n, alive = 0;

	if (!v->asof)
		return golin_context_live_holders(v->model, i);
	n = golin_context_holders(v->model, i, h, HELD_MAX);
	for (uint32_t k = 0; k < n && k < HELD_MAX; k++)
		alive += ctxview_works(v, golin_model_goroutine(v->model, h[k].g));
	return alive;
}

uint32_t ctxview_kids(const struct ctxview *v, const struct golin_context *c)
{
	uint32_t n = 0;

	if (!v->asof)
		return c->nchild;
	for (golin_cidx i = c->first_child; (c = golin_model_context(v->model, i)); i = c->next)
		n += ctxview_exists(v, c);
	return n;
}

bool ctxview_left(const struct ctxview *v, golin_cidx i, int64_t *ret)
{
	const struct golin_context *c = golin_model_context(v->model, i);
	uint64_t now = golin_model_unix(v->model, ctxview_moment(v));

	if (!c || !c->deadline_unix_ns || !now)
		return false;
	return !__builtin_sub_overflow(c->deadline_unix_ns, (int64_t)now, ret);
}

/* ---- search ---- */

static golin_cidx last_root(const struct golin_model *m)
{
	golin_cidx i = golin_model_context_roots(m), last = GOLIN_CIDX_NONE;
	const struct golin_context *c;

	for (; (c = golin_model_context(m, i)); i = c->next)
		last = i;
	return last;
}

static bool goes_on_below(const struct ctxview *v, golin_cidx i)
{
	return i < v->nmark && (v->mark[i] & MARK_PATH);
}

/* The next in the order of the tree (a node before its children); NONE behind the last. */
static golin_cidx step(const struct ctxview *v, golin_cidx i)
{
	const struct golin_context *c = golin_model_context(v->model, i);
	uint32_t max = golin_model_context_max(v->model);

	if (c && c->first_child != GOLIN_CIDX_NONE && goes_on_below(v, i))
		return c->first_child;
	for (uint32_t n = 0; c && n <= max; n++) {
		if (c->next != GOLIN_CIDX_NONE)
			return c->next;
		c = golin_model_context(v->model, c->up);
	}
	return GOLIN_CIDX_NONE;
}

static golin_cidx deepest(const struct ctxview *v, golin_cidx i)
{
	uint32_t max = golin_model_context_max(v->model);

	for (uint32_t n = 0; n <= max; n++) {
		const struct golin_context *c = golin_model_context(v->model, i);

		if (!c || c->last_child == GOLIN_CIDX_NONE || !goes_on_below(v, i))
			break;
		i = c->last_child;
	}
	return i;
}

static golin_cidx step_back(const struct ctxview *v, golin_cidx i)
{
	const struct golin_context *c = golin_model_context(v->model, i);

	if (!c)
		return GOLIN_CIDX_NONE;
	return c->prev != GOLIN_CIDX_NONE ? deepest(v, c->prev) : c->up;
}

golin_cidx ctxview_search(const struct ctxview *v, struct search *s, golin_cidx from,
			  bool backwards, bool with_from)
{
	uint32_t max = golin_model_context_max(v->model);
	golin_cidx i = from;

	if (!golin_model_context(v->model, i)) {
		i = GOLIN_CIDX_NONE;
		with_from = false;
	}
	/* Twice round at most: every step meets another context, or the end. */
	for (uint64_t n = 0; n <= 2ull * max + 2; n++) {
		const struct golin_context *c;

		if (!with_from && i != GOLIN_CIDX_NONE)
			i = backwards ? step_back(v, i) : step(v, i);
		else if (!with_from)
			i = backwards ? deepest(v, last_root(v->model))
				      : golin_model_context_roots(v->model);
		with_from = false;
		c = golin_model_context(v->model, i);
		if (c && i < v->nmark && (v->mark[i] & MARK_SHOWN) &&
		    search_context(s, v->model, c))
			return i;
		if (!c)
			i = GOLIN_CIDX_NONE;
	}
	return GOLIN_CIDX_NONE;
}

static void nearer(uint64_t t, uint64_t at, bool backwards, uint64_t *best)
{
	if (!t)
		return;
	if (backwards ? t < at && t > *best : t > at && (!*best || t < *best))
		*best = t;
}

uint64_t ctxview_event_time(const struct ctxview *v, uint64_t at, bool backwards)
{
	uint32_t max = golin_model_context_max(v->model);
	uint64_t best = 0;

	for (golin_cidx i = 0; i < max; i++) {
		const struct golin_context *c = golin_model_context(v->model, i);

		if (!c)
			continue;
		nearer(c->created, at, backwards, &best);
		nearer(c->cancelled, at, backwards, &best);
	}
	return best;
}
