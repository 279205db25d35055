/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Panics that memory tells of: those that had begun before golin came, or of which the records were
 * lost. A goroutine that is parked in a deferred call has them in g._panic.
 */
#include "model_impl.h"

#include <errno.h>

static bool is_goexit(const struct golin_model *m, golin_pidx i)
{
	return panic_at(m, i)->p.kind == GOLIN_PANIC_GOEXIT;
}

/* One that runs may just be between what a record tells of and g._panic. */
static bool is_parked(const struct golin_model *m, uint32_t space, uint64_t goid)
{
	golin_gidx g = goroutine_find(m, space, goid);
	uint32_t state = g != GOLIN_GIDX_NONE ? node_at(m, g)->g.state : GOLIN_GS_UNKNOWN;

	return state == GOLIN_GS_WAITING || state == GOLIN_GS_SYSCALL || state == GOLIN_GS_LEAKED;
}

/* Those of its stack that memory has in g._panic, too. Up to Go 1.13 a Goexit is not there. */
struct known {
	golin_pidx v[GOLIN_KEPT_MAX]; /* the innermost first */
	uint32_t n;
	bool all_seen; /* from memory, each */
	bool more;     /* than memory can have */
};

static void look(const struct golin_model *m, uint32_t space, uint64_t goid, struct known *ret)
{
	bool linked = panic_goexit_is_linked(m, space);

	*ret = (struct known){.all_seen = true};
	for (golin_pidx i = panic_top(m, space, goid); i != GOLIN_PIDX_NONE;
	     i = panic_at(m, i)->below) {
		if (!linked && is_goexit(m, i))
			continue;
		if (ret->n == GOLIN_KEPT_MAX) {
			ret->more = true;
			return;
		}
		ret->all_seen = ret->all_seen && panic_at(m, i)->p.more & GOLIN_PF_LOST_START;
		ret->v[ret->n++] = i;
	}
}

static bool is_same(const struct golin_model *m, golin_pidx i, const struct golin_rec_kept_panic *p)
{
	const struct panic_node *n = panic_at(m, i);

	if (is_goexit(m, i) != !!(p->flags & GOLIN_KEPT_GOEXIT) ||
	    (n->depth_known && p->depth && n->p.depth != p->depth))
		return false;
	return is_goexit(m, i) || !n->p.nvalues ||
	       (n->values[0].type_addr == p->value.type && n->values[0].data == p->value.data);
}

/* How many of them, from the outermost on, are those of memory. */
static uint32_t count_same(const struct golin_model *m, const struct known *k,
			   const struct golin_rec_goroutine_defers *r)
{
	uint32_t n = 0;

	while (n < k->n && n < r->npanics &&
	       is_same(m, k->v[k->n - 1 - n], &r->panics[r->npanics - 1 - n]))
		n++;
	return n;
}

/* Takes the innermost from the stack until that one is left; a Goexit that stays is none. */
static void lose_above(struct golin_model *m, uint32_t space, const struct golin_rec *h,
		       golin_pidx stays)
{
	bool linked = panic_goexit_is_linked(m, space);
	golin_pidx i;

	while ((i = panic_top(m, space, h->goid)) != GOLIN_PIDX_NONE && i != stays &&
	       (linked || !is_goexit(m, i)))
		panic_lose(m, i, h->ts);
}

/* A Goexit ends those that ran when it began; one that was gone past is replaced. */
static void end_outer(struct golin_model *m, golin_pidx i, golin_pidx up, uint32_t up_flags,
		      uint64_t ts)
{
	if (up == GOLIN_PIDX_NONE || is_goexit(m, up))
		return;
	if (is_goexit(m, i)) {
		panic_end_by_goexit(m, up, ts);
	} else if (up_flags & GOLIN_KEPT_ABORTED && !(up_flags & GOLIN_KEPT_RECOVERED)) {
		panic_link(m, up, LINK_REPLACED, i);
		panic_resolve(m, up, GOLIN_PO_REPLACED, ts);
	}
}

static int add(struct golin_model *m, uint32_t space, const struct golin_rec_goroutine_defers *r,
	       uint32_t k)
{
	const struct golin_rec_kept_panic *from = &r->panics[k];
	bool goexit = from->flags & GOLIN_KEPT_GOEXIT;
	golin_pidx up = panic_top(m, space, r->h.goid), i;
	struct panic_node *n;
	int rc = panic_add(m, space, goexit ? GOLIN_PANIC_GOEXIT : GOLIN_PANIC_PANIC, r->h.goid,
			   r->h.ts, &i);

	if (rc)
		return rc;
	n = panic_at(m, i);
	n->p.more = GOLIN_PF_LOST_START |
		    (r->flags & GOLIN_DEFERS_LOCKED ? (uint16_t)GOLIN_PF_LOCKED : 0);
	n->p.depth = from->depth;
	n->depth_known = from->depth != 0;
	n->p.stack = from->stack;
	rc = goexit ? 0 : panic_set_values(m, i, &r->h, &from->value, 1);
	rc = rc ? rc : panic_push(m, i);
	rc = rc ? rc : panic_enter(m, i, up);
	if (rc)
		return rc;
	end_outer(m, i, up, k + 1 < r->npanics ? r->panics[k + 1].flags : 0, r->h.ts);
	if (!goexit && from->flags & GOLIN_KEPT_RECOVERED)
		panic_set_recovered(m, i, r->h.ts);
	return 0;
}

int panics_seen(struct golin_model *m, const struct golin_rec_goroutine_defers *r, uint32_t space)
{
	struct known k;
	uint32_t same;
	int rc = 0;

	if (r->flags & (GOLIN_DEFERS_PARTIAL | GOLIN_DEFERS_MOVED) ||
	    (r->flags & GOLIN_DEFERS_MORE && r->npanics == GOLIN_KEPT_MAX) ||
	    !is_parked(m, space, r->h.goid))
		return 0;
	look(m, space, r->h.goid, &k);
	/* What records have told is known better, as long as there is anything. */
	if (k.more || (r->npanics && !k.all_seen))
		return 0;
	same = count_same(m, &k, r);
	if (same < k.n)
		lose_above(m, space, &r->h, same ? k.v[k.n - same] : GOLIN_PIDX_NONE);
	for (uint32_t i = r->npanics - same; i-- > 0 && !rc;)
		rc = add(m, space, r, i);
	panics_evict(m);
	return rc;
}
