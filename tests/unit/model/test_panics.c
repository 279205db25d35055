/* SPDX-License-Identifier: BSD-2-Clause */
/* What becomes of panics, from the records of all ways in which they can end. */
#include "panic_records.h"

enum {
	D1 = 0x1001, /* deferred functions */
	D2 = 0x1002,
	D3 = 0x1003,
	RESUMED = 0x2001,
	NESTED = GOLIN_PANIC_NESTED,
	UP_RECOVERED = GOLIN_PANIC_NESTED | GOLIN_PANIC_UP_RECOVERED,
	UP_GOEXIT = GOLIN_PANIC_NESTED | GOLIN_PANIC_UP_GOEXIT,
	OF_GOEXIT = GOLIN_PANIC_OF_GOEXIT,
};

static int setup(void **arg)
{
	(void)arg;
	ticks = 1000;
	make_model(0);
	target(7, "orders");
	create(1, 1, 7);
	return 0;
}

static int teardown(void **arg)
{
	(void)arg;
	free_model();
	return 0;
}

static void test_recovered(void **arg)
{
	const struct golin_panic_defer *d;
	golin_pidx i;

	(void)arg;
	i = start(7, 0x100, 0, "boom");
	assert_int_equal(number_of(i), 1);
	is_outcome(1, GOLIN_PO_ACTIVE);
	deferred(7, D1, 0);
	deferred(7, D2, GOLIN_PANIC_OPEN);
	recovered(7, RESUMED, 0x80);
	is_recovered(1, D2);
	assert_int_equal(panic_no(1)->resumed_in, RESUMED);
	assert_int_equal(panic_no(1)->ended, panic_no(1)->started + 3);
	assert_int_equal(golin_panic_defers(M, i, &d), 2);
	assert_int_equal(d[0].pc, D1);
	assert_int_equal(d[0].end, d[1].ts);
	assert_int_equal(d[1].end, panic_no(1)->ended);
	assert_int_equal(d[1].flags, GOLIN_PANIC_OPEN);
	assert_int_equal(golin_model_panic_of(M, golin_model_find(M, 7)), GOLIN_PIDX_NONE);
	assert_int_equal(panic_counts().panics, 1);
	assert_int_equal(panic_counts().recovered, 1);
	assert_int_equal(panic_counts().active, 0);
	/* The next one is another. */
	start(7, 0x100, 0, "again");
	is_outcome(2, GOLIN_PO_ACTIVE);
	assert_int_equal(number_of(panic_no(2)->nested_in), 0);
}

/* defer recover; defer panic(2); panic(1) */
static void test_replaced(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	start(7, 0x200, NESTED, "two");
	deferred(7, D2, 0);
	recovered(7, RESUMED, 0x80);
	is_recovered(2, D2);
	is_replaced(1, 2);
	assert_int_equal(number_of(panic_no(2)->nested_in), 1);
	assert_int_equal(panic_no(1)->recovered_by, 0);
	assert_int_equal(panic_counts().replaced, 1);
}

static void test_three_replaced(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	start(7, 0x200, NESTED, "two");
	deferred(7, D2, 0);
	start(7, 0x300, NESTED, "three");
	deferred(7, D3, 0);
	recovered(7, RESUMED, 0x80);
	is_recovered(3, D3);
	is_replaced(2, 3);
	is_replaced(1, 2);
}

/* A deferred call panics and recovers from that; the first one goes on. */
static void test_nested_recovered_within(void **arg)
{
	const struct golin_panic_defer *d;

	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	start(7, 0x300, NESTED, "two");
	deferred(7, D2, 0);
	recovered(7, RESUMED, 0x200); /* within D1's frame */
	is_recovered(2, D2);
	is_outcome(1, GOLIN_PO_ACTIVE);
	assert_int_equal(number_of(golin_model_panic_of(M, golin_model_find(M, 7))), 1);
	deferred(7, D3, 0);
	recovered(7, RESUMED, 0x80);
	is_recovered(1, D3);
	assert_int_equal(golin_panic_defers(M, golin_model_panic_find(M, 1), &d), 2);
	assert_int_equal(golin_panic_defers(M, golin_model_panic_find(M, 2), &d), 1);
}

