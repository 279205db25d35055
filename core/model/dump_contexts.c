/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The contexts as records: parents before children, each with its cancellation, then who works
 * under which. Their order in the queue of the ended is not kept. Types are kept by
 * name; their numbers in a dump are made up.
 */
#include <errno.h>
#include "dump_impl.h"

/* No address of a program as linked is as large. */
#define TYPE_OF_STRING (1ull << 46)

static const struct space *space_ptr(const struct dump *d, const struct golin_context *c)
{
	uint32_t at = 0;

	map64_get(&d->m->by_space, (uint64_t)c->target << 32 | c->epoch, &at);
	return &d->m->spaces.v[at];
}

static int put_type(struct dump *d, const struct space *sp, uint64_t type, uint32_t name)
{
	struct golin_rec_type_name *r;

	if (!BEGIN(d, GOLIN_REC_TYPE, r))
		return -ENOMEM;
	dump_header(&r->h, sp, 0, 0);
	r->type = type;
	dump_str(d, offsetof(struct golin_rec_type_name, name), golin_model_string(d->m, name));
	return dump_put(d);
}

/* By the addresses that later records will name, and by the names that the model keeps. */
static int dump_types(struct dump *d)
{
	const struct map64 *types = &d->m->contexts.types;
	int rc = 0;

	for (size_t k = 0; k < types->cap && !rc; k++) {
		uint32_t name;
		uint64_t key;

		if (!types->vals[k])
			continue;
		key = types->keys[k];
		name = types->vals[k] - 1;
		rc = put_type(d, &d->m->spaces.v[key >> KEY_BITS], key & ((1ull << KEY_BITS) - 1),
			      name);
		if (!rc)
			rc = put_type(d, &d->m->spaces.v[key >> KEY_BITS], TYPE_OF_STRING | name,
				      name);
	}
	return rc;
}

static uint64_t type_of(uint32_t name)
{
	return name ? TYPE_OF_STRING | name : 0;
}

static uint32_t dump_flags(const struct dump *d, const struct golin_context *c)
{
	const struct golin_context *up = golin_model_context(d->m, c->up);
	uint32_t flags = c->flags & ~(uint32_t)GOLIN_CTX_PARTIAL;

	if (c->parent_kind || up)
		flags |= GOLIN_CTX_PARENT_KNOWN;
	if (c->retired)
		flags |= GOLIN_CTX_RETIRED;
	if (up && up->retired)
		flags |= GOLIN_CTX_UP_RETIRED;
	if (golin_model_find_key(d->m, c->target, c->epoch, c->goid) == GOLIN_GIDX_NONE)
		flags |= GOLIN_CTX_CREATOR_GONE;
	return flags;
}

static int dump_create(struct dump *d, golin_cidx i)
{
	const struct golin_context *c = golin_model_context(d->m, i), *up;
	struct golin_rec_context_create *r;

	if (!BEGIN(d, GOLIN_REC_CONTEXT_CREATE, r))
		return -ENOMEM;
	up = golin_model_context(d->m, c->up);
	dump_header(&r->h, space_ptr(d, c), c->created, c->goid);
	r->ctx = c->ctx;
	r->inner = ctx_at(d->m, i)->inner;
	r->parent = up ? up->ctx : 0;
	r->parent_kind = up ? up->kind : c->parent_kind;
	r->type = type_of(c->type);
	r->parent_type = type_of(c->parent_type);
	r->stack = c->stack;
	r->deadline_unix_ns = c->deadline_unix_ns;
	r->timeout_ns = c->timeout_ns;
	r->asked_unix_ns = c->asked_unix_ns;
	r->key_type = type_of(c->key_type);
	r->value_type = type_of(c->value_type);
	r->kind = c->kind;
	r->flags = dump_flags(d, c);
	dump_str(d, offsetof(struct golin_rec_context_create, key),
		 golin_model_string(d->m, c->key));
	dump_str(d, offsetof(struct golin_rec_context_create, value),
		 golin_model_string(d->m, c->value));
	return dump_put(d);
}

static int dump_seen(struct dump *d, golin_cidx i)
{
	const struct golin_context *c = golin_model_context(d->m, i), *up;
	struct golin_rec_context_seen *r;

	if (!BEGIN(d, GOLIN_REC_CONTEXT_SEEN, r))
		return -ENOMEM;
	up = golin_model_context(d->m, c->up);
	dump_header(&r->h, space_ptr(d, c), c->first, 0);
	r->ctx = c->ctx;
	r->inner = ctx_at(d->m, i)->inner;
	r->parent = up ? up->ctx : 0;
	r->parent_kind = up ? up->kind : c->parent_kind;
	r->type = type_of(c->type);
	r->parent_type = type_of(c->parent_type);
	r->deadline_unix_ns = c->deadline_unix_ns;
	r->key_type = type_of(c->key_type);
	r->value_type = type_of(c->value_type);
	r->kind = c->kind;
	r->flags = dump_flags(d, c);
	r->cancelled = c->state == GOLIN_CS_ACTIVE	? 0
		       : c->state == GOLIN_CS_CANCELLED ? !c->cancelled
							: 2;
	dump_str(d, offsetof(struct golin_rec_context_seen, key), golin_model_string(d->m, c->key));
	dump_str(d, offsetof(struct golin_rec_context_seen, value),
		 golin_model_string(d->m, c->value));
	dump_str(d, offsetof(struct golin_rec_context_seen, err), golin_model_string(d->m, c->err));
	return dump_put(d);
}

