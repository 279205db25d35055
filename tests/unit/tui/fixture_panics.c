// SPDX-License-Identifier: BSD-2-Clause
#include <string.h>
#include "fixture.h"

#define OK(call) assert_int_equal((call), 0)

enum {
	TYPE_BOUNDS = 0x1100,
	TYPE_ERROR = 0x1200,
	TYPE_PATH = 0x1300,
	TYPE_TEXT = 0x1400,
	TYPE_WRAP = 0x1500,
	DEPTH = 0x1000, /* of a panic that began in nobody's deferred call */
	RESUMED = 0x400,
};

static void names(struct fixture *f)
{
	OK(feed_name(&f->feed, PC_INDEX, "runtime.goPanicIndex", "/go/src/runtime/panic.go", 115));
	OK(feed_name(&f->feed, PC_JOB + 5, "main.(*Job).run", "/src/app/job.go", 93));
	OK(feed_name(&f->feed, PC_STEP, "main.(*Job).step", "/src/app/job.go", 80));
	OK(feed_name(&f->feed, PC_LOOP, "main.loop", "/src/app/job.go", 55));
	OK(feed_name(&f->feed, PC_CLEANUP, "main.cleanup", "/src/app/job.go", 71));
	OK(feed_name(&f->feed, PC_CLEANUP + 9, "main.cleanup", "/src/app/job.go", 74));
	OK(feed_name(&f->feed, PC_GUARD, "main.guard", "/src/app/job.go", 60));
	OK(feed_name(&f->feed, PC_GUARD + 7, "main.guard", "/src/app/job.go", 64));
	OK(feed_name(&f->feed, PC_SERVE_PANIC, "net/http.(*conn).serve.func1",
		     "/go/src/net/http/server.go", 1947));
	OK(feed_name(&f->feed, PC_HANDLER, "main.(*Orders).ServeHTTP", "/src/app/orders.go", 31));
	OK(feed_type(&f->feed, TYPE_BOUNDS, "runtime.boundsError"));
	OK(feed_type(&f->feed, TYPE_ERROR, "*errors.errorString"));
	OK(feed_type(&f->feed, TYPE_PATH, "*fs.PathError"));
	OK(feed_type(&f->feed, TYPE_TEXT, "string"));
	OK(feed_type(&f->feed, TYPE_WRAP, "*fmt.wrapError"));
}

static uint64_t stack(struct fixture *f, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	uint64_t pcs[] = {a, b, c, d}, id = a * 31 + b * 37 + c * 41 + d;

	OK(feed_stack(&f->feed, id, pcs, d ? 4 : c ? 3 : 2));
	return id;
}

static void begin(struct fixture *f, uint64_t goid, uint64_t depth, uint64_t stack, uint32_t flags,
		  const struct feed_value *values, uint32_t n)
{
	struct golin_rec_panic_start s = {.h.goid = goid,
					  .depth = depth,
					  .stack = stack,
					  .trace = {f->feed.ts << 16, 0xabcdef},
					  .trace_kind = GOLIN_TRACE_HLC,
					  .flags = flags};

	OK(feed_panic(&f->feed, &s, values, n));
}

/* A request's handler panics; net/http recovers. */
static void request(struct fixture *f, uint64_t goid, uint64_t at)
{
	struct feed_value v = {.type = TYPE_ERROR, .data = 0xc000200000, .text = "no such order"};

	f->feed.ts = at;
	begin(f, goid, DEPTH, stack(f, PC_HANDLER, PC_CONN, 0, 0), 0, &v, 1);
	f->feed.ts += 20000;
	OK(feed_panic_defer(&f->feed, goid, PC_SERVE_PANIC, 0));
	f->feed.ts += 300000;
	OK(feed_recover(&f->feed, goid, PC_CONN, RESUMED));
}

/* An index out of range: cleanup runs, which takes its time, then guard, which recovers. */
static void bounds(struct fixture *f)
{
	struct feed_value v = {.type = TYPE_BOUNDS,
			       .data = 0xc000300000,
			       .text = "index out of range [5] with length 3",
			       .flags = GOLIN_VALUE_RUNTIME | GOLIN_VALUE_ERROR};
	uint64_t id = stack(f, PC_INDEX, PC_JOB + 5, PC_STEP, PC_LOOP);

	f->feed.ts = T0 + 3 * SEC + SEC / 2;
	begin(f, 9120, DEPTH, id, 0, &v, 1);
	f->feed.ts += 40000;
	OK(feed_panic_defer(&f->feed, 9120, PC_CLEANUP, GOLIN_PANIC_OPEN));
	f->feed.ts += 1000000;
	OK(feed_pause(&f->feed, 600000, "GC mark termination"));
	f->feed.ts += 1000000;
	OK(feed_panic_defer(&f->feed, 9120, PC_GUARD, 0));
	f->feed.ts += 25000;
	OK(feed_recover(&f->feed, 9120, PC_LOOP, RESUMED));
}

/*
 * A file is not there; cleanup closes a channel twice and so replaces it; guard recovers that and
 * panics with an error that holds it; that is recovered by net/http.
 */
