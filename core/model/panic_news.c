/* SPDX-License-Identifier: BSD-2-Clause */
/* What befell panics lately: a ring, in which a reader that is too slow misses the oldest. */
#include "model_impl.h"

#include <errno.h>

int panic_tell(struct golin_model *m, golin_pidx i, uint8_t what)
{
	struct panic_news *t = &m->panic_news;

	if (!t->v)
		t->v = calloc(PANIC_NEWS, sizeof(*t->v));
	if (!t->v)
		return -ENOMEM;
	t->v[t->count++ & (PANIC_NEWS - 1)] =
		(struct golin_panic_news){.number = panic_at(m, i)->p.number, .what = what};
	return 0;
}

size_t panic_news_bytes(const struct panic_news *t)
{
	return t->v ? PANIC_NEWS * sizeof(*t->v) : 0;
}

uint32_t golin_model_panic_news(const struct golin_model *m, uint64_t *cursor, uint64_t *missed,
				struct golin_panic_news *ret, uint32_t max)
{
	const struct panic_news *t = &m->panic_news;
	uint64_t oldest = t->count > PANIC_NEWS ? t->count - PANIC_NEWS : 0;
	uint32_t got = 0;

	if (*cursor < t->from)
		*cursor = t->from;
	if (*cursor < oldest) {
		*missed += oldest - *cursor;
		*cursor = oldest;
	}
	while (got < max && *cursor < t->count)
		ret[got++] = t->v[(*cursor)++ & (PANIC_NEWS - 1)];
	return got;
}
