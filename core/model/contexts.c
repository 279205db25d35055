/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of contexts: their trees, and who leaves it. A context has no end of its own in a
 * program: one that is never cancelled, and every value, is just collected. It is retired here when
 * nothing that is alive can name it any more: no goroutine that works under it, no child, and no
 * parent that would cancel it.
 */
#include "model_impl.h"

#include <errno.h>

enum {
	CONTEXTS_MAX = 1 << 24, /* what comes beyond counts as unread */
	ROTATIONS = 8,		/* live ones passed over in one eviction */
	CLIMB_MAX = 1 << 16,	/* steps up a chain of contexts */
};

void contexts_init(struct contexts *t)
{
	t->unused = t->root_first = t->root_last = GOLIN_CIDX_NONE;
	t->ended_head = t->ended_tail = GOLIN_CIDX_NONE;
}

void contexts_done(struct contexts *t)
{
	array_free(&t->v);
	array_free(&t->edges);
	array_free(&t->touched);
	map64_done(&t->far);
	map64_done(&t->by_addr);
	map64_done(&t->by_old);
	map64_done(&t->types);
}

size_t contexts_bytes(const struct contexts *t)
{
	const size_t entry = sizeof(*t->by_addr.keys) + sizeof(*t->by_addr.vals);

	return t->v.cap * sizeof(*t->v.v) + t->edges.cap * sizeof(*t->edges.v) +
	       (t->by_addr.cap + t->by_old.cap + t->types.cap + t->far.cap) * entry;
}

/* ---- trees ---- */

static bool is_live(const struct golin_context *c)
{
	return !c->retired && c->state != GOLIN_CS_CANCELLED;
}

static void append(struct golin_model *m, golin_cidx i, golin_cidx up)
{
	struct golin_context *c = &ctx_at(m, i)->c;
	struct golin_context *p = up == GOLIN_CIDX_NONE ? NULL : &ctx_at(m, up)->c;
	golin_cidx *first = p ? &p->first_child : &m->contexts.root_first;
	golin_cidx *last = p ? &p->last_child : &m->contexts.root_last;

	c->up = up;
	c->next = GOLIN_CIDX_NONE;
	c->prev = *last;
	if (*last != GOLIN_CIDX_NONE)
		ctx_at(m, *last)->c.next = i;
	else
		*first = i;
	*last = i;
	if (p) {
		p->nchild++;
		p->nlive += is_live(c);
	}
}

static void unlink(struct golin_model *m, golin_cidx i)
{
	struct golin_context *c = &ctx_at(m, i)->c;
	struct golin_context *p = c->up == GOLIN_CIDX_NONE ? NULL : &ctx_at(m, c->up)->c;

	if (c->prev != GOLIN_CIDX_NONE)
		ctx_at(m, c->prev)->c.next = c->next;
	else
		*(p ? &p->first_child : &m->contexts.root_first) = c->next;
	if (c->next != GOLIN_CIDX_NONE)
		ctx_at(m, c->next)->c.prev = c->prev;
	else
		*(p ? &p->last_child : &m->contexts.root_last) = c->prev;
	if (p) {
		p->nchild--;
		p->nlive -= is_live(c);
	}
	c->up = c->next = c->prev = GOLIN_CIDX_NONE;
}

void context_set_parent(struct golin_model *m, golin_cidx i, golin_cidx up)
{
	unlink(m, i);
	append(m, i, up);
}

/* ---- the ended ---- */

static void ended_push(struct golin_model *m, golin_cidx i)
{
	struct contexts *t = &m->contexts;
	struct ctx_node *n = ctx_at(m, i);

	n->qnext = GOLIN_CIDX_NONE;
	n->qprev = t->ended_tail;
	if (t->ended_tail != GOLIN_CIDX_NONE)
		ctx_at(m, t->ended_tail)->qnext = i;
	else
		t->ended_head = i;
	t->ended_tail = i;
	t->nended++;
}

