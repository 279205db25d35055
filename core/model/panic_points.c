/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the goroutine that panicked and those above it stand: asked for once a panic began, for a
 * bounded number at a time. Whoever has ended before is told as gone.
 */
#include "model_impl.h"

#include <errno.h>

enum {
	ASKS = 64, /* in each ASK_NS */
	POINT_LEVELS = GOLIN_POINTS_MAX,
};

#define ASK_NS 1000000000ull
#define PENDING_NS (10 * ASK_NS) /* what nobody answers is not waited for */

/* ---- the list of those that are waited for ---- */

static struct panic_trace *pending(const struct golin_model *m, uint32_t k)
{
	golin_pidx i = m->panic_traces.pending_at[k];
	const struct golin_panic *p = golin_model_panic(m, i);

	return p && p->number == m->panic_traces.pending[k] ? panic_trace_at(m, i) : NULL;
}

static const struct golin_panic *pending_panic(const struct golin_model *m, uint32_t k)
{
	return golin_model_panic(m, m->panic_traces.pending_at[k]);
}

static bool is_over(const struct golin_model *m, uint32_t k)
{
	const struct panic_trace *t = pending(m, k);
	uint32_t seen = 0;

	if (!t || m->now_ns - pending_panic(m, k)->started > PENDING_NS)
		return true;
	for (uint32_t n = 0; n < t->npoints; n++)
		seen += t->points[n].seen;
	return seen == t->npoints;
}

static void prune(struct golin_model *m)
{
	struct panic_traces *all = &m->panic_traces;
	uint32_t kept = 0;

	for (uint32_t k = 0; k < all->npending; k++) {
		if (is_over(m, k))
			continue;
		all->pending[kept] = all->pending[k];
		all->pending_at[kept++] = all->pending_at[k];
	}
	all->npending = kept;
}

void panic_points_forget(struct golin_model *m, golin_pidx i)
{
	struct panic_trace *t = panic_trace_at(m, i);

	m->panic_traces.npoints -= t->npoints;
	free(t->points);
	t->points = NULL;
	t->npoints = 0;
}

int panic_points_started(struct golin_model *m, uint32_t space, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	golin_gidx g = p->goid ? goroutine_find(m, space, p->goid) : GOLIN_GIDX_NONE;
	struct panic_traces *all = &m->panic_traces;
	struct panic_trace *t = panic_trace_at(m, i);
	uint64_t goids[POINT_LEVELS];
	uint32_t n = 0;

	for (; n < POINT_LEVELS && g != GOLIN_GIDX_NONE; g = node_at(m, g)->g.up)
		goids[n++] = node_at(m, g)->g.goid;
	prune(m);
	if (!n || all->npending == PANIC_PENDING)
		return 0;
	t->points = calloc(n, sizeof(*t->points));
	if (!t->points)
		return -ENOMEM;
	t->npoints = n;
	all->npoints += n;
	for (uint32_t k = 0; k < n; k++)
		t->points[k].goid = goids[k];
	all->pending[all->npending] = p->number;
	all->pending_at[all->npending++] = i;
	return 0;
}

/* ---- questions ---- */

static bool ends_with(struct golin_model *m, uint32_t k, struct panic_point *pt)
{
	const struct golin_panic *p = pending_panic(m, k);
	golin_gidx g = golin_model_find_key(m, p->target, p->epoch, pt->goid);

	if (g != GOLIN_GIDX_NONE && node_at(m, g)->g.flags & GOLIN_GF_ALIVE)
		return false;
	pt->seen = pt->gone = true;
	if (g != GOLIN_GIDX_NONE && node_at(m, g)->g.exited > p->started)
		pt->after = node_at(m, g)->g.exited - p->started;
	return true;
}

static void mark_asked(struct golin_model *m, uint64_t goid)
{
	for (uint32_t k = 0; k < m->panic_traces.npending; k++) {
		struct panic_trace *t = pending(m, k);

		for (uint32_t n = 0; t && n < t->npoints; n++)
			t->points[n].asked |= t->points[n].goid == goid;
	}
}

