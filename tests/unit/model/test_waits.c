/* SPDX-License-Identifier: BSD-2-Clause */
/* On what goroutines wait: the last answer, its age, whose code a stack stands in. */
#include "golin/dump.h"
#include "golin/waits.h"
#include "records.h"

enum { CH1 = 0xc000100000, CH2 = 0xc000200000, CTX = 0xc000010000 };
enum { BOTH = GOLIN_WAITS_STACK | GOLIN_WAITS_CHANNELS };

static int setup(void **s)
{
	make_model(0);
	create(10, 0, 1);
	create(11, 1, 2);
	return 0;
}

static int teardown(void **s)
{
	free_model();
	return 0;
}

static void parked(uint64_t ts, uint64_t goid, const char *wait, uint64_t stack_id, uint64_t chan)
{
	const struct golin_rec_wait w = {chan, 0, GOLIN_WAIT_RECV, GOLIN_WAIT_EMPTY};

	state(ts, goid, GOLIN_GS_WAITING, wait);
	waits(ts, goid, stack_id, BOTH, &w, chan != 0);
}

static bool get(uint64_t goid, struct golin_waits *w)
{
	memset(w, 0, sizeof(*w));
	return golin_model_waits(M, golin_model_find(M, goid), w);
}

static void test_last_answer(void **s)
{
	struct golin_waits w;

	assert_false(get(2, &w));
	parked(20, 2, "chan receive", 7, CH1);
	assert_true(get(2, &w));
	assert_int_equal(w.read, 20);
	assert_int_equal(w.since, 20);
	assert_int_equal(w.stack, 7);
	assert_int_equal(w.flags, BOTH);
	assert_int_equal(w.n, 1);
	assert_int_equal(w.v[0].chan, CH1);
	assert_int_equal(w.v[0].how, GOLIN_WAIT_RECV);
	assert_int_equal(w.v[0].flags, GOLIN_WAIT_EMPTY);
	assert_int_equal(w.v[0].c, GOLIN_CIDX_NONE);
	assert_false(get(1, &w));
	parked(30, 2, "sleep", 8, 0);
	assert_true(get(2, &w));
	assert_int_equal(w.n, 0);
	assert_null(w.v);
	waits(40, 99, 7, BOTH, NULL, 0); /* of one that nobody knows */
	assert_int_equal(golin_model_find(M, 99), GOLIN_GIDX_NONE);
	ended(50, 2);
	assert_false(get(2, &w));
	waits(60, 2, 7, BOTH, NULL, 0);
	assert_false(get(2, &w));
}

static uint64_t since(uint64_t goid)
{
	struct golin_waits w;

	assert_true(get(goid, &w));
	return w.since;
}

static void test_since(void **s)
{
	const struct golin_rec_wait other = {CH1, 0, GOLIN_WAIT_SEND, 0};
	struct golin_waits w;

	parked(20, 2, "chan receive", 7, CH1);
	parked(30, 2, "chan receive", 7, CH1);
	parked(40, 2, "chan receive", 7, CH1);
	assert_int_equal(since(2), 20);
	assert_true(get(2, &w));
	assert_int_equal(w.read, 40);
	parked(50, 2, "chan receive", 7, CH2);
	assert_int_equal(since(2), 50);
	parked(60, 2, "chan receive", 8, CH2);
	assert_int_equal(since(2), 60);
	parked(70, 2, "select", 8, CH2);
	assert_int_equal(since(2), 70);
	waits(80, 2, 8, BOTH, NULL, 0);
	assert_int_equal(since(2), 80);
	waits(90, 2, 8, GOLIN_WAITS_STACK, NULL, 0);
	assert_int_equal(since(2), 90);
	parked(100, 2, "chan receive", 7, CH1);
	waits(110, 2, 7, BOTH, &other, 1);
	assert_int_equal(since(2), 110);
	/* Another state in between, of which no answer told. */
	parked(120, 2, "chan receive", 7, CH1);
	state(130, 2, GOLIN_GS_RUNNING, "");
	assert_false(get(2, &w));
	parked(140, 2, "chan receive", 7, CH1);
	assert_int_equal(since(2), 140);
}

