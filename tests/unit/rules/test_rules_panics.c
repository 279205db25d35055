/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules about panics, over records made by hand. */
#include "panic_put.h"
#include "scene.h"

enum {
	PC_RECOVER = 0x300, /* main.f.func1, which recovers */
	PC_HTTP_RECOVER = 0x310,
	PC_FMT_RECOVER = 0x320,
	PC_LIB_RAISE = 0x330, /* lib.(*parser).fail, lib.(*parser).expr, lib.Parse */
	PC_LIB_EXPR = 0x340,
	PC_LIB_PARSE = 0x350,
	PC_LIB_RECOVER = 0x360,
	PC_ONCE = 0x370,
	PC_FAIL_NOW = 0x380,
	PC_DEFERRED = 0x390,

	AT_RAISE = 100,	    /* main.h <- main.g <- main.f <- main.run */
	AT_PARSE = 101,	    /* lib fail <- expr <- expr <- Parse <- main.f */
	AT_ROOT = 102,	    /* main.h <- main.run */
	AT_HANDLER = 103,   /* main.h <- net/http.serverHandler.ServeHTTP <- conn.serve */
	AT_ONCE = 104,	    /* sync.OnceFunc.func1 <- main.g <- main.f <- main.run */
	AT_WAIT = 105,	    /* main.g <- main.run */
	AT_SELF = 106,	    /* main.f <- main.run */
	AT_DEFERRED = 107,  /* main.f.func2 <- main.h <- main.g <- main.f <- main.run */
	AT_FAIL_NOW = 108,  /* testing.(*common).FailNow <- main.f.func2 <- main.h ... */
	AT_UNMARSHAL = 109, /* main.h <- lib expr <- lib.Parse <- main.f */

	TYPE_ERROR = 0x9000,
	TYPE_RUNTIME = 0x9001,
	TYPE_PLAIN = 0x9002,
	TYPE_NIL_ERROR = 0x9003,
	TYPE_GROUP = 0x9004,
	TYPE_STRING = 0x9005,
};

static uint64_t now;

static int open_scene(const struct golin_rules_opts *o)
{
	if (scene_open(o))
		return -1;
	name(PC_RECOVER, "main.f.func1", "/src/app/f.go", 12);
	name(PC_DEFERRED, "main.f.func2", "/src/app/f.go", 15);
	name(PC_HTTP_RECOVER, "net/http.(*conn).serve.func1", "/go/src/net/http/server.go", 1900);
	name(PC_FMT_RECOVER, "fmt.(*pp).catchPanic", "/go/src/fmt/print.go", 600);
	name(PC_LIB_RAISE, "example.com/lib.(*parser).fail", "/src/lib/parse.go", 5);
	name(PC_LIB_EXPR, "example.com/lib.(*parser).expr", "/src/lib/parse.go", 50);
	name(PC_LIB_PARSE, "example.com/lib.Parse", "/src/lib/parse.go", 90);
	name(PC_LIB_RECOVER, "example.com/lib.Parse.func1", "/src/lib/parse.go", 92);
	name(PC_ONCE, "sync.OnceFunc.func1", "/go/src/sync/oncefunc.go", 30);
	name(PC_FAIL_NOW, "testing.(*common).FailNow", "/go/src/testing/testing.go", 1000);
	STACK(AT_RAISE, PC_H, PC_G, PC_F, PC_RUN);
	STACK(AT_PARSE, PC_LIB_RAISE, PC_LIB_EXPR, PC_LIB_EXPR, PC_LIB_PARSE, PC_F);
	STACK(AT_ROOT, PC_H, PC_RUN);
	STACK(AT_HANDLER, PC_H, PC_SERVE_HTTP, PC_CONN_SERVE);
	STACK(AT_ONCE, PC_ONCE, PC_G, PC_F, PC_RUN);
	STACK(AT_WAIT, PC_G, PC_RUN);
	STACK(AT_SELF, PC_F, PC_RUN);
	STACK(AT_DEFERRED, PC_DEFERRED, PC_H, PC_G, PC_F, PC_RUN);
	STACK(AT_FAIL_NOW, PC_FAIL_NOW, PC_DEFERRED, PC_H, PC_G, PC_F, PC_RUN);
	STACK(AT_UNMARSHAL, PC_H, PC_LIB_EXPR, PC_LIB_PARSE, PC_F);
	type_is(TYPE_ERROR, "*errors.errorString");
	type_is(TYPE_RUNTIME, "runtime.boundsError");
	type_is(TYPE_PLAIN, "runtime.plainError");
	type_is(TYPE_NIL_ERROR, "*runtime.PanicNilError");
	type_is(TYPE_GROUP, "errgroup.PanicError");
	type_is(TYPE_STRING, "string");
	spawn(1, 0, 1);
	spawn(1, 1, 2);
	now = SEC;
	return 0;
}

