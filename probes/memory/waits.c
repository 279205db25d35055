/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A goroutine that waits on channels has linked a runtime.sudog for each in g.waiting. It may be
 * woken at any time while we read, and its sudogs used again by another one: so all is read twice,
 * the g around it, and what differs is not believed.
 */
#include "memory/waits.h"

#include <errno.h>
#include <string.h>
#include "base/err.h"
#include "golin/layout.h"
#include "golin/offsets.h"
#include "memory/g.h"
#include "memory/mem.h"
#include "memory/stand.h"

enum {
	TRIES = 4,
	SUDOG_SPAN = 256,
	HCHAN_SPAN = 256,
	QUEUE_LOOK = 64,      /* waiters on a channel that has both senders and receivers */
	MINOR_TRACEABLE = 26, /* sudog.c is two words: the second one is the address */
};

struct chan_fields {
	uint32_t sudog_next, sudog_link, sudog_c, sudog_span;
	uint32_t elemsize, cap, recvq, sendq, span;
	uint32_t elemtype, timer;
	bool has_elemtype, has_timer;
};

struct reading {
	struct mem_waits w;
	uint64_t sudogs[GOLIN_WAITS_MAX];
};

static bool field(const struct golin_layout *l, enum golin_field_id id, uint32_t size, uint32_t max,
		  uint32_t *ret, uint32_t *span)
{
	if (!golin_layout_get(l, id, ret) || *ret > max - size)
		return false;
	if (*ret + size > *span)
		*span = *ret + size;
	return true;
}

static bool chan_fields_get(const struct golin_memory *m, struct chan_fields *f)
{
	const struct golin_layout *l = m->layout;
	uint32_t first, ignored = 0;

	memset(f, 0, sizeof(*f));
	if (!field(l, GOLIN_F_SUDOG_next, 8, SUDOG_SPAN, &f->sudog_next, &f->sudog_span) ||
	    !field(l, GOLIN_F_SUDOG_waitlink, 8, SUDOG_SPAN, &f->sudog_link, &f->sudog_span) ||
	    !field(l, GOLIN_F_SUDOG_c, 16, SUDOG_SPAN, &f->sudog_c, &f->sudog_span) ||
	    !field(l, GOLIN_F_HCHAN_elemsize, 2, HCHAN_SPAN, &f->elemsize, &f->span) ||
	    !field(l, GOLIN_F_HCHAN_dataqsiz, 8, HCHAN_SPAN, &f->cap, &f->span) ||
	    !field(l, GOLIN_F_HCHAN_recvq, 16, HCHAN_SPAN, &f->recvq, &f->span) ||
	    !field(l, GOLIN_F_HCHAN_sendq, 16, HCHAN_SPAN, &f->sendq, &f->span) ||
	    !field(l, GOLIN_F_WAITQ_first, 8, 16, &first, &ignored))
		return false;
	f->recvq += first;
	f->sendq += first;
	if (m->info->go.minor >= MINOR_TRACEABLE)
		f->sudog_c += 8;
	f->has_elemtype = field(l, GOLIN_F_HCHAN_elemtype, 8, HCHAN_SPAN, &f->elemtype, &f->span);
	f->has_timer = field(l, GOLIN_F_HCHAN_timer, 8, HCHAN_SPAN, &f->timer, &f->span);
	return true;
}

static uint64_t u64_at(const uint8_t *raw, uint32_t off)
{
	uint64_t v;

	memcpy(&v, raw + off, sizeof(v));
	return v;
}

/* ---- channels ---- */

/* Goes by the reason: other waits than those of channels leave g.waiting alone, or as it was. */
static uint32_t how_of(const char *wait, bool *ret_select, bool *ret_known)
{
	*ret_select = !strncmp(wait, "select", 6) && strcmp(wait, "select (no cases)") != 0;
	*ret_known = *wait != 0;
	if (strstr(wait, "(nil chan)"))
		return 0;
	if (!strncmp(wait, "chan receive", 12))
		return GOLIN_WAIT_RECV;
	if (!strncmp(wait, "chan send", 9))
		return GOLIN_WAIT_SEND;
	return 0;
}

