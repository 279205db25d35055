/* SPDX-License-Identifier: BSD-2-Clause */
/* Which panic repeats which; where control resumed; functions behind wrappers. */
#include "panic_records.h"

enum {
	D1 = 0x1001, /* deferred functions: main.catch, worker/pool.catch */
	D2 = 0x1002,
	RESUMED = 0x2001,
	NESTED = GOLIN_PANIC_NESTED,
	UP_RECOVERED = GOLIN_PANIC_NESTED | GOLIN_PANIC_UP_RECOVERED,
	HEAP = GOLIN_VALUE_HEAP,

	STACK_RAISE = 70,  /* main.raise */
	STACK_AGAIN = 71,  /* main.again */
	STACK_POOL = 72,   /* worker/pool.Wait */
	STACK_SECOND = 73, /* main.raise, called from elsewhere */
	STACK_INDEX = 74,  /* runtime.goPanicIndex, called by main.again */
};

#define SEC 1000000000ull

static int setup(void **arg)
{
	static const uint64_t raise[] = {0x3001, 0x3009}, again[] = {0x3002, 0x3009},
			      pool[] = {0x3003}, second[] = {0x3001, 0x3008},
			      index[] = {0x3004, 0x3002};

	(void)arg;
	ticks = 1000;
	make_model(0);
	target(7, "orders");
	seen(0, 1);
	create(1, 1, 7);
	create(2, 1, 8);
	create(3, 7, 9);
	name(D1, "main.catch", "/src/main.go", 5);
	name(D2, "worker/pool.(*Pool).catch", "/src/pool.go", 5);
	name(0x3001, "main.raise", "/src/main.go", 10);
	name(0x3002, "main.again", "/src/main.go", 20);
	name(0x3003, "worker/pool.(*Pool).Wait", "/src/pool.go", 30);
	name(0x3004, "runtime.goPanicIndex", "/go/src/runtime/panic.go", 114);
	stack(STACK_INDEX, index, 2);
	stack(STACK_RAISE, raise, 2);
	stack(STACK_AGAIN, again, 2);
	stack(STACK_POOL, pool, 1);
	stack(STACK_SECOND, second, 2);
	type_name(TYPE_STRING, "string");
	type_name(TYPE_ERROR, "*errors.errorString");
	return 0;
}

static int teardown(void **arg)
{
	(void)arg;
	free_model();
	return 0;
}

static const struct test_value boom = {TYPE_ERROR, 0xc000010000, "boom", HEAP, 0};
static const struct test_value constant = {TYPE_STRING, 0x500000, "boom", 0, 0};
static const struct test_value wraps_boom[] = {{TYPE_WRAP, 0xc000020000, "more: boom", HEAP, 0},
					       {TYPE_ERROR, 0xc000010000, "boom", HEAP, 0}};

static void is_repanic(uint64_t number, uint64_t of, enum golin_panic_relation relation)
{
	const struct golin_panic *p = panic_no(number);

	assert_int_equal(p->relation, relation);
	assert_int_equal(number_of(p->repanic_of), of);
	if (of) {
		assert_int_equal(p->goid != panic_no(of)->goid, !!(p->more & GOLIN_PF_ELSEWHERE));
		assert_int_equal(number_of(p->up), of);
	}
}

/* One with that value is recovered. */
static void raised(uint64_t goid, uint64_t stack_id, const struct test_value *v, uint64_t by)
{
	start_at(goid, 0x100, 0, stack_id, v, 1);
	deferred(goid, by, 0);
	recovered(goid, RESUMED, 0x80);
}

/* ---- during a deferred call ---- */

static void test_same_nested(void **arg)
{
	(void)arg;
	start_at(7, 0x100, 0, STACK_RAISE, &boom, 1);
	deferred(7, D1, 0);
	start_at(7, 0x200, UP_RECOVERED, STACK_AGAIN, &boom, 1);
	is_repanic(2, 1, GOLIN_PR_SAME);
}