static int open(void **state)
{
	return open_scene(NULL);
}

/* What panics: a type, its data and its text. */
struct what {
	uint64_t type, data;
	const char *text;
	uint32_t flags;
	uint64_t wraps; /* data of a TYPE_ERROR that it holds */
};

static const struct what index_error = {
	TYPE_RUNTIME, 0xc000001000, "index out of range [3] with length 3", GOLIN_VALUE_RUNTIME, 0};
static const struct what closed = {TYPE_PLAIN, 0x500010, "close of closed channel",
				   GOLIN_VALUE_RUNTIME, 0};
static const struct what no_rows = {TYPE_ERROR, 0xc000002000, "no rows", GOLIN_VALUE_HEAP, 0};
static const struct what other = {TYPE_ERROR, 0xc000003000, "tx is done", GOLIN_VALUE_HEAP, 0};
static const struct what aborts = {TYPE_ERROR, 0x600000, "net/http: abort Handler", 0, 0};

static golin_pidx raise(uint64_t goid, uint64_t depth, uint64_t st, const struct what *w,
			uint32_t flags)
{
	now += MS;
	panic_put(&(struct test_panic){.ts = now,
				       .goid = goid,
				       .depth = depth,
				       .stack = st,
				       .type = w->type,
				       .data = w->data,
				       .text = w->text,
				       .value_flags = w->flags,
				       .flags = flags,
				       .trace_kind = GOLIN_TRACE_SNOWFLAKE,
				       .trace = {77, 0},
				       .wrapped_type = w->wraps ? TYPE_ERROR : 0,
				       .wrapped_data = w->wraps,
				       .wrapped_text = w->wraps ? "no rows" : NULL});
	return newest_panic();
}

static void recover(uint64_t goid, uint64_t by, uint64_t resumed)
{
	panic_defer(++now, goid, by);
	panic_recover(++now, goid, 8, resumed);
}

static void finish(void)
{
	assert_int_equal(golin_rules_finish(R, now + 10 * SEC), 0);
}

static void nothing(void)
{
	finish();
	for (uint32_t k = 0; k < golin_findings_count(R); k++)
		print_error("%s\n", golin_findings_get(R, k)->message);
	assert_int_equal(golin_findings_count(R), 0);
}

/* ---- panic-swallowed ---- */

static void test_runtime_error_is_a_warning(void **state)
{
	const struct golin_finding *f;

	for (int k = 0; k < 3; k++) {
		raise(2, 400, AT_RAISE, &index_error, 0);
		recover(2, PC_RECOVER, PC_F);
	}
	finish();
	f = must("panic-swallowed", "main.h", GOLIN_SEV_WARNING);
	assert_int_equal(f->count, 3);
	assert_int_equal(f->line, 30);
	assert_int_equal(f->goid, 2);
	assert_int_equal(number(f, "recovered"), 3);
	assert_int_equal(number(f, "frames_unwound"), 2);
	assert_string_equal(text(f, "recovered_by"), "main.f.func1 (f.go:12)");
	assert_string_equal(text(f, "resumed_in"), "main.f (f.go:10)");
	assert_string_equal(text(f, "value"), "index out of range [3] with length 3");
	assert_string_equal(text(f, "trace_id"), "77");
	assert_non_null(strstr(f->message, "main.f.func1 recovered 3 panics of main.h"));
	assert_int_equal(golin_findings_count(R), 1);
}

