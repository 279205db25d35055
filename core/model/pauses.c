/* SPDX-License-Identifier: BSD-2-Clause */
/* The times in which the world stood still. */
#include <errno.h>
#include "model_impl.h"

void pauses_done(struct pauses *t)
{
	array_free(&t->v);
}

/* The ith newest. */
static const struct golin_pause *newest(const struct pauses *t, size_t i)
{
	return &t->v.v[(t->next + PAUSES_MAX - 1 - i) % PAUSES_MAX];
}

int model_apply_pause(struct golin_model *m, const struct golin_rec_gc_pause *r, uint32_t space)
{
	struct pauses *t = &m->pauses;
	struct golin_pause p = {.ts = r->h.ts, .duration = r->duration_ns};
	int rc = strings_intern(&m->strings, golin_rec_text(&r->h, r->reason), r->reason.len,
				&p.reason);

	if (rc)
		return rc;
	/* Nobody stops the world before it goes on. */
	if (t->v.len && p.ts < newest(t, 0)->ts)
		return 0;
	if (!array_reserve(&t->v, PAUSES_MAX))
		return -ENOMEM;
	t->v.v[t->next] = p;
	t->space[t->next] = space;
	t->next = (t->next + 1) % PAUSES_MAX;
	if (t->v.len < PAUSES_MAX)
		t->v.len++;
	return 0;
}

uint64_t golin_model_paused(const struct golin_model *m, uint64_t from, uint64_t to)
{
	const struct pauses *t = &m->pauses;
	uint64_t sum = 0;

	for (size_t i = 0; i < t->v.len; i++) {
		const struct golin_pause *p = newest(t, i);
		uint64_t end = p->ts + p->duration < p->ts ? UINT64_MAX : p->ts + p->duration;
		uint64_t lo = p->ts > from ? p->ts : from, hi = end < to ? end : to;

		if (end <= from)
			break; /* and so are those before it */
		if (lo < hi)
			sum += hi - lo;
	}
	return sum;
}

uint32_t golin_model_pauses(const struct golin_model *m, struct golin_pause *ret, uint32_t max)
{
	uint32_t n = 0;

	while (n < max && n < m->pauses.v.len) {
		ret[n] = *newest(&m->pauses, n);
		n++;
	}
	return n;
}
