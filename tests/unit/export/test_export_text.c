/* SPDX-License-Identifier: BSD-2-Clause */
/* The text forms, as they stand. */
#include "scene.h"

#include <stdio.h>
#include "base/text.h"
#include "export/export.h"
#include "model/filter.h"

static char *lineage(const struct golin_export_opts *o)
{
	struct golin_lineage_text *t = golin_lineage_text_new(M, o);
	struct strbuf out = {0};

	assert_non_null(t);
	while (golin_lineage_text_next(t, &out))
		;
	assert_false(golin_lineage_text_next(t, &out)); /* stays at the end */
	golin_lineage_text_free(t);
	assert_false(out.oom);
	return out.s;
}

static void expect(const struct golin_export_opts *o, const char *want)
{
	char *got = lineage(o);

	if (strcmp(got, want))
		fail_msg("got:\n%s\nwant:\n%s", got, want);
	free(got);
}

static int make(void **s)
{
	scene();
	return 0;
}

static int unmake(void **s)
{
	free_model();
	return 0;
}

static void test_tree(void **s)
{
	static const char want[] =
		"orders  pid 4213  go1.26.8  12 live  (1 of the runtime, not shown)  2 ended\n"
		"1 main.main  chan receive  >9.9s  2 children\n"
		"├─18 net/http.(*Server).Serve  main.go:30  IO wait  >9.9s  6 children\n"
		"│ ├─30 net/http.(*conn).serve  server.go:3454  running  8.9s\n"
		"│ ├─31 net/http.(*conn).serve  server.go:3454  select  8.9s\n"
		"│ ├─32 net/http.(*conn).serve  server.go:3454  select  8.9s\n"
		"│ ├─33 net/http.(*conn).serve  server.go:3454  exited  lived 999ms\n"
		"│ ├─34 net/http.(*conn).serve  server.go:3454  8.9s\n"
		"│ └─35 net/http.(*conn).serve  server.go:3454  8.9s\n"
		"└─40 main.worker  pool.go:12  7s  2 children\n"
		"  ├─41 main.worker  pool.go:12  exited by Goexit  lived 2s  coroutine\n"
		"  └─52 0x777  0ns\n"
		"50 main.tick  main.go:30  3s  timer armed by 40\n"
		"9  (ended before the attach)\n"
		"└─51 main.tick  main.go:30  2s\n";

	expect(&(struct golin_export_opts){0}, want);
}

static void test_folded_in_ascii(void **s)
{
	static const char want[] =
		"orders  pid 4213  go1.26.8  12 live  (1 of the runtime)  2 ended\n"
		"1 main.main  chan receive  >9.9s  3 children\n"
		"+-2 runtime.bgsweep  mgc.go:200  GC sweep wait  >9.9s  system\n"
		"+-18 net/http.(*Server).Serve  main.go:30  IO wait  >9.9s  6 children\n"
		"| `-[6 like this] net/http.(*conn).serve  server.go:3454  1 running, 2 select, "
		"1 exited, 2 alive  oldest 30, newest 35\n"
		"`-40 main.worker  pool.go:12  7s  2 children\n"
		"  +-41 main.worker  pool.go:12  exited by Goexit  lived 2s  coroutine\n"
		"  `-52 0x777  0ns\n"
		"50 main.tick  main.go:30  3s  timer armed by 40\n"
		"9  (ended before the attach)\n"
		"`-51 main.tick  main.go:30  2s\n";
	const struct golin_export_opts o = {.system = true, .fold = true, .ascii = true};

	expect(&o, want);
}

static void test_filtered(void **s)
{
	static const char want[] =
		"orders  pid 4213  go1.26.8  12 live  (1 of the runtime, not shown)  2 ended  "
		"2 match\n"
		"1 main.main  chan receive  >9.9s  2 children\n"
		"├─18 net/http.(*Server).Serve  main.go:30  IO wait  >9.9s  1 child\n"
		"│ └─33 net/http.(*conn).serve  server.go:3454  exited  lived 999ms\n"
		"└─40 main.worker  pool.go:12  7s  1 child\n"
		"  └─41 main.worker  pool.go:12  exited by Goexit  lived 2s  coroutine\n";
	struct golin_export_opts o = {0};
	struct golin_filter *f;

	assert_int_equal(golin_filter_parse("alive:no", &f, NULL), 0);
	o.filter = f;
	expect(&o, want);
	golin_filter_free(f);
}

