/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/traceid.h"
#include "panic_put.h"

#define MS 1000000ull
#define UNIX0 1700000000000000000ull
#define PARENT "4bf92f3577b34da6a3ce929d0e0e4736"
#define OTHER "0af7651916cd43dd8448eb211c80319c"

enum {
	PC_SERVE = 0x100,
	PC_READ_REQUEST = 0x101,
	PC_HANDLE = 0x102,
	PC_WITH_CANCEL = 0x103,
	PC_WAIT = 0x104,
	STACK_HANDLE = 50,
	STACK_REQUEST = 51,
	STACK_WAIT = 52,
	TYPE_ERROR = 0x9000,
	ERROR = 0xc000100000,
};

static uint64_t last_trace;

static int scene(void **state)
{
	const uint64_t handle[] = {PC_HANDLE, PC_SERVE},
		       request[] = {PC_WITH_CANCEL, PC_READ_REQUEST, PC_SERVE};

	make_model(0);
	target(4213, "orders");
	clock_at(1000, UNIX0);
	name(PC_SERVE, "net/http.(*conn).serve", "/go/src/net/http/server.go", 2000);
	name(PC_READ_REQUEST, "net/http.(*conn).readRequest", "/go/src/net/http/server.go", 1000);
	name(PC_HANDLE, "main.handle", "/src/app/api.go", 41);
	name(PC_WITH_CANCEL, "context.WithCancel", "/go/src/context/context.go", 230);
	stack(STACK_HANDLE, handle, 2);
	stack(STACK_REQUEST, request, 3);
	stack(STACK_WAIT, (const uint64_t[]){PC_WAIT}, 1);
	name(PC_WAIT, "main.(*group).wait", "/src/app/group.go", 20);
	type_is(TYPE_ERROR, "*errors.errorString");
	create(MS, 0, 1);
	last_trace = 0;
	return 0;
}

static int done(void **state)
{
	free_model();
	return 0;
}

/* One with a value and a trace of its own. */
static golin_pidx panics_at(uint64_t stack_id, uint64_t ts, uint64_t goid, uint64_t depth,
			    uint64_t data, uint32_t flags)
{
	last_trace++;
	panic_put(&(struct test_panic){.ts = ts,
				       .goid = goid,
				       .depth = depth,
				       .stack = stack_id,
				       .type = TYPE_ERROR,
				       .data = data,
				       .value_flags = GOLIN_VALUE_HEAP | GOLIN_VALUE_ERROR,
				       .flags = flags,
				       .text = "no rows",
				       .trace_kind = GOLIN_TRACE_HLC,
				       .trace = {last_trace, 7}});
	return newest_panic();
}

static golin_pidx panics(uint64_t ts, uint64_t goid, uint64_t depth, uint64_t data, uint32_t flags)
{
	return panics_at(STACK_HANDLE, ts, goid, depth, data, flags);
}

static golin_pidx panics_once(uint64_t ts, uint64_t goid)
{
	return panics(ts, goid, 100, ERROR + 64 * ts, 0);
}

static void recovered(uint64_t ts, uint64_t goid)
{
	panic_defer(ts - 1, goid, PC_HANDLE);
	panic_recover(ts, goid, 50, PC_SERVE);
}

static const char *trace(golin_pidx i)
{
	static char buf[4][GOLIN_TRACE_ID_MAX];
	static int at;

	return golin_panic_trace(M, i, buf[at++ % 4]);
}

