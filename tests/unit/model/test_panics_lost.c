/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of panics that were lost, and an attach in the middle: what is not known is told as such,
 * and what comes later is right.
 */
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

static void is_lost_start(uint64_t number)
{
	assert_true(panic_no(number)->more & GOLIN_PF_LOST_START);
}

/* A panic that is followed from here on is right. */
static void is_right_again(uint64_t number)
{
	uint64_t unmatched = panic_counts().unmatched;

	start(7, 0x100, 0, "later");
	assert_int_equal(number_of(panic_no(number)->nested_in), 0);
	deferred(7, D3, 0);
	start(7, 0x200, NESTED, "nested");
	assert_int_equal(number_of(panic_no(number + 1)->nested_in), number);
	recovered(7, RESUMED, 0x180);
	is_recovered(number + 1, 0);
	recovered(7, RESUMED, 0x80);
	is_recovered(number, D3);
	assert_int_equal(panic_counts().unmatched, unmatched);
	assert_int_equal(panic_counts().active, 0);
}

/* The deferred call that recovered it may be among what was lost. */
static void test_lost_defer(void **arg)
{
	struct golin_rec_lost lost = {.cause = GOLIN_LOST_RING, .count = 1};

	(void)arg;
	lost.h = (struct golin_rec){
		.type = GOLIN_REC_LOST, .version = 1, .size = sizeof(lost), .target = 1};
	start(7, 0x100, 0, "first");
	deferred(7, D1, 0);
	assert_int_equal(golin_model_apply(M, &lost.h), 0);
	recovered(7, RESUMED, 0x80);
	is_recovered(1, 0);
	start(7, 0x100, 0, "second");
	assert_int_equal(golin_model_apply(M, &lost.h), 0);
	deferred(7, D2, 0);
	recovered(7, RESUMED, 0x80);
	is_recovered(2, D2);
	is_right_again(3);
}

static void test_lost_start(void **arg)
{
	(void)arg;
	deferred(7, D1, 0);
	is_lost_start(1);
	is_outcome(1, GOLIN_PO_ACTIVE);
	deferred(7, D2, 0);
	recovered(7, RESUMED, 0x80);
	is_recovered(1, D2);
	assert_int_equal(panic_no(1)->ndefers, 2);
	assert_int_equal(panic_counts().unmatched, 1);
	is_right_again(2);
}

static void test_lost_all_but_recover(void **arg)
{
	const struct golin_panic_value *v;

	(void)arg;
	type_name(TYPE_ERROR, "*errors.errorString");
	recovered_value(7, RESUMED, 0x80, TYPE_ERROR, 0xc000010000);
	is_lost_start(1);
	is_recovered(1, 0);
	assert_int_equal(panic_no(1)->resumed_in, RESUMED);
	assert_int_equal(golin_panic_values(M, golin_model_panic_find(M, 1), &v), 1);
	assert_string_equal(golin_model_string(M, v[0].type), "*errors.errorString");
	assert_int_equal(v[0].data, 0xc000010000);
	assert_int_equal(v[0].flags & GOLIN_VALUE_TEXT, 0);
	assert_int_equal(panic_counts().unmatched, 1);
	is_right_again(2);
}

static void test_lost_recover(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	start(7, 0x100, 0, "two");
	is_outcome(1, GOLIN_PO_UNKNOWN);
	assert_int_equal(panic_no(1)->recovered_by, 0);
	assert_int_equal(number_of(panic_no(2)->nested_in), 0);
	recovered(7, RESUMED, 0x80);
	is_recovered(2, 0);
	is_right_again(3);
}

/* The next one begins below where the first one was: that has been left. */
static void test_lost_recover_shallower(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	start(7, 0x300, NESTED, "two");
	start(7, 0x200, NESTED, "three");
	is_outcome(2, GOLIN_PO_UNKNOWN);
	is_outcome(1, GOLIN_PO_ACTIVE);
	assert_int_equal(number_of(panic_no(3)->nested_in), 1);
}

/* Of two, the recovery of the inner one was lost; the value of the outer one's tells. */
static void test_lost_inner_recover(void **arg)
{
	static const struct test_value one = {TYPE_ERROR, 0xc000010000, "one", 0, 0};
	static const struct test_value two = {TYPE_ERROR, 0xc000020000, "two", 0, 0};

	(void)arg;
	start_at(7, 0x100, 0, 0, &one, 1);
	deferred(7, D1, 0);
	start_at(7, 0x200, NESTED, 0, &two, 1);
	deferred(7, D2, 0);
	recovered_value(7, RESUMED, 0x80, TYPE_ERROR, 0xc000010000);
	is_outcome(2, GOLIN_PO_UNKNOWN);
	is_recovered(1, D1);
	is_right_again(3);
}

