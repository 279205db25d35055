/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * panic-swallowed: panics that were recovered, and nobody threw them again. That somebody was told
 * of them is not to be seen from outside. An error of the runtime's is a mistake in the program,
 * whoever recovers it: a warning. Others may be meant: a note; but nothing where a package only
 * leaves its own functions so.
 */
#include "rules_impl.h"

#include <inttypes.h>

static uint8_t severity_of(const struct golin_rules *r, golin_pidx i)
{
	if (panic_is_flow(r, i))
		return 0;
	return panic_is_runtime(r, i) && !panic_is_try(r, i) && !panic_is_handled_by_library(r, i)
		       ? GOLIN_SEV_WARNING
		       : GOLIN_SEV_NOTE;
}

static void recovered(struct golin_rules *r, golin_pidx i)
{
	struct panic_group *g = panic_is_abort(r, i) ? NULL : panic_group_of(r, i);

	if (!g)
		return;
	if (!g->swallowed.recovered++) {
		g->swallowed.severity = severity_of(r, i);
		g->swallowed.taken_at = golin_model_panic(r->m, i)->ended;
	}
}

/* The first of them: what is between was counted when it was thrown again itself. */
static void rethrown(struct golin_rules *r, golin_pidx of)
{
	const struct golin_panic *p = golin_model_panic(r->m, of);
	struct panic_group *g;

	if (!p || p->outcome != GOLIN_PO_RECOVERED)
		return;
	g = panic_group_of(r, of);
	if (g)
		g->swallowed.rethrown++;
}

/* What hides another one is told as that (panic-in-defer). */
static bool hides_another(const struct golin_rules *r, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(r->m, i);
	const struct golin_panic *up = golin_model_panic(r->m, p->nested_in);

	return up && up->outcome == GOLIN_PO_REPLACED && up->replaced_by == i &&
	       p->repanic_of == GOLIN_PIDX_NONE;
}

static void panic(struct golin_rules *r, uint8_t what, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(r->m, i);

	if (p->kind != GOLIN_PANIC_PANIC)
		return;
	if (what == GOLIN_PC_STARTED && p->repanic_of != GOLIN_PIDX_NONE)
		rethrown(r, p->repanic_of);
	if (what == GOLIN_PC_RESOLVED && p->outcome == GOLIN_PO_RECOVERED && !hides_another(r, i))
		recovered(r, i);
}

static void set_message(struct golin_rules *r, struct golin_finding *f, golin_pidx i, uint64_t n)
{
	const struct golin_frame by = panic_recoverer(r, i);

	if (n == 1)
		finding_message(r, f, "%s recovered a panic of %s, and the program goes on: %s",
				*by.func ? by.func : "something", f->func, PANIC_VALUE(r, i));
	else
		finding_message(
			r, f, "%s recovered %" PRIu64 " panics of %s, and the program goes on: %s",
			*by.func ? by.func : "something", n, f->func, PANIC_VALUE(r, i));
}

static void tell(struct golin_rules *r, const struct panic_group *g, uint64_t n)
{
	golin_pidx i = panic_group_example(r, g);
	const struct golin_panic *p = golin_model_panic(r->m, i);
	struct golin_frame by;
	struct golin_finding *f;

	if (!p)
		return;
	by = panic_recoverer(r, i);
	if (finding_is_allowed(r, RULE_SWALLOWED, by.func))
		return;
	f = finding_report(r, RULE_SWALLOWED, g->swallowed.severity, &g->at, n, REPORT_TOTAL);
	if (!f)
		return;
	set_message(r, f, i, n);
	if (panic_is_runtime(r, i))
		finding_hint(r, f,
			     "Mend what panics; let the recover log the value and the stack "
			     "(debug.Stack), or let it go on.");
	panic_evidence(r, f, i);
	panic_evidence_recovered(r, f, i, &by);
	if (p->frames != UINT32_MAX)
		finding_number(f, "frames_unwound", p->frames);
	finding_number(f, "recovered", g->swallowed.recovered);
	finding_number(f, "thrown_again", g->swallowed.rethrown);
}

static void look(struct golin_rules *r)
{
	array_for_each (&r->panics.v, g) {
		uint64_t ripe;

		if (r->last || r->now - g->swallowed.taken_at >= r->o.grace_ns) {
			g->swallowed.ripe = r->last ? g->swallowed.recovered : g->swallowed.taken;
			g->swallowed.taken = g->swallowed.recovered;
			g->swallowed.taken_at = r->now;
		}
		ripe = g->swallowed.ripe;
		if (g->swallowed.severity && ripe > g->swallowed.rethrown)
			tell(r, g, ripe - g->swallowed.rethrown);
	}
}

const struct rule rule_swallowed = {
	.info = {.name = "panic-swallowed",
		 .what = "panics that were recovered and not thrown again: the program goes on",
		 .hint = "Recover only what is expected, and let the rest go on; tell somebody of "
			 "it.",
		 .severity = GOLIN_SEV_WARNING,
		 .groups = GOLIN_GROUP_PANICS},
	.panic = panic,
	.look = look,
};
