/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * g._defer: a list of runtime._defer, on the goroutine's stack or allocated, the innermost frame's
 * first. Not all are deferred calls: up to Go 1.21 a panic puts one in for a frame that has
 * open-coded defers, and since 1.22 one stands for all that a range-over-func loop defers, which
 * hang on a list of their own.
 */
#include <errno.h>
#include <string.h>
#include "golin/layout.h"
#include "golin/offsets.h"
#include "memory/defers.h"
#include "memory/heap.h"
#include "memory/mem.h"

enum {
	DEFER_SPAN = 256,
	LOOKED_AT = 1024, /* of a list, the empty ones too */
	POISONED = 1,	  /* the head of a loop's list that has been taken over */
};

struct chain {
	const struct golin_memory *m;
	const struct stand *s;
	struct heap heap;
	struct defer_fields f;
	struct linked_defers *ret;
	uint64_t seen[LOOKED_AT]; /* their addresses: none comes twice */
	uint32_t nseen;
	uint8_t raw[DEFER_SPAN];
};

static bool field(const struct golin_layout *l, enum golin_field_id id, uint32_t size,
		  uint32_t *ret, uint32_t *span)
{
	if (!golin_layout_get(l, id, ret) || *ret > DEFER_SPAN - size)
		return false;
	if (*ret + size > *span)
		*span = *ret + size;
	return true;
}

static bool fields_get(const struct golin_layout *l, struct defer_fields *f)
{
	memset(f, 0, sizeof(*f));
	if (!field(l, GOLIN_F_DEFER_sp, 8, &f->sp, &f->span) ||
	    !field(l, GOLIN_F_DEFER_pc, 8, &f->pc, &f->span) ||
	    !field(l, GOLIN_F_DEFER_fn, 8, &f->fn, &f->span) ||
	    !field(l, GOLIN_F_DEFER_link, 8, &f->link, &f->span))
		return false;
	f->has_heap = field(l, GOLIN_F_DEFER_heap, 1, &f->heap, &f->span);
	f->has_started = field(l, GOLIN_F_DEFER_started, 1, &f->started, &f->span);
	f->has_open = field(l, GOLIN_F_DEFER_openDefer, 1, &f->open, &f->span);
	f->has_range = field(l, GOLIN_F_DEFER_rangefunc, 1, &f->range, &f->span) &&
		       field(l, GOLIN_F_DEFER_head, 8, &f->head, &f->span);
	return true;
}

static uint64_t u64_at(const struct chain *c, uint32_t off)
{
	uint64_t v;

	memcpy(&v, c->raw + off, sizeof(v));
	return v;
}

static bool is_set(const struct chain *c, bool has, uint32_t off)
{
	return has && c->raw[off];
}

static bool is_code(const struct golin_memory *m, uint64_t pc)
{
	return pc - m->bias - m->info->text < m->info->etext - m->info->text;
}

uint64_t func_value_pc(const struct golin_memory *m, uint64_t fn)
{
	uint64_t pc;

	if (!fn || fn % 8 || mem_read(m->mem_fd, fn, &pc, sizeof(pc)) || !is_code(m, pc))
		return 0;
	return pc - m->bias;
}

static bool flags_are_bools(const struct chain *c)
{
	const struct defer_fields *f = &c->f;

	return (!f->has_heap || c->raw[f->heap] <= 1) &&
	       (!f->has_started || c->raw[f->started] <= 1) &&
	       (!f->has_open || c->raw[f->open] <= 1) && (!f->has_range || c->raw[f->range] <= 1);
}

/* It lies on the stack, or is an object of its own, as it says itself. */
static bool lies_right(const struct chain *c, uint64_t d)
{
	bool on_stack = d >= c->s->at.lo && d < c->s->at.hi;
	uint64_t base, end;

	if (on_stack && d > c->s->at.hi - c->f.span)
		return false;
	if (c->f.has_heap && on_stack == !!c->raw[c->f.heap])
		return false;
	if (on_stack || !c->heap.usable)
		return true;
	return heap_object(&c->heap, d, &base, &end) && base == d && end - base >= c->f.span;
}

