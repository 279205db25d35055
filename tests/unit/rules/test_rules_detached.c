/* SPDX-License-Identifier: BSD-2-Clause */
/* detached-context and value-only: what goes on after its caller, and what does so by intent. */
#include "scene.h"

enum { A = 0xc000010000, D = 0xc000020000, V = 0xc000030000, W = 0xc000040000 };

/* Goroutine 2 works under A, which goroutine 1 cancels at 1 s. */
static void handed(void)
{
	spawn(1 * MS, 0, 1);
	MAKE(.ts = 2 * MS, .goid = 1, .ctx = A, .stack = ST_MAIN, .kind = GOLIN_CTX_CANCEL);
	spawn(3 * MS, 1, 2);
	passed(2, A);
}

static void detach(uint64_t ts, uint64_t st)
{
	MAKE(.ts = ts, .goid = 2, .ctx = D, .stack = st, .kind = GOLIN_CTX_TIMER,
	     .timeout = 30 * SEC);
}

static void values(uint64_t ts, uint64_t st)
{
	MAKE(.ts = ts, .goid = 2, .ctx = V, .stack = st, .kind = GOLIN_CTX_VALUE);
}

/* Until 4 s, while 2 stands in `where`. */
static void go_on(uint64_t where)
{
	const struct stands at = {.goid = 2,
				  .stack = where,
				  .wait = "select",
				  .how = GOLIN_WAIT_RECV,
				  .flags = GOLIN_WAIT_DONE,
				  .ctx = D};

	look(100 * MS, SEC);
	cancel(SEC, 1, A, GOLIN_CANCEL_EXPLICIT);
	look_until(SEC, 4 * SEC, &at, 1);
}

/* main.f made it, and is still in the call that it made it for. */
static void test_same_goroutine(void **s)
{
	const struct golin_finding *f;

	handed();
	detach(10 * MS, ST_TF);
	go_on(AT_H);
	f = must("detached-context", "main.f", GOLIN_SEV_WARNING);
	assert_int_equal(f->goid, 2);
	assert_int_equal(number(f, "worker"), 2);
	assert_string_equal(text(f, "root"), "background");
	assert_string_equal(text(f, "at_hand_made_in"), "main.main (main.go:5)");
	assert_string_equal(text(f, "cancelled_at"), "main.main (main.go:5)");
	assert_true(number(f, "deadline_in_ms") > 20000);
	assert_null(found("ignored-cancel", "main.h"));
}

/* It has returned from there: the context is not what it works under. */
static void test_returned(void **s)
{
	handed();
	detach(10 * MS, ST_TF);
	go_on(AT_G);
	assert_null(found("detached-context", "main.f"));
}

static void test_other_goroutine(void **s)
{
	handed();
	detach(10 * MS, ST_TF);
	spawn(20 * MS, 2, 3);
	passed(3, D);
	ended(SEC + MS, 2);
	go_on(AT_G);
	assert_int_equal(number(must("detached-context", "main.f", GOLIN_SEV_WARNING), "worker"),
			 3);
}

static void test_cancelled_in_time(void **s)
{
	handed();
	detach(10 * MS, ST_TF);
	look(100 * MS, SEC);
	cancel(SEC, 1, A, GOLIN_CANCEL_EXPLICIT);
	cancel(SEC + 500 * MS, 2, D, GOLIN_CANCEL_EXPLICIT);
	go_on(AT_H);
	assert_null(found("detached-context", "main.f"));
}

/* For the clean-up, when the first is done already. */
static void test_cleanup(void **s)
{
	handed();
	cancel(5 * MS, 1, A, GOLIN_CANCEL_EXPLICIT);
	detach(10 * MS, ST_TF);
	go_on(AT_H);
	assert_null(found("detached-context", "main.f"));
}

/* It ended the first itself. */
static void test_own_doing(void **s)
{
	handed();
	detach(10 * MS, ST_TF);
	cancel(900 * MS, 2, A, GOLIN_CANCEL_EXPLICIT);
	go_on(AT_H);
	assert_null(found("detached-context", "main.f"));
}

static void test_derived(void **s)
{
	handed();
	MAKE(.ts = 10 * MS, .goid = 2, .ctx = D, .parent = A, .parent_kind = GOLIN_CTX_CANCEL,
	     .stack = ST_TF, .kind = GOLIN_CTX_TIMER, .timeout = 30 * SEC);
	go_on(AT_H);
	assert_null(found("detached-context", "main.f"));
}

