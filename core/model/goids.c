/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * goid -> index. The runtime hands out goids in order, sixteen at a time to each of its processors,
 * and goroutines that are made together mostly end together. A plain hash would spread them over
 * all of memory; here sixteen neighbours share one cache line, and one entry of a hash.
 */
#include "model_impl.h"

#include <errno.h>

void goids_done(struct goids *t)
{
	array_free(&t->pages);
	map64_done(&t->by_key);
	t->unused = 0;
	t->cached_key = 0;
}

/* The page of a key, or NULL. Number 0 is nobody's. */
static struct goid_page *page_find(const struct goids *t, uint64_t page_key)
{
	struct goids *cache = (struct goids *)t; /* the last page only: a look-up changes nothing */
	uint32_t at;

	if (t->cached && t->cached_key == page_key)
		return &t->pages.v[t->cached];
	if (!map64_get(&t->by_key, page_key, &at))
		return NULL;
	cache->cached = at;
	cache->cached_key = page_key;
	return &t->pages.v[at];
}

golin_gidx goids_get(const struct goids *t, uint64_t key)
{
	const struct goid_page *p = page_find(t, key / GOID_PAGE);

	return p ? p->slot[key % GOID_PAGE] : GOLIN_GIDX_NONE;
}

static int page_add(struct goids *t, uint64_t page_key, struct goid_page **ret)
{
	uint32_t at = t->unused;

	if (!at) {
		if (!t->pages.len && !array_add(&t->pages))
			return -ENOMEM;
		if (!array_reserve(&t->pages, t->pages.len + 1))
			return -ENOMEM;
		at = (uint32_t)t->pages.len;
	}
	if (!map64_put(&t->by_key, page_key, at))
		return -ENOMEM;
	if (at == t->unused)
		t->unused = t->pages.v[at].slot[0];
	else
		t->pages.len++;
	memset(&t->pages.v[at], 0xff, sizeof(t->pages.v[at])); /* GOLIN_GIDX_NONE */
	*ret = &t->pages.v[at];
	return 0;
}

int goids_put(struct goids *t, uint64_t key, golin_gidx i)
{
	struct goid_page *p = page_find(t, key / GOID_PAGE);
	int rc = p ? 0 : page_add(t, key / GOID_PAGE, &p);

	if (!rc)
		p->slot[key % GOID_PAGE] = i;
	return rc;
}

void goids_del(struct goids *t, uint64_t key)
{
	struct goid_page *p = page_find(t, key / GOID_PAGE);
	golin_gidx all = GOLIN_GIDX_NONE;

	if (!p)
		return;
	p->slot[key % GOID_PAGE] = GOLIN_GIDX_NONE;
	for (int k = 0; k < GOID_PAGE; k++)
		all &= p->slot[k];
	if (all != GOLIN_GIDX_NONE)
		return;
	map64_del(&t->by_key, key / GOID_PAGE);
	p->slot[0] = t->unused;
	t->unused = (uint32_t)(p - t->pages.v);
	t->cached = 0;
}

size_t goids_bytes(const struct goids *t)
{
	return t->pages.cap * sizeof(*t->pages.v) + t->by_key.cap * 12;
}
