/* SPDX-License-Identifier: BSD-2-Clause */
/* Where goroutines stood after a panic: who is asked, and what the answers say. */
#include "panic_put.h"

#define MS 1000000ull
#define SEC 1000000000ull

enum { PC_HANDLE = 0x100, PC_WAIT = 0x101, PC_RECV = 0x102, STACK_HANDLE = 50, STACK_WAIT = 51 };

#define state_is state

static int scene(void **unused)
{
	const uint64_t handle[] = {PC_HANDLE}, wait[] = {PC_RECV, PC_WAIT};

	make_model(0);
	name(PC_HANDLE, "main.handle", "/src/app/api.go", 41);
	name(PC_WAIT, "main.(*group).wait", "/src/app/group.go", 20);
	name(PC_RECV, "runtime.chanrecv", "/go/src/runtime/chan.go", 500);
	stack(STACK_HANDLE, handle, 1);
	stack(STACK_WAIT, wait, 2);
	create(MS, 0, 1);
	create(MS, 1, 7);
	create(MS, 7, 8);
	return 0;
}

static int done(void **unused)
{
	free_model();
	return 0;
}

static golin_pidx panics(uint64_t ts, uint64_t goid)
{
	panic_put(&(struct test_panic){.ts = ts,
				       .goid = goid,
				       .depth = 100,
				       .stack = STACK_HANDLE,
				       .type = 1,
				       .data = ts});
	return newest_panic();
}

static uint64_t asked(void)
{
	struct golin_ctl ctl;

	if (!golin_model_panics_ask(M, &ctl))
		return 0;
	assert_int_equal(ctl.type, GOLIN_CTL_READ);
	return ctl.goid;
}

static void test_asks_for_it_and_those_above(void **unused)
{
	struct golin_panic_point p[GOLIN_POINTS_MAX];
	golin_pidx i = panics(5 * MS, 8);

	assert_int_equal(asked(), 8);
	assert_int_equal(asked(), 7);
	assert_int_equal(asked(), 1);
	assert_int_equal(asked(), 0);
	assert_int_equal(golin_panic_points(M, i, p), 3);
	for (uint32_t k = 0; k < 3; k++) {
		assert_int_equal(p[k].level, k);
		assert_false(p[k].seen);
		assert_string_equal(p[k].at.func, "");
	}
}

static void test_nothing_to_ask(void **unused)
{
	struct golin_panic_point p[GOLIN_POINTS_MAX];

	assert_int_equal(asked(), 0);
	assert_int_equal(golin_panic_points(M, 0, p), 0);
	assert_int_equal(golin_panic_points(M, GOLIN_PIDX_NONE, p), 0);
}

static void test_answers(void **unused)
{
	struct golin_panic_point p[GOLIN_POINTS_MAX];
	golin_pidx i = panics(5 * MS, 8);

	while (asked())
		;
	state(6 * MS, 8, GOLIN_GS_RUNNING, "");
	state(9 * MS, 7, GOLIN_GS_WAITING, "chan receive");
	waits(9 * MS, 7, STACK_WAIT, GOLIN_WAITS_STACK, NULL, 0);
	assert_int_equal(golin_panic_points(M, i, p), 3);
	assert_true(p[0].seen && !p[0].gone);
	assert_int_equal(p[0].after, MS);
	assert_string_equal(golin_model_string(M, p[0].wait), "running");
	assert_string_equal(p[0].at.func, "");
	assert_true(p[1].seen && !p[1].gone);
	assert_int_equal(p[1].goid, 7);
	assert_int_equal(p[1].after, 4 * MS);
	assert_string_equal(golin_model_string(M, p[1].wait), "chan receive");
	assert_string_equal(p[1].at.func, "main.(*group).wait");
	assert_int_equal(p[1].at.line, 20);
	assert_false(p[2].seen);
	/* Only the first look counts, and its stack is its own. */
	state(20 * MS, 7, GOLIN_GS_WAITING, "select");
	waits(20 * MS, 7, STACK_HANDLE, GOLIN_WAITS_STACK, NULL, 0);
	state(21 * MS, 8, GOLIN_GS_WAITING, "select");
	waits(21 * MS, 8, STACK_WAIT, GOLIN_WAITS_STACK, NULL, 0);
	golin_panic_points(M, i, p);
	assert_string_equal(golin_model_string(M, p[1].wait), "chan receive");
	assert_string_equal(p[1].at.func, "main.(*group).wait");
	assert_string_equal(p[0].at.func, "");
}

static void test_what_was_read_before_does_not_count(void **unused)
{
	struct golin_panic_point p[GOLIN_POINTS_MAX];
	golin_pidx i = panics(5 * MS, 8);

	state(4 * MS, 7, GOLIN_GS_WAITING, "select");
	waits(4 * MS, 7, STACK_WAIT, GOLIN_WAITS_STACK, NULL, 0);
	golin_panic_points(M, i, p);
	assert_false(p[1].seen);
}

static void test_gone(void **unused)
{
	struct golin_panic_point p[GOLIN_POINTS_MAX];
	golin_pidx i = panics(5 * MS, 8);

	ended(7 * MS, 8);
	assert_int_equal(asked(), 7); /* nobody asks for 8 any more */
	state(9 * MS, 7, GOLIN_GS_DEAD, "");
	golin_panic_points(M, i, p);
	assert_true(p[0].seen && p[0].gone);
	assert_int_equal(p[0].after, 2 * MS);
	assert_true(p[1].seen && p[1].gone);
	assert_int_equal(p[1].after, 4 * MS);
	assert_false(p[2].seen);
}

