/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The places that make contexts, and what the rules keep about each context. A program has few
 * places and few stacks, but a hundred thousand contexts a second: the place is looked up by the
 * number of the stack.
 */
#include "rules_impl.h"

enum {
	CLIMB = 1 << 12, /* contexts above one whose own notes are made with it */
};

static uint32_t site_add(struct golin_rules *r, uint64_t key)
{
	struct site *s;

	if (!r->sites.len && !array_add(&r->sites)) /* SITE_NONE */
		goto oom;
	if (r->sites.len >= SITES_MAX)
		return SITE_NONE;
	s = array_add(&r->sites);
	if (!s || !map64_put(&r->by_place, key, (uint32_t)r->sites.len - 1))
		goto oom;
	return (uint32_t)r->sites.len - 1;
oom:
	r->oom = true;
	return SITE_NONE;
}

/* What the user's code calls there. Of a value the constructor's own frame is not on the stack. */
static const char *call_of(struct golin_rules *r, const struct golin_context *x,
			   const struct golin_frame *inside)
{
	return *inside->func ? inside->func : golin_context_func(r->m, x);
}

static uint32_t site_make(struct golin_rules *r, const struct golin_context *x)
{
	const struct golin_frame outer = golin_context_site(r->m, x);
	struct golin_frame inside;
	const struct golin_frame at = golin_model_user_frame(r->m, x->stack, &inside);
	/* Strings of the model are one at an address. */
	uint64_t key = map64_mix((uint64_t)(uintptr_t)at.func);
	uint32_t i;

	if (!*outer.func)
		return SITE_NONE;
	key = map64_mix(key ^ (uint64_t)(uintptr_t)at.file) + at.line;
	key = map64_mix(key ^ (uint64_t)(uintptr_t)outer.func);
	key = map64_mix(key ^ (uint64_t)(uintptr_t)call_of(r, x, &inside));
	if (map64_get(&r->by_place, key, &i))
		return i;
	i = site_add(r, key);
	if (i == SITE_NONE)
		return i;
	site_at(r, i)->at = at;
	site_at(r, i)->call = call_of(r, x, &inside);
	site_at(r, i)->library = strcmp(outer.func, at.func) != 0;
	site_at(r, i)->conn = !strcmp(outer.func, "net/http.(*conn).readRequest");
	return i;
}

uint32_t site_of(struct golin_rules *r, const struct golin_context *x)
{
	/* A value is made where another kind might be: its stack says less of the constructor. */
	uint64_t key = x->stack ^ ((uint64_t)(x->kind == GOLIN_CTX_VALUE) << 63);
	uint32_t i;

	if (!x->stack)
		return SITE_NONE;
	if (map64_get(&r->by_stack, key, &i))
		return i;
	i = site_make(r, x);
	/* Its names may come later. */
	if (i != SITE_NONE && !map64_put(&r->by_stack, key, i))
		r->oom = true;
	return i;
}

bool context_is_cancellable(const struct golin_context *x)
{
	return x->kind == GOLIN_CTX_CANCEL || x->kind == GOLIN_CTX_TIMER ||
	       x->kind == GOLIN_CTX_AFTER_FUNC;
}

const struct golin_context *ref_get(const struct golin_rules *r, struct ctx_ref ref)
{
	const struct golin_context *x = golin_model_context(r->m, ref.c);

	return x && x->first == ref.first ? x : NULL;
}

static bool has_note(const struct golin_rules *r, golin_cidx c, const struct golin_context *x)
{
	return c < r->notes.len && r->notes.v[c].first == x->first;
}

/* That of the one above it is made already, if that is not too far up. */
static void note_make(struct golin_rules *r, golin_cidx c, const struct golin_context *x)
{
	struct ctx_note n = {.first = x->first, .above = GOLIN_CIDX_NONE, .depth = 1};
	const struct golin_context *up = golin_model_context(r->m, x->up);

	n.site = site_of(r, x);
	if (up && has_note(r, x->up, up)) {
		const struct ctx_note *above = &r->notes.v[x->up];

		n.depth = above->depth + 1;
		if (context_is_cancellable(up)) {
			n.above = x->up;
			n.above_first = up->first;
		} else if (up->kind == GOLIN_CTX_VALUE || up->kind == GOLIN_CTX_FOREIGN) {
			n.above = above->above;
			n.above_first = above->above_first;
		}
	}
	r->notes.v[c] = n;
}

struct ctx_note *note_of(struct golin_rules *r, golin_cidx c, const struct golin_context *x)
{
	golin_cidx chain[CLIMB];
	int n = 0;

	if (has_note(r, c, x))
		return &r->notes.v[c];
	/* One further up may lie behind c: what was there before the rules has no note yet. */
	if (golin_model_context_max(r->m) > r->notes.len) {
		size_t want = golin_model_context_max(r->m);

		if (!array_reserve(&r->notes, want)) {
			r->oom = true;
			return NULL;
		}
		memset(r->notes.v + r->notes.len, 0, (want - r->notes.len) * sizeof(*r->notes.v));
		r->notes.len = want;
	}
	for (golin_cidx i = c; x && n < CLIMB && !has_note(r, i, x);
	     x = golin_model_context(r->m, i)) {
		chain[n++] = i;
		i = x->up;
	}
	while (n-- > 0)
		note_make(r, chain[n], golin_model_context(r->m, chain[n]));
	return &r->notes.v[c];
}
