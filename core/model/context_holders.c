/* SPDX-License-Identifier: BSD-2-Clause */
/* Which goroutines work under which contexts: edges that stand in two lists each. */
#include "model_impl.h"

#include <errno.h>

enum {
	EDGES_MAX = 1 << 25,
	SAME_LOOK = 64,	  /* a goroutine's newest edges, among which the same one is looked for */
	HELD_LOOK = 4096, /* likewise, for somebody who asks */
};

static struct ctx_edge *edge_at(const struct golin_model *m, uint32_t e)
{
	return &m->contexts.edges.v[e];
}

static bool is_alive(const struct golin_model *m, golin_gidx g)
{
	return node_at(m, g)->g.flags & GOLIN_GF_ALIVE;
}

static int edge_new(struct contexts *t, uint32_t *ret)
{
	uint32_t e = t->edge_unused;

	if (e) {
		t->edge_unused = t->edges.v[e].cnext;
		*ret = e;
		return 0;
	}
	if (!t->edges.len && !array_add(&t->edges)) /* number 0 is none */
		return -ENOMEM;
	if (t->edges.len >= EDGES_MAX)
		return -ENOSPC;
	if (!array_add(&t->edges))
		return -ENOMEM;
	*ret = (uint32_t)t->edges.len - 1;
	return 0;
}

static uint64_t far_key(golin_cidx c, golin_gidx g)
{
	return (uint64_t)c << 32 | g;
}

/*
 * Whether there is one of them already. A goroutine's newest edges are looked at; of one that has
 * many, those behind them stand in a map: *ret_last is the edge that goes there when one more
 * comes.
 */
static bool is_held(const struct golin_model *m, golin_cidx c, golin_gidx g, uint32_t *ret_last)
{
	uint32_t e = node_at(m, g)->contexts, at;

	*ret_last = 0;
	for (int k = 0; k < SAME_LOOK && e; k++, e = edge_at(m, e)->gnext) {
		if (edge_at(m, e)->c == c)
			return true;
		*ret_last = k == SAME_LOOK - 1 ? e : 0;
	}
	return m->contexts.far.len && map64_get(&m->contexts.far, far_key(c, g), &at);
}

int context_hold(struct golin_model *m, golin_cidx c, golin_gidx g, uint8_t how)
{
	struct ctx_node *n = ctx_at(m, c);
	struct node *gn = node_at(m, g);
	struct ctx_edge *edge;
	uint32_t e, last;
	int rc;

	if (is_held(m, c, g, &last))
		return 0;
	if (last && !map64_put(&m->contexts.far, far_key(edge_at(m, last)->c, g), 0))
		return -ENOMEM;
	rc = edge_new(&m->contexts, &e);
	if (rc)
		return rc;
	edge = edge_at(m, e);
	*edge = (struct ctx_edge){
		.c = c, .g = g, .cnext = n->holders, .gnext = gn->contexts, .how = how};
	if (n->holders)
		edge_at(m, n->holders)->cprev = e;
	if (gn->contexts)
		edge_at(m, gn->contexts)->gprev = e;
	n->holders = gn->contexts = e;
	n->c.nholders++;
	n->nlive_holders += is_alive(m, g);
	changes_add(m, c, GOLIN_CHANGE_HELD, g, how);
	return 0;
}

static void edge_free(struct golin_model *m, uint32_t e)
{
	struct ctx_edge *edge = edge_at(m, e);
	struct ctx_node *n = ctx_at(m, edge->c);
	struct node *gn = node_at(m, edge->g);

	if (edge->cprev)
		edge_at(m, edge->cprev)->cnext = edge->cnext;
	else
		n->holders = edge->cnext;
	if (edge->cnext)
		edge_at(m, edge->cnext)->cprev = edge->cprev;
	if (edge->gprev)
		edge_at(m, edge->gprev)->gnext = edge->gnext;
	else
		gn->contexts = edge->gnext;
	if (edge->gnext)
		edge_at(m, edge->gnext)->gprev = edge->gprev;
	if (m->contexts.far.len)
		map64_del(&m->contexts.far, far_key(edge->c, edge->g));
	n->c.nholders--;
	n->nlive_holders -= is_alive(m, edge->g);
	*edge = (struct ctx_edge){.cnext = m->contexts.edge_unused};
	m->contexts.edge_unused = e;
}

void context_drop_holders(struct golin_model *m, golin_cidx c)
{
	while (ctx_at(m, c)->holders)
		edge_free(m, ctx_at(m, c)->holders);
}

void contexts_goroutine_live(struct golin_model *m, golin_gidx g, int by)
{
	struct contexts *t = &m->contexts;

	t->touched.len = 0;
	for (uint32_t e = node_at(m, g)->contexts; e; e = edge_at(m, e)->gnext) {
		ctx_at(m, edge_at(m, e)->c)->nlive_holders += (uint32_t)by;
		if (by < 0 && array_reserve(&t->touched, t->touched.len + 1))
			t->touched.v[t->touched.len++] = edge_at(m, e)->c;
	}
	/* Retiring one may take others' edges too: not while walking along them. */
	for (size_t k = 0; k < t->touched.len; k++)
		context_try_retire(m, t->touched.v[k]);
	contexts_evict(m);
}

void contexts_goroutine_gone(struct golin_model *m, golin_gidx g)
{
	while (node_at(m, g)->contexts)
		edge_free(m, node_at(m, g)->contexts);
}

/* ---- reading ---- */

uint32_t golin_context_holders(const struct golin_model *m, golin_cidx i, struct golin_holder *ret,
			       uint32_t max)
{
	const struct ctx_node *n;
	uint32_t got = 0;

	if (!golin_model_context(m, i))
		return 0;
	n = ctx_at(m, i);
	for (int alive = 1; alive >= 0; alive--)
		for (uint32_t e = n->holders; e && got < max; e = edge_at(m, e)->cnext)
			if (is_alive(m, edge_at(m, e)->g) == alive)
				ret[got++] =
					(struct golin_holder){edge_at(m, e)->g, edge_at(m, e)->how};
	return n->c.nholders;
}

uint32_t golin_context_live_holders(const struct golin_model *m, golin_cidx i)
{
	return golin_model_context(m, i) ? ctx_at(m, i)->nlive_holders : 0;
}

uint8_t golin_context_held(const struct golin_model *m, golin_cidx i, golin_gidx g)
{
	uint32_t e = golin_model_goroutine(m, g) ? node_at(m, g)->contexts : 0;

	for (int k = 0; k < HELD_LOOK && e; k++, e = edge_at(m, e)->gnext)
		if (edge_at(m, e)->c == i)
			return edge_at(m, e)->how;
	return 0;
}

uint32_t golin_goroutine_held(const struct golin_model *m, golin_gidx g, struct golin_held *ret,
			      uint32_t max)
{
	uint32_t n = 0;

	if (!golin_model_goroutine(m, g))
		return 0;
	for (uint32_t e = node_at(m, g)->contexts; e; e = edge_at(m, e)->gnext, n++)
		if (n < max)
			ret[n] = (struct golin_held){edge_at(m, e)->c, edge_at(m, e)->how};
	return n;
}

uint32_t golin_goroutine_contexts(const struct golin_model *m, golin_gidx g, golin_cidx *ret,
				  uint32_t max)
{
	uint32_t n = 0;

	if (!golin_model_goroutine(m, g))
		return 0;
	for (uint32_t e = node_at(m, g)->contexts; e; e = edge_at(m, e)->gnext, n++)
		if (n < max)
			ret[n] = edge_at(m, e)->c;
	return n;
}
