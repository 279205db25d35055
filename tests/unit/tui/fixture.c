// SPDX-License-Identifier: BSD-2-Clause
#include "fixture.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int put(void *arg, const struct golin_rec *rec)
{
	return golin_model_apply(arg, rec);
}

#define OK(call) assert_int_equal((call), 0)

void fixture_bare(struct fixture *f, bool live, int w, int h)
{
	struct app_opts opts = {
		.title = "orders.golin", .live = live, .has_log = true, .mouse = true};
	struct golin_err err = {0};

	setenv("TZ", "UTC", 1);
	tzset();
	memset(f, 0, sizeof(*f));
	OK(golin_model_new(NULL, &f->model));
	f->feed.sink = (struct golin_sink){.put = put, .arg = f->model};
	f->feed.ts = T0;
	OK(feed_target(&f->feed, "/srv/orders-api", "go1.26.8"));
	OK(feed_clock(&f->feed, T0, UNIX_T0));
	OK(feed_name(&f->feed, PC_MAIN, "main.main", "/src/app/main.go", 41));
	OK(feed_name(&f->feed, PC_SERVE, "net/http.(*Server).Serve", "/go/src/net/http/server.go",
		     3454));
	OK(feed_name(&f->feed, PC_CONN, "net/http.(*conn).serve", "/go/src/net/http/server.go",
		     2009));
	OK(feed_name(&f->feed, PC_JOB, "main.(*Job).run", "/src/app/job.go", 88));
	OK(feed_name(&f->feed, PC_FETCH, "main.fetch", "/src/app/job.go", 120));
	OK(feed_name(&f->feed, PC_TICK, "main.ticker", "/src/app/tick.go", 12));
	OK(feed_name(&f->feed, PC_GC, "runtime.gcBgMarkWorker", "/go/src/runtime/mgc.go", 1300));
	OK(feed_name(&f->feed, PC_INIT, "main.init.0", "/src/app/main.go", 17));
	OK(feed_name(&f->feed, PC_ODD, "main.größe漢字", "/src/app/größe.go", 7));
	OK(app_init(&f->app, f->model, &opts, &err));
	assert_true(canvas_resize(&f->canvas, w, h));
	app_resize(&f->app, w, h);
	f->app.since = T0;
	f->stats.ring_size = 64 << 20;
	f->stats.ring_used = 2 << 20;
	f->stats.probes = 3;
	fixture_tick(f, T0, false);
}

void fixture_server(struct fixture *f, bool live, int w, int h)
{
	static const uint64_t stack[] = {PC_CONN, PC_SERVE, PC_MAIN};

	fixture_bare(f, live, w, h);
	OK(feed_seen(&f->feed, 1, 0, PC_MAIN, 0, "chan receive", T0 - 700 * SEC));
	OK(feed_seen(&f->feed, 2, 1, PC_GC, PC_MAIN, "GC worker (idle)", 0));
	OK(feed_seen(&f->feed, 18, 1, PC_SERVE, PC_MAIN, "select", T0 - 2 * SEC));
	for (uint64_t goid = 100; goid < 111; goid++)
		OK(feed_seen(&f->feed, goid, 18, PC_CONN, PC_SERVE, goid % 4 ? "IO wait" : "select",
			     0));
	OK(feed_seen(&f->feed, 44, 1, PC_TICK, PC_MAIN, "sleep", T0 - SEC));
	OK(feed_seen(&f->feed, 9300, 9299, PC_FETCH, PC_INIT, NULL, 0));
	OK(feed_stack(&f->feed, 77, stack, 3));
	f->feed.ts = T0 + SEC;
	OK(feed_create(&f->feed, 9120, 18, PC_JOB, PC_CONN, 77));
	OK(feed_state(&f->feed, 9120, GOLIN_GS_RUNNING, ""));
	OK(feed_create(&f->feed, 9121, 9120, PC_FETCH, PC_JOB, 77));
	OK(feed_state(&f->feed, 9121, GOLIN_GS_WAITING, "chan send"));
	OK(feed_create(&f->feed, 9122, 9120, PC_FETCH, PC_JOB, 77));
	f->feed.ts = T0 + 2 * SEC;
	OK(feed_exit(&f->feed, 9122));
	f->feed.ts = T0 + 3 * SEC;
	OK(feed_timer(&f->feed, 9200, 44, PC_TICK, PC_TICK));
	OK(feed_state(&f->feed, 9200, GOLIN_GS_SYSCALL, ""));
	f->feed.ts = T0 + 5 * SEC;
	fixture_tick(f, T0 + 5 * SEC, !live);
}

enum { TYPE_KEY = 0x100, TYPE_STRING = 0x200, TYPE_ERR = 0x300 };

/* A stack of a constructor of package context, called in one of the functions above. */
static uint64_t stack(struct fixture *f, uint64_t constructor, uint64_t user)
{
	uint64_t pcs[] = {constructor, user, PC_MAIN}, id = constructor << 20 | user;

	OK(feed_stack(&f->feed, id, pcs, 3));
	return id;
}

static uint32_t kind_at(struct fixture *f, uint64_t ctx)
{
	golin_cidx i = golin_model_context_at(f->model, ctx);

	return golin_model_context(f->model, i)->kind;
}