/* Nobody recovered; it has the very object. */
static void test_same_unrecovered(void **arg)
{
	(void)arg;
	start_at(7, 0x100, 0, STACK_RAISE, &boom, 1);
	deferred(7, D1, 0);
	start_at(7, 0x200, NESTED, STACK_AGAIN, &boom, 1);
	is_repanic(2, 1, GOLIN_PR_SAME);
}

static void test_constant_nested(void **arg)
{
	(void)arg;
	start_at(7, 0x100, 0, STACK_RAISE, &constant, 1);
	deferred(7, D1, 0);
	start_at(7, 0x200, UP_RECOVERED, STACK_AGAIN, &constant, 1);
	is_repanic(2, 1, GOLIN_PR_SAME);
	deferred(7, D1, 0);
	/* Not recovered: another panic("boom"). */
	start_at(7, 0x300, NESTED, STACK_AGAIN, &constant, 1);
	is_repanic(3, 1, GOLIN_PR_SAME); /* but the first had been */
}

static void test_constant_unrecovered(void **arg)
{
	(void)arg;
	start_at(7, 0x100, 0, STACK_RAISE, &constant, 1);
	deferred(7, D1, 0);
	start_at(7, 0x200, NESTED, STACK_AGAIN, &constant, 1);
	is_repanic(2, 0, GOLIN_PR_NONE);
}

static void test_wrapped_nested(void **arg)
{
	static const struct test_value constants[] = {
		{TYPE_WRAP, 0xc000020000, "more: boom", HEAP, 0},
		{TYPE_STRING, 0x600000, "boom", 0, 0}};

	(void)arg;
	start_at(7, 0x100, 0, STACK_RAISE, &boom, 1);
	deferred(7, D1, 0);
	start_at(7, 0x200, NESTED, STACK_AGAIN, wraps_boom, 2);
	is_repanic(2, 1, GOLIN_PR_WRAPPED);
	recovered(7, RESUMED, 0x80);
	/* By text, where it is not an object. */
	start_at(7, 0x100, 0, STACK_RAISE, &constant, 1);
	deferred(7, D1, 0);
	start_at(7, 0x200, UP_RECOVERED, STACK_AGAIN, constants, 2);
	is_repanic(4, 3, GOLIN_PR_WRAPPED);
}

static void text_nested(const char *text, uint32_t flags, enum golin_panic_relation want)
{
	const struct test_value v = {TYPE_STRING, 0xc000030000, text, HEAP, 0};
	uint64_t first = panic_counts().panics + 1;

	start_at(7, 0x100, 0, STACK_RAISE, &constant, 1);
	deferred(7, D1, 0);
	start_at(7, 0x200, flags, STACK_AGAIN, &v, 1);
	is_repanic(first + 1, want ? first : 0, want);
	recovered(7, RESUMED, 0x80);
}

static void test_text(void **arg)
{
	(void)arg;
	text_nested("failed: boom!", UP_RECOVERED, GOLIN_PR_TEXT);
	text_nested("boom", UP_RECOVERED, GOLIN_PR_TEXT);
	text_nested("a boomerang; boom", UP_RECOVERED, GOLIN_PR_TEXT);
	text_nested("a boomerang", UP_RECOVERED, GOLIN_PR_NONE);
	text_nested("kaboom", UP_RECOVERED, GOLIN_PR_NONE);
	text_nested("failed: boom!", NESTED, GOLIN_PR_NONE);
	text_nested("other", UP_RECOVERED, GOLIN_PR_NONE);
}

/* Of two above, the one whose value it is. */
static void test_outer_value(void **arg)
{
	static const struct test_value other = {TYPE_ERROR, 0xc000090000, "other", HEAP, 0};

	(void)arg;
	start_at(7, 0x100, 0, STACK_RAISE, &boom, 1);
	deferred(7, D1, 0);
	start_at(7, 0x200, UP_RECOVERED, STACK_AGAIN, &other, 1);
	deferred(7, D1, 0);
	start_at(7, 0x300, UP_RECOVERED, STACK_AGAIN, &boom, 1);
	is_repanic(2, 0, GOLIN_PR_NONE);
	is_repanic(3, 1, GOLIN_PR_SAME);
	assert_int_equal(number_of(panic_no(3)->nested_in), 2);
}

