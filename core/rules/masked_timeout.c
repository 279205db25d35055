/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * masked-timeout: a deadline that can never be reached, for a context above it ends earlier. Go
 * makes such a context without a timer (WithDeadline calls WithCancel), so what was asked for is
 * known from the call alone. Now and then that is how budgets work; at every call of a place, the
 * number that stands there means nothing.
 */
#include "rules_impl.h"

#include <stdio.h>
#include "base/text.h"

/* For a judgement on "every call". */
#define LOOK_AT (500 * MS)

/* The nearest deadline above; 0: none is known. */
static int64_t deadline_above(struct golin_rules *r, const struct golin_context *x,
			      struct ctx_ref *ret)
{
	golin_cidx i = x->up;

	for (int k = 0; k < 256; k++) {
		const struct golin_context *up = golin_model_context(r->m, i);

		if (!up || up->kind == GOLIN_CTX_WITHOUT_CANCEL)
			break;
		*ret = (struct ctx_ref){up->first, i};
		if (up->deadline_unix_ns)
			return up->deadline_unix_ns;
		i = up->up;
	}
	return 0;
}

static void say_deadlines(struct golin_rules *r, struct golin_finding *f,
			  const struct golin_context *x)
{
	struct ctx_ref above;
	int64_t ends = deadline_above(r, x, &above);
	const struct golin_context *p = ends ? ref_get(r, above) : NULL;
	int64_t made = (int64_t)golin_model_unix(r->m, x->created);
	char id[GOLIN_LINEAGE_MAX];
	struct golin_frame at;

	if (x->flags & GOLIN_CTX_HAS_TIMEOUT && x->timeout_ns > 0)
		finding_number(f, "timeout_ms", (uint64_t)x->timeout_ns / MS);
	if (!p)
		return;
	if (ends > made)
		finding_number(f, "parent_left_ms", (uint64_t)(ends - made) / MS);
	if (x->asked_unix_ns > ends)
		finding_number(f, "late_by_ms", (uint64_t)(x->asked_unix_ns - ends) / MS);
	finding_text(r, f, "parent_lineage", "%s", golin_context_lineage(r->m, p, id));
	at = golin_model_user_frame(r->m, p->stack, NULL);
	if (*at.func)
		finding_text(r, f, "parent_made_in", "%s", PLACE(&at));
}

static void say_message(struct golin_rules *r, struct golin_finding *f, const struct site *s,
			const struct golin_context *x)
{
	struct ctx_ref above;
	int64_t ends = deadline_above(r, x, &above);
	const struct golin_context *p = ends ? ref_get(r, above) : NULL;
	struct golin_frame at = p ? golin_model_user_frame(r->m, p->stack, NULL)
				  : (struct golin_frame){.func = "", .file = ""};
	char asked[48] = "the deadline", by[PLACE_MAX + 32] = "a context above it";

	if (x->flags & GOLIN_CTX_HAS_TIMEOUT && x->timeout_ns > 0)
		snprintf(asked, sizeof(asked), "the timeout of %s",
			 DURATION((uint64_t)x->timeout_ns));
	if (*at.func)
		snprintf(by, sizeof(by), "that of %s", PLACE(&at));
	if (s->masked.masked == s->masked.calls && s->masked.calls > 1)
		finding_message(r, f,
				"%s in %s can never fire: at each of %llu calls %s ended earlier",
				asked, s->at.func, (unsigned long long)s->masked.calls, by);
	else
		finding_message(r, f,
				"%s in %s could not fire at %llu of %llu calls: %s ended earlier",
				asked, s->at.func, (unsigned long long)s->masked.masked,
				(unsigned long long)s->masked.calls, by);
}

static void tell(struct golin_rules *r, struct site *s, uint8_t severity)
{
	const struct golin_context *x = ref_get(r, s->masked.example);
	struct golin_finding *f;

	if (!x)
		return;
	f = finding_report(r, RULE_MASKED, severity, &s->at, s->masked.masked, REPORT_TOTAL);
	if (!f)
		return;
	finding_context(r, f, s->masked.example);
	f->goid = x->goid;
	say_message(r, f, s, x);
	finding_number(f, "calls", s->masked.calls);
	finding_number(f, "masked", s->masked.masked);
	say_deadlines(r, f, x);
}

static void change(struct golin_rules *r, const struct golin_context_change *ch,
		   const struct golin_context *x)
{
	uint32_t i;
	struct site *s;

	if (ch->what != GOLIN_CHANGE_CREATED || !x->created ||
	    (x->kind != GOLIN_CTX_TIMER && x->kind != GOLIN_CTX_CANCEL))
		return;
	if (x->kind == GOLIN_CTX_CANCEL && !(x->flags & GOLIN_CTX_ASKED))
		return;
	i = site_of(r, x);
	if (i == SITE_NONE)
		return;
	s = site_at(r, i);
	if (!*s->at.func)
		return;
	if (!s->masked.calls++) {
		s->masked.first = x->created;
		if (!array_reserve(&r->masked.sites, r->masked.sites.len + 1)) {
			r->oom = true;
			return;
		}
		r->masked.sites.v[r->masked.sites.len++] = i;
	}
	if (x->kind != GOLIN_CTX_CANCEL)
		return;
	s->masked.masked++;
	s->masked.example = (struct ctx_ref){x->first, ch->c};
}

static void look(struct golin_rules *r)
{
	array_for_each (&r->masked.sites, i) {
		struct site *s = site_at(r, *i);

		if (!s->masked.masked || s->masked.masked == s->masked.told)
			continue;
		s->masked.told = s->masked.masked;
		if (s->masked.masked < s->masked.calls || s->masked.calls < r->o.masked_count)
			tell(r, s, GOLIN_SEV_NOTE);
		else if (r->last || r->now - s->masked.first >= LOOK_AT)
			tell(r, s, GOLIN_SEV_WARNING);
		else
			s->masked.told = 0;
	}
}

static void reset(struct golin_rules *r)
{
	array_free(&r->masked.sites);
}

const struct rule rule_masked = {
	.info = {.name = "masked-timeout",
		 .what = "a deadline that can never be reached, for a context above it ends "
			 "earlier",
		 .hint = "Give the outer context the longer deadline, or drop the inner one: the "
			 "number that stands here has no effect.",
		 .severity = GOLIN_SEV_WARNING,
		 .groups = GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_CONTEXTS},
	.change = change,
	.look = look,
	.reset = reset,
};
