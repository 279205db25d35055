/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a context or a finding passes a filter. What a term asks that a context does not have, it
 * asks of the goroutine that made it; of a finding's, of its context and its goroutine.
 */
#include <inttypes.h>
#include <stdio.h>
#include "filter_impl.h"

enum { HOLDERS_MAX = 4096 };

bool filter_is_of_context(const struct filter_term *t)
{
	switch (t->key) {
	case KEY_KIND:
	case KEY_KEY:
	case KEY_REASON:
	case KEY_LINEAGE:
	case KEY_DEADLINE:
	case KEY_HOLDERS:
		return true;
	default:
		return false;
	}
}

static bool any_matches(const struct filter_term *t, const struct golin_model *m,
			const struct golin_context *c, golin_cidx i)
{
	struct golin_frame site = golin_context_site(m, c);

	return filter_place(t, &site) || filter_text(t, golin_context_kind_name(c->kind)) ||
	       filter_text(t, golin_context_func(m, c)) ||
	       filter_text(t, golin_context_state_name(golin_context_state(m, i))) ||
	       (c->type && filter_text(t, golin_model_string(m, c->type))) ||
	       (c->key_type && filter_text(t, golin_model_string(m, c->key_type)));
}

static bool file_matches(const struct filter_term *t, const struct golin_model *m,
			 const struct golin_context *c)
{
	struct golin_frame end = golin_context_cancel_site(m, c);

	return filter_text(t, golin_context_site(m, c).file) ||
	       (*end.func && filter_text(t, end.file));
}

/* Its id, or its address. */
static bool lineage_matches(const struct filter_term *t, const struct golin_model *m,
			    const struct golin_context *c)
{
	char buf[GOLIN_LINEAGE_MAX];

	if (filter_text(t, golin_context_lineage(m, c, buf)))
		return true;
	snprintf(buf, sizeof(buf), "0x%" PRIx64, c->ctx);
	return filter_text(t, buf);
}

static bool key_matches(const struct filter_term *t, const struct golin_model *m,
			const struct golin_context *c)
{
	if (c->kind != GOLIN_CTX_VALUE)
		return false;
	return filter_text(t, golin_model_string(m, c->key_type)) ||
	       (c->flags & GOLIN_CTX_SHOWN && filter_text(t, golin_model_string(m, c->key)));
}

/* What is left until then; none for one that has passed. */
static bool deadline_matches(const struct filter_term *t, const struct golin_model *m,
			     const struct golin_context *c)
{
	int64_t now = (int64_t)golin_model_unix(m, golin_model_now(m));

	if (c->deadline_unix_ns <= 0 || !now)
		return false;
	return filter_compare(t, c->deadline_unix_ns > now ? (uint64_t)(c->deadline_unix_ns - now)
							   : 0);
}

/* Live ones: they come first. */
static bool holders_match(const struct filter_term *t, const struct golin_model *m, golin_cidx i)
{
	struct golin_holder h[HOLDERS_MAX];
	uint32_t n = golin_context_holders(m, i, h, HOLDERS_MAX), alive = 0;

	while (alive < n && alive < HOLDERS_MAX &&
	       golin_model_goroutine(m, h[alive].g)->flags & GOLIN_GF_ALIVE)
		alive++;
	return filter_compare(t, alive);
}

static bool depth_matches(const struct filter_term *t, const struct golin_model *m,
			  const struct golin_context *c)
{
	uint64_t depth = 0;

	while (c->up != GOLIN_CIDX_NONE && depth <= t->num) {
		c = golin_model_context(m, c->up);
		depth++;
	}
	return filter_compare(t, depth);
}

/* Since its creation; of one that is cancelled, how long it lived. */
static bool age_matches(const struct filter_term *t, const struct golin_model *m,
			const struct golin_context *c)
{
	uint64_t end = c->cancelled ? c->cancelled : golin_model_now(m);
	uint64_t start = c->created ? c->created : golin_model_first(m);

	/* One that was there before: nobody knows how much older it is than golin's watch. */
	if (!c->created && t->op == '<')
		return false;
	return filter_compare(t, end > start ? end - start : 0);
}