static void test_nil_is_no_value(void **arg)
{
	static const struct test_value nil = {0, 0, "nil", 0, 0};

	(void)arg;
	start_at(7, 0x100, 0, STACK_RAISE, &nil, 1);
	deferred(7, D1, 0);
	start_at(7, 0x200, UP_RECOVERED, STACK_AGAIN, &nil, 1);
	is_repanic(2, 0, GOLIN_PR_NONE);
}

/* ---- later, or elsewhere ---- */

static void test_later(void **arg)
{
	(void)arg;
	raised(7, STACK_RAISE, &boom, D1);
	raised(7, STACK_AGAIN, &boom, D1);
	is_repanic(2, 1, GOLIN_PR_SAME);
	/* What comes after that repeats the first as well. */
	raised(7, STACK_AGAIN, &boom, D1);
	is_repanic(3, 1, GOLIN_PR_SAME);
	start_at(7, 0x100, 0, STACK_AGAIN, wraps_boom, 2);
	is_repanic(4, 1, GOLIN_PR_WRAPPED);
}

/* It was raised there before: that makes its values anew, at an address that is free again. */
/* The runtime makes a value for each: that it has an address again says nothing. */
static void test_raised_by_runtime(void **arg)
{
	(void)arg;
	raised(7, STACK_RAISE, &boom, D1);
	start_at(7, 0x100, 0, STACK_INDEX, &boom, 1);
	is_repanic(2, 0, GOLIN_PR_NONE);
}

static void test_later_same_place(void **arg)
{
	(void)arg;
	raised(7, STACK_RAISE, &boom, D1);
	raised(7, STACK_SECOND, &boom, D1);
	is_repanic(2, 0, GOLIN_PR_NONE);
	/* Now it is the second that may be repeated. */
	raised(7, STACK_AGAIN, &boom, D1);
	is_repanic(3, 2, GOLIN_PR_SAME);
}

static void test_later_constant(void **arg)
{
	(void)arg;
	raised(7, STACK_RAISE, &constant, D1);
	raised(7, STACK_AGAIN, &constant, D1);
	is_repanic(2, 0, GOLIN_PR_NONE);
}

static void test_later_other_text(void **arg)
{
	static const struct test_value other = {TYPE_ERROR, 0xc000010000, "other", HEAP, 0};

	(void)arg;
	raised(7, STACK_RAISE, &boom, D1);
	raised(7, STACK_AGAIN, &other, D1);
	is_repanic(2, 0, GOLIN_PR_NONE);
}

static void test_later_too_late(void **arg)
{
	(void)arg;
	raised(7, STACK_RAISE, &boom, D1);
	ticks += 50 * SEC;
	raised(7, STACK_AGAIN, &boom, D1);
	is_repanic(2, 1, GOLIN_PR_SAME);
	/* Since it was seen last, not since it was seen first. */
	ticks += 50 * SEC;
	raised(7, STACK_AGAIN, &boom, D1);
	is_repanic(3, 1, GOLIN_PR_SAME);
	ticks += 70 * SEC;
	raised(7, STACK_AGAIN, &boom, D1);
	is_repanic(4, 0, GOLIN_PR_NONE);
}

/* Nobody has its value who could panic with it. */
static void test_elsewhere_active(void **arg)
{
	(void)arg;
	start_at(7, 0x100, 0, STACK_RAISE, &boom, 1);
	start_at(1, 0x100, 0, STACK_AGAIN, &boom, 1);
	is_repanic(2, 0, GOLIN_PR_NONE);
}

