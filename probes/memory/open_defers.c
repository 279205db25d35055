/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open-coded defers: nothing is linked anywhere, the frames alone have them. What the functions'
 * funcdata says is read as the runtime reads it for a panic (runtime/panic.go).
 */
#include <errno.h>
#include <string.h>
#include "golin/offsets.h"
#include "memory/defers.h"
#include "memory/mem.h"

enum {
	MINOR_OPEN = 14, /* before, there are none */
	BATCH = 256,	 /* frames whose functions are asked about at once */
};

struct look {
	const struct golin_memory *m;
	const struct stand *s;
	const struct defer_info *info;
	struct stack_frame frames[BATCH];
	size_t nframes;
	struct mem_defer *ret;
	uint32_t max, n, flags;
	bool all; /* nothing was left out so far */
	int error;
};

/* The frame's own bytes lie between its stack pointer and its frame pointer. */
static bool in_frame(const struct stack_frame *f, uint32_t below, uint32_t size)
{
	return f->bp && below >= size && below <= f->bp - f->sp;
}

static int one_frame(struct look *l, const struct stack_frame *f, const struct golin_func_defers *d)
{
	uint8_t bits;
	int e;

	if (d->open == GOLIN_OPEN_NONE)
		return 0;
	if (d->open != GOLIN_OPEN_KNOWN || !in_frame(f, d->bits, 1))
		return -EFAULT;
	e = mem_read(l->m->mem_fd, f->bp - d->bits, &bits, 1);
	if (e)
		return e;
	if (bits >> d->n)
		return -EFAULT;
	for (uint32_t i = d->n; i-- > 0;) { /* the last statement runs first */
		struct mem_defer *r = &l->ret[l->n];
		uint64_t fn;

		if (!(bits & 1u << i))
			continue;
		if (l->n == l->max) {
			l->flags |= GOLIN_DEFERS_MORE;
			return 0;
		}
		if (!in_frame(f, d->slots[i], sizeof(fn)))
			return -EFAULT;
		e = mem_read(l->m->mem_fd, f->bp - d->slots[i], &fn, sizeof(fn));
		if (e)
			return e;
		*r = (struct mem_defer){.pc = func_value_pc(l->m, fn),
					.at = d->at[i] ? d->lo + d->at[i] : 0,
					.sp = f->sp,
					.flags = GOLIN_DEFER_OPEN};
		if (fn && !r->pc)
			l->flags |= GOLIN_DEFERS_PARTIAL;
		l->n++;
	}
	return 0;
}

/* False: no more frames are wanted. */
static bool batch(struct look *l)
{
	uint64_t pcs[BATCH];
	int e;

	for (size_t i = 0; i < l->nframes; i++)
		pcs[i] = l->frames[i].pc - l->m->bias;
	e = l->nframes ? l->info->learn(l->info->arg, pcs, l->nframes) : 0;
	if (e) { /* of the program nothing is to be had any more */
		l->all = false;
		return false;
	}
	for (size_t i = 0; i < l->nframes && !(l->flags & GOLIN_DEFERS_MORE); i++) {
		const struct golin_func_defers *d = l->info->find(l->info->arg, pcs[i]);

		e = d ? one_frame(l, &l->frames[i], d) : -EFAULT;
		if (e && e != -EFAULT) {
			l->error = e;
			return false;
		}
		if (e)
			l->all = false;
	}
	l->nframes = 0;
	return !(l->flags & GOLIN_DEFERS_MORE);
}

static bool on_frame(void *arg, const struct stack_frame *f)
{
	struct look *l = arg;

	l->frames[l->nframes++] = *f;
	return l->nframes < BATCH || batch(l);
}

int open_defers_read(const struct golin_memory *m, const struct stand *s,
		     const struct defer_info *info, struct mem_defer *ret, uint32_t max,
		     uint32_t *ret_n, uint32_t *ret_flags)
{
	struct look l = {.m = m, .s = s, .info = info, .ret = ret, .max = max, .all = true};
	bool whole = true;
	int e = 0;

	*ret_n = 0;
	if (m->info->go.minor >= MINOR_OPEN) {
		e = stack_frames(m, &s->at, on_frame, &l, &whole);
		if (e == -EFAULT) {
			whole = false;
			e = 0;
		}
		if (!e && !(l.flags & GOLIN_DEFERS_MORE) && l.all)
			batch(&l);
		e = e ? e : l.error;
	}
	*ret_n = l.n;
	if (whole && l.all && !(l.flags & GOLIN_DEFERS_MORE))
		l.flags |= GOLIN_DEFERS_OPEN;
	*ret_flags |= l.flags;
	return e;
}
