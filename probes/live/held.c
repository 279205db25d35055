/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/held.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/err.h"
#include "live/configure.h"
#include "live/source.h"

void held_reset(struct held *h)
{
	free(h->t.v);
	memset(h, 0, sizeof(*h));
}

int live_held_read(struct live *l, struct golin_err *err)
{
	struct golin_memory m = live_memory(l);
	const struct golin_plan_hook *context = plan_hook(&l->plan, "timer.context");
	struct held *h = &l->held;
	uint64_t funcs[2];
	size_t n = 0;
	int e;

	if (!l->dec.gofunc && !l->dec.sendtime)
		return golin_err_set(err, -EOPNOTSUPP, "timers are not watched");
	if (h->on)
		return 0;
	if (l->dec.gofunc)
		funcs[n++] = l->dec.gofunc;
	if (l->dec.sendtime)
		funcs[n++] = l->dec.sendtime;
	h->since = live_now();
	/* A context's timer may be where one was that is known, and had ended. */
	e = golin_memory_timers(&m, funcs, n, context ? context->site.func_lo : 0,
				GOLIN_TIMER_HELD_MAX, &h->t, err);
	if (e)
		return e == -ENODATA ? -EOPNOTSUPP : e;
	h->next = 0;
	h->pos = ring_end(&l->ring);
	h->on = true;
	return 0;
}

static int put_part(struct live *l, const struct golin_sink *sink)
{
	struct held *h = &l->held;
	size_t left = h->t.n - h->next;
	size_t n = left < GOLIN_TIMER_HELD_PART ? left : GOLIN_TIMER_HELD_PART;
	struct golin_rec_timer_held *r;
	const struct golin_rec *rec;

	r = golin_recbuf_begin(&l->buf, GOLIN_REC_TIMER_HELD, sizeof(*r) + n * sizeof(uint64_t));
	if (!r)
		return -ENOMEM;
	decode_header(&l->dec, &r->h, GOLIN_REC_TIMER_HELD, 0, live_now(), 0);
	r->since = h->since;
	r->n = (uint32_t)n;
	r->last = n == left;
	r->unread = h->t.unread;
	r->cut = h->t.cut;
	if (n)
		memcpy(r->timers, h->t.v + h->next, n * sizeof(uint64_t));
	h->next += n;
	if (n == left)
		held_reset(h);
	rec = golin_recbuf_end(&l->buf);
	return rec ? live_put(sink, rec) : -ENOMEM;
}

int live_held_put(struct live *l, const struct golin_sink *sink, int max)
{
	int n = 0, r;

	while (l->held.on && ring_start(&l->ring) >= l->held.pos && n < max) {
		r = put_part(l, sink);
		if (r < 0)
			return r;
		n++;
	}
	return n;
}