static void ended_remove(struct golin_model *m, golin_cidx i)
{
	struct contexts *t = &m->contexts;
	struct ctx_node *n = ctx_at(m, i);

	if (n->qprev != GOLIN_CIDX_NONE)
		ctx_at(m, n->qprev)->qnext = n->qnext;
	else
		t->ended_head = n->qnext;
	if (n->qnext != GOLIN_CIDX_NONE)
		ctx_at(m, n->qnext)->qprev = n->qprev;
	else
		t->ended_tail = n->qprev;
	n->qnext = n->qprev = GOLIN_CIDX_NONE;
	t->nended--;
}

static uint32_t context_space(const struct golin_model *m, const struct golin_context *c)
{
	uint32_t at;

	if (!map64_get(&m->by_space, (uint64_t)c->target << 32 | c->epoch, &at))
		return NO_SPACE;
	return at;
}

/* Its address means nobody, unless another one is there already. */
static void leave_address(struct golin_model *m, golin_cidx i, uint64_t addr)
{
	uint32_t space = context_space(m, &ctx_at(m, i)->c), at;
	uint64_t key = key_of(space, addr);

	if (addr && space != NO_SPACE && map64_get(&m->contexts.by_addr, key, &at) && at == i)
		map64_del(&m->contexts.by_addr, key);
}

static void forget(struct golin_model *m, golin_cidx i)
{
	struct contexts *t = &m->contexts;
	struct ctx_node *n = ctx_at(m, i);

	while (n->c.first_child != GOLIN_CIDX_NONE) {
		golin_cidx child = n->c.first_child;

		context_set_parent(m, child, GOLIN_CIDX_NONE);
		ctx_at(m, child)->c.flags |= GOLIN_CTX_PARENT_EVICTED;
	}
	ended_remove(m, i);
	context_drop_holders(m, i);
	leave_address(m, i, n->c.ctx);
	leave_address(m, i, n->inner);
	unlink(m, i);
	n->c.kind = 0;
	n->qnext = t->unused;
	t->unused = i;
	t->counts.evicted++;
}

void contexts_evict(struct golin_model *m)
{
	struct contexts *t = &m->contexts;

	while (t->nended > m->opts.max_contexts) {
		golin_cidx i = t->ended_head;

		/* What still has somebody under it is of more interest than what has not. */
		for (int k = 0; k < ROTATIONS; k++) {
			const struct ctx_node *n = ctx_at(m, i);

			if (!n->c.nlive && !n->nlive_holders)
				break;
			ended_remove(m, i);
			ended_push(m, i);
			i = t->ended_head;
		}
		forget(m, i);
	}
}

static void end(struct golin_model *m, golin_cidx i)
{
	struct golin_context *c = &ctx_at(m, i)->c;

	if (c->up != GOLIN_CIDX_NONE)
		ctx_at(m, c->up)->c.nlive--;
	m->contexts.counts.live--;
	ended_push(m, i);
}

void context_set_cancelled(struct golin_model *m, golin_cidx i, bool dumped)
{
	struct golin_context *c = &ctx_at(m, i)->c;
	golin_cidx up = c->up;

	if (is_live(c))
		end(m, i);
	c->state = GOLIN_CS_CANCELLED;
	if (!dumped)
		context_try_retire(m, up);
	contexts_evict(m);
}

static void retire(struct golin_model *m, golin_cidx i)
{
	struct ctx_node *n = ctx_at(m, i);

	if (n->c.retired)
		return;
	if (is_live(&n->c))
		end(m, i);
	n->c.retired = 1;
	m->contexts.counts.retired++;
	context_drop_holders(m, i);
	leave_address(m, i, n->c.ctx);
	leave_address(m, i, n->inner);
}

void context_retire(struct golin_model *m, golin_cidx i, bool dumped)
{
	golin_cidx up = ctx_at(m, i)->c.up;

	retire(m, i);
	if (!dumped)
		context_try_retire(m, up);
	contexts_evict(m);
}

