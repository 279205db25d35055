/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The goroutines of a running program: runtime.allgs, a slice of pointers to every runtime.g that
 * was ever made. A g is used again when its goroutine has ended, and the program runs on while we
 * read. What makes the answer exact nevertheless:
 *
 *  - goids are never used twice. A g that shows the same goid in two readings belonged to that
 *    goroutine all the time between, so what was read between is that goroutine's.
 *  - Up to Go 1.23 newproc1 makes a reused g runnable before it gives it the new goid: for some
 *    nanoseconds it looks like its dead predecessor come to life. So runnable ones are read
 *    again, some time later.
 *  - allgs is appended to: while its array has the same address, what was there still is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/array.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "golin/offsets.h"
#include "memory/g.h"
#include "memory/mem.h"

enum {
	ALLGS_MAX = 50 * 1000 * 1000, /* a million goroutines take 2.5 GB in the target */
	ALLGS_TRIES = 16,	      /* how often its array may move under our eyes */
	ROUNDS = 8,		      /* how often we go back for those that were added */
	SQUEEZE = 1 << 20,	      /* pointers collected before repetitions are dropped */
	RUN_BYTES = 1 << 16,	      /* neighbouring g's are read at once up to this */
	RUN_GAP = 1024,		      /* and over holes up to this */
};

struct reader {
	struct g_reader g;
	ARRAY_OF(uint64_t) addrs; /* sorted, each once */
	ARRAY_OF(uint64_t) fresh; /* those of addrs that were not read before */
	ARRAY_OF(struct golin_mem_goroutine) found;
	uint64_t unread;
	uint8_t *buf[2]; /* RUN_BYTES each */
};

static int add_found(struct reader *r, const struct golin_mem_goroutine *g)
{
	struct golin_mem_goroutine *slot = array_add(&r->found);

	if (!slot)
		return -ENOMEM;
	*slot = *g;
	return 0;
}

static int take_one(struct reader *r, uint64_t addr)
{
	struct golin_mem_goroutine g;
	enum g_kind kind;
	int e = g_read(&r->g, addr, &kind, &g);

	if (e == -EFAULT || (e == 0 && kind == G_BAD)) {
		r->unread++;
		return 0;
	}
	if (e < 0)
		return e;
	return kind == G_LIVE ? add_found(r, &g) : 0;
}

/* Reads the g's addrs[0 .. n-1], which lie within RUN_BYTES, twice in two goes. */
static int take_run(struct reader *r, const uint64_t *addrs, size_t n)
{
	size_t len = (size_t)(addrs[n - 1] - addrs[0]) + r->g.f.span;
	int e = mem_read(r->g.m->mem_fd, addrs[0], r->buf[0], len);

	if (e == 0)
		e = mem_read(r->g.m->mem_fd, addrs[0], r->buf[1], len);
	if (e < 0 && e != -EFAULT)
		return e;
	for (size_t i = 0; i < n; i++) {
		size_t at = (size_t)(addrs[i] - addrs[0]);
		struct golin_mem_goroutine a, b;
		enum g_kind ka = G_BAD, kb = G_BAD;

		if (e == 0) {
			ka = g_parse(&r->g, addrs[i], r->buf[0] + at, &a);
			kb = g_parse(&r->g, addrs[i], r->buf[1] + at, &b);
		}
		if (kb == G_DEAD)
			continue;
		if (ka == G_LIVE && kb == G_LIVE && g_same(&a, &b)) {
			if (add_found(r, &b) < 0)
				return -ENOMEM;
		} else {
			int one = take_one(r, addrs[i]);

			if (one < 0)
				return one;
		}
	}
	return 0;
}

/* Reads those in r->fresh, neighbours together. */
static int take_fresh(struct reader *r)
{
	const uint64_t *v = r->fresh.v;

	for (size_t i = 0, j; i < r->fresh.len; i = j) {
		int e;

		for (j = i + 1; j < r->fresh.len; j++) {
			if (v[j] - v[j - 1] > r->g.f.span + RUN_GAP ||
			    v[j] - v[i] + r->g.f.span > RUN_BYTES)
				break;
		}
		e = take_run(r, v + i, j - i);
		if (e < 0)
			return e;
	}
	return 0;
}

static int cmp_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int cmp_goid(const void *a, const void *b)
{
	const struct golin_mem_goroutine *x = a, *y = b;

	return cmp_u64(&x->goid, &y->goid);
}

