/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tree: who started whom. Any depth: a program may start each goroutine from the one before, a
 * hundred thousand times. So nothing here recurses.
 */
#include "model_impl.h"

#include <errno.h>

static void append(struct golin_model *m, golin_gidx i, golin_gidx up)
{
	struct golin_goroutine *g = &node_at(m, i)->g;
	struct golin_goroutine *p = up == GOLIN_GIDX_NONE ? NULL : &node_at(m, up)->g;
	golin_gidx *first = p ? &p->first : &m->root_first;
	golin_gidx *last = p ? &p->last : &m->root_last;

	g->up = up;
	g->next = GOLIN_GIDX_NONE;
	g->prev = *last;
	if (*last != GOLIN_GIDX_NONE)
		node_at(m, *last)->g.next = i;
	else
		*first = i;
	*last = i;
	if (p) {
		p->nchild++;
		p->nlive += !!(g->flags & GOLIN_GF_ALIVE);
	}
}

void tree_unlink(struct golin_model *m, golin_gidx i)
{
	struct golin_goroutine *g = &node_at(m, i)->g;
	struct golin_goroutine *p = g->up == GOLIN_GIDX_NONE ? NULL : &node_at(m, g->up)->g;

	if (g->prev != GOLIN_GIDX_NONE)
		node_at(m, g->prev)->g.next = g->next;
	else
		*(p ? &p->first : &m->root_first) = g->next;
	if (g->next != GOLIN_GIDX_NONE)
		node_at(m, g->next)->g.prev = g->prev;
	else
		*(p ? &p->last : &m->root_last) = g->prev;
	if (p) {
		p->nchild--;
		p->nlive -= !!(g->flags & GOLIN_GF_ALIVE);
	}
	g->up = g->next = g->prev = GOLIN_GIDX_NONE;
}

void tree_add_root(struct golin_model *m, golin_gidx i)
{
	append(m, i, GOLIN_GIDX_NONE);
}

/* Only one that has children already can be its new parent's ancestor. */
static bool is_ancestor(struct golin_model *m, golin_gidx i, golin_gidx of)
{
	if (!node_at(m, i)->g.nchild)
		return i == of;
	for (; of != GOLIN_GIDX_NONE; of = node_at(m, of)->g.up) {
		if (of == i || !m->walk_budget)
			return true;
		m->walk_budget--;
	}
	return false;
}

bool tree_move(struct golin_model *m, golin_gidx i, golin_gidx up)
{
	if (node_at(m, i)->g.up == up)
		return true;
	if (up != GOLIN_GIDX_NONE && is_ancestor(m, i, up))
		return false;
	tree_unlink(m, i);
	append(m, i, up);
	return true;
}

void tree_orphan_children(struct golin_model *m, golin_gidx i)
{
	golin_gidx c;

	while ((c = node_at(m, i)->g.first) != GOLIN_GIDX_NONE) {
		tree_unlink(m, c);
		append(m, c, GOLIN_GIDX_NONE);
		node_at(m, c)->g.flags |= GOLIN_GF_PARENT_EVICTED;
	}
}

golin_gidx tree_next(const struct golin_model *m, golin_gidx i)
{
	const struct golin_goroutine *g = &node_at(m, i)->g;

	if (g->first != GOLIN_GIDX_NONE)
		return g->first;
	while (g->next == GOLIN_GIDX_NONE && g->up != GOLIN_GIDX_NONE)
		g = &node_at(m, g->up)->g;
	return g->next;
}

static void no_parent(struct golin_model *m, golin_gidx i)
{
	golin_gidx old = node_at(m, i)->g.up;

	tree_move(m, i, GOLIN_GIDX_NONE);
	node_at(m, i)->g.parent = 0;
	node_at(m, i)->g.flags |= GOLIN_GF_PARENT_KNOWN;
	node_at(m, i)->g.flags &= (uint8_t)~GOLIN_GF_PARENT_EVICTED;
	goroutine_lost_child(m, old);
}

int lineage_learn(struct golin_model *m, uint32_t space, golin_gidx i, const struct parentage *p)
{
	struct golin_goroutine *g = &node_at(m, i)->g;
	golin_gidx up, old = g->up;

	if (!p->watched && (g->parent || g->flags & GOLIN_GF_PARENT_KNOWN))
		return 0;
	if (!p->goid) {
		if (p->known)
			no_parent(m, i);
		return 0;
	}
	if (p->goid == g->goid || !key_fits(p->goid))
		return 0; /* nobody starts itself */
	if (p->evicted) {
		tree_move(m, i, GOLIN_GIDX_NONE);
		g->parent = p->goid;
		g->flags |= GOLIN_GF_PARENT_KNOWN | GOLIN_GF_PARENT_EVICTED;
		goroutine_lost_child(m, old);
		return 0;
	}
	up = goroutine_find(m, space, p->goid);
	if (up == GOLIN_GIDX_NONE) {
		int rc = goroutine_add(m, space, p->goid, &up);

		if (rc)
			return rc == -ENOSPC ? 0 : rc; /* no room for a ghost */
		goroutine_set_ghost(m, up);
	}
	if (!tree_move(m, i, up))
		return 0;
	g = &node_at(m, i)->g; /* the table may have moved */
	g->parent = p->goid;
	g->flags |= GOLIN_GF_PARENT_KNOWN;
	g->flags &= (uint8_t)~GOLIN_GF_PARENT_EVICTED;
	if (old != up)
		goroutine_lost_child(m, old);
	return 0;
}
