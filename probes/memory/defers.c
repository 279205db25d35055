/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that one goroutine has deferred and panicked. It may go on at any time while it is read: so
 * all is read twice, its g around it, and what differs is not told.
 */
#include "memory/defers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/err.h"
#include "golin/layout.h"
#include "golin/offsets.h"
#include "memory/mem.h"

enum {
	TRIES = 4,
	M_SPAN_MAX = 4096,
	TID_MAX = 1 << 22, /* pid_max of the kernel */
};

/* One reading. */
struct reading {
	struct mem_defers d;
	struct linked_defers linked;
	struct mem_defer open[GOLIN_DEFERS_MAX];
	uint32_t nopen;
};

/* The kernel's number of an m's thread; 0 unknown. */
static uint32_t thread_of(const struct golin_memory *m, uint64_t mp)
{
	uint32_t off;
	uint64_t id;

	if (!mp || mp % 8 || !golin_layout_get(m->layout, GOLIN_F_M_procid, &off) ||
	    off > M_SPAN_MAX || mem_read(m->mem_fd, mp + off, &id, sizeof(id)) || id > TID_MAX)
		return 0;
	return (uint32_t)id;
}

/* Where the statements are of what is linked. */
static void place(const struct defer_info *info, struct linked_defers *l)
{
	uint64_t pcs[GOLIN_DEFERS_MAX];
	size_t n = 0;

	for (uint32_t i = 0; i < l->n; i++)
		if (l->v[i].ret)
			pcs[n++] = l->v[i].ret;
	if (!n || info->learn(info->arg, pcs, n))
		return;
	for (uint32_t i = 0; i < l->n; i++) {
		const struct golin_func_defers *f =
			l->v[i].ret ? info->find(info->arg, l->v[i].ret) : NULL;

		if (!f)
			continue;
		if (f->call == GOLIN_DEFER_CALL_PROC)
			l->v[i].d.at = l->v[i].ret - 1;
		/* What a loop has deferred was taken over by the list of the goroutine. */
		else if (f->call == GOLIN_DEFER_CALL_RANGE)
			l->v[i].d.flags |= GOLIN_DEFER_RANGE;
	}
}

/* Inner frames before outer ones; within one, what runs before what waits. */
static void merge(struct reading *r)
{
	struct mem_defers *d = &r->d;
	uint32_t i = 0, k = 0;

	for (d->ndefers = 0; i < r->linked.n || k < r->nopen; d->ndefers++) {
		bool linked =
			k == r->nopen || (i < r->linked.n && r->linked.v[i].d.sp <= r->open[k].sp);

		if (d->ndefers == GOLIN_DEFERS_MAX) {
			d->flags |= GOLIN_DEFERS_MORE;
			return;
		}
		d->defers[d->ndefers] = linked ? r->linked.v[i++].d : r->open[k++];
	}
}

static int read_once(const struct golin_memory *m, const struct stand *s,
		     const struct defer_info *info, struct reading *r)
{
	int e;

	memset(r, 0, sizeof(*r));
	r->d.stand = *s;
	r->d.flags = s->locked ? GOLIN_DEFERS_LOCKED : 0;
	r->d.thread = thread_of(m, s->thread ? s->thread : s->locked);
	e = panics_read(m, s, &r->d);
	if (!e)
		e = defers_read(m, s, &r->linked);
	if (!e && info) {
		place(info, &r->linked);
		if (stand_is_parked(s))
			e = open_defers_read(m, s, info, r->open, GOLIN_DEFERS_MAX, &r->nopen,
					     &r->d);
	}
	r->d.flags |= r->linked.flags;
	merge(r);
	return e;
}

static bool same(const struct mem_defers *a, const struct mem_defers *b)
{
	if (a->flags != b->flags || a->thread != b->thread || a->npanics != b->npanics ||
	    a->ndefers != b->ndefers)
		return false;
	for (uint32_t i = 0; i < a->npanics; i++) {
		const struct mem_panic *p = &a->panics[i], *q = &b->panics[i];

		if (p->addr != q->addr || p->type != q->type || p->data != q->data ||
		    p->flags != q->flags || p->depth != q->depth || p->frame != q->frame)
			return false;
	}
	for (uint32_t i = 0; i < a->ndefers; i++) {
		const struct mem_defer *p = &a->defers[i], *q = &b->defers[i];

		if (p->pc != q->pc || p->at != q->at || p->sp != q->sp || p->flags != q->flags)
			return false;
	}
	return true;
}

/* *ret_stood: it stood still, and both readings say the same. */
static int read_twice(const struct g_reader *gr, const struct stand *s,
		      const struct defer_info *info, struct reading *a, struct reading *b,
		      bool *ret_stood)
{
	struct stand after;
	enum g_kind kind;
	int e = read_once(gr->m, s, info, a);

	if (!e)
		e = read_once(gr->m, s, info, b);
	if (!e)
		e = stand_read(gr, s->g.g, &kind, &after);
	*ret_stood = !e && kind == G_LIVE && stand_same(s, &after) && same(&a->d, &b->d);
	return e;
}

int mem_goroutine_defers(const struct golin_memory *m, uint64_t g, uint64_t goid,
			 const struct defer_info *info, struct mem_defers *ret,
			 struct golin_err *err)
{
	struct reading *a = malloc(sizeof(*a)), *b = malloc(sizeof(*b));
	struct golin_mem_goroutine found;
	bool stood = false;
	struct g_reader r;
	int e = a && b ? golin_memory_goroutine(m, g, goid, &found, err) : -ENOMEM;

	ret->npanics = ret->ndefers = ret->thread = 0;
	ret->flags = GOLIN_DEFERS_MOVED;
	if (!e)
		e = g_reader_init(&r, m, err);
	for (int k = 0; k < TRIES && !e && !stood; k++) {
		enum g_kind kind;
		struct stand s;

		e = stand_read(&r, g, &kind, &s);
		if (!e && (kind != G_LIVE || s.g.goid != goid))
			e = golin_err_set(err, -ENOENT, "goroutine %llu has ended",
					  (unsigned long long)goid);
		if (!e)
			e = read_twice(&r, &s, info, a, b, &stood);
	}
	if (stood)
		*ret = a->d;
	free(a);
	free(b);
	return e;
}

bool mem_defers_hold(const struct golin_memory *m, const struct mem_defers *d)
{
	struct stand after;
	enum g_kind kind;
	struct g_reader r;

	return !g_reader_init(&r, m, NULL) && !stand_read(&r, d->stand.g.g, &kind, &after) &&
	       kind == G_LIVE && stand_same(&d->stand, &after);
}
