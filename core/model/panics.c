/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of panics: their stacks by goroutine, the tree of failures, and who leaves it. */
#include "model_impl.h"

#include <errno.h>

void panics_init(struct panics *t)
{
	t->unused = t->root_first = t->root_last = GOLIN_PIDX_NONE;
	t->filling = GOLIN_PIDX_NONE;
	t->ended = (struct panic_queue){GOLIN_PIDX_NONE, GOLIN_PIDX_NONE};
}

void panics_done(struct panics *t)
{
	array_for_each (&t->v, n) {
		free(n->values);
		free(n->defers);
		free(n->trace.points);
	}
	array_free(&t->v);
	array_free(&t->sites);
	map64_done(&t->tops);
	map64_done(&t->by_number);
	map64_done(&t->by_value);
	map64_done(&t->by_site);
	map64_done(&t->by_stack);
	texts_done(&t->texts);
}

void panics_clear(struct golin_model *m)
{
	kepts_clear(m);
	panics_done(&m->panics);
	memset(&m->panics, 0, sizeof(m->panics));
	panics_init(&m->panics);
	panic_traces_done(&m->panic_traces);
	memset(&m->panic_traces, 0, sizeof(m->panic_traces));
	array_for_each (&m->spaces, sp)
		sp->panics = (struct panic_queue){GOLIN_PIDX_NONE, GOLIN_PIDX_NONE};
	m->panic_news.from = m->panic_news.count;
}

size_t panics_bytes(const struct panics *t)
{
	const size_t entry = sizeof(*t->tops.keys) + sizeof(*t->tops.vals);

	return t->v.cap * sizeof(*t->v.v) + t->sites.cap * sizeof(*t->sites.v) +
	       t->nvalues * sizeof(struct golin_panic_value) +
	       t->ndefers * sizeof(struct golin_panic_defer) + texts_bytes(&t->texts) +
	       (t->tops.cap + t->by_number.cap + t->by_value.cap + t->by_site.cap +
		t->by_stack.cap) *
		       entry;
}

/* ---- lists ---- */

static void queue_push(struct golin_model *m, struct panic_queue *q, golin_pidx i)
{
	struct panic_node *n = panic_at(m, i);

	n->qnext = GOLIN_PIDX_NONE;
	n->qprev = q->tail;
	if (q->tail != GOLIN_PIDX_NONE)
		panic_at(m, q->tail)->qnext = i;
	else
		q->head = i;
	q->tail = i;
}

static void queue_remove(struct golin_model *m, struct panic_queue *q, golin_pidx i)
{
	struct panic_node *n = panic_at(m, i);

	if (n->qprev != GOLIN_PIDX_NONE)
		panic_at(m, n->qprev)->qnext = n->qnext;
	else
		q->head = n->qnext;
	if (n->qnext != GOLIN_PIDX_NONE)
		panic_at(m, n->qnext)->qprev = n->qprev;
	else
		q->tail = n->qprev;
	n->qnext = n->qprev = GOLIN_PIDX_NONE;
}

/* ---- the tree of failures ---- */

static void join_tree(struct golin_model *m, golin_pidx i, golin_pidx up)
{
	struct panics *t = &m->panics;
	struct golin_panic *p = &panic_at(m, i)->p;
	struct golin_panic *above = up == GOLIN_PIDX_NONE ? NULL : &panic_at(m, up)->p;
	golin_pidx *first = above ? &above->first : &t->root_first;
	golin_pidx *last = above ? &above->last : &t->root_last;

	p->up = up;
	p->next = GOLIN_PIDX_NONE;
	p->prev = *last;
	if (*last != GOLIN_PIDX_NONE)
		panic_at(m, *last)->p.next = i;
	else
		*first = i;
	*last = i;
}

static void leave_tree(struct golin_model *m, golin_pidx i)
{
	struct panics *t = &m->panics;
	struct golin_panic *p = &panic_at(m, i)->p;
	struct golin_panic *above = p->up == GOLIN_PIDX_NONE ? NULL : &panic_at(m, p->up)->p;

	if (p->prev != GOLIN_PIDX_NONE)
		panic_at(m, p->prev)->p.next = p->next;
	else
		*(above ? &above->first : &t->root_first) = p->next;
	if (p->next != GOLIN_PIDX_NONE)
		panic_at(m, p->next)->p.prev = p->prev;
	else
		*(above ? &above->last : &t->root_last) = p->prev;
	p->up = p->next = p->prev = GOLIN_PIDX_NONE;
}

