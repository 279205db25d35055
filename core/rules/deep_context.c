/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deep-context: a chain that grows with each turn of a loop. Every look-up of a value walks along
 * it, and nothing of it is ever collected.
 */
#include "rules_impl.h"

enum { WALK = 1024, TALLY = 32 };

struct tally {
	uint32_t site, n;
};

/* The place that added most of the levels. */
static struct tally blame(struct golin_rules *r, const struct golin_context *x)
{
	struct tally t[TALLY] = {{0}}, best = {0};

	for (int k = 0; k < WALK && x; k++, x = golin_model_context(r->m, x->up)) {
		uint32_t site = site_of(r, x);
		int i = 0;

		if (site == SITE_NONE || !*site_at(r, site)->at.func)
			continue;
		while (i < TALLY && t[i].n && t[i].site != site)
			i++;
		if (i == TALLY)
			continue;
		t[i].site = site;
		if (++t[i].n > best.n)
			best = t[i];
	}
	return best;
}

static void found(struct golin_rules *r, const struct golin_context_change *ch,
		  const struct golin_context *x, uint64_t over, uint32_t depth, struct tally by)
{
	const struct golin_frame at = site_at(r, by.site)->at;
	struct golin_finding *f;
	char id[GOLIN_LINEAGE_MAX];
	const struct golin_context *top = x;

	f = finding_report(r, RULE_DEEP, GOLIN_SEV_WARNING, &at, over, REPORT_TOTAL);
	if (!f)
		return;
	for (int k = 0; k < WALK && golin_model_context(r->m, top->up); k++)
		top = golin_model_context(r->m, top->up);
	finding_context(r, f, (struct ctx_ref){ch->first, ch->c});
	f->goid = x->goid;
	finding_message(r, f, "a chain of %u contexts; %s added %u of the innermost %u", depth,
			PLACE(&at), by.n, depth < WALK ? depth : WALK);
	finding_number(f, "depth", depth);
	finding_number(f, "limit", r->o.depth);
	finding_number(f, "levels_from_here", by.n);
	finding_text(r, f, "call", "%s", site_at(r, by.site)->call);
	finding_text(r, f, "top_lineage", "%s", golin_context_lineage(r->m, top, id));
}

static void change(struct golin_rules *r, const struct golin_context_change *ch,
		   const struct golin_context *x)
{
	const struct ctx_note *n;
	uint32_t depth, site;
	struct tally by;

	if (ch->what != GOLIN_CHANGE_CREATED)
		return;
	n = note_of(r, ch->c, x);
	if (!n || n->depth <= r->o.depth || n->site == SITE_NONE)
		return;
	depth = n->depth;
	site = n->site;
	site_at(r, site)->deep.over++;
	/* A chain that has been walked is not walked again before it has grown by half. */
	if (depth < site_at(r, site)->deep.next)
		return;
	site_at(r, site)->deep.next = depth + depth / 2;
	by = blame(r, x);
	if (by.n)
		found(r, ch, x, site_at(r, site)->deep.over, depth, by);
}

const struct rule rule_deep = {
	.info = {.name = "deep-context",
		 .what = "a chain of contexts that is deeper than a limit, as a loop makes it that "
			 "derives each context from the one before",
		 .hint = "Derive each turn's context from the one outside the loop, not from that "
			 "of the turn before.",
		 .severity = GOLIN_SEV_WARNING,
		 .groups = GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_CONTEXTS},
	.change = change,
};