/* The start of the one that replaced it was lost; the value tells that there was one. */
static void test_lost_start_of_replacing(void **arg)
{
	static const struct test_value one = {TYPE_ERROR, 0xc000010000, "one", 0, 0};

	(void)arg;
	start_at(7, 0x100, 0, 0, &one, 1);
	deferred(7, D1, 0);
	recovered_value(7, RESUMED, 0x80, TYPE_ERROR, 0xc000020000);
	is_replaced(1, 2);
	is_lost_start(2);
	is_outcome(2, GOLIN_PO_RECOVERED);
	is_right_again(3);
}

/* A recovery within a deferred call, of a panic of which nothing came. */
static void test_lost_nested(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	recovered(7, RESUMED, 0x200);
	is_outcome(1, GOLIN_PO_ACTIVE);
	is_lost_start(2);
	is_outcome(2, GOLIN_PO_RECOVERED);
	assert_int_equal(number_of(panic_no(2)->nested_in), 1);
	recovered(7, RESUMED, 0x80);
	is_recovered(1, D1);
	is_right_again(3);
}

/* The runtime has one above that golin does not know. */
static void test_lost_above(void **arg)
{
	(void)arg;
	start(7, 0x200, NESTED, "two");
	is_lost_start(1);
	is_outcome(1, GOLIN_PO_ACTIVE);
	assert_int_equal(number_of(panic_no(2)->nested_in), 1);
	recovered(7, RESUMED, 0x180);
	is_recovered(2, 0);
	is_outcome(1, GOLIN_PO_ACTIVE);
	deferred(7, D1, 0);
	recovered(7, RESUMED, 0x80);
	is_recovered(1, D1);
	assert_int_equal(panic_counts().unmatched, 0);
	is_right_again(3);
}

static void test_lost_above_recovered(void **arg)
{
	(void)arg;
	start(7, 0x200, UP_RECOVERED, "two");
	is_lost_start(1);
	is_recovered(1, 0);
	is_outcome(2, GOLIN_PO_ACTIVE);
}

/* How deep one is of which nothing came stands on the stack of the next. */
static void test_lost_above_depth(void **arg)
{
	static const uint64_t pcs[] = {0x3001, 0x3002, 0x3003, 0x3004};
	static const uint16_t words[] = {4, 8, 4, 16}; /* 0x200, 0x1e0, 0x1a0, 0x180 */

	(void)arg;
	name(0x3001, "main.again", "/src/main.go", 1);
	name(0x3002, "main.again", "/src/main.go", 2);
	name(0x3003, "runtime.gopanic", "/go/panic.go", 3);
	name(0x3004, "main.first", "/src/main.go", 4);
	stack_with_words(70, pcs, words, 4);
	start_at(7, 0x200, NESTED, 70, NULL, 0);
	assert_int_equal(panic_no(1)->depth, 0x180);
	deferred(7, D2, 0);
	/* So it is known that this went past both. */
	recovered(7, RESUMED, 0x100);
	is_recovered(2, D2);
	is_replaced(1, 2);
	is_right_again(3);
}

static void test_lost_goexit(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	deferred(7, D2, OF_GOEXIT);
	is_outcome(1, GOLIN_PO_GOEXIT);
	assert_int_equal(panic_no(2)->kind, GOLIN_PANIC_GOEXIT);
	is_lost_start(2);
	assert_int_equal(panic_no(2)->ndefers, 1);
	assert_int_equal(panic_counts().unmatched, 1);
	ended_full(++ticks, 7, 1, 0, 0, GOLIN_HOW_GOEXIT);
	is_outcome(2, GOLIN_PO_GOEXIT);
}

static void test_lost_goexit_above(void **arg)
{
	(void)arg;
	start(7, 0x200, UP_GOEXIT, "in goexit");
	assert_int_equal(panic_no(1)->kind, GOLIN_PANIC_GOEXIT);
	is_lost_start(1);
	assert_int_equal(number_of(panic_no(2)->nested_in), 1);
	recovered(7, RESUMED, 0x80);
	is_recovered(2, 0);
	is_outcome(1, GOLIN_PO_ACTIVE);
}

/* The Goexit goes on: what had begun in it has been recovered, by whom is not known. */
static void test_lost_recover_in_goexit(void **arg)
{
	(void)arg;
	goexit_(7, 0x100, 0);
	start(7, 0x200, UP_GOEXIT, "one");
	deferred(7, D1, 0);
	deferred(7, D2, OF_GOEXIT);
	is_outcome(2, GOLIN_PO_UNKNOWN);
	assert_int_equal(panic_no(1)->ndefers, 1);
	start(7, 0x200, UP_GOEXIT, "two");
	assert_int_equal(number_of(panic_no(3)->nested_in), 1);
}

