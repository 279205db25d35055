/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The panics of a dump: they are as it says, nothing is inferred. COUNTS begin it, then all that
 * the model had is gone; COUNTS end it, then what it says of newer ones can be looked up.
 */
#include "model_impl.h"

#include <errno.h>

#define NUMBER_MAX (1ull << 62)

/* ---- one ---- */

static int apply_start(struct golin_model *m, const struct golin_rec_panic_start *r, uint32_t space)
{
	struct panics *t = &m->panics;
	const struct space *sp = &m->spaces.v[space];
	struct golin_panic *p;
	int rc;

	if (t->filling != GOLIN_PIDX_NONE) /* the rest of one was cut off */
		panic_free(m, t->filling);
	rc = panic_alloc(m, space, &t->filling);
	if (rc) {
		t->filling = GOLIN_PIDX_NONE;
		return rc;
	}
	p = &panic_at(m, t->filling)->p;
	p->goid = r->h.goid;
	p->started = model_time(m, r->h.ts);
	p->target = sp->target;
	p->epoch = sp->epoch;
	return panic_fill_start(m, t->filling, r);
}

static int apply_defer(struct golin_model *m, const struct golin_rec_panic_defer *r)
{
	golin_pidx i = m->panics.filling;
	struct panic_node *n;
	int rc;

	if (i == GOLIN_PIDX_NONE)
		return 0;
	rc = panic_add_defer(m, i, r);
	n = panic_at(m, i);
	if (rc || !n->kept_defers)
		return rc;
	n->defers[n->kept_defers - 1].flags &= ~(uint32_t)GOLIN_PANIC_DUMPED;
	n->defers[n->kept_defers - 1].end = r->end;
	n->defers[n->kept_defers - 1].pause = r->pause;
	return 0;
}

int panic_apply_dumped(struct golin_model *m, const struct golin_rec *rec, uint32_t space)
{
	if (m->panics.dumping && rec->type == GOLIN_REC_PANIC_START)
		return apply_start(m, (const struct golin_rec_panic_start *)rec, space);
	if (m->panics.dumping && rec->type == GOLIN_REC_PANIC_DEFER)
		return apply_defer(m, (const struct golin_rec_panic_defer *)rec);
	return 0;
}

static bool is_sound(const struct golin_model *m, const struct golin_rec_panic_kept *r)
{
	const struct panics *t = &m->panics;
	bool stacked = !r->order;

	return r->number > t->numbers && r->number < NUMBER_MAX && r->kind >= GOLIN_PANIC_PANIC &&
	       r->kind <= GOLIN_PANIC_THROW && r->outcome <= GOLIN_PO_UNKNOWN &&
	       r->relation <= GOLIN_PR_TEXT &&
	       (!stacked || (r->kind != GOLIN_PANIC_THROW && r->h.goid && key_fits(r->h.goid))) &&
	       (stacked || r->outcome != GOLIN_PO_ACTIVE);
}

static int fill(struct golin_model *m, golin_pidx i, const struct golin_rec_panic_kept *r)
{
	struct panic_node *n = panic_at(m, i);

	n->p.number = r->number;
	n->p.kind = (uint8_t)r->kind;
	n->p.outcome = (uint8_t)r->outcome;
	n->p.relation = (uint8_t)r->relation;
	n->p.more = (uint16_t)r->flags;
	n->p.ended = r->ended;
	n->p.frames = r->frames;
	n->p.recovered_by = r->recovered_by;
	n->p.resumed_in = r->resumed_in;
	n->p.ndefers = r->ndefers > n->kept_defers ? r->ndefers : n->kept_defers;
	n->last_defer = r->last_defer;
	n->order = r->order;
	n->losses -= !!r->unsure;
	n->by_goexit = r->by_goexit && r->outcome != GOLIN_PO_ACTIVE;
	n->linked[LINK_REPLACED] = r->replaced_by; /* a newer one: looked up at the end */
	panic_link(m, i, LINK_NESTED, golin_model_panic_find(m, r->nested_in));
	panic_link(m, i, LINK_REPANIC, golin_model_panic_find(m, r->repanic_of));
	if (r->value_seen) {
		n->value_seen = r->value_seen;
		return panic_values_keep(m, i);
	}
	return 0;
}

/* Into its lists. */
static int join(struct golin_model *m, golin_pidx i, const struct golin_rec_panic_kept *r)
{
	struct panic_node *n = panic_at(m, i);
	struct panics *t = &m->panics;
	int rc;

	panic_place_under(m, i, golin_model_panic_find(m, r->up));
	n->place = r->place;
	if (r->place > t->places)
		t->places = r->place;
	t->numbers = r->number;
	if (n->p.outcome == GOLIN_PO_ACTIVE)
		t->counts.active++;
	rc = panic_site_join(m, i);
	if (rc == -ENOSPC)
		m->counts.unread++;
	else if (rc)
		return rc;
	return r->order ? 0 : panic_push(m, i);
}

