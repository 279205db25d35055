/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model as records. Parents come before children and siblings in their order, so that the tree
 * grows again as it is; ends come afterwards, in the order of the queue, so that eviction goes on
 * as it would have.
 */
#include "golin/dump.h"

#include <errno.h>
#include "dump_impl.h"

void dump_header(struct golin_rec *h, const struct space *sp, uint64_t ts, uint64_t goid)
{
	h->target = sp->target;
	h->epoch = sp->epoch;
	h->ts = ts;
	h->goid = goid;
}

int dump_put(struct dump *d)
{
	const struct golin_rec *rec = golin_recbuf_end(&d->buf);

	return rec ? d->sink->put(d->sink->arg, rec) : -ENOMEM;
}

void dump_str(struct dump *d, size_t off, const char *s)
{
	golin_recbuf_str(&d->buf, off, s, strlen(s));
}

/* ---- about the stream ---- */

static int dump_exec(struct dump *d, const struct space *sp)
{
	struct golin_rec_exec *r;

	if (!BEGIN(d, GOLIN_REC_EXEC, r))
		return -ENOMEM;
	dump_header(&r->h, sp, sp->exec_ts, 0);
	dump_str(d, offsetof(struct golin_rec_exec, exe),
		 strings_get(&d->m->strings, sp->exec_exe));
	return dump_put(d);
}

static int dump_target(struct dump *d, const struct space *sp)
{
	const struct strings *t = &d->m->strings;
	struct golin_rec_target *r;

	if (!BEGIN(d, GOLIN_REC_TARGET, r))
		return -ENOMEM;
	dump_header(&r->h, sp, sp->target_ts, 0);
	r->pid = sp->pid;
	r->flags = sp->flags;
	r->layout_source = sp->layout_source;
	r->start_ticks = sp->start_ticks;
	r->load_bias = sp->load_bias;
	dump_str(d, offsetof(struct golin_rec_target, exe), strings_get(t, sp->exe));
	dump_str(d, offsetof(struct golin_rec_target, comm), strings_get(t, sp->comm));
	dump_str(d, offsetof(struct golin_rec_target, go), strings_get(t, sp->go));
	dump_str(d, offsetof(struct golin_rec_target, build_id), strings_get(t, sp->build_id));
	dump_str(d, offsetof(struct golin_rec_target, arch), strings_get(t, sp->arch));
	return dump_put(d);
}

/* The record as it came, without what a newer golin may have had at its end. */
static int dump_copy(struct dump *d, const struct golin_rec *from, size_t size)
{
	struct golin_rec *r = golin_recbuf_begin(&d->buf, from->type, size);

	if (!r)
		return -ENOMEM;
	memcpy(r, from, size);
	return dump_put(d);
}

static int dump_space(struct dump *d, const struct space *sp)
{
	int rc = sp->has_exec ? dump_exec(d, sp) : 0;

	if (!rc && sp->has_target)
		rc = dump_target(d, sp);
	if (!rc && sp->has_settings)
		rc = dump_copy(d, &sp->settings.h, sizeof(sp->settings));
	return rc;
}

/* The newest target comes last, as it did. */
static int dump_spaces(struct dump *d)
{
	const struct golin_model *m = d->m;
	int rc = 0;

	for (uint32_t k = 0; k < m->spaces.len && !rc; k++)
		if (k != m->target_space)
			rc = dump_space(d, &m->spaces.v[k]);
	if (!rc && m->target_space != NO_SPACE)
		rc = dump_space(d, &m->spaces.v[m->target_space]);
	if (!rc && m->has_clock)
		rc = dump_copy(d, &m->clock.h, sizeof(m->clock));
	return rc;
}

static int dump_name(struct dump *d, const struct name *n)
{
	/* Pointer arithmetic on no frames at all is not defined. */
	const struct golin_frame *frames = n->n ? d->m->names.frames.v + n->first : NULL;
	size_t fixed = sizeof(struct golin_rec_name) + n->n * sizeof(struct golin_rec_frame);
	struct golin_rec_name *r = golin_recbuf_begin(&d->buf, GOLIN_REC_NAME, fixed);

	if (!r)
		return -ENOMEM;
	dump_header(&r->h, &d->m->spaces.v[n->space], 0, 0);
	r->pc = n->pc;
	r->n = n->n;
	for (uint16_t k = 0; k < n->n; k++) {
		r->frames[k].line = frames[k].line;
		r->frames[k].flags = frames[k].flags;
	}
	for (uint16_t k = 0; k < n->n; k++) {
		size_t at = offsetof(struct golin_rec_name, frames) +
			    k * sizeof(struct golin_rec_frame);

		dump_str(d, at + offsetof(struct golin_rec_frame, func), frames[k].func);
		dump_str(d, at + offsetof(struct golin_rec_frame, file), frames[k].file);
	}
	return dump_put(d);
}

