/* SPDX-License-Identifier: BSD-2-Clause */
/* masked-timeout, foreign-, deep-, wide-context, timer-pileup: limits, places, look-alikes. */
#include "scene.h"

enum { A = 0xc000010000, B = 0xc000020000, CTX0 = 0xc100000000 };

/* ---- masked-timeout ---- */

/* A context of five seconds, and calls under it that ask for `timeout`. */
static void calls(uint32_t n, uint32_t from, uint32_t kind, uint64_t timeout)
{
	for (uint32_t i = from; i < from + n; i++) {
		uint64_t ts = (10 + i) * MS;

		MAKE(.ts = ts, .goid = 1, .ctx = CTX0 + i * 64, .parent = A,
		     .parent_kind = GOLIN_CTX_TIMER, .stack = ST_TF, .kind = kind,
		     .timeout = timeout);
		cancel(ts + MS / 2, 1, CTX0 + i * 64, GOLIN_CANCEL_EXPLICIT);
	}
}

static void parent(void)
{
	spawn(1 * MS, 0, 1);
	MAKE(.ts = 2 * MS, .goid = 1, .ctx = A, .stack = ST_G, .kind = GOLIN_CTX_TIMER,
	     .timeout = 5 * SEC);
}

static void test_masked_always(void **s)
{
	const struct golin_finding *f;

	parent();
	calls(5, 0, GOLIN_CTX_CANCEL, 30 * SEC);
	look(100 * MS, SEC);
	f = must("masked-timeout", "main.f", GOLIN_SEV_WARNING);
	assert_int_equal(number(f, "calls"), 5);
	assert_int_equal(number(f, "masked"), 5);
	assert_int_equal(number(f, "timeout_ms"), 30000);
	assert_true(number(f, "late_by_ms") >= 25000);
	assert_string_equal(text(f, "parent_made_in"), "main.g (g.go:20)");
	assert_non_null(strstr(f->message, "30s"));
	assert_non_null(strstr(f->message, "5 calls"));
	calls(20, 5, GOLIN_CTX_CANCEL, 30 * SEC);
	look(SEC, 2 * SEC);
	assert_int_equal(must("masked-timeout", "main.f", GOLIN_SEV_WARNING)->count, 25);
}

static void test_masked_few(void **s)
{
	parent();
	calls(4, 0, GOLIN_CTX_CANCEL, 30 * SEC);
	look(100 * MS, SEC);
	must("masked-timeout", "main.f", GOLIN_SEV_NOTE);
}

/* Now and then: how budgets work. */
static void test_masked_sometimes(void **s)
{
	parent();
	calls(1, 0, GOLIN_CTX_TIMER, SEC);
	calls(40, 1, GOLIN_CTX_CANCEL, 30 * SEC);
	look(100 * MS, 2 * SEC);
	assert_int_equal(number(must("masked-timeout", "main.f", GOLIN_SEV_NOTE), "calls"), 41);
}

static void test_masked_never(void **s)
{
	parent();
	calls(40, 0, GOLIN_CTX_TIMER, SEC);
	look(100 * MS, 2 * SEC);
	assert_int_equal(golin_findings_count(R), 0);
}

/* ---- deep-context ---- */

static void chain(uint32_t depth, uint32_t kind, uint64_t st)
{
	spawn(1 * MS, 0, 1);
	MAKE(.ts = 2 * MS, .goid = 1, .ctx = CTX0, .stack = ST_MAIN, .kind = GOLIN_CTX_CANCEL);
	for (uint32_t i = 1; i < depth; i++)
		MAKE(.ts = (2 + i) * MS, .goid = 1, .ctx = CTX0 + i * 64,
		     .parent = CTX0 + (i - 1) * 64, .parent_kind = i == 1 ? GOLIN_CTX_CANCEL : kind,
		     .stack = st, .kind = kind);
	look(10 * SEC, 10 * SEC);
}

static void test_deep(void **s)
{
	const struct golin_finding *f;

	chain(65, GOLIN_CTX_VALUE, ST_VALUE_F);
	f = must("deep-context", "main.f", GOLIN_SEV_WARNING);
	assert_int_equal(number(f, "depth"), 65);
	assert_int_equal(number(f, "levels_from_here"), 64);
	assert_string_equal(text(f, "call"), "context.WithValue");
	assert_int_equal(f->c, golin_model_context_at(M, CTX0 + 64 * 64));
}

