/* SPDX-License-Identifier: BSD-2-Clause */
/* Which records are events, and about whom. */
#include "export_impl.h"

/* An ended goroutine may have left the model with this very record: its own words serve. */
static void copy_fill(const struct golin_rec *rec, struct golin_goroutine *g)
{
	*g = (struct golin_goroutine){.target = rec->target,
				      .epoch = rec->epoch,
				      .state = (uint8_t)GOLIN_GS_UNKNOWN,
				      .up = GOLIN_GIDX_NONE,
				      .first = GOLIN_GIDX_NONE,
				      .last = GOLIN_GIDX_NONE,
				      .next = GOLIN_GIDX_NONE,
				      .prev = GOLIN_GIDX_NONE};
	if (rec->type == GOLIN_REC_GOROUTINE_EXIT) {
		const struct golin_rec_goroutine_exit *r = (const void *)rec;

		g->goid = rec->goid;
		g->parent = r->parent;
		g->startpc = r->startpc;
		g->gopc = r->gopc;
		g->exited = rec->ts ? rec->ts : 1;
		g->how = r->how <= GOLIN_HOW_GOEXIT ? (uint8_t)r->how : 0;
	} else if (rec->type == GOLIN_REC_GOROUTINE_SEEN) {
		const struct golin_rec_goroutine_seen *r = (const void *)rec;

		g->goid = r->child;
		g->parent = rec->goid;
		g->startpc = r->startpc;
		g->gopc = r->gopc;
		g->flags = GOLIN_GF_ALIVE;
	} else {
		const struct golin_rec_goroutine_create *r = (const void *)rec;

		g->goid = r->child;
		g->parent = rec->goid;
		g->armed_by = r->armed_by;
		g->startpc = r->startpc;
		g->gopc = r->gopc;
		g->stack = r->stack;
		g->created = rec->ts;
		g->via = r->via <= GOLIN_VIA_COROUTINE ? (uint8_t)r->via : 0;
		g->flags = GOLIN_GF_ALIVE | GOLIN_GF_CREATED;
	}
	if (g->parent)
		g->flags |= GOLIN_GF_PARENT_KNOWN;
}

static bool starts_in_runtime(const struct golin_model *m, const struct golin_goroutine *g)
{
	const struct golin_frame *f;
	int n = golin_model_frames(m, g->startpc, &f);

	return n && golin_is_system_func(f[n - 1].func);
}

static uint64_t goid_of(const struct golin_rec *rec)
{
	switch (rec->type) {
	case GOLIN_REC_GOROUTINE_CREATE:
		return ((const struct golin_rec_goroutine_create *)rec)->child;
	case GOLIN_REC_GOROUTINE_SEEN: {
		const struct golin_rec_goroutine_seen *r = (const void *)rec;

		return r->flags & GOLIN_G_AGAIN ? 0 : r->child;
	}
	case GOLIN_REC_GOROUTINE_EXIT:
		return rec->goid;
	default:
		return 0;
	}
}

bool export_event_get(const struct golin_model *m, const struct golin_export_opts *o,
		      const struct golin_rec *rec, struct export_event *ret)
{
	uint64_t goid = goid_of(rec);

	if (!goid)
		return false;
	ret->g = golin_model_goroutine(m, golin_model_find_key(m, rec->target, rec->epoch, goid));
	if (!ret->g) {
		copy_fill(rec, &ret->copy);
		if (starts_in_runtime(m, &ret->copy))
			ret->copy.flags |= GOLIN_GF_SYSTEM;
		ret->g = &ret->copy;
	}
	return export_wanted(m, o, ret->g);
}
