/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of goroutines: who is in it, alive or ended, and who leaves it under the cap. */
#include "model_impl.h"

#include <errno.h>

/* ---- queues of ended goroutines ---- */

static void queue_push(struct golin_model *m, struct queue *q, golin_gidx i)
{
	struct node *n = node_at(m, i);

	n->qnext = GOLIN_GIDX_NONE;
	n->qprev = q->tail;
	if (q->tail != GOLIN_GIDX_NONE)
		node_at(m, q->tail)->qnext = i;
	else
		q->head = i;
	q->tail = i;
}

static void queue_push_head(struct golin_model *m, struct queue *q, golin_gidx i)
{
	struct node *n = node_at(m, i);

	n->qprev = GOLIN_GIDX_NONE;
	n->qnext = q->head;
	if (q->head != GOLIN_GIDX_NONE)
		node_at(m, q->head)->qprev = i;
	else
		q->tail = i;
	q->head = i;
}

static void queue_remove(struct golin_model *m, struct queue *q, golin_gidx i)
{
	struct node *n = node_at(m, i);

	if (n->qprev != GOLIN_GIDX_NONE)
		node_at(m, n->qprev)->qnext = n->qnext;
	else
		q->head = n->qnext;
	if (n->qnext != GOLIN_GIDX_NONE)
		node_at(m, n->qnext)->qprev = n->qprev;
	else
		q->tail = n->qprev;
	n->qnext = n->qprev = GOLIN_GIDX_NONE;
}

static void leave_queue(struct golin_model *m, golin_gidx i)
{
	struct golin_goroutine *g = &node_at(m, i)->g;

	if (g->flags & GF_QUEUED)
		queue_remove(m, &m->queue, i);
	else if (g->flags & GF_PASSED)
		queue_remove(m, &m->passed, i);
	g->flags &= (uint8_t) ~(GF_QUEUED | GF_PASSED);
}

/* ---- the table ---- */

uint32_t space_of(const struct golin_model *m, const struct golin_goroutine *g)
{
	const struct space *cur;
	uint32_t at;

	if (m->cur_space != NO_SPACE) {
		cur = &m->spaces.v[m->cur_space];
		if (cur->target == g->target && cur->epoch == g->epoch)
			return m->cur_space;
	}
	if (!map64_get(&m->by_space, (uint64_t)g->target << 32 | g->epoch, &at))
		return NO_SPACE;
	return at;
}

golin_gidx goroutine_find(const struct golin_model *m, uint32_t space, uint64_t goid)
{
	return goid && key_fits(goid) ? goids_get(&m->goids, key_of(space, goid)) : GOLIN_GIDX_NONE;
}

int goroutine_add(struct golin_model *m, uint32_t space, uint64_t goid, golin_gidx *ret)
{
	const struct space *sp = &m->spaces.v[space];
	golin_gidx i = m->unused;
	struct node *n;

	if (i == GOLIN_GIDX_NONE) {
		if (m->nodes.len >= NODES_MAX)
			return -ENOSPC;
		if (!array_reserve(&m->nodes, m->nodes.len + 1))
			return -ENOMEM;
		i = (golin_gidx)m->nodes.len;
	}
	if (goids_put(&m->goids, key_of(space, goid), i))
		return -ENOMEM;
	n = node_at(m, i);
	if (i == m->unused)
		m->unused = n->qnext;
	else
		m->nodes.len++;
	*n = (struct node){
		.g = {.goid = goid,
		      .target = sp->target,
		      .epoch = sp->epoch,
		      .state = (uint8_t)GOLIN_GS_UNKNOWN,
		      .up = GOLIN_GIDX_NONE,
		      .first = GOLIN_GIDX_NONE,
		      .last = GOLIN_GIDX_NONE,
		      .next = GOLIN_GIDX_NONE,
		      .prev = GOLIN_GIDX_NONE},
		.qnext = GOLIN_GIDX_NONE,
		.qprev = GOLIN_GIDX_NONE,
	};
	tree_add_root(m, i);
	*ret = i;
	return 0;
}

int goroutine_alive(struct golin_model *m, uint32_t space, uint64_t goid, golin_gidx *ret)
{
	int rc;

	*ret = goroutine_find(m, space, goid);
	if (*ret != GOLIN_GIDX_NONE || !goid || !key_fits(goid))
		return 0;
	rc = goroutine_add(m, space, goid, ret);
	if (!rc)
		goroutine_set_live(m, *ret);
	return rc;
}

static void count_live(struct golin_model *m, golin_gidx i, int by)
{
	struct golin_goroutine *g = &node_at(m, i)->g;
	uint32_t space = space_of(m, g);

	m->counts.live += (uint64_t)by;
	if (g->flags & GOLIN_GF_SYSTEM)
		m->counts.system += (uint64_t)by;
	if (space != NO_SPACE)
		m->spaces.v[space].nlive += (uint32_t)by;
	if (g->up != GOLIN_GIDX_NONE)
		node_at(m, g->up)->g.nlive += (uint32_t)by;
}

