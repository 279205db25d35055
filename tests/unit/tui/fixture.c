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
	OK(feed_clock(&f->feed, T0, 1763878267120000000ull));
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

uint64_t fixture_selected(struct fixture *f)
{
	const struct tree_row *row = treeview_selected(&f->app.tree);
	const struct golin_goroutine *g = row ? lineage_goroutine(&f->app.lineage, row) : NULL;

	return g ? g->goid : 0;
}