/* Nobody knows yet whether it is thrown again. */
static void test_waits_for_the_grace(void **state)
{
	raise(2, 400, AT_RAISE, &index_error, 0);
	recover(2, PC_RECOVER, PC_F);
	look(now, now + 900 * MS);
	assert_int_equal(golin_findings_count(R), 0);
	look(now + SEC, now + 3 * SEC);
	must("panic-swallowed", "main.h", GOLIN_SEV_WARNING);
}

static void test_other_values_are_notes(void **state)
{
	raise(2, 400, AT_UNMARSHAL, &no_rows, 0);
	recover(2, PC_LIB_RECOVER, PC_LIB_PARSE);
	finish();
	must("panic-swallowed", "main.h", GOLIN_SEV_NOTE);
	assert_int_equal(golin_findings_count(R), 1);
}

static void test_net_http_recovers(void **state)
{
	raise(2, 400, AT_HANDLER, &index_error, 0);
	recover(2, PC_HTTP_RECOVER, PC_CONN_SERVE);
	finish();
	must("panic-swallowed", "main.h", GOLIN_SEV_WARNING);
}

static void test_abort_handler_is_nothing(void **state)
{
	for (int k = 0; k < 300; k++) {
		golin_pidx i = raise(2, 400, AT_HANDLER, &aborts, 0);

		panic_defer(++now, 2, PC_RECOVER);
		/* a middleware that lets it pass */
		raise(2, 600, AT_DEFERRED, &aborts, GOLIN_PANIC_NESTED | GOLIN_PANIC_UP_RECOVERED);
		assert_int_equal(golin_model_panic(M, newest_panic())->nested_in, i);
		recover(2, PC_HTTP_RECOVER, PC_CONN_SERVE);
	}
	nothing();
}

static void test_fmt_is_a_note(void **state)
{
	raise(2, 400, AT_RAISE, &index_error, 0);
	recover(2, PC_FMT_RECOVER, PC_F);
	finish();
	must("panic-swallowed", "main.h", GOLIN_SEV_NOTE);
}

static void test_a_parser_is_nothing(void **state)
{
	for (int k = 0; k < 300; k++) {
		raise(2, 400, AT_PARSE, &no_rows, 0);
		recover(2, PC_LIB_RECOVER, PC_LIB_PARSE);
	}
	nothing();
}

/* A mistake within a parser is one all the same. */
static void test_a_parser_s_index(void **state)
{
	raise(2, 400, AT_PARSE, &index_error, 0);
	recover(2, PC_LIB_RECOVER, PC_LIB_PARSE);
	finish();
	must("panic-swallowed", "example.com/lib.(*parser).fail", GOLIN_SEV_WARNING);
}

static void test_a_try_is_a_note(void **state)
{
	raise(2, 400, AT_SELF, &closed, 0);
	recover(2, PC_RECOVER, PC_F);
	finish();
	must("panic-swallowed", "main.f", GOLIN_SEV_NOTE);
}

static void test_closed_channel_further_down(void **state)
{
	raise(2, 400, AT_RAISE, &closed, 0);
	recover(2, PC_RECOVER, PC_F);
	finish();
	must("panic-swallowed", "main.h", GOLIN_SEV_WARNING);
}

static void test_panic_nil_is_no_mistake_of_the_runtime_s(void **state)
{
	const struct what nil_error = {TYPE_NIL_ERROR, 0xc000005000,
				       "panic called with nil argument",
				       GOLIN_VALUE_RUNTIME | GOLIN_VALUE_HEAP, 0};

	raise(2, 400, AT_HANDLER, &nil_error, 0);
	recover(2, PC_HTTP_RECOVER, PC_CONN_SERVE);
	finish();
	must("panic-swallowed", "main.h", GOLIN_SEV_NOTE);
}

