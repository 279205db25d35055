/* SPDX-License-Identifier: BSD-2-Clause */
#include "live/kept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "live/contexts_impl.h"
#include "live/source.h"
#include "memory/heap.h"
#include "memory/mem.h"

enum { TRIES = 3 };

bool live_kept_wanted(const struct live *l, const struct golin_mem_goroutine *g)
{
	return l->o.panics || l->o.groups & GOLIN_GROUP_PANICS || g->panics;
}

void live_kept_moved(struct kept *k)
{
	k->d.flags = GOLIN_DEFERS_MOVED;
	k->d.npanics = k->d.ndefers = k->d.thread = 0;
}

/* ---- reading ---- */

static int read_memory(void *arg, uint64_t addr, void *buf, size_t len)
{
	const struct golin_memory *m = arg;

	return mem_range_ok(addr, len) ? mem_read(m->mem_fd, addr, buf, len) : -EFAULT;
}

/* Of types nothing is known: what the value is, is not either. */
static void unknown(const struct mem_panic *p, struct value *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->type = p->type;
	ret->data = p->data;
	ret->flags = GOLIN_VALUE_PARTIAL;
}

static void describe(struct live *l, struct golin_memory *m, struct kept *k)
{
	const struct value_reader r = {.read = read_memory,
				       .arg = m,
				       .types = &l->contexts.types,
				       .hide = l->o.hide_values};
	uint64_t base, end;

	for (uint32_t i = 0; i < k->d.npanics; i++) {
		const struct mem_panic *p = &k->d.panics[i];
		struct value *v = &k->values[i];

		if (!p->type)
			memset(v, 0, sizeof(*v));
		else if (!l->contexts.open || !value_describe(&r, p->type, p->data, v, 1))
			unknown(p, v);
		if (p->type && heap_object(&l->contexts.heap, p->data, &base, &end))
			v->flags |= GOLIN_VALUE_HEAP;
	}
}

int live_kept_read(struct live *l, const struct golin_mem_goroutine *g, struct kept **ret)
{
	struct defer_info info = defer_cache_info(&l->reads.defers, l->p);
	struct golin_memory m = live_memory(l);
	struct mem_defers *d = malloc(sizeof(*d));
	struct kept *k = NULL;
	bool sure = false;
	int e = d ? 0 : -ENOMEM;

	for (int i = 0; i < TRIES && !e && !sure; i++) {
		free(k);
		k = NULL;
		if (mem_goroutine_defers(&m, g->g, g->goid, &info, d, NULL))
			break; /* gone just now */
		k = calloc(1, sizeof(*k) + d->npanics * sizeof(k->values[0]));
		e = k ? 0 : -ENOMEM;
		if (e)
			break;
		k->d = *d;
		describe(l, &m, k);
		k->ts = live_now();
		/* Its values are those of the panics that it has, while it stands there. */
		sure = d->flags & GOLIN_DEFERS_MOVED || mem_defers_hold(&m, d);
	}
	free(d);
	if (k && !sure)
		live_kept_moved(k);
	*ret = k;
	return e;
}

/* ---- telling ---- */

static int put_before(struct live *l, const struct golin_sink *sink, const struct kept *k)
{
	int n = 0, e;

	for (uint32_t i = 0; i < k->d.npanics; i++) {
		e = l->contexts.open && k->values[i].type
			    ? ctx_tell_type(&l->contexts, sink, k->values[i].type)
			    : 0;
		if (e < 0)
			return e;
		n += e;
	}
	for (uint32_t i = 0; i < k->d.ndefers; i++) {
		live_names_want(&l->names, k->d.defers[i].pc);
		live_names_want(&l->names, k->d.defers[i].at);
	}
	e = live_names(l, sink);
	return e < 0 ? e : n + e;
}