static void test_deep_at_the_limit(void **s)
{
	chain(64, GOLIN_CTX_VALUE, ST_VALUE_F);
	assert_int_equal(golin_findings_count(R), 0);
}

static void test_very_deep(void **s)
{
	const struct golin_finding *f;

	chain(5000, GOLIN_CTX_VALUE, ST_VALUE_F);
	f = must("deep-context", "main.f", GOLIN_SEV_WARNING);
	assert_true(number(f, "depth") > 2000);
	assert_true(f->count > 2000);
}

/* Many that are not deep, under one chain each: none of them counts another's levels. */
static void test_wide_is_not_deep(void **s)
{
	chain(40, GOLIN_CTX_VALUE, ST_VALUE_F);
	for (uint32_t i = 0; i < 1000; i++)
		MAKE(.ts = 11 * SEC, .goid = 1, .ctx = B + i * 64, .parent = CTX0 + 39 * 64,
		     .parent_kind = GOLIN_CTX_VALUE, .stack = ST_F, .kind = GOLIN_CTX_CANCEL);
	look(11 * SEC, 11 * SEC);
	assert_null(found("deep-context", "main.f"));
}

/* ---- wide-context ---- */

static void kids(uint32_t n, bool live)
{
	spawn(1 * MS, 0, 1);
	MAKE(.ts = 2 * MS, .goid = 1, .ctx = A, .stack = ST_MAIN, .kind = GOLIN_CTX_CANCEL);
	MAKE(.ts = 3 * MS, .goid = 1, .ctx = B, .parent = A, .parent_kind = GOLIN_CTX_CANCEL,
	     .stack = ST_VALUE_F, .kind = GOLIN_CTX_VALUE);
	for (uint32_t i = 0; i < n; i++) {
		/* under it, or under a value under it */
		MAKE(.ts = 4 * MS, .goid = 1, .ctx = CTX0 + i * 64, .parent = i % 2 ? A : B,
		     .parent_kind = i % 2 ? GOLIN_CTX_CANCEL : GOLIN_CTX_VALUE, .stack = ST_F,
		     .kind = GOLIN_CTX_CANCEL);
		if (!live)
			cancel(5 * MS, 1, CTX0 + i * 64, GOLIN_CANCEL_EXPLICIT);
		if (i % 4096 == 0)
			assert_int_equal(golin_rules_check(R, 5 * MS), 0);
	}
	look(100 * MS, 200 * MS);
}

static void test_wide(void **s)
{
	const struct golin_finding *f;

	kids(10001, true);
	f = must("wide-context", "main.f", GOLIN_SEV_WARNING);
	assert_int_equal(number(f, "children"), 10001);
	assert_int_equal(number(f, "from_here"), 10001);
	assert_int_equal(f->c, golin_model_context_at(M, A));
	assert_non_null(strstr(f->message, "main.main (main.go:5)"));
}

static void test_wide_at_the_limit(void **s)
{
	kids(10000, true);
	assert_null(found("wide-context", "main.f"));
}

static void test_wide_come_and_go(void **s)
{
	kids(30000, false);
	assert_null(found("wide-context", "main.f"));
}

/* Their addresses were used again: they have left without a cancellation that was seen. */
static void test_wide_addresses_again(void **s)
{
	spawn(1 * MS, 0, 1);
	MAKE(.ts = 2 * MS, .goid = 1, .ctx = A, .stack = ST_MAIN, .kind = GOLIN_CTX_CANCEL);
	for (uint32_t i = 0; i < 30000; i++) {
		MAKE(.ts = 4 * MS, .goid = 1, .ctx = CTX0 + i % 5000 * 64, .parent = A,
		     .parent_kind = GOLIN_CTX_CANCEL, .stack = ST_F, .kind = GOLIN_CTX_CANCEL);
		if (i % 4096 == 0)
			assert_int_equal(golin_rules_check(R, 5 * MS), 0);
	}
	look(100 * MS, 200 * MS);
	assert_null(found("wide-context", "main.f"));
}

/* ---- foreign-context ---- */

static void waiters(uint32_t n, uint64_t ts)
{
	spawn(1 * MS, 0, 1);
	for (uint32_t i = 0; i < n; i++)
		create_full(ts, 1, 10 + i, PC_WAITER, PC_PROPAGATE, ST_WAITER, GOLIN_VIA_GO, 0);
}