void panic_place(struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = &panic_at(m, i)->p;
	golin_pidx up = p->repanic_of;

	if (up == GOLIN_PIDX_NONE)
		up = p->nested_in;
	if (up == GOLIN_PIDX_NONE)
		up = p->trace_of;
	panic_place_under(m, i, up);
}

void panic_place_under(struct golin_model *m, golin_pidx i, golin_pidx up)
{
	/* An older one: that closes no circle. */
	if (up != GOLIN_PIDX_NONE && panic_at(m, up)->p.number >= panic_at(m, i)->p.number)
		up = GOLIN_PIDX_NONE;
	join_tree(m, i, up);
	panic_at(m, i)->place = ++m->panics.places;
}

void panic_to_last(struct golin_model *m, golin_pidx i)
{
	golin_pidx up = panic_at(m, i)->p.up;

	leave_tree(m, i);
	join_tree(m, i, up);
}

/* ---- links ---- */

static golin_pidx *link_of(struct golin_panic *p, enum panic_link what)
{
	switch (what) {
	case LINK_NESTED:
		return &p->nested_in;
	case LINK_REPLACED:
		return &p->replaced_by;
	case LINK_REPANIC:
		return &p->repanic_of;
	default:
		return &p->trace_of;
	}
}

void panic_link(struct golin_model *m, golin_pidx i, enum panic_link what, golin_pidx to)
{
	struct panic_node *n = panic_at(m, i);

	*link_of(&n->p, what) = to;
	n->linked[what] = to == GOLIN_PIDX_NONE ? 0 : panic_at(m, to)->p.number;
}

/* What a link meant may have left the model. */
static void links_check(const struct golin_model *m, struct panic_node *n)
{
	for (int k = 0; k < LINKS; k++) {
		golin_pidx *to = link_of(&n->p, (enum panic_link)k);

		if (*to != GOLIN_PIDX_NONE && panic_at(m, *to)->p.number != n->linked[k])
			*to = GOLIN_PIDX_NONE;
	}
}

/* ---- the table ---- */

int panic_alloc(struct golin_model *m, uint32_t space, golin_pidx *ret)
{
	struct panics *t = &m->panics;
	golin_pidx i = t->unused;

	if (i == GOLIN_PIDX_NONE) {
		if (t->v.len >= PANICS_MAX)
			return -ENOSPC;
		if (!array_reserve(&t->v, t->v.len + 1))
			return -ENOMEM;
		i = (golin_pidx)t->v.len++;
	} else {
		t->unused = t->v.v[i].qnext;
	}
	t->v.v[i] = (struct panic_node){
		.p = {.frames = UINT32_MAX,
		      .nested_in = GOLIN_PIDX_NONE,
		      .replaced_by = GOLIN_PIDX_NONE,
		      .repanic_of = GOLIN_PIDX_NONE,
		      .trace_of = GOLIN_PIDX_NONE,
		      .up = GOLIN_PIDX_NONE,
		      .first = GOLIN_PIDX_NONE,
		      .last = GOLIN_PIDX_NONE,
		      .next = GOLIN_PIDX_NONE,
		      .prev = GOLIN_PIDX_NONE},
		.below = GOLIN_PIDX_NONE,
		.qnext = GOLIN_PIDX_NONE,
		.qprev = GOLIN_PIDX_NONE,
		.site = SITE_NONE,
		.space = space,
		.losses = t->losses,
		.defer_losses = t->losses,
		.where = PANIC_LOOSE,
	};
	*ret = i;
	return 0;
}

void panic_free(struct golin_model *m, golin_pidx i)
{
	struct panics *t = &m->panics;
	struct panic_node *n = panic_at(m, i);

	for (uint32_t k = 0; k < n->p.nvalues; k++)
		texts_drop(&t->texts, n->values[k].text);
	texts_drop(&t->texts, n->p.printed);
	t->nvalues -= n->p.nvalues;
	t->ndefers -= n->room_defers;
	free(n->values);
	free(n->defers);
	*n = (struct panic_node){.qnext = t->unused};
	t->unused = i;
}

