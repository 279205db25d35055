/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * panic-in-defer: a deferred call that ran because of a panic panics with something else. Whoever
 * recovers gets the second value; the first one, and why it all began, is hidden. Where the
 * deferred call had recovered the first and throws another by intent, a note.
 */
#include "rules_impl.h"

enum { CHAIN_MAX = 16 };

/* Whether i throws `of` again, in some steps. */
static bool repeats(const struct golin_rules *r, golin_pidx i, golin_pidx of)
{
	for (int k = 0; k < CHAIN_MAX && i != GOLIN_PIDX_NONE; k++) {
		i = golin_model_panic(r->m, i)->repanic_of;
		if (i == of)
			return true;
	}
	return false;
}

static void tell(struct golin_rules *r, golin_pidx i, golin_pidx hidden, uint8_t severity)
{
	const struct golin_frame at = panic_raised_at(r, i), from = panic_raised_at(r, hidden);
	const struct golin_panic_defer *d;
	struct golin_finding *f;
	char id[GOLIN_PANIC_ID_MAX];
	uint32_t n;

	if (!*at.func)
		return;
	f = finding_report(r, RULE_IN_DEFER, severity, &at, 1, REPORT_ONE);
	if (!f)
		return;
	if (severity == GOLIN_SEV_NOTE)
		finding_message(
			r, f,
			"%s panics with another value than the one that had been recovered, "
			"which %s had raised",
			at.func, *from.func ? from.func : "an unknown function");
	else
		finding_message(r, f,
				"%s panics in a deferred call while a panic of %s is on its way, "
				"which is hidden by it",
				at.func, *from.func ? from.func : "an unknown function");
	panic_evidence(r, f, i);
	finding_text(r, f, "hidden", "%s", golin_panic_id(r->m, hidden, id));
	finding_text(r, f, "hidden_value", "%s", PANIC_VALUE(r, hidden));
	finding_text(r, f, "hidden_raised_in", "%s", PLACE(&from));
	n = golin_panic_defers(r->m, hidden, &d);
	if (n && n == golin_model_panic(r->m, hidden)->ndefers) {
		const struct golin_frame deferred = golin_model_entry_func(r->m, d[n - 1].pc);

		finding_text(r, f, "deferred_call", "%s", PLACE(&deferred));
	}
}

static void panic(struct golin_rules *r, uint8_t what, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(r->m, i), *up;
	golin_pidx by = p->replaced_by;

	if (p->kind != GOLIN_PANIC_PANIC)
		return;
	if (what == GOLIN_PC_RESOLVED && p->outcome == GOLIN_PO_REPLACED && by != GOLIN_PIDX_NONE &&
	    !repeats(r, by, i)) {
		tell(r, by, i, GOLIN_SEV_WARNING);
		return;
	}
	if (what != GOLIN_PC_STARTED || p->repanic_of != GOLIN_PIDX_NONE || panic_is_abort(r, i))
		return;
	up = golin_model_panic(r->m, p->nested_in);
	/* Not by now, but when this one began. */
	if (up && up->kind == GOLIN_PANIC_PANIC && up->outcome == GOLIN_PO_RECOVERED &&
	    up->ended <= p->started)
		tell(r, i, p->nested_in, GOLIN_SEV_NOTE);
}

const struct rule rule_in_defer = {
	.info = {.name = "panic-in-defer",
		 .what = "a panic in a deferred call that hides the one because of which that ran",
		 .hint = "Let what is deferred expect that nothing is as it should be, or recover "
			 "in it and "
			 "throw the first value again.",
		 .severity = GOLIN_SEV_WARNING,
		 .groups = GOLIN_GROUP_PANICS},
	.panic = panic,
};
