/* SPDX-License-Identifier: BSD-2-Clause */
/* Panics as text and as JSON: the view, the places, the events. */
#include "panic_scene.h"

#include <jansson.h>

#include "base/strbuf.h"
#include "export/export.h"
#include "model/filter.h"

#include "test_export_panics.h"

static struct strbuf out;
static struct golin_export_opts opts;
static struct golin_recbuf buf;
static uint64_t news;
static int events; /* 0 none, 1 text, 2 JSON */

static int setup(void **s)
{
	panic_scene();
	opts = (struct golin_export_opts){.news = &news, .fold = true};
	news = 0;
	events = 0;
	return 0;
}

static int teardown(void **s)
{
	strbuf_done(&out);
	out = (struct strbuf){0};
	golin_recbuf_done(&buf);
	free_model();
	return 0;
}

static void rec(const struct golin_rec *r)
{
	assert_non_null(r);
	put(r);
	if (events == 1)
		golin_export_event_text(M, &opts, r, &out);
	else if (events == 2)
		golin_export_event_json(M, &opts, r, &out);
}

static void start(uint64_t ts, uint64_t goid, uint64_t depth, uint64_t stack_id,
		  const struct test_value *v, uint32_t n, uint32_t flags)
{
	const struct golin_rec_panic_start like = {
		.h = {.ts = ts, .goid = goid},
		.depth = depth,
		.stack = stack_id,
		.trace = {0x18b0000000000001, 0x2a},
		.trace_kind = GOLIN_TRACE_HLC,
		.flags = flags,
		.fault_pc = flags & GOLIN_PANIC_SIGNAL ? PC_FAULT : 0,
		.fault_addr = flags & GOLIN_PANIC_SIGNAL ? 0x10 : 0,
	};

	rec(panic_start(&buf, &like, v, n));
}

static void defers(uint64_t ts, uint64_t goid, uint64_t pc, uint32_t flags)
{
	struct golin_rec_panic_defer r = panic_defer(ts, goid, pc, flags);

	rec(&r.h);
}

static void recovers(uint64_t ts, uint64_t goid, uint64_t pc, uint64_t depth)
{
	struct golin_rec_panic_recover r = panic_recover(ts, goid, pc, depth);

	rec(&r.h);
}

/* An error, two deferred calls, the second of which recovers. */
static void recovered(uint64_t ts, uint64_t goid)
{
	start(ts, goid, DEPTH, STACK_JOB, path_error, 2, 0);
	defers(ts + 1000, goid, PC_CLEANUP, 0);
	defers(ts + 13000, goid, PC_GUARD, GOLIN_PANIC_OPEN);
	recovers(ts + 16100, goid, PC_RESUMED, DEPTH - 100);
}

/* One whose deferred call panics too; nobody recovers. */
static void fatal(uint64_t ts, uint64_t goid)
{
	static const struct test_value first = {TYPE_STRING, 0x50, "first", 0, 0, 0};
	static const struct test_value second = {TYPE_STRING, 0x60, "second", 0, 0, 0};
	static const struct test_value printed[] = {
		{TYPE_STRING, 0x50, "first", GOLIN_VALUE_PRINTED, 0, 0},
		{TYPE_STRING, 0x60, "second", GOLIN_VALUE_PRINTED, 0, 0},
	};

	start(ts, goid, DEPTH, STACK_JOB, &first, 1, 0);
	defers(ts + 1000, goid, PC_CLEANUP, 0);
	start(ts + 2000, goid, 2 * DEPTH, STACK_CLEANUP, &second, 1,
	      GOLIN_PANIC_NESTED | GOLIN_PANIC_LOCKED);
	rec(panic_fatal(&buf, ts + 3000, goid, printed, 2));
}

static const char *text(void)
{
	struct golin_panics_text *t = golin_panics_text_new(M, &opts);

	strbuf_clear(&out);
	assert_non_null(t);
	while (golin_panics_text_next(t, &out))
		;
	golin_panics_text_free(t);
	return strbuf_cstr(&out);
}

static const char *table(void)
{
	struct golin_panic_sites *t = golin_panic_sites_new(M, &opts);

	strbuf_clear(&out);
	assert_non_null(t);
	while (golin_panic_sites_next(t, &out))
		;
	golin_panic_sites_free(t);
	return strbuf_cstr(&out);
}

static const char *json(void)
{
	uint64_t pos = 0;

	strbuf_clear(&out);
	while (golin_export_panics_json(M, &opts, &pos, &out))
		;
	return strbuf_cstr(&out);
}

/* ---- text ---- */

