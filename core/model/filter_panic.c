/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whether a panic passes a filter. What a term asks that a panic does not have, it asks of the
 * goroutine that panicked.
 */
#include "filter_impl.h"

static bool type_matches(const struct filter_term *t, const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic_value *v;
	uint32_t n = golin_panic_values(m, i, &v);

	for (uint32_t k = 0; k < n; k++)
		if (filter_text(t, golin_model_string(m, v[k].type)))
			return true;
	return false;
}

/* What it says, or what is wrapped in it, or what the program printed. */
static bool value_matches(const struct filter_term *t, const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic_value *v;
	uint32_t n = golin_panic_values(m, i, &v);

	for (uint32_t k = 0; k < n; k++)
		if (v[k].flags & GOLIN_VALUE_TEXT &&
		    filter_text(t, golin_model_string(m, v[k].text)))
			return true;
	n = golin_model_panic(m, i)->printed;
	return n && filter_text(t, golin_model_string(m, n));
}

static bool by_matches(const struct filter_term *t, const struct golin_model *m,
		       const struct golin_panic *p)
{
	struct golin_frame f = golin_model_entry_func(m, p->recovered_by);

	return p->recovered_by && filter_place(t, &f);
}

static bool in_matches(const struct filter_term *t, const struct golin_model *m, golin_pidx i)
{
	struct golin_frame f = golin_panic_resumed(m, i);

	return *f.func && filter_place(t, &f);
}

static bool any_matches(const struct filter_term *t, const struct golin_model *m,
			const struct golin_panic *p, golin_pidx i)
{
	struct golin_frame at = golin_panic_at(m, i);

	return filter_place(t, &at) || filter_text(t, golin_panic_kind_name(p->kind)) ||
	       filter_text(t, golin_panic_outcome_name(p->outcome)) || type_matches(t, m, i) ||
	       value_matches(t, m, i) || by_matches(t, m, p);
}

static bool trace_matches(const struct filter_term *t, const struct golin_model *m, golin_pidx i)
{
	char buf[GOLIN_TRACE_ID_MAX];

	if (*golin_panic_trace(m, i, buf) && filter_text(t, buf))
		return true;
	return *golin_panic_traceparent(m, i, buf) && filter_text(t, buf);
}

static bool code_matches(const struct filter_term *t, const struct golin_model *m, golin_pidx i)
{
	char buf[GOLIN_ERROR_CODE_MAX];

	if (*golin_panic_error_code(m, i, buf) && filter_text(t, buf))
		return true;
	return *golin_panic_stack_hash(m, i, buf) && filter_text(t, buf);
}

static bool id_matches(const struct filter_term *t, const struct golin_model *m, golin_pidx i)
{
	char buf[GOLIN_PANIC_ID_MAX];

	return filter_text(t, golin_panic_id(m, i, buf));
}

static uint64_t since(const struct golin_model *m, uint64_t from, uint64_t to)
{
	uint64_t end = to ? to : golin_model_now(m);

	return end > from ? end - from : 0;
}

bool filter_is_of_panic(const struct filter_term *t)
{
	switch (t->key) {
	case KEY_TYPE:
	case KEY_VALUE:
	case KEY_OUTCOME:
	case KEY_TRACE:
	case KEY_ID:
	case KEY_BY:
	case KEY_IN:
	case KEY_CODE:
	case KEY_RELATION:
	case KEY_NESTED:
	case KEY_LOCKED:
	case KEY_DEFERS:
	case KEY_TOOK:
		return true;
	default:
		return false;
	}
}

static bool own_term(const struct filter_term *t, const struct golin_model *m,
		     const struct golin_panic *p, golin_pidx i)
{
	switch (t->key) {
	case KEY_TYPE:
		return type_matches(t, m, i);
	case KEY_VALUE:
		return value_matches(t, m, i);
	case KEY_OUTCOME:
		return filter_text(t, golin_panic_outcome_name(p->outcome));
	case KEY_TRACE:
		return trace_matches(t, m, i);
	case KEY_ID:
		return id_matches(t, m, i);
	case KEY_BY:
		return by_matches(t, m, p);
	case KEY_IN:
		return in_matches(t, m, i);
	case KEY_CODE:
		return code_matches(t, m, i);
	case KEY_RELATION:
		return p->relation && filter_text(t, golin_panic_relation_name(p->relation));
	case KEY_NESTED:
		return t->yes == (p->nested_in != GOLIN_PIDX_NONE);
	case KEY_LOCKED:
		return t->yes == !!(p->more & GOLIN_PF_LOCKED);
	case KEY_DEFERS:
		return filter_compare(t, p->ndefers);
	default: /* KEY_TOOK */
		return filter_compare(t, since(m, p->started, p->ended));
	}
}

bool filter_panic_term(struct filter_term *t, const struct filter_subject *s)
{
	const struct golin_model *m = s->m;
	const struct golin_panic *p = s->panic;
	struct golin_frame at;

	if (filter_is_of_panic(t))
		return own_term(t, m, p, s->p);
	switch (t->key) {
	case KEY_ANY:
		return any_matches(t, m, p, s->p);
	case KEY_FN:
		return filter_text(t, golin_panic_at(m, s->p).func);
	case KEY_AT:
		at = golin_panic_at(m, s->p);
		return filter_place(t, &at);
	case KEY_FILE:
		return filter_text(t, golin_panic_at(m, s->p).file) ||
		       (p->recovered_by &&
			filter_text(t, golin_model_entry_func(m, p->recovered_by).file));
	case KEY_STATE:
		return filter_text(t, golin_panic_outcome_name(p->outcome));
	case KEY_KIND:
		return filter_text(t, golin_panic_kind_name(p->kind));
	case KEY_GOID:
		return p->goid == t->num;
	case KEY_AGE:
		return filter_compare(t, since(m, p->started, 0));
	default:
		return s->g && filter_goroutine_term(t, m, s->g);
	}
}

bool golin_filter_match_panic(const struct golin_filter *f, const struct golin_model *m,
			      golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	struct filter_subject s = {.m = m, .c = GOLIN_CIDX_NONE, .panic = p, .p = i};

	if (!f || !p)
		return !f;
	s.g = golin_model_goroutine(m, golin_model_find_key(m, p->target, p->epoch, p->goid));
	return filter_eval(f, &s);
}
