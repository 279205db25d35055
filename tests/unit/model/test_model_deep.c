/* SPDX-License-Identifier: BSD-2-Clause */
/* Depth and churn: trees as deep as there are goroutines, and goroutines without end. */
#include "records.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include "golin/dump.h"
#include "model/filter.h"

enum { DEEP = 200000 };

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void test_a_chain(void **s)
{
	uint64_t start = now_ms();

	make_model(0);
	seen(0, 1);
	for (uint64_t k = 2; k <= DEEP; k++)
		create(k, k - 1, k);
	check_tree();
	assert_int_equal(counts().live, DEEP);
	/* Ends from the root down: none may go before its children. */
	for (uint64_t k = 1; k <= DEEP; k++)
		ended(DEEP + k, k);
	check_tree();
	assert_int_equal(counts().ended, DEEP);
	assert_true(now_ms() - start < 20000);
	free_model();
}

/* The deepest first, so that each is the child of a ghost until its parent's record comes. */
static void test_a_chain_backwards(void **s)
{
	uint64_t start = now_ms();

	make_model(0);
	for (uint64_t k = DEEP; k >= 2; k--)
		create(k, k - 1, k);
	check_tree();
	assert_int_equal(counts().live, DEEP - 1);
	assert_int_equal(above(DEEP), DEEP - 1);
	assert_true(now_ms() - start < 20000);
	free_model();
}

/* Each starts the next and ends: one is alive, and the cap must hold all the same. */
static void test_a_relay(void **s)
{
	make_model(100);
	seen(0, 1);
	for (uint64_t k = 2; k <= DEEP; k++) {
		create(k, k - 1, k);
		ended(k, k - 1);
		assert_true(counts().ended <= 100);
	}
	check_tree();
	assert_int_equal(counts().live, 1);
	assert_int_equal(counts().ended, 100);
	assert_int_equal(counts().evicted, DEEP - 1 - 100);
	assert_int_equal(find(DEEP)->parent, DEEP - 1);
	assert_null(find(1));
	/* The oldest that is left knows its parent's goid, though not more. */
	assert_int_equal(above(DEEP - 100), 0);
	assert_int_equal(find(DEEP - 100)->parent, DEEP - 101);
	assert_true(find(DEEP - 100)->flags & GOLIN_GF_PARENT_EVICTED);
	free_model();
}

static void test_memory_stays_under_churn(void **s)
{
	uint64_t bytes = 0;

	make_model(1000);
	seen(0, 1);
	for (uint64_t k = 2; k <= 300000; k++) {
		create(k, 1, k);
		ended(k, k);
		if (k == 20000)
			bytes = counts().bytes;
	}
	assert_int_equal(counts().bytes, bytes);
	assert_int_equal(counts().evicted, 300000 - 1 - 1000);
	assert_int_equal(find(1)->nchild, 1000);
	assert_int_equal(counts().created, 299999);
	check_tree();
	free_model();
}

/* An ended one with a live descendant stays, and leaves bottom-up once that has ended. */
static void test_ended_with_live_descendants_stay(void **s)
{
	make_model(3);
	seen(0, 1);
	create(10, 1, 2);
	create(11, 2, 3);
	create(12, 3, 4);
	ended(13, 2);
	ended(14, 3);
	for (uint64_t k = 100; k < 150; k++) {
		create(k, 1, k);
		ended(k, k);
	}
	assert_non_null(find(2));
	assert_non_null(find(3));
	assert_int_equal(above(4), 3);
	assert_null(find(148));
	ended(200, 4);
	/* 2 and 3 are the oldest, but 4 stands below them: the oldest leaf went. */
	assert_null(find(149));
	assert_int_equal(above(4), 3);
	for (uint64_t k = 300; k < 304; k++) {
		create(k, 1, k);
		ended(k, k);
	}
	assert_null(find(4));
	assert_null(find(3));
	assert_null(find(2));
	assert_int_equal(counts().ended, 3);
	check_tree();
	free_model();
}

static void test_bytes_of_a_goroutine(void **s)
{
	struct golin_model_counts c;

	make_model(0);
	seen(0, 1);
	for (uint64_t k = 2; k <= 100000; k++)
		create(k, 1, k);
	golin_model_counts(M, &c);
	/* The promise is 400 at most, with all that belongs to it. */
	assert_true(c.bytes / 100000 <= 200);
	free_model();
	/* The few that are left of very many, far apart. */
	make_model(0);
	for (uint64_t k = 1; k <= 100000; k++)
		create(k, 0, k * 1000003);
	golin_model_counts(M, &c);
	assert_true(c.bytes / 100000 <= 400);
	for (uint64_t k = 1; k <= 100000; k++)
		assert_int_equal(find(k * 1000003)->goid, k * 1000003);
	assert_null(find(1000002));
	free_model();
}

static int drop(void *arg, const struct golin_rec *rec)
{
	++*(uint64_t *)arg;
	return 0;
}

static void test_walks_of_a_chain(void **s)
{
	struct golin_filter *f;
	uint64_t start, n = 0, matches = 0;

	make_model(0);
	seen(0, 1);
	for (uint64_t k = 2; k <= DEEP; k++)
		create(k, k - 1, k);
	start = now_ms();
	assert_int_equal(golin_model_dump(M, &(struct golin_sink){drop, &n}), 0);
	assert_int_equal(n, DEEP + 1);
	assert_int_equal(golin_filter_parse("under:7 depth>100", &f, NULL), 0);
	for (golin_gidx i = 0; i < golin_model_goroutine_max(M); i++)
		matches += golin_filter_match(f, M, golin_model_goroutine(M, i));
	assert_int_equal(matches, DEEP - 101);
	golin_filter_free(f);
	assert_true(now_ms() - start < 20000);
	free_model();
}

/* Names that come late, one for each of very many goroutines: not a scan for each. */
static void test_many_late_names(void **s)
{
	uint64_t start = now_ms();

	make_model(0);
	for (uint64_t k = 1; k <= DEEP; k++)
		create_full(k, 0, k, 0x1000 + k, 0, 0, GOLIN_VIA_GO, 0);
	for (uint64_t k = 1; k <= DEEP; k++)
		name(0x1000 + k, k % 2 ? "runtime.bg" : "main.f", "/x.go", 1);
	for (uint64_t k = 1; k <= DEEP; k++)
		ended(DEEP + k, k);
	for (uint64_t k = 1; k <= DEEP; k++)
		assert_int_equal(!!(find(k)->flags & GOLIN_GF_SYSTEM), k % 2);
	assert_true(now_ms() - start < 20000);
	free_model();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_chain),
		cmocka_unit_test(test_a_chain_backwards),
		cmocka_unit_test(test_a_relay),
		cmocka_unit_test(test_memory_stays_under_churn),
		cmocka_unit_test(test_ended_with_live_descendants_stay),
		cmocka_unit_test(test_bytes_of_a_goroutine),
		cmocka_unit_test(test_walks_of_a_chain),
		cmocka_unit_test(test_many_late_names),
	};
	/* A recursion over the tree would not survive this. */
	const struct rlimit small = {256 << 10, 256 << 10};

	setrlimit(RLIMIT_STACK, &small);
	return cmocka_run_group_tests_name("deep", tests, NULL, NULL);
}
