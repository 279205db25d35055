// SPDX-License-Identifier: BSD-2-Clause
#include "synth.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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
	struct golin_recbuf buf;
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

static int emit(struct synth *s, const struct golin_sink *sink)
{
	struct golin_rec *rec = (struct golin_rec *)golin_recbuf_end(&s->buf);
	int ret;

	if (!rec)
		return -ENOMEM;
	rec->target = 1;
	if (!rec->ts)
		rec->ts = mono();
	ret = golin_record_check(rec, rec->size);
	if (!ret)
		ret = sink->put(sink->arg, rec);
	return ret;
}

#define STR(s, type, field, text)                                                                  \
	golin_recbuf_str(&(s)->buf, offsetof(type, field), (text), strlen(text))

static int put_target(struct synth *s, const struct golin_sink *sink)
{
	struct golin_rec_target *t = golin_recbuf_begin(&s->buf, GOLIN_REC_TARGET, sizeof(*t));

	t->pid = 4213;
	t->flags = GOLIN_TARGET_PARENT_KNOWN;
	t->layout_source = GOLIN_LAYOUT_DWARF;
	STR(s, struct golin_rec_target, exe, "/srv/orders-api");
	STR(s, struct golin_rec_target, comm, "orders-api");
	STR(s, struct golin_rec_target, go, "go1.26.8");
	STR(s, struct golin_rec_target, arch, "amd64");
	return emit(s, sink);
}

static int put_clock(struct synth *s, const struct golin_sink *sink)
{
	struct golin_rec_clock *c = golin_recbuf_begin(&s->buf, GOLIN_REC_CLOCK, sizeof(*c));
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	c->mono_ns = mono();
	c->unix_ns = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
	return emit(s, sink);
}

static int put_name(struct synth *s, const struct golin_sink *sink, const struct site *site)
{
	size_t fixed = sizeof(struct golin_rec_name) + sizeof(struct golin_rec_frame);
	struct golin_rec_name *n = golin_recbuf_begin(&s->buf, GOLIN_REC_NAME, fixed);
	size_t frame = offsetof(struct golin_rec_name, frames);

	n->pc = site->pc;
	n->n = 1;
	n->frames[0].line = site->line;
	golin_recbuf_str(&s->buf, frame + offsetof(struct golin_rec_frame, func), site->func,
			 strlen(site->func));
	golin_recbuf_str(&s->buf, frame + offsetof(struct golin_rec_frame, file), site->file,
			 strlen(site->file));
	return emit(s, sink);
}

static int put_seen(struct synth *s, const struct golin_sink *sink, uint64_t goid, uint64_t parent,
		    int site, int from, const char *wait)
{
	struct golin_rec_goroutine_seen *g =
		golin_recbuf_begin(&s->buf, GOLIN_REC_GOROUTINE_SEEN, sizeof(*g));

	g->h.goid = parent;
	g->child = goid;
	g->startpc = sites[site].pc;
	g->gopc = sites[from].pc;
	g->state = GOLIN_GS_WAITING;
	g->flags = GOLIN_G_PARENT_KNOWN;
	g->wait_since = s->start;
	STR(s, struct golin_rec_goroutine_seen, wait, wait);
	return emit(s, sink);
}

static int put_create(struct synth *s, const struct golin_sink *sink, uint64_t goid,
		      uint64_t parent)
{
	struct golin_rec_goroutine_create *g =
		golin_recbuf_begin(&s->buf, GOLIN_REC_GOROUTINE_CREATE, sizeof(*g));

	g->h.goid = parent;
	g->child = goid;
	g->startpc = sites[FETCH].pc;
	g->gopc = sites[JOB].pc;
	g->via = GOLIN_VIA_GO;
	g->flags = GOLIN_G_PARENT_KNOWN;
	return emit(s, sink);
}

static int put_exit(struct synth *s, const struct golin_sink *sink, uint64_t goid)
{
	struct golin_rec_goroutine_exit *g =
		golin_recbuf_begin(&s->buf, GOLIN_REC_GOROUTINE_EXIT, sizeof(*g));

	g->h.goid = goid;
	g->how = GOLIN_HOW_RETURN;
	return emit(s, sink);
}

static int put_end(struct synth *s, const struct golin_sink *sink)
{
	struct golin_rec_exit *e = golin_recbuf_begin(&s->buf, GOLIN_REC_EXIT, sizeof(*e));

	e->known = 1;
	return emit(s, sink);
}

/* 1 main, 2 the runtime's, 3 job, then listeners with a thousand connections each. */
static int put_first(struct synth *s, const struct golin_sink *sink, uint32_t i)
{
	uint64_t goid = i + 1;

	switch (i) {
	case 0:
		return put_seen(s, sink, 1, 0, MAIN, MAIN, "chan receive");
	case 1:
		return put_seen(s, sink, 2, 1, GC, MAIN, "GC worker (idle)");
	case 2:
		return put_seen(s, sink, 3, 1, JOB, MAIN, "select");
	case 3:
		return put_seen(s, sink, 4, 1, TICKER, MAIN, "sleep");
	}
	if ((i - 4) % (CONNS_PER_LISTENER + 1) == 0)
		return put_seen(s, sink, goid, 1, SERVE, MAIN, "IO wait");
	return put_seen(s, sink, goid, goid - 1 - (i - 5) % (CONNS_PER_LISTENER + 1), CONN, SERVE,
			i % 3 ? "IO wait" : "select");
}

static int begin(struct synth *s, const struct golin_sink *sink)
{
	uint32_t i = s->step++;

	if (i == 0)
		return put_target(s, sink);
	if (i == 1)
		return put_clock(s, sink);
	if (i < 2 + N_SITES)
		return put_name(s, sink, &sites[i - 2]);
	return put_first(s, sink, i - 2 - N_SITES);
}

static int service(struct golin_source *base, const struct golin_sink *sink, int max,
		   struct golin_err *err)
{
	struct synth *s = (struct synth *)base;
	uint64_t now = mono(), due;
	int n = 0, ret = 0;

	while (n < max && !ret && s->step < 2 + N_SITES + s->opts.goroutines) {
		ret = begin(s, sink);
		n++;
	}
	s->next_goid = s->opts.goroutines + 10;
	due = (now - s->start) / 1000 * s->opts.rate / 1000000;
	for (; n + 2 <= max && !ret && s->churned < due; s->churned++, n += 2) {
		ret = put_create(s, sink, s->next_goid + s->churned, 3);
		if (!ret && s->churned >= SHORT_LIVED)
			ret = put_exit(s, sink, s->next_goid + s->churned - SHORT_LIVED);
	}
	if (!n && !s->told_end &&
	    (!s->opts.live || (s->opts.end_ms && now > s->start + s->opts.end_ms * 1000000ull))) {
		s->told_end = true;
		ret = put_end(s, sink);
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

	golin_recbuf_done(&s->buf);
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