/* A deferred call recovers, and panics then. */
static void test_recovered_then_panics(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	start(7, 0x200, UP_RECOVERED, "two");
	is_recovered(1, D1);
	assert_int_equal(panic_no(1)->resumed_in, 0);
	assert_int_equal(panic_no(1)->frames, UINT32_MAX);
	assert_int_equal(number_of(panic_no(2)->nested_in), 1);
	deferred(7, D2, 0);
	recovered(7, RESUMED, 0x80);
	is_recovered(1, D1);
	assert_int_equal(panic_no(1)->resumed_in, 0);
	is_recovered(2, D2);
	assert_int_equal(panic_counts().recovered, 2);
	assert_int_equal(panic_counts().replaced, 0);
}

/* It recovers, panics and recovers from that, too; then the first recovery has its way. */
static void test_recovered_panics_within(void **arg)
{
	const struct golin_panic_defer *d;

	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	start(7, 0x300, UP_RECOVERED, "two");
	deferred(7, D2, 0);
	recovered(7, RESUMED, 0x200);
	is_recovered(2, D2);
	is_recovered(1, D1);
	assert_int_equal(panic_no(1)->resumed_in, 0);
	recovered(7, RESUMED + 1, 0x80);
	is_recovered(1, D1);
	assert_int_equal(panic_no(1)->resumed_in, RESUMED + 1);
	assert_int_equal(panic_no(1)->ended, ticks);
	golin_panic_defers(M, golin_model_panic_find(M, 1), &d);
	assert_int_equal(d[0].end, ticks);
	assert_int_equal(panic_counts().recovered, 2);
	assert_int_equal(panic_counts().unmatched, 0);
}

/* 1 is replaced by 3: 2, between them, had been recovered. */
static void test_replaced_past_recovered(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	start(7, 0x200, NESTED, "two");
	deferred(7, D2, 0);
	start(7, 0x300, UP_RECOVERED, "three");
	deferred(7, D3, 0);
	recovered(7, RESUMED, 0x80);
	is_recovered(3, D3);
	is_recovered(2, D2);
	is_replaced(1, 3);
}

static void test_goexit(void **arg)
{
	const struct golin_panic_defer *d;

	(void)arg;
	goexit_(7, 0x100, 0);
	deferred(7, D1, OF_GOEXIT);
	deferred(7, D2, OF_GOEXIT);
	is_outcome(1, GOLIN_PO_ACTIVE);
	ended_full(++ticks, 7, 1, 0, 0, GOLIN_HOW_GOEXIT);
	is_outcome(1, GOLIN_PO_GOEXIT);
	assert_int_equal(panic_no(1)->kind, GOLIN_PANIC_GOEXIT);
	assert_int_equal(panic_no(1)->ended, ticks);
	assert_int_equal(golin_panic_defers(M, golin_model_panic_find(M, 1), &d), 2);
	assert_int_equal(panic_counts().goexits, 1);
	assert_int_equal(panic_counts().panics, 0);
}

static void test_goexit_during_panic(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	goexit_(7, 0x200, NESTED);
	is_outcome(1, GOLIN_PO_GOEXIT);
	assert_int_equal(number_of(panic_no(2)->nested_in), 1);
	deferred(7, D2, OF_GOEXIT);
	ended_full(++ticks, 7, 1, 0, 0, GOLIN_HOW_GOEXIT);
	is_outcome(2, GOLIN_PO_GOEXIT);
	assert_int_equal(panic_no(1)->ndefers, 1);
	assert_int_equal(panic_no(2)->ndefers, 1);
}

/* A deferred call recovers and calls Goexit: the panic was recovered. */
static void test_recovered_then_goexit(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	goexit_(7, 0x200, UP_RECOVERED);
	is_recovered(1, D1);
	ended_full(++ticks, 7, 1, 0, 0, GOLIN_HOW_GOEXIT);
	is_outcome(2, GOLIN_PO_GOEXIT);
}

/*
 * A deferred call that a Goexit runs panics; what recovers from that was deferred by a frame above
 * the Goexit's. It goes on. Since 1.22 the record names that frame, before that the Goexit's.
 */
static void panic_in_goexit(uint64_t resumed_depth)
{
	goexit_(7, 0x100, 0);
	deferred(7, D1, OF_GOEXIT);
	start(7, 0x200, UP_GOEXIT, "in goexit");
	deferred(7, D2, 0);
	recovered(7, RESUMED, resumed_depth);
	is_recovered(2, D2);
	is_outcome(1, GOLIN_PO_ACTIVE);
	assert_int_equal(number_of(panic_no(2)->nested_in), 1);
	deferred(7, D3, OF_GOEXIT);
	ended_full(++ticks, 7, 1, 0, 0, GOLIN_HOW_GOEXIT);
	is_outcome(1, GOLIN_PO_GOEXIT);
	assert_int_equal(panic_no(1)->ndefers, 2);
	assert_int_equal(panic_counts().unmatched, 0);
}

