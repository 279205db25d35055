/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lost-cancel: contexts that nobody will cancel. Each stays in its parent's children, or with its
 * timer, until those end. That nobody can cancel it is not to be seen from outside; what is seen is
 * that who made it is gone or has long since made others, that nobody works under it, that it is
 * far older than any that was cancelled, and that they become more.
 *
 * New ones wait in a ring until they are old; most are done by then. Those that are not are looked
 * at in rounds, a part at each look.
 */
#include "lost_cancel.h"

enum {
	YOUNG_MAX = 1 << 18, /* a power of two */
	OLD_MAX = 1 << 20,
	MAKERS_MAX = 1 << 16,
	POP_MAX = 1 << 15,   /* for each look */
	SWEEP_MAX = 1 << 12, /* likewise */
};

#define ROUND_NS (400 * MS) /* from the start of one to that of the next, at least */

/* ---- who makes them ---- */

static uint64_t maker_key(uint32_t site, uint64_t goid)
{
	return map64_mix(goid) ^ ((uint64_t)site << 32);
}

static struct lost_maker *maker_of(struct golin_rules *r, uint32_t site, uint64_t goid)
{
	struct lost_state *t = &r->lost;
	uint32_t i;

	if (!map64_get(&t->by_maker, maker_key(site, goid), &i) || t->makers.v[i].goid != goid ||
	    t->makers.v[i].site != site)
		return NULL;
	return &t->makers.v[i];
}

static void maker_made(struct golin_rules *r, uint32_t site, const struct golin_context *x)
{
	struct lost_maker *m = maker_of(r, site, x->goid);
	struct lost_state *t = &r->lost;

	if (!x->goid)
		return;
	if (!m) {
		/* Forgets those that work on: they are known again with the next that they make. */
		if (t->makers.len >= MAKERS_MAX) {
			t->makers.len = 0;
			map64_done(&t->by_maker);
		}
		m = array_add(&t->makers);
		if (!m || !map64_put(&t->by_maker, maker_key(site, x->goid),
				     (uint32_t)t->makers.len - 1)) {
			r->oom = true;
			return;
		}
		m->goid = x->goid;
		m->site = site;
	}
	if (x->created > m->last)
		m->last = x->created;
}

bool made_another(struct golin_rules *r, uint32_t site, uint64_t goid, uint64_t since)
{
	const struct lost_maker *m = maker_of(r, site, goid);

	return m && m->last > since;
}

static const struct golin_goroutine *creator(const struct golin_rules *r,
					     const struct golin_context *x)
{
	return golin_model_goroutine(r->m,
				     golin_model_find_key(r->m, x->target, x->epoch, x->goid));
}

static bool is_alive(const struct golin_goroutine *g)
{
	return g && g->flags & GOLIN_GF_ALIVE;
}

/* ---- what is new ---- */

static void created(struct golin_rules *r, const struct golin_context_change *ch,
		    const struct golin_context *x)
{
	struct lost_state *t = &r->lost;
	uint32_t site;

	if (!x->created || !is_live(x))
		return;
	site = site_of(r, x);
	if (site == SITE_NONE || !*site_at(r, site)->at.func || site_at(r, site)->conn)
		return;
	site_at(r, site)->lost.made++;
	maker_made(r, site, x);
	if (!t->young) {
		t->young = calloc(YOUNG_MAX, sizeof(*t->young));
		if (!t->young) {
			r->oom = true;
			return;
		}
	}
	if (t->nyoung == YOUNG_MAX)
		return; /* one that is not looked at */
	t->young[(t->head + t->nyoung++) & (YOUNG_MAX - 1)] =
		(struct lost_young){{x->first, ch->c}, site};
}

/* Nobody had anything of it when its deadline came, and that for a while. */
static bool was_forgotten(struct golin_rules *r, golin_cidx c, const struct golin_context *x,
			  uint32_t site)
{
	uint64_t life = x->cancelled - x->created, quiet = life / 4;
	const struct golin_goroutine *g = creator(r, x);
	const struct lost_maker *m = maker_of(r, site, x->goid);
	struct golin_holder h[16];
	uint32_t n;

	if (x->cancelled <= x->created || x->nholders > 16)
		return false;
	n = golin_context_holders(r->m, c, h, 16);
	for (uint32_t k = 0; k < n; k++) {
		const struct golin_goroutine *w = golin_model_goroutine(r->m, h[k].g);

		if (h[k].how != GOLIN_HOLD_CREATED &&
		    (is_alive(w) || (w && w->exited + quiet > x->cancelled)))
			return false;
	}
	if (g && g->nlive)
		return false; /* one that it started may have it */
	if (!is_alive(g))
		return !g || g->exited + quiet <= x->cancelled;
	return m && m->last > x->created; /* it has long since made another */
}

static void cancelled(struct golin_rules *r, const struct golin_context_change *ch,
		      const struct golin_context *x)
{
	struct site *s;
	uint32_t i;

	if (!x->created || !x->cancelled)
		return;
	i = site_of(r, x);
	if (i == SITE_NONE)
		return;
	s = site_at(r, i);
	if (x->cancel_reason == GOLIN_CANCEL_EXPLICIT) {
		uint64_t age = x->cancelled > x->created ? x->cancelled - x->created : 0;

		s->lost.explicit ++;
		if (age > s->lost.explicit_age)
			s->lost.explicit_age = age;
	} else if (x->cancel_reason == GOLIN_CANCEL_DEADLINE && was_forgotten(r, ch->c, x, i)) {
		if (!s->lost.expired++)
			s->lost.expired_first = x->cancelled;
		s->lost.expired_last = x->cancelled;
		s->lost.expired_example = (struct ctx_ref){x->first, ch->c};
		lost_tell_expired(r, s);
	}
}