static int dump_stack(struct dump *d, const struct stack *s)
{
	const uint16_t *words = stack_words(&d->m->stacks, s);
	size_t len = s->n * sizeof(uint64_t), more = words ? s->n * sizeof(*words) : 0;
	struct golin_rec_stack *r =
		golin_recbuf_begin(&d->buf, GOLIN_REC_STACK, sizeof(*r) + len + more);

	if (!r)
		return -ENOMEM;
	dump_header(&r->h, &d->m->spaces.v[s->space], 0, 0);
	r->id = s->id;
	r->n = s->n;
	r->truncated = s->truncated;
	memcpy(r->pcs, d->m->stacks.pcs.v + s->first, len);
	if (words)
		memcpy((char *)r->pcs + len, words, more);
	return dump_put(d);
}

/* ---- goroutines ---- */

static const struct space *space_ptr(const struct dump *d, const struct golin_goroutine *g)
{
	return &d->m->spaces.v[space_of(d->m, g)];
}

static uint32_t goroutine_flags(const struct golin_goroutine *g)
{
	return (g->flags & GOLIN_GF_PARENT_KNOWN ? GOLIN_G_PARENT_KNOWN : 0) |
	       (g->flags & GOLIN_GF_PARENT_EVICTED ? GOLIN_G_PARENT_EVICTED : 0);
}

static int dump_create(struct dump *d, const struct golin_goroutine *g)
{
	struct golin_rec_goroutine_create *r;

	if (!BEGIN(d, GOLIN_REC_GOROUTINE_CREATE, r))
		return -ENOMEM;
	dump_header(&r->h, space_ptr(d, g), g->created, g->parent);
	r->child = g->goid;
	r->startpc = g->startpc;
	r->gopc = g->gopc;
	r->stack = g->stack;
	r->armed_by = g->armed_by;
	r->via = g->via;
	r->flags = goroutine_flags(g);
	return dump_put(d);
}

static int dump_seen(struct dump *d, const struct golin_goroutine *g)
{
	struct golin_rec_goroutine_seen *r;

	if (!BEGIN(d, GOLIN_REC_GOROUTINE_SEEN, r))
		return -ENOMEM;
	dump_header(&r->h, space_ptr(d, g), 0, g->parent);
	r->child = g->goid;
	r->startpc = g->startpc;
	r->gopc = g->gopc;
	r->state = g->state;
	r->wait_since = g->wait_since;
	r->flags = goroutine_flags(g);
	dump_str(d, offsetof(struct golin_rec_goroutine_seen, wait),
		 golin_model_string(d->m, g->wait));
	return dump_put(d);
}

static int dump_state(struct dump *d, const struct golin_goroutine *g)
{
	struct golin_rec_goroutine_state *r;

	if (!BEGIN(d, GOLIN_REC_GOROUTINE_STATE, r))
		return -ENOMEM;
	dump_header(&r->h, space_ptr(d, g), 0, g->goid);
	r->state = g->state;
	r->wait_since = g->wait_since;
	dump_str(d, offsetof(struct golin_rec_goroutine_state, wait),
		 golin_model_string(d->m, g->wait));
	return dump_put(d);
}

static int dump_ended(struct dump *d, const struct golin_goroutine *g)
{
	struct golin_rec_goroutine_exit *r;

	if (!BEGIN(d, GOLIN_REC_GOROUTINE_EXIT, r))
		return -ENOMEM;
	dump_header(&r->h, space_ptr(d, g), g->exited, g->goid);
	r->parent = g->parent;
	r->startpc = g->startpc;
	r->gopc = g->gopc;
	r->how = g->how;
	r->flags = goroutine_flags(g);
	return dump_put(d);
}