/* A read of a goroutine costs more than the panic: not more than so many in a second. */
static bool may_ask(struct golin_model *m)
{
	struct panic_traces *all = &m->panic_traces;

	if (m->now_ns - all->ask_from >= ASK_NS) {
		all->ask_from = m->now_ns;
		all->asks = 0;
	}
	return all->asks < ASKS;
}

bool golin_model_panics_ask(struct golin_model *m, struct golin_ctl *ret)
{
	if (!m->panic_traces.npending || !may_ask(m))
		return false;
	prune(m);
	for (uint32_t k = 0; k < m->panic_traces.npending; k++) {
		struct panic_trace *t = pending(m, k);

		for (uint32_t n = 0; n < t->npoints; n++) {
			struct panic_point *pt = &t->points[n];

			if (pt->asked || pt->seen || ends_with(m, k, pt))
				continue;
			mark_asked(m, pt->goid);
			m->panic_traces.asks++;
			*ret = (struct golin_ctl){.type = GOLIN_CTL_READ, .goid = pt->goid};
			return true;
		}
	}
	return false;
}

/* ---- answers ---- */

static bool is_dead(uint32_t state)
{
	return state == GOLIN_GS_DEAD || state == GOLIN_GS_DEADEXTRA;
}

/* What a goroutine does, in the words of golin_goroutine_state_text(). */
static int wait_text(struct golin_model *m, const struct golin_rec_goroutine_state *r,
		     uint32_t *ret)
{
	const char *s = golin_rec_text(&r->h, r->wait);
	int rc;

	if (r->state != GOLIN_GS_WAITING || !*s)
		s = golin_gstate_name(r->state);
	rc = strings_intern(&m->strings, s ? s : "", s ? strlen(s) : 0, ret);
	return rc == -ENOSPC ? 0 : rc;
}

int panic_points_state(struct golin_model *m, uint32_t space,
		       const struct golin_rec_goroutine_state *r)
{
	struct panic_traces *all = &m->panic_traces;
	uint64_t ts = model_time(m, r->h.ts);
	uint32_t wait = 0;
	int rc;

	all->answered_goid = 0;
	if (!all->npending)
		return 0;
	prune(m);
	for (uint32_t k = 0; k < all->npending; k++) {
		const struct golin_panic *p = pending_panic(m, k);
		struct panic_trace *t = pending(m, k);

		if (m->spaces.v[space].target != p->target || m->spaces.v[space].epoch != p->epoch)
			continue;
		for (uint32_t n = 0; n < t->npoints; n++) {
			struct panic_point *pt = &t->points[n];

			if (pt->goid != r->h.goid || pt->seen || ts < p->started)
				continue;
			rc = wait || is_dead(r->state) ? 0 : wait_text(m, r, &wait);
			if (rc)
				return rc;
			pt->seen = true;
			pt->gone = is_dead(r->state);
			pt->after = ts - p->started;
			pt->wait = wait;
			all->answered_goid = r->h.goid;
		}
	}
	return 0;
}

/* Stands behind the state that it belongs to, which has filled the points that wait for it. */
void panic_points_waits(struct golin_model *m, uint32_t space,
			const struct golin_rec_goroutine_waits *r)
{
	struct panic_traces *all = &m->panic_traces;

	if (all->answered_goid != r->h.goid || !r->h.goid)
		return;
	all->answered_goid = 0;
	for (uint32_t k = 0; k < all->npending; k++) {
		const struct golin_panic *p = pending_panic(m, k);
		struct panic_trace *t = pending(m, k);

		if (!t || m->spaces.v[space].target != p->target ||
		    m->spaces.v[space].epoch != p->epoch)
			continue;
		for (uint32_t n = 0; n < t->npoints; n++)
			if (t->points[n].goid == r->h.goid && t->points[n].seen &&
			    !t->points[n].gone && !t->points[n].stack)
				t->points[n].stack = r->stack;
	}
}

