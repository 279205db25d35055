// SPDX-License-Identifier: BSD-2-Clause
#include "synth.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "feed.h"

enum { CONNS_PER_LISTENER = 1000, SHORT_LIVED = 1000, CONTEXTS_PER_ROOT = 1000 };

struct site {
	uint64_t pc;
	const char *func, *file;
	uint32_t line;
};

static const struct site sites[] = {
	{0x1000, "main.main", "/src/app/main.go", 41},
	{0x2000, "net/http.(*Server).Serve", "/go/src/net/http/server.go", 3454},
	{0x3000, "net/http.(*conn).serve", "/go/src/net/http/server.go", 2009},
	{0x4000, "main.(*Job).run", "/src/app/job.go", 88},
	{0x5000, "main.fetch", "/src/app/job.go", 120},
	{0x6000, "main.ticker", "/src/app/tick.go", 12},
	{0x7000, "runtime.gcBgMarkWorker", "/go/src/runtime/mgc.go", 1300},
	{0x8000, "context.WithCancel", "/go/src/context/context.go", 233},
	{0x8100, "context.WithTimeout", "/go/src/context/context.go", 700},
	{0x8200, "context.WithValue", "/go/src/context/context.go", 720},
	{0x8300, "context.(*cancelCtx).cancel", "/go/src/context/context.go", 540},
	{0x9000, "main.guard", "/src/app/job.go", 60},
	{0x9100, "main.cleanup", "/src/app/job.go", 71},
};
enum { N_SITES = sizeof(sites) / sizeof(sites[0]), HEAD = 3 };
enum {
	MAIN,
	SERVE,
	CONN,
	JOB,
	FETCH,
	TICKER,
	GC,
	CANCEL,
	TIMEOUT,
	VALUE,
	CANCELLED,
	GUARD,
	CLEANUP
};

#define CONTEXT_BASE 0xc000000000ull
#define CHURN_BASE 0xd000000000ull

struct synth {
	struct golin_source base;
	struct synth_opts opts;
	struct feed feed;
	uint32_t step;	/* of the beginning: target, clock, names, goroutines */
	uint64_t start; /* monotonic ns */
	uint64_t unix_start;
	uint64_t churned; /* short-lived ones started */
	uint64_t next_goid;
	uint64_t delivered;
	bool told_end;
};