static void test_foreign(void **s)
{
	waiters(10, 2 * MS);
	look(100 * MS, 900 * MS);
	assert_int_equal(golin_findings_count(R), 0); /* not yet as old as the grace */
	look(SEC, 1200 * MS);
	assert_int_equal(number(must("foreign-context", "main.f", GOLIN_SEV_WARNING), "live"), 10);
}

static void test_foreign_few(void **s)
{
	waiters(9, 2 * MS);
	look(SEC, 2 * SEC);
	must("foreign-context", "main.f", GOLIN_SEV_NOTE);
}

static void test_foreign_come_and_go(void **s)
{
	waiters(500, 2 * MS);
	for (uint32_t i = 0; i < 500; i++)
		ended(500 * MS, 10 + i);
	look(SEC, 3 * SEC);
	assert_int_equal(golin_findings_count(R), 0);
}

/* ---- timer-pileup ---- */

static void timer(uint64_t ts, uint64_t at)
{
	struct golin_rec_timer_start r = {
		.h = HEADER(GOLIN_REC_TIMER_START, r, ts, 7),
		.timer = at,
		.stack = ST_TIMER,
		.when_ns = (int64_t)(ts + 3600 * SEC),
		.kind = GOLIN_TIMER_CHAN,
	};

	put(&r.h);
}

/* The runtime holds the first n. */
static void heaps(uint64_t ts, uint32_t n)
{
	struct golin_recbuf b = {0};
	struct golin_rec_timer_held *r;

	for (uint32_t at = 0; at <= n; at += GOLIN_TIMER_HELD_PART) {
		uint32_t k = n - at < GOLIN_TIMER_HELD_PART ? n - at : GOLIN_TIMER_HELD_PART;

		r = golin_recbuf_begin(&b, GOLIN_REC_TIMER_HELD, sizeof(*r) + k * 8);
		r->h.target = 1;
		r->h.ts = ts;
		r->since = ts;
		r->n = k;
		r->last = at + k == n;
		for (uint32_t i = 0; i < k; i++)
			r->timers[i] = 0x100000 + (at + i) * 64ull;
		put(golin_recbuf_end(&b));
		if (r->last)
			break;
	}
	golin_recbuf_done(&b);
}

/* Makes `step` each second, of which the runtime holds `held` a second. True: it was asked. */
static bool pile(uint32_t step, uint32_t held, int seconds)
{
	struct golin_ctl ctl;
	uint32_t n = 0;
	bool asked = false;

	spawn(1 * MS, 0, 7);
	for (int k = 1; k <= seconds; k++) {
		for (uint32_t i = 0; i < step; i++)
			timer((uint64_t)k * SEC, 0x100000 + n++ * 64ull);
		for (uint64_t t = (uint64_t)k * SEC; t < (uint64_t)(k + 1) * SEC; t += 100 * MS) {
			assert_int_equal(golin_rules_check(R, t), 0);
			while (golin_rules_ask(R, &ctl))
				if (ctl.type == GOLIN_CTL_TIMERS) {
					asked = true;
					heaps(t + MS, held * (uint32_t)k);
				}
		}
	}
	return asked;
}

static void test_timers(void **s)
{
	const struct golin_finding *f;

	assert_true(pile(400, 400, 6));
	f = must("timer-pileup", "main.f", GOLIN_SEV_WARNING);
	assert_true(number(f, "held") >= 1000);
	assert_true(number(f, "held") > number(f, "held_first"));
	assert_string_equal(text(f, "call"), "time.NewTimer");
}

/* Many are made, but the runtime holds few: the others were collected. */
static void test_timers_collected(void **s)
{
	assert_true(pile(2000, 10, 6));
	assert_int_equal(golin_findings_count(R), 0);
}

/* Few are made: the heaps are not even read. */
static void test_timers_few(void **s)
{
	assert_false(pile(20, 20, 6));
	assert_int_equal(golin_findings_count(R), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_masked_always, setup, teardown),
		cmocka_unit_test_setup_teardown(test_masked_few, setup, teardown),
		cmocka_unit_test_setup_teardown(test_masked_sometimes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_masked_never, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deep, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deep_at_the_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_very_deep, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wide_is_not_deep, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wide, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wide_at_the_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wide_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wide_addresses_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign_few, setup, teardown),
		cmocka_unit_test_setup_teardown(test_foreign_come_and_go, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timers_collected, setup, teardown),
		cmocka_unit_test_setup_teardown(test_timers_few, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