static void test_a_fatal_one_is_nothing(void **state)
{
	struct {
		struct golin_rec_panic_fatal r;
		struct golin_rec_kept_panic p[1];
	} f = {.r = {.h = header(GOLIN_REC_PANIC_FATAL, sizeof(f), 2 * SEC, 2), .n = 1}};

	raise(2, 400, AT_RAISE, &index_error, 0);
	put(&f.r.h);
	nothing();
}

static void test_allowed(void **state)
{
	static const char *const by_recoverer[] = {"panic-swallowed:main.f.func1"};
	const struct golin_rules_opts o = {.allow = by_recoverer, .nallow = 1};

	open_scene(&o);
	raise(2, 400, AT_RAISE, &index_error, 0);
	recover(2, PC_RECOVER, PC_F);
	nothing();
	teardown(state);
}

static void test_without_text(void **state)
{
	const struct what hidden = {TYPE_RUNTIME, 0xc000001000, NULL,
				    GOLIN_VALUE_RUNTIME | GOLIN_VALUE_HIDDEN, 0};
	const struct golin_finding *f;

	raise(2, 400, AT_RAISE, &hidden, 0);
	recover(2, PC_RECOVER, PC_F);
	finish();
	f = must("panic-swallowed", "main.h", GOLIN_SEV_WARNING);
	assert_string_equal(text(f, "value"), "runtime.boundsError");
}

/* ---- repanic ---- */

static void test_elsewhere_is_a_warning(void **state)
{
	const struct golin_finding *f;

	raise(2, 400, AT_RAISE, &no_rows, 0);
	recover(2, PC_RECOVER, PC_F);
	raise(1, 300, AT_WAIT, &no_rows, 0);
	recover(1, PC_RECOVER, PC_RUN);
	finish();
	f = must("repanic", "main.g", GOLIN_SEV_WARNING);
	assert_string_equal(text(f, "first_raised_in"), "main.h (h.go:30)");
	assert_int_equal(number(f, "first_goid"), 2);
	assert_string_equal(text(f, "relation"), "same");
	assert_non_null(strstr(f->message, "on another goroutine"));
	/* The first was not swallowed. */
	assert_null(found("panic-swallowed", "main.h"));
}

static void test_after_unwinding_is_a_warning(void **state)
{
	raise(2, 400, AT_RAISE, &no_rows, 0);
	recover(2, PC_RECOVER, PC_F);
	raise(2, 300, AT_WAIT, &no_rows, 0);
	recover(2, PC_RECOVER, PC_RUN);
	finish();
	must("repanic", "main.g", GOLIN_SEV_WARNING);
}

static void test_in_place_is_a_note(void **state)
{
	raise(2, 400, AT_RAISE, &no_rows, 0);
	panic_defer(++now, 2, PC_DEFERRED);
	raise(2, 600, AT_DEFERRED, &no_rows, GOLIN_PANIC_NESTED | GOLIN_PANIC_UP_RECOVERED);
	recover(2, PC_HTTP_RECOVER, PC_RUN);
	finish();
	must("repanic", "main.f.func2", GOLIN_SEV_NOTE);
	assert_null(found("panic-in-defer", "main.f.func2"));
}

static void test_with_its_stack_is_a_note(void **state)
{
	const struct what group = {TYPE_GROUP, 0xc000007000, NULL, GOLIN_VALUE_HEAP, 0xc000002000};

	raise(2, 400, AT_RAISE, &no_rows, 0);
	recover(2, PC_RECOVER, PC_F);
	raise(1, 300, AT_WAIT, &group, 0);
	recover(1, PC_RECOVER, PC_RUN);
	finish();
	must("repanic", "main.g", GOLIN_SEV_NOTE);
}

static void test_the_library_does_it_by_contract(void **state)
{
	raise(2, 400, AT_RAISE, &no_rows, 0);
	recover(2, PC_RECOVER, PC_F);
	for (int k = 0; k < 3; k++) {
		raise(2, 300, AT_ONCE, &no_rows, 0);
		recover(2, PC_RECOVER, PC_F);
	}
	finish();
	assert_null(found("repanic", "main.g"));
	assert_null(found("repanic", "sync.OnceFunc.func1"));
}

/* ---- panic-in-defer ---- */

