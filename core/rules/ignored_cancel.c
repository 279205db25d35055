/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ignored-cancel: a goroutine that is still at work when its context has been done for longer than
 * a grace, and that waits on nothing that the cancel would wake.
 *
 * Who was handed a context is watched from its end on. Most have ended within the grace. The others
 * are read, at most a few at each look: one that stands still at two readings is told of; one that
 * moves gets more time, for it may be on its way out. One that waits on the Done channel of another
 * context that is live listens to that by intent.
 */
#include "ignored_cancel.h"

enum {
	YOUNG_MAX = 1 << 17, /* a power of two */
	SUSPECTS_MAX = 1 << 12,
	TOLD_MAX = 1 << 16,
	FIRST_LOOK_MAX = 1 << 12,
	POP_MAX = 1 << 14,   /* for each look */
	BELOW_MAX = 1 << 16, /* contexts below one that is cancelled */
	HOLDERS_MAX = 1024,  /* of each of them */
	TRIES_MAX = 40,	     /* answers that say nothing */
	LISTENS = 2,	     /* readings at which it listens to another */
};

/* ---- whom to watch ---- */

static void watch(struct golin_rules *r, const struct ignored_watch *w)
{
	struct ignored_state *t = &r->ignored;

	if (!t->young) {
		t->young = calloc(YOUNG_MAX, sizeof(*t->young));
		if (!t->young) {
			r->oom = true;
			return;
		}
	}
	if (t->nyoung < YOUNG_MAX)
		t->young[(t->head + t->nyoung++) & (YOUNG_MAX - 1)] = *w;
}

/*
 * Who made it and did not end it. A handler's goroutine made the context of its request in
 * net/http; else it is one whose deadline passed, or that ended with its parent.
 */
static bool is_watched_creator(struct golin_rules *r, const struct golin_context *x, uint64_t goid,
			       bool *ret_conn)
{
	uint32_t site = site_of(r, x);

	*ret_conn = false;
	if (site == SITE_NONE || goid == x->cancel_goid)
		return false;
	*ret_conn = site_at(r, site)->conn;
	if (*ret_conn)
		return true;
	return x->cancel_reason != GOLIN_CANCEL_EXPLICIT &&
	       strcmp(site_at(r, site)->at.func, "main.main") != 0;
}

/* It said itself that it is over: that one, or one above. A deadline is a timer's doing. */
static bool is_own_doing(const struct golin_context *x, uint64_t goid)
{
	return x->cancel_goid == goid && x->cancel_reason != GOLIN_CANCEL_DEADLINE;
}

static void watch_holders(struct golin_rules *r, struct ctx_ref ctx, golin_cidx node)
{
	const struct golin_context *x = golin_model_context(r->m, ctx.c);
	struct golin_holder h[HOLDERS_MAX];
	uint32_t live = golin_context_live_holders(r->m, node), n;

	if (!live)
		return;
	n = golin_context_holders(r->m, node, h, HOLDERS_MAX);
	for (uint32_t k = 0; k < n && k < live && k < HOLDERS_MAX; k++) {
		const struct golin_goroutine *g = golin_model_goroutine(r->m, h[k].g);
		struct ignored_watch w = {
			.ctx = ctx, .at = x->cancelled, .g = h[k].g, .how = h[k].how};

		if (!g || !(g->flags & GOLIN_GF_ALIVE) || g->flags & GOLIN_GF_SYSTEM)
			continue;
		w.goid = g->goid;
		w.late = g->created > x->cancelled;
		if (is_own_doing(x, g->goid))
			continue;
		if (h[k].how == GOLIN_HOLD_CREATED &&
		    (node != ctx.c || !is_watched_creator(r, x, g->goid, &w.conn)))
			continue;
		watch(r, &w);
	}
}

static void cancelled(struct golin_rules *r, const struct golin_context_change *ch,
		      const struct golin_context *x)
{
	const struct ctx_ref ctx = {x->first, ch->c};
	golin_cidx i = x->first_child;

	if (!x->cancelled)
		return;
	watch_holders(r, ctx, ch->c);
	/* Values under it end with it; what can be cancelled has an end of its own. */
	for (int k = 0; k < BELOW_MAX && i != GOLIN_CIDX_NONE; k++) {
		x = golin_model_context(r->m, i);
		if (x->kind == GOLIN_CTX_VALUE) {
			watch_holders(r, ctx, i);
			if (x->first_child != GOLIN_CIDX_NONE) {
				i = x->first_child;
				continue;
			}
		}
		while (x->next == GOLIN_CIDX_NONE && x->up != ch->c && x->up != GOLIN_CIDX_NONE)
			x = golin_model_context(r->m, x->up);
		i = x->next;
	}
}

