/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wide-context: so many live contexts under one that its cancellation takes a lock for long, and
 * the map of its children holds them all. Children that come and go are a busy server; what is told
 * is how many there are at once, and who makes most of them.
 */
#include "rules_impl.h"

enum {
	WALK = 1 << 18, /* contexts looked at to say who made them */
	TALLY = 64,
};

struct tally {
	uint32_t site, n;
};

/* Its live children, through values: the next below c that its cancellation would reach. */
static struct tally count_kids(struct golin_rules *r, golin_cidx top, uint32_t *ret_all)
{
	const struct golin_context *x = golin_model_context(r->m, top);
	struct tally t[TALLY] = {{0}}, best = {0};
	golin_cidx i = x->first_child;

	*ret_all = 0;
	for (int k = 0; k < WALK && i != GOLIN_CIDX_NONE; k++) {
		bool down;

		x = golin_model_context(r->m, i);
		down = !context_is_cancellable(x) && x->kind != GOLIN_CTX_WITHOUT_CANCEL &&
		       x->first_child != GOLIN_CIDX_NONE;
		if (context_is_cancellable(x) && is_live(x)) {
			uint32_t site = site_of(r, x);
			int at = 0;

			++*ret_all;
			while (at < TALLY && t[at].n && t[at].site != site)
				at++;
			if (at < TALLY && site != SITE_NONE) {
				t[at].site = site;
				if (++t[at].n > best.n)
					best = t[at];
			}
		}
		if (down) {
			i = x->first_child;
			continue;
		}
		while (x->next == GOLIN_CIDX_NONE && x->up != top && x->up != GOLIN_CIDX_NONE)
			x = golin_model_context(r->m, x->up);
		i = x->next;
	}
	return best;
}

/* Returns how many there are. */
static uint32_t found(struct golin_rules *r, golin_cidx c, const struct golin_context *x)
{
	uint32_t kids;
	struct tally by = count_kids(r, c, &kids);
	uint32_t own = site_of(r, x);
	struct golin_finding *f;
	struct golin_frame at;

	if (kids <= r->o.width || by.n == 0 || !*site_at(r, by.site)->at.func)
		return kids;
	at = site_at(r, by.site)->at;
	f = finding_report(r, RULE_WIDE, events_lost(r) ? GOLIN_SEV_NOTE : GOLIN_SEV_WARNING, &at,
			   kids, REPORT_TOTAL);
	if (!f)
		return kids;
	finding_context(r, f, (struct ctx_ref){x->first, c});
	f->goid = x->goid;
	finding_message(r, f, "%u live contexts hang on one%s%s; %u of them were made in %s", kids,
			own != SITE_NONE ? " of " : "",
			own != SITE_NONE ? PLACE(&site_at(r, own)->at) : "", by.n, PLACE(&at));
	finding_number(f, "children", kids);
	finding_number(f, "limit", r->o.width);
	finding_number(f, "from_here", by.n);
	finding_text(r, f, "call", "%s", site_at(r, by.site)->call);
	return kids;
}

static void change(struct golin_rules *r, const struct golin_context_change *ch,
		   const struct golin_context *x)
{
	const struct golin_context *up;
	struct ctx_note *n, *above;
	struct ctx_ref ref;
	uint32_t kids;

	if (!context_is_cancellable(x) || ch->what == GOLIN_CHANGE_HELD)
		return;
	if (ch->what == GOLIN_CHANGE_CANCELLED &&
	    (ch->c >= r->notes.len || r->notes.v[ch->c].first != x->first))
		return;
	n = note_of(r, ch->c, x);
	if (!n || n->above == GOLIN_CIDX_NONE)
		return;
	ref = (struct ctx_ref){n->above_first, n->above};
	up = ref_get(r, ref);
	if (!up)
		return;
	above = note_of(r, ref.c, up);
	if (!above)
		return;
	if (ch->what == GOLIN_CHANGE_CANCELLED) {
		above->kids -= above->kids > 0;
		return;
	}
	above->kids++;
	if (above->kids <= r->o.width || above->kids < above->told)
		return;
	/* That many seem to be; some may have left the model in another way. */
	kids = found(r, ref.c, up);
	above = note_of(r, ref.c, up);
	above->kids = kids;
	above->told = kids > r->o.width ? kids + kids / 2 : r->o.width;
}

const struct rule rule_wide = {
	.info = {.name = "wide-context",
		 .what = "more live contexts hang on one than a limit allows",
		 .hint = "Cancel each context when its work is done, or give groups of work a "
			 "context of their own in between.",
		 .severity = GOLIN_SEV_WARNING,
		 .groups = GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_CONTEXTS},
	.change = change,
};
