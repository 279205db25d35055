/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules over a model that a test feeds; what the rules ask, the test answers. */
#ifndef GOLIN_TESTS_RULES_SCENE_H
#define GOLIN_TESTS_RULES_SCENE_H

#include "records.h"
#include "golin/findings.h"
#include "golin/timers.h"
#include "golin/waits.h"

#define MS 1000000ull
#define SEC 1000000000ull
#define UNIX0 1700000000000000000ull

static struct golin_rules *R;

/* Stacks: the constructor, then a function of the user's. Their number is that of the stack. */
enum {
	PC_CANCEL = 0x100,
	PC_TIMEOUT = 0x110,
	PC_HTTP_NEW = 0x120,
	PC_READ_REQUEST = 0x130,
	PC_CONN_SERVE = 0x140,
	PC_SERVE_HTTP = 0x150,
	PC_SLEEP = 0x160,
	PC_WG_WAIT = 0x170,
	PC_NEW_TIMER = 0x180,
	PC_PROPAGATE = 0x190,
	PC_SERVER_SERVE = 0x1a0,
	PC_MAIN = 0x200, /* main.main */
	PC_F = 0x210,	 /* main.f, main.g, main.h */
	PC_G = 0x220,
	PC_H = 0x230,
	PC_RUN = 0x240, /* main.run: what goroutines start in */
	PC_WAITER = 0x250,
};

enum {
	ST_F = 1,   /* context.WithCancel <- main.f <- main.run */
	ST_G,	    /* context.WithCancel <- main.g <- main.run */
	ST_TF,	    /* context.WithTimeout <- main.f <- main.run */
	ST_MAIN,    /* context.WithCancel <- main.main */
	ST_CONN,    /* context.WithCancel <- net/http.(*conn).readRequest <- serve */
	ST_LIB,	    /* context.WithCancel <- net/http.(*Client).Do <- main.f <- main.run */
	ST_SERVER,  /* context.WithValue under net/http.(*Server).Serve <- main.f <- main.run */
	ST_VALUE_F, /* (context.WithValue) main.f <- main.run */
	ST_TIMER,   /* time.NewTimer <- main.f <- main.run */
	ST_WAITER,  /* context.(*cancelCtx).propagateCancel <- WithCancel <- main.f */
	/* where goroutines stand */
	AT_F,	  /* main.f <- main.run */
	AT_H,	  /* main.h <- main.f <- main.run */
	AT_G,	  /* main.g <- main.run */
	AT_SLEEP, /* time.Sleep <- main.h <- main.run */
	AT_WG,	  /* sync.(*WaitGroup).Wait <- main.f <- main.run */
	AT_HTTP,  /* main.h <- net/http.serverHandler.ServeHTTP <- net/http.(*conn).serve */
	AT_CONN,  /* net/http.(*conn).serve */
};

#define STACK(id, ...)                                                                             \
	do {                                                                                       \
		static const uint64_t pcs_[] = {__VA_ARGS__};                                      \
		stack(id, pcs_, sizeof(pcs_) / sizeof(pcs_[0]));                                   \
	} while (0)

