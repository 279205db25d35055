// SPDX-License-Identifier: BSD-2-Clause
/* What is said of a panic in a line; finding one of them, or an event. */
#include <inttypes.h>
#include <stdio.h>
#include "names.h"
#include "panics_view.h"

enum golin_panic_outcome panview_outcome(const struct panview *v, const struct golin_panic *p)
{
	if (v->asof && p->ended > v->asof)
		return GOLIN_PO_ACTIVE;
	return p->outcome < PANVIEW_OUTCOMES ? (enum golin_panic_outcome)p->outcome
					     : GOLIN_PO_UNKNOWN;
}

static const struct golin_panic_value *own_value(const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic_value *v;

	return golin_panic_values(m, i, &v) ? v : NULL;
}

const char *panview_type(const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	const struct golin_panic_value *v = own_value(m, i);
	const char *type = v ? golin_model_string(m, v->type) : "";

	if (p && p->kind == GOLIN_PANIC_GOEXIT)
		return "Goexit";
	if (p && p->kind == GOLIN_PANIC_THROW)
		return p->more & GOLIN_PF_USER_FATAL ? "fatal error" : "throw";
	if (*type)
		return type;
	return v && !v->type_addr ? "nil" : "?";
}

const char *panview_text(const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	const struct golin_panic_value *v = own_value(m, i);
	const char *text = v ? golin_model_string(m, v->text) : "";

	return *text || !p ? text : golin_model_string(m, p->printed);
}

const char *panview_relation(const struct golin_model *m, golin_pidx i, char *buf, size_t cap)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	const struct golin_panic *up = p ? golin_model_panic(m, p->up) : NULL;

	buf[0] = 0;
	if (!up)
		return buf;
	snprintf(buf, cap, "%s #%" PRIu64 "%s",
		 p->up == p->repanic_of	 ? "repeats"
		 : p->up == p->nested_in ? "during"
					 : "with",
		 up->number, p->more & GOLIN_PF_ELSEWHERE ? " elsewhere" : "");
	return buf;
}

/* ---- search ---- */

static bool in_values(const struct golin_model *m, const struct search *s, golin_pidx i)
{
	const struct golin_panic_value *v;
	uint32_t n = golin_panic_values(m, i, &v);

	for (uint32_t k = 0; k < n; k++)
		if (search_in(s, golin_model_string(m, v[k].type)) ||
		    search_in(s, golin_model_string(m, v[k].text)))
			return true;
	return false;
}

static bool in_frame(const struct search *s, struct golin_frame f)
{
	char place[300];

	return search_in(s, f.func) || search_in(s, name_place(&f, place, sizeof(place)));
}

/* "#12" is a panic's number, "9120" the start of a goroutine's. */
static bool is_number(const struct search *s, const struct golin_panic *p)
{
	char text[32];

	snprintf(text, sizeof(text), "#%" PRIu64, p->number);
	if (s->needle[0] == '#' && !strcmp(text, s->needle))
		return true;
	snprintf(text, sizeof(text), "%" PRIu64, p->goid);
	return s->needle[0] >= '0' && s->needle[0] <= '9' &&
	       !strncmp(text, s->needle, strlen(s->needle));
}

bool panview_has(const struct panview *v, const struct search *s, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(v->model, i);

	if (!p || !s->needle[0])
		return false;
	return is_number(s, p) || search_in(s, panview_type(v->model, i)) ||
	       search_in(s, golin_model_string(v->model, p->printed)) ||
	       search_in(s, golin_panic_outcome_name(panview_outcome(v, p))) ||
	       in_values(v->model, s, i) || in_frame(s, golin_panic_at(v->model, i)) ||
	       (p->recovered_by && in_frame(s, golin_model_entry_func(v->model, p->recovered_by)));
}

static bool add_seq(struct panview *v, golin_pidx i)
{
	golin_pidx *at = array_add(&v->seq);

	if (at)
		*at = i;
	return at;
}

