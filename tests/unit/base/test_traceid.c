/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/map64.h"
#include "base/traceid.h"
#include "golin/record.h"

#define MS 1000000ull
#define NOW 1700000000123456789ull /* 2023-11-14T22:13:20.123Z */

_Static_assert(TRACEID_HLC == (int)GOLIN_TRACE_HLC &&
		       TRACEID_SNOWFLAKE == (int)GOLIN_TRACE_SNOWFLAKE &&
		       TRACEID_UUID == (int)GOLIN_TRACE_UUID,
	       "the records have the same numbers");

static const uint64_t seed[2] = {1, 2};
static const uint32_t kinds[] = {GOLIN_TRACE_HLC, GOLIN_TRACE_SNOWFLAKE, GOLIN_TRACE_UUID};
enum { KINDS = 3, MANY = 1000000 };

static int cmp(const uint64_t a[2], const uint64_t b[2])
{
	if (a[0] != b[0])
		return a[0] < b[0] ? -1 : 1;
	return a[1] < b[1] ? -1 : a[1] > b[1];
}

static void test_snowflake_is_read_back(void **state)
{
	struct traceid t;
	uint64_t id[2];
	char buf[TRACEID_TEXT];

	traceid_init(&t, GOLIN_TRACE_SNOWFLAKE, 0x2a5, seed);
	traceid_next(&t, NOW, id);
	assert_int_equal((id[0] >> 22) + 1577836800000ull, NOW / MS);
	assert_int_equal(id[0] >> 12 & 0x3ff, 0x2a5);
	assert_int_equal(id[0] & 0xfff, 0);
	assert_int_equal(id[1], 0);
	assert_int_equal(strtoull(traceid_text(t.kind, id, buf), NULL, 10), id[0]);
	traceid_next(&t, NOW, id);
	assert_int_equal(id[0] & 0xfff, 1);
}

static void test_machine_is_cut(void **state)
{
	struct traceid t;
	uint64_t id[2];

	traceid_init(&t, GOLIN_TRACE_SNOWFLAKE, UINT32_MAX, seed);
	traceid_next(&t, NOW, id);
	assert_int_equal(id[0] >> 12 & 0x3ff, 0x3ff);
	assert_int_equal((id[0] >> 22) + 1577836800000ull, NOW / MS);
}

/* 2020 is where its time begins; a clock before that makes ids all the same. */
static void test_snowflake_before_its_epoch(void **state)
{
	struct traceid t;
	uint64_t a[2], b[2];

	traceid_init(&t, GOLIN_TRACE_SNOWFLAKE, 1, seed);
	traceid_next(&t, 0, a);
	traceid_next(&t, 5 * MS, b);
	assert_int_equal(a[0] >> 22, 0);
	assert_true(cmp(a, b) < 0);
}

static void test_hlc_is_read_back(void **state)
{
	struct traceid t;
	uint64_t id[2];
	char buf[TRACEID_TEXT];

	traceid_init(&t, GOLIN_TRACE_HLC, 0x155, seed);
	traceid_next(&t, NOW, id);
	assert_int_equal(id[0] >> 16, NOW / MS);
	assert_int_equal(id[0] & 0xffff, 0);
	assert_int_equal(id[1] >> 54, 0x155);
	assert_int_equal(strlen(traceid_text(t.kind, id, buf)), 32);
	assert_int_equal(strspn(buf, "0123456789abcdef"), 32);
	assert_memory_equal(buf, "018bcfe5687b0000", 16);
}

static void test_uuid_is_version_7(void **state)
{
	struct traceid t;
	uint64_t id[2];
	char buf[TRACEID_TEXT];

	traceid_init(&t, GOLIN_TRACE_UUID, 0, seed);
	for (int k = 0; k < 1000; k++) {
		traceid_next(&t, NOW, id);
		traceid_text(t.kind, id, buf);
		assert_int_equal(strlen(buf), 36);
		assert_int_equal(id[0] >> 16, NOW / MS);
		assert_true(buf[8] == '-' && buf[13] == '-' && buf[18] == '-' && buf[23] == '-');
		assert_int_equal(buf[14], '7');
		assert_non_null(strchr("89ab", buf[19]));
		assert_int_equal(strspn(buf, "0123456789abcdef-"), 36);
		assert_memory_equal(buf, "018bcfe5-687b-7", 15);
	}
}

static void test_no_generator_no_text(void **state)
{
	struct traceid t;
	uint64_t id[2] = {1, 1};
	char buf[TRACEID_TEXT] = "x";

	traceid_init(&t, 0, 7, seed);
	traceid_next(&t, NOW, id);
	assert_int_equal(id[0] | id[1], 0);
	assert_string_equal(traceid_text(0, id, buf), "");
	assert_string_equal(traceid_text(99, id, buf), "");
}

