/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * panic-loop: one place panics and is recovered again and again: a message that is delivered until
 * it is taken, a worker that is started again at once. Not where a package leaves its own functions
 * so, and not what fmt and its like recover.
 */
#include "rules_impl.h"

#include <inttypes.h>
#include "base/text.h"

#define WINDOW (10 * SECOND)

static void panic(struct golin_rules *r, uint8_t what, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(r->m, i);
	struct panic_group *g;

	if (what != GOLIN_PC_RESOLVED || p->kind != GOLIN_PANIC_PANIC ||
	    p->outcome != GOLIN_PO_RECOVERED || panic_is_abort(r, i))
		return;
	g = panic_group_of(r, i);
	if (!g)
		return;
	if (!g->loop.all++)
		g->loop.counts = !panic_is_flow(r, i) && !panic_is_handled_by_library(r, i);
	if (!g->loop.within || p->ended - g->loop.began > WINDOW) {
		g->loop.began = p->ended;
		g->loop.within = 0;
	}
	if (++g->loop.within > g->loop.most)
		g->loop.most = g->loop.within;
	if (g->loop.last_goid != p->goid)
		g->loop.goids++;
	g->loop.last_goid = p->goid;
}

static void tell(struct golin_rules *r, const struct panic_group *g)
{
	golin_pidx i = panic_group_example(r, g);
	struct golin_frame by;
	struct golin_finding *f;
	uint64_t took;

	if (i == GOLIN_PIDX_NONE)
		return;
	by = panic_recoverer(r, i);
	if (finding_is_allowed(r, RULE_PANIC_LOOP, by.func))
		return;
	f = finding_report(r, RULE_PANIC_LOOP, GOLIN_SEV_WARNING, &g->at, g->loop.all,
			   REPORT_TOTAL);
	if (!f)
		return;
	finding_message(
		r, f,
		"%s panics again and again, and is recovered by %s: %" PRIu64
		" times within %s, on %s; %s",
		g->at.func, *by.func ? by.func : "something", g->loop.most, DURATION(WINDOW),
		g->loop.goids > 1 ? "a new goroutine each time or on several" : "one goroutine",
		PANIC_VALUE(r, i));
	panic_evidence(r, f, i);
	panic_evidence_recovered(r, f, i, &by);
	finding_number(f, "within", g->loop.most);
	finding_number(f, "limit", r->o.panics);
	finding_number(f, "recovered", g->loop.all);
	took = golin_model_panic(r->m, i)->ended - g->loop.began;
	if (took && g->loop.within > 1)
		finding_number(f, "per_second", (g->loop.within - 1) * SECOND / took);
}

static void look(struct golin_rules *r)
{
	array_for_each (&r->panics.v, g)
		if (g->loop.counts && g->loop.most > r->o.panics)
			tell(r, g);
}

const struct rule rule_panic_loop = {
	.info = {.name = "panic-loop",
		 .what = "one place that panics and is recovered again and again",
		 .hint = "Let what was recovered not be tried again as it is: count attempts, wait "
			 "longer each "
			 "time, put it aside.",
		 .severity = GOLIN_SEV_WARNING,
		 .groups = GOLIN_GROUP_PANICS},
	.panic = panic,
	.look = look,
};