static void unset_live(struct golin_model *m, golin_gidx i)
{
	struct golin_goroutine *g = &node_at(m, i)->g;

	if (!(g->flags & GOLIN_GF_ALIVE))
		return;
	count_live(m, i, -1);
	g->flags &= (uint8_t)~GOLIN_GF_ALIVE;
	g->state = (uint8_t)GOLIN_GS_UNKNOWN;
	g->wait = 0;
	g->wait_since = 0;
	waits_drop(m, i);
	kept_drop(m, space_of(m, g), g->goid);
	contexts_goroutine_live(m, i, -1);
}

void goroutine_set_live(struct golin_model *m, golin_gidx i)
{
	struct golin_goroutine *g = &node_at(m, i)->g;

	if (g->flags & GOLIN_GF_ALIVE)
		return;
	g->flags |= GOLIN_GF_ALIVE;
	g->flags &= (uint8_t)~GOLIN_GF_GHOST;
	count_live(m, i, 1);
	contexts_goroutine_live(m, i, 1);
}

void goroutine_set_system(struct golin_model *m, golin_gidx i, bool system)
{
	struct golin_goroutine *g = &node_at(m, i)->g;

	if (system == !!(g->flags & GOLIN_GF_SYSTEM))
		return;
	g->flags ^= GOLIN_GF_SYSTEM;
	if (g->flags & GOLIN_GF_ALIVE)
		m->counts.system += system ? 1 : (uint64_t)-1;
}

void goroutine_set_ghost(struct golin_model *m, golin_gidx i)
{
	unset_live(m, i);
	node_at(m, i)->g.flags |= GOLIN_GF_GHOST;
}

/* Takes one that has no children out of everything. */
static void forget(struct golin_model *m, golin_gidx i)
{
	struct node *n = node_at(m, i);
	uint32_t space = space_of(m, &n->g);

	leave_queue(m, i);
	unset_live(m, i);
	contexts_goroutine_gone(m, i);
	tree_unlink(m, i);
	if (n->g.exited)
		m->counts.ended--;
	if (space != NO_SPACE)
		goids_del(&m->goids, key_of(space, n->g.goid));
	n->g.goid = 0;
	n->g.flags = 0;
	n->qnext = m->unused;
	m->unused = i;
}

void goroutine_lost_child(struct golin_model *m, golin_gidx i)
{
	while (i != GOLIN_GIDX_NONE && !node_at(m, i)->g.nchild) {
		struct golin_goroutine *g = &node_at(m, i)->g;
		golin_gidx up = g->up;

		if (g->flags & GF_PASSED) {
			leave_queue(m, i);
			g->flags |= GF_QUEUED;
			queue_push_head(m, &m->queue, i);
		}
		if (!(g->flags & GOLIN_GF_GHOST))
			return;
		forget(m, i);
		i = up;
	}
}

void goroutine_remove(struct golin_model *m, golin_gidx i)
{
	golin_gidx up = node_at(m, i)->g.up;

	forget(m, i);
	goroutine_lost_child(m, up);
}

static golin_gidx evictable(struct golin_model *m)
{
	golin_gidx i;

	while ((i = m->queue.head) != GOLIN_GIDX_NONE) {
		struct golin_goroutine *g = &node_at(m, i)->g;

		if (!g->nchild)
			return i;
		leave_queue(m, i);
		g->flags |= GF_PASSED;
		queue_push(m, &m->passed, i);
	}
	/*
	 * All that have ended have children still: each starts the next and ends, for ever. The
	 * children of the oldest move to the top, each of them at most once.
	 */
	return m->passed.head;
}

static void evict(struct golin_model *m)
{
	while (m->counts.ended > m->opts.max_ended) {
		golin_gidx i = evictable(m);

		if (i == GOLIN_GIDX_NONE)
			return;
		tree_orphan_children(m, i);
		goroutine_remove(m, i);
		m->counts.evicted++;
	}
}

void goroutine_set_ended(struct golin_model *m, golin_gidx i, uint64_t ts, uint8_t how)
{
	struct golin_goroutine *g = &node_at(m, i)->g;

	panics_goroutine_ended(m, space_of(m, g), g->goid, ts, how);
	unset_live(m, i);
	g->flags &= (uint8_t)~GOLIN_GF_GHOST;
	g->exited = model_time(m, ts);
	g->how = how;
	g->flags |= GF_QUEUED;
	queue_push(m, &m->queue, i);
	m->counts.ended++;
	evict(m);
}

void goroutine_end_all(struct golin_model *m, uint32_t space, uint64_t ts)
{
	const struct space *sp = &m->spaces.v[space];

	for (golin_gidx i = 0; i < m->nodes.len && sp->nlive; i++) {
		const struct golin_goroutine *g = &node_at(m, i)->g;

		if (g->goid && g->flags & GOLIN_GF_ALIVE && g->epoch == sp->epoch &&
		    g->target == sp->target)
			goroutine_set_ended(m, i, ts, 0);
	}
}
