/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The panics as records: the sites with what they counted, then the panics in the order of their
 * numbers, each as it began, with its deferred calls and with what became of it.
 */
#include <errno.h>
#include "dump_impl.h"

static uint64_t number_of(const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);

	return p ? p->number : 0;
}

static int dump_counts(struct dump *d, uint32_t phase)
{
	const struct golin_panic_counts *c = &d->m->panics.counts;
	struct golin_rec_panic_counts *r;

	if (!BEGIN(d, GOLIN_REC_PANIC_COUNTS, r))
		return -ENOMEM;
	if (d->m->cur_space != NO_SPACE)
		dump_header(&r->h, &d->m->spaces.v[d->m->cur_space], 0, 0);
	r->panics = c->panics;
	r->recovered = c->recovered;
	r->replaced = c->replaced;
	r->fatal = c->fatal;
	r->goexits = c->goexits;
	r->throws = c->throws;
	r->evicted = c->evicted;
	r->unmatched = c->unmatched;
	r->phase = phase;
	return dump_put(d);
}

static int dump_site(struct dump *d, uint32_t i)
{
	const struct golin_panic_site *s = golin_model_panic_site(d->m, i);
	const struct panic_site *from = &d->m->panics.sites.v[i];
	struct golin_rec_panic_site *r;

	if (!BEGIN(d, GOLIN_REC_PANIC_SITE, r))
		return -ENOMEM;
	dump_header(&r->h, &d->m->spaces.v[from->space], 0, 0);
	r->stack = from->stack;
	r->count = s->count;
	r->recovered = s->recovered;
	r->replaced = s->replaced;
	r->fatal = s->fatal;
	r->first = from->first_number;
	r->newest = from->newest_number;
	r->first_at = s->first_at;
	r->last_at = s->last_at;
	r->by = s->by;
	dump_str(d, offsetof(struct golin_rec_panic_site, type), golin_model_string(d->m, s->type));
	return dump_put(d);
}

static int dump_start(struct dump *d, golin_pidx i)
{
	const struct panic_node *n = panic_at(d->m, i);
	size_t fixed = sizeof(struct golin_rec_panic_start) +
		       n->p.nvalues * sizeof(struct golin_rec_value);
	struct golin_rec_panic_start *r = golin_recbuf_begin(&d->buf, GOLIN_REC_PANIC_START, fixed);

	if (!r)
		return -ENOMEM;
	dump_header(&r->h, &d->m->spaces.v[n->space], n->p.started, n->p.goid);
	r->depth = n->p.depth;
	r->stack = n->p.stack;
	r->fault_pc = n->p.fault_pc;
	r->fault_addr = n->p.fault_addr;
	panic_trace_words(d->m, i, &r->trace_kind, r->trace);
	r->flags = GOLIN_PANIC_DUMPED | (n->p.more & GOLIN_PF_SIGNAL ? GOLIN_PANIC_SIGNAL : 0);
	r->n = n->p.nvalues;
	for (uint32_t k = 0; k < n->p.nvalues; k++)
		r->values[k] = (struct golin_rec_value){.type = n->values[k].type_addr,
							.data = n->values[k].data,
							.size = n->values[k].size,
							.flags = n->values[k].flags,
							.up = n->values[k].up};
	for (uint32_t k = 0; k < n->p.nvalues; k++)
		dump_str(d,
			 offsetof(struct golin_rec_panic_start, values) +
				 k * sizeof(struct golin_rec_value) +
				 offsetof(struct golin_rec_value, text),
			 golin_model_string(d->m, n->values[k].text));
	return dump_put(d);
}

static int dump_defer(struct dump *d, golin_pidx i, const struct golin_panic_defer *from)
{
	const struct panic_node *n = panic_at(d->m, i);
	struct golin_rec_panic_defer *r;

	if (!BEGIN(d, GOLIN_REC_PANIC_DEFER, r))
		return -ENOMEM;
	dump_header(&r->h, &d->m->spaces.v[n->space], from->ts, n->p.goid);
	r->pc = from->pc;
	r->end = from->end;
	r->pause = from->pause;
	r->flags = from->flags | GOLIN_PANIC_DUMPED;
	return dump_put(d);
}

