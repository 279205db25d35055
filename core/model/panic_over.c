/* SPDX-License-Identifier: BSD-2-Clause */
/* How panics end: something recovers one, or nothing does and the program ends. */
#include "model_impl.h"

#include <errno.h>

static bool is_active(const struct golin_model *m, golin_pidx i)
{
	return panic_at(m, i)->p.outcome == GOLIN_PO_ACTIVE;
}

static bool is_goexit(const struct golin_model *m, golin_pidx i)
{
	return panic_at(m, i)->p.kind == GOLIN_PANIC_GOEXIT;
}

golin_pidx panic_overtake(struct golin_model *m, golin_pidx i, golin_pidx above, uint64_t ts)
{
	if (!is_active(m, i))
		return panic_at(m, i)->p.outcome == GOLIN_PO_RECOVERED ? above : i;
	if (!is_goexit(m, i) && is_goexit(m, above)) {
		panic_resolve(m, i, GOLIN_PO_GOEXIT, ts);
	} else {
		panic_link(m, i, LINK_REPLACED, above);
		panic_resolve(m, i, GOLIN_PO_REPLACED, ts);
	}
	return i;
}

/* ---- recovery ---- */

/* Whether control resumed above where it was raised. */
static bool is_unwound(const struct panic_node *n, const struct golin_rec_panic_recover *r)
{
	return n->depth_known && n->p.depth > r->depth;
}

static bool has_value(const struct panic_node *n, const struct golin_rec_panic_recover *r)
{
	/* Of a nil, the runtime makes an error. */
	return !(r->flags & GOLIN_PANIC_VALUE) || !n->p.nvalues || !n->values[0].type_addr ||
	       (n->values[0].type_addr == r->type && n->values[0].data == r->data);
}

/*
 * The recovered one: the innermost, unless its value says that records about others were lost.
 * GOLIN_PIDX_NONE: it is not known.
 */
static golin_pidx find_recovered(struct golin_model *m, uint32_t space,
				 const struct golin_rec_panic_recover *r)
{
	golin_pidx top = panic_top(m, space, r->h.goid), i = top;

	for (; i != GOLIN_PIDX_NONE && !is_goexit(m, i); i = panic_at(m, i)->below) {
		const struct panic_node *n = panic_at(m, i);

		if (n->depth_known && n->p.depth <= r->depth)
			break;
		if (has_value(n, r))
			return i;
	}
	return GOLIN_PIDX_NONE;
}

static int add_recovered(struct golin_model *m, uint32_t space,
			 const struct golin_rec_panic_recover *r, golin_pidx *ret)
{
	const struct golin_rec_value value = {.type = r->type, .data = r->data};
	golin_pidx top;
	int rc;

	m->panics.counts.unmatched++;
	/* Those whose own end may be among what was lost were not unwound by this one. */
	while ((top = panic_top(m, space, r->h.goid)) != GOLIN_PIDX_NONE && panic_is_unsure(m, top))
		panic_lose(m, top, r->h.ts);
	rc = panic_add_lost(m, space, &r->h, GOLIN_PANIC_PANIC, ret);
	if (rc || !(r->flags & GOLIN_PANIC_VALUE))
		return rc;
	return panic_set_values(m, *ret, &r->h, &value, 1);
}

/* The Goexit at whose deferred calls the recovery ends: control goes back to it. */
static void resume_in_goexit(struct golin_model *m, golin_pidx i, golin_pidx goexit)
{
	struct panic_node *n = panic_at(m, i);
	uint64_t pc = 0;

	n->p.frames = panic_frame_below(m, i, panic_at(m, goexit)->p.depth, &pc);
	n->p.resumed_in = pc;
}

/* The runtime goes on by itself only in a Goexit, perhaps in what that calls. */
static bool is_resumed_in_runtime(const struct golin_model *m, golin_pidx i)
{
	return golin_panic_resumed(m, i).flags & GOLIN_FRAME_RUNTIME;
}

/* A Goexit has been gone past: what it had ended, and has not been left, was not at its end. */
static void go_on(struct golin_model *m, golin_pidx i)
{
	for (; i != GOLIN_PIDX_NONE && !is_goexit(m, i) && m->walk_budget; m->walk_budget--) {
		if (panic_at(m, i)->by_goexit)
			panic_reopen(m, i);
		i = panic_at(m, i)->below;
	}
}

static void unwind(struct golin_model *m, uint32_t space, const struct golin_rec_panic_recover *r,
		   golin_pidx recovered)
{
	/*
	 * Up to 1.21 the record says where control goes, be it to a Goexit, be it past one: a panic
	 * that replaced another takes the Goexit below with it. Later it goes to the Goexit always.
	 */
	bool goes_on = panic_go_minor(m, space) >= 22, past = false;
	golin_pidx above = recovered, i;

	while ((i = panic_top(m, space, r->h.goid)) != GOLIN_PIDX_NONE &&
	       is_unwound(panic_at(m, i), r)) {
		if (goes_on && is_goexit(m, i)) {
			resume_in_goexit(m, recovered, i);
			return;
		}
		above = panic_overtake(m, i, above, r->h.ts);
		past = past || is_goexit(m, i);
		panic_pop(m, i);
	}
	if (past)
		go_on(m, i);
	if (i != GOLIN_PIDX_NONE && is_goexit(m, i) && is_resumed_in_runtime(m, recovered))
		resume_in_goexit(m, recovered, i);
}

