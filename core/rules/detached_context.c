/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * detached-context, and value-only with it: work that goes on after who asked for it has gone. A
 * goroutine that was handed a context makes one from Background, which the end of the first does
 * not reach. That alone is no mistake; it becomes one when the first has ended, not by that
 * goroutine's own doing, and somebody still works under the second after the grace. What is made
 * when the first is done already is for the clean-up, and is not watched.
 */
#include "rules_impl.h"

#include "base/text.h"

enum {
	ENTRIES_MAX = 1 << 14,
	TOLD_MAX = 1 << 16,
	CLIMB = 256,
	BELOW_LOOK = 64,
	COVER_LOOK = 1024,
	HOLDERS_LOOK = 16,
	TRIES_MAX = 30, /* answers that do not come */
};

/* ---- what is made ---- */

/* Nothing above it can be cancelled, and its root is one of package context's. */
static bool is_rooted(const struct golin_rules *r, const struct golin_context *x)
{
	for (int k = 0; k < CLIMB; k++) {
		const struct golin_context *up = golin_model_context(r->m, x->up);

		if (!up)
			return x->up == GOLIN_CIDX_NONE &&
			       (x->parent_kind == GOLIN_CTX_BACKGROUND ||
				x->parent_kind == GOLIN_CTX_TODO);
		if (up->kind != GOLIN_CTX_VALUE)
			return false;
		x = up;
	}
	return false;
}

/* True: it is done already. */
static bool add_under(struct golin_rules *r, struct ctx_ref ref, uint64_t at,
		      struct detached_entry *e)
{
	const struct golin_context *x = ref_get(r, ref);
	golin_cidx c = x ? golin_context_cancellable(r->m, ref.c) : GOLIN_CIDX_NONE;

	x = golin_model_context(r->m, c);
	if (!x || x->kind == GOLIN_CTX_FOREIGN || x->state == GOLIN_CS_UNKNOWN)
		return false;
	if (x->state == GOLIN_CS_CANCELLED && x->cancelled <= at)
		return true;
	if (e->nunder < 2 && (!e->nunder || e->under[0].c != c))
		e->under[e->nunder++] = (struct ctx_ref){x->first, c};
	return false;
}

/*
 * The contexts under which a goroutine works, without those that it made itself: but net/http's
 * connections make that of the request whose handler they then call. False: there is none, or one
 * of them is done.
 */
static bool works_under(struct golin_rules *r, golin_gidx g, uint64_t goid, uint64_t at,
			struct detached_entry *e)
{
	const struct handed *h = handed_of(r, g, goid);

	if (!h || add_under(r, h->conn, at, e))
		return false;
	for (uint32_t k = 0; k < h->n; k++)
		if (add_under(r, h->v[k], at, e))
			return false;
	return e->nunder > 0;
}

/* A server makes the root of its own connections. */
static bool is_servers(const struct golin_rules *r, const struct golin_context *x)
{
	const struct golin_frame outer = golin_context_site(r->m, x);

	return !strncmp(outer.func, "net/http.(*Server).", 19);
}

static void change(struct golin_rules *r, const struct golin_context_change *ch,
		   const struct golin_context *x)
{
	struct detached_entry e = {.made = {x->first, ch->c}, .goid = x->goid};

	if (ch->what != GOLIN_CHANGE_CREATED || !x->created || !x->goid || !is_live(x) ||
	    (x->kind != GOLIN_CTX_CANCEL && x->kind != GOLIN_CTX_TIMER &&
	     x->kind != GOLIN_CTX_VALUE) ||
	    r->detached.v.len >= ENTRIES_MAX || !is_rooted(r, x))
		return;
	e.value = x->kind == GOLIN_CTX_VALUE;
	e.g = golin_model_find_key(r->m, x->target, x->epoch, x->goid);
	if (e.g == GOLIN_GIDX_NONE || !works_under(r, e.g, x->goid, x->created, &e))
		return;
	e.site = site_of(r, x);
	if (e.site == SITE_NONE || !*site_at(r, e.site)->at.func || is_servers(r, x))
		return;
	if (!array_reserve(&r->detached.v, r->detached.v.len + 1)) {
		r->oom = true;
		return;
	}
	r->detached.v.v[r->detached.v.len++] = e;
}

/* ---- who works under it ---- */

static uint64_t holder(const struct golin_rules *r, golin_cidx c)
{
	struct golin_holder h[HOLDERS_LOOK];
	uint32_t live = golin_context_live_holders(r->m, c), n;

	n = live ? golin_context_holders(r->m, c, h, HOLDERS_LOOK) : 0;
	for (uint32_t k = 0; k < n && k < live && k < HOLDERS_LOOK; k++)
		if (h[k].how != GOLIN_HOLD_CREATED)
			return golin_model_goroutine(r->m, h[k].g)->goid;
	return 0;
}

