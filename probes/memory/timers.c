/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timers that the runtime of a running program holds: since Go 1.14 each P has a heap of them,
 * until then there were 64 buckets. The program runs on while they are read, and a heap moves its
 * elements about: one could go from where we have not been to where we have. So all heaps are read
 * twice, and what either reading shows counts if the timer itself says that it will fire.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/array.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/map64.h"
#include "golin/layout.h"
#include "golin/probes.h"
#include "memory/g.h"
#include "memory/mem.h"

enum {
	PS_MAX = 1 << 16,    /* GOMAXPROCS */
	HEAP_MAX = 1 << 22,  /* timers of one heap */
	TOTAL_MAX = 1 << 23, /* of all, both readings together */
	BUCKETS = 64,	     /* Go 1.13 */
	CACHE_LINE = 64,
	CHUNK = 1 << 16,
	RUN_GAP = 1024,
	SPAN_MAX = 256,	     /* of a runtime.timer */
	FUNCS_MAX = 1 << 12, /* different func values that timers run */
	PASSES = 2,
};

/* Of runtime.timer's state since 1.23 (timerHeaped, timerZombie in runtime/time.go). */
enum { STATE_HEAPED = 1, STATE_ZOMBIE = 4 };

struct slice {
	uint64_t ptr, len, cap;
};

struct heaps {
	const struct golin_memory *m;
	uint32_t p_timers;	/* of the slice in a P, or in a bucket */
	uint32_t stride;	/* of the buckets; 0: there are Ps */
	uint32_t elem, elem_at; /* bytes of an element of a heap, and where its timer stands */
	uint32_t when, f, arg, state, status, span;
	bool has_state, has_status;
	const uint64_t *funcs;
	uint64_t without;
	size_t nfuncs, max;
	struct map64 known; /* func value -> 1: is one of funcs, 0: is not */
	ARRAY_OF(uint64_t) addrs;
	struct golin_mem_timers *ret;
	uint8_t *buf; /* CHUNK */
};

static bool need(const struct golin_memory *m, enum golin_field_id id, uint32_t *ret)
{
	return golin_layout_get(m->layout, id, ret) && *ret < 1 << 20;
}

static bool heaps_init(struct heaps *h)
{
	const struct golin_memory *m = h->m;
	uint32_t heap = 0, size;

	if (!m->info->timer_heaps || !need(m, GOLIN_F_TIMER_when, &h->when) ||
	    !need(m, GOLIN_F_TIMER_f, &h->f) || !need(m, GOLIN_F_TIMER_arg, &h->arg))
		return false;
	h->arg += 8; /* the data word of the interface */
	h->elem = 8;
	if (m->info->go.minor < 14) {
		size = m->layout->structs[GOLIN_S_TIMERS_BUCKET].size;
		/* Padded to the end of the line, by a whole one where it ends there. */
		h->stride = size + CACHE_LINE - size % CACHE_LINE;
		if (!size || size > CACHE_LINE * 4 ||
		    !need(m, GOLIN_F_TIMERS_BUCKET_t, &h->p_timers))
			return false;
	} else if (m->info->go.minor < 23) {
		h->has_status = need(m, GOLIN_F_TIMER_status, &h->status);
		if (!h->has_status || !need(m, GOLIN_F_P_timers, &h->p_timers))
			return false;
	} else {
		h->elem = m->layout->structs[GOLIN_S_TIMER_WHEN].size;
		h->has_state = need(m, GOLIN_F_TIMER_state, &h->state);
		if (!h->has_state || !need(m, GOLIN_F_P_timers, &h->p_timers) ||
		    !need(m, GOLIN_F_TIMERS_heap, &heap) ||
		    !need(m, GOLIN_F_TIMER_WHEN_timer, &h->elem_at) || h->elem < 8 ||
		    h->elem > 64 || h->elem_at > h->elem - 8)
			return false;
		h->p_timers += heap;
	}
	h->span = (h->when > h->f ? h->when : h->f) + 8;
	if (h->arg + 8 > h->span)
		h->span = h->arg + 8;
	if (h->has_state && h->state + 8 > h->span)
		h->span = h->state + 8;
	if (h->has_status && h->status + 8 > h->span)
		h->span = h->status + 8;
	return h->span <= SPAN_MAX;
}

