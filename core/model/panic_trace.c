/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose trace a panic belongs to. Each brings an id of its own, but shares another's:
 *
 *  1. that of the one that it repeats, or during whose deferred call it began: they are one
 * failure;
 *  2. else a W3C trace that its goroutine's contexts name is used;
 *  3. else that of the first one in the same request of net/http's;
 *  4. else that of one of a goroutine above its own, if its own was there before that one ended.
 */
#include "model_impl.h"

#include <errno.h>
#include "base/text.h"
#include "base/traceid.h"

_Static_assert((int)GOLIN_TRACE_HLC == TRACEID_HLC &&
		       (int)GOLIN_TRACE_SNOWFLAKE == TRACEID_SNOWFLAKE &&
		       (int)GOLIN_TRACE_UUID == TRACEID_UUID,
	       "the generators' numbers");

enum {
	ABOVE = 64,  /* goroutines above one's own */
	BEFORE = 16, /* panics of one goroutine */
};

void panic_traces_done(struct panic_traces *t)
{
	array_free(&t->requests);
	map64_done(&t->newest);
	map64_done(&t->by_request);
	map64_done(&t->request_stacks);
}

size_t panic_traces_bytes(const struct panic_traces *t)
{
	const size_t entry = sizeof(*t->newest.keys) + sizeof(*t->newest.vals);

	return t->requests.cap * sizeof(*t->requests.v) +
	       (t->newest.cap + t->by_request.cap + t->request_stacks.cap) * entry +
	       (size_t)t->npoints * sizeof(struct panic_point);
}

struct panic_trace *panic_trace_at(const struct golin_model *m, golin_pidx i)
{
	return &panic_at(m, i)->trace;
}

/* ---- one after another on a goroutine ---- */

static golin_pidx newest_of(const struct golin_model *m, uint32_t space, uint64_t goid)
{
	uint32_t i;

	if (!key_fits(goid) || !map64_get(&m->panic_traces.newest, key_of(space, goid), &i))
		return GOLIN_PIDX_NONE;
	return i;
}

/* The goroutine's last one before i; GOLIN_PIDX_NONE. */
static golin_pidx before(const struct golin_model *m, golin_pidx i)
{
	const struct panic_trace *t = panic_trace_at(m, i);
	const struct golin_panic *p = golin_model_panic(m, t->before);

	return p && p->number == t->before_number ? t->before : GOLIN_PIDX_NONE;
}

static int queue_up(struct golin_model *m, uint32_t space, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i), *last;
	struct panic_trace *t = panic_trace_at(m, i);
	golin_pidx prev = newest_of(m, space, p->goid);

	t->before = GOLIN_PIDX_NONE;
	last = golin_model_panic(m, prev);
	if (last) {
		t->before = prev;
		t->before_number = last->number;
		if (last->started == p->started)
			t->tie = panic_trace_at(m, prev)->tie + 1;
	}
	if (key_fits(p->goid) && !map64_put(&m->panic_traces.newest, key_of(space, p->goid), i))
		return -ENOMEM;
	return 0;
}

void panic_trace_gone(struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	struct panic_traces *t = &m->panic_traces;
	struct panic_trace *own;
	uint32_t space;

	if (!p)
		return;
	own = panic_trace_at(m, i);
	if (map64_get(&m->by_space, (uint64_t)p->target << 32 | p->epoch, &space) &&
	    newest_of(m, space, p->goid) == i)
		map64_del(&t->newest, key_of(space, p->goid));
	t->npoints -= own->npoints;
	free(own->points);
	*own = (struct panic_trace){.before = GOLIN_PIDX_NONE, .request = GOLIN_CIDX_NONE};
}

/* ---- whose it shares ---- */

/* One that began before g had ended, or rather: g was there before it ended. */
static bool reaches(const struct golin_panic *p, const struct golin_goroutine *g)
{
	return p->kind != GOLIN_PANIC_GOEXIT && (!p->ended || g->created < p->ended);
}

static bool other_request(const struct panic_trace *a, const struct panic_trace *b)
{
	return a->request != GOLIN_CIDX_NONE && b->request != GOLIN_CIDX_NONE &&
	       (a->request != b->request || a->request_first != b->request_first);
}

static golin_pidx above(const struct golin_model *m, uint32_t space, golin_gidx gi, golin_pidx i)
{
	const struct golin_goroutine *g = &node_at(m, gi)->g;
	golin_gidx up = g->up;

	for (int k = 0; k < ABOVE && up != GOLIN_GIDX_NONE; k++, up = node_at(m, up)->g.up) {
		golin_pidx p = newest_of(m, space, node_at(m, up)->g.goid);

		for (int n = 0; n < BEFORE && p != GOLIN_PIDX_NONE; n++, p = before(m, p))
			if (reaches(golin_model_panic(m, p), g) &&
			    !other_request(panic_trace_at(m, p), panic_trace_at(m, i)))
				return p;
	}
	return GOLIN_PIDX_NONE;
}

static struct panic_request *request_get(const struct golin_model *m, const struct panic_trace *t)
{
	const struct panic_traces *all = &m->panic_traces;
	uint32_t at;

