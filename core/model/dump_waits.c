/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * On what goroutines wait, as records: as it was read first and, since nothing has changed, as it
 * was read last. A context is named when it is still the one at its address.
 */
#include <errno.h>
#include "dump_impl.h"

static uint64_t context_addr(const struct golin_model *m, uint32_t space, golin_cidx c)
{
	if (c == GOLIN_CIDX_NONE || context_find(m, space, ctx_at(m, c)->c.ctx) != c)
		return 0;
	return ctx_at(m, c)->c.ctx;
}

static int dump_answer(struct dump *d, const struct golin_goroutine *g, const struct golin_waits *w,
		       uint64_t ts)
{
	size_t fixed =
		sizeof(struct golin_rec_goroutine_waits) + w->n * sizeof(struct golin_rec_wait);
	struct golin_rec_goroutine_waits *r =
		golin_recbuf_begin(&d->buf, GOLIN_REC_GOROUTINE_WAITS, fixed);
	uint32_t space = space_of(d->m, g);

	if (!r)
		return -ENOMEM;
	dump_header(&r->h, &d->m->spaces.v[space], ts, g->goid);
	r->stack = w->stack;
	r->flags = w->flags;
	r->n = w->n;
	for (uint32_t k = 0; k < w->n; k++)
		r->waits[k] = (struct golin_rec_wait){.chan = w->v[k].chan,
						      .ctx = context_addr(d->m, space, w->v[k].c),
						      .how = w->v[k].how,
						      .flags = w->v[k].flags};
	return dump_put(d);
}

int dump_waits(struct dump *d)
{
	const struct golin_model *m = d->m;
	int rc = 0;

	for (golin_gidx i = m->root_first; i != GOLIN_GIDX_NONE && !rc; i = tree_next(m, i)) {
		struct golin_waits w;

		if (!golin_model_waits(m, i, &w))
			continue;
		if (w.since != w.read)
			rc = dump_answer(d, &node_at(m, i)->g, &w, w.since);
		if (!rc)
			rc = dump_answer(d, &node_at(m, i)->g, &w, w.read);
	}
	return rc;
}