static void sort_once_each(uint64_t *v, size_t *len)
{
	size_t n = 0;

	qsort(v, *len, sizeof(*v), cmp_u64);
	for (size_t i = 0; i < *len; i++) {
		if (i == 0 || v[i] != v[i - 1])
			v[n++] = v[i];
	}
	*len = n;
}

struct slice {
	uint64_t ptr, len, cap;
};

static int read_allgs_header(const struct reader *r, struct slice *ret)
{
	return mem_read(r->g.m->mem_fd, r->g.m->info->allgs + r->g.m->bias, ret, sizeof(*ret));
}

static bool slice_ok(const struct slice *s)
{
	return s->len <= s->cap && s->len <= ALLGS_MAX && s->ptr % 8 == 0 &&
	       mem_range_ok(s->ptr, (size_t)s->len * 8);
}

/* The pointers of one array into r->addrs. *ret_unread: those that are none. */
static int read_pointers(struct reader *r, const struct slice *s, uint64_t *ret_unread)
{
	uint64_t *chunk = (uint64_t *)(void *)r->buf[0], unread = 0;
	size_t per = RUN_BYTES / sizeof(*chunk), squeeze = SQUEEZE;

	r->addrs.len = 0;
	for (uint64_t i = 0; i < s->len; i += per) {
		size_t n = s->len - i < per ? (size_t)(s->len - i) : per;
		int e = mem_read(r->g.m->mem_fd, s->ptr + i * 8, chunk, n * 8);

		if (e == -EFAULT) {
			unread += s->len - i;
			break;
		}
		if (e < 0)
			return e;
		if (!array_reserve(&r->addrs, r->addrs.len + n))
			return -ENOMEM;
		for (size_t k = 0; k < n; k++) {
			if (chunk[k] % 8 || !mem_range_ok(chunk[k], r->g.f.span))
				unread++;
			else
				r->addrs.v[r->addrs.len++] = chunk[k];
		}
		/* An array that repeats itself must not fill our memory. */
		if (r->addrs.len > squeeze) {
			size_t before = r->addrs.len;

			sort_once_each(r->addrs.v, &r->addrs.len);
			unread += before - r->addrs.len;
			squeeze = 2 * r->addrs.len + SQUEEZE;
		}
	}
	*ret_unread = unread;
	if (r->addrs.len) {
		size_t before = r->addrs.len;

		sort_once_each(r->addrs.v, &r->addrs.len);
		*ret_unread += before - r->addrs.len;
	}
	return 0;
}

/*
 * Reads allgs as it stood at one time: its array has not moved between before and after, so the
 * old one was not given away in the middle. Gives the header that was read.
 */
static int read_allgs(struct reader *r, struct slice *ret, uint64_t *ret_unread,
		      struct golin_err *err)
{
	struct slice s = {0}, after;

	for (int i = 0; i < ALLGS_TRIES; i++) {
		int e = read_allgs_header(r, &s);

		if (e < 0)
			return e;
		if (!s.ptr && !s.len) {
			/* the runtime has not started */
			r->addrs.len = 0;
			*ret = s;
			*ret_unread = 0;
			return 0;
		}
		if (!slice_ok(&s))
			continue; /* perhaps caught between two of its stores */
		e = read_pointers(r, &s, ret_unread);
		if (e < 0)
			return e;
		e = read_allgs_header(r, &after);
		if (e < 0)
			return e;
		if (after.ptr == s.ptr) {
			*ret = s;
			return 0;
		}
	}
	return golin_err_set(
		err, -EBADMSG,
		"runtime.allgs is not a list of goroutines (address 0x%llx, length %llu)",
		(unsigned long long)s.ptr, (unsigned long long)s.len);
}

/* r->fresh = r->addrs without `old`, both sorted. */
static int subtract(struct reader *r, const uint64_t *old, size_t nold)
{
	size_t k = 0;

	r->fresh.len = 0;
	if (!array_reserve(&r->fresh, r->addrs.len))
		return -ENOMEM;
	for (size_t i = 0; i < r->addrs.len; i++) {
		while (k < nold && old[k] < r->addrs.v[i])
			k++;
		if (k == nold || old[k] != r->addrs.v[i])
			r->fresh.v[r->fresh.len++] = r->addrs.v[i];
	}
	return 0;
}

