/* SPDX-License-Identifier: BSD-2-Clause */
/* The timers as records: the sites with what they counted, then the timers, ended ones in order. */
#include <errno.h>
#include "dump_impl.h"

static int dump_site(struct dump *d, const struct timer_site *s)
{
	struct golin_rec_timer_site *r;

	if (!BEGIN(d, GOLIN_REC_TIMER_SITE, r))
		return -ENOMEM;
	dump_header(&r->h, &d->m->spaces.v[s->place.space], 0, s->s.goid);
	r->stack = s->s.stack;
	r->made = s->s.made;
	r->stopped = s->s.stopped;
	r->fired = s->s.fired;
	r->held_read = s->held_read;
	r->held_before = s->s.held_before;
	r->held_first = s->s.held_first;
	r->oldest = s->s.oldest;
	r->delay_max = s->s.delay_max;
	r->kind = s->s.kind;
	r->was_read = s->was_read;
	return dump_put(d);
}

static int dump_timer(struct dump *d, const struct timer *x)
{
	const struct golin_timer_site *s = &d->m->timers.sites.v[x->site].s;
	uint64_t when = x->armed + (uint64_t)x->delay;
	struct golin_rec_timer_start *r;

	if (!BEGIN(d, GOLIN_REC_TIMER_START, r))
		return -ENOMEM;
	dump_header(&r->h, &d->m->spaces.v[x->space], x->armed, 0);
	r->timer = x->addr;
	r->stack = s->stack;
	r->kind = s->kind;
	r->flags = GOLIN_TIMER_DUMPED | (x->held ? GOLIN_TIMER_WAS_HELD : 0);
	if (x->state == TIMER_PENDING) {
		r->when_ns = when > INT64_MAX ? INT64_MAX : (int64_t)when;
	} else {
		/* It is armed no more: its time is that of its end. */
		r->h.ts = x->ended;
		r->flags |= x->state == TIMER_FIRED	? GOLIN_TIMER_WAS_FIRED
			    : x->state == TIMER_STOPPED ? GOLIN_TIMER_WAS_STOPPED
							: GOLIN_TIMER_WAS_GONE;
	}
	return dump_put(d);
}

static int dump_read(struct dump *d)
{
	struct golin_rec_timer_site *r;

	if (!BEGIN(d, GOLIN_REC_TIMER_SITE, r))
		return -ENOMEM;
	if (d->m->cur_space != NO_SPACE)
		dump_header(&r->h, &d->m->spaces.v[d->m->cur_space], 0, 0);
	r->read = d->m->timers.read;
	return dump_put(d);
}

int dump_timers(struct dump *d)
{
	const struct timers *t = &d->m->timers;
	int rc = t->read ? dump_read(d) : 0;

	for (size_t i = 0; i < t->sites.len && !rc; i++)
		rc = dump_site(d, &t->sites.v[i]);
	for (size_t i = 0; i < t->v.len && !rc; i++)
		if (t->v.v[i].state == TIMER_PENDING)
			rc = dump_timer(d, &t->v.v[i]);
	for (uint32_t i = t->ended_head; i != TIMER_NONE && !rc; i = t->v.v[i].next)
		rc = dump_timer(d, &t->v.v[i]);
	return rc;
}
