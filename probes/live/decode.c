/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdbool.h>
#include <string.h>
#include "live/decode.h"
#include "memory/mem.h"

void decode_header(const struct decoder *d, struct golin_rec *h, uint16_t type, uint32_t size,
		   uint64_t ts, uint64_t goid)
{
	h->type = type;
	h->version = 1;
	h->size = size;
	h->target = d->target;
	h->epoch = d->epoch;
	h->ts = ts;
	h->goid = goid;
}

/*
 * The function that it starts, where BPF could not read that: in a constant of the program, whose
 * page was not there yet.
 */
static uint64_t decode_start(const struct decoder *d, const struct wire_create *w)
{
	uint64_t pc = w->startpc;

	if (w->h.flags & WIRE_F_LATE && mem_read(d->mem_fd, w->startpc, &pc, sizeof(pc)))
		return 0;
	return decode_pc(d, pc);
}

static void decode_create(const struct decoder *d, const struct wire_create *w,
			  struct golin_rec_goroutine_create *r)
{
	bool timer = w->h.flags & WIRE_F_TIMER;

	decode_header(d, &r->h, GOLIN_REC_GOROUTINE_CREATE, sizeof(*r), w->h.ts,
		      timer ? 0 : w->parent);
	r->child = w->child;
	r->startpc = decode_start(d, w);
	r->gopc = decode_ret(d, w->gopc);
	r->stack = timer ? 0 : w->ref;
	r->armed_by = timer ? w->ref : 0;
	r->via = timer			    ? GOLIN_VIA_TIMER
		 : w->h.flags & WIRE_F_CORO ? GOLIN_VIA_COROUTINE
					    : GOLIN_VIA_GO;
	r->flags = GOLIN_G_PARENT_KNOWN;
	if (w->h.flags & WIRE_F_PARTIAL)
		r->flags = GOLIN_G_PARTIAL | (w->parent ? GOLIN_G_PARENT_KNOWN : 0);
}

static void decode_exit(const struct decoder *d, const struct wire_exit *w,
			struct golin_rec_goroutine_exit *r)
{
	uint64_t ret = decode_pc(d, w->ret);

	decode_header(d, &r->h, GOLIN_REC_GOROUTINE_EXIT, sizeof(*r), w->h.ts, w->goid);
	r->parent = w->parent;
	r->startpc = decode_pc(d, w->startpc);
	r->gopc = decode_ret(d, w->gopc);
	r->how = GOLIN_HOW_RETURN;
	if (w->h.flags & WIRE_F_GOEXIT || (ret && ret >= d->goexit_lo && ret < d->goexit_hi))
		r->how = GOLIN_HOW_GOEXIT;
	r->flags = w->h.flags & WIRE_F_PARTIAL ? GOLIN_G_PARTIAL : 0;
	if (w->parent)
		r->flags |= GOLIN_G_PARENT_KNOWN;
}

/* Of a stack with words above its pcs. */
#define PC_MASK ((1ULL << 48) - 1)

static uint64_t stack_pc(const struct decoder *d, const struct wire_stack *w, uint32_t i)
{
	return decode_ret(d, w->h.flags & WIRE_F_WORDS ? w->pcs[i] & PC_MASK : w->pcs[i]);
}

static void decode_stack(const struct decoder *d, const struct wire_stack *w,
			 struct golin_rec_stack *r)
{
	uint32_t size = sizeof(*r) + 8 * w->n;
	uint16_t *words = (uint16_t *)&r->pcs[w->n];

	if (w->h.flags & WIRE_F_WORDS) {
		memset(words, 0, 8 * ((w->n + 3) / 4));
		size += 8 * ((w->n + 3) / 4);
		for (uint32_t i = 0; i < w->n; i++)
			words[i] = (uint16_t)(w->pcs[i] >> 48);
	}
	decode_header(d, &r->h, GOLIN_REC_STACK, size, w->h.ts, 0);
	r->id = w->id;
	r->n = w->n;
	r->truncated = w->truncated;
	for (uint32_t i = 0; i < w->n; i++)
		r->pcs[i] = stack_pc(d, w, i);
}

