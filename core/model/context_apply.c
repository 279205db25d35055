/* SPDX-License-Identifier: BSD-2-Clause */
/* What the records of contexts do to the model. */
#include "model_impl.h"

#include <errno.h>

enum {
	TYPES_MAX = 65536,
	CHAIN_LOOK = 1 << 16, /* contexts above one */
};

/* ---- types ---- */

int model_apply_type(struct golin_model *m, const struct golin_rec_type_name *r, uint32_t space)
{
	struct map64 *types = &m->contexts.types;
	uint32_t name, at;
	int rc;

	if (!r->type || !key_fits(r->type) || map64_get(types, key_of(space, r->type), &at))
		return 0;
	if (types->len >= TYPES_MAX)
		return -ENOSPC;
	rc = strings_intern(&m->strings, golin_rec_text(&r->h, r->name), r->name.len, &name);
	if (rc)
		return rc;
	return map64_put(types, key_of(space, r->type), name) ? 0 : -ENOMEM;
}

uint32_t model_type_name(const struct golin_model *m, uint32_t space, uint64_t type)
{
	uint32_t name;

	if (!type || !key_fits(type) || !map64_get(&m->contexts.types, key_of(space, type), &name))
		return 0;
	return name;
}

static int text(struct golin_model *m, const struct golin_rec *rec, struct golin_rec_str s,
		uint32_t *ret)
{
	int rc = strings_intern(&m->strings, golin_rec_text(rec, s), s.len, ret);

	return rc == -ENOSPC ? 0 : rc;
}

/* ---- the tree ---- */

static bool is_kind(uint32_t kind)
{
	return kind >= GOLIN_CTX_CANCEL && kind <= GOLIN_CTX_FOREIGN &&
	       kind != GOLIN_CTX_BACKGROUND && kind != GOLIN_CTX_TODO;
}

static bool is_usable(struct golin_model *m, uint64_t addr, uint64_t inner, uint32_t kind)
{
	if (addr && key_fits(addr) && key_fits(inner) && is_kind(kind))
		return true;
	m->counts.unread++;
	return false;
}

/*
 * The context at a parent's address; one of another kind than the child says is gone, and its place
 * was taken by one whose creation nobody saw.
 */
static int find_parent(struct golin_model *m, uint32_t space, uint64_t addr, uint32_t kind,
		       uint64_t type, uint32_t flags, golin_cidx *ret)
{
	golin_cidx i = context_find(m, space, addr);
	int rc;

	*ret = GOLIN_CIDX_NONE;
	if (!addr || !key_fits(addr) || !is_kind(kind))
		return 0;
	if (flags & GOLIN_CTX_UP_RETIRED) {
		*ret = context_find_old(m, space, addr);
		return 0;
	}
	if (i == GOLIN_CIDX_NONE || ctx_at(m, i)->c.kind != kind) {
		rc = context_add(m, space, addr, 0, (uint8_t)kind, &i);
		if (rc)
			return rc;
		ctx_at(m, i)->c.type = model_type_name(m, space, type);
		m->contexts.counts.seen++;
	}
	*ret = i;
	return 0;
}

static bool is_below(const struct golin_model *m, golin_cidx i, golin_cidx of)
{
	for (int k = 0; k < CHAIN_LOOK && i != GOLIN_CIDX_NONE; k++, i = ctx_at(m, i)->c.up)
		if (i == of)
			return true;
	return i != GOLIN_CIDX_NONE; /* too deep to tell */
}

static int set_parent(struct golin_model *m, uint32_t space, golin_cidx i, uint64_t addr,
		      uint32_t kind, uint64_t type, uint32_t flags)
{
	golin_cidx up;
	int rc;

	ctx_at(m, i)->c.parent_kind = kind <= GOLIN_CTX_FOREIGN ? (uint8_t)kind : 0;
	ctx_at(m, i)->c.parent_type = model_type_name(m, space, type);
	rc = find_parent(m, space, addr, kind, type, flags, &up);
	if (rc || up == GOLIN_CIDX_NONE || up == i)
		return rc;
	/* A new one has no children; of a seen one that has, no circle is believed. */
	if (ctx_at(m, i)->c.first_child != GOLIN_CIDX_NONE && is_below(m, up, i))
		return 0;
	context_set_parent(m, i, up);
	return 0;
}

/* ---- creation ---- */

static uint32_t stack_hash(const struct golin_model *m, uint64_t id)
{
	const uint64_t *pcs;
	uint64_t h = 0;
	int n = golin_model_stack(m, id, &pcs, NULL);

	for (int i = 0; i < n; i++)
		h = map64_mix(h ^ pcs[i]);
	return (uint32_t)(h ^ h >> 32);
}