static void test_panic_in_goexit_new(void **arg)
{
	(void)arg;
	panic_in_goexit(0x80);
	/* Control did not go to the frame that the record names. */
	assert_int_equal(panic_no(2)->resumed_in, 0);
}

static void test_panic_in_goexit_old(void **arg)
{
	(void)arg;
	go_version("go1.21.13");
	panic_in_goexit(0x110);
	assert_int_equal(panic_no(2)->resumed_in, RESUMED);
}

/* Two panics on top of a Goexit, the first replaced. */
static void panics_in_goexit(void)
{
	goexit_(7, 0x100, 0);
	deferred(7, D1, OF_GOEXIT);
	start(7, 0x200, UP_GOEXIT, "one");
	deferred(7, D2, 0);
	start(7, 0x300, NESTED, "two");
	deferred(7, D3, 0);
	recovered(7, RESUMED, 0x80);
	is_recovered(3, D3);
	is_replaced(2, 3);
}

static void test_panics_in_goexit(void **arg)
{
	(void)arg;
	panics_in_goexit();
	is_outcome(1, GOLIN_PO_ACTIVE);
}

/* Up to 1.21 the replaced one takes the Goexit with it. */
static void test_panics_in_goexit_old(void **arg)
{
	(void)arg;
	go_version("go1.21.13");
	panics_in_goexit();
	is_replaced(1, 2);
	assert_int_equal(panic_no(3)->resumed_in, RESUMED);
}

/* [1, 2, Goexit]: the second had replaced the first. */
static void test_goexit_of_replaced(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	start(7, 0x200, NESTED, "two");
	deferred(7, D2, 0);
	goexit_(7, 0x300, NESTED);
	is_outcome(2, GOLIN_PO_GOEXIT);
	is_replaced(1, 2);
}

/* [1, 2 recovered, Goexit]: it is the Goexit that ended the first. */
static void test_goexit_past_recovered(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	start(7, 0x200, NESTED, "two");
	deferred(7, D2, 0);
	goexit_(7, 0x300, UP_RECOVERED);
	is_recovered(2, D2);
	is_outcome(1, GOLIN_PO_GOEXIT);
}

/* 1.13: nothing of a Goexit stands in g._panic, and a recovery goes past it. */
static void test_goexit_113(void **arg)
{
	(void)arg;
	go_version("go1.13.15");
	goexit_(7, 0x100, 0);
	deferred(7, D1, OF_GOEXIT);
	start(7, 0x200, 0, "in goexit");
	is_outcome(1, GOLIN_PO_ACTIVE);
	assert_int_equal(number_of(panic_no(2)->nested_in), 1);
	deferred(7, D2, 0);
	recovered(7, RESUMED, 0x80);
	is_recovered(2, D2);
	assert_int_equal(panic_no(2)->resumed_in, RESUMED);
	is_replaced(1, 2);
	ended(++ticks, 7);
	is_replaced(1, 2);
	assert_int_equal(panic_counts().unmatched, 0);
}

/* 1.13: the flags of a panic in a Goexit are those of the panic that the Goexit ended. */
static void test_goexit_during_panic_113(void **arg)
{
	(void)arg;
	go_version("go1.13");
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	goexit_(7, 0x200, NESTED);
	is_outcome(1, GOLIN_PO_GOEXIT);
	deferred(7, D2, OF_GOEXIT);
	start(7, 0x300, NESTED, "two");
	assert_int_equal(number_of(panic_no(3)->nested_in), 2);
	deferred(7, D3, 0);
	recovered(7, RESUMED, 0x280); /* within D2 */
	is_recovered(3, D3);
	is_outcome(2, GOLIN_PO_ACTIVE);
	ended_full(++ticks, 7, 1, 0, 0, GOLIN_HOW_GOEXIT);
	is_outcome(2, GOLIN_PO_GOEXIT);
	is_outcome(1, GOLIN_PO_GOEXIT);
	assert_int_equal(panic_counts().panics, 2);
	assert_int_equal(panic_counts().unmatched, 0);
}