static void test_hides_the_first(void **state)
{
	const struct golin_finding *f;

	raise(2, 400, AT_RAISE, &no_rows, 0);
	panic_defer(++now, 2, PC_DEFERRED);
	raise(2, 600, AT_DEFERRED, &other, GOLIN_PANIC_NESTED);
	recover(2, PC_RECOVER, PC_RUN);
	finish();
	f = must("panic-in-defer", "main.f.func2", GOLIN_SEV_WARNING);
	assert_null(found("panic-swallowed", "main.f.func2"));
	assert_string_equal(text(f, "hidden_value"), "*errors.errorString: no rows");
	assert_string_equal(text(f, "hidden_raised_in"), "main.h (h.go:30)");
	assert_string_equal(text(f, "deferred_call"), "main.f.func2 (f.go:15)");
}

static void test_recovered_within_the_deferred_call(void **state)
{
	raise(2, 400, AT_RAISE, &no_rows, 0);
	panic_defer(++now, 2, PC_DEFERRED);
	raise(2, 600, AT_DEFERRED, &other, GOLIN_PANIC_NESTED);
	panic_defer(++now, 2, PC_RECOVER);
	panic_recover(++now, 2, 500, PC_DEFERRED); /* the first goes on */
	recover(2, PC_RECOVER, PC_RUN);
	finish();
	assert_null(found("panic-in-defer", "main.f.func2"));
}

static void test_another_by_intent_is_a_note(void **state)
{
	raise(2, 400, AT_RAISE, &no_rows, 0);
	panic_defer(++now, 2, PC_DEFERRED);
	raise(2, 600, AT_DEFERRED, &other, GOLIN_PANIC_NESTED | GOLIN_PANIC_UP_RECOVERED);
	recover(2, PC_HTTP_RECOVER, PC_RUN);
	finish();
	must("panic-in-defer", "main.f.func2", GOLIN_SEV_NOTE);
}

static void test_abort_in_its_place_is_nothing(void **state)
{
	raise(2, 400, AT_RAISE, &no_rows, 0);
	panic_defer(++now, 2, PC_DEFERRED);
	raise(2, 600, AT_DEFERRED, &aborts, GOLIN_PANIC_NESTED | GOLIN_PANIC_UP_RECOVERED);
	recover(2, PC_HTTP_RECOVER, PC_RUN);
	finish();
	assert_null(found("panic-in-defer", "main.f.func2"));
	assert_null(found("repanic", "main.f.func2"));
}

/* ---- goexit-during-panic ---- */

static void test_goexit_loses_a_panic(void **state)
{
	const struct golin_finding *f;

	raise(2, 400, AT_RAISE, &no_rows, 0);
	panic_defer(++now, 2, PC_DEFERRED);
	panic_goexit(++now, 2, 600, AT_FAIL_NOW, GOLIN_PANIC_NESTED);
	ended_full(++now, 2, 1, PC_RUN, PC_F, GOLIN_HOW_GOEXIT);
	finish();
	f = must("goexit-during-panic", "main.f.func2", GOLIN_SEV_WARNING);
	assert_string_equal(text(f, "value"), "*errors.errorString: no rows");
	assert_string_equal(text(f, "raised_in"), "main.h (h.go:30)");
}

static void test_goexit_after_a_recover(void **state)
{
	raise(2, 400, AT_RAISE, &no_rows, 0);
	panic_defer(++now, 2, PC_DEFERRED);
	panic_goexit(++now, 2, 600, AT_FAIL_NOW, GOLIN_PANIC_NESTED | GOLIN_PANIC_UP_RECOVERED);
	ended_full(++now, 2, 1, PC_RUN, PC_F, GOLIN_HOW_GOEXIT);
	finish();
	assert_null(found("goexit-during-panic", "main.f.func2"));
}

static void test_goexit_alone(void **state)
{
	panic_goexit(++now, 2, 600, AT_FAIL_NOW, 0);
	ended_full(++now, 2, 1, PC_RUN, PC_F, GOLIN_HOW_GOEXIT);
	nothing();
}

/* ---- panic-loop ---- */