/* The goroutine that waits for those that it made: errgroup. */
static void test_elsewhere_parent(void **arg)
{
	(void)arg;
	raised(7, STACK_RAISE, &boom, D2);
	start_at(1, 0x100, 0, STACK_AGAIN, &boom, 1);
	is_repanic(2, 1, GOLIN_PR_SAME);
	assert_true(panic_no(2)->more & GOLIN_PF_ELSEWHERE);
	start_at(9, 0x100, 0, STACK_AGAIN, wraps_boom, 2); /* made by 7 */
	is_repanic(3, 1, GOLIN_PR_WRAPPED);
}

/* Neighbours: it has to be the package that recovered it. */
static void test_elsewhere_package(void **arg)
{
	(void)arg;
	raised(7, STACK_RAISE, &boom, D2);
	start_at(8, 0x100, 0, STACK_POOL, &boom, 1);
	is_repanic(2, 1, GOLIN_PR_SAME);
	start_at(8, 0x200, NESTED, STACK_AGAIN, wraps_boom, 2);
	is_repanic(3, 2, GOLIN_PR_WRAPPED); /* nested in that */
	recovered(8, RESUMED, 0x80);
	start_at(8, 0x100, 0, STACK_AGAIN, wraps_boom, 2);
	is_repanic(4, 0, GOLIN_PR_NONE);
}

/* Another program's objects are others. */
static void test_elsewhere_epoch(void **arg)
{
	static const uint64_t again[] = {0x3002};

	(void)arg;
	raised(7, STACK_RAISE, &boom, D1);
	exec(++ticks, 1);
	name(0x3002, "main.again", "/src/main.go", 20);
	stack(STACK_AGAIN, again, 1);
	raised(7, STACK_AGAIN, &boom, D1);
	is_repanic(2, 0, GOLIN_PR_NONE);
}

/* ---- where it went on ---- */

/* main.down calls itself; each has a frame of 6 words. */
static void recursion(uint64_t stack_id, bool with_words)
{
	static const uint64_t pcs[] = {0x4001, 0x4002, 0x4002, 0x4002, 0x4003};
	static const uint16_t words[] = {2, 6, 6, 6, 6};

	name(0x4001, "main.fail", "/src/main.go", 40);
	name(0x4002, "main.down", "/src/main.go", 50);
	name(0x4003, "main.main", "/src/main.go", 60);
	name(0x4010, "main.down", "/src/main.go", 52);
	name(0x4011, "main.main", "/src/main.go", 62);
	if (with_words)
		stack_with_words(stack_id, pcs, words, 5);
	else
		stack(stack_id, pcs, 5);
}

static void resumed_at(uint64_t stack_id, uint64_t pc, uint64_t depth, uint32_t want)
{
	uint64_t number = panic_counts().panics + 1;

	start_at(7, 0x200, 0, stack_id, &boom, 1);
	recovered(7, pc, depth);
	assert_int_equal(panic_no(number)->frames, want);
}

static void test_frames(void **arg)
{
	(void)arg;
	recursion(80, true);
	/* Return addresses stand at 0x200, 0x1f0, 0x1c0, 0x190, 0x160. */
	resumed_at(80, 0x4010, 0x1f0 - 8, 1);
	resumed_at(80, 0x4010, 0x1c0 - 8, 2);
	resumed_at(80, 0x4010, 0x190 - 8, 3);
	resumed_at(80, 0x4011, 0x160 - 8, 4);
	assert_string_equal(golin_panic_resumed(M, golin_model_panic_find(M, 2)).func, "main.down");
	assert_int_equal(golin_panic_resumed(M, golin_model_panic_find(M, 2)).line, 52);
	/* No frame is there, and the function is there thrice. */
	resumed_at(80, 0x4010, 0x1b0, UINT32_MAX);
}

static void test_frames_without_words(void **arg)
{
	(void)arg;
	recursion(81, false);
	resumed_at(81, 0x4010, 0x1c0 - 8, UINT32_MAX);
	resumed_at(81, 0x4011, 0x160 - 8, 4);
	resumed_at(81, 0x4fff, 0x160 - 8, UINT32_MAX); /* no name */
	resumed_at(0, 0x4011, 0x160 - 8, UINT32_MAX);
}