/* Two contexts of one goroutine at one time, from one place, are told apart by a number. */
static void set_lineage(struct golin_model *m, struct golin_context *c)
{
	struct contexts *t = &m->contexts;

	c->lineage_hash = stack_hash(m, c->stack);
	if (t->tie_ts == c->created && t->tie_goid == c->goid && t->tie_hash == c->lineage_hash)
		t->tie++;
	else
		t->tie = 0;
	t->tie_ts = c->created;
	t->tie_goid = c->goid;
	t->tie_hash = c->lineage_hash;
	c->lineage_tie = t->tie;
}

int model_apply_context_create(struct golin_model *m, const struct golin_rec_context_create *r,
			       uint32_t space)
{
	struct golin_context *c;
	golin_gidx g;
	golin_cidx i;
	int rc;

	m->counts.events++;
	m->counts.unread += !!(r->flags & GOLIN_CTX_PARTIAL);
	if (!is_usable(m, r->ctx, r->inner, r->kind))
		return 0;
	rc = r->flags & GOLIN_CTX_RETIRED
		     ? context_add_old(m, space, r->ctx, (uint8_t)r->kind, &i)
		     : context_add(m, space, r->ctx, r->inner, (uint8_t)r->kind, &i);
	if (rc)
		return rc;
	m->contexts.counts.created++;
	c = &ctx_at(m, i)->c;
	c->created = c->first = model_time(m, r->h.ts);
	c->goid = r->h.goid;
	c->stack = r->stack;
	c->deadline_unix_ns = r->deadline_unix_ns;
	c->timeout_ns = r->timeout_ns;
	c->asked_unix_ns = r->flags & GOLIN_CTX_ASKED ? r->asked_unix_ns : 0;
	c->type = model_type_name(m, space, r->type);
	c->key_type = model_type_name(m, space, r->key_type);
	c->value_type = model_type_name(m, space, r->value_type);
	c->flags = (uint8_t)r->flags;
	c->state = GOLIN_CS_ACTIVE;
	set_lineage(m, c);
	rc = text(m, &r->h, r->key, &c->key);
	rc = rc ? rc : text(m, &r->h, r->value, &c->value);
	if (!rc && !(r->flags & (GOLIN_CTX_RETIRED | GOLIN_CTX_CREATOR_GONE))) {
		rc = goroutine_alive(m, space, r->h.goid, &g);
		if (!rc && g != GOLIN_GIDX_NONE)
			rc = context_hold(m, i, g, GOLIN_HOLD_CREATED);
	}
	rc = rc ? rc : set_parent(m, space, i, r->parent, r->parent_kind, r->parent_type, r->flags);
	changes_add(m, i, GOLIN_CHANGE_CREATED, GOLIN_GIDX_NONE, 0);
	if (r->flags & GOLIN_CTX_RETIRED)
		context_retire(m, i, true);
	return rc;
}

int model_apply_context_seen(struct golin_model *m, const struct golin_rec_context_seen *r,
			     uint32_t space)
{
	struct golin_context *c;
	golin_cidx i;
	bool known;
	int rc;

	m->counts.events += !(r->flags & GOLIN_CTX_AGAIN);
	m->counts.unread += !!(r->flags & GOLIN_CTX_PARTIAL);
	if (!is_usable(m, r->ctx, r->inner, r->kind))
		return 0;
	i = r->flags & GOLIN_CTX_RETIRED ? GOLIN_CIDX_NONE : context_find(m, space, r->ctx);
	known = i != GOLIN_CIDX_NONE && ctx_at(m, i)->c.kind == r->kind;
	if (known && ctx_at(m, i)->c.created)
		return 0; /* what was watched is known better */
	if (!known) {
		rc = r->flags & GOLIN_CTX_RETIRED
			     ? context_add_old(m, space, r->ctx, (uint8_t)r->kind, &i)
			     : context_add(m, space, r->ctx, r->inner, (uint8_t)r->kind, &i);
		if (rc)
			return rc;
		ctx_at(m, i)->c.first = model_time(m, r->h.ts);
		m->contexts.counts.seen++;
	}
	c = &ctx_at(m, i)->c;
	c->deadline_unix_ns = r->deadline_unix_ns;
	c->type = model_type_name(m, space, r->type);
	c->key_type = model_type_name(m, space, r->key_type);
	c->value_type = model_type_name(m, space, r->value_type);
	c->flags = (uint8_t)r->flags;
	rc = text(m, &r->h, r->key, &c->key);
	rc = rc ? rc : text(m, &r->h, r->value, &c->value);
	rc = rc ? rc : text(m, &r->h, r->err, &c->err);
	if (!rc && r->flags & GOLIN_CTX_PARENT_KNOWN && ctx_at(m, i)->c.up == GOLIN_CIDX_NONE)
		rc = set_parent(m, space, i, r->parent, r->parent_kind, r->parent_type, r->flags);
	if (rc)
		return rc;
	c = &ctx_at(m, i)->c;
	if (r->cancelled == 1)
		context_set_cancelled(m, i, true);
	else if (!r->cancelled && c->state == GOLIN_CS_UNKNOWN)
		c->state = GOLIN_CS_ACTIVE;
	if (!known)
		changes_add(m, i, GOLIN_CHANGE_CREATED, GOLIN_GIDX_NONE, 0);
	if (r->flags & GOLIN_CTX_RETIRED)
		context_retire(m, i, true);
	return 0;
}