static void test_again_and_again(void **state)
{
	const struct golin_finding *f;

	for (int k = 0; k < 100; k++) {
		raise(2, 400, AT_RAISE, &index_error, 0);
		recover(2, PC_RECOVER, PC_F);
	}
	look(now, now + MS);
	assert_null(found("panic-loop", "main.h"));
	raise(2, 400, AT_RAISE, &index_error, 0);
	recover(2, PC_RECOVER, PC_F);
	finish();
	f = must("panic-loop", "main.h", GOLIN_SEV_WARNING);
	assert_int_equal(number(f, "within"), 101);
	assert_int_equal(number(f, "limit"), 100);
	assert_true(number(f, "per_second") > 900 && number(f, "per_second") <= 1000);
}

static void test_now_and_then(void **state)
{
	for (int k = 0; k < 500; k++) {
		raise(2, 400, AT_RAISE, &index_error, 0);
		recover(2, PC_RECOVER, PC_F);
		now += 150 * MS;
	}
	finish();
	assert_null(found("panic-loop", "main.h"));
}

/* A worker that is started again each time: its recover is at the root. */
static void test_supervised(void **state)
{
	const struct golin_rules_opts o = {.panics = 10};

	open_scene(&o);
	for (uint64_t k = 0; k < 12; k++) {
		spawn(++now, 1, 50 + k);
		raise(50 + k, 400, AT_ROOT, &no_rows, 0);
		recover(50 + k, PC_RECOVER, PC_RUN);
		ended(++now, 50 + k);
	}
	finish();
	must("panic-loop", "main.h", GOLIN_SEV_WARNING);
	teardown(state);
}

/* ---- the model lets go of panics ---- */

static void test_evicted_panics(void **state)
{
	const struct golin_model_opts small = {.max_panics = 2};

	assert_int_equal(golin_model_new(&small, &M), 0);
	assert_int_equal(golin_rules_new(NULL, M, &R, NULL), 0);
	spawn(1, 0, 2);
	scene_names();
	name(PC_RECOVER, "main.f.func1", "/src/app/f.go", 12);
	STACK(AT_RAISE, PC_H, PC_G, PC_F, PC_RUN);
	STACK(AT_WAIT, PC_G, PC_RUN);
	for (int k = 0; k < 400; k++) {
		struct what w = index_error;

		w.data += (uint64_t)k * 64;
		raise(2, 400, k % 2 ? AT_RAISE : AT_WAIT, &w, 0);
		recover(2, PC_RECOVER, k % 2 ? PC_F : PC_RUN);
		if (k % 40 == 0)
			assert_int_equal(golin_rules_check(R, now), 0);
	}
	finish();
	teardown(state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_runtime_error_is_a_warning),
		TEST(test_waits_for_the_grace),
		TEST(test_other_values_are_notes),
		TEST(test_net_http_recovers),
		TEST(test_abort_handler_is_nothing),
		TEST(test_fmt_is_a_note),
		TEST(test_a_parser_is_nothing),
		TEST(test_a_parser_s_index),
		TEST(test_a_try_is_a_note),
		TEST(test_closed_channel_further_down),
		TEST(test_panic_nil_is_no_mistake_of_the_runtime_s),
		TEST(test_a_fatal_one_is_nothing),
		cmocka_unit_test(test_allowed),
		TEST(test_without_text),
		TEST(test_elsewhere_is_a_warning),
		TEST(test_after_unwinding_is_a_warning),
		TEST(test_in_place_is_a_note),
		TEST(test_with_its_stack_is_a_note),
		TEST(test_the_library_does_it_by_contract),
		TEST(test_hides_the_first),
		TEST(test_recovered_within_the_deferred_call),
		TEST(test_another_by_intent_is_a_note),
		TEST(test_abort_in_its_place_is_nothing),
		TEST(test_goexit_loses_a_panic),
		TEST(test_goexit_after_a_recover),
		TEST(test_goexit_alone),
		TEST(test_again_and_again),
		TEST(test_now_and_then),
		cmocka_unit_test(test_supervised),
		cmocka_unit_test(test_evicted_panics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