static void change(struct golin_rules *r, const struct golin_context_change *ch,
		   const struct golin_context *x)
{
	if (!context_is_cancellable(x))
		return;
	if (ch->what == GOLIN_CHANGE_CREATED)
		created(r, ch, x);
	else if (ch->what == GOLIN_CHANGE_CANCELLED)
		cancelled(r, ch, x);
}

/* ---- what is old ---- */

/* What keeps it in memory. A context under none is collected when nobody names it. */
static bool is_kept(struct golin_rules *r, golin_cidx c, const struct golin_context *x)
{
	golin_cidx above;

	if (x->kind == GOLIN_CTX_TIMER)
		return true;
	if (x->up == GOLIN_CIDX_NONE)
		return x->parent_kind == GOLIN_CTX_FOREIGN;
	above = golin_context_cancellable(r->m, x->up);
	x = golin_model_context(r->m, above);
	return x && is_live(x);
}

/* One is lost that its creator cannot come back to, and that nobody else seems to have. */
static bool is_lost(struct golin_rules *r, golin_cidx c, const struct golin_context *x,
		    uint32_t site, bool *ret_gone)
{
	const struct golin_goroutine *g = creator(r, x);
	const struct site *s = site_at(r, site);
	uint64_t age = r->now > x->created ? r->now - x->created : 0;
	struct lost_maker *m;

	*ret_gone = !is_alive(g);
	if (age < r->o.lost_ns || (s->lost.explicit && age / 8 < s->lost.explicit_age))
		return false;
	if (!is_kept(r, c, x) || lost_is_used(r, c, x))
		return false;
	if (*ret_gone)
		return !g || !g->nlive; /* one that it started may have it */
	m = maker_of(r, site, x->goid);
	if (!m || m->last <= x->created)
		return false;
	/* Each of those that it started may have one. */
	if (m->round != r->lost.round) {
		m->round = r->lost.round;
		m->n = 0;
	}
	return ++m->n > g->nlive;
}

static void count(struct golin_rules *r, const struct lost_young *e, const struct golin_context *x)
{
	struct site *s = site_at(r, e->site);
	bool gone;

	if (!is_lost(r, e->ref.c, x, e->site, &gone))
		return;
	if (!s->lost.now) {
		if (!array_reserve(&r->lost.listed, r->lost.listed.len + 1)) {
			r->oom = true;
			return;
		}
		r->lost.listed.v[r->lost.listed.len++] = e->site;
		s->lost.gone = s->lost.makers = 0;
		s->lost.goid = 0;
		s->lost.oldest = UINT64_MAX;
		s->lost.newest = 0;
	}
	s->lost.now++;
	s->lost.gone += gone;
	s->lost.makers += x->goid != s->lost.goid;
	s->lost.goid = x->goid;
	if (x->created < s->lost.oldest) {
		s->lost.oldest = x->created;
		s->lost.example = e->ref;
	}
	if (x->created > s->lost.newest)
		s->lost.newest = x->created;
}

static void round_end(struct golin_rules *r)
{
	struct lost_state *t = &r->lost;

	array_for_each (&t->listed, i) {
		lost_tell(r, site_at(r, *i));
		site_at(r, *i)->lost.now = 0;
	}
	t->listed.len = 0;
	t->cursor = 0;
	t->round++;
}

static void grow_old(struct golin_rules *r)
{
	struct lost_state *t = &r->lost;

	for (int k = 0; k < POP_MAX && t->nyoung; k++) {
		const struct lost_young *e = &t->young[t->head & (YOUNG_MAX - 1)];
		const struct golin_context *x = ref_get(r, e->ref);

		if (e->ref.first + r->o.lost_ns > r->now)
			return;
		if (x && is_live(x) && t->old.len < OLD_MAX) {
			if (!array_reserve(&t->old, t->old.len + 1)) {
				r->oom = true;
				return;
			}
			t->old.v[t->old.len++] = *e;
		}
		t->head++;
		t->nyoung--;
	}
}

static void look(struct golin_rules *r)
{
	struct lost_state *t = &r->lost;
	size_t budget = r->last ? OLD_MAX : SWEEP_MAX;

	grow_old(r);
	if (!t->cursor && !r->last && r->now - t->began < ROUND_NS)
		return;
	if (!t->cursor)
		t->began = r->now;
	for (; budget && t->cursor < t->old.len; budget--) {
		const struct lost_young *e = &t->old.v[t->cursor];
		const struct golin_context *x = ref_get(r, e->ref);

		if (!x || !is_live(x)) {
			t->old.v[t->cursor] = t->old.v[--t->old.len];
			continue;
		}
		count(r, e, x);
		t->cursor++;
	}
	if (t->cursor >= t->old.len)
		round_end(r);
}

static void reset(struct golin_rules *r)
{
	struct lost_state *t = &r->lost;

	free(t->young);
	array_free(&t->old);
	array_free(&t->listed);
	array_free(&t->makers);
	map64_done(&t->by_maker);
	*t = (struct lost_state){0};
}

const struct rule rule_lost = {
	.info = {.name = "lost-cancel",
		 .what = "contexts of one place that nobody cancels: they stay with their parent, "
			 "or with their timer, and become more",
		 .hint = "Call the cancel function on every way out: defer cancel() right behind "
			 "the call that returns it.",
		 .severity = GOLIN_SEV_WARNING,
		 .groups = GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_CONTEXTS},
	.change = change,
	.look = look,
	.reset = reset,
};