/* The length of one frame is not known: what lies above it is found by its name. */
static void test_frames_with_hole(void **arg)
{
	static const uint64_t pcs[] = {0x4001, 0x4002, 0x4003};
	static const uint16_t words[] = {2, 0, 6};

	(void)arg;
	recursion(80, true);
	stack_with_words(82, pcs, words, 3);
	resumed_at(82, 0x4010, 0x1f0 - 8, 1);
	resumed_at(82, 0x4011, 0x160 - 8, 2);
}

/* Control went back to a Goexit: that one's frame, since Go 1.22 known by where it was called. */
static void test_frames_goexit(void **arg)
{
	static const uint64_t pcs[] = {0x4001, 0x4020, 0x4003};
	static const uint16_t words[] = {4, 4, 8}; /* 0x200, 0x1e0, 0x1c0, 0x180 */

	(void)arg;
	name(0x4020, "runtime.Goexit", "/go/panic.go", 70);
	stack_with_words(83, pcs, words, 3);
	goexit_(7, 0x1c0, 0);
	start_at(7, 0x200, GOLIN_PANIC_NESTED | GOLIN_PANIC_UP_GOEXIT, 83, &boom, 1);
	deferred(7, D1, 0);
	recovered(7, 0x4011, 0x170);
	is_recovered(2, D1);
	assert_int_equal(panic_no(2)->frames, 1);
	assert_string_equal(golin_panic_resumed(M, golin_model_panic_find(M, 2)).func,
			    "runtime.Goexit");
}

static void test_entry_func(void **arg)
{
	static const struct test_frame wrapped[] = {
		{"main.cleanup", "/src/main.go", 7, 0},
		{"main.main.deferwrap1", "/src/main.go", 9, GOLIN_FRAME_WRAPPER}};

	(void)arg;
	name_frames(0x5001, wrapped, 2);
	assert_string_equal(golin_model_entry_func(M, 0x5001).func, "main.cleanup");
	assert_int_equal(golin_model_entry_func(M, 0x5001).line, 7);
	assert_string_equal(golin_model_entry_func(M, 0x5002).func, "0x5002");
	assert_string_equal(golin_model_entry_func(M, 0).func, "");
}

static void test_at(void **arg)
{
	static const uint64_t pcs[] = {0x6001, 0x6002, 0x6003, 0x3001};
	static const struct test_frame inlined[] = {
		{"runtime.panicdivide", "/go/panic.go", 1, GOLIN_FRAME_RUNTIME},
		{"main.divide", "/src/main.go", 77, 0}};

	(void)arg;
	name(0x6001, "runtime.goPanicIndex", "/go/panic.go", 1);
	name(0x6002, "internal/runtime/maps.(*Map).PutSlot", "/go/map.go", 1);
	name_frames(0x6003, inlined, 2);
	stack(90, pcs, 4);
	start_at(7, 0x100, 0, 90, &boom, 1);
	assert_string_equal(golin_panic_at(M, golin_model_panic_find(M, 1)).func, "main.divide");
	assert_int_equal(golin_panic_at(M, golin_model_panic_find(M, 1)).line, 77);
	assert_string_equal(golin_panic_at(M, 999).func, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_same_nested),
		TEST(test_same_unrecovered),
		TEST(test_constant_nested),
		TEST(test_constant_unrecovered),
		TEST(test_wrapped_nested),
		TEST(test_text),
		TEST(test_outer_value),
		TEST(test_nil_is_no_value),
		TEST(test_later),
		TEST(test_raised_by_runtime),
		TEST(test_later_same_place),
		TEST(test_later_constant),
		TEST(test_later_other_text),
		TEST(test_later_too_late),
		TEST(test_elsewhere_active),
		TEST(test_elsewhere_parent),
		TEST(test_elsewhere_package),
		TEST(test_elsewhere_epoch),
		TEST(test_frames),
		TEST(test_frames_without_words),
		TEST(test_frames_with_hole),
		TEST(test_frames_goexit),
		TEST(test_entry_func),
		TEST(test_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
