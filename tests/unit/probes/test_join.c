/* SPDX-License-Identifier: BSD-2-Clause */
/* Joining a reading of memory with the events around it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "live/join.h"

enum { G1 = 0x1000, G2 = 0x2000 };

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct join));
	join_begin(*state, 100);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	join_done(*state);
	free(*state);
	return 0;
}

/* Read, and another goroutine is created in its g: it never was. */
static void test_torn(void **state)
{
	struct join *j = *state;

	assert_true(join_add(j, G1, 7));
	assert_true(join_add(j, G2, 8));
	join_created(j, G1, 9);
	assert_true(join_pending(j));
	assert_int_equal(join_settle(j), 7);
	assert_int_equal(join_settle(j), 0);
	assert_false(join_pending(j));
}

/* It ended before its g was used again. */
static void test_ended(void **state)
{
	struct join *j = *state;

	assert_true(join_add(j, G1, 7));
	join_ended(j, G1, 7);
	join_created(j, G1, 9);
	assert_int_equal(join_settle(j), 0);
}

/* Events from before the reading show an earlier tenant of its g. */
static void test_earlier_tenant(void **state)
{
	struct join *j = *state;

	assert_true(join_add(j, G1, 7));
	join_created(j, G1, 5);
	join_ended(j, G1, 5);
	join_created(j, G1, 7);
	assert_int_equal(join_settle(j), 0);
}

static void test_earlier_tenant_then_end(void **state)
{
	struct join *j = *state;

	assert_true(join_add(j, G1, 7));
	join_created(j, G1, 5);
	join_ended(j, G1, 5);
	join_ended(j, G1, 7); /* its creation was lost */
	join_created(j, G1, 11);
	assert_int_equal(join_settle(j), 0);
}

static void test_elsewhere(void **state)
{
	struct join *j = *state;

	assert_true(join_add(j, G1, 7));
	join_created(j, G2, 9);
	join_ended(j, G2, 9);
	assert_int_equal(join_settle(j), 0);
}

/* A later reading does not bring back what an event has ended. */
static void test_not_again(void **state)
{
	struct join *j = *state;

	join_ended(j, G1, 7);
	join_begin(j, 200);
	assert_false(join_add(j, G1, 7));
	assert_true(join_add(j, G1, 7 + JOIN_RECENT));
	assert_true(join_add(j, G2, 8));
}

static void test_many(void **state)
{
	struct join *j = *state;
	size_t gone = 0;

	for (uint64_t i = 1; i <= 50000; i++)
		assert_true(join_add(j, i << 9, i));
	for (uint64_t i = 1; i <= 50000; i++) {
		if (i % 3 == 0)
			join_ended(j, i << 9, i);
		if (i % 2 == 0)
			join_created(j, i << 9, 100000 + i);
	}
	for (uint64_t g; (g = join_settle(j)); gone++)
		assert_true(g % 2 == 0 && g % 3);
	assert_int_equal(gone, 25000 - 8333);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(test_torn),		T(test_ended),
		T(test_earlier_tenant), T(test_earlier_tenant_then_end),
		T(test_elsewhere),	T(test_not_again),
		T(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