static void state_since(uint64_t ts, uint64_t goid, uint64_t wait_since)
{
	struct golin_rec_goroutine_state r = {
		.h = HEADER(GOLIN_REC_GOROUTINE_STATE, r, ts, goid),
		.state = GOLIN_GS_WAITING,
		.wait_since = wait_since,
	};

	put(&r.h);
}

/* What a garbage collection noted of a wait goes away when the goroutine runs. */
static void test_since_the_collection(void **s)
{
	struct golin_waits w;

	state_since(20, 2, 0);
	waits(20, 2, 7, BOTH, NULL, 0);
	state_since(30, 2, 25); /* noted since */
	waits(30, 2, 7, BOTH, NULL, 0);
	assert_int_equal(since(2), 20);
	state_since(40, 2, 25);
	waits(40, 2, 7, BOTH, NULL, 0);
	assert_int_equal(since(2), 20);
	state_since(50, 2, 0); /* it ran */
	assert_false(get(2, &w));
	waits(50, 2, 7, BOTH, NULL, 0);
	assert_int_equal(since(2), 50);
	state_since(60, 2, 55);
	state_since(70, 2, 65);
	assert_false(get(2, &w));
}

static void make_context(uint64_t ts, uint64_t goid, uint64_t ctx)
{
	struct golin_rec_context_create r = {
		.h = HEADER(GOLIN_REC_CONTEXT_CREATE, r, ts, goid),
		.ctx = ctx,
		.kind = GOLIN_CTX_CANCEL,
		.parent_kind = GOLIN_CTX_BACKGROUND,
		.flags = GOLIN_CTX_PARENT_KNOWN,
	};

	put(&r.h);
}

static void test_contexts(void **s)
{
	const struct golin_rec_wait v[] = {
		{CH1, CTX, GOLIN_WAIT_RECV, GOLIN_WAIT_DONE | GOLIN_WAIT_EMPTY},
		{CH2, 0xc0000f0000, GOLIN_WAIT_SEND, 0},
	};
	const struct golin_model_opts opts = {.max_contexts = 1};
	struct golin_waits w;

	free_model();
	assert_int_equal(golin_model_new(&opts, &M), 0);
	create(10, 0, 1);
	create(11, 1, 2);
	make_context(15, 1, CTX);
	state(20, 2, GOLIN_GS_WAITING, "select");
	waits(20, 2, 7, BOTH, v, 2);
	assert_true(get(2, &w));
	assert_int_equal(w.v[0].c, golin_model_context_at(M, CTX));
	assert_int_equal(w.v[1].c, GOLIN_CIDX_NONE);
	assert_int_equal(w.v[1].how, GOLIN_WAIT_SEND);
	/* Its place in the model is another's, by and by. */
	for (uint64_t k = 1; k < 6; k++) {
		make_context(30 + k, 1, CTX);
		assert_true(get(2, &w));
		assert_int_not_equal(w.v[0].c, golin_model_context_at(M, CTX));
	}
	assert_int_equal(w.v[0].c, GOLIN_CIDX_NONE);
	assert_int_equal(w.v[0].chan, CH1);
}

static int count_put(void *arg, const struct golin_rec *rec)
{
	*(uint32_t *)arg += rec->type == GOLIN_REC_GOROUTINE_WAITS;
	return 0;
}

static int apply_put(void *arg, const struct golin_rec *rec)
{
	assert_true(golin_record_check(rec, rec->size));
	return golin_model_apply(arg, rec);
}