/* Nobody asked (a recording without answers), and then it was too late. */
static void test_gone_unasked(void **unused)
{
	struct golin_panic_point p[GOLIN_POINTS_MAX];
	golin_pidx i = panics(5 * MS, 8);
	struct golin_rec_exit r = {.h = HEADER(GOLIN_REC_EXIT, r, 9 * MS, 0), .known = 1};

	golin_panic_points(M, i, p);
	assert_false(p[0].gone || p[2].gone);
	put(&r.h);
	assert_int_equal(golin_panic_points(M, i, p), 3);
	assert_true(p[0].gone && p[1].gone && p[2].gone);
}

/* One look serves all that wait for it. */
static void test_one_answer_for_many(void **unused)
{
	struct golin_panic_point p[GOLIN_POINTS_MAX];
	golin_pidx i[3];
	uint64_t n = 0;

	for (uint64_t k = 0; k < 3; k++) {
		create(2 * MS, 7, 20 + k);
		i[k] = panics((5 + k) * MS, 20 + k);
	}
	while (asked())
		n++;
	assert_int_equal(n, 5); /* 20, 21, 22, 7 and 1 */
	state(10 * MS, 7, GOLIN_GS_WAITING, "select");
	waits(10 * MS, 7, STACK_WAIT, GOLIN_WAITS_STACK, NULL, 0);
	for (uint64_t k = 0; k < 3; k++) {
		golin_panic_points(M, i[k], p);
		assert_true(p[1].seen);
		assert_int_equal(p[1].after, (5 - k) * MS);
		assert_string_equal(p[1].at.func, "main.(*group).wait");
	}
}

/* A thousand at once: a second's worth is asked for, the others are told as not seen. */
static void test_storm(void **unused)
{
	struct golin_panic_point p[GOLIN_POINTS_MAX];
	golin_pidx last = 0;
	uint64_t n = 0;

	for (uint64_t g = 100; g < 1100; g++) {
		create(2 * MS, 8, g);
		last = panics(5 * MS, g);
	}
	while (asked())
		n++;
	assert_int_equal(n, 64);
	assert_int_equal(golin_panic_points(M, last, p), 4);
	assert_int_equal(p[0].goid, 1099);
	assert_int_equal(p[3].goid, 1);
	assert_false(p[0].seen);
	create(5 * MS + SEC, 1, 9); /* a second later */
	n = 0;
	while (asked())
		n++;
	assert_true(n > 0 && n <= 64);
	/* After a while nobody waits for answers any more, and the next one is asked for. */
	create(5 * MS + 20 * SEC, 1, 2000);
	panics(6 * MS + 20 * SEC, 2000);
	assert_int_equal(asked(), 2000);
}

/* The runtime uses a goroutine's memory again; the model does not mix up who it was. */
static void test_deeper_than_told(void **unused)
{
	struct golin_panic_point p[GOLIN_POINTS_MAX];
	golin_pidx i;

	for (uint64_t g = 50; g < 80; g++)
		create(2 * MS, g == 50 ? 8 : g - 1, g);
	i = panics(5 * MS, 79);
	assert_int_equal(golin_panic_points(M, i, p), GOLIN_POINTS_MAX);
	assert_int_equal(p[GOLIN_POINTS_MAX - 1].goid, 79 - GOLIN_POINTS_MAX + 1);
}

/* What was seen is in a dump; what was asked for and not answered comes behind it. */
static void test_dump(void **unused)
{
	static const uint64_t goids[] = {8, 7, 1}, after[] = {2 * MS, 4 * MS, 0};
	struct golin_panic_point p[GOLIN_POINTS_MAX], q[GOLIN_POINTS_MAX];
	golin_pidx i = panics(5 * MS, 8);

	ended(7 * MS, 8);
	while (asked())
		;
	state(9 * MS, 7, GOLIN_GS_WAITING, "chan receive");
	waits(9 * MS, 7, STACK_WAIT, GOLIN_WAITS_STACK, NULL, 0);
	assert_int_equal(golin_panic_points(M, i, p), 3);
	for (int again = 0; again < 2; again++) {
		dumped_and_read();
		i = newest_panic();
		assert_int_equal(golin_panic_points(M, i, q), 3);
		for (int k = 0; k < 3; k++) {
			assert_int_equal(q[k].goid, goids[k]);
			assert_int_equal(q[k].level, k);
			assert_int_equal(q[k].seen, k < 2);
			assert_int_equal(q[k].gone, k == 0);
			assert_int_equal(q[k].after, after[k]);
		}
		assert_string_equal(golin_model_string(M, q[1].wait), "chan receive");
		assert_string_equal(q[1].at.func, "main.(*group).wait");
		assert_int_equal(asked(), 0); /* nobody asks for what was asked for */
	}
	state(11 * MS, 1, GOLIN_GS_WAITING, "select");
	waits(11 * MS, 1, STACK_WAIT, GOLIN_WAITS_STACK, NULL, 0);
	golin_panic_points(M, i, q);
	assert_true(q[2].seen && !q[2].gone);
	assert_int_equal(q[2].after, 6 * MS);
	assert_string_equal(q[2].at.func, "main.(*group).wait");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scene, done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_asks_for_it_and_those_above),
		TEST(test_nothing_to_ask),
		TEST(test_answers),
		TEST(test_what_was_read_before_does_not_count),
		TEST(test_gone),
		TEST(test_gone_unasked),
		TEST(test_one_answer_for_many),
		TEST(test_storm),
		TEST(test_deeper_than_told),
		TEST(test_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