/* 0: not one of package time's own. */
static uint32_t timer_kind(const struct decoder *d, const struct wire_timer_start *w)
{
	uint64_t code = w->code;

	/* The func value is one of the program's constants. */
	if (!code && mem_read(d->mem_fd, w->f, &code, sizeof(code)))
		return 0;
	code = decode_pc(d, code);
	if (code && code == d->gofunc)
		return GOLIN_TIMER_FUNC;
	if (!code || code != d->sendtime)
		return 0;
	return w->period ? GOLIN_TIMER_TICKER : GOLIN_TIMER_CHAN;
}

static bool decode_timer_start(const struct decoder *d, const struct wire_timer_start *w,
			       struct golin_rec_timer_start *r)
{
	*r = (struct golin_rec_timer_start){.kind = timer_kind(d, w)};
	decode_header(d, &r->h, GOLIN_REC_TIMER_START, sizeof(*r), w->h.ts, w->goid);
	r->timer = w->timer;
	r->stack = w->stack;
	r->when_ns = (int64_t)w->when;
	r->period_ns = (int64_t)w->period;
	r->again = !!(w->h.flags & WIRE_F_AGAIN);
	r->flags = w->h.flags & WIRE_F_PARTIAL ? GOLIN_TIMER_PARTIAL : 0;
	return r->kind != 0;
}

static void decode_timer_end(const struct decoder *d, const struct wire_timer_end *w,
			     struct golin_rec_timer_end *r)
{
	*r = (struct golin_rec_timer_end){.timer = w->timer};
	decode_header(d, &r->h, GOLIN_REC_TIMER_END, sizeof(*r), w->h.ts, w->goid);
	r->how = w->h.flags & WIRE_F_FIRED ? GOLIN_TIMER_FIRED : GOLIN_TIMER_STOPPED;
	r->flags = w->h.flags & WIRE_F_PARTIAL ? GOLIN_TIMER_PARTIAL : 0;
}

static bool whole_stack(const struct wire_hdr *w)
{
	const struct wire_stack *s = (const void *)w;

	return w->size >= WIRE_STACK_FIXED && s->n <= WIRE_STACK_MAX &&
	       w->size == WIRE_STACK_FIXED + 8 * s->n;
}

bool decode_record(const struct decoder *d, const struct wire_hdr *w, union decoded *ret)
{
	switch (w->type) {
	case WIRE_CREATE:
		if (w->size != sizeof(struct wire_create))
			return false;
		decode_create(d, (const void *)w, &ret->create);
		return true;
	case WIRE_EXIT:
		if (w->size != sizeof(struct wire_exit))
			return false;
		decode_exit(d, (const void *)w, &ret->exit);
		return true;
	case WIRE_STACK:
		if (!whole_stack(w))
			return false;
		decode_stack(d, (const void *)w, &ret->stack);
		return true;
	case WIRE_TIMER_START:
		return w->size == sizeof(struct wire_timer_start) &&
		       decode_timer_start(d, (const void *)w, &ret->timer_start);
	case WIRE_TIMER_END:
		if (w->size != sizeof(struct wire_timer_end))
			return false;
		decode_timer_end(d, (const void *)w, &ret->timer_end);
		return true;
	}
	return false;
}

void decode_pcs(const struct decoder *d, const struct wire_hdr *w,
		void (*want)(void *arg, uint64_t pc), void *arg)
{
	if (w->type == WIRE_CREATE && w->size == sizeof(struct wire_create)) {
		const struct wire_create *c = (const void *)w;

		want(arg, decode_start(d, c));
		want(arg, decode_ret(d, c->gopc));
	} else if (w->type == WIRE_EXIT && w->size == sizeof(struct wire_exit)) {
		const struct wire_exit *e = (const void *)w;

		want(arg, decode_pc(d, e->startpc));
		want(arg, decode_ret(d, e->gopc));
	} else if (w->type == WIRE_STACK && whole_stack(w)) {
		const struct wire_stack *s = (const void *)w;

		for (uint32_t i = 0; i < s->n; i++)
			want(arg, stack_pc(d, s, i));
	}
}