/* Trace ids of W3C must not be all zero. */
static void test_never_zero(void **state)
{
	static const uint64_t none[2] = {0, 0};

	for (int k = 0; k < KINDS; k++) {
		struct traceid t;
		uint64_t id[2];

		traceid_init(&t, kinds[k], 0, none);
		traceid_next(&t, 0, id);
		assert_true(id[0] || id[1]);
	}
}

/* Strictly greater in the first word alone: that is also the order of their text. */
static void assert_million(uint32_t kind, uint64_t (*clock)(int k))
{
	struct traceid t;
	uint64_t id[2], last[2] = {0, 0};

	traceid_init(&t, kind, 3, seed);
	for (int k = 0; k < MANY; k++) {
		traceid_next(&t, clock(k), id);
		assert_true(id[0] > last[0]);
		last[0] = id[0];
	}
}

static uint64_t stands_still(int k)
{
	return NOW;
}

static uint64_t goes_back(int k)
{
	return NOW - (uint64_t)k * MS;
}

static uint64_t jumps(int k)
{
	return NOW + (map64_mix((uint64_t)k) % 2000) * MS;
}

static uint64_t goes_on(int k)
{
	return NOW + (uint64_t)k * 311;
}

static void test_a_million_in_order(void **state)
{
	for (int k = 0; k < KINDS; k++) {
		assert_million(kinds[k], goes_on);
		assert_million(kinds[k], stands_still);
		assert_million(kinds[k], goes_back);
		assert_million(kinds[k], jumps);
	}
}

static int by_order(const void *a, const void *b)
{
	return cmp(a, b);
}

/* Two generators with seeds of their own, at the same time: the random part keeps them apart. */
static void test_two_generators_a_million_apart(void **state)
{
	static const uint32_t random_kinds[] = {GOLIN_TRACE_HLC, GOLIN_TRACE_UUID};
	uint64_t(*all)[2] = calloc(MANY, sizeof(*all));

	assert_non_null(all);
	for (int k = 0; k < 2; k++) {
		struct traceid a, b;
		const uint64_t other[2] = {1, 3};

		traceid_init(&a, random_kinds[k], 3, seed);
		traceid_init(&b, random_kinds[k], 3, other);
		for (int i = 0; i < MANY; i += 2) {
			traceid_next(&a, NOW, all[i]);
			traceid_next(&b, NOW, all[i + 1]);
			assert_int_equal(all[i][0], all[i + 1][0]);
		}
		qsort(all, MANY, sizeof(*all), by_order);
		for (int i = 1; i < MANY; i++)
			assert_true(cmp(all[i - 1], all[i]) < 0);
	}
	free(all);
}

/* Snowflakes have no random part: it is the machine that keeps them apart. */
static void test_two_machines(void **state)
{
	struct traceid a, b;
	uint64_t x[2], y[2];

	traceid_init(&a, GOLIN_TRACE_SNOWFLAKE, 1, seed);
	traceid_init(&b, GOLIN_TRACE_SNOWFLAKE, 2, seed);
	for (int k = 0; k < 10000; k++) {
		traceid_next(&a, NOW, x);
		traceid_next(&b, NOW, y);
		assert_int_equal(x[0] ^ y[0], 3 << 12);
	}
}

/* 4096 fit into a ms, 65536 of hlc; the next one takes from the future, and time catches up. */
static void test_borrows_and_catches_up(void **state)
{
	static const uint32_t room[] = {1 << 16, 1 << 12, 1 << 12};
	static const int shift[] = {16, 22, 16};

	for (int k = 0; k < KINDS; k++) {
		struct traceid t;
		uint64_t id[2], first;

		traceid_init(&t, kinds[k], 0, seed);
		traceid_next(&t, NOW, id);
		first = id[0] >> shift[k];
		for (uint32_t i = 1; i < room[k]; i++)
			traceid_next(&t, NOW, id);
		assert_int_equal(id[0] >> shift[k], first);
		traceid_next(&t, NOW, id);
		assert_int_equal(id[0] >> shift[k], first + 1);
		assert_int_equal(t.counter, 0);
		traceid_next(&t, NOW + MS, id);
		assert_int_equal(id[0] >> shift[k], first + 1);
		assert_int_equal(t.counter, 1);
		traceid_next(&t, NOW + 2 * MS, id);
		assert_int_equal(id[0] >> shift[k], first + 2);
		assert_int_equal(t.counter, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_snowflake_is_read_back),
		cmocka_unit_test(test_machine_is_cut),
		cmocka_unit_test(test_snowflake_before_its_epoch),
		cmocka_unit_test(test_hlc_is_read_back),
		cmocka_unit_test(test_uuid_is_version_7),
		cmocka_unit_test(test_no_generator_no_text),
		cmocka_unit_test(test_never_zero),
		cmocka_unit_test(test_a_million_in_order),
		cmocka_unit_test(test_two_generators_a_million_apart),
		cmocka_unit_test(test_two_machines),
		cmocka_unit_test(test_borrows_and_catches_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