int panic_add(struct golin_model *m, uint32_t space, uint8_t kind, uint64_t goid, uint64_t ts,
	      golin_pidx *ret)
{
	const struct space *sp = &m->spaces.v[space];
	struct panics *t = &m->panics;
	struct golin_panic *p;
	int rc = panic_alloc(m, space, ret);

	if (rc)
		return rc;
	if (!map64_put(&t->by_number, t->numbers + 1, *ret)) {
		panic_free(m, *ret);
		return -ENOMEM;
	}
	p = &panic_at(m, *ret)->p;
	p->number = ++t->numbers;
	p->goid = goid;
	p->started = model_time(m, ts);
	p->target = sp->target;
	p->epoch = sp->epoch;
	p->kind = kind;
	t->counts.active++;
	if (kind == GOLIN_PANIC_PANIC)
		t->counts.panics++;
	else if (kind == GOLIN_PANIC_GOEXIT)
		t->counts.goexits++;
	else
		t->counts.throws++;
	return 0;
}

static void forget(struct golin_model *m, golin_pidx i)
{
	struct panics *t = &m->panics;
	struct panic_node *n = panic_at(m, i);

	while (n->p.first != GOLIN_PIDX_NONE) {
		golin_pidx child = n->p.first;

		leave_tree(m, child);
		panic_place_under(m, child, GOLIN_PIDX_NONE);
	}
	leave_tree(m, i);
	panic_values_forget(m, i);
	panic_trace_gone(m, i);
	map64_del(&t->by_number, n->p.number);
	panic_free(m, i);
}

void panics_evict(struct golin_model *m)
{
	struct panics *t = &m->panics;

	while (t->nended > m->opts.max_panics) {
		golin_pidx i = t->ended.head;

		queue_remove(m, &t->ended, i);
		t->nended--;
		forget(m, i);
		t->counts.evicted++;
	}
}

/* ---- the stacks of goroutines ---- */

golin_pidx panic_top(const struct golin_model *m, uint32_t space, uint64_t goid)
{
	uint32_t i;

	if (!goid || !key_fits(goid) || !map64_get(&m->panics.tops, key_of(space, goid), &i))
		return GOLIN_PIDX_NONE;
	return i;
}

int panic_push(struct golin_model *m, golin_pidx i)
{
	struct panic_node *n = panic_at(m, i);
	uint64_t key = key_of(n->space, n->p.goid);
	uint32_t below;

	n->below = map64_get(&m->panics.tops, key, &below) ? below : GOLIN_PIDX_NONE;
	if (!map64_put(&m->panics.tops, key, i))
		return -ENOMEM;
	n->where = PANIC_OPEN;
	queue_push(m, &m->spaces.v[n->space].panics, i);
	return 0;
}

void panic_end(struct golin_model *m, golin_pidx i)
{
	struct panics *t = &m->panics;
	struct panic_node *n = panic_at(m, i);

	n->where = PANIC_ENDED;
	n->order = ++t->orders;
	queue_push(m, &t->ended, i);
	t->nended++;
}

void panic_pop(struct golin_model *m, golin_pidx i)
{
	struct panics *t = &m->panics;
	struct panic_node *n = panic_at(m, i);
	uint64_t key = key_of(n->space, n->p.goid);

	/* The key is there: it gets another value, or leaves. */
	if (n->below == GOLIN_PIDX_NONE)
		map64_del(&t->tops, key);
	else
		(void)map64_put(&t->tops, key, n->below);
	n->below = GOLIN_PIDX_NONE;
	queue_remove(m, &m->spaces.v[n->space].panics, i);
	panic_end(m, i);
}

/* ---- what became of it ---- */

/* by: 1, or -1 when it is taken back. */
static void count_outcome(struct golin_model *m, golin_pidx i, int by)
{
	struct golin_panic_counts *c = &m->panics.counts;
	const struct golin_panic *p = &panic_at(m, i)->p;
	uint64_t one = (uint64_t)(int64_t)by;

	panic_site_resolved(m, i, by);
	c->active -= one;
	if (p->kind != GOLIN_PANIC_PANIC)
		return;
	if (p->outcome == GOLIN_PO_RECOVERED)
		c->recovered += one;
	else if (p->outcome == GOLIN_PO_REPLACED)
		c->replaced += one;
	else if (p->outcome == GOLIN_PO_FATAL)
		c->fatal += one;
}

void panic_close_defer(struct golin_model *m, golin_pidx i, uint64_t ts)
{
	struct panic_node *n = panic_at(m, i);
	struct golin_panic_defer *d;

	/* The last one called is kept unless there were too many. */
	if (!n->kept_defers || n->kept_defers != n->p.ndefers)
		return;
	d = &n->defers[n->kept_defers - 1];
	d->end = ts > d->ts ? ts : d->ts;
	d->pause = golin_model_paused(m, d->ts, d->end);
}

