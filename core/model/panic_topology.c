/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a panic left behind: goroutines below its own, and contexts. Only such as were there before
 * it was over: a goroutine that goes on after a recovery does its work.
 */
#include "model_impl.h"

enum {
	BELOW_MAX = 1 << 20, /* goroutines that are looked at */
	HELD_MAX = 1 << 16,  /* contexts */
};

static golin_gidx goroutine_of(const struct golin_model *m, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(m, i);

	return p && p->goid ? golin_model_find_key(m, p->target, p->epoch, p->goid)
			    : GOLIN_GIDX_NONE;
}

static bool was_there(const struct golin_panic *p, uint64_t created)
{
	return !p->ended || created <= p->ended;
}

uint32_t golin_panic_descendants(const struct golin_model *m, golin_pidx i, golin_gidx *ret,
				 uint32_t max)
{
	golin_gidx root = goroutine_of(m, i), g;
	uint32_t n = 0;

	if (root == GOLIN_GIDX_NONE)
		return 0;
	g = node_at(m, root)->g.first;
	for (int k = 0; k < BELOW_MAX && g != GOLIN_GIDX_NONE; k++) {
		const struct golin_goroutine *at = &node_at(m, g)->g;

		/* The runtime's own are nobody's work. */
		if (at->flags & GOLIN_GF_ALIVE && !(at->flags & GOLIN_GF_SYSTEM) &&
		    was_there(golin_model_panic(m, i), at->created)) {
			if (n < max)
				ret[n] = g;
			n++;
		}
		if (at->first != GOLIN_GIDX_NONE) {
			g = at->first;
			continue;
		}
		while (g != root && node_at(m, g)->g.next == GOLIN_GIDX_NONE)
			g = node_at(m, g)->g.up;
		if (g == root)
			break;
		g = node_at(m, g)->g.next;
	}
	return n;
}

/* Made by it, and somebody would have had to cancel it; or it was handed to it. */
static bool counts(const struct golin_model *m, const struct golin_panic *p,
		   const struct golin_held *h)
{
	const struct golin_context *c = golin_model_context(m, h->c);

	if (!c || c->retired || !was_there(p, c->created))
		return false;
	if (h->how != GOLIN_HOLD_CREATED)
		return true;
	return (c->kind == GOLIN_CTX_CANCEL || c->kind == GOLIN_CTX_TIMER ||
		c->kind == GOLIN_CTX_AFTER_FUNC) &&
	       c->state != GOLIN_CS_CANCELLED;
}

uint32_t golin_panic_contexts(const struct golin_model *m, golin_pidx i, golin_cidx *ret,
			      uint32_t max)
{
	golin_gidx g = goroutine_of(m, i);
	struct golin_held *held;
	uint32_t all, n = 0;

	all = g == GOLIN_GIDX_NONE ? 0 : golin_goroutine_held(m, g, NULL, 0);
	if (all > HELD_MAX)
		all = HELD_MAX;
	held = all ? calloc(all, sizeof(*held)) : NULL;
	if (!held)
		return 0;
	golin_goroutine_held(m, g, held, all);
	for (uint32_t k = 0; k < all; k++) {
		if (!counts(m, golin_model_panic(m, i), &held[k]))
			continue;
		if (n < max)
			ret[n] = held[k].c;
		n++;
	}
	free(held);
	return n;
}