static int dump_what_became(struct dump *d, golin_pidx i)
{
	const struct panic_node *n = panic_at(d->m, i);
	const struct golin_model *m = d->m;
	char trace[GOLIN_TRACE_ID_MAX];
	struct golin_rec_panic_kept *r;

	if (!BEGIN(d, GOLIN_REC_PANIC_KEPT, r))
		return -ENOMEM;
	dump_header(&r->h, &m->spaces.v[n->space], 0, n->p.goid);
	r->number = n->p.number;
	r->nested_in = number_of(m, n->p.nested_in);
	r->replaced_by = number_of(m, n->p.replaced_by);
	r->repanic_of = number_of(m, n->p.repanic_of);
	r->trace_of = number_of(m, n->p.trace_of);
	r->up = number_of(m, n->p.up);
	r->place = n->place;
	r->ended = n->p.ended;
	r->order = n->where == PANIC_OPEN ? 0 : n->order;
	r->recovered_by = n->p.recovered_by;
	r->resumed_in = n->p.resumed_in;
	r->last_defer = panic_last_defer(m, i);
	r->value_seen = n->in_values ? n->value_seen : 0;
	memcpy(r->own_trace, n->p.trace, sizeof(r->own_trace));
	r->own_trace_kind = n->p.trace_kind;
	r->by_goexit = n->by_goexit;
	r->unsure = panic_is_unsure(m, i);
	r->outcome = n->p.outcome;
	r->relation = n->p.relation;
	r->frames = n->p.frames;
	r->flags = n->p.more;
	r->kind = n->p.kind;
	r->ndefers = n->p.ndefers;
	dump_str(d, offsetof(struct golin_rec_panic_kept, trace),
		 golin_panic_traceparent(m, i, trace));
	dump_str(d, offsetof(struct golin_rec_panic_kept, text),
		 golin_model_string(m, n->p.printed));
	return dump_put(d);
}

static int dump_point(struct dump *d, golin_pidx i, uint32_t level)
{
	const struct panic_node *n = panic_at(d->m, i);
	const struct panic_point *from = &n->trace.points[level];
	struct golin_rec_panic_point *r;

	if (!BEGIN(d, GOLIN_REC_PANIC_POINT, r))
		return -ENOMEM;
	dump_header(&r->h, &d->m->spaces.v[n->space], 0, from->goid);
	r->number = n->p.number;
	r->after = from->after;
	r->stack = from->stack;
	r->level = level;
	r->flags = (from->seen ? GOLIN_POINT_SEEN : 0) | (from->gone ? GOLIN_POINT_GONE : 0);
	dump_str(d, offsetof(struct golin_rec_panic_point, wait),
		 golin_model_string(d->m, from->wait));
	return dump_put(d);
}

static int dump_panic(struct dump *d, golin_pidx i)
{
	const struct golin_panic_defer *v;
	uint32_t n;
	int rc;

	/* Also drops its links to what has left the model. */
	n = golin_panic_defers(d->m, i, &v);
	rc = dump_start(d, i);
	for (uint32_t k = 0; k < n && !rc; k++)
		rc = dump_defer(d, i, &v[k]);
	rc = rc ? rc : dump_what_became(d, i);
	for (uint32_t k = 0; k < panic_at(d->m, i)->trace.npoints && !rc; k++)
		rc = dump_point(d, i, k);
	return rc;
}

struct numbered {
	uint64_t number;
	golin_pidx i;
};

static int compare(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static int dump_all(struct dump *d)
{
	const struct panics *t = &d->m->panics;
	struct numbered *v = malloc((t->v.len ? t->v.len : 1) * sizeof(*v));
	size_t n = 0;
	int rc = 0;

	if (!v)
		return -ENOMEM;
	for (golin_pidx i = 0; i < t->v.len; i++)
		if (panic_at(d->m, i)->p.kind)
			v[n++] = (struct numbered){panic_at(d->m, i)->p.number, i};
	qsort(v, n, sizeof(*v), compare);
	for (size_t k = 0; k < n && !rc; k++)
		rc = dump_panic(d, v[k].i);
	free(v);
	return rc;
}

int dump_panics(struct dump *d)
{
	const struct panics *t = &d->m->panics;
	int rc;

	if (!t->numbers)
		return 0;
	rc = dump_counts(d, GOLIN_SNAPSHOT_BEGIN);
	for (uint32_t i = 0; i < t->sites.len && !rc; i++)
		rc = dump_site(d, i);
	if (!rc)
		rc = dump_all(d);
	return rc ? rc : dump_counts(d, GOLIN_SNAPSHOT_END);
}