void panic_resolve(struct golin_model *m, golin_pidx i, uint8_t outcome, uint64_t ts)
{
	struct golin_panic *p = &panic_at(m, i)->p;

	if (p->outcome != GOLIN_PO_ACTIVE)
		return;
	p->outcome = outcome;
	p->ended = model_time(m, ts);
	panic_close_defer(m, i, p->ended);
	count_outcome(m, i, 1);
	panic_tell(m, i, GOLIN_PC_RESOLVED);
}

void panic_reopen(struct golin_model *m, golin_pidx i)
{
	struct panic_node *n = panic_at(m, i);

	count_outcome(m, i, -1);
	n->p.outcome = GOLIN_PO_ACTIVE;
	n->p.ended = 0;
	n->by_goexit = false;
	panic_link(m, i, LINK_REPLACED, GOLIN_PIDX_NONE);
	if (n->kept_defers && n->kept_defers == n->p.ndefers)
		n->defers[n->kept_defers - 1].end = 0;
}

/* ---- what is told ---- */

const struct golin_panic *golin_model_panic(const struct golin_model *m, golin_pidx i)
{
	struct panic_node *n;

	if (i >= m->panics.v.len || !panic_at(m, i)->p.kind)
		return NULL;
	n = panic_at(m, i);
	links_check(m, n);
	return &n->p;
}

uint32_t golin_model_panic_max(const struct golin_model *m)
{
	return (uint32_t)m->panics.v.len;
}

void golin_model_panic_counts(const struct golin_model *m, struct golin_panic_counts *ret)
{
	*ret = m->panics.counts;
}

golin_pidx golin_model_panic_find(const struct golin_model *m, uint64_t number)
{
	uint32_t i;

	return map64_get(&m->panics.by_number, number, &i) ? i : GOLIN_PIDX_NONE;
}

golin_pidx golin_model_panic_roots(const struct golin_model *m)
{
	return m->panics.root_first;
}

golin_pidx golin_model_panic_of(const struct golin_model *m, golin_gidx g)
{
	golin_pidx i;

	if (!golin_model_goroutine(m, g))
		return GOLIN_PIDX_NONE;
	i = panic_top(m, space_of(m, &node_at(m, g)->g), node_at(m, g)->g.goid);
	while (i != GOLIN_PIDX_NONE && panic_at(m, i)->p.outcome != GOLIN_PO_ACTIVE)
		i = panic_at(m, i)->below;
	return i;
}

uint32_t golin_panic_values(const struct golin_model *m, golin_pidx i,
			    const struct golin_panic_value **ret)
{
	const struct golin_panic *p = golin_model_panic(m, i);

	*ret = p ? panic_at(m, i)->values : NULL;
	return p ? p->nvalues : 0;
}

uint32_t golin_panic_defers(const struct golin_model *m, golin_pidx i,
			    const struct golin_panic_defer **ret)
{
	const struct golin_panic *p = golin_model_panic(m, i);

	*ret = p ? panic_at(m, i)->defers : NULL;
	return p ? panic_at(m, i)->kept_defers : 0;
}

const char *golin_panic_kind_name(uint32_t kind)
{
	switch (kind) {
	case GOLIN_PANIC_PANIC:
		return "panic";
	case GOLIN_PANIC_GOEXIT:
		return "goexit";
	case GOLIN_PANIC_THROW:
		return "throw";
	default:
		return "unknown";
	}
}

const char *golin_panic_outcome_name(uint32_t outcome)
{
	static const char *const names[] = {
		[GOLIN_PO_ACTIVE] = "active",	  [GOLIN_PO_RECOVERED] = "recovered",
		[GOLIN_PO_REPLACED] = "replaced", [GOLIN_PO_GOEXIT] = "goexit",
		[GOLIN_PO_FATAL] = "fatal",	  [GOLIN_PO_UNKNOWN] = "unknown",
	};

	return outcome < sizeof(names) / sizeof(names[0]) ? names[outcome] : "unknown";
}

const char *golin_panic_relation_name(uint32_t relation)
{
	switch (relation) {
	case GOLIN_PR_SAME:
		return "same";
	case GOLIN_PR_WRAPPED:
		return "wrapped";
	case GOLIN_PR_TEXT:
		return "text";
	default:
		return "";
	}
}