UNUSED_FN void scene_names(void)
{
	name(PC_CANCEL, "context.WithCancel", "/go/src/context/context.go", 100);
	name(PC_TIMEOUT, "context.WithTimeout", "/go/src/context/context.go", 200);
	name(PC_PROPAGATE, "context.(*cancelCtx).propagateCancel", "/go/src/context/context.go", 1);
	name(PC_HTTP_NEW, "net/http.(*Client).Do", "/go/src/net/http/client.go", 10);
	name(PC_READ_REQUEST, "net/http.(*conn).readRequest", "/go/src/net/http/server.go", 20);
	name(PC_CONN_SERVE, "net/http.(*conn).serve", "/go/src/net/http/server.go", 30);
	name(PC_SERVE_HTTP, "net/http.serverHandler.ServeHTTP", "/go/src/net/http/server.go", 40);
	name(PC_SERVER_SERVE, "net/http.(*Server).Serve", "/go/src/net/http/server.go", 50);
	name(PC_SLEEP, "time.Sleep", "/go/src/time/sleep.go", 1);
	name(PC_NEW_TIMER, "time.NewTimer", "/go/src/time/sleep.go", 2);
	name(PC_WG_WAIT, "sync.(*WaitGroup).Wait", "/go/src/sync/waitgroup.go", 1);
	name(PC_WAITER, "context.(*cancelCtx).propagateCancel.func2", "/go/src/context/context.go",
	     2);
	name(PC_MAIN, "main.main", "/src/app/main.go", 5);
	name(PC_F, "main.f", "/src/app/f.go", 10);
	name(PC_G, "main.g", "/src/app/g.go", 20);
	name(PC_H, "main.h", "/src/app/h.go", 30);
	name(PC_RUN, "main.run", "/src/app/run.go", 40);
	STACK(ST_F, PC_CANCEL, PC_F, PC_RUN);
	STACK(ST_G, PC_CANCEL, PC_G, PC_RUN);
	STACK(ST_TF, PC_TIMEOUT, PC_F, PC_RUN);
	STACK(ST_MAIN, PC_CANCEL, PC_MAIN);
	STACK(ST_CONN, PC_CANCEL, PC_READ_REQUEST, PC_CONN_SERVE);
	STACK(ST_LIB, PC_CANCEL, PC_HTTP_NEW, PC_F, PC_RUN);
	STACK(ST_SERVER, PC_SERVER_SERVE, PC_F, PC_RUN);
	STACK(ST_VALUE_F, PC_F, PC_RUN);
	STACK(ST_TIMER, PC_NEW_TIMER, PC_F, PC_RUN);
	STACK(ST_WAITER, PC_PROPAGATE, PC_CANCEL, PC_F, PC_RUN);
	STACK(AT_F, PC_F, PC_RUN);
	STACK(AT_H, PC_H, PC_F, PC_RUN);
	STACK(AT_G, PC_G, PC_RUN);
	STACK(AT_SLEEP, PC_SLEEP, PC_H, PC_RUN);
	STACK(AT_WG, PC_WG_WAIT, PC_F, PC_RUN);
	STACK(AT_HTTP, PC_H, PC_SERVE_HTTP, PC_CONN_SERVE);
	STACK(AT_CONN, PC_CONN_SERVE);
}

UNUSED_FN int scene_open(const struct golin_rules_opts *opts)
{
	make_model(0);
	if (golin_rules_new(opts, M, &R, NULL))
		return -1;
	clock_at(1, UNIX0);
	scene_names();
	return 0;
}

UNUSED_FN int setup(void **s)
{
	return scene_open(NULL);
}

UNUSED_FN int teardown(void **s)
{
	golin_rules_free(R);
	R = NULL;
	free_model();
	return 0;
}

UNUSED_FN void spawn(uint64_t ts, uint64_t parent, uint64_t child)
{
	create_full(ts, parent, child, PC_RUN, PC_F, 0, GOLIN_VIA_GO, 0);
}

struct made {
	uint64_t ts, goid, ctx, parent, stack;
	uint32_t kind, parent_kind;
	uint64_t timeout; /* of a deadline; asked for in vain when kind is cancel */
};

UNUSED_FN void make_full(struct made m)
{
	struct golin_rec_context_create r = {
		.h = HEADER(GOLIN_REC_CONTEXT_CREATE, r, m.ts, m.goid),
		.ctx = m.ctx,
		.parent = m.parent,
		.stack = m.stack,
		.kind = m.kind,
		.parent_kind = m.parent_kind ? m.parent_kind : GOLIN_CTX_BACKGROUND,
		.flags = GOLIN_CTX_PARENT_KNOWN,
	};

	if (m.timeout) {
		r.timeout_ns = (int64_t)m.timeout;
		r.asked_unix_ns = (int64_t)(UNIX0 + m.ts + m.timeout);
		r.flags |= GOLIN_CTX_HAS_TIMEOUT | GOLIN_CTX_ASKED;
		if (m.kind == GOLIN_CTX_TIMER)
			r.deadline_unix_ns = r.asked_unix_ns;
	}
	put(&r.h);
}

#define MAKE(...) make_full((struct made){__VA_ARGS__})