static void test_dump(void **s)
{
	const struct golin_rec_wait v = {CH1, CTX, GOLIN_WAIT_RECV, GOLIN_WAIT_DONE};
	struct golin_model *other;
	struct golin_waits w;
	uint32_t n = 0;

	make_context(15, 1, CTX);
	state(20, 2, GOLIN_GS_WAITING, "chan receive");
	waits(20, 2, 7, BOTH, &v, 1);
	assert_int_equal(golin_model_dump(M, &(struct golin_sink){count_put, &n}), 0);
	assert_int_equal(n, 1);
	waits(30, 2, 7, BOTH, &v, 1);
	assert_int_equal(golin_model_new(NULL, &other), 0);
	assert_int_equal(golin_model_dump(M, &(struct golin_sink){apply_put, other}), 0);
	assert_true(golin_model_waits(other, golin_model_find(other, 2), &w));
	assert_int_equal(w.since, 20);
	assert_int_equal(w.read, 30);
	assert_int_equal(w.stack, 7);
	assert_int_equal(w.v[0].c, golin_model_context_at(other, CTX));
	assert_int_equal(w.v[0].flags, GOLIN_WAIT_DONE);
	golin_model_free(other);
}

/* What is held is freed and counted. */
static void test_bytes(void **s)
{
	struct golin_rec_wait v[GOLIN_WAITS_MAX] = {0};
	uint64_t before;

	state(20, 2, GOLIN_GS_WAITING, "select");
	waits(20, 2, 7, BOTH, v, 0);
	before = counts().bytes;
	for (uint64_t k = 0; k < 1000; k++)
		waits(30 + k, 2, 7, BOTH, v, GOLIN_WAITS_MAX);
	assert_true(counts().bytes > before);
	assert_true(counts().bytes < before + (64 << 10));
	ended(2000, 2);
	assert_int_equal(counts().bytes, before);
}

/* ---- records ---- */

static void test_check(void **s)
{
	struct {
		struct golin_rec_goroutine_waits r;
		struct golin_rec_wait v[3];
	} rec = {.r = {.h = HEADER(GOLIN_REC_GOROUTINE_WAITS, rec, 20, 2), .n = 3}};
	struct golin_recbuf b = {0};
	const struct golin_rec *copy;

	rec.v[2].chan = CH2;
	assert_true(golin_record_check(&rec.r.h, sizeof(rec)));
	copy = golin_record_cleaned(&rec.r.h, &b);
	assert_non_null(copy);
	assert_memory_equal(copy, &rec, sizeof(rec));
	golin_recbuf_done(&b);
	rec.r.n = 4;
	assert_false(golin_record_check(&rec.r.h, sizeof(rec)));
	rec.r.n = UINT32_MAX;
	assert_false(golin_record_check(&rec.r.h, sizeof(rec)));
	rec.r.n = 3;
	rec.r.h.size = sizeof(rec.r) - 8;
	assert_false(golin_record_check(&rec.r.h, sizeof(rec)));
	assert_string_equal(golin_rec_type_name(GOLIN_REC_GOROUTINE_WAITS), "goroutine.waits");
}

static void test_check_bound(void **s)
{
	size_t size = sizeof(struct golin_rec_goroutine_waits) +
		      (GOLIN_WAITS_MAX + 1) * sizeof(struct golin_rec_wait);
	struct golin_rec_goroutine_waits *r = calloc(1, size);

	assert_non_null(r);
	r->h = header(GOLIN_REC_GOROUTINE_WAITS, size, 20, 2);
	r->n = GOLIN_WAITS_MAX + 1;
	assert_false(golin_record_check(&r->h, size));
	r->n = GOLIN_WAITS_MAX;
	assert_true(golin_record_check(&r->h, size));
	free(r);
}

/* ---- user frames ---- */

struct at {
	const char *func, *file;
};

static void stand(uint64_t id, const struct at *at, uint32_t n)
{
	uint64_t pcs[16];

	for (uint32_t k = 0; k < n; k++) {
		pcs[k] = id * 0x1000 + k + 1;
		name(pcs[k], at[k].func, at[k].file, 10 + k);
	}
	stack(id, pcs, n);
}

static void expect(uint64_t id, const char *func, const char *blocking)
{
	struct golin_frame b, f = golin_model_user_frame(M, id, &b);

	assert_string_equal(f.func, func);
	assert_string_equal(b.func, blocking);
	assert_string_equal(golin_model_user_frame(M, id, NULL).func, func);
}