/* An error that is recovered, then one that nobody recovers, raised while another was active. */
static void test_story(void **s)
{
	recovered(10 * SEC, 40);
	fatal(11 * SEC, 41);
	assert_string_equal(text(), gold_story);
}

static const struct test_value bounds = {TYPE_BOUNDS,
					 0x70,
					 "runtime error: index out of range [5] with length 3",
					 GOLIN_VALUE_ERROR | GOLIN_VALUE_RUNTIME,
					 0,
					 0};
static const struct test_value joined[] = {
	{TYPE_WRAP, 0x1, "a: b, c", GOLIN_VALUE_ERROR, 0, 0},
	{TYPE_WRAP, 0x2, "b", GOLIN_VALUE_ERROR | GOLIN_VALUE_CUT, 0, 5000},
	{TYPE_PATH, 0x3, NULL, GOLIN_VALUE_ERROR | GOLIN_VALUE_PARTIAL, 1, 0},
	{TYPE_ERRNO, 0x4, NULL, GOLIN_VALUE_ERROR | GOLIN_VALUE_HIDDEN, 0, 0},
};
static const struct test_value nil = {0, 0, NULL, 0, 0, 0};

/*
 * A fault in a recursion, whose goroutine ends unseen; values within values; one that was recovered
 * when its deferred call panicked with nil and that one's called Goexit; a fatal error.
 */
static void oddities(void)
{
	struct golin_rec_panic_goexit x;

	start(10 * SEC, 40, DEPTH, STACK_DEEP, &bounds, 1, GOLIN_PANIC_SIGNAL);
	defers(10 * SEC + 10, 40, PC_CLEANUP, 0);
	ended(10 * SEC + 50, 40);
	start(11 * SEC, 41, DEPTH, STACK_JOB, joined, 4, 0);
	start(11 * SEC, 41, 2 * DEPTH, 0, &nil, 1, GOLIN_PANIC_NESTED | GOLIN_PANIC_UP_RECOVERED);
	x = panic_goexit(12 * SEC, 41, 3 * DEPTH);
	x.flags = GOLIN_PANIC_NESTED;
	rec(&x.h);
	defers(12 * SEC + 10, 41, PC_CLEANUP, GOLIN_PANIC_OF_GOEXIT);
	rec(panic_throw(&buf, 13 * SEC, 0, "all goroutines are asleep - deadlock!"));
}

static void test_oddities(void **s)
{
	oddities();
	assert_string_equal(text(), gold_oddities);
}

/* What Go 1.25 prints of a panic that was recovered and raised again: one line. */
static void test_printed(void **s)
{
	static const struct test_value one = {TYPE_PATH, 0xc000010000, "it", GOLIN_VALUE_HEAP, 0,
					      0};
	static const struct test_value printed[] = {
		{TYPE_PATH, 0xc000010000, "it", GOLIN_VALUE_PRINTED, 0, 0},
		{TYPE_PATH, 0xc000010000, "it", GOLIN_VALUE_PRINTED, 0, 0},
	};
	const char *t;

	start(10 * SEC, 40, DEPTH, STACK_JOB, &one, 1, 0);
	defers(10 * SEC + 10, 40, PC_CLEANUP, 0);
	start(10 * SEC + 20, 40, 2 * DEPTH, STACK_CLEANUP, &one, 1,
	      GOLIN_PANIC_NESTED | GOLIN_PANIC_UP_RECOVERED);
	rec(panic_fatal(&buf, 10 * SEC + 30, 40, printed, 2));
	t = text();
	assert_non_null(strstr(t, "raised again: panic"));
	assert_non_null(strstr(t, "printed    panic: it [recovered, repanicked]\n      code"));
}

/* Many of one place and fate share a block; others do not, nor does anything without folding. */
static void test_fold(void **s)
{
	const char *t;
	int blocks = 0;

	for (uint64_t k = 0; k < 20; k++)
		recovered((10 + k) * SEC, 100 + k);
	for (uint64_t k = 0; k < 3; k++)
		start((30 + k) * SEC, 130 + k, DEPTH, STACK_JOB, &bounds, 1, 0);
	t = text();
	assert_non_null(strstr(t, "\n  [19 more like this]  goroutines 101 102 103 104 105 106 107 "
				  "108 and 11 more, the last pn-17979d04f6b2de18-t119\n"));
	for (const char *p = t; (p = strstr(p, "\npanic pn-")); p++)
		blocks++;
	assert_int_equal(blocks, 4);
	opts.fold = false;
	blocks = 0;
	for (const char *p = text(); (p = strstr(p, "\npanic pn-")); p++)
		blocks++;
	assert_int_equal(blocks, 23);
}

