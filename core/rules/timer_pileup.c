/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * timer-pileup: timers that one place makes faster than they end. How many the runtime still holds
 * is read from its heaps, about once a second, and only when a place has made many that are not
 * known to have ended: from Go 1.23 on, a timer that nobody names is collected without an event.
 */
#include "rules_impl.h"

#include <inttypes.h>
#include "base/text.h"

#define ASK_NS SECOND

/*
 * More and more of them; or more than could be waited for, if each goroutine waited on one of them.
 */
static bool piles_up(struct golin_rules *r, const struct golin_timer_site *s)
{
	struct golin_model_counts c;

	if (s->held < r->o.timers)
		return false;
	if (s->held_first && s->held_before > s->held_first && s->held > s->held_before &&
	    s->held - s->held_first >= s->held / 8)
		return true;
	golin_model_counts(r->m, &c);
	return s->kind != GOLIN_TIMER_FUNC && s->held > 2 * c.live && s->stopped < s->made / 2;
}

static const char *made_by(const struct golin_timer_site *s)
{
	return s->kind == GOLIN_TIMER_FUNC     ? "timers of time.AfterFunc"
	       : s->kind == GOLIN_TIMER_TICKER ? "tickers"
					       : "timers";
}

static void set_hint(struct golin_rules *r, struct golin_finding *f,
		     const struct golin_timer_site *s)
{
	if (s->kind == GOLIN_TIMER_TICKER)
		finding_hint(r, f, "Stop each ticker when its loop ends: defer t.Stop().");
	else if (s->kind == GOLIN_TIMER_FUNC)
		finding_hint(r, f,
			     "Stop the timer when what it watches is over, or use one timer "
			     "for all.");
	else
		finding_hint(r, f,
			     "In place of time.After in a loop, make one time.NewTimer, "
			     "Reset it at each turn, and Stop it when it is not needed any more.");
}

static void tell(struct golin_rules *r, const struct golin_timer_site *s)
{
	struct golin_frame call;
	const struct golin_frame at = golin_model_user_frame(r->m, s->stack, &call);
	struct golin_finding *f;

	if (!*at.func)
		return;
	f = finding_report(r, RULE_TIMERS, GOLIN_SEV_WARNING, &at, s->held, REPORT_TOTAL);
	if (!f)
		return;
	f->goid = s->goid;
	finding_message(r, f,
			"the runtime holds %" PRIu64 " %s that %s made, %s than before; of %" PRIu64
			" made, %" PRIu64 " were stopped and %" PRIu64 " fired",
			s->held, made_by(s), at.func,
			s->held > s->held_before ? "more" : "no fewer", s->made, s->stopped,
			s->fired);
	set_hint(r, f, s);
	finding_number(f, "held", s->held);
	finding_number(f, "held_before", s->held_before);
	finding_number(f, "held_first", s->held_first);
	finding_number(f, "limit", r->o.timers);
	finding_number(f, "made", s->made);
	finding_number(f, "stopped", s->stopped);
	finding_number(f, "fired", s->fired);
	if (s->delay_max > 0)
		finding_text(r, f, "longest_delay", "%s", DURATION((uint64_t)s->delay_max));
	if (s->oldest && s->oldest < r->now)
		finding_number(f, "oldest_ms", (r->now - s->oldest) / MS);
	if (*call.func)
		finding_text(r, f, "call", "%s", call.func);
}

static void look(struct golin_rules *r)
{
	uint32_t n = golin_model_timer_sites(r->m);
	bool many = false;

	if (r->now - r->timers_asked < ASK_NS && !r->last)
		return;
	for (uint32_t i = 0; i < n; i++) {
		const struct golin_timer_site *s = golin_model_timer_site(r->m, i);

		many |= s->pending >= r->o.timers / 2;
		if (s->held >= r->o.timers && piles_up(r, s))
			tell(r, s);
	}
	/* The answer is looked at next time. */
	if (many && !r->last)
		ask_timers(r);
	r->timers_asked = r->now;
}

static void reset(struct golin_rules *r)
{
	r->timers_asked = 0;
}

const struct rule rule_timers = {
	.info = {.name = "timer-pileup",
		 .what = "timers that one place makes faster than they are stopped or fire",
		 .hint = "Stop each timer that is not needed any more, or Reset one in place of "
			 "making others.",
		 .severity = GOLIN_SEV_WARNING,
		 .groups = GOLIN_GROUP_TIMERS},
	.look = look,
	.reset = reset,
};