static bool slice_ok(const struct slice *s, uint64_t max, uint32_t elem)
{
	return s->len <= s->cap && s->len <= max && s->ptr % 8 == 0 &&
	       (!s->len || mem_range_ok(s->ptr, (size_t)s->len * elem));
}

/* The timers of the heap whose slice's header is at that address. */
static int read_heap(struct heaps *h, uint64_t header)
{
	size_t per = CHUNK / h->elem;
	struct slice s;
	int e = mem_read(h->m->mem_fd, header, &s, sizeof(s));

	if (!e && !slice_ok(&s, HEAP_MAX, h->elem))
		e = -EFAULT;
	for (uint64_t i = 0; !e && i < s.len; i += per) {
		size_t n = s.len - i < per ? (size_t)(s.len - i) : per;

		if (h->addrs.len + n > TOTAL_MAX) {
			h->ret->cut = true;
			return 0;
		}
		if (!array_reserve(&h->addrs, h->addrs.len + n))
			return -ENOMEM;
		e = mem_read(h->m->mem_fd, s.ptr + i * h->elem, h->buf, n * h->elem);
		for (size_t k = 0; k < n && !e; k++) {
			uint64_t t;

			memcpy(&t, h->buf + k * h->elem + h->elem_at, 8);
			/* An array that is just growing has room at its end. */
			if (t && t % 8 == 0 && mem_range_ok(t, h->span))
				h->addrs.v[h->addrs.len++] = t;
		}
	}
	if (e != -EFAULT)
		return e;
	h->ret->unread++;
	return 0;
}

static int read_ps(struct heaps *h)
{
	_cleanup_free_ uint64_t *ps = NULL;
	struct slice s;
	int e = mem_read(h->m->mem_fd, h->m->info->timer_heaps + h->m->bias, &s, sizeof(s));

	if (e)
		return e;
	if (!slice_ok(&s, PS_MAX, 8))
		return -EFAULT;
	ps = malloc((size_t)s.len * 8 + 1);
	if (!ps)
		return -ENOMEM;
	e = s.len ? mem_read(h->m->mem_fd, s.ptr, ps, (size_t)s.len * 8) : 0;
	for (uint64_t i = 0; i < s.len && !e; i++)
		if (ps[i]) /* one that is being made is not there yet */
			e = read_heap(h, ps[i] + h->p_timers);
	return e;
}

static int read_buckets(struct heaps *h)
{
	uint64_t at = h->m->info->timer_heaps + h->m->bias + h->p_timers;
	int e = 0;

	for (uint32_t i = 0; i < BUCKETS && !e; i++)
		e = read_heap(h, at + (uint64_t)i * h->stride);
	return e;
}

/* ---- the timers themselves ---- */

static bool runs_ours(struct heaps *h, uint64_t f)
{
	uint32_t ours;
	uint64_t code;

	if (!h->nfuncs)
		return true;
	if (map64_get(&h->known, f, &ours))
		return ours;
	ours = 0;
	if (mem_range_ok(f, 8) && !mem_read(h->m->mem_fd, f, &code, sizeof(code)))
		for (size_t i = 0; i < h->nfuncs; i++)
			ours |= code - h->m->bias == h->funcs[i];
	if (h->known.len < FUNCS_MAX)
		map64_put(&h->known, f, ours);
	return ours;
}

static bool is_without(const struct heaps *h, const uint8_t *raw)
{
	uint64_t arg, code;

	memcpy(&arg, raw + h->arg, 8);
	return h->without && mem_range_ok(arg, 8) &&
	       !mem_read(h->m->mem_fd, arg, &code, sizeof(code)) && code - h->m->bias == h->without;
}