/* A goroutine that it, or what was derived from it, was handed to; 0 none. */
static uint64_t worker(const struct golin_rules *r, golin_cidx top)
{
	const struct golin_context *x = golin_model_context(r->m, top);
	uint64_t goid = holder(r, top);
	golin_cidx i = x->first_child;

	for (int k = 0; k < BELOW_LOOK && i != GOLIN_CIDX_NONE && !goid; k++) {
		x = golin_model_context(r->m, i);
		if (is_live(x)) {
			goid = holder(r, i);
			if (x->first_child != GOLIN_CIDX_NONE) {
				i = x->first_child;
				continue;
			}
		}
		while (x->next == GOLIN_CIDX_NONE && x->up != top && x->up != GOLIN_CIDX_NONE)
			x = golin_model_context(r->m, x->up);
		i = x->next;
	}
	return goid;
}

enum still { STILL_NO, STILL_YES, STILL_UNKNOWN };

/* Whether the goroutine that made it is still at the work for which it made it. */
static enum still is_at_it(struct golin_rules *r, struct detached_entry *e,
			   const struct golin_context *x, uint64_t from)
{
	const struct golin_goroutine *g = golin_model_goroutine(r->m, e->g);
	struct golin_waits w;

	if (!g || g->goid != e->goid || !(g->flags & GOLIN_GF_ALIVE))
		return STILL_NO;
	if (golin_model_waits(r->m, e->g, &w) && w.read >= from && w.flags & GOLIN_WAITS_STACK)
		return stack_is_within(r, w.stack, x->stack) ? STILL_YES : STILL_NO;
	if (r->now >= e->asked + r->o.grace_ns / 4 && ask_read(r, e->goid))
		e->asked = r->now;
	return STILL_UNKNOWN;
}

/* ---- telling ---- */

static uint32_t root_kind(const struct golin_rules *r, const struct golin_context *x)
{
	for (int k = 0; k < CLIMB && golin_model_context(r->m, x->up); k++)
		x = golin_model_context(r->m, x->up);
	return x->parent_kind;
}

static void say(struct golin_rules *r, struct golin_finding *f, const struct detached_entry *e,
		const struct golin_context *x, const struct golin_context *under, uint64_t worker)
{
	const struct golin_frame by = golin_context_cancel_site(r->m, under);
	const struct golin_frame made = golin_model_user_frame(r->m, under->stack, NULL);
	char id[GOLIN_LINEAGE_MAX];

	finding_text(r, f, "call", "%s", site_at(r, e->site)->call);
	finding_text(r, f, "root", "%s", golin_context_kind_name(root_kind(r, x)));
	finding_number(f, "worker", worker);
	finding_text(r, f, "at_hand_lineage", "%s", golin_context_lineage(r->m, under, id));
	if (*made.func)
		finding_text(r, f, "at_hand_made_in", "%s", PLACE(&made));
	finding_number(f, "done_for_ms", (r->now - under->cancelled) / MS);
	finding_number(f, "grace_ms", r->o.grace_ns / MS);
	finding_text(r, f, "reason", "%s", golin_cancel_reason_name(under->cancel_reason));
	if (*by.func)
		finding_text(r, f, "cancelled_at", "%s", PLACE(&by));
	if (under->cancel_goid && under->cancel_reason != GOLIN_CANCEL_DEADLINE)
		finding_number(f, "cancelled_by", under->cancel_goid);
	if (x->deadline_unix_ns) {
		int64_t left = x->deadline_unix_ns - (int64_t)golin_model_unix(r->m, r->now);

		if (left > 0)
			finding_number(f, "deadline_in_ms", (uint64_t)left / MS);
	}
}

static void tell(struct golin_rules *r, const struct detached_entry *e,
		 const struct golin_context *x, const struct golin_context *under, uint64_t who)
{
	const struct golin_frame at = site_at(r, e->site)->at;
	enum rule_id rule = e->value ? RULE_VALUE_ONLY : RULE_DETACHED;
	struct golin_finding *f = finding_report(r, rule, GOLIN_SEV_WARNING, &at, 1, REPORT_ONE);

	if (!f)
		return;
	finding_context(r, f, e->made);
	f->goid = e->goid;
	if (e->value)
		finding_message(r, f,
				"%s made a context of values alone while it worked under one that "
				"can be cancelled; that has been done for %s, and goroutine %llu "
				"works on",
				at.func, DURATION(r->now - under->cancelled),
				(unsigned long long)who);
	else
		finding_message(r, f,
				"%s made a context from %s while it worked under another; that has "
				"been done for %s, and goroutine %llu works on",
				at.func, x->parent_kind == GOLIN_CTX_TODO ? "TODO" : "Background",
				DURATION(r->now - under->cancelled), (unsigned long long)who);
	say(r, f, e, x, under, who);
}

