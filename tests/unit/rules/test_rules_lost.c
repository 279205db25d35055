/* SPDX-License-Identifier: BSD-2-Clause */
/* lost-cancel: leaks as programs make them, and what looks alike. */
#include "scene.h"

enum { A = 0xc000010000, CTX0 = 0xc100000000, N = 30 };

static uint64_t ctx_at(uint32_t i)
{
	return CTX0 + i * 64;
}

static void base(void)
{
	spawn(1 * MS, 0, 1);
	MAKE(.ts = 2 * MS, .goid = 1, .ctx = A, .stack = ST_MAIN, .kind = GOLIN_CTX_CANCEL);
}

static void one(uint64_t ts, uint64_t goid, uint32_t i)
{
	MAKE(.ts = ts, .goid = goid, .ctx = ctx_at(i), .parent = A, .parent_kind = GOLIN_CTX_CANCEL,
	     .stack = ST_F, .kind = GOLIN_CTX_CANCEL);
}

/* A loop makes one after the other and cancels none. */
static void test_loop(void **s)
{
	const struct golin_finding *f;

	base();
	for (uint32_t i = 0; i < N; i++) {
		one((1 + i) * 100 * MS, 1, i);
		look((1 + i) * 100 * MS, (1 + i) * 100 * MS);
	}
	look(3100 * MS, 5 * SEC);
	f = must("lost-cancel", "main.f", GOLIN_SEV_WARNING);
	assert_true(f->count >= 8 && f->count < N);
	assert_true(number(f, "live") >= 8);
	assert_int_equal(number(f, "cancelled_by_call"), 0);
	assert_int_equal(number(f, "creator_gone"), 0);
	assert_string_equal(text(f, "call"), "context.WithCancel");
	assert_string_equal(text(f, "parent_made_in"), "main.main (main.go:5)");
}

/* Cancellations may be among what was lost: no warning. */
static void test_events_lost(void **s)
{
	base();
	lost(GOLIN_LOST_RING, 7);
	for (uint32_t i = 0; i < N; i++)
		one((1 + i) * 100 * MS, 1, i);
	look(3100 * MS, 5 * SEC);
	assert_int_equal(number(must("lost-cancel", "main.f", GOLIN_SEV_NOTE), "events_lost"), 7);
}

/* Each request's goroutine makes one, and ends without cancelling it. */
static void test_creators_gone(void **s)
{
	const struct golin_finding *f;

	base();
	for (uint32_t i = 0; i < N; i++) {
		uint64_t ts = (1 + i) * 50 * MS;

		spawn(ts, 1, 100 + i);
		one(ts + MS, 100 + i, i);
		ended(ts + 2 * MS, 100 + i);
	}
	look(2 * SEC, 4 * SEC);
	f = must("lost-cancel", "main.f", GOLIN_SEV_WARNING);
	assert_int_equal(number(f, "creator_gone"), number(f, "live"));
}

/* Under nothing that is live it is collected with who made it: nothing is lost. */
static void test_collected(void **s)
{
	spawn(1 * MS, 0, 1);
	for (uint32_t i = 0; i < N; i++) {
		uint64_t ts = (1 + i) * 50 * MS;

		spawn(ts, 1, 100 + i);
		MAKE(.ts = ts + MS, .goid = 100 + i, .ctx = ctx_at(i), .stack = ST_F,
		     .kind = GOLIN_CTX_CANCEL);
		ended(ts + 2 * MS, 100 + i);
	}
	look(2 * SEC, 6 * SEC);
	assert_int_equal(golin_findings_count(R), 0);
}

static void test_cancelled(void **s)
{
	base();
	for (uint32_t i = 0; i < N; i++) {
		one((1 + i) * 100 * MS, 1, i);
		cancel((1 + i) * 100 * MS + 50 * MS, 1, ctx_at(i), GOLIN_CANCEL_EXPLICIT);
	}
	look(3100 * MS, 8 * SEC);
	assert_int_equal(golin_findings_count(R), 0);
}

/* Connections: each has a goroutine that was handed its context. */
static void test_in_use(void **s)
{
	base();
	for (uint32_t i = 0; i < N; i++) {
		uint64_t ts = (1 + i) * 100 * MS;

		one(ts, 1, i);
		spawn(ts + MS, 1, 100 + i);
		passed(100 + i, ctx_at(i));
	}
	look(3100 * MS, 8 * SEC);
	assert_int_equal(golin_findings_count(R), 0);
}