/* The runtime holds it until it is cancelled: by its timer, or in its parent's children. */
static bool is_held(const struct golin_model *m, golin_cidx i)
{
	const struct golin_context *c = &ctx_at(m, i)->c;
	golin_cidx above;

	if (c->kind == GOLIN_CTX_TIMER)
		return true;
	if (c->kind != GOLIN_CTX_CANCEL && c->kind != GOLIN_CTX_AFTER_FUNC)
		return false;
	if (c->up == GOLIN_CIDX_NONE)
		return c->parent_kind == GOLIN_CTX_FOREIGN;
	above = golin_context_cancellable(m, c->up);
	return above != GOLIN_CIDX_NONE && is_live(&ctx_at(m, above)->c);
}

void context_try_retire(struct golin_model *m, golin_cidx i)
{
	for (int k = 0; k < CLIMB_MAX && i != GOLIN_CIDX_NONE; k++) {
		const struct ctx_node *n = ctx_at(m, i);

		if (!is_live(&n->c) || n->c.nlive || n->nlive_holders || is_held(m, i))
			return;
		retire(m, i);
		i = n->c.up;
	}
}

void contexts_end_all(struct golin_model *m, uint32_t space)
{
	const struct space *sp = &m->spaces.v[space];

	for (golin_cidx i = 0; i < m->contexts.v.len; i++) {
		const struct golin_context *c = &ctx_at(m, i)->c;

		if (c->kind && !c->retired && c->epoch == sp->epoch && c->target == sp->target)
			retire(m, i);
	}
	contexts_evict(m);
}

/* ---- the table ---- */

golin_cidx context_find(const struct golin_model *m, uint32_t space, uint64_t addr)
{
	uint32_t at;

	if (!addr || !key_fits(addr) || !map64_get(&m->contexts.by_addr, key_of(space, addr), &at))
		return GOLIN_CIDX_NONE;
	return at;
}

/* Somebody else is there now. */
static void vacate(struct golin_model *m, uint32_t space, uint64_t addr)
{
	golin_cidx old = context_find(m, space, addr);

	if (old != GOLIN_CIDX_NONE)
		context_retire(m, old, false);
}

/* Both or none. */
static bool take_addresses(struct golin_model *m, uint32_t space, uint64_t addr, uint64_t inner,
			   golin_cidx i)
{
	if (!map64_put(&m->contexts.by_addr, key_of(space, addr), i))
		return false;
	if (!inner || map64_put(&m->contexts.by_addr, key_of(space, inner), i))
		return true;
	map64_del(&m->contexts.by_addr, key_of(space, addr));
	return false;
}

static int slot_find(struct contexts *t, golin_cidx *ret)
{
	*ret = t->unused;
	if (*ret != GOLIN_CIDX_NONE)
		return 0;
	if (t->v.len >= CONTEXTS_MAX)
		return -ENOSPC;
	if (!array_reserve(&t->v, t->v.len + 1))
		return -ENOMEM;
	*ret = (golin_cidx)t->v.len;
	return 0;
}

static void slot_fill(struct golin_model *m, uint32_t space, golin_cidx i, uint64_t addr,
		      uint64_t inner, uint8_t kind)
{
	struct contexts *t = &m->contexts;
	const struct space *sp = &m->spaces.v[space];

	if (i == t->unused)
		t->unused = ctx_at(m, i)->qnext;
	else
		t->v.len++;
	*ctx_at(m, i) = (struct ctx_node){
		.c = {.ctx = addr,
		      .first = model_time(m, 0),
		      .target = sp->target,
		      .epoch = sp->epoch,
		      .up = GOLIN_CIDX_NONE,
		      .first_child = GOLIN_CIDX_NONE,
		      .last_child = GOLIN_CIDX_NONE,
		      .next = GOLIN_CIDX_NONE,
		      .prev = GOLIN_CIDX_NONE,
		      .kind = kind,
		      .state = GOLIN_CS_UNKNOWN},
		.inner = inner,
		.origin = GOLIN_CIDX_NONE,
		.qnext = GOLIN_CIDX_NONE,
		.qprev = GOLIN_CIDX_NONE,
	};
	append(m, i, GOLIN_CIDX_NONE);
	t->counts.live++;
}