/* A panic that began in a Goexit's deferred call, and of which the start was lost. */
static void test_lost_start_in_goexit(void **arg)
{
	(void)arg;
	goexit_(7, 0x100, 0);
	deferred(7, D1, OF_GOEXIT);
	deferred(7, D2, 0);
	is_lost_start(2);
	assert_int_equal(panic_no(2)->kind, GOLIN_PANIC_PANIC);
	assert_int_equal(number_of(panic_no(2)->nested_in), 1);
	recovered(7, RESUMED, 0x80);
	is_recovered(2, D2);
	is_outcome(1, GOLIN_PO_ACTIVE);
}

/* A deferred call after one that had recovered: that has returned. */
static void test_lost_after_recovered(void **arg)
{
	(void)arg;
	start(7, 0x100, 0, "one");
	deferred(7, D1, 0);
	start(7, 0x300, UP_RECOVERED, "two");
	recovered(7, RESUMED, 0x200);
	deferred(7, D2, 0); /* of a third, whose start was lost, as the end of the first was */
	is_recovered(1, D1);
	assert_int_equal(panic_no(1)->ndefers, 1);
	is_lost_start(3);
	assert_int_equal(panic_no(3)->ndefers, 1);
}

static void test_lost_start_fatal(void **arg)
{
	static const struct test_kept chain[] = {
		{"one", 0}, {"two", GOLIN_KEPT_RECOVERED}, {"3", 0}};

	(void)arg;
	start(7, 0x300, UP_RECOVERED, "three");
	fatal(7, chain, 3);
	/* 1 stands for the second, 3 for the first. */
	is_outcome(2, GOLIN_PO_FATAL);
	is_recovered(1, 0);
	is_replaced(3, 2);
	is_lost_start(3);
	assert_string_equal(golin_model_string(M, panic_no(3)->printed), "one");
	assert_string_equal(golin_model_string(M, panic_no(1)->printed), "two");
	assert_string_equal(golin_model_string(M, panic_no(2)->printed), "3");
}

static void test_lost_all_but_fatal(void **arg)
{
	static const struct test_kept chain[] = {{"boom", 0}};

	(void)arg;
	fatal(7, chain, 1);
	is_outcome(1, GOLIN_PO_FATAL);
	is_lost_start(1);
	assert_string_equal(golin_model_string(M, panic_no(1)->printed), "boom");
	assert_int_equal(panic_counts().unmatched, 1);
	fatal(8, NULL, 0);
	is_outcome(2, GOLIN_PO_FATAL);
	assert_int_equal(panic_counts().fatal, 2);
}

/* Fewer are printed than are known: those on the outside had ended. */
static void test_fatal_with_stale(void **arg)
{
	static const struct test_kept chain[] = {{"two", 0}};

	(void)arg;
	start(7, 0x100, 0, "one");
	start(7, 0x200, NESTED, "two");
	fatal(7, chain, 1);
	is_outcome(2, GOLIN_PO_FATAL);
	is_outcome(1, GOLIN_PO_UNKNOWN);
}

/* Nothing in a record of a goroutine that cannot be is believed. */
static void test_no_goroutine(void **arg)
{
	struct golin_model_counts c;

	(void)arg;
	deferred(0, D1, 0);
	recovered(1ull << 50, RESUMED, 0x80);
	golin_model_counts(M, &c);
	assert_int_equal(c.unread, 2);
	assert_int_equal(panic_counts().panics, 0);
	assert_int_equal(golin_model_panic_max(M), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_lost_defer),
		TEST(test_lost_start),
		TEST(test_lost_all_but_recover),
		TEST(test_lost_recover),
		TEST(test_lost_recover_shallower),
		TEST(test_lost_inner_recover),
		TEST(test_lost_start_of_replacing),
		TEST(test_lost_nested),
		TEST(test_lost_above),
		TEST(test_lost_above_recovered),
		TEST(test_lost_above_depth),
		TEST(test_lost_goexit),
		TEST(test_lost_goexit_above),
		TEST(test_lost_recover_in_goexit),
		TEST(test_lost_start_in_goexit),
		TEST(test_lost_after_recovered),
		TEST(test_lost_start_fatal),
		TEST(test_lost_all_but_fatal),
		TEST(test_fatal_with_stale),
		TEST(test_no_goroutine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