static int dump_cancel(struct dump *d, const struct golin_context *c)
{
	struct golin_rec_context_cancel *r;

	if (!BEGIN(d, GOLIN_REC_CONTEXT_CANCEL, r))
		return -ENOMEM;
	dump_header(&r->h, space_ptr(d, c), c->cancelled, c->cancel_goid);
	r->ctx = c->ctx;
	r->stack = c->cancel_stack;
	r->err_type = type_of(c->err_type);
	r->cause_type = type_of(c->cause_type);
	r->reason = c->cancel_reason;
	r->flags = GOLIN_CTX_DUMPED | (c->retired ? GOLIN_CTX_RETIRED : 0);
	dump_str(d, offsetof(struct golin_rec_context_cancel, err),
		 golin_model_string(d->m, c->err));
	dump_str(d, offsetof(struct golin_rec_context_cancel, cause),
		 golin_model_string(d->m, c->cause));
	return dump_put(d);
}

static int dump_holders(struct dump *d, golin_cidx i)
{
	static const uint32_t hows[] = {
		[GOLIN_HOLD_PASSED] = GOLIN_PASSED_CLOSURE,
		[GOLIN_HOLD_WAITS] = GOLIN_PASSED_WAITS,
		[GOLIN_HOLD_STACK] = GOLIN_PASSED_STACK,
	};
	const struct contexts *t = &d->m->contexts;
	const struct golin_context *c = golin_model_context(d->m, i);

	for (uint32_t e = ctx_at(d->m, i)->holders; e; e = t->edges.v[e].cnext) {
		struct golin_rec_context_passed *r;
		int rc;

		if (t->edges.v[e].how == GOLIN_HOLD_CREATED)
			continue;
		if (!BEGIN(d, GOLIN_REC_CONTEXT_PASSED, r))
			return -ENOMEM;
		dump_header(&r->h, space_ptr(d, c), 0, 0);
		r->child = node_at(d->m, t->edges.v[e].g)->g.goid;
		r->ctx = c->ctx;
		r->how = hows[t->edges.v[e].how];
		rc = dump_put(d);
		if (rc)
			return rc;
	}
	return 0;
}

static golin_cidx next_of(const struct golin_model *m, golin_cidx i)
{
	const struct golin_context *c = golin_model_context(m, i);

	if (c->first_child != GOLIN_CIDX_NONE)
		return c->first_child;
	while (c->next == GOLIN_CIDX_NONE && c->up != GOLIN_CIDX_NONE)
		c = golin_model_context(m, c->up);
	return c->next;
}

static int dump_counts(struct dump *d)
{
	const struct golin_context_counts *c = &d->m->contexts.counts;
	struct golin_rec_context_counts *r;

	if (!BEGIN(d, GOLIN_REC_CONTEXT_COUNTS, r))
		return -ENOMEM;
	if (d->m->cur_space != NO_SPACE)
		dump_header(&r->h, &d->m->spaces.v[d->m->cur_space], 0, 0);
	r->created = c->created;
	r->cancelled = c->cancelled;
	r->seen = c->seen;
	r->retired = c->retired;
	r->evicted = c->evicted;
	r->orphans = c->orphans;
	return dump_put(d);
}

int dump_contexts(struct dump *d)
{
	const struct golin_model *m = d->m;
	golin_cidx i;
	int rc;

	if (!m->contexts.v.len && !m->contexts.types.len)
		return 0; /* contexts were not watched */
	rc = dump_types(d);
	for (i = m->contexts.root_first; i != GOLIN_CIDX_NONE && !rc; i = next_of(m, i)) {
		const struct golin_context *c = golin_model_context(m, i);

		rc = c->created ? dump_create(d, i) : dump_seen(d, i);
		/* At once: the next one may have had the same address. */
		if (!rc && c->cancelled)
			rc = dump_cancel(d, c);
	}
	for (i = m->contexts.root_first; i != GOLIN_CIDX_NONE && !rc; i = next_of(m, i))
		rc = dump_holders(d, i);
	return rc ? rc : dump_counts(d);
}
