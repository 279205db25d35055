/* SPDX-License-Identifier: BSD-2-Clause */
/* What was read of goroutines' panics and defers, as records. */
#include <errno.h>
#include "dump_impl.h"

static int dump_answer(struct dump *d, const struct golin_goroutine *g, const struct golin_kept *k)
{
	size_t fixed = sizeof(struct golin_rec_goroutine_defers) +
		       k->npanics * sizeof(struct golin_rec_kept_panic) +
		       k->ndefers * sizeof(struct golin_rec_kept_defer);
	struct golin_rec_goroutine_defers *r =
		golin_recbuf_begin(&d->buf, GOLIN_REC_GOROUTINE_DEFERS, fixed);

	if (!r)
		return -ENOMEM;
	dump_header(&r->h, &d->m->spaces.v[space_of(d->m, g)], k->read, g->goid);
	r->flags = k->flags;
	r->thread = k->thread;
	r->npanics = k->npanics;
	r->ndefers = k->ndefers;
	for (uint32_t i = 0; i < k->npanics; i++)
		r->panics[i] = (struct golin_rec_kept_panic){
			.addr = k->panics[i].addr,
			.flags = k->panics[i].flags,
			.depth = k->panics[i].depth,
			.stack = k->panics[i].stack,
			.value = {.type = k->panics[i].value.type_addr,
				  .data = k->panics[i].value.data,
				  .size = k->panics[i].value.size,
				  .flags = k->panics[i].value.flags,
				  .up = k->panics[i].value.up},
		};
	memcpy(&r->panics[k->npanics], k->defers, k->ndefers * sizeof(k->defers[0]));
	for (uint32_t i = 0; i < k->npanics; i++)
		dump_str(d,
			 offsetof(struct golin_rec_goroutine_defers, panics) +
				 i * sizeof(struct golin_rec_kept_panic) +
				 offsetof(struct golin_rec_kept_panic, value.text),
			 golin_model_string(d->m, k->panics[i].value.text));
	return dump_put(d);
}

int dump_kept(struct dump *d)
{
	const struct golin_model *m = d->m;
	int rc = 0;

	if (!m->kepts.by_goid.len)
		return 0;
	for (golin_gidx i = m->root_first; i != GOLIN_GIDX_NONE && !rc; i = tree_next(m, i)) {
		struct golin_kept k;

		if (golin_model_kept(m, i, &k))
			rc = dump_answer(d, &node_at(m, i)->g, &k);
	}
	return rc;
}