static void test_live_only(void **s)
{
	static const char want[] =
		"orders  pid 4213  go1.26.8  12 live  (1 of the runtime, not shown)  2 ended\n"
		"1 main.main  chan receive  >9.9s  2 children\n"
		"├─18 net/http.(*Server).Serve  main.go:30  IO wait  >9.9s  5 children\n"
		"│ └─[5 like this] net/http.(*conn).serve  server.go:3454  1 running, 2 select, "
		"2 alive  oldest 30, newest 35\n"
		"└─40 main.worker  pool.go:12  7s  1 child\n"
		"  └─52 0x777  0ns\n"
		"50 main.tick  main.go:30  3s  timer armed by 40\n"
		"9  (ended before the attach)\n"
		"└─51 main.tick  main.go:30  2s\n";

	expect(&(struct golin_export_opts){.live_only = true, .fold = true}, want);
}

static void test_width(void **s)
{
	for (int width = 1; width < 140; width++) {
		const struct golin_export_opts o = {.width = width, .fold = width % 2};
		char *got = lineage(&o), *save = NULL;

		for (char *l = strtok_r(got, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
			assert_true(golin_text_width(l) <= width);
		free(got);
	}
	expect(&(struct golin_export_opts){.width = 40, .fold = true, .ascii = true},
	       "orders  pid 4213  go1.26.8  12 live  (1~\n"
	       "1 main.main  chan receive  >9.9s  2 chi~\n"
	       "+-18 net/http.(*Server).Serve  main.go:~\n"
	       "| `-[6 like this] net/http.(*conn).serve\n"
	       "`-40 main.worker  pool.go:12  7s  2 chi~\n"
	       "  +-41 main.worker  pool.go:12  exited ~\n"
	       "  `-52 0x777  0ns\n"
	       "50 main.tick  main.go:30  3s  timer arm~\n"
	       "9  (ended before the attach)\n"
	       "`-51 main.tick  main.go:30  2s\n");
}

/* Colours change nothing but colours. */
static void test_colour(void **s)
{
	char *plain = lineage(&(struct golin_export_opts){.width = 60});
	char *coloured = lineage(&(struct golin_export_opts){.width = 60, .color = true});
	char *to = coloured;
	size_t escapes = 0;

	for (char *from = coloured; *from; from++) {
		if (*from == '\033') {
			from = strchr(from, 'm');
			escapes++;
			continue;
		}
		*to++ = *from;
	}
	*to = 0;
	assert_string_equal(plain, coloured);
	assert_true(escapes > 20);
	assert_int_equal(escapes % 2, 0);
	free(plain);
	free(coloured);
}

static void test_empty(void **s)
{
	make_model(0);
	expect(&(struct golin_export_opts){0}, "0 live  0 ended\n");
	free_model();
}

static void test_losses_are_told(void **s)
{
	struct golin_rec_exit r = {.h = HEADER(GOLIN_REC_EXIT, r, 90, 0)};

	make_model(1);
	seen(0, 1);
	for (uint64_t k = 2; k < 5; k++)
		ended(k, k);
	lost(GOLIN_LOST_RING, 5);
	lost(GOLIN_LOST_CUT, 5);
	put(&r.h);
	expect(&(struct golin_export_opts){.live_only = true},
	       "1 live  1 ended  2 evicted  5 events lost  the recording was cut  "
	       "the program has ended\n"
	       "1 0x1000  chan receive  >88ns\n");
	free_model();
}

/* No recursion, and a line stays a line at any depth. */
static void test_deep(void **s)
{
	enum { DEPTH = 200000 };
	char *got, *save = NULL;
	size_t lines = 0;

	make_model(0);
	name(0x1000, "main.next", "/src/next.go", 3);
	name(0x2000, "main.next", "/src/next.go", 7);
	seen(0, 1);
	for (uint64_t k = 2; k <= DEPTH; k++)
		create(k, k - 1, k);
	got = lineage(&(struct golin_export_opts){.fold = true, .ascii = true});
	for (char *l = strtok_r(got, "\n", &save); l; l = strtok_r(NULL, "\n", &save), lines++) {
		assert_true(strlen(l) < 160);
		if (lines == 34)
			assert_string_equal(l, "...33...  `-34 main.next  next.go:7  199us  "
					       "1 child");
	}
	assert_int_equal(lines, DEPTH + 1);
	free(got);
	free_model();
}

static void test_orphans_and_goners(void **s)
{
	make_model(1);
	seen(0, 1);
	create(2, 1, 2);
	create(3, 2, 3);
	create(4, 3, 4);
	ended(5, 2);
	ended(6, 3); /* both have children still: 2 leaves, 3 becomes a root */
	seen(1, 7);
	create(7, 7, 8);
	gone(8, 7);
	expect(&(struct golin_export_opts){.ascii = true},
	       "3 live  1 ended  1 evicted\n"
	       "1 0x1000  chan receive  >6ns  1 child\n"
	       "`-7 0x1000  (ended unseen)\n"
	       "  `-8 0x1000  1ns\n"
	       "3 0x1000  exited  lived 3ns  1 child  started by 2, evicted\n"
	       "`-4 0x1000  4ns\n");
	free_model();
}

/* ---- events ---- */

static struct strbuf events;
static struct golin_export_opts event_opts;

static void event(const struct golin_rec *r)
{
	put(r);
	golin_export_event_text(M, &event_opts, r, &events);
}

static void test_events(void **s)
{
	struct golin_rec_goroutine_create c = {
		.h = HEADER(GOLIN_REC_GOROUTINE_CREATE, c, 11 * SEC, 1),
		.child = 60,
		.startpc = PC_WORKER,
		.gopc = PC_SPAWN_SITE,
		.via = GOLIN_VIA_GO,
	};
	struct golin_rec_goroutine_exit e = {.h = HEADER(GOLIN_REC_GOROUTINE_EXIT, e, 12 * SEC, 60),
					     .how = GOLIN_HOW_RETURN};
	struct golin_rec_goroutine_seen n = {
		.h = HEADER(GOLIN_REC_GOROUTINE_SEEN, n, 12 * SEC, 0),
		.child = 70,
		.startpc = PC_TICK,
		.state = GOLIN_GS_RUNNING,
	};
	struct golin_rec clock = header(200, sizeof(clock), 1, 7);

	event(&c.h);
	c.h.goid = 0;
	c.child = 61;
	c.via = GOLIN_VIA_TIMER;
	c.armed_by = 40;
	event(&c.h);
	c.h.goid = 60;
	c.child = 62;
	c.via = GOLIN_VIA_COROUTINE;
	c.armed_by = 0;
	event(&c.h);
	event(&e.h);
	e.h.goid = 61;
	e.how = GOLIN_HOW_GOEXIT;
	event(&e.h);
	event(&n.h);
	n.flags = GOLIN_G_AGAIN; /* no news: not printed */
	event(&n.h);
	event(&clock);
	c.child = 63;
	c.startpc = PC_SWEEP;
	c.via = GOLIN_VIA_GO;
	event(&c.h); /* the runtime's: hidden */
	event_opts.system = true;
	c.child = 64;
	event(&c.h);
	assert_string_equal(
		strbuf_cstr(&events),
		"newproc: tgid=4213, callerid=1, newid=60, func=main.worker, "
		"at=/src/app/pool.go:12\n"
		"newproc: tgid=4213, callerid=-, newid=61, func=main.worker, "
		"at=/src/app/pool.go:12, via=timer, armed_by=40\n"
		"newproc: tgid=4213, callerid=60, newid=62, func=main.worker, "
		"at=/src/app/pool.go:12, via=coroutine\n"
		"goexit: tgid=4213, goid=60, how=return, func=main.worker\n"
		"goexit: tgid=4213, goid=61, how=goexit, func=main.worker\n"
		"seen: tgid=4213, callerid=-, goid=70, func=main.tick, at=-, state=running\n"
		"newproc: tgid=4213, callerid=60, newid=64, func=runtime.bgsweep, "
		"at=/src/app/pool.go:12, system=yes\n");
	strbuf_done(&events);
	event_opts.system = false;
}

static void test_events_pass_the_filter(void **s)
{
	struct golin_rec_goroutine_exit e = {.h = HEADER(GOLIN_REC_GOROUTINE_EXIT, e, 12 * SEC, 40),
					     .how = GOLIN_HOW_RETURN};
	struct golin_filter *f;

	assert_int_equal(golin_filter_parse("fn:tick", &f, NULL), 0);
	event_opts.filter = f;
	event(&e.h);
	e.h.goid = 50;
	event(&e.h);
	assert_string_equal(strbuf_cstr(&events),
			    "goexit: tgid=4213, goid=50, how=return, func=main.tick\n");
	event_opts.filter = NULL;
	golin_filter_free(f);
	strbuf_done(&events);
}

/* The goroutine leaves the model with the very record that ends it. */
static void test_event_of_one_evicted_at_once(void **s)
{
	struct golin_rec_goroutine_exit e = {
		.h = HEADER(GOLIN_REC_GOROUTINE_EXIT, e, 50, 9),
		.startpc = 0x1000,
		.gopc = 0x2000,
		.how = GOLIN_HOW_RETURN,
	};

	make_model(1);
	name(0x1000, "main.f", "/f.go", 1);
	ended(10, 3);
	create(11, 3, 4); /* keeps 3 from leaving */
	event(&e.h);
	assert_null(find(9));
	assert_string_equal(strbuf_cstr(&events),
			    "goexit: tgid=0, goid=9, how=return, func=main.f\n");
	strbuf_done(&events);
	free_model();
}

#define T(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_tree),
		T(test_folded_in_ascii),
		T(test_filtered),
		T(test_live_only),
		T(test_width),
		T(test_colour),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_losses_are_told),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_orphans_and_goners),
		T(test_events),
		T(test_events_pass_the_filter),
		cmocka_unit_test(test_event_of_one_evicted_at_once),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