/* It works under one that is done: it came later, or that was only found out now. */
static void held(struct golin_rules *r, const struct golin_context_change *ch)
{
	golin_cidx c = golin_context_cancellable(r->m, ch->c);
	const struct golin_context *x = golin_model_context(r->m, c);
	const struct golin_goroutine *g = golin_model_goroutine(r->m, ch->g);
	struct ignored_watch w;

	/* What stands on a stack says more of one that was seen to stand still since before. */
	if (x && g && ch->how == GOLIN_HOLD_STACK && is_live(x) &&
	    r->ignored.first_look.len < FIRST_LOOK_MAX) {
		if (array_reserve(&r->ignored.first_look, r->ignored.first_look.len + 1))
			r->ignored.first_look.v[r->ignored.first_look.len++] = g->goid;
		else
			r->oom = true;
		return;
	}
	if (!x || !g || ch->how == GOLIN_HOLD_CREATED || !x->cancelled ||
	    x->state != GOLIN_CS_CANCELLED || is_own_doing(x, g->goid))
		return;
	w = (struct ignored_watch){.ctx = {x->first, c},
				   .goid = g->goid,
				   .at = x->cancelled,
				   .g = ch->g,
				   .how = ch->how,
				   .late = g->created > x->cancelled};
	/* It has a grace from the time on at which it was known to work under it. */
	if (w.at + r->o.grace_ns < golin_model_now(r->m))
		w.at = golin_model_now(r->m);
	watch(r, &w);
}

static void change(struct golin_rules *r, const struct golin_context_change *ch,
		   const struct golin_context *x)
{
	if (ch->what == GOLIN_CHANGE_CANCELLED)
		cancelled(r, ch, x);
	else if (ch->what == GOLIN_CHANGE_HELD)
		held(r, ch);
}

/* ---- who is still there after the grace ---- */

static const struct golin_goroutine *goroutine_of(const struct golin_rules *r,
						  const struct ignored_watch *w)
{
	const struct golin_goroutine *g = golin_model_goroutine(r->m, w->g);

	return g && g->goid == w->goid && g->flags & GOLIN_GF_ALIVE ? g : NULL;
}

static void suspect(struct golin_rules *r, const struct ignored_watch *w)
{
	struct ignored_state *t = &r->ignored;
	struct ignored_suspect *s;
	uint32_t i;

	if (map64_get(&t->told, w->goid, &i))
		return;
	if (map64_get(&t->by_g, w->goid, &i)) {
		/* To have been handed one says more than to have made one. */
		if (t->suspects.v[i].w.how == GOLIN_HOLD_CREATED && w->how != GOLIN_HOLD_CREATED)
			t->suspects.v[i].w = *w;
		return;
	}
	if (t->suspects.len >= SUSPECTS_MAX)
		return;
	s = array_add(&t->suspects);
	if (!s || !map64_put(&t->by_g, w->goid, (uint32_t)t->suspects.len - 1)) {
		r->oom = true;
		return;
	}
	s->w = *w;
	s->next = r->now;
}

static void acquit(struct golin_rules *r, size_t i)
{
	struct ignored_state *t = &r->ignored;

	map64_del(&t->by_g, t->suspects.v[i].w.goid);
	t->suspects.v[i] = t->suspects.v[--t->suspects.len];
	if (i < t->suspects.len)
		map64_put(&t->by_g, t->suspects.v[i].w.goid, (uint32_t)i);
}

static void grow_old(struct golin_rules *r)
{
	struct ignored_state *t = &r->ignored;

	for (int k = 0; k < POP_MAX && t->nyoung; k++) {
		const struct ignored_watch *w = &t->young[t->head & (YOUNG_MAX - 1)];

		if (w->at + r->o.grace_ns > r->now)
			return;
		if (goroutine_of(r, w) && ref_get(r, w->ctx))
			suspect(r, w);
		t->head++;
		t->nyoung--;
	}
}

/* ---- what it does ---- */