	if (t->request == GOLIN_CIDX_NONE || !map64_get(&all->by_request, t->request, &at) ||
	    all->requests.v[at].first != t->request_first)
		return NULL;
	return &all->requests.v[at];
}

static int request_put(struct golin_model *m, golin_pidx i)
{
	const struct panic_trace *t = panic_trace_at(m, i);
	struct panic_traces *all = &m->panic_traces;
	uint32_t at;

	if (t->request == GOLIN_CIDX_NONE)
		return 0;
	if (!map64_get(&all->by_request, t->request, &at)) {
		at = (uint32_t)all->requests.len;
		if (!array_reserve(&all->requests, at + 1) ||
		    !map64_put(&all->by_request, t->request, at))
			return -ENOMEM;
		all->requests.len++;
	}
	all->requests.v[at] = (struct panic_request){.first = t->request_first,
						     .panic = golin_model_panic(m, i)->number,
						     .at = i,
						     .id = t->used};
	return 0;
}

/* Whose trace i shares, or that of its request, whose first panic may have left. */
static int share(struct golin_model *m, uint32_t space, golin_gidx g, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i), *first;
	struct panic_trace *t = panic_trace_at(m, i);
	const struct panic_request *r = request_get(m, t);
	golin_pidx of = p->repanic_of != GOLIN_PIDX_NONE ? p->repanic_of : p->nested_in;

	if (of == GOLIN_PIDX_NONE && t->parent) {
		t->used.text = t->parent;
	} else if (of == GOLIN_PIDX_NONE && r) {
		t->used = r->id;
		first = golin_model_panic(m, r->at);
		of = first && first->number == r->panic ? r->at : GOLIN_PIDX_NONE;
	} else if (of == GOLIN_PIDX_NONE && g != GOLIN_GIDX_NONE) {
		of = above(m, space, g, i);
	}
	if (of != GOLIN_PIDX_NONE)
		t->used = panic_trace_at(m, of)->used;
	panic_link(m, i, LINK_TRACE, of);
	return r ? 0 : request_put(m, i);
}

int panic_trace_started(struct golin_model *m, uint32_t space, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);
	golin_gidx g = p->goid ? goroutine_find(m, space, p->goid) : GOLIN_GIDX_NONE;
	const struct golin_context *request;
	struct panic_trace *t;
	int rc;

	t = panic_trace_at(m, i);
	*t = (struct panic_trace){
		.used = {.words = {p->trace[0], p->trace[1]}, .kind = p->trace_kind},
		.request = GOLIN_CIDX_NONE,
	};
	rc = queue_up(m, space, i);
	if (rc)
		return rc;
	if (g != GOLIN_GIDX_NONE) {
		t->request = panic_request_of(m, g);
		request = golin_model_context(m, t->request);
		t->request_first = request ? request->first : 0;
		rc = panic_traceparent_of(m, g, t->request, &t->parent);
		if (rc)
			return rc;
	}
	rc = share(m, space, g, i);
	return rc ? rc : panic_points_started(m, space, i);
}

/* ---- dumps ---- */

int panic_trace_kept(struct golin_model *m, golin_pidx i, golin_pidx trace_of, const char *parent,
		     size_t len)
{
	struct panic_trace *t = panic_trace_at(m, i);
	const struct golin_panic *p = golin_model_panic(m, i);
	struct panic_request *r;
	int rc = strings_intern(&m->strings, parent, len, &t->parent);

	if (rc && rc != -ENOSPC)
		return rc;
	panic_points_forget(m, i);
	panic_link(m, i, LINK_TRACE, trace_of);
	t->used = (struct trace_id){.words = {p->trace[0], p->trace[1]}, .kind = p->trace_kind};
	if (trace_of != GOLIN_PIDX_NONE)
		t->used = panic_trace_at(m, trace_of)->used;
	else
		t->used.text = t->parent;
	r = request_get(m, t);
	if (r && r->panic == p->number)
		r->id = t->used;
	return 0;
}

void panic_trace_words(const struct golin_model *m, golin_pidx i, uint32_t *ret_kind,
		       uint64_t ret[2])
{
	const struct trace_id *used = &panic_trace_at(m, i)->used;

	*ret_kind = used->kind;
	memcpy(ret, used->words, sizeof(used->words));
}

/* ---- reading ---- */

const char *golin_panic_trace(const struct golin_model *m, golin_pidx i, char *ret)
{
	const struct trace_id *used;

	ret[0] = 0;
	if (!golin_model_panic(m, i))
		return ret;
	used = &panic_trace_at(m, i)->used;
	if (used->text) {
		golin_text_clean(ret, GOLIN_TRACE_ID_MAX, golin_model_string(m, used->text),
				 strlen(golin_model_string(m, used->text)));
		return ret;
	}
	return traceid_text(used->kind, used->words, ret);
}

const char *golin_panic_traceparent(const struct golin_model *m, golin_pidx i, char *ret)
{
	const char *s =
		golin_model_panic(m, i) ? golin_model_string(m, panic_trace_at(m, i)->parent) : "";

	golin_text_clean(ret, GOLIN_TRACE_ID_MAX, s, strlen(s));
	return ret;
}