/* 1.13: within a deferred call of the first panic, a Goexit begins and is gone past. */
static void test_goexit_gone_past_113(void **arg)
{
	(void)arg;
	go_version("go1.13.15");
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	goexit_(7, 0x300, NESTED);
	is_outcome(1, GOLIN_PO_GOEXIT);
	deferred(7, D2, OF_GOEXIT);
	start(7, 0x400, NESTED, "three");
	deferred(7, D3, 0);
	recovered(7, RESUMED, 0x200);
	is_recovered(3, D3);
	is_replaced(2, 3);
	is_outcome(1, GOLIN_PO_ACTIVE);
	deferred(7, D2, 0);
	recovered(7, RESUMED, 0x80);
	is_recovered(1, D2);
	assert_int_equal(panic_no(1)->ndefers, 2);
	assert_int_equal(panic_counts().unmatched, 0);
	assert_int_equal(panic_counts().recovered, 2);
	assert_int_equal(golin_model_panic_site(M, 0)->recovered, 2);
	assert_int_equal(golin_model_panic_site(M, 0)->active, 0);
}

static void test_goexit_in_goexit(void **arg)
{
	(void)arg;
	goexit_(7, 0x100, 0);
	deferred(7, D1, OF_GOEXIT);
	goexit_(7, 0x200, UP_GOEXIT);
	deferred(7, D2, OF_GOEXIT);
	assert_int_equal(panic_no(1)->ndefers, 1);
	ended_full(++ticks, 7, 1, 0, 0, GOLIN_HOW_GOEXIT);
	is_outcome(2, GOLIN_PO_GOEXIT);
	is_replaced(1, 2);
}

static void test_fatal(void **arg)
{
	static const struct test_kept chain[] = {{"boom", 0}};

	(void)arg;
	start(7, 0x100, 0, "boom");
	deferred(7, D1, 0);
	fatal(7, chain, 1);
	is_outcome(1, GOLIN_PO_FATAL);
	assert_string_equal(golin_model_string(M, panic_no(1)->printed), "boom");
	process_exit();
	is_outcome(1, GOLIN_PO_FATAL);
	assert_int_equal(panic_counts().fatal, 1);
}

static void test_fatal_chain(void **arg)
{
	static const struct test_kept chain[] = {
		{"one", GOLIN_KEPT_RECOVERED}, {"two", 0}, {"", GOLIN_KEPT_GOEXIT}, {"four", 0}};

	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	start(7, 0x200, UP_RECOVERED, "two");
	deferred(7, D2, 0);
	goexit_(7, 0x300, NESTED);
	deferred(7, D3, OF_GOEXIT);
	start(7, 0x400, UP_GOEXIT, "four");
	fatal(7, chain, 4);
	is_outcome(4, GOLIN_PO_FATAL);
	is_replaced(3, 4);
	is_outcome(2, GOLIN_PO_GOEXIT);
	is_recovered(1, D1);
	assert_string_equal(golin_model_string(M, panic_no(1)->printed), "one");
	assert_string_equal(golin_model_string(M, panic_no(2)->printed), "two");
	assert_string_equal(golin_model_string(M, panic_no(4)->printed), "four");
	assert_int_equal(panic_counts().panics, 3);
	assert_int_equal(panic_counts().unmatched, 0);
}

static void test_fatal_replaced(void **arg)
{
	static const struct test_kept chain[] = {{"one", 0}, {"two", 0}};

	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	start(7, 0x200, NESTED, "two");
	fatal(7, chain, 2);
	is_outcome(2, GOLIN_PO_FATAL);
	is_replaced(1, 2);
}

/* The chain could not be read: who ended the program is known all the same. */
static void test_fatal_unread(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	start(7, 0x200, NESTED, "two");
	fatal(7, NULL, 0);
	is_outcome(2, GOLIN_PO_FATAL);
	is_replaced(1, 2);
	assert_int_equal(panic_no(1)->printed, 0);
}

static void test_throw(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	throw_(7, "concurrent map writes", GOLIN_PANIC_FATAL_ERROR);
	is_outcome(2, GOLIN_PO_FATAL);
	assert_int_equal(panic_no(2)->kind, GOLIN_PANIC_THROW);
	assert_int_equal(panic_no(2)->more, GOLIN_PF_USER_FATAL);
	assert_string_equal(golin_model_string(M, panic_no(2)->printed), "concurrent map writes");
	assert_int_equal(number_of(panic_no(2)->nested_in), 1);
	throw_(0, "bad sweepgen", 0);
	is_outcome(3, GOLIN_PO_FATAL);
	assert_int_equal(panic_no(3)->goid, 0);
	process_exit();
	is_outcome(1, GOLIN_PO_UNKNOWN);
	assert_int_equal(panic_counts().throws, 2);
	assert_int_equal(panic_counts().fatal, 0);
}

