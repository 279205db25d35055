/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * goexit-during-panic: a deferred call that ran because of a panic calls runtime.Goexit (t.FailNow,
 * t.Skip): the goroutine ends, and the panic is gone without a word.
 */
#include "rules_impl.h"

static void tell(struct golin_rules *r, golin_pidx i, golin_pidx lost)
{
	const struct golin_frame at = panic_raised_at(r, i), from = panic_raised_at(r, lost);
	struct golin_finding *f;
	char id[GOLIN_PANIC_ID_MAX];

	if (!*at.func)
		return;
	f = finding_report(r, RULE_GOEXIT, GOLIN_SEV_WARNING, &at, 1, REPORT_ONE);
	if (!f)
		return;
	finding_message(
		r, f,
		"%s ends its goroutine in a deferred call (runtime.Goexit) while a panic of %s is "
		"on its way, which nobody hears of",
		at.func, *from.func ? from.func : "an unknown function");
	panic_evidence(r, f, lost);
	finding_text(r, f, "raised_in", "%s", PLACE(&from));
	finding_text(r, f, "goexit", "%s", golin_panic_id(r->m, i, id));
}

static void panic(struct golin_rules *r, uint8_t what, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(r->m, i), *up;

	if (what != GOLIN_PC_STARTED || p->kind != GOLIN_PANIC_GOEXIT)
		return;
	/* One that had been recovered before is not lost by it. */
	up = golin_model_panic(r->m, p->nested_in);
	if (up && up->kind == GOLIN_PANIC_PANIC && up->outcome == GOLIN_PO_GOEXIT &&
	    up->ended <= p->started)
		tell(r, i, p->nested_in);
}

const struct rule rule_goexit = {
	.info = {.name = "goexit-during-panic",
		 .what = "runtime.Goexit in a deferred call that ran because of a panic: that is "
			 "lost",
		 .hint = "Recover first in what is deferred (and report the value), or let it not "
			 "end the "
			 "goroutine while something panics.",
		 .severity = GOLIN_SEV_WARNING,
		 .groups = GOLIN_GROUP_PANICS},
	.panic = panic,
};