/* Reads the one at d. 0, -EFAULT: it is none, or -errno. */
static int load(struct chain *c, uint64_t d)
{
	int e;

	for (uint32_t i = 0; i < c->nseen; i++)
		if (c->seen[i] == d)
			return -EFAULT;
	if (c->nseen == LOOKED_AT || d % 8 || !mem_range_ok(d, c->f.span))
		return -EFAULT;
	c->seen[c->nseen++] = d;
	e = mem_read(c->m->mem_fd, d, c->raw, c->f.span);
	if (e)
		return e;
	return flags_are_bools(c) && lies_right(c, d) ? 0 : -EFAULT;
}

/* False: there is no room for it. */
static bool add(struct chain *c, uint64_t sp, uint64_t ret, uint32_t flags)
{
	struct linked_defer *d = &c->ret->v[c->ret->n];
	uint64_t fn = u64_at(c, c->f.fn);

	if (c->ret->n == GOLIN_DEFERS_MAX) {
		c->ret->flags |= GOLIN_DEFERS_MORE;
		return false;
	}
	*d = (struct linked_defer){.d = {.pc = func_value_pc(c->m, fn), .sp = sp, .flags = flags}};
	d->ret = is_code(c->m, ret) ? ret - c->m->bias : 0;
	if (fn && !d->d.pc) /* a nil func can be deferred */
		c->ret->flags |= GOLIN_DEFERS_PARTIAL;
	c->ret->n++;
	return true;
}

/* What a loop has deferred. The records name no frame until they are taken over. */
static int add_range(struct chain *c, uint64_t sp)
{
	uint64_t head = u64_at(c, c->f.head), d;
	int e = head % 8 || !mem_range_ok(head, 8) ? -EFAULT
						   : mem_read(c->m->mem_fd, head, &d, sizeof(d));

	if (e || d == POISONED)
		return e;
	for (; d; d = u64_at(c, c->f.link)) {
		e = load(c, d);
		if (e)
			return e;
		if (c->f.has_heap && !c->raw[c->f.heap])
			return -EFAULT;
		if (!add(c, sp, 0, GOLIN_DEFER_HEAP | GOLIN_DEFER_RANGE))
			return 0;
	}
	return 0;
}

static int add_one(struct chain *c, uint64_t sp)
{
	bool started = is_set(c, c->f.has_started, c->f.started);
	uint32_t flags = (is_set(c, c->f.has_heap, c->f.heap) ? GOLIN_DEFER_HEAP : 0) |
			 (started ? GOLIN_DEFER_STARTED : 0);

	if (is_set(c, c->f.has_range, c->f.range))
		return add_range(c, sp);
	if (!is_set(c, c->f.has_open, c->f.open)) {
		add(c, sp, u64_at(c, c->f.pc), flags);
		return 0;
	}
	/* Stands for a frame: of its own is only the call that runs. */
	if (started && u64_at(c, c->f.fn))
		add(c, sp, 0, GOLIN_DEFER_OPEN | GOLIN_DEFER_STARTED);
	return 0;
}

int defers_read(const struct golin_memory *m, const struct stand *s, struct linked_defers *ret)
{
	uint64_t d = s->defer, above = stand_is_parked(s) ? s->at.sp : s->at.lo;
	struct chain c = {.m = m, .s = s, .ret = ret};
	int e = 0;

	ret->n = ret->flags = 0;
	if (!d)
		return 0;
	heap_open(&c.heap, m);
	if (!fields_get(m->layout, &c.f) || s->at.hi - s->at.lo < c.f.span)
		e = -EFAULT;
	while (d && !e && !(ret->flags & GOLIN_DEFERS_MORE)) {
		uint64_t sp, next;

		e = load(&c, d);
		if (e)
			break;
		sp = u64_at(&c, c.f.sp);
		next = u64_at(&c, c.f.link);
		/* Frames follow each other outwards. */
		if (sp % 8 || sp < above || sp >= s->at.hi) {
			e = -EFAULT;
			break;
		}
		above = sp;
		e = add_one(&c, sp);
		d = next;
	}
	if (e == -EFAULT) {
		ret->flags |= GOLIN_DEFERS_PARTIAL;
		e = 0;
	}
	return e;
}