int model_apply_panic_kept(struct golin_model *m, const struct golin_rec_panic_kept *r,
			   uint32_t space)
{
	struct panics *t = &m->panics;
	golin_pidx i = t->filling;
	struct panic_node *n;
	int rc;

	t->filling = GOLIN_PIDX_NONE;
	if (i == GOLIN_PIDX_NONE)
		return 0;
	n = panic_at(m, i);
	if (!t->dumping || n->space != space || n->p.goid != r->h.goid || !is_sound(m, r)) {
		panic_free(m, i);
		return 0;
	}
	if (!map64_put(&t->by_number, r->number, i))
		return -ENOMEM;
	rc = fill(m, i, r);
	rc = rc ? rc : panic_set_printed(m, i, &r->h, r->text);
	rc = rc ? rc : panic_trace_started(m, space, i);
	rc = rc ? rc
		: panic_trace_kept(m, i, golin_model_panic_find(m, r->trace_of),
				   golin_rec_text(&r->h, r->trace), r->trace.len);
	if (rc)
		return rc;
	n->p.trace[0] = r->own_trace[0];
	n->p.trace[1] = r->own_trace[1];
	n->p.trace_kind = r->own_trace_kind <= GOLIN_TRACE_UUID ? (uint8_t)r->own_trace_kind : 0;
	return join(m, i, r);
}

/* ---- all of them ---- */

struct ordered {
	uint64_t key;
	golin_pidx i;
};

static int compare(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

/* Into the queue of the ended, in the order in which they ended. */
static void queue_up(struct golin_model *m, struct ordered *v)
{
	struct panics *t = &m->panics;
	size_t n = 0;

	for (golin_pidx i = 0; i < t->v.len; i++) {
		const struct panic_node *x = panic_at(m, i);

		if (x->p.kind && x->where == PANIC_LOOSE)
			v[n++] = (struct ordered){x->order, i};
	}
	qsort(v, n, sizeof(*v), compare);
	for (size_t k = 0; k < n; k++) {
		panic_end(m, v[k].i);
		panic_at(m, v[k].i)->order = v[k].key;
		if (v[k].key > t->orders)
			t->orders = v[k].key;
	}
}

/* Roots that had been below one that left came to their place later than their numbers say. */
static void order_roots(struct golin_model *m, struct ordered *v)
{
	struct panics *t = &m->panics;
	size_t n = 0;

	for (golin_pidx i = t->root_first; i != GOLIN_PIDX_NONE; i = panic_at(m, i)->p.next)
		v[n++] = (struct ordered){panic_at(m, i)->place, i};
	qsort(v, n, sizeof(*v), compare);
	for (size_t k = 0; k < n; k++)
		panic_to_last(m, v[k].i);
}

int panic_dump_over(struct golin_model *m)
{
	struct panics *t = &m->panics;
	struct ordered *v;

	if (!t->dumping)
		return 0;
	t->dumping = false;
	if (t->filling != GOLIN_PIDX_NONE) {
		panic_free(m, t->filling);
		t->filling = GOLIN_PIDX_NONE;
	}
	v = malloc((t->v.len ? t->v.len : 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	queue_up(m, v);
	order_roots(m, v);
	free(v);
	for (golin_pidx i = 0; i < t->v.len; i++) {
		struct panic_node *n = panic_at(m, i);

		if (n->p.kind)
			panic_link(m, i, LINK_REPLACED,
				   golin_model_panic_find(m, n->linked[LINK_REPLACED]));
	}
	return 0;
}

int model_apply_panic_counts(struct golin_model *m, const struct golin_rec_panic_counts *r)
{
	struct panics *t = &m->panics;
	struct golin_panic_counts *c = &t->counts;
	uint64_t numbers = r->panics + r->goexits + r->throws;
	int rc;

	if (r->phase == GOLIN_SNAPSHOT_BEGIN) {
		panics_clear(m);
		t->dumping = true;
		return 0;
	}
	if (!t->dumping)
		return 0;
	rc = panic_dump_over(m);
	c->panics = r->panics;
	c->recovered = r->recovered;
	c->replaced = r->replaced;
	c->fatal = r->fatal;
	c->goexits = r->goexits;
	c->throws = r->throws;
	c->evicted = r->evicted;
	c->unmatched = r->unmatched;
	if (numbers > t->numbers && numbers < NUMBER_MAX)
		t->numbers = numbers;
	panics_evict(m);
	return rc;
}

int model_apply_panic_site(struct golin_model *m, const struct golin_rec_panic_site *r,
			   uint32_t space)
{
	struct panic_site *s;
	uint32_t type, site;
	int rc;

	if (!m->panics.dumping)
		return 0;
	rc = strings_intern(&m->strings, golin_rec_text(&r->h, r->type), r->type.len, &type);
	rc = rc ? rc : panic_site_at(m, space, r->stack, type, &site);
	if (rc)
		return rc;
	s = &m->panics.sites.v[site];
	s->s.count = r->count;
	s->s.recovered = r->recovered;
	s->s.replaced = r->replaced;
	s->s.fatal = r->fatal;
	s->s.first_at = r->first_at;
	s->s.last_at = r->last_at;
	s->s.by = r->by;
	s->first_number = r->first;
	s->newest_number = r->newest;
	return 0;
}