/* Nothing is handed to who makes it. */
static void test_nothing_at_hand(void **s)
{
	spawn(1 * MS, 0, 1);
	MAKE(.ts = 2 * MS, .goid = 1, .ctx = A, .stack = ST_MAIN, .kind = GOLIN_CTX_CANCEL);
	spawn(3 * MS, 1, 2);
	detach(10 * MS, ST_TF);
	go_on(AT_H);
	assert_int_equal(golin_findings_count(R), 0);
}

static void test_without_cancel(void **s)
{
	handed();
	MAKE(.ts = 10 * MS, .goid = 2, .ctx = D, .parent = W,
	     .parent_kind = GOLIN_CTX_WITHOUT_CANCEL, .stack = ST_TF, .kind = GOLIN_CTX_TIMER,
	     .timeout = 30 * SEC);
	go_on(AT_H);
	assert_null(found("detached-context", "main.f"));
}

/* The library makes one for itself, and goroutines with it. */
static void test_library(void **s)
{
	handed();
	detach(10 * MS, ST_LIB);
	spawn(20 * MS, 2, 3);
	passed(3, D);
	go_on(AT_G);
	assert_null(found("detached-context", "main.f"));
}

static void test_library_call(void **s)
{
	handed();
	detach(10 * MS, ST_LIB);
	go_on(AT_F);
	assert_string_equal(text(must("detached-context", "main.f", GOLIN_SEV_WARNING), "call"),
			    "net/http.(*Client).Do");
}

/* ---- value-only ---- */

static void test_values_handed_on(void **s)
{
	handed();
	values(10 * MS, ST_VALUE_F);
	spawn(20 * MS, 2, 3);
	passed(3, V);
	ended(SEC + MS, 2);
	go_on(AT_G);
	assert_int_equal(number(must("value-only", "main.f", GOLIN_SEV_WARNING), "worker"), 3);
	assert_null(found("detached-context", "main.f"));
}

static void test_values_kept(void **s)
{
	handed();
	values(10 * MS, ST_VALUE_F);
	go_on(AT_H);
	must("value-only", "main.f", GOLIN_SEV_WARNING);
}

static void test_values_at_hand(void **s)
{
	handed();
	MAKE(.ts = 10 * MS, .goid = 2, .ctx = V, .parent = A, .parent_kind = GOLIN_CTX_CANCEL,
	     .stack = ST_VALUE_F, .kind = GOLIN_CTX_VALUE);
	spawn(20 * MS, 2, 3);
	passed(3, V);
	ended(SEC + MS, 2);
	ended(SEC + MS, 3);
	go_on(AT_G);
	assert_int_equal(golin_findings_count(R), 0);
}

/* What is made over the values is what can be cancelled: the one finding is about that. */
static void test_values_below(void **s)
{
	handed();
	values(10 * MS, ST_VALUE_F);
	MAKE(.ts = 20 * MS, .goid = 2, .ctx = D, .parent = V, .parent_kind = GOLIN_CTX_VALUE,
	     .stack = ST_TF, .kind = GOLIN_CTX_TIMER, .timeout = 30 * SEC);
	go_on(AT_H);
	must("detached-context", "main.f", GOLIN_SEV_WARNING);
	assert_null(found("value-only", "main.f"));
}

/* A server's own values for its connections. */
static void test_server(void **s)
{
	handed();
	values(10 * MS, ST_SERVER);
	spawn(20 * MS, 2, 3);
	passed(3, V);
	go_on(AT_F);
	assert_null(found("value-only", "main.f"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_same_goroutine, setup, teardown),
		cmocka_unit_test_setup_teardown(test_returned, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_goroutine, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancelled_in_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cleanup, setup, teardown),
		cmocka_unit_test_setup_teardown(test_own_doing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_derived, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_at_hand, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_cancel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_library, setup, teardown),
		cmocka_unit_test_setup_teardown(test_library_call, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values_handed_on, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values_at_hand, setup, teardown),
		cmocka_unit_test_setup_teardown(test_values_below, setup, teardown),
		cmocka_unit_test_setup_teardown(test_server, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