int context_add(struct golin_model *m, uint32_t space, uint64_t addr, uint64_t inner, uint8_t kind,
		golin_cidx *ret)
{
	int rc;

	vacate(m, space, addr);
	vacate(m, space, inner);
	rc = slot_find(&m->contexts, ret);
	if (rc)
		return rc;
	if (!take_addresses(m, space, addr, inner, *ret))
		return -ENOMEM;
	slot_fill(m, space, *ret, addr, inner, kind);
	return 0;
}

int context_add_old(struct golin_model *m, uint32_t space, uint64_t addr, uint8_t kind,
		    golin_cidx *ret)
{
	int rc = slot_find(&m->contexts, ret);

	if (rc)
		return rc;
	if (!map64_put(&m->contexts.by_old, key_of(space, addr), *ret))
		return -ENOMEM;
	slot_fill(m, space, *ret, addr, 0, kind);
	return 0;
}

golin_cidx context_find_old(const struct golin_model *m, uint32_t space, uint64_t addr)
{
	uint32_t at;

	if (!addr || !key_fits(addr) || !map64_get(&m->contexts.by_old, key_of(space, addr), &at) ||
	    !golin_model_context(m, at) || ctx_at(m, at)->c.ctx != addr)
		return GOLIN_CIDX_NONE;
	return at;
}

/* ---- reading ---- */

const struct golin_context *golin_model_context(const struct golin_model *m, golin_cidx i)
{
	return i < m->contexts.v.len && ctx_at(m, i)->c.kind ? &ctx_at(m, i)->c : NULL;
}

uint32_t golin_model_context_max(const struct golin_model *m)
{
	return (uint32_t)m->contexts.v.len;
}

golin_cidx golin_model_context_roots(const struct golin_model *m)
{
	return m->contexts.root_first;
}

golin_cidx golin_model_context_at(const struct golin_model *m, uint64_t ctx)
{
	golin_cidx i = GOLIN_CIDX_NONE;

	for (size_t space = m->spaces.len; space-- > 0 && i == GOLIN_CIDX_NONE;)
		i = context_find(m, (uint32_t)space, ctx);
	return i;
}

golin_cidx golin_context_origin(const struct golin_model *m, golin_cidx i)
{
	const struct ctx_node *n = ctx_at(m, i);
	const struct golin_context *origin = golin_model_context(m, n->origin);

	return origin && origin->first == n->origin_first ? n->origin : GOLIN_CIDX_NONE;
}

golin_cidx golin_context_cancellable(const struct golin_model *m, golin_cidx i)
{
	for (int k = 0; k < CLIMB_MAX && i != GOLIN_CIDX_NONE; k++) {
		const struct golin_context *c = &ctx_at(m, i)->c;

		switch (c->kind) {
		case GOLIN_CTX_CANCEL:
		case GOLIN_CTX_TIMER:
		case GOLIN_CTX_AFTER_FUNC:
		case GOLIN_CTX_FOREIGN:
			return i;
		case GOLIN_CTX_WITHOUT_CANCEL:
			return GOLIN_CIDX_NONE;
		}
		i = c->up;
	}
	return GOLIN_CIDX_NONE;
}

enum golin_context_state golin_context_state(const struct golin_model *m, golin_cidx i)
{
	const struct golin_context *c = &ctx_at(m, i)->c;

	if (c->kind == GOLIN_CTX_VALUE) {
		golin_cidx above = golin_context_cancellable(m, c->up);

		if (above != GOLIN_CIDX_NONE)
			return ctx_at(m, above)->c.state;
	}
	return c->state;
}

void golin_context_counts(const struct golin_model *m, struct golin_context_counts *ret)
{
	*ret = m->contexts.counts;
	ret->bytes = contexts_bytes(&m->contexts);
}