/* ---- dumps ---- */

static void wait_for(struct golin_model *m, golin_pidx i)
{
	struct panic_traces *all = &m->panic_traces;
	uint64_t number = golin_model_panic(m, i)->number;

	for (uint32_t k = 0; k < all->npending; k++)
		if (all->pending[k] == number)
			return;
	if (all->npending == PANIC_PENDING)
		return;
	all->pending[all->npending] = number;
	all->pending_at[all->npending++] = i;
}

int model_apply_panic_point(struct golin_model *m, const struct golin_rec_panic_point *r,
			    uint32_t space)
{
	golin_pidx i = golin_model_panic_find(m, r->number);
	struct panic_point *pt;
	struct panic_trace *t;
	uint32_t wait = 0;
	int rc;

	if (i == GOLIN_PIDX_NONE || panic_at(m, i)->space != space || !m->panics.dumping)
		return 0;
	t = panic_trace_at(m, i);
	if (r->level != t->npoints || r->level >= POINT_LEVELS || !r->h.goid)
		return 0;
	rc = strings_intern(&m->strings, golin_rec_text(&r->h, r->wait), r->wait.len, &wait);
	if (rc && rc != -ENOSPC)
		return rc;
	pt = realloc(t->points, (t->npoints + 1) * sizeof(*pt));
	if (!pt)
		return -ENOMEM;
	t->points = pt;
	m->panic_traces.npoints++;
	t->points[t->npoints++] = (struct panic_point){.goid = r->h.goid,
						       .after = r->after,
						       .stack = r->stack,
						       .wait = wait,
						       .asked = true,
						       .seen = r->flags & GOLIN_POINT_SEEN,
						       .gone = r->flags & GOLIN_POINT_GONE};
	if (!(r->flags & GOLIN_POINT_SEEN))
		wait_for(m, i); /* the answer may come yet */
	return 0;
}

/* ---- reading ---- */

static struct golin_panic_point told(const struct golin_model *m, const struct golin_panic *p,
				     const struct panic_point *pt, uint32_t level)
{
	struct golin_panic_point ret = {
		.goid = pt->goid,
		.after = pt->after,
		.at = {.func = "", .file = ""},
		.wait = pt->wait,
		.level = level,
		.gone = pt->gone,
		.seen = pt->seen,
	};
	golin_gidx g = golin_model_find_key(m, p->target, p->epoch, pt->goid);
	const struct golin_goroutine *who = golin_model_goroutine(m, g);

	if (pt->seen && !pt->gone)
		ret.at = golin_model_user_frame(m, pt->stack, NULL);
	/* Nobody has looked, and nobody can any more. */
	if (!pt->seen && (!who || !(who->flags & GOLIN_GF_ALIVE) || m->has_exit)) {
		ret.seen = ret.gone = true;
		if (who && who->exited > p->started)
			ret.after = who->exited - p->started;
	}
	return ret;
}

uint32_t golin_panic_points(const struct golin_model *m, golin_pidx i,
			    struct golin_panic_point ret[GOLIN_POINTS_MAX])
{
	const struct golin_panic *p = golin_model_panic(m, i);
	const struct panic_trace *t;
	golin_gidx g;
	uint32_t n = 0;

	if (!p)
		return 0;
	t = panic_trace_at(m, i);
	for (; n < t->npoints; n++)
		ret[n] = told(m, p, &t->points[n], n);
	if (n || !p->goid)
		return n;
	/* It was not among those that are asked: who it would have been. */
	g = golin_model_find_key(m, p->target, p->epoch, p->goid);
	for (; n < GOLIN_POINTS_MAX && g != GOLIN_GIDX_NONE; n++, g = node_at(m, g)->g.up)
		ret[n] = told(m, p, &(struct panic_point){.goid = node_at(m, g)->g.goid}, n);
	return n;
}