static void context(struct fixture *f, uint64_t ctx, uint64_t parent, uint64_t goid,
		    uint64_t constructor, uint64_t user, uint64_t timeout_ns)
{
	struct golin_rec_context_create c = {
		.h.goid = goid,
		.ctx = ctx,
		.parent = parent,
		.stack = stack(f, constructor, user),
		.kind = constructor == PC_WITH_VALUE ? GOLIN_CTX_VALUE
			: timeout_ns		     ? GOLIN_CTX_TIMER
						     : GOLIN_CTX_CANCEL,
		.parent_kind = parent		 ? kind_at(f, parent)
			       : user == PC_TICK ? GOLIN_CTX_TODO
						 : GOLIN_CTX_BACKGROUND,
		.flags = GOLIN_CTX_PARENT_KNOWN | (timeout_ns ? GOLIN_CTX_HAS_TIMEOUT : 0),
		.timeout_ns = (int64_t)timeout_ns,
		.deadline_unix_ns =
			timeout_ns ? (int64_t)(UNIX_T0 + (f->feed.ts - T0) + timeout_ns) : 0,
	};

	if (c.kind == GOLIN_CTX_VALUE) {
		c.key_type = TYPE_KEY;
		c.value_type = TYPE_STRING;
	}
	OK(feed_context(&f->feed, &c, "", ""));
}

static void cascade(struct fixture *f)
{
	struct golin_rec_context_cancel c = {
		.h.goid = 9121,
		.ctx = CTX_OFF,
		.stack = stack(f, PC_CANCEL, PC_FETCH),
		.err_type = TYPE_ERR,
		.reason = GOLIN_CANCEL_EXPLICIT,
	};

	f->feed.ts = T0 + 3 * SEC;
	OK(feed_cancel(&f->feed, &c, "context canceled", "gave up on the shard"));
	f->feed.ts += 12345;
	c.ctx = CTX_OFF_1;
	c.reason = GOLIN_CANCEL_PARENT;
	OK(feed_cancel(&f->feed, &c, "context canceled", "gave up on the shard"));
}

void fixture_contexts(struct fixture *f, bool live, int w, int h)
{
	fixture_server(f, live, w, h);
	OK(feed_settings(&f->feed, GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_CONTEXTS));
	f->app.groups = GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_CONTEXTS;
	OK(feed_name(&f->feed, PC_WITH_CANCEL, "context.WithCancel", "/go/src/context.go", 233));
	OK(feed_name(&f->feed, PC_WITH_TIMEOUT, "context.WithTimeout", "/go/src/context.go", 700));
	OK(feed_name(&f->feed, PC_WITH_VALUE, "context.WithValue", "/go/src/context.go", 720));
	OK(feed_name(&f->feed, PC_CANCEL, "context.(*cancelCtx).cancel", "/go/src/context.go", 5));
	OK(feed_name(&f->feed, PC_CONN + 1, "net/http.(*conn).readRequest",
		     "/go/src/net/http/server.go", 1027));
	OK(feed_type(&f->feed, TYPE_KEY, "main.ctxKey"));
	OK(feed_type(&f->feed, TYPE_STRING, "string"));
	OK(feed_type(&f->feed, TYPE_ERR, "*errors.errorString"));
	f->feed.ts = T0 + SEC / 2;
	context(f, CTX_ROOT, 0, 1, PC_WITH_CANCEL, PC_MAIN, 0);
	context(f, CTX_VALUE, CTX_ROOT, 18, PC_WITH_VALUE, PC_SERVE, 0);
	f->feed.ts = T0 + SEC;
	context(f, CTX_DEADLINE, CTX_VALUE, 9120, PC_WITH_TIMEOUT, PC_CONN, 8 * SEC);
	context(f, CTX_NEAR, CTX_VALUE, 9120, PC_WITH_TIMEOUT, PC_JOB, 4 * SEC + SEC / 2);
	context(f, CTX_OFF, CTX_VALUE, 9120, PC_WITH_CANCEL, PC_JOB, 0);
	context(f, CTX_OFF_1, CTX_OFF, 9121, PC_WITH_TIMEOUT, PC_FETCH, 60 * SEC);
	context(f, CTX_OFF_2, CTX_OFF_1, 9121, PC_WITH_VALUE, PC_FETCH, 0);
	OK(feed_passed(&f->feed, 9120, CTX_OFF_1, GOLIN_PASSED_CLOSURE));
	for (uint64_t i = 0; i < 6; i++) {
		context(f, CTX_LIKE + i * 0x100, CTX_VALUE, 100 + i, PC_WITH_TIMEOUT, PC_CONN + 1,
			30 * SEC);
		OK(feed_passed(&f->feed, 44, CTX_LIKE + i * 0x100, GOLIN_PASSED_WAITS));
	}
	for (uint64_t goid = 100; goid < 111; goid++)
		OK(feed_passed(&f->feed, goid, CTX_DEADLINE, GOLIN_PASSED_CLOSURE));
	f->feed.ts = T0 + 2 * SEC;
	context(f, CTX_TODO, 0, 44, PC_WITH_CANCEL, PC_TICK, 0);
	cascade(f);
	f->feed.ts = T0 + 5 * SEC;
	fixture_tick(f, T0 + 5 * SEC, !live);
}

