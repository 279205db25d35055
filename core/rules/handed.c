/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What goroutines were handed: kept beside the model, whose list of a goroutine's contexts is as
 * long as those that it made.
 */
#include "rules_impl.h"

static struct handed *slot(struct golin_rules *r, golin_gidx g, uint64_t goid)
{
	struct handed *h;

	if (g >= r->handed.len) {
		size_t want = golin_model_goroutine_max(r->m);

		if (!array_reserve(&r->handed, want)) {
			r->oom = true;
			return NULL;
		}
		memset(r->handed.v + r->handed.len, 0,
		       (want - r->handed.len) * sizeof(*r->handed.v));
		r->handed.len = want;
	}
	h = &r->handed.v[g];
	if (h->goid != goid)
		*h = (struct handed){.goid = goid, .conn = {0, GOLIN_CIDX_NONE}};
	return h;
}

void handed_change(struct golin_rules *r, const struct golin_context_change *ch,
		   const struct golin_context *x)
{
	const struct golin_goroutine *g = golin_model_goroutine(r->m, ch->g);
	const struct ctx_ref ref = {ch->first, ch->c};
	struct handed *h;
	uint32_t site;

	if (ch->what != GOLIN_CHANGE_HELD || !g)
		return;
	if (ch->how == GOLIN_HOLD_CREATED) {
		site = site_of(r, x);
		if (site == SITE_NONE || !site_at(r, site)->conn)
			return;
		h = slot(r, ch->g, g->goid);
		if (h)
			h->conn = ref;
		return;
	}
	h = slot(r, ch->g, g->goid);
	if (h && h->n < HANDED_MAX)
		h->v[h->n++] = ref;
}

const struct handed *handed_of(const struct golin_rules *r, golin_gidx g, uint64_t goid)
{
	return g < r->handed.len && r->handed.v[g].goid == goid ? &r->handed.v[g] : NULL;
}