static uint64_t mono(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int put_seen(struct synth *s, uint64_t goid, uint64_t parent, int site, int from,
		    const char *wait)
{
	return feed_seen(&s->feed, goid, parent, sites[site].pc, sites[from].pc, wait, s->start);
}

/* 1 main, 2 the runtime's, 3 job, then listeners with a thousand connections each. */
static int put_first(struct synth *s, uint32_t i)
{
	uint64_t goid = i + 1;

	switch (i) {
	case 0:
		return put_seen(s, 1, 0, MAIN, MAIN, "chan receive");
	case 1:
		return put_seen(s, 2, 1, GC, MAIN, "GC worker (idle)");
	case 2:
		return put_seen(s, 3, 1, JOB, MAIN, "select");
	case 3:
		return put_seen(s, 4, 1, TICKER, MAIN, "sleep");
	}
	if ((i - 4) % (CONNS_PER_LISTENER + 1) == 0)
		return put_seen(s, goid, 1, SERVE, MAIN, "IO wait");
	return put_seen(s, goid, goid - 1 - (i - 5) % (CONNS_PER_LISTENER + 1), CONN, SERVE,
			i % 3 ? "IO wait" : "select");
}

/* ---- contexts ---- */

/* A stack of each constructor, and of cancel, called in the places above. */
enum { STACK_ROOT = 1, STACK_TIMEOUT, STACK_VALUE, STACK_CANCEL, STACK_CHURN, STACK_CANCELLED };

static const int stack_sites[][3] = {
	{CANCEL, SERVE, MAIN}, {TIMEOUT, CONN, SERVE}, {VALUE, CONN, SERVE},
	{CANCEL, JOB, CONN},   {TIMEOUT, FETCH, JOB},  {CANCELLED, FETCH, JOB},
};
enum { N_STACKS = sizeof(stack_sites) / sizeof(stack_sites[0]) };

static int put_stack(struct synth *s, uint32_t i)
{
	uint64_t pcs[3];

	for (int k = 0; k < 3; k++)
		pcs[k] = sites[stack_sites[i][k]].pc;
	return feed_stack(&s->feed, i + 1, pcs, 3);
}

static int put_context(struct synth *s, uint64_t ctx, uint64_t parent, uint32_t parent_kind,
		       uint64_t goid, int stack)
{
	static const uint32_t kinds[] = {
		[STACK_ROOT] = GOLIN_CTX_CANCEL, [STACK_TIMEOUT] = GOLIN_CTX_TIMER,
		[STACK_VALUE] = GOLIN_CTX_VALUE, [STACK_CANCEL] = GOLIN_CTX_CANCEL,
		[STACK_CHURN] = GOLIN_CTX_TIMER,
	};
	struct golin_rec_context_create c = {
		.h.goid = goid,
		.ctx = ctx,
		.parent = parent,
		.parent_kind = parent ? parent_kind : GOLIN_CTX_BACKGROUND,
		.stack = (uint64_t)stack,
		.kind = kinds[stack],
		.flags = GOLIN_CTX_PARENT_KNOWN,
	};

	if (c.kind == GOLIN_CTX_TIMER) {
		c.flags |= GOLIN_CTX_HAS_TIMEOUT;
		c.timeout_ns = 600ll * 1000000000;
		c.deadline_unix_ns = (int64_t)s->unix_start + c.timeout_ns;
	}
	return feed_context(&s->feed, &c, "", "");
}

/*
 * A root for each thousand; below it requests: a deadline with a value, and under that something
 * to cancel. All have a goroutine that works under them.
 */
static int put_first_context(struct synth *s, uint32_t i)
{
	uint32_t in_root = i % CONTEXTS_PER_ROOT, root = i - in_root;
	uint64_t at = CONTEXT_BASE + i * 0x80ull, goid = i % s->opts.goroutines + 1;

	if (!in_root)
		return put_context(s, at, 0, 0, goid, STACK_ROOT);
	switch (in_root % 3) {
	case 1:
		return put_context(s, at, CONTEXT_BASE + root * 0x80ull, GOLIN_CTX_CANCEL, goid,
				   STACK_TIMEOUT);
	case 2:
		return put_context(s, at, at - 0x80, GOLIN_CTX_TIMER, goid, STACK_VALUE);
	default:
		return put_context(s, at, at - 0x80, GOLIN_CTX_VALUE, goid, STACK_CANCEL);
	}
}

static int put_contexts(struct synth *s, uint32_t i)
{
	return i < N_STACKS ? put_stack(s, i) : put_first_context(s, i - N_STACKS);
}

/* One more comes, the one a thousand before it is cancelled. */
static int churn_context(struct synth *s, uint64_t n)
{
	struct golin_rec_context_cancel c = {
		.h.goid = 3,
		.ctx = CHURN_BASE + (n - SHORT_LIVED) * 0x80,
		.stack = STACK_CANCELLED,
		.reason = GOLIN_CANCEL_EXPLICIT,
	};
	int ret = put_context(s, CHURN_BASE + n * 0x80, CONTEXT_BASE, GOLIN_CTX_CANCEL,
			      s->next_goid + n, STACK_CHURN);

	if (ret || n < SHORT_LIVED)
		return ret;
	return feed_cancel(&s->feed, &c, "context canceled", "");
}

/* ---- panics ---- */

enum { N_TYPES = 4, PANIC_DEPTH = 0x1000, PANIC_STACK = 0x100 };

/* The types of values, and a stack for each place that panics. */
static int put_panic_names(struct synth *s, uint32_t i)
{
	static const char *const types[N_TYPES] = {"*errors.errorString", "runtime.boundsError",
						   "*fs.PathError", "string"};
	uint64_t pcs[] = {sites[CONN + i % 3].pc, sites[MAIN].pc};

	if (i < N_TYPES)
		return feed_type(&s->feed, 0x10000 + i * 0x100, types[i]);
	return feed_stack(&s->feed, PANIC_STACK + i - N_TYPES, pcs, 2);
}
enum { N_PANIC_NAMES = N_TYPES + 3 };

/* One that two deferred calls see; the second recovers it. Each eighth began in one of another. */
static int put_panic(struct synth *s, uint64_t i)
{
	uint64_t goid = i % s->opts.goroutines + 1;
	struct golin_rec_panic_start p = {.h.goid = goid,
					  .depth = PANIC_DEPTH,
					  .stack = PANIC_STACK + i % 3,
					  .trace_kind = GOLIN_TRACE_HLC,
					  .trace = {i << 16, 1}};
	struct feed_value v = {.type = 0x10000 + i % N_TYPES * 0x100, .data = i, .text = "broken"};
	int ret = feed_panic(&s->feed, &p, &v, 1);

	if (!ret)
		ret = feed_panic_defer(&s->feed, goid, sites[CLEANUP].pc, 0);
	if (!ret && i % 8 == 7) {
		p.depth *= 2;
		p.flags = GOLIN_PANIC_NESTED;
		ret = feed_panic(&s->feed, &p, &v, 1);
	}
	if (!ret)
		ret = feed_panic_defer(&s->feed, goid, sites[GUARD].pc, 0);
	return ret ? ret : feed_recover(&s->feed, goid, sites[CONN].pc, PANIC_DEPTH / 2);
}

static int put_panics(struct synth *s, uint32_t i)
{
	return i < N_PANIC_NAMES ? put_panic_names(s, i) : put_panic(s, i - N_PANIC_NAMES);
}

static uint32_t n_panics(const struct synth *s)
{
	return s->opts.panics ? N_PANIC_NAMES + s->opts.panics : 0;
}

/* ---- the stream ---- */

static uint32_t n_contexts(const struct synth *s)
{
	return s->opts.contexts ? N_STACKS + s->opts.contexts : 0;
}

static int put_settings(struct synth *s)
{
	return feed_settings(&s->feed, GOLIN_GROUP_GOROUTINES |
					       (s->opts.contexts ? GOLIN_GROUP_CONTEXTS : 0) |
					       (s->opts.panics ? GOLIN_GROUP_PANICS : 0));
}

static int begin(struct synth *s)
{
	uint32_t i = s->step++;
	struct timespec ts;

	if (i == 0)
		return feed_target(&s->feed, "/srv/orders-api", "go1.26.8");
	if (i == 1) {
		clock_gettime(CLOCK_REALTIME, &ts);
		s->unix_start = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
		return feed_clock(&s->feed, mono(), s->unix_start);
	}
	if (i == 2)
		return put_settings(s);
	i -= HEAD;
	if (i < N_SITES)
		return feed_name(&s->feed, sites[i].pc, sites[i].func, sites[i].file,
				 sites[i].line);
	i -= N_SITES;
	if (i < s->opts.goroutines)
		return put_first(s, i);
	i -= s->opts.goroutines;
	return i < n_contexts(s) ? put_contexts(s, i) : put_panics(s, i - n_contexts(s));
}

static int service(struct golin_source *base, const struct golin_sink *sink, int max,
		   struct golin_err *err)
{
	struct synth *s = (struct synth *)base;
	uint64_t now = mono(), due;
	int n = 0, ret = 0;

	s->feed.sink = *sink;
	s->feed.ts = now;

	while (n < max && !ret &&
	       s->step < HEAD + N_SITES + s->opts.goroutines + n_contexts(s) + n_panics(s)) {
		ret = begin(s);
		n++;
	}
	s->next_goid = s->opts.goroutines + 10;
	due = (now - s->start) / 1000 * s->opts.rate / 1000000;
	for (; n + 4 <= max && !ret && s->churned < due; s->churned++, n += 2) {
		ret = feed_create(&s->feed, s->next_goid + s->churned, 3, sites[FETCH].pc,
				  sites[JOB].pc, 0);
		if (!ret && s->churned >= SHORT_LIVED)
			ret = feed_exit(&s->feed, s->next_goid + s->churned - SHORT_LIVED);
		if (!ret && s->opts.contexts) {
			ret = churn_context(s, s->churned);
			n += 2;
		}
		if (!ret && s->opts.panics)
			ret = put_panic(s, s->opts.panics + s->churned);
	}
	if (!n && !s->told_end &&
	    (!s->opts.live || (s->opts.end_ms && now > s->start + s->opts.end_ms * 1000000ull))) {
		s->told_end = true;
		ret = feed_end(&s->feed, 0, 0);
		n++;
	}
	if (s->told_end)
		base->ended = true;
	s->delivered += (uint64_t)n;
	return ret ? ret : n;
}

static int control(struct golin_source *base, const struct golin_ctl *ctl, struct golin_err *err)
{
	return -EOPNOTSUPP;
}

static void stats(struct golin_source *base, struct golin_source_stats *ret)
{
	struct synth *s = (struct synth *)base;

	memset(ret, 0, sizeof(*ret));
	ret->hits = ret->delivered = s->delivered;
	ret->ring_size = 64 << 20;
	ret->probes = 3;
	ret->cost_ns = s->delivered * 500;
}

static void synth_close(struct golin_source *base)
{
	struct synth *s = (struct synth *)base;

	feed_done(&s->feed);
	free(s);
}

struct golin_source *synth_open(const struct synth_opts *opts)
{
	static const struct golin_source_ops ops = {
		.service = service, .control = control, .stats = stats, .close = synth_close};
	struct synth *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->base.ops = &ops;
	s->base.live = opts->live;
	s->base.poll_ms = opts->live ? 10 : 0;
	s->opts = *opts;
	s->start = mono();
	return &s->base;
}