static int dump_gone(struct dump *d, const struct golin_goroutine *g)
{
	struct golin_rec_goroutine_gone *r;

	if (!BEGIN(d, GOLIN_REC_GOROUTINE_GONE, r))
		return -ENOMEM;
	dump_header(&r->h, space_ptr(d, g), 0, g->goid);
	return dump_put(d);
}

/* A ghost of which more is known than its goid had been seen and was gone later. */
static bool ghost_was_seen(const struct golin_goroutine *g)
{
	return g->flags & GOLIN_GF_GHOST &&
	       (g->startpc || g->gopc || g->flags & GOLIN_GF_PARENT_KNOWN);
}

static int dump_one(struct dump *d, const struct golin_goroutine *g)
{
	int rc;

	if (g->flags & GOLIN_GF_GHOST)
		return ghost_was_seen(g) ? dump_seen(d, g) : 0; /* else its children make it */
	if (!(g->flags & GOLIN_GF_CREATED))
		return dump_seen(d, g);
	rc = dump_create(d, g);
	if (!rc && (g->state != GOLIN_GS_UNKNOWN || g->wait || g->wait_since))
		rc = dump_state(d, g);
	return rc;
}

static int dump_queue(struct dump *d, const struct queue *q)
{
	int rc = 0;

	for (golin_gidx i = q->head; i != GOLIN_GIDX_NONE && !rc; i = node_at(d->m, i)->qnext)
		rc = dump_ended(d, &node_at(d->m, i)->g);
	return rc;
}

static int dump_goroutines(struct dump *d)
{
	const struct golin_model *m = d->m;
	golin_gidx i;
	int rc = 0;

	for (i = m->root_first; i != GOLIN_GIDX_NONE && !rc; i = tree_next(m, i))
		rc = dump_one(d, &node_at(m, i)->g);
	if (!rc)
		rc = dump_queue(d, &m->passed); /* older than all in the queue */
	if (!rc)
		rc = dump_queue(d, &m->queue);
	for (i = m->root_first; i != GOLIN_GIDX_NONE && !rc; i = tree_next(m, i))
		if (ghost_was_seen(&node_at(m, i)->g))
			rc = dump_gone(d, &node_at(m, i)->g);
	return rc;
}

static int dump_counts(struct dump *d)
{
	const struct golin_model_counts *c = &d->m->counts;
	struct golin_rec_counts *r;

	if (!BEGIN(d, GOLIN_REC_COUNTS, r))
		return -ENOMEM;
	if (d->m->cur_space != NO_SPACE)
		dump_header(&r->h, &d->m->spaces.v[d->m->cur_space], 0, 0);
	r->h.ts = d->m->now_ns;
	r->first_ns = d->m->first_ns;
	r->events = c->events;
	r->created = c->created;
	r->exited = c->exited;
	r->seen = c->seen;
	r->evicted = c->evicted;
	r->dropped_names = c->dropped_names;
	r->dropped_stacks = c->dropped_stacks;
	r->lost_ring = c->lost_ring;
	r->lost_missed = c->lost_missed;
	r->lost_cut = c->lost_cut;
	r->unread = c->unread;
	r->gaps = c->gaps;
	return dump_put(d);
}

int golin_model_dump(const struct golin_model *m, const struct golin_sink *sink)
{
	struct dump d = {.m = m, .sink = sink};
	int rc;

	if (!m->spaces.len)
		return 0; /* nothing was applied yet */
	rc = dump_spaces(&d);
	for (size_t k = 0; k < m->names.v.len && !rc; k++)
		rc = dump_name(&d, &m->names.v.v[k]);
	for (size_t k = 0; k < m->stacks.v.len && !rc; k++)
		rc = dump_stack(&d, &m->stacks.v.v[k]);
	if (!rc)
		rc = dump_goroutines(&d);
	if (!rc)
		rc = dump_contexts(&d);
	if (!rc)
		rc = dump_pauses(&d);
	if (!rc)
		rc = dump_panics(&d); /* before what was read of goroutines: these are events */
	if (!rc)
		rc = dump_waits(&d);
	if (!rc)
		rc = dump_kept(&d);
	if (!rc)
		rc = dump_timers(&d);
	if (!rc && m->has_exit)
		rc = dump_copy(&d, &m->exit.h, sizeof(m->exit));
	if (!rc)
		rc = dump_counts(&d);
	golin_recbuf_done(&d.buf);
	return rc;
}