bool filter_context_term(struct filter_term *t, const struct filter_subject *s)
{
	const struct golin_model *m = s->m;
	const struct golin_context *c = golin_model_context(m, s->c);
	struct golin_frame site;

	switch (t->key) {
	case KEY_ANY:
		return any_matches(t, m, c, s->c);
	case KEY_FN:
		return filter_text(t, golin_context_site(m, c).func) ||
		       filter_text(t, golin_context_func(m, c));
	case KEY_AT:
		site = golin_context_site(m, c);
		return filter_place(t, &site);
	case KEY_FILE:
		return file_matches(t, m, c);
	case KEY_STATE:
		return filter_text(t, golin_context_state_name(golin_context_state(m, s->c)));
	case KEY_KIND:
		return filter_text(t, golin_context_kind_name(c->kind));
	case KEY_KEY:
		return key_matches(t, m, c);
	case KEY_REASON:
		return c->cancel_reason &&
		       filter_text(t, golin_cancel_reason_name(c->cancel_reason));
	case KEY_LINEAGE:
		return lineage_matches(t, m, c);
	case KEY_DEADLINE:
		return deadline_matches(t, m, c);
	case KEY_HOLDERS:
		return holders_match(t, m, s->c);
	case KEY_CHILDREN:
		return filter_compare(t, c->nchild);
	case KEY_DEPTH:
		return depth_matches(t, m, c);
	case KEY_AGE:
		return age_matches(t, m, c);
	case KEY_GOID:
		return t->num && (c->goid == t->num || c->cancel_goid == t->num);
	default:
		return s->g && filter_goroutine_term(t, m, s->g);
	}
}

bool filter_finding_term(struct filter_term *t, const struct filter_subject *s)
{
	const struct golin_filter_finding *f = s->finding;
	struct golin_frame at = {.func = f->func, .file = f->file, .line = f->line};
	uint64_t now = golin_model_now(s->m);

	switch (t->key) {
	case KEY_ANY:
		return filter_place(t, &at) || filter_text(t, f->rule) ||
		       filter_text(t, f->severity) || filter_text(t, f->message);
	case KEY_FN:
		return filter_text(t, f->func);
	case KEY_AT:
		return filter_place(t, &at);
	case KEY_FILE:
		return filter_text(t, f->file);
	case KEY_RULE:
		return filter_text(t, f->rule);
	case KEY_SEVERITY:
		return filter_text(t, f->severity);
	case KEY_LINEAGE:
		return filter_text(t, f->lineage);
	case KEY_GOID:
		return t->num && f->goid == t->num;
	case KEY_AGE:
		return filter_compare(t, now > f->first ? now - f->first : 0);
	case KEY_WAIT:
	case KEY_VIA:
	case KEY_HOW:
	case KEY_PARENT:
	case KEY_UNDER:
	case KEY_ALIVE:
	case KEY_SYSTEM:
		return s->g && filter_goroutine_term(t, s->m, s->g);
	default:
		if (s->c != GOLIN_CIDX_NONE)
			return filter_context_term(t, s);
		return s->g && filter_goroutine_term(t, s->m, s->g);
	}
}

bool golin_filter_match_context(const struct golin_filter *f, const struct golin_model *m,
				golin_cidx i)
{
	const struct golin_context *c = golin_model_context(m, i);
	struct filter_subject s = {.m = m, .c = i};

	if (!f || !c)
		return !f;
	s.g = golin_model_goroutine(m, golin_model_find_key(m, c->target, c->epoch, c->goid));
	return filter_eval(f, &s);
}

bool golin_filter_match_finding(const struct golin_filter *f, const struct golin_model *m,
				const struct golin_filter_finding *finding)
{
	struct filter_subject s = {.m = m, .c = finding->c, .finding = finding};

	if (!f)
		return true;
	/* It may have left the model since. */
	if (!golin_model_context(m, s.c))
		s.c = GOLIN_CIDX_NONE;
	s.g = golin_model_goroutine(m, golin_model_find(m, finding->goid));
	return filter_eval(f, &s);
}