/* Of what a filter leaves, the causes are shown too. */
static void test_filter(void **s)
{
	struct golin_filter *f = NULL;

	recovered(10 * SEC, 40);
	fatal(11 * SEC, 41);
	assert_int_equal(golin_filter_parse("outcome:fatal", &f, NULL), 0);
	opts.filter = f;
	assert_string_equal(text(), gold_story);
	assert_null(strstr(json(), "\"outcome\":\"recovered\""));
	assert_non_null(strstr(json(), "\"outcome\":\"fatal\""));
	assert_string_equal(table(), gold_filtered);
	golin_filter_free(f);
}

static void test_table(void **s)
{
	oddities();
	for (uint64_t k = 0; k < 20; k++)
		recovered((20 + k) * SEC, 100 + k);
	assert_string_equal(table(), gold_table);
}

static void test_nothing(void **s)
{
	assert_string_equal(text(), "orders  pid 4213  go1.26.8  0 panics\n");
	assert_string_equal(table(), "orders  pid 4213  go1.26.8  0 panics\n");
	assert_string_equal(json(), "");
}

/* Colours are all that --color adds. */
static void test_color(void **s)
{
	char plain[8192], *q = plain;

	recovered(10 * SEC, 40);
	fatal(11 * SEC, 41);
	opts.color = true;
	for (const char *p = text(); *p; p++) {
		if (*p == '\033')
			p += strcspn(p, "m");
		else
			*q++ = *p;
	}
	*q = '\0';
	assert_string_equal(plain, gold_story);
}

/* Histories that went the same way are one, with all that belongs to them. */
static void test_fold_trees(void **s)
{
	static const struct test_value again = {TYPE_WRAP, 0x90, "again", GOLIN_VALUE_ERROR, 0, 0};
	int blocks = 0;
	const char *t;

	for (uint64_t k = 0; k < 6; k++) {
		uint64_t at = (10 + k) * SEC;

		start(at, 100 + k, DEPTH, STACK_JOB, path_error, 2, 0);
		defers(at + 10, 100 + k, PC_CLEANUP, 0);
		/* The last one's history is shorter. */
		if (k < 5)
			start(at + 20, 100 + k, 2 * DEPTH, STACK_CLEANUP, &again, 1,
			      GOLIN_PANIC_NESTED);
		recovers(at + 30, 100 + k, PC_RESUMED, DEPTH - 100);
	}
	t = text();
	for (const char *p = t; (p = strstr(p, "panic pn-")); p++)
		blocks++;
	/* Two of the first history, one of the last. */
	assert_int_equal(blocks, 3);
	assert_non_null(strstr(t, "\n  [4 more like this]  goroutines 101 102 103 104, the last "
				  "pn-17979d0178a10818-t104\n\npanic"));
}

/* ---- JSON ---- */

static void test_json(void **s)
{
	recovered(10 * SEC, 40);
	fatal(11 * SEC, 41);
	assert_string_equal(json(), gold_json);
}

/* Each line is an object, and has the members that docs/panics.md names, whatever it is of. */
static void test_members(void **s)
{
	static const char *const members =
		"type panic trace_id traceparent goid kind started ended duration_ns value outcome "
		"recovered_by resumed_in frames_unwound replaced_by nested_in repanic_of relation "
		"elsewhere printed at fault stack stack_truncated defers defers_count locked "
		"start_lost partial error_code stack_trace_hash suspension_points descendants "
		"descendants_count contexts_left contexts_held state wait kept";
	char line[16384], names[2048];
	const char *p;
	int n = 0;

	oddities();
	defers(14 * SEC, 77, PC_CLEANUP, 0); /* its panic began before golin came */
	for (p = json(); *p; p = strchr(p, '\n') + 1, n++) {
		json_error_t e;
		json_t *o, *v;
		const char *key;

		snprintf(line, sizeof(line), "%.*s", (int)strcspn(p, "\n"), p);
		o = json_loads(line, 0, &e);
		assert_non_null(o);
		names[0] = '\0';
		json_object_foreach(o, key, v)
			snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
				 *names ? " " : "", key);
		assert_string_equal(names, members);
		json_decref(o);
	}
	assert_int_equal(n, 6);
	p = strstr(strbuf_cstr(&out), "\"goid\":77");
	assert_non_null(p);
	assert_non_null(strstr(p, "\"value\":null,\"outcome\":\"active\""));
	assert_non_null(strstr(p, "\"start_lost\":true"));
	assert_non_null(strstr(strbuf_cstr(&out), "\"value\":{\"type\":null,\"text\":null,"
						  "\"size\":null,\"nil\":true"));
	assert_non_null(strstr(strbuf_cstr(&out), "\"fault\":{\"at\":{\"func\":\"main.deref\","
						  "\"file\":\"/src/app/deref.go\",\"line\":4},"
						  "\"addr\":\"0x10\"}"));
	assert_non_null(strstr(strbuf_cstr(&out), "\"wraps\":[{\"type\":\"*fmt.wrapError\","
						  "\"text\":\"b\",\"size\":5000,"));
}