/* Likewise, but each has it in a struct: not to be seen, but its goroutine is. */
static void test_in_use_unseen(void **s)
{
	base();
	for (uint32_t i = 0; i < N; i++) {
		uint64_t ts = (1 + i) * 100 * MS;

		one(ts, 1, i);
		spawn(ts + MS, 1, 100 + i);
	}
	look(3100 * MS, 8 * SEC);
	assert_int_equal(golin_findings_count(R), 0);
}

/* A pool is set up at once and stays as it is. */
static void test_pool(void **s)
{
	base();
	for (uint32_t i = 0; i < N; i++)
		one(100 * MS + i * MS, 1, i);
	look(SEC, 10 * SEC);
	assert_int_equal(golin_findings_count(R), 0);
}

/* A session lives as long as others did that were cancelled in the end. */
static void test_sessions(void **s)
{
	base();
	for (uint32_t i = 0; i < 60; i++) {
		uint64_t ts = (1 + i) * 100 * MS;

		one(ts, 1, i);
		if (i >= 25)
			cancel(ts + MS, 1, ctx_at(i - 25), GOLIN_CANCEL_EXPLICIT);
		look(ts, ts);
	}
	assert_int_equal(golin_findings_count(R), 0);
}

/* The most are cancelled within a moment; those of the error path never. */
static void test_error_path(void **s)
{
	base();
	for (uint32_t i = 0; i < 100; i++) {
		uint64_t ts = (1 + i) * 30 * MS;

		one(ts, 1, i);
		if (i % 5)
			cancel(ts + 5 * MS, 1, ctx_at(i), GOLIN_CANCEL_EXPLICIT);
		if (i % 10 == 0)
			look(ts, ts);
	}
	look(3 * SEC + 100 * MS, 6 * SEC);
	assert_true(number(must("lost-cancel", "main.f", GOLIN_SEV_WARNING), "cancelled_by_call") >
		    8);
}

/* One of its children was made long after it: somebody has it. */
static void test_derived_from(void **s)
{
	base();
	for (uint32_t i = 0; i < N; i++)
		one((1 + i) * 100 * MS, 1, i);
	for (uint32_t i = 0; i < N; i++)
		MAKE(.ts = 6 * SEC, .goid = 1, .ctx = ctx_at(1000 + i), .parent = ctx_at(i),
		     .parent_kind = GOLIN_CTX_CANCEL, .stack = ST_VALUE_F, .kind = GOLIN_CTX_VALUE);
	look(6 * SEC, 8 * SEC);
	assert_int_equal(golin_findings_count(R), 0);
}

/* Timeouts that nobody cancels: each lives on until its deadline. */
static void expiring(bool handed)
{
	base();
	for (uint32_t i = 0; i < N; i++) {
		uint64_t ts = (1 + i) * 100 * MS;

		spawn(ts, 1, 100 + i);
		MAKE(.ts = ts + MS, .goid = 100 + i, .ctx = ctx_at(i), .stack = ST_TF,
		     .kind = GOLIN_CTX_TIMER, .timeout = 1500 * MS);
		if (handed) {
			spawn(ts + MS, 1, 1000 + i);
			passed(1000 + i, ctx_at(i));
		}
		ended(ts + 2 * MS, 100 + i);
	}
	for (uint32_t i = 0; i < N; i++) {
		uint64_t ts = (1 + i) * 100 * MS + 1500 * MS;

		cancel(ts, 9, ctx_at(i), GOLIN_CANCEL_DEADLINE);
		look(ts, ts);
	}
}

static void test_expired(void **s)
{
	const struct golin_finding *f;

	expiring(false);
	f = must("lost-cancel", "main.f", GOLIN_SEV_WARNING);
	assert_true(number(f, "expired") >= 8);
	assert_string_equal(text(f, "call"), "context.WithTimeout");
}

/* Somebody worked under each until then. */
static void test_expired_in_use(void **s)
{
	expiring(true);
	assert_null(found("lost-cancel", "main.f"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_loop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_events_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_creators_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_collected, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancelled, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_use, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_use_unseen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pool, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sessions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_error_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_derived_from, setup, teardown),
		cmocka_unit_test_setup_teardown(test_expired, setup, teardown),
		cmocka_unit_test_setup_teardown(test_expired_in_use, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