UNUSED_FN void cancel(uint64_t ts, uint64_t goid, uint64_t ctx, uint32_t reason)
{
	struct golin_rec_context_cancel r = {
		.h = HEADER(GOLIN_REC_CONTEXT_CANCEL, r, ts, goid),
		.ctx = ctx,
		.reason = reason,
		.stack = ST_MAIN,
	};

	put(&r.h);
}

UNUSED_FN void passed(uint64_t child, uint64_t ctx)
{
	struct golin_rec_context_passed r = {
		.h = HEADER(GOLIN_REC_CONTEXT_PASSED, r, 0, 0),
		.child = child,
		.ctx = ctx,
		.how = GOLIN_PASSED_CLOSURE,
	};

	put(&r.h);
}

/* ---- answers ---- */

struct stands {
	uint64_t goid, stack;
	uint32_t gstate; /* 0: waiting */
	const char *wait;
	uint32_t flags, how; /* of one channel, when how is set */
	uint64_t ctx;
	bool unsure; /* not all channels are known */
};

UNUSED_FN void answer(uint64_t ts, const struct stands *s)
{
	struct {
		struct golin_rec_goroutine_waits r;
		struct golin_rec_wait w[1];
	} w = {.r = {.h = header(GOLIN_REC_GOROUTINE_WAITS, sizeof(w.r) + (s->how ? 24 : 0), ts,
				 s->goid),
		     .n = !!s->how}};
	uint32_t gstate = s->gstate ? s->gstate : GOLIN_GS_WAITING;

	state(ts, s->goid, gstate, gstate == GOLIN_GS_WAITING ? s->wait : "");
	if (gstate == GOLIN_GS_WAITING || gstate == GOLIN_GS_SYSCALL) {
		w.r.stack = s->stack;
		w.r.flags = GOLIN_WAITS_STACK | (s->unsure ? 0 : GOLIN_WAITS_CHANNELS);
		w.w[0] = (struct golin_rec_wait){
			.chan = 0xc0de00, .ctx = s->ctx, .how = s->how, .flags = s->flags};
	} else {
		w.r.h.size = sizeof(w.r);
		w.r.n = 0;
	}
	put(&w.r.h);
}

/* Looks each 100 ms from..to; questions about `n` goroutines are answered at once. */
UNUSED_FN void look_until(uint64_t from, uint64_t to, const struct stands *s, int n)
{
	struct golin_ctl ctl;

	for (uint64_t t = from; t <= to; t += 100 * MS) {
		assert_int_equal(golin_rules_check(R, t), 0);
		while (golin_rules_ask(R, &ctl))
			for (int k = 0; k < n; k++)
				if (ctl.type == GOLIN_CTL_READ && ctl.goid == s[k].goid)
					answer(t + MS, &s[k]);
	}
}

UNUSED_FN void look(uint64_t from, uint64_t to)
{
	look_until(from, to, NULL, 0);
}

/* ---- findings ---- */

UNUSED_FN const struct golin_finding *found(const char *rule, const char *func)
{
	for (uint32_t i = 0; i < golin_findings_count(R); i++) {
		const struct golin_finding *f = golin_findings_get(R, i);

		if (!strcmp(golin_rule(f->rule)->name, rule) && !strcmp(f->func, func))
			return f;
	}
	return NULL;
}

UNUSED_FN const struct golin_finding *must(const char *rule, const char *func, uint32_t severity)
{
	const struct golin_finding *f = found(rule, func);

	assert_non_null(f);
	assert_int_equal(f->severity, severity);
	assert_true(*f->message);
	assert_true(*f->hint);
	assert_true(f->nevidence > 0);
	return f;
}

UNUSED_FN uint64_t number(const struct golin_finding *f, const char *what)
{
	for (uint32_t i = 0; i < f->nevidence; i++)
		if (!strcmp(f->evidence[i].name, what) && !f->evidence[i].text)
			return f->evidence[i].number;
	fail_msg("no number %s in '%s'", what, f->message);
	return 0;
}

UNUSED_FN const char *text(const struct golin_finding *f, const char *what)
{
	for (uint32_t i = 0; i < f->nevidence; i++)
		if (!strcmp(f->evidence[i].name, what) && f->evidence[i].text)
			return f->evidence[i].text;
	fail_msg("no text %s in '%s'", what, f->message);
	return "";
}

#endif