static void test_sites_json(void **s)
{
	uint64_t pos = 0;

	recovered(10 * SEC, 40);
	fatal(11 * SEC, 41);
	while (golin_export_panic_sites_json(M, &opts, &pos, &out))
		;
	assert_string_equal(strbuf_cstr(&out), gold_sites_json);
}

static void test_summary(void **s)
{
	static const struct golin_source_stats st = {.complete = true};

	recovered(10 * SEC, 40);
	oddities();
	golin_export_panics_summary(M, &st, &out);
	assert_non_null(strstr(strbuf_cstr(&out),
			       "\"complete\":true,\"panics\":{\"panics\":4,\"recovered\":2,"
			       "\"replaced\":0,\"fatal\":0,\"active\":1,\"goexits\":1,"
			       "\"throws\":1,\"evicted\":0,\"unmatched\":0}}\n"));
}

/* Where those stood that a panic concerns: what was seen, and null when all had gone. */
static void test_points(void **s)
{
	static const uint64_t pcs[] = {PC_STEP, PC_WORKER};
	struct golin_ctl ctl;
	uint64_t asked = 0;

	stack(700, pcs, 2);
	start(10 * SEC, 41, DEPTH, STACK_JOB, path_error, 2, 0);
	while (golin_model_panics_ask(M, &ctl))
		asked |= 1ull << ctl.goid;
	assert_int_equal(asked, 1ull << 41 | 1ull << 40 | 1ull << 1);
	state(10 * SEC + 500, 41, GOLIN_GS_WAITING, "chan receive");
	waits(10 * SEC + 500, 41, 700, GOLIN_WAITS_STACK, NULL, 0);
	state(10 * SEC + 600, 40, GOLIN_GS_DEAD, "");
	assert_non_null(strstr(json(),
			       "\"suspension_points\":[{\"goid\":41,\"level\":0,\"gone\":false,"
			       "\"at\":{\"func\":\"main.(*Job).step\",\"file\":\"/src/app/job.go\","
			       "\"line\":80},\"wait\":\"chan receive\",\"after_ns\":500},"
			       "{\"goid\":40,\"level\":1,\"gone\":true,\"at\":null,\"wait\":null,"
			       "\"after_ns\":600}]"));
	assert_non_null(strstr(text(), "\n  later      500ns after it, goroutine 41 stood in "
				       "main.(*Job).step /src/app/job.go:80 (chan receive)\n"));
	ended(11 * SEC, 41);
	ended(11 * SEC, 40);
	start(12 * SEC, 99, DEPTH, STACK_JOB, path_error, 2, 0);
	ended(13 * SEC, 99);
	assert_non_null(strstr(json(), "\"goid\":99"));
	assert_non_null(strstr(strstr(json(), "\"goid\":99"), "\"suspension_points\":null"));
}

/* ---- events ---- */

static void test_events_text(void **s)
{
	events = 1;
	recovered(10 * SEC, 40);
	fatal(11 * SEC, 41);
	oddities();
	assert_string_equal(strbuf_cstr(&out), gold_events);
}

static void test_events_json(void **s)
{
	events = 2;
	recovered(10 * SEC, 40);
	fatal(11 * SEC, 41);
	rec(panic_throw(&buf, 13 * SEC, 0, "stack overflow"));
	assert_string_equal(strbuf_cstr(&out), gold_events_json);
}

/* Without a cursor for the news panics are no events. */
static void test_no_events(void **s)
{
	opts.news = NULL;
	events = 1;
	recovered(10 * SEC, 40);
	assert_string_equal(strbuf_cstr(&out), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_story),	TEST(test_oddities),  TEST(test_printed),
		TEST(test_fold),	TEST(test_filter),    TEST(test_summary),
		TEST(test_fold_trees),	TEST(test_table),     TEST(test_nothing),
		TEST(test_color),	TEST(test_json),      TEST(test_members),
		TEST(test_sites_json),	TEST(test_points),    TEST(test_events_text),
		TEST(test_events_json), TEST(test_no_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
