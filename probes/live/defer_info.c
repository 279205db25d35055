/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/defer_info.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "image_process.h"

enum { KNOWN_MAX = 1 << 16, BATCH = 256 };

void defer_cache_done(struct defer_cache *c)
{
	map64_done(&c->known);
	array_free(&c->v);
	memset(c, 0, sizeof(*c));
}

static int remember(struct defer_cache *c, const uint64_t *pcs, const struct golin_func_defers *d,
		    size_t n)
{
	if (!array_reserve(&c->v, c->v.len + n))
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (!map64_put(&c->known, pcs[i], (uint32_t)c->v.len))
			return -ENOMEM;
		c->v.v[c->v.len++] = d[i];
	}
	return 0;
}

static bool is_among(const uint64_t *v, size_t n, uint64_t pc)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == pc)
			return true;
	return false;
}

static int learn(void *arg, const uint64_t *pcs, size_t n)
{
	struct defer_cache *c = arg;
	struct golin_func_defers *d;
	uint64_t fresh[BATCH];
	uint32_t at;
	int e = 0;

	/* A program that makes up stacks without end does not take our memory. */
	if (c->v.len + n > KNOWN_MAX) {
		struct golin_imgproc *p = c->p;

		defer_cache_done(c);
		c->p = p;
	}
	for (size_t i = 0; i < n && !e;) {
		size_t k = 0;

		for (; i < n && k < BATCH; i++)
			if (!map64_get(&c->known, pcs[i], &at) && !is_among(fresh, k, pcs[i]))
				fresh[k++] = pcs[i];
		if (!k)
			break;
		d = calloc(k, sizeof(*d));
		e = d ? golin_imgproc_defers(c->p, fresh, k, d, NULL) : -ENOMEM;
		if (!e)
			e = remember(c, fresh, d, k);
		free(d);
	}
	return e;
}

static const struct golin_func_defers *find(void *arg, uint64_t pc)
{
	struct defer_cache *c = arg;
	uint32_t at;

	return map64_get(&c->known, pc, &at) ? &c->v.v[at] : NULL;
}

struct defer_info defer_cache_info(struct defer_cache *c, struct golin_imgproc *p)
{
	c->p = p;
	return (struct defer_info){.learn = learn, .find = find, .arg = c};
}