#define STAND(id, ...)                                                                             \
	stand(id, (const struct at[]){__VA_ARGS__},                                                \
	      sizeof((const struct at[]){__VA_ARGS__}) / sizeof(struct at))

static void test_user_frame(void **s)
{
	STAND(1, {"runtime.gopark", "/go/src/runtime/proc.go"},
	      {"runtime.chanrecv1", "/go/src/runtime/chan.go"}, {"main.f", "/home/a/b.go"});
	expect(1, "main.f", "");
	STAND(2, {"runtime.gopark", "/go/src/runtime/proc.go"},
	      {"sync.runtime_SemacquireMutex", "/go/src/runtime/sema.go"},
	      {"sync.(*Mutex).lockSlow", "/go/src/sync/mutex.go"},
	      {"sync.(*Mutex).Lock", "/go/src/sync/mutex.go"},
	      {"example.com/x/y.(*T).f", "/src/y/f.go"}, {"main.main", "/m.go"});
	expect(2, "example.com/x/y.(*T).f", "sync.(*Mutex).Lock");
	STAND(3, {"internal/poll.(*FD).Read", "internal/poll/fd_unix.go"},
	      {"net.(*conn).Read", "net/net.go"},
	      {"net/http.(*persistConn).readLoop", "net/http/transport.go"});
	expect(3, "", "net/http.(*persistConn).readLoop");
	/* Modules that are called like the standard library's directories. */
	STAND(4, {"net.(*conn).Read", "/usr/local/go/src/net/net.go"},
	      {"log/shipper.Run", "/home/a/shipper/run.go"});
	expect(4, "log/shipper.Run", "net.(*conn).Read");
	STAND(5, {"time.Sleep", "/usr/local/go/src/runtime/time.go"},
	      {"slices.SortFunc[go.shape.struct { a/b.X }]", "/usr/local/go/src/slices/sort.go"},
	      {"main.F[go.shape.int]", "/x/main.go"});
	expect(5, "main.F[go.shape.int]", "slices.SortFunc[go.shape.struct { a/b.X }]");
	STAND(6,
	      {"vendor/golang.org/x/net/http2/hpack.(*Decoder).Write",
	       "/usr/local/go/src/vendor/golang.org/x/net/http2/hpack/hpack.go"},
	      {"golang.org/x/net/http2.(*Framer).ReadFrame",
	       "/home/g/go/pkg/mod/golang.org/x/net@v0.1.0/http2/frame.go"});
	expect(6, "golang.org/x/net/http2.(*Framer).ReadFrame",
	       "vendor/golang.org/x/net/http2/hpack.(*Decoder).Write");
	expect(77, "", "");
	STAND(8, {"runtime.gopark", "/go/src/runtime/proc.go"});
	expect(8, "", "");
	STAND(9, {"timex.Sleep", "/a/timex/s.go"});
	expect(9, "timex.Sleep", "");
}

/* Inlined frames, and those that the compiler made. */
static void test_user_frame_inlined(void **s)
{
	const struct test_frame f[] = {
		{"sync.(*WaitGroup).Wait", "/go/src/sync/waitgroup.go", 1, 0},
		{"main.wait", "/m.go", 2, GOLIN_FRAME_WRAPPER},
		{"main.inner", "/m.go", 3, 0},
		{"main.outer", "/m.go", 4, 0},
	};
	const uint64_t pc = 0x500;

	name_frames(pc, f, 4);
	stack(5, &pc, 1);
	expect(5, "main.inner", "sync.(*WaitGroup).Wait");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_last_answer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_since, setup, teardown),
		cmocka_unit_test_setup_teardown(test_since_the_collection, setup, teardown),
		cmocka_unit_test_setup_teardown(test_contexts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dump, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_check, setup, teardown),
		cmocka_unit_test_setup_teardown(test_check_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(test_user_frame, setup, teardown),
		cmocka_unit_test_setup_teardown(test_user_frame_inlined, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