/* The stack of a panic, from the caller of gopanic or Goexit on; how many records. */
static int put_stack(struct live *l, const struct golin_sink *sink, const struct kept *k,
		     const struct mem_panic *p, uint64_t *ret_id)
{
	const struct mem_frame *f = k->d.frames;
	uint16_t words[GOLIN_STACK_MAX];
	uint64_t pcs[GOLIN_STACK_MAX];
	uint32_t n = 0, at = p->frame + 1;

	*ret_id = 0;
	if (p->frame >= k->d.nframes || at >= k->d.nframes)
		return 0;
	for (; n < GOLIN_STACK_MAX && at < k->d.nframes; n++, at++) {
		uint64_t up = at + 1 < k->d.nframes ? (f[at + 1].sp - f[at].sp) / 8 : 0;

		pcs[n] = f[at].pc;
		words[n] = up <= UINT16_MAX ? (uint16_t)up : 0;
	}
	return live_reads_put_stack(
		l, sink,
		&(struct read_stack){.pcs = pcs,
				     .words = words,
				     .n = n,
				     .truncated = at < k->d.nframes || !k->d.whole},
		k->ts, ret_id);
}

static void fill(struct live *l, const struct kept *k, const uint64_t *stacks,
		 struct golin_rec_goroutine_defers *r)
{
	struct golin_rec_kept_defer *defers =
		(struct golin_rec_kept_defer *)(void *)&r->panics[k->d.npanics];

	r->flags = k->d.flags;
	r->thread = k->d.thread;
	r->npanics = k->d.npanics;
	r->ndefers = k->d.ndefers;
	for (uint32_t i = 0; i < k->d.npanics; i++) {
		const struct mem_panic *p = &k->d.panics[i];
		const struct value *v = &k->values[i];

		r->panics[i] = (struct golin_rec_kept_panic){
			.addr = p->addr,
			.flags = p->flags,
			.depth = p->depth,
			.stack = stacks[i],
			.value = {.type = v->type ? decode_pc(&l->dec, v->type) : 0,
				  .data = v->data,
				  .size = v->size,
				  .flags = v->flags},
		};
	}
	for (uint32_t i = 0; i < k->d.ndefers; i++) {
		const struct mem_defer *d = &k->d.defers[i];

		defers[i] = (struct golin_rec_kept_defer){.pc = d->pc,
							  .at = d->at,
							  .depth = k->d.stand.at.hi - d->sp,
							  .flags = d->flags};
	}
}

int live_kept_put(struct live *l, const struct golin_sink *sink, const struct kept *k,
		  uint64_t goid)
{
	size_t fixed = sizeof(struct golin_rec_goroutine_defers) +
		       k->d.npanics * sizeof(struct golin_rec_kept_panic) +
		       k->d.ndefers * sizeof(struct golin_rec_kept_defer);
	struct golin_rec_goroutine_defers *r;
	const struct golin_rec *rec;
	uint64_t stacks[GOLIN_KEPT_MAX];
	int n = put_before(l, sink, k), e = 0;

	for (uint32_t i = 0; i < k->d.npanics && n >= 0 && e >= 0; i++) {
		e = put_stack(l, sink, k, &k->d.panics[i], &stacks[i]);
		n += e;
	}
	if (n < 0 || e < 0)
		return e < 0 ? e : n;
	r = golin_recbuf_begin(&l->buf, GOLIN_REC_GOROUTINE_DEFERS, fixed);
	if (!r)
		return -ENOMEM;
	decode_header(&l->dec, &r->h, GOLIN_REC_GOROUTINE_DEFERS, 0, k->ts, goid);
	fill(l, k, stacks, r);
	for (uint32_t i = 0; i < k->d.npanics; i++) {
		size_t at = offsetof(struct golin_rec_goroutine_defers, panics) +
			    i * sizeof(struct golin_rec_kept_panic) +
			    offsetof(struct golin_rec_kept_panic, value) +
			    offsetof(struct golin_rec_value, text);

		golin_recbuf_str(&l->buf, at, k->values[i].text, strlen(k->values[i].text));
	}
	rec = golin_recbuf_end(&l->buf);
	e = rec ? live_put(sink, rec) : -ENOMEM;
	return e < 0 ? e : n + 1;
}
