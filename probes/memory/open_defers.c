/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Open-coded defers: nothing is linked anywhere, the frames alone have them. What the functions'
 * funcdata says is read as the runtime reads it for a panic (runtime/panic.go). The frames are
 * found as it finds them, too: frame pointers are not to be relied upon, since up to Go 1.20 that
 * of a function in which a panic was recovered is not restored. A panic lies in the frame of the
 * call that made it.
 */
#include <errno.h>
#include <string.h>
#include "golin/offsets.h"
#include "memory/defers.h"
#include "memory/mem.h"

enum {
	MINOR_OPEN = 14,      /* before, there are none */
	FRAMES_MAX = 1 << 20, /* of one goroutine */
	WINDOW = 8192,	      /* bytes of a stack that are read at once */
};

struct frame {
	uint64_t pc;	   /* as linked */
	uint64_t sp, varp; /* the function's own lies between */
};

struct look {
	const struct golin_memory *m;
	const struct stand *s;
	const struct defer_info *info;
	struct mem_defer *ret;
	struct mem_defers *d;
	uint32_t max, n, nplaced;
	bool full;	    /* no more defers are wanted */
	uint64_t base, len; /* of what is in raw */
	uint8_t raw[WINDOW];
};

static int stack_bytes(struct look *l, uint64_t addr, void *buf, size_t size)
{
	const struct stack_at *at = &l->s->at;
	int e;

	if (addr < at->lo || addr > at->hi - size)
		return -EFAULT;
	if (addr < l->base || addr + size > l->base + l->len) {
		l->base = addr;
		l->len = at->hi - addr < WINDOW ? at->hi - addr : WINDOW;
		e = mem_read(l->m->mem_fd, l->base, l->raw, (size_t)l->len);
		if (e) {
			l->len = 0;
			return e;
		}
	}
	memcpy(buf, l->raw + (addr - l->base), size);
	return 0;
}

/* What lies `below` bytes below varp is in the frame. */
static bool in_frame(const struct frame *f, uint32_t below, uint32_t size)
{
	return below >= size && f->varp > f->sp && below <= f->varp - f->sp;
}

static int add(struct look *l, const struct frame *f, const struct golin_func_defers *d, uint32_t i)
{
	struct mem_defer *r = &l->ret[l->n];
	uint64_t fn;
	int e = in_frame(f, d->slots[i], sizeof(fn))
			? stack_bytes(l, f->varp - d->slots[i], &fn, sizeof(fn))
			: -EFAULT;

	if (e)
		return e;
	*r = (struct mem_defer){.pc = func_value_pc(l->m, fn),
				.at = d->at[i] ? d->lo + d->at[i] : 0,
				.sp = f->sp,
				.flags = GOLIN_DEFER_OPEN};
	if (fn && !r->pc) /* a nil func can be deferred */
		l->d->flags |= GOLIN_DEFERS_PARTIAL;
	l->n++;
	return 0;
}

static int one_frame(struct look *l, const struct frame *f, const struct golin_func_defers *d)
{
	uint8_t bits;
	int e;

	if (d->open == GOLIN_OPEN_NONE || l->full || l->m->info->go.minor < MINOR_OPEN)
		return 0;
	e = d->open == GOLIN_OPEN_KNOWN && in_frame(f, d->bits, 1)
		    ? stack_bytes(l, f->varp - d->bits, &bits, 1)
		    : -EFAULT;
	if (!e && bits >> d->n)
		e = -EFAULT;
	/* The last statement runs first. */
	for (uint32_t i = d->n; !e && i-- > 0;) {
		if (!(bits & 1u << i))
			continue;
		if (l->n == l->max) {
			l->d->flags |= GOLIN_DEFERS_MORE;
			l->full = true;
			return 0;
		}
		e = add(l, f, d, i);
	}
	return e;
}

static const struct golin_func_defers *info_of(struct look *l, uint64_t pc)
{
	const struct golin_func_defers *d = l->info->find(l->info->arg, pc);

	if (!d && !l->info->learn(l->info->arg, &pc, 1))
		d = l->info->find(l->info->arg, pc);
	return d;
}

/* Which panics lie in this frame, and where they began. */
static void place_panics(struct look *l, const struct frame *f, uint64_t ret_at, uint32_t k)
{
	for (uint32_t i = l->nplaced; i < l->d->npanics; i++) {
		struct mem_panic *p = &l->d->panics[i];

		if (p->addr < f->sp || p->addr >= ret_at)
			return; /* they lie upwards */
		p->frame = k < MEM_FRAMES ? k : UINT32_MAX;
		p->depth = l->s->at.hi - ret_at;
		l->nplaced++;
	}
}

static void note_frame(struct look *l, const struct frame *f, bool trap)
{
	if (l->d->npanics && l->d->nframes < MEM_FRAMES)
		l->d->frames[l->d->nframes++] =
			(struct mem_frame){.pc = trap ? f->pc : f->pc - 1, .sp = f->sp};
}

/* From the innermost frame outwards. *ret_whole: to where the goroutine begins. 0 or -errno. */
static int walk(struct look *l, bool *ret_whole)
{
	struct frame f = {.pc = l->s->at.pc - l->m->bias, .sp = l->s->at.sp};
	bool trap = false;

	for (uint32_t k = 0; k < FRAMES_MAX; k++) {
		const struct golin_func_defers *d = info_of(l, f.pc);
		uint64_t ret, ret_at;
		int e;

		if (!d || !d->hi)
			return -EFAULT;
		note_frame(l, &f, trap);
		if (d->outermost) {
			*ret_whole = true;
			return 0;
		}
		if (d->frame < 0 || f.sp % 8)
			return -EFAULT;
		/* Below the return address stands the caller's frame pointer, where there is room.
		 */
		ret_at = f.sp + (uint32_t)d->frame;
		f.varp = ret_at - (d->frame ? 8 : 0);
		e = stack_bytes(l, ret_at, &ret, sizeof(ret));
		if (!e)
			e = one_frame(l, &f, d);
		if (e)
			return e;
		place_panics(l, &f, ret_at, k);
		if (l->full && l->nplaced == l->d->npanics && k >= MEM_FRAMES)
			return 0;
		trap = d->trap;
		f.sp = ret_at + 8;
		f.pc = ret - l->m->bias;
	}
	return -EFAULT;
}

/* All at once what the walk will ask for, most likely. */
static void learn_all(struct look *l)
{
	struct stack_pcs pcs;

	if (stack_walk(l->m, &l->s->at, &pcs) || !pcs.n)
		return;
	for (uint32_t i = 0; i < pcs.n; i++)
		pcs.v[i] -= l->m->bias;
	(void)l->info->learn(l->info->arg, pcs.v, pcs.n);
}

int open_defers_read(const struct golin_memory *m, const struct stand *s,
		     const struct defer_info *info, struct mem_defer *ret, uint32_t max,
		     uint32_t *ret_n, struct mem_defers *d)
{
	struct look l = {.m = m, .s = s, .info = info, .ret = ret, .max = max, .d = d};
	bool whole = true;
	int e = 0;

	d->nframes = 0;
	if (m->info->go.minor >= MINOR_OPEN || d->npanics) {
		whole = false;
		learn_all(&l);
		e = walk(&l, &whole);
	}
	d->whole = whole && d->nframes < MEM_FRAMES;
	if (m->info->go.minor < MINOR_OPEN || (whole && !l.full))
		d->flags |= GOLIN_DEFERS_OPEN;
	*ret_n = l.n;
	return e == -EFAULT ? 0 : e;
}