int panic_apply_recover(struct golin_model *m, const struct golin_rec_panic_recover *r,
			uint32_t space)
{
	uint64_t ts = model_time(m, r->h.ts);
	struct panic_node *n;
	golin_pidx i;
	int rc;

	i = find_recovered(m, space, r);
	if (i == GOLIN_PIDX_NONE) {
		rc = add_recovered(m, space, r, &i);
		if (rc)
			return rc;
	}
	while (panic_top(m, space, r->h.goid) != i)
		panic_lose(m, panic_top(m, space, r->h.goid), ts);
	n = panic_at(m, i);
	n->p.frames = panic_frame_at(m, i, r->depth, r->resumed_pc);
	n->p.resumed_in = r->resumed_pc;
	if (is_active(m, i)) {
		panic_set_recovered(m, i, ts);
	} else {
		/* What recovered it had gone on to panic, and that was recovered too. */
		n->p.ended = ts;
		panic_close_defer(m, i, ts);
	}
	panic_pop(m, i);
	unwind(m, space, r, i);
	return 0;
}

/* ---- nobody recovers ---- */

/* The next one of what the program prints, outwards from the innermost; NULL: no more. */
static const struct golin_rec_kept_panic *chain_next(const struct golin_rec_panic_fatal *r,
						     uint32_t *at)
{
	while (*at)
		if (!(r->panics[--*at].flags & GOLIN_KEPT_GOEXIT))
			return &r->panics[*at];
	return NULL;
}

/*
 * What the program prints of one of the chain. Since Go 1.25, a panic with the same value as the
 * one below it is not printed: that has been said.
 */
static struct golin_rec_str printed_of(const struct golin_rec_panic_fatal *r,
				       const struct golin_rec_kept_panic *c)
{
	while (c > r->panics && c[-1].flags & GOLIN_KEPT_REPANICKED)
		c--;
	return c->value.text;
}

/* One that ends with the program; returns what panic_overtake() does. */
static golin_pidx end_fatal(struct golin_model *m, golin_pidx i, golin_pidx above,
			    const struct golin_rec_kept_panic *c, uint64_t ts)
{
	if (above == GOLIN_PIDX_NONE)
		panic_resolve(m, i, GOLIN_PO_FATAL, ts);
	else if (c && c->flags & GOLIN_KEPT_RECOVERED)
		panic_set_recovered(m, i, ts);
	else
		return panic_overtake(m, i, above, ts);
	return above == GOLIN_PIDX_NONE ? i : above;
}

int panic_apply_fatal(struct golin_model *m, const struct golin_rec_panic_fatal *r, uint32_t space)
{
	bool whole = r->n && r->n < GOLIN_KEPT_MAX && !(r->flags & GOLIN_PANIC_PARTIAL);
	golin_pidx above = GOLIN_PIDX_NONE, i = panic_top(m, space, r->h.goid);
	const struct golin_rec_kept_panic *c = NULL;
	uint32_t at = r->n;
	int rc = 0;

	if (i == GOLIN_PIDX_NONE || is_goexit(m, i) || !is_active(m, i)) {
		m->panics.counts.unmatched++;
		rc = panic_add_lost(m, space, &r->h, GOLIN_PANIC_PANIC, &i);
	}
	while (!rc && (i = panic_top(m, space, r->h.goid)) != GOLIN_PIDX_NONE) {
		c = is_goexit(m, i) ? NULL : chain_next(r, &at);
		if (c || is_goexit(m, i) || !whole) {
			rc = c ? panic_set_printed(m, i, &r->h, printed_of(r, c)) : 0;
			above = end_fatal(m, i, above, c, r->h.ts);
		}
		panic_lose(m, i, r->h.ts); /* else it had ended before, and that was lost */
	}
	/* Those that began before golin came. */
	while (!rc && (c = chain_next(r, &at)) != NULL) {
		rc = panic_add_lost(m, space, &r->h, GOLIN_PANIC_PANIC, &i);
		if (rc)
			break;
		rc = panic_set_printed(m, i, &r->h, printed_of(r, c));
		above = end_fatal(m, i, above, c, r->h.ts);
		panic_pop(m, i);
	}
	return rc;
}

/* ---- ends ---- */

void panics_goroutine_ended(struct golin_model *m, uint32_t space, uint64_t goid, uint64_t ts,
			    uint8_t how)
{
	golin_pidx above = GOLIN_PIDX_NONE, i;

	while ((i = panic_top(m, space, goid)) != GOLIN_PIDX_NONE) {
		/* The innermost Goexit was its end, and went past all before. */
		if (above != GOLIN_PIDX_NONE) {
			above = panic_overtake(m, i, above, ts);
		} else if (is_goexit(m, i) && is_active(m, i) && how != GOLIN_HOW_RETURN) {
			panic_resolve(m, i, GOLIN_PO_GOEXIT, ts);
			above = i;
		}
		panic_lose(m, i, ts);
	}
	panics_evict(m);
}

void panics_end_all(struct golin_model *m, uint32_t space, uint64_t ts)
{
	golin_pidx i;

	while ((i = m->spaces.v[space].panics.head) != GOLIN_PIDX_NONE) {
		uint64_t goid = panic_at(m, i)->p.goid;

		while ((i = panic_top(m, space, goid)) != GOLIN_PIDX_NONE)
			panic_lose(m, i, ts);
	}
	panics_evict(m);
}

/* Told at once, however many there are: each knows how many losses there were when it began. */
void panics_lost(struct golin_model *m)
{
	m->panics.losses++;
}

bool panic_is_unsure(const struct golin_model *m, golin_pidx i)
{
	return panic_at(m, i)->losses != m->panics.losses;
}

uint64_t panic_last_defer(const struct golin_model *m, golin_pidx i)
{
	const struct panic_node *n = panic_at(m, i);

	return n->defer_losses == m->panics.losses ? n->last_defer : 0;
}