static bool will_fire(struct heaps *h, const uint8_t *raw)
{
	uint32_t status;
	uint64_t f;
	int64_t when;

	memcpy(&f, raw + h->f, 8);
	memcpy(&when, raw + h->when, 8);
	if (h->has_state &&
	    (!(raw[h->state] & STATE_HEAPED) || raw[h->state] & STATE_ZOMBIE || when <= 0))
		return false;
	if (h->has_status) {
		memcpy(&status, raw + h->status, 4);
		/* timerNoStatus, timerDeleted, timerRemoving, timerRemoved */
		if (status == 0 || (status >= 3 && status <= 5) || status > 9)
			return false;
	}
	return runs_ours(h, f) && !is_without(h, raw);
}

static int keep(struct heaps *h, uint64_t addr)
{
	if (h->ret->n == h->max) {
		h->ret->cut = true;
		return 1;
	}
	h->ret->v[h->ret->n++] = addr;
	return 0;
}

/* Neighbours are read at once. */
static int take(struct heaps *h)
{
	const uint64_t *v = h->addrs.v;

	for (size_t i = 0, j; i < h->addrs.len; i = j) {
		int e;

		for (j = i + 1; j < h->addrs.len; j++)
			if (v[j] - v[j - 1] > h->span + RUN_GAP || v[j] - v[i] + h->span > CHUNK)
				break;
		e = mem_read(h->m->mem_fd, v[i], h->buf, (size_t)(v[j - 1] - v[i]) + h->span);
		for (size_t k = i; k < j; k++) {
			uint8_t raw[SPAN_MAX];
			int one = e;

			if (e == -EFAULT) /* there may be a hole between them */
				one = mem_read(h->m->mem_fd, v[k], raw, h->span);
			else
				memcpy(raw, h->buf + (v[k] - v[i]), h->span);
			if (one == -EFAULT)
				continue;
			if (one)
				return one;
			if (will_fire(h, raw) && keep(h, v[k]))
				return 0;
		}
	}
	return 0;
}

static int cmp_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void sort_once_each(uint64_t *v, size_t *len)
{
	size_t n = 0;

	if (!*len)
		return;
	qsort(v, *len, sizeof(*v), cmp_u64);
	for (size_t i = 0; i < *len; i++)
		if (i == 0 || v[i] != v[i - 1])
			v[n++] = v[i];
	*len = n;
}

int golin_memory_timers(const struct golin_memory *m, const uint64_t *funcs, size_t nfuncs,
			uint64_t without, size_t max, struct golin_mem_timers *ret,
			struct golin_err *err)
{
	struct heaps h = {.m = m,
			  .funcs = funcs,
			  .nfuncs = nfuncs,
			  .without = without,
			  .max = max,
			  .ret = ret};
	int e = 0;

	memset(ret, 0, sizeof(*ret));
	if (m->mem_fd < 0)
		return golin_err_set(err, -EPERM, "cannot read the program's memory");
	if (!heaps_init(&h))
		return golin_err_set(err, -ENODATA,
				     "it is not known where this program keeps its timers");
	h.buf = malloc(CHUNK);
	if (!h.buf)
		e = -ENOMEM;
	for (int pass = 0; pass < PASSES && !e; pass++)
		e = h.stride ? read_buckets(&h) : read_ps(&h);
	if (!e) {
		sort_once_each(h.addrs.v, &h.addrs.len);
		ret->v = malloc(8 * (h.addrs.len < max ? h.addrs.len : max) + 1);
		e = ret->v ? take(&h) : -ENOMEM;
	}
	free(h.buf);
	array_free(&h.addrs);
	map64_done(&h.known);
	if (!e)
		return 0;
	free(ret->v);
	memset(ret, 0, sizeof(*ret));
	if (e == -EFAULT)
		return golin_err_set(
			err, -EBADMSG,
			"the runtime's timers do not lie in the memory of the process");
	return g_err(e, err);
}