/* Is the sudog among the first waiters of a queue? */
static bool is_queued(const struct golin_memory *m, const struct chan_fields *f, uint64_t first,
		      uint64_t sudog)
{
	for (int k = 0; k < QUEUE_LOOK && first; k++) {
		if (first == sudog)
			return true;
		if (mem_read(m->mem_fd, first + f->sudog_next, &first, 8))
			return false;
	}
	return false;
}

/*
 * A channel has senders that wait or receivers, both only for one select that does both: so an
 * empty queue tells (runtime/chan.go).
 */
static uint32_t direction(const struct golin_memory *m, const struct chan_fields *f,
			  const uint8_t *raw, uint64_t sudog)
{
	uint64_t recv = u64_at(raw, f->recvq), send = u64_at(raw, f->sendq);

	if (!recv == !send) {
		if (is_queued(m, f, recv, sudog))
			return GOLIN_WAIT_RECV;
		return is_queued(m, f, send, sudog) ? GOLIN_WAIT_SEND : 0;
	}
	return recv ? GOLIN_WAIT_RECV : GOLIN_WAIT_SEND;
}

/* 0, -EFAULT: that is no channel on which somebody waits, or a read's -errno. */
static int chan_read(const struct golin_memory *m, const struct chan_fields *f, uint64_t sudog,
		     uint64_t chan, uint32_t how, struct mem_wait *ret)
{
	uint8_t raw[HCHAN_SPAN];
	uint16_t elemsize;
	int e = chan % 8 ? -EFAULT : mem_read(m->mem_fd, chan, raw, f->span);

	if (e < 0)
		return e;
	memcpy(&elemsize, raw + f->elemsize, sizeof(elemsize));
	*ret = (struct mem_wait){
		.chan = chan,
		.elemsize = elemsize,
		.cap = u64_at(raw, f->cap),
		.elemtype = f->has_elemtype ? u64_at(raw, f->elemtype) : 0,
		.timer = f->has_timer && u64_at(raw, f->timer),
		.how = how ? how : direction(m, f, raw, sudog),
	};
	return ret->how ? 0 : -EFAULT;
}

static int chans_read(const struct golin_memory *m, const struct chan_fields *f, uint64_t sudog,
		      uint32_t how, struct reading *r)
{
	uint8_t raw[SUDOG_SPAN];
	int e;

	for (; sudog; sudog = u64_at(raw, f->sudog_link)) {
		if (r->w.n == GOLIN_WAITS_MAX) {
			r->w.flags |= GOLIN_WAITS_MORE;
			return 0;
		}
		if (sudog % 8)
			return -EFAULT;
		e = mem_read(m->mem_fd, sudog, raw, f->sudog_span);
		if (!e)
			e = chan_read(m, f, sudog, u64_at(raw, f->sudog_c), how, &r->w.v[r->w.n]);
		if (e < 0)
			return e;
		r->sudogs[r->w.n++] = sudog;
	}
	r->w.flags |= GOLIN_WAITS_CHANNELS;
	return 0;
}

/* ---- both ---- */

static int wait_read(const struct g_reader *r, const struct stand *s, struct reading *ret)
{
	bool select, known;
	uint32_t how = how_of(s->g.wait, &select, &known);
	struct chan_fields f;
	int e;

	ret->w.flags = 0;
	ret->w.n = 0;
	e = stack_walk(r->m, &s->at, &ret->w.stack);
	if (!e)
		ret->w.flags |= GOLIN_WAITS_STACK;
	else if (e != -EFAULT)
		return e;
	if (!how && !select) {
		if (known || s->g.state == GOLIN_GS_SYSCALL)
			ret->w.flags |= GOLIN_WAITS_CHANNELS; /* none */
		return 0;
	}
	if (!chan_fields_get(r->m, &f))
		return 0;
	e = chans_read(r->m, &f, s->waiting, how, ret);
	if (!e && !ret->w.n)
		e = -EFAULT; /* it is just being woken */
	if (e < 0) {
		ret->w.flags &= GOLIN_WAITS_STACK;
		ret->w.n = 0;
	}
	return e == -EFAULT ? 0 : e;
}

