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

struct known {
	uint32_t n;
	bool all_seen; /* from memory, each */
	bool same;     /* the innermost is the one that memory has */
};

static struct known look(const struct golin_model *m, uint32_t space,
			 const struct golin_rec_goroutine_defers *r)
{
	bool linked = panic_goexit_is_linked(m, space);
	struct known k = {.all_seen = true};

	for (golin_pidx i = panic_top(m, space, r->h.goid); i != GOLIN_PIDX_NONE;
	     i = panic_at(m, i)->below) {
		const struct panic_node *n = panic_at(m, i);

		if (!linked && is_goexit(m, i))
			continue;
		if (!k.n++ && r->npanics && n->p.nvalues)
			k.same = n->values[0].type_addr == r->panics[0].value.type &&
				 n->values[0].data == r->panics[0].value.data;
		else if (k.n == 1 && r->npanics)
			k.same = is_goexit(m, i) == !!(r->panics[0].flags & GOLIN_KEPT_GOEXIT);
		k.all_seen = k.all_seen && n->p.more & GOLIN_PF_LOST_START;
	}
	return k;
}

/* Up to Go 1.13 a Goexit is not in the list: it, and what is above it, stay. */
static void lose_all(struct golin_model *m, uint32_t space, const struct golin_rec *h)
{
	bool linked = panic_goexit_is_linked(m, space);
	golin_pidx i;

	while ((i = panic_top(m, space, h->goid)) != GOLIN_PIDX_NONE &&
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
	int rc = 0;

	if (r->flags & (GOLIN_DEFERS_MORE | GOLIN_DEFERS_PARTIAL | GOLIN_DEFERS_MOVED) ||
	    !is_parked(m, space, r->h.goid))
		return 0;
	k = look(m, space, r);
	if (k.n && r->npanics && (!k.all_seen || (k.n == r->npanics && k.same)))
		return 0;
	if (k.n)
		lose_all(m, space, &r->h);
	for (uint32_t i = r->npanics; i-- > 0 && !rc;)
		rc = add(m, space, r, i);
	panics_evict(m);
	return rc;
}