static void failures(struct fixture *f)
{
	struct feed_value path[] = {
		{.type = TYPE_PATH,
		 .data = 0xc000400000,
		 .text = "open /srv/shard.7: no such file or directory",
		 .flags = GOLIN_VALUE_HEAP | GOLIN_VALUE_ERROR},
		{.type = TYPE_TEXT, .data = 0x700000, .text = "no such file or directory"},
	};
	struct feed_value closed = {.type = TYPE_ERROR,
				    .data = 0xc000410000,
				    .text = "close of closed channel",
				    .flags = GOLIN_VALUE_HEAP | GOLIN_VALUE_ERROR};
	struct feed_value wrap[] = {
		{.type = TYPE_WRAP,
		 .data = 0xc000420000,
		 .text = "shard 7: close of closed channel",
		 .flags = GOLIN_VALUE_HEAP | GOLIN_VALUE_ERROR},
		closed,
	};

	f->feed.ts = T0 + 4 * SEC;
	begin(f, 9121, DEPTH, stack(f, PC_FETCH, PC_LOOP, 0, 0), 0, path, 2);
	f->feed.ts += 30000;
	OK(feed_panic_defer(&f->feed, 9121, PC_CLEANUP, 0));
	f->feed.ts += 12000;
	begin(f, 9121, 2 * DEPTH, stack(f, PC_CLEANUP + 9, PC_FETCH, PC_LOOP, 0),
	      GOLIN_PANIC_NESTED, &closed, 1);
	f->feed.ts += 9000;
	OK(feed_panic_defer(&f->feed, 9121, PC_GUARD, 0));
	f->feed.ts += 15000;
	begin(f, 9121, 3 * DEPTH, stack(f, PC_GUARD + 7, PC_FETCH, PC_LOOP, 0),
	      GOLIN_PANIC_NESTED | GOLIN_PANIC_UP_RECOVERED, wrap, 2);
	f->feed.ts += 9000;
	OK(feed_panic_defer(&f->feed, 9121, PC_SERVE_PANIC, 0));
	f->feed.ts += 15000;
	OK(feed_recover(&f->feed, 9121, PC_CONN, RESUMED));
}

/* One that is not over, a Goexit, and memory as it was read. */
static void active(struct fixture *f)
{
	struct feed_value v = {.type = TYPE_TEXT, .data = 0x700100, .text = "gave up"};
	struct golin_rec_goroutine_defers kept = {
		.h.goid = 9300, .flags = GOLIN_DEFERS_OPEN, .npanics = 1, .ndefers = 2};
	struct golin_rec_kept_defer defers[] = {
		{.pc = PC_GUARD, .at = PC_LOOP, .depth = 0x900, .flags = GOLIN_DEFER_OPEN},
		{.pc = PC_CLEANUP, .at = PC_STEP, .depth = 0x800, .flags = GOLIN_DEFER_HEAP},
	};

	f->feed.ts = T0 + 4 * SEC + SEC / 4;
	OK(feed_goexit(&f->feed, 105, DEPTH, stack(f, PC_HANDLER, PC_CONN, 0, 0), 0));
	f->feed.ts += 10000;
	OK(feed_panic_defer(&f->feed, 105, PC_CLEANUP, GOLIN_PANIC_OF_GOEXIT));
	f->feed.ts += 10000;
	OK(feed_exit_how(&f->feed, 105, GOLIN_HOW_GOEXIT));
	f->feed.ts = T0 + 4 * SEC + SEC / 2;
	begin(f, 9300, DEPTH, stack(f, PC_FETCH, PC_LOOP, 0, 0), 0, &v, 1);
	f->feed.ts += 30000;
	OK(feed_panic_defer(&f->feed, 9300, PC_CLEANUP, 0));
	f->feed.ts += 100000000;
	OK(feed_defers(&f->feed, &kept, &v, defers));
}

void fixture_panics(struct fixture *f, bool live, int w, int h)
{
	uint32_t groups = GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_CONTEXTS | GOLIN_GROUP_PANICS;

	fixture_contexts(f, live, w, h);
	OK(feed_settings(&f->feed, groups));
	f->app.groups = groups;
	names(f);
	request(f, 100, T0 + 3 * SEC);
	request(f, 101, T0 + 3 * SEC + SEC / 10);
	request(f, 104, T0 + 3 * SEC + SEC / 5);
	bounds(f);
	failures(f);
	active(f);
	f->feed.ts = T0 + 5 * SEC;
	f->app.stale = true;
	fixture_tick(f, T0 + 5 * SEC, !live);
}

void fixture_fatal(struct fixture *f)
{
	struct feed_value printed = {.type = TYPE_TEXT,
				     .data = 0x700100,
				     .text = "gave up",
				     .flags = GOLIN_VALUE_PRINTED};

	f->feed.ts = T0 + 5 * SEC + SEC / 2;
	OK(feed_fatal(&f->feed, 9300, &printed, 1));
	OK(feed_end(&f->feed, 2, 0));
	fixture_tick(f, T0 + 6 * SEC, true);
}

uint64_t fixture_selected_panic(struct fixture *f)
{
	const struct tree_row *row = treeview_selected(&f->app.panic_tree);
	golin_pidx i = row && row->kind != PANVIEW_SITE ? panview_panic(&f->app.panics, row)
							: GOLIN_PIDX_NONE;
	const struct golin_panic *p = golin_model_panic(f->model, i);

	return p ? p->number : 0;
}
