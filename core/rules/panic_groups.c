/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recovered panics by place, value and who recovered them: a program that panics a thousand times a
 * second does so at few places.
 */
#include "rules_impl.h"

enum { GROUPS_MAX = 4096 };

/* Strings of the model are one at an address. */
static uint64_t key_of(const struct golin_rules *r, golin_pidx i, const struct golin_frame *at)
{
	const struct golin_panic *p = golin_model_panic(r->m, i);
	const struct golin_panic_value *v;
	uint64_t key = map64_mix((uint64_t)(uintptr_t)at->func ^ p->recovered_by);

	key = map64_mix(key ^ (uint64_t)(uintptr_t)at->file) + at->line;
	return golin_panic_values(r->m, i, &v) ? map64_mix(key ^ v[0].type) : key;
}

struct panic_group *panic_group_of(struct golin_rules *r, golin_pidx i)
{
	const struct golin_panic *p = golin_model_panic(r->m, i);
	const struct golin_frame at = panic_raised_at(r, i);
	struct panic_groups *t = &r->panics;
	uint64_t key = key_of(r, i, &at);
	struct panic_group *g;
	uint32_t k;

	if (map64_get(&t->by_key, key, &k)) {
		t->v.v[k].newest = i;
		t->v.v[k].number = p->number;
		return &t->v.v[k];
	}
	if (t->v.len >= GROUPS_MAX || !*at.func)
		return NULL;
	if (!map64_put(&t->by_key, key, (uint32_t)t->v.len)) {
		r->oom = true;
		return NULL;
	}
	g = array_add(&t->v);
	if (!g) {
		map64_del(&t->by_key, key);
		r->oom = true;
		return NULL;
	}
	g->at = at;
	g->by = p->recovered_by;
	g->newest = i;
	g->number = p->number;
	return g;
}

golin_pidx panic_group_example(const struct golin_rules *r, const struct panic_group *g)
{
	const struct golin_panic *p = golin_model_panic(r->m, g->newest);

	return p && p->number == g->number ? g->newest : GOLIN_PIDX_NONE;
}