/* A tree of failures in its order: a panic before what came of it. */
static bool add_tree(struct panview *v, golin_pidx root)
{
	golin_pidx i = root;

	for (uint32_t n = 0; n < v->nmark; n++) {
		const struct golin_panic *p = golin_model_panic(v->model, i);

		if (!p)
			return true;
		if (i < v->nmark && v->mark[i] & MARK_SHOWN && !add_seq(v, i))
			return false;
		if (golin_model_panic(v->model, p->first)) {
			i = p->first;
			continue;
		}
		while (i != root && !golin_model_panic(v->model, p->next)) {
			i = p->up;
			p = golin_model_panic(v->model, i);
			if (!p)
				return true;
		}
		if (i == root)
			return true;
		i = p->next;
	}
	return true;
}

static bool fill_seq(struct panview *v)
{
	v->seq.len = 0;
	for (size_t k = 0; v->fold && k < v->order.len; k++) {
		const struct panview_site *s = &v->sites.v[v->order.v[k]];
		golin_pidx i = s->first;

		for (uint32_t n = 0; n < s->count && i < v->nmark; n++, i = v->like[i])
			if (!add_seq(v, i))
				return false;
	}
	for (size_t k = v->listed.len; !v->fold && k-- > 0;) {
		const struct golin_panic *p = golin_model_panic(v->model, v->listed.v[k].i);

		if (p && !golin_model_panic(v->model, p->up) && !add_tree(v, v->listed.v[k].i))
			return false;
	}
	return true;
}

golin_pidx panview_search(struct panview *v, const struct search *s, const struct tree_row *from,
			  bool backwards, bool with_from)
{
	golin_pidx i = from ? panview_panic(v, from) : GOLIN_PIDX_NONE;
	size_t n, at = 0;

	if (!fill_seq(v))
		return GOLIN_PIDX_NONE;
	n = v->seq.len;
	for (size_t k = 0; k < n; k++)
		if (v->seq.v[k] == i)
			at = k;
	/* A site stands before its panics, the first of which it is taken for. */
	if (i == GOLIN_PIDX_NONE || (from->kind == PANVIEW_SITE && !backwards))
		with_from = true;
	for (size_t k = with_from ? 0 : 1; k <= n && n; k++) {
		i = v->seq.v[backwards ? (at + n * 2 - k) % n : (at + k) % n];
		if (panview_has(v, s, i))
			return i;
	}
	return GOLIN_PIDX_NONE;
}

/* ---- times ---- */

static void nearer(uint64_t t, uint64_t at, bool backwards, uint64_t *best)
{
	if (!t)
		return;
	if (backwards ? t < at && t > *best : t > at && (!*best || t < *best))
		*best = t;
}

uint64_t panview_event_time(const struct panview *v, uint64_t at, bool backwards)
{
	uint32_t max = golin_model_panic_max(v->model);
	uint64_t best = 0;

	for (golin_pidx i = 0; i < max; i++) {
		const struct golin_panic *p = golin_model_panic(v->model, i);
		const struct golin_panic_defer *d;
		uint32_t n;

		if (!p)
			continue;
		nearer(p->started, at, backwards, &best);
		nearer(p->ended, at, backwards, &best);
		n = golin_panic_defers(v->model, i, &d);
		for (uint32_t k = 0; k < n; k++)
			nearer(d[k].ts, at, backwards, &best);
	}
	return best;
}

golin_pidx panview_of_goroutine(const struct golin_model *m, const struct golin_goroutine *g,
				uint64_t asof)
{
	uint32_t max = golin_model_panic_max(m);
	golin_pidx best = GOLIN_PIDX_NONE;
	uint64_t number = 0;

	for (golin_pidx i = 0; i < max; i++) {
		const struct golin_panic *p = golin_model_panic(m, i);

		if (!p || p->goid != g->goid || p->epoch != g->epoch || p->target != g->target ||
		    (asof && p->started > asof) || p->number < number)
			continue;
		best = i;
		number = p->number;
	}
	return best;
}
