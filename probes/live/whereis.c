/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/whereis.h"

#include <string.h>

void whereis_done(struct whereis *w)
{
	map64_done(&w->slots);
	array_free(&w->g);
	array_free(&w->unused);
	memset(w, 0, sizeof(*w));
}

void whereis_put(struct whereis *w, uint64_t goid, uint64_t g)
{
	uint32_t i;

	if (map64_get(&w->slots, goid, &i)) {
		w->g.v[i] = g;
		return;
	}
	if (w->unused.len) {
		i = w->unused.v[--w->unused.len];
	} else {
		/* A slot that is given back must find room. */
		if (!array_reserve(&w->unused, w->g.len + 1) || !array_add(&w->g))
			return;
		i = (uint32_t)(w->g.len - 1);
	}
	w->g.v[i] = g;
	if (!map64_put(&w->slots, goid, i))
		w->unused.v[w->unused.len++] = i;
}

void whereis_del(struct whereis *w, uint64_t goid)
{
	uint32_t i;

	if (!map64_get(&w->slots, goid, &i))
		return;
	map64_del(&w->slots, goid);
	w->unused.v[w->unused.len++] = i;
}

bool whereis_get(const struct whereis *w, uint64_t goid, uint64_t *ret_g)
{
	uint32_t i;

	if (!map64_get(&w->slots, goid, &i))
		return false;
	*ret_g = w->g.v[i];
	return true;
}
