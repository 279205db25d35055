/* SPDX-License-Identifier: BSD-2-Clause */
/* lost-cancel: whether a context is in use, and what is said of a place that loses them. */
#include "lost_cancel.h"

#include "base/text.h"

enum { LOOK_BELOW = 64 }; /* contexts; one that has more is in use */

static bool is_held(const struct golin_rules *r, golin_cidx c)
{
	struct golin_holder h[8];
	uint32_t live = golin_context_live_holders(r->m, c), n;

	if (!live)
		return false;
	if (live > 8)
		return true;
	n = golin_context_holders(r->m, c, h, 8);
	for (uint32_t k = 0; k < n && k < live; k++)
		if (h[k].how != GOLIN_HOLD_CREATED)
			return true;
	return false;
}

bool lost_is_used(struct golin_rules *r, golin_cidx top, const struct golin_context *x)
{
	const struct golin_context *newest = golin_model_context(r->m, x->last_child);
	uint64_t made = x->created;
	golin_cidx i = x->first_child;

	if (is_held(r, top))
		return true;
	if (newest && newest->created > made + r->o.lost_ns)
		return true;
	for (int k = 0; i != GOLIN_CIDX_NONE; k++) {
		if (k == LOOK_BELOW)
			return true;
		x = golin_model_context(r->m, i);
		if (is_live(x) && is_held(r, i))
			return true;
		if (is_live(x) && x->first_child != GOLIN_CIDX_NONE) {
			i = x->first_child;
			continue;
		}
		while (x->next == GOLIN_CIDX_NONE && x->up != top && x->up != GOLIN_CIDX_NONE)
			x = golin_model_context(r->m, x->up);
		i = x->next;
	}
	return false;
}

static void say_parent(struct golin_rules *r, struct golin_finding *f,
		       const struct golin_context *x)
{
	const struct golin_context *up =
		golin_model_context(r->m, golin_context_cancellable(r->m, x->up));
	struct golin_frame at;
	char id[GOLIN_LINEAGE_MAX];

	if (!up)
		return;
	at = golin_model_user_frame(r->m, up->stack, NULL);
	finding_text(r, f, "parent_lineage", "%s", golin_context_lineage(r->m, up, id));
	if (*at.func)
		finding_text(r, f, "parent_made_in", "%s", PLACE(&at));
	finding_number(f, "parent_children", up->nlive);
}

/* They are made as long as one looks, or by many that have all gone: not a pool that is set up. */
static bool is_growing(const struct golin_rules *r, const struct site *s)
{
	return s->lost.newest - s->lost.oldest >= r->o.lost_ns / 2 ||
	       (s->lost.gone == s->lost.now && s->lost.makers >= r->o.lost_count);
}

void lost_tell(struct golin_rules *r, struct site *s)
{
	const struct golin_context *x = ref_get(r, s->lost.example);
	uint64_t missing = events_lost(r), age;
	struct golin_finding *f;

	if (!x || s->lost.now < r->o.lost_count || !is_growing(r, s))
		return;
	/* Where cancellations may have been lost, they may all have been cancelled. */
	f = finding_report(r, RULE_LOST, missing ? GOLIN_SEV_NOTE : GOLIN_SEV_WARNING, &s->at,
			   s->lost.now, REPORT_TOTAL);
	if (!f)
		return;
	age = r->now - x->created;
	finding_context(r, f, s->lost.example);
	f->goid = x->goid;
	finding_message(
		r, f,
		"%u contexts that %s made are never cancelled and stay %s; the oldest for %s. "
		"%s",
		s->lost.now, s->at.func,
		x->kind == GOLIN_CTX_TIMER && x->up == GOLIN_CIDX_NONE ? "with their timers"
								       : "with their parent",
		DURATION(age),
		s->lost.gone == s->lost.now ? "The goroutines that made them have ended."
					    : "Who made them went on to make others.");
	finding_number(f, "live", s->lost.now);
	finding_number(f, "made", s->lost.made);
	finding_number(f, "cancelled_by_call", s->lost.explicit);
	finding_number(f, "creator_gone", s->lost.gone);
	finding_number(f, "oldest_ms", age / MS);
	finding_text(r, f, "call", "%s", s->call);
	if (missing)
		finding_number(f, "events_lost", missing);
	if (s->lost.explicit)
		finding_number(f, "cancelled_within_ms", s->lost.explicit_age / MS);
	say_parent(r, f, x);
}

void lost_tell_expired(struct golin_rules *r, struct site *s)
{
	const struct golin_context *x = ref_get(r, s->lost.expired_example);
	struct golin_finding *f;
	uint64_t life;

	if (!x || s->lost.expired < r->o.lost_count || s->lost.explicit > s->lost.expired / 16 ||
	    s->lost.expired_last - s->lost.expired_first < r->o.lost_ns / 2)
		return;
	f = finding_report(r, RULE_LOST, GOLIN_SEV_WARNING, &s->at, s->lost.expired, REPORT_TOTAL);
	if (!f)
		return;
	life = x->cancelled - x->created;
	finding_context(r, f, s->lost.expired_example);
	f->goid = x->goid;
	finding_message(r, f,
			"%llu contexts that %s made lived on until their deadline, long after "
			"everybody had done with them; this one for %s",
			(unsigned long long)s->lost.expired, s->at.func, DURATION(life));
	finding_number(f, "expired", s->lost.expired);
	finding_number(f, "made", s->lost.made);
	finding_number(f, "cancelled_by_call", s->lost.explicit);
	finding_number(f, "lived_ms", life / MS);
	finding_text(r, f, "call", "%s", s->call);
	say_parent(r, f, x);
}