static void context(uint64_t ts, uint64_t goid, uint64_t ctx, uint64_t parent, uint32_t kind,
		    uint64_t stack_id, const char *value)
{
	struct golin_recbuf b = {0};
	struct golin_rec_context_create *r =
		golin_recbuf_begin(&b, GOLIN_REC_CONTEXT_CREATE, sizeof(*r));

	r->h.target = 1;
	r->h.ts = ts;
	r->h.goid = goid;
	r->ctx = ctx;
	r->parent = parent;
	r->parent_kind = parent ? GOLIN_CTX_CANCEL : GOLIN_CTX_BACKGROUND;
	r->kind = kind;
	r->stack = stack_id;
	r->flags = GOLIN_CTX_PARENT_KNOWN;
	if (value)
		golin_recbuf_str(&b, offsetof(struct golin_rec_context_create, value), value,
				 strlen(value));
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

static void cancelled(uint64_t ts, uint64_t goid, uint64_t ctx)
{
	struct golin_rec_context_cancel r = {.h = HEADER(GOLIN_REC_CONTEXT_CANCEL, r, ts, goid),
					     .ctx = ctx,
					     .reason = GOLIN_CANCEL_EXPLICIT};

	put(&r.h);
}

static void passed(uint64_t ts, uint64_t goid, uint64_t child, uint64_t ctx)
{
	struct golin_rec_context_passed r = {.h = HEADER(GOLIN_REC_CONTEXT_PASSED, r, ts, goid),
					     .child = child,
					     .ctx = ctx,
					     .how = GOLIN_PASSED_CLOSURE};

	put(&r.h);
}

/* ---- ids ---- */

static void test_its_own_id(void **state)
{
	golin_pidx i = panics_once(5 * MS, 1);
	char buf[GOLIN_PANIC_ID_MAX];

	assert_string_equal(trace(i), "00000000000000010000000000000007");
	/* 5 ms after the clock's 1000 ns, which are UNIX0 */
	assert_memory_equal(golin_panic_id(M, i, buf), "pn-", 3);
	assert_string_equal(buf + 3 + 16, "-t1");
	assert_int_equal(strtoull(buf + 3, NULL, 16), UNIX0 + 5 * MS - 1000);
}

static void test_the_same_ns(void **state)
{
	char a[GOLIN_PANIC_ID_MAX], b[GOLIN_PANIC_ID_MAX], c[GOLIN_PANIC_ID_MAX];
	golin_pidx i = panics(5 * MS, 1, 100, ERROR, 0), k, l;

	panic_recover(5 * MS, 1, 50, PC_SERVE);
	k = panics(5 * MS, 1, 100, ERROR + 64, 0);
	panic_recover(5 * MS, 1, 50, PC_SERVE);
	l = panics(5 * MS, 1, 100, ERROR + 128, 0);
	golin_panic_id(M, i, a);
	golin_panic_id(M, k, b);
	golin_panic_id(M, l, c);
	assert_string_equal(b + strlen(a), "-1");
	assert_memory_equal(a, b, strlen(a));
	assert_string_equal(c + strlen(a), "-2");
}

static void test_no_generator(void **state)
{
	golin_pidx i;

	panic_put(&(struct test_panic){.ts = MS, .goid = 1, .depth = 100});
	i = newest_panic();
	assert_string_equal(trace(i), "");
	assert_string_equal(trace(GOLIN_PIDX_NONE), "");
}

/* ---- one failure ---- */

static void test_nested_shares(void **state)
{
	golin_pidx i = panics_once(5 * MS, 1), k;

	panic_defer(6 * MS, 1, PC_HANDLE);
	k = panics(7 * MS, 1, 200, ERROR, GOLIN_PANIC_NESTED);
	assert_int_equal(golin_model_panic(M, k)->nested_in, i);
	assert_int_equal(golin_model_panic(M, k)->trace_of, i);
	assert_string_equal(trace(k), trace(i));
}

static void test_repanic_elsewhere_shares(void **state)
{
	golin_pidx i, k;

	create(2 * MS, 1, 7);
	create(2 * MS, 1, 8);
	i = panics(5 * MS, 7, 100, ERROR, 0);
	recovered(6 * MS, 7);
	k = panics_at(STACK_WAIT, 9 * MS, 8, 100, ERROR, 0);
	assert_int_equal(golin_model_panic(M, k)->repanic_of, i);
	assert_string_equal(trace(k), trace(i));
}

/* `defer func() { ch <- recover() }()`: who waits there may panic before the runtime recovers. */
static void test_handed_on_by_deferred_call(void **state)
{
	golin_pidx i, k;

	create(2 * MS, 1, 7);
	i = panics(5 * MS, 7, 100, ERROR, 0);
	panic_defer(7 * MS, 7, PC_HANDLE);
	k = panics_at(STACK_WAIT, 8 * MS, 1, 200, ERROR, 0);
	assert_int_equal(golin_model_panic(M, k)->repanic_of, i);
	assert_true(golin_model_panic(M, k)->more & GOLIN_PF_ELSEWHERE);
}

/* Nothing has run that could have taken the value. */
static void test_not_handed_on(void **state)
{
	golin_pidx k;

	create(2 * MS, 1, 7);
	panics(5 * MS, 7, 100, ERROR, 0);
	k = panics_at(STACK_WAIT, 6 * MS, 1, 100, ERROR, 0);
	assert_int_equal(golin_model_panic(M, k)->repanic_of, GOLIN_PIDX_NONE);
}

/* One after another on a goroutine: nothing says that they belong together. */
static void test_again_does_not_share(void **state)
{
	golin_pidx i = panics_once(5 * MS, 1), k;

	recovered(6 * MS, 1);
	k = panics_once(7 * MS, 1);
	assert_int_equal(golin_model_panic(M, k)->trace_of, GOLIN_PIDX_NONE);
	assert_string_not_equal(trace(k), trace(i));
}

/* ---- goroutines below ---- */

static void test_descendant_shares(void **state)
{
	golin_pidx i, k, l, n;

	create(2 * MS, 1, 7);
	create(3 * MS, 7, 8);
	i = panics_once(5 * MS, 1);
	create(6 * MS, 8, 9); /* while it is on its way */
	recovered(7 * MS, 1);
	create(8 * MS, 1, 10); /* after it was over */
	k = panics_once(9 * MS, 8);
	recovered(10 * MS, 8);
	l = panics_once(11 * MS, 9);
	n = panics_once(12 * MS, 10);
	assert_int_equal(golin_model_panic(M, k)->trace_of, i);
	assert_string_equal(trace(k), trace(i));
	/* 9 was made by 8 before that panicked: nearer than 1 */
	assert_int_equal(golin_model_panic(M, l)->trace_of, k);
	assert_string_equal(trace(l), trace(i));
	assert_int_equal(golin_model_panic(M, n)->trace_of, GOLIN_PIDX_NONE);
	assert_string_not_equal(trace(n), trace(i));
}

static void test_parent_does_not_share_the_child_s(void **state)
{
	golin_pidx i, k;

	create(2 * MS, 1, 7);
	i = panics_once(5 * MS, 7);
	recovered(6 * MS, 7);
	k = panics_once(7 * MS, 1);
	assert_string_not_equal(trace(i), trace(k));
}

/* runtime.Goexit is no failure. */
static void test_goexit_above_is_not_shared(void **state)
{
	golin_pidx k;

	create(2 * MS, 1, 7);
	panic_goexit(4 * MS, 1, 100, STACK_HANDLE, 0);
	k = panics_once(5 * MS, 7);
	assert_int_equal(golin_model_panic(M, k)->trace_of, GOLIN_PIDX_NONE);
}

static void test_deep_tree_is_bounded(void **state)
{
	golin_pidx i = panics_once(5 * MS, 1), k;

	for (uint64_t g = 2; g < 3000; g++)
		create(6 * MS, g - 1, g);
	k = panics_once(7 * MS, 40);
	assert_int_equal(golin_model_panic(M, k)->trace_of, i);
	k = panics_once(8 * MS, 2999);
	assert_int_equal(golin_model_panic(M, k)->trace_of, GOLIN_PIDX_NONE);
}

/* ---- requests ---- */

enum { CONN_1 = 0xc000010000, REQ_1 = 0xc000020000, REQ_2 = 0xc000030000, SPAN = 0xc000040000 };

/* A connection's goroutine 20 with two requests, one after another; 21 and 22 work for them. */
static void requests(void)
{
	create(2 * MS, 1, 20);
	context(3 * MS, 20, CONN_1, 0, GOLIN_CTX_CANCEL, STACK_HANDLE, NULL);
	context(4 * MS, 20, REQ_1, CONN_1, GOLIN_CTX_CANCEL, STACK_REQUEST, NULL);
	create(5 * MS, 20, 21);
	passed(5 * MS, 20, 21, REQ_1);
	cancelled(6 * MS, 20, REQ_1);
	context(7 * MS, 20, REQ_2, CONN_1, GOLIN_CTX_CANCEL, STACK_REQUEST, NULL);
	create(8 * MS, 20, 22);
	passed(8 * MS, 20, 22, REQ_2);
}

static void test_a_request_shares(void **state)
{
	golin_pidx i, k, l;

	requests();
	i = panics_once(10 * MS, 22);
	recovered(11 * MS, 22);
	k = panics_once(12 * MS, 20); /* its handler */
	recovered(13 * MS, 20);
	l = panics_once(14 * MS, 21); /* of the first request, although it is below 20 */
	assert_int_equal(golin_model_panic(M, k)->trace_of, i);
	assert_string_equal(trace(k), trace(i));
	assert_int_equal(golin_model_panic(M, l)->trace_of, GOLIN_PIDX_NONE);
	assert_string_not_equal(trace(l), trace(i));
}

/* Its id is the request's as long as that is known. */
static void test_a_request_outlives_its_panic(void **state)
{
	const struct golin_model_opts opts = {.max_panics = 1};
	char first[GOLIN_TRACE_ID_MAX];
	golin_pidx i;

	free_model();
	assert_int_equal(golin_model_new(&opts, &M), 0);
	name(PC_READ_REQUEST, "net/http.(*conn).readRequest", "/go/src/net/http/server.go", 1000);
	stack(STACK_REQUEST, (const uint64_t[]){PC_READ_REQUEST}, 1);
	create(MS, 0, 1);
	requests();
	golin_panic_trace(M, panics_once(10 * MS, 22), first);
	recovered(11 * MS, 22);
	for (uint64_t g = 100; g < 110; g++) {
		create(12 * MS, 1, g);
		panics_once(13 * MS, g);
		recovered(14 * MS, g);
	}
	assert_int_equal(golin_model_panic_find(M, 1), GOLIN_PIDX_NONE);
	i = panics_once(15 * MS, 20);
	assert_int_equal(golin_model_panic(M, i)->trace_of, GOLIN_PIDX_NONE);
	assert_string_equal(trace(i), first);
}

/* ---- traceparents ---- */

static void test_traceparent_is_used(void **state)
{
	golin_pidx i, k;
	char buf[GOLIN_TRACE_ID_MAX];

	requests();
	context(9 * MS, 20, SPAN, REQ_2, GOLIN_CTX_VALUE, STACK_HANDLE,
		"trace-id=" PARENT " span-id=00f067aa0ba902b7");
	i = panics_once(10 * MS, 20);
	assert_string_equal(trace(i), PARENT);
	assert_string_equal(golin_panic_traceparent(M, i, buf), PARENT);
	recovered(11 * MS, 20);
	/* The same request, but nothing of the span: its trace is known from the first. */
	k = panics_once(12 * MS, 22);
	assert_string_equal(trace(k), PARENT);
	assert_string_equal(golin_panic_traceparent(M, k, buf), "");
}

static void test_traceparent_of_a_child(void **state)
{
	golin_pidx i;

	requests();
	context(9 * MS, 20, SPAN, REQ_2, GOLIN_CTX_VALUE, STACK_HANDLE,
		"trace-id=" PARENT " span-id=00f067aa0ba902b7");
	create(10 * MS, 20, 30);
	passed(10 * MS, 20, 30, SPAN);
	i = panics_once(11 * MS, 30);
	assert_string_equal(trace(i), PARENT);
}

/* The first of a failure has the id, also when the second knows of another. */
static void test_traceparent_of_a_repanic_stands_beside(void **state)
{
	golin_pidx i, k;
	char buf[GOLIN_TRACE_ID_MAX];

	requests();
	context(9 * MS, 20, SPAN, REQ_2, GOLIN_CTX_VALUE, STACK_HANDLE,
		"trace-id=" PARENT " span-id=00f067aa0ba902b7");
	create(9 * MS, 1, 40);
	i = panics(10 * MS, 40, 100, ERROR, 0);
	recovered(11 * MS, 40);
	k = panics_at(STACK_WAIT, 12 * MS, 20, 100, ERROR, 0);
	assert_int_equal(golin_model_panic(M, k)->repanic_of, i);
	assert_string_equal(trace(k), trace(i));
	assert_string_equal(golin_panic_traceparent(M, k, buf), PARENT);
	assert_string_equal(golin_panic_traceparent(M, i, buf), "");
}

/* A connection's goroutine has made the spans of all its requests. */
static void test_traceparent_of_the_last_request_is_over(void **state)
{
	golin_pidx i;

	create(2 * MS, 1, 20);
	context(3 * MS, 20, CONN_1, 0, GOLIN_CTX_CANCEL, STACK_HANDLE, NULL);
	context(4 * MS, 20, REQ_1, CONN_1, GOLIN_CTX_CANCEL, STACK_REQUEST, NULL);
	context(5 * MS, 20, SPAN, REQ_1, GOLIN_CTX_VALUE, STACK_HANDLE,
		"trace-id=" PARENT " span-id=00f067aa0ba902b7");
	cancelled(6 * MS, 20, REQ_1);
	context(7 * MS, 20, REQ_2, CONN_1, GOLIN_CTX_CANCEL, STACK_REQUEST, NULL);
	i = panics_once(8 * MS, 20);
	assert_string_equal(trace(i), "00000000000000010000000000000007");
}

/* The client went away, and the handler panics because of that: it is its request all the same. */
static void test_traceparent_of_a_cancelled_request(void **state)
{
	golin_pidx i;

	requests();
	context(9 * MS, 20, SPAN, REQ_2, GOLIN_CTX_VALUE, STACK_HANDLE,
		"trace-id=" OTHER " span-id=00f067aa0ba902b7");
	cancelled(10 * MS, 1, REQ_2);
	i = panics_once(11 * MS, 20);
	assert_string_equal(trace(i), OTHER);
}

static void test_what_is_no_traceparent(void **state)
{
	static const char *const values[] = {
		"trace-id=4bf92f3577b34da6a3ce929d0e0e473 span-id=00f067aa0ba902b7",
		"trace-id=4bf92f3577b34da6a3ce929d0e0e4736a span-id=00f067aa0ba902b7",
		"trace-id=00000000000000000000000000000000 span-id=00f067aa0ba902b7",
		"trace-id=4BF92F3577B34DA6A3CE929D0E0E4736",
		"user=trace-id=" PARENT,
		"trace-id=",
	};
	char buf[GOLIN_TRACE_ID_MAX];

	for (size_t k = 0; k < sizeof(values) / sizeof(values[0]); k++) {
		uint64_t goid = 50 + k;

		create(2 * MS, 1, goid);
		context(3 * MS, goid, SPAN + 64 * k, 0, GOLIN_CTX_VALUE, STACK_HANDLE, values[k]);
		assert_string_equal(golin_panic_traceparent(M, panics_once(4 * MS, goid), buf), "");
	}
}

/* A chain that is longer than one looks: nothing is found, and nothing hangs. */
static void test_long_chain(void **state)
{
	char buf[GOLIN_TRACE_ID_MAX];

	context(2 * MS, 1, SPAN, 0, GOLIN_CTX_VALUE, STACK_HANDLE,
		"trace-id=" PARENT " span-id=00f067aa0ba902b7");
	for (uint64_t k = 1; k < 5000; k++)
		context(3 * MS, 1, SPAN + 64 * k, SPAN + 64 * (k - 1), GOLIN_CTX_VALUE,
			STACK_HANDLE, NULL);
	assert_string_equal(golin_panic_traceparent(M, panics_once(4 * MS, 1), buf), "");
}

/* ---- dumps ---- */

static void test_dump(void **state)
{
	char want[8][GOLIN_TRACE_ID_MAX], ids[8][GOLIN_PANIC_ID_MAX], buf[GOLIN_PANIC_ID_MAX];
	golin_pidx i;

	requests();
	context(9 * MS, 20, SPAN, REQ_2, GOLIN_CTX_VALUE, STACK_HANDLE,
		"trace-id=" PARENT " span-id=00f067aa0ba902b7");
	panics_once(10 * MS, 20);
	panic_defer(10 * MS, 20, PC_HANDLE);
	panics(11 * MS, 20, 200, ERROR, GOLIN_PANIC_NESTED);
	panics_once(12 * MS, 22);
	panics_once(13 * MS, 21);
	recovered(14 * MS, 21);
	panics_at(STACK_WAIT, 15 * MS, 21, 100, ERROR + 64 * 13 * MS, 0);
	for (uint64_t n = 1; n <= 5; n++) {
		golin_panic_trace(M, golin_model_panic_find(M, n), want[n]);
		golin_panic_id(M, golin_model_panic_find(M, n), ids[n]);
	}
	assert_string_equal(want[3], PARENT);
	for (int again = 0; again < 2; again++) {
		dumped_and_read();
		for (uint64_t n = 1; n <= 5; n++) {
			i = golin_model_panic_find(M, n);
			assert_string_equal(trace(i), want[n]);
			assert_string_equal(golin_panic_id(M, i, buf), ids[n]);
		}
		assert_string_equal(golin_panic_traceparent(M, golin_model_panic_find(M, 1), buf),
				    PARENT);
		assert_string_equal(golin_panic_traceparent(M, golin_model_panic_find(M, 3), buf),
				    "");
	}
	/* What comes in the same request shares it after a dump, too. */
	recovered(16 * MS, 22);
	assert_string_equal(trace(panics_once(17 * MS, 22)), PARENT);
}

/* ---- what is left behind ---- */

static void test_descendants(void **state)
{
	golin_gidx g[8];
	golin_pidx i;

	create(2 * MS, 1, 7);
	create(2 * MS, 7, 8);
	create(2 * MS, 8, 9);
	create(2 * MS, 8, 10);
	create(2 * MS, 1, 11);
	i = panics_once(5 * MS, 7);
	ended(6 * MS, 7);
	ended(6 * MS, 8);
	assert_int_equal(golin_panic_descendants(M, i, g, 8), 2);
	assert_int_equal(golin_model_goroutine(M, g[0])->goid, 9);
	assert_int_equal(golin_model_goroutine(M, g[1])->goid, 10);
	assert_int_equal(golin_panic_descendants(M, i, g, 1), 2);
	assert_int_equal(golin_panic_descendants(M, i, NULL, 0), 2);
	assert_int_equal(golin_panic_descendants(M, GOLIN_PIDX_NONE, g, 8), 0);
	i = panics_once(9 * MS, 1);
	assert_int_equal(golin_panic_descendants(M, i, g, 8), 3);
	recovered(10 * MS, 1);
	create(11 * MS, 1, 12); /* its work afterwards */
	assert_int_equal(golin_panic_descendants(M, i, g, 8), 3);
}

static void test_contexts_left(void **state)
{
	golin_cidx c[8];
	golin_pidx i;

	requests();
	context(9 * MS, 20, SPAN, REQ_2, GOLIN_CTX_VALUE, STACK_HANDLE, NULL);
	i = panics_once(10 * MS, 20);
	/* the connection's and the second request's; values cannot be cancelled */
	assert_int_equal(golin_panic_contexts(M, i, c, 8), 2);
	assert_int_equal(golin_model_context(M, c[0])->ctx, REQ_2);
	assert_int_equal(golin_model_context(M, c[1])->ctx, CONN_1);
	cancelled(11 * MS, 20, REQ_2);
	assert_int_equal(golin_panic_contexts(M, i, c, 8), 1);
	/* what it was handed is told in any state */
	assert_int_equal(golin_panic_contexts(M, panics_once(12 * MS, 22), c, 8), 1);
	assert_int_equal(golin_model_context(M, c[0])->ctx, REQ_2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scene, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_its_own_id),
		TEST(test_the_same_ns),
		TEST(test_no_generator),
		TEST(test_nested_shares),
		TEST(test_repanic_elsewhere_shares),
		TEST(test_handed_on_by_deferred_call),
		TEST(test_not_handed_on),
		TEST(test_again_does_not_share),
		TEST(test_descendant_shares),
		TEST(test_parent_does_not_share_the_child_s),
		TEST(test_goexit_above_is_not_shared),
		TEST(test_deep_tree_is_bounded),
		TEST(test_a_request_shares),
		TEST(test_a_request_outlives_its_panic),
		TEST(test_traceparent_is_used),
		TEST(test_traceparent_of_a_child),
		TEST(test_traceparent_of_a_repanic_stands_beside),
		TEST(test_traceparent_of_the_last_request_is_over),
		TEST(test_traceparent_of_a_cancelled_request),
		TEST(test_what_is_no_traceparent),
		TEST(test_long_chain),
		TEST(test_dump),
		TEST(test_descendants),
		TEST(test_contexts_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