static void test_goroutine_ends(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	ended(++ticks, 7);
	is_outcome(1, GOLIN_PO_UNKNOWN);
	create(++ticks, 1, 8);
	start(8, 0x100, 0, "two");
	gone(++ticks, 8);
	is_outcome(2, GOLIN_PO_UNKNOWN);
	assert_int_equal(panic_counts().active, 0);
}

static void test_program_ends(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	goexit_(8, 0x100, 0);
	process_exit();
	is_outcome(1, GOLIN_PO_UNKNOWN);
	is_outcome(2, GOLIN_PO_UNKNOWN);
	assert_int_equal(panic_counts().active, 0);
}

static void test_exec(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	exec(++ticks, 1);
	is_outcome(1, GOLIN_PO_UNKNOWN);
	/* The next program's goroutine 7 is another. */
	start(7, 0x200, 0, "two");
	assert_int_equal(number_of(panic_no(2)->nested_in), 0);
	assert_int_equal(panic_no(2)->epoch, 1);
	recovered(7, RESUMED, 0x80);
	is_outcome(2, GOLIN_PO_RECOVERED);
}

/* Depth is what counts, not the address: that changes when the runtime moves the stack. */
static void test_recursion(void **arg)
{
	enum { LEVELS = 50 };

	(void)arg;
	for (uint64_t k = 0; k < LEVELS; k++) {
		start(7, 0x100 * (k + 1), k ? NESTED : 0, "deep");
		deferred(7, D1, 0);
	}
	for (uint64_t k = LEVELS; k; k--) {
		recovered(7, RESUMED, 0x100 * k - 0x80);
		is_recovered(k, D1);
		if (k > 1)
			is_outcome(k - 1, GOLIN_PO_ACTIVE);
	}
	assert_int_equal(panic_counts().recovered, LEVELS);
}

static void test_goroutines_apart(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "seven");
	start(8, 0x100, 0, "eight");
	deferred(7, D1, 0);
	deferred(8, D2, 0);
	recovered(8, RESUMED, 0x80);
	is_recovered(2, D2);
	is_outcome(1, GOLIN_PO_ACTIVE);
	recovered(7, RESUMED, 0x80);
	is_recovered(1, D1);
}

static void test_signal(void **arg)
{
	static const struct golin_rec_panic_start like = {
		.depth = 0x100,
		.flags = GOLIN_PANIC_SIGNAL | GOLIN_PANIC_LOCKED | GOLIN_PANIC_PARTIAL,
		.fault_pc = 0x4000,
		.fault_addr = 0x8,
	};
	struct golin_model_counts c;

	(void)arg;
	start_full(7, &like, NULL, 0);
	assert_int_equal(panic_no(1)->more, GOLIN_PF_SIGNAL | GOLIN_PF_LOCKED | GOLIN_PF_PARTIAL);
	assert_int_equal(panic_no(1)->fault_pc, 0x4000);
	assert_int_equal(panic_no(1)->fault_addr, 8);
	golin_model_counts(M, &c);
	assert_int_equal(c.unread, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_recovered),
		TEST(test_replaced),
		TEST(test_three_replaced),
		TEST(test_nested_recovered_within),
		TEST(test_recovered_then_panics),
		TEST(test_recovered_panics_within),
		TEST(test_replaced_past_recovered),
		TEST(test_goexit),
		TEST(test_goexit_during_panic),
		TEST(test_recovered_then_goexit),
		TEST(test_panic_in_goexit_new),
		TEST(test_panic_in_goexit_old),
		TEST(test_panics_in_goexit),
		TEST(test_panics_in_goexit_old),
		TEST(test_goexit_of_replaced),
		TEST(test_goexit_past_recovered),
		TEST(test_goexit_113),
		TEST(test_goexit_during_panic_113),
		TEST(test_goexit_gone_past_113),
		TEST(test_goexit_in_goexit),
		TEST(test_fatal),
		TEST(test_fatal_chain),
		TEST(test_fatal_replaced),
		TEST(test_fatal_unread),
		TEST(test_throw),
		TEST(test_goroutine_ends),
		TEST(test_program_ends),
		TEST(test_exec),
		TEST(test_recursion),
		TEST(test_goroutines_apart),
		TEST(test_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