static void find(struct fixture *f, struct finding *ret, const char *rule, uint8_t severity,
		 uint64_t ctx, uint64_t count)
{
	golin_cidx i = golin_model_context_at(f->model, ctx);
	const struct golin_context *c = golin_model_context(f->model, i);

	memset(ret, 0, sizeof(*ret));
	ret->rule = rule;
	ret->f.severity = severity;
	ret->f.c = i;
	ret->f.count = count;
	ret->f.func = ret->f.file = "";
	if (c) {
		struct golin_frame site = golin_context_site(f->model, c);

		golin_context_lineage(f->model, c, ret->f.lineage);
		ret->f.func = site.func;
		ret->f.file = site.file;
		ret->f.line = site.line;
	}
	ret->f.first = T0 + 4 * SEC;
	ret->f.last = T0 + 5 * SEC;
}

void fixture_findings(struct fixture *f)
{
	struct finding v[3];

	find(f, &v[0], "masked-timeout", GOLIN_SEV_NOTE, 0, 3);
	v[0].f.func = "main.dial";
	v[0].f.file = "/src/app/dial.go";
	v[0].f.line = 31;
	v[0].f.message = "main.dial asks for 10s under a deadline that is 4s away.";
	v[0].f.hint = "Let the parent's deadline do it.";
	find(f, &v[1], "lost-cancel", GOLIN_SEV_WARNING, CTX_TODO, 12);
	v[1].f.goid = 44;
	v[1].f.message = "main.ticker makes contexts that nobody cancels: 12 so far.";
	v[1].f.hint = "Call the cancel function when the work is done: defer cancel().";
	find(f, &v[2], "ignored-cancel", GOLIN_SEV_ERROR, CTX_OFF_1, 1);
	v[2].f.goid = 9120;
	v[2].f.message = "Goroutine 9120 still sends on a channel 2s after its context was done.";
	v[2].f.hint = "Select on ctx.Done() beside the send.";
	v[2].f.evidence[0] = (struct golin_evidence){.name = "wait", .text = "chan send"};
	v[2].f.evidence[1] = (struct golin_evidence){.name = "late_ns", .number = 2 * SEC};
	v[2].f.evidence[2] = (struct golin_evidence){.name = "goroutines", .number = 12345};
	v[2].f.nevidence = 3;
	assert_true(findings_set(&f->app.findings, v, 3));
	f->app.stale = true;
	app_update(&f->app);
}

void fixture_done(struct fixture *f)
{
	app_done(&f->app);
	canvas_done(&f->canvas);
	feed_done(&f->feed);
	golin_model_free(f->model);
}

void fixture_at(struct fixture *f, uint64_t now)
{
	f->feed.ts = now;
	fixture_tick(f, now, f->app.source_ended);
}

void fixture_tick(struct fixture *f, uint64_t now, bool ended)
{
	app_tick(&f->app, now, &f->stats, ended);
	app_update(&f->app);
}

void fixture_keys(struct fixture *f, const char *keys)
{
	char name[32];

	while (*keys) {
		size_t n = strcspn(keys, " ");
		int key;

		assert_true(n < sizeof(name));
		memcpy(name, keys, n);
		name[n] = 0;
		key = ui_key_parse(name);
		assert_int_not_equal(key, 0);
		app_key(&f->app, key);
		app_update(&f->app);
		keys += n + (keys[n] == ' ');
	}
}

void fixture_type(struct fixture *f, const char *text)
{
	for (; *text; text++)
		app_key(&f->app, (unsigned char)*text);
	app_update(&f->app);
}

char *fixture_screen(struct fixture *f)
{
	struct strbuf b = {0};

	app_update(&f->app);
	app_draw(&f->app, &f->canvas);
	canvas_text(&f->canvas, &b);
	assert_false(b.oom);
	return b.s;
}

const char *fixture_line(struct fixture *f, const char *text)
{
	static char line[1024];
	char *screen = fixture_screen(f), *at = strstr(screen, text), *from, *end;

	line[0] = 0;
	if (at) {
		for (from = at; from > screen && from[-1] != '\n'; from--)
			;
		end = strchr(at, '\n');
		snprintf(line, sizeof(line), "%.*s", (int)(end - from), from);
	}
	free(screen);
	return at ? line : NULL;
}

uint64_t fixture_selected_ctx(struct fixture *f)
{
	const struct tree_row *row = treeview_selected(&f->app.ctx_tree);
	golin_cidx i = row ? ctxview_context(&f->app.contexts, row) : GOLIN_CIDX_NONE;
	const struct golin_context *c = golin_model_context(f->model, i);

	return c ? c->ctx : 0;
}

uint64_t fixture_selected(struct fixture *f)
{
	const struct tree_row *row = treeview_selected(&f->app.tree);
	const struct golin_goroutine *g = row ? lineage_goroutine(&f->app.lineage, row) : NULL;

	return g ? g->goid : 0;
}