/* True: no finding, now or ever. */
static bool is_excused(struct golin_rules *r, const struct ignored_suspect *s,
		       const struct ignored_reading *a)
{
	const struct golin_context *x = ref_get(r, s->w.ctx);
	const struct site *site;
	uint32_t i;

	if (!x || !*a->at.func)
		return true;
	if (s->w.how != GOLIN_HOLD_CREATED)
		return false;
	i = site_of(r, x);
	site = site_at(r, i);
	if (s->w.conn)
		return !a->stack || made_another(r, i, s->w.goid, x->created);
	/* The function that made it is still at work, in a call that does not heed it. */
	return !a->stack || made_another(r, i, s->w.goid, x->created) ||
	       !stack_has_outer(r, a->stack, site->at.func) || ignored_is_server(&a->call);
}

/* Enough is known. */
static bool is_sure(struct golin_rules *r, const struct ignored_suspect *s,
		    const struct golin_goroutine *g, const struct ignored_reading *a)
{
	const uint64_t half = r->o.grace_ns / 2;

	if (a->kind == READING_BLOCKED && ignored_at_lock(r, g, a) &&
	    (s->readings < 4 || r->now < s->w.at + 3 * r->o.grace_ns))
		return false;
	if (s->readings < 2 || a->read < s->first + half)
		return false;
	if (a->kind == READING_BLOCKED && a->since <= s->first)
		return true;
	return s->readings >= 4 && r->now >= s->w.at + 2 * r->o.grace_ns + half;
}

/* False: the suspect is to be dropped. */
static bool judge(struct golin_rules *r, struct ignored_suspect *s, const struct golin_goroutine *g,
		  const struct ignored_reading *a)
{
	s->asked = 0;
	if (a->read > s->read)
		s->read = a->read;
	s->next = r->now + r->o.grace_ns / 2;
	switch (a->kind) {
	case READING_NONE:
	case READING_WAKING:
		s->next = r->now;
		return ++s->tries < TRIES_MAX;
	case READING_LISTENS:
		return ++s->listens < LISTENS;
	case READING_BLOCKED:
	case READING_RUNNING:
		break;
	}
	if (is_excused(r, s, a))
		return false;
	if (!s->readings++)
		s->first = a->read;
	if (!is_sure(r, s, g, a))
		return true;
	/* What it waits for, or works on under, is what has to be looked at. */
	if (is_detached(r, s->w.goid) || ignored_waits_for_child(r, &s->w, g, a))
		return ++s->tries < TRIES_MAX;
	ignored_tell(r, s, g, a);
	if (r->ignored.told.len >= TOLD_MAX)
		map64_done(&r->ignored.told);
	if (!map64_put(&r->ignored.told, s->w.goid, 1))
		r->oom = true;
	return false;
}

static void look(struct golin_rules *r)
{
	struct ignored_state *t = &r->ignored;

	grow_old(r);
	for (int k = 0; k < ASKS_MAX / 2 && t->first_look.len; k++, t->first_look.len--)
		if (!ask_read(r, t->first_look.v[t->first_look.len - 1]))
			break;
	for (size_t i = 0; i < t->suspects.len;) {
		struct ignored_suspect *s = &t->suspects.v[i];
		const struct golin_goroutine *g = goroutine_of(r, &s->w);
		struct ignored_reading a;

		if (!g) {
			acquit(r, i);
			continue;
		}
		i++;
		ignored_read(r, s, g, &a);
		/* A recording may have an answer before it would be asked for. */
		if (r->now < s->next &&
		    (a.read <= s->read || a.read < s->first + r->o.grace_ns / 2))
			continue;
		if (!s->asked && a.read <= s->read) {
			if (ask_read(r, g->goid))
				s->asked = r->now;
			continue;
		}
		if (a.read <= s->read && r->now == s->asked)
			continue;
		if (!judge(r, s, g, &a))
			acquit(r, --i);
	}
}

static void reset(struct golin_rules *r)
{
	struct ignored_state *t = &r->ignored;

	free(t->young);
	array_free(&t->suspects);
	array_free(&t->first_look);
	map64_done(&t->by_g);
	map64_done(&t->told);
	*t = (struct ignored_state){0};
}

const struct rule rule_ignored = {
	.info = {.name = "ignored-cancel",
		 .what = "a goroutine whose context is done works on, and waits on nothing that "
			 "the "
			 "cancel would wake",
		 .hint = "Wait for ctx.Done() beside what it waits for, or hand the context to the "
			 "call in which it is blocked.",
		 .severity = GOLIN_SEV_WARNING,
		 .groups = GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_CONTEXTS},
	.change = change,
	.look = look,
	.reset = reset,
};