/* ---- looking ---- */

/* The first of those at hand that has ended; NULL: none has. */
static const struct golin_context *ended(const struct golin_rules *r,
					 const struct detached_entry *e, golin_cidx *ret)
{
	for (int k = 0; k < e->nunder; k++) {
		const struct golin_context *x = ref_get(r, e->under[k]);

		*ret = e->under[k].c;
		if (x && x->state == GOLIN_CS_CANCELLED && x->cancelled)
			return x;
	}
	return NULL;
}

/* By its own doing: it knows. */
static bool ended_it_itself(const struct golin_rules *r, const struct detached_entry *e,
			    const struct golin_context *under, golin_cidx c)
{
	const struct golin_context *from = golin_model_context(r->m, golin_context_origin(r->m, c));

	from = from ? from : under;
	return from->cancel_goid == e->goid;
}

static bool is_above(const struct golin_rules *r, golin_cidx above, const struct golin_context *x)
{
	for (int k = 0; k < CLIMB && x; k++) {
		if (x->up == above)
			return true;
		x = golin_model_context(r->m, x->up);
	}
	return false;
}

/*
 * Values over which the user's code makes something that can be cancelled are that one's matter;
 * what the library makes over values is theirs.
 */
static bool is_covered(struct golin_rules *r, const struct detached_entry *e)
{
	const bool library = site_at(r, e->site)->library;

	if (!e->value && library && map64_get(&r->detached.told, e->goid, NULL))
		return true;
	for (size_t i = 0; i < r->detached.v.len && i < COVER_LOOK; i++) {
		const struct detached_entry *o = &r->detached.v.v[i];
		const struct golin_context *x = ref_get(r, o->made);

		if (o->goid == e->goid && x && e->value && !o->value &&
		    !site_at(r, o->site)->library && is_above(r, e->made.c, x))
			return true;
	}
	return false;
}

/* False: there is nothing to be watched any more. */
static bool look_at(struct golin_rules *r, struct detached_entry *e)
{
	const struct golin_context *x = ref_get(r, e->made), *under;
	golin_cidx c;
	uint64_t who;

	if (!x || !is_live(x))
		return false;
	under = ended(r, e, &c);
	if (!under)
		return true;
	if (ended_it_itself(r, e, under, c))
		return false;
	if (r->now < under->cancelled + r->o.grace_ns)
		return true;
	/* What the library makes for itself has goroutines of its own. */
	who = site_at(r, e->site)->library && !e->value ? 0 : worker(r, e->made.c);
	if (!who) {
		switch (is_at_it(r, e, x, under->cancelled + r->o.grace_ns)) {
		case STILL_NO:
			return false;
		case STILL_UNKNOWN:
			return ++e->tries < TRIES_MAX;
		case STILL_YES:
			who = e->goid;
		}
	}
	if (is_covered(r, e))
		return false;
	tell(r, e, x, under, who);
	if (r->detached.told.len >= TOLD_MAX)
		map64_done(&r->detached.told);
	if (!map64_put(&r->detached.told, e->goid, 1))
		r->oom = true;
	return false;
}

static void look(struct golin_rules *r)
{
	for (size_t i = 0; i < r->detached.v.len;)
		if (look_at(r, &r->detached.v.v[i]))
			i++;
		else
			r->detached.v.v[i] = r->detached.v.v[--r->detached.v.len];
}

bool is_detached(const struct golin_rules *r, uint64_t goid)
{
	for (size_t i = 0; i < r->detached.v.len; i++)
		if (r->detached.v.v[i].goid == goid)
			return true;
	return map64_get(&r->detached.told, goid, NULL);
}

static void reset(struct golin_rules *r)
{
	array_free(&r->detached.v);
	map64_done(&r->detached.told);
}

const struct rule rule_detached = {
	.info = {.name = "detached-context",
		 .what = "work under a cancellable context goes on with one made from Background, "
			 "after the first has ended",
		 .hint = "Derive it from the context at hand. If the work has to outlive its "
			 "caller, say so with context.WithoutCancel and a timeout.",
		 .severity = GOLIN_SEV_WARNING,
		 .groups = GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_CONTEXTS},
	.change = change,
	.look = look,
	.reset = reset,
};
