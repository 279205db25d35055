// SPDX-License-Identifier: BSD-2-Clause
#include "synth.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "feed.h"

enum { CONNS_PER_LISTENER = 1000, SHORT_LIVED = 1000 };

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
};
enum { N_SITES = sizeof(sites) / sizeof(sites[0]) };
enum { MAIN, SERVE, CONN, JOB, FETCH, TICKER, GC };

struct synth {
	struct golin_source base;
	struct synth_opts opts;
	struct feed feed;
	uint32_t step;	  /* of the beginning: target, clock, names, goroutines */
	uint64_t start;	  /* monotonic ns */
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

static int begin(struct synth *s)
{
	uint32_t i = s->step++;
	struct timespec ts;

	if (i == 0)
		return feed_target(&s->feed, "/srv/orders-api", "go1.26.8");
	if (i == 1) {
		clock_gettime(CLOCK_REALTIME, &ts);
		return feed_clock(&s->feed, mono(),
				  (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec);
	}
	if (i < 2 + N_SITES)
		return feed_name(&s->feed, sites[i - 2].pc, sites[i - 2].func, sites[i - 2].file,
				 sites[i - 2].line);
	return put_first(s, i - 2 - N_SITES);
}

static int service(struct golin_source *base, const struct golin_sink *sink, int max,
		   struct golin_err *err)
{
	struct synth *s = (struct synth *)base;
	uint64_t now = mono(), due;
	int n = 0, ret = 0;

	s->feed.sink = *sink;
	s->feed.ts = now;

	while (n < max && !ret && s->step < 2 + N_SITES + s->opts.goroutines) {
		ret = begin(s);
		n++;
	}
	s->next_goid = s->opts.goroutines + 10;
	due = (now - s->start) / 1000 * s->opts.rate / 1000000;
	for (; n + 2 <= max && !ret && s->churned < due; s->churned++, n += 2) {
		ret = feed_create(&s->feed, s->next_goid + s->churned, 3, sites[FETCH].pc,
				  sites[JOB].pc, 0);
		if (!ret && s->churned >= SHORT_LIVED)
			ret = feed_exit(&s->feed, s->next_goid + s->churned - SHORT_LIVED);
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