static int read_all(struct reader *r, struct golin_err *err)
{
	_cleanup_free_ uint64_t *old = NULL;
	struct slice s = {0}, now;
	uint64_t bad = 0;
	size_t nold = 0;

	for (int round = 0; round < ROUNDS; round++) {
		int e = read_allgs(r, &s, &bad, err);

		if (e == 0)
			e = subtract(r, old, nold);
		if (e == 0)
			e = take_fresh(r);
		if (e < 0)
			return e;
		e = read_allgs_header(r, &now);
		if (e < 0)
			return e;
		if (now.ptr == s.ptr && now.len == s.len)
			break;
		/* It has grown: read what is new. */
		free(old);
		old = r->addrs.v;
		nold = r->addrs.len;
		r->addrs.v = NULL;
		r->addrs.len = r->addrs.cap = 0;
	}
	r->unread += bad;
	return 0;
}

/* Up to 1.23 it may have been caught between being runnable and having its goid. */
static bool may_be_stale(const struct reader *r, const struct golin_mem_goroutine *g)
{
	unsigned minor = r->g.m->info->go.minor;

	if (minor > 23)
		return false;
	/* 1.23 makes coroutines parked from the start */
	return g->state == GOLIN_GS_RUNNABLE ||
	       (minor == 23 && g->state == GOLIN_GS_WAITING && strcmp(g->wait, "coroutine") == 0);
}

static int read_stale_once(struct reader *r, long pause_ns)
{
	const struct timespec pause = {.tv_nsec = pause_ns};
	bool paused = false;
	size_t n = 0;

	for (size_t i = 0; i < r->found.len; i++) {
		struct golin_mem_goroutine *g = &r->found.v[i];
		enum g_kind kind = G_LIVE;

		if (may_be_stale(r, g)) {
			int e;

			if (!paused)
				nanosleep(&pause, NULL);
			paused = true;
			e = g_read(&r->g, g->g, &kind, g);
			if (e < 0 && e != -EFAULT)
				return e;
			if (e < 0)
				kind = G_BAD;
			if (kind == G_BAD)
				r->unread++;
		}
		if (kind == G_LIVE)
			r->found.v[n++] = *g;
	}
	r->found.len = n;
	return 0;
}

/* The thread that makes the goroutine may be off its CPU just there: longer and longer pauses. */
static int read_stale_again(struct reader *r)
{
	static const long pauses_ns[] = {1000000, 4000000, 10000000};
	int e = 0;

	for (size_t i = 0; i < sizeof(pauses_ns) / sizeof(*pauses_ns) && e == 0; i++)
		e = read_stale_once(r, pauses_ns[i]);
	return e;
}

/* By goid; a goid that two g's claim is rubbish in one of them. */
static void sort_found(struct reader *r)
{
	size_t n = 0;

	if (r->found.len)
		qsort(r->found.v, r->found.len, sizeof(*r->found.v), cmp_goid);
	for (size_t i = 0; i < r->found.len; i++) {
		if (n && r->found.v[i].goid == r->found.v[n - 1].goid)
			r->unread++;
		else
			r->found.v[n++] = r->found.v[i];
	}
	r->found.len = n;
}

int golin_memory_goroutines(const struct golin_memory *m,
			    int (*cb)(void *arg, const struct golin_mem_goroutine *g), void *arg,
			    uint64_t *ret_unread, struct golin_err *err)
{
	struct reader r = {0};
	int e = g_reader_init(&r.g, m, err);

	if (e < 0)
		return e;
	if (!m->info->allgs)
		return golin_err_set(
			err, -ENODATA,
			"the list of goroutines (runtime.allgs) was not found in the program");
	r.buf[0] = malloc(RUN_BYTES);
	r.buf[1] = malloc(RUN_BYTES);
	e = r.buf[0] && r.buf[1] ? read_all(&r, err) : -ENOMEM;
	if (e == 0)
		e = read_stale_again(&r);
	if (e < 0)
		e = g_err(e, err);
	if (e == 0) {
		sort_found(&r);
		if (ret_unread)
			*ret_unread = r.unread;
		for (size_t i = 0; i < r.found.len && e == 0; i++)
			e = cb(arg, &r.found.v[i]);
	}
	array_free(&r.found);
	array_free(&r.fresh);
	array_free(&r.addrs);
	free(r.buf[0]);
	free(r.buf[1]);
	return e;
}
