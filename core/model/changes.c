/* SPDX-License-Identifier: BSD-2-Clause */
/* What befell contexts lately: a ring, in which a reader that is too slow misses the oldest. */
#include "model_impl.h"

#include <errno.h>

int golin_model_keep_changes(struct golin_model *m, uint32_t n)
{
	struct changes *t = &m->changes;
	struct golin_context_change *v = calloc(n, sizeof(*v));

	if (!v)
		return -ENOMEM;
	free(t->v);
	t->v = v;
	t->n = n;
	return 0;
}

void changes_add(struct golin_model *m, golin_cidx c, uint8_t what, golin_gidx g, uint8_t how)
{
	struct changes *t = &m->changes;

	if (!t->n)
		return;
	t->v[t->count++ & (t->n - 1)] = (struct golin_context_change){
		.first = ctx_at(m, c)->c.first, .c = c, .g = g, .what = what, .how = how};
}

size_t changes_bytes(const struct changes *t)
{
	return t->n * sizeof(*t->v);
}

uint32_t golin_model_changes(const struct golin_model *m, uint64_t *cursor,
			     struct golin_context_change *ret, uint32_t max, uint64_t *ret_missed)
{
	const struct changes *t = &m->changes;
	uint64_t oldest = t->count > t->n ? t->count - t->n : 0;
	uint32_t got = 0;

	if (*cursor < oldest) {
		*ret_missed += oldest - *cursor;
		*cursor = oldest;
	}
	while (got < max && *cursor < t->count)
		ret[got++] = t->v[(*cursor)++ & (t->n - 1)];
	return got;
}

uint64_t golin_model_changes_end(const struct golin_model *m)
{
	return m->changes.count;
}