/* ---- cancellation ---- */

/*
 * Where a cascade that reached it by its parent began: the nearest context above that is done
 * knows. Of a foreign one nothing is heard: if none above it is done, the cascade began there.
 */
static golin_cidx cancel_origin(const struct golin_model *m, golin_cidx i)
{
	golin_cidx foreign = GOLIN_CIDX_NONE;

	i = ctx_at(m, i)->c.up;
	for (int k = 0; k < CHAIN_LOOK && i != GOLIN_CIDX_NONE; k++, i = ctx_at(m, i)->c.up) {
		const struct golin_context *c = &ctx_at(m, i)->c;

		/* One that was done before the attach is as far as can be told. */
		if (c->state == GOLIN_CS_CANCELLED)
			return c->cancelled ? golin_context_origin(m, i) : i;
		if (c->kind == GOLIN_CTX_FOREIGN && foreign == GOLIN_CIDX_NONE)
			foreign = i;
		else if (c->kind != GOLIN_CTX_VALUE && c->kind != GOLIN_CTX_FOREIGN)
			break;
	}
	return foreign;
}

int model_apply_context_cancel(struct golin_model *m, const struct golin_rec_context_cancel *r,
			       uint32_t space)
{
	golin_cidx i = r->flags & GOLIN_CTX_RETIRED ? context_find_old(m, space, r->ctx)
						    : context_find(m, space, r->ctx);
	struct golin_context *c;
	golin_cidx origin;
	int rc;

	m->counts.events++;
	m->counts.unread += !!(r->flags & GOLIN_CTX_PARTIAL);
	if (!r->ctx || !key_fits(r->ctx))
		return 0;
	if (i == GOLIN_CIDX_NONE) { /* it was there before, and no child told of it */
		rc = context_add(m, space, r->ctx, 0, GOLIN_CTX_CANCEL, &i);
		if (rc)
			return rc;
		ctx_at(m, i)->c.first = model_time(m, r->h.ts);
		m->contexts.counts.orphans++;
	}
	c = &ctx_at(m, i)->c;
	if (c->state == GOLIN_CS_CANCELLED)
		return 0; /* told twice */
	m->contexts.counts.cancelled++;
	c->cancelled = model_time(m, r->h.ts);
	c->cancel_goid = r->h.goid;
	c->cancel_stack = r->stack;
	c->cancel_reason = r->reason <= GOLIN_CANCEL_PARENT ? (uint8_t)r->reason : 0;
	origin = r->reason == GOLIN_CANCEL_PARENT ? cancel_origin(m, i) : i;
	ctx_at(m, i)->origin = origin;
	if (origin != GOLIN_CIDX_NONE)
		ctx_at(m, i)->origin_first = ctx_at(m, origin)->c.first;
	c->err_type = model_type_name(m, space, r->err_type);
	c->cause_type = model_type_name(m, space, r->cause_type);
	rc = text(m, &r->h, r->err, &c->err);
	rc = rc ? rc : text(m, &r->h, r->cause, &c->cause);
	changes_add(m, i, GOLIN_CHANGE_CANCELLED, GOLIN_GIDX_NONE, 0);
	context_set_cancelled(m, i, r->flags & GOLIN_CTX_DUMPED);
	return rc;
}

int model_apply_context_passed(struct golin_model *m, const struct golin_rec_context_passed *r,
			       uint32_t space)
{
	static const uint8_t holds[] = {
		[GOLIN_PASSED_CLOSURE] = GOLIN_HOLD_PASSED,
		[GOLIN_PASSED_NESTED] = GOLIN_HOLD_PASSED,
		[GOLIN_PASSED_STACK] = GOLIN_HOLD_STACK,
		[GOLIN_PASSED_WAITS] = GOLIN_HOLD_WAITS,
		[GOLIN_PASSED_OBJECT] = GOLIN_HOLD_PASSED,
	};
	golin_cidx i = context_find(m, space, r->ctx);
	golin_gidx g = goroutine_find(m, space, r->child);

	if (i == GOLIN_CIDX_NONE || g == GOLIN_GIDX_NONE || r->how >= sizeof(holds) ||
	    !holds[r->how])
		return 0;
	return context_hold(m, i, g, holds[r->how]);
}

void model_apply_context_counts(struct golin_model *m, const struct golin_rec_context_counts *r)
{
	struct golin_context_counts *c = &m->contexts.counts;

	c->created = r->created;
	c->cancelled = r->cancelled;
	c->seen = r->seen;
	c->retired = r->retired;
	c->evicted = r->evicted;
	c->orphans = r->orphans;
}
