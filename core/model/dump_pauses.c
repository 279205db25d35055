/* SPDX-License-Identifier: BSD-2-Clause */
/* The pauses of the world as records, the oldest first. */
#include <errno.h>
#include "dump_impl.h"

int dump_pauses(struct dump *d)
{
	const struct pauses *t = &d->m->pauses;
	struct golin_rec_gc_pause *r;
	int rc = 0;

	for (size_t i = t->v.len; i > 0 && !rc; i--) {
		size_t at = (t->next + PAUSES_MAX - i) % PAUSES_MAX;
		const struct golin_pause *p = &t->v.v[at];

		if (!BEGIN(d, GOLIN_REC_GC_PAUSE, r))
			return -ENOMEM;
		dump_header(&r->h, &d->m->spaces.v[t->space[at]], p->ts, 0);
		r->duration_ns = p->duration;
		dump_str(d, offsetof(struct golin_rec_gc_pause, reason),
			 golin_model_string(d->m, p->reason));
		rc = dump_put(d);
	}
	return rc;
}