static bool same_stack(const struct stack_pcs *a, const struct stack_pcs *b)
{
	return a->n == b->n && a->truncated == b->truncated &&
	       !memcmp(a->v, b->v, a->n * sizeof(a->v[0]));
}

static bool same_chans(const struct reading *a, const struct reading *b)
{
	if (a->w.n != b->w.n || memcmp(a->sudogs, b->sudogs, a->w.n * sizeof(a->sudogs[0])) != 0)
		return false;
	for (uint32_t k = 0; k < a->w.n; k++)
		if (a->w.v[k].chan != b->w.v[k].chan || a->w.v[k].how != b->w.v[k].how ||
		    a->w.v[k].elemtype != b->w.v[k].elemtype)
			return false;
	return true;
}

/* One try. True: it is sure as far as it goes. */
static int wait_try(const struct g_reader *r, const struct stand *s, struct reading *a,
		    struct reading *b, struct stand *after, bool *ret_sure)
{
	enum g_kind kind = G_BAD;
	int e = wait_read(r, s, a);

	if (!e)
		e = wait_read(r, s, b);
	if (!e)
		e = stand_read(r, s->g.g, &kind, after);
	if (e < 0)
		return e;
	*ret_sure = kind == G_LIVE && stand_same(s, after) && a->w.flags == b->w.flags &&
		    same_stack(&a->w.stack, &b->w.stack) && same_chans(a, b);
	return 0;
}

int mem_goroutine_waits(const struct golin_memory *m, uint64_t g, uint64_t goid,
			struct golin_mem_goroutine *ret, struct mem_waits *w, struct golin_err *err)
{
	struct reading a, b;
	struct stand s, after;
	enum g_kind kind;
	struct g_reader r;
	bool sure = false, some = false;
	int e;

	w->flags = w->n = w->stack.n = 0;
	e = golin_memory_goroutine(m, g, goid, ret, err);
	if (!e)
		e = g_reader_init(&r, m, err);
	for (int k = 0; k < TRIES && !e && !sure; k++) {
		e = stand_read(&r, g, &kind, &s);
		if (e < 0 || kind != G_LIVE || s.g.goid != goid)
			break; /* gone just now: the answer stands, without a stack */
		*ret = s.g;
		if (!r.f.has_waiting || !stand_is_parked(&s))
			return 0;
		e = wait_try(&r, &s, &a, &b, &after, &sure);
		some = sure;
		/* Caught while it is being woken: it has no channels, but should have. */
		if (sure && !(a.w.flags & GOLIN_WAITS_CHANNELS) && !(a.w.flags & GOLIN_WAITS_MORE))
			sure = false;
	}
	if (some)
		*w = a.w;
	return e == -EFAULT ? 0 : e;
}

int mem_goroutine_stack(const struct golin_memory *m, uint64_t g, uint64_t goid, uint64_t *words,
			size_t max, size_t *ret_n, bool *ret_whole)
{
	struct stand s, after;
	enum g_kind kind;
	struct g_reader r;
	uint64_t n;
	int e = g % 8 ? -EFAULT : g_reader_init(&r, m, NULL);

	if (!e)
		e = stand_read(&r, g, &kind, &s);
	if (e < 0)
		return e;
	if (kind != G_LIVE || s.g.goid != goid || !r.f.has_waiting || !stand_is_parked(&s) ||
	    s.at.sp % 8 || s.at.sp < s.at.lo || s.at.sp >= s.at.hi)
		return -EAGAIN;
	n = (s.at.hi - s.at.sp) / 8;
	*ret_whole = n <= max;
	*ret_n = n < max ? (size_t)n : max;
	e = mem_read(m->mem_fd, s.at.sp, words, *ret_n * 8);
	if (!e)
		e = stand_read(&r, g, &kind, &after);
	if (e < 0)
		return e;
	return kind == G_LIVE && stand_same(&s, &after) ? 0 : -EAGAIN;
}
