/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/map64.h"

static void test_empty(void **state)
{
	struct map64 m = {0};
	uint32_t v = 7;

	assert_false(map64_get(&m, 1, &v));
	assert_int_equal(v, 7);
	assert_false(map64_del(&m, 1));
	map64_done(&m);
}

static void test_every_key_is_allowed(void **state)
{
	static const uint64_t keys[] = {0, 1, UINT64_MAX, UINT64_MAX - 1, 1ULL << 63};
	struct map64 m = {0};
	uint32_t v;

	for (uint32_t i = 0; i < 5; i++)
		assert_true(map64_put(&m, keys[i], i));
	assert_int_equal(m.len, 5);
	for (uint32_t i = 0; i < 5; i++) {
		assert_true(map64_get(&m, keys[i], &v));
		assert_int_equal(v, i);
	}
	assert_true(map64_get(&m, 0, NULL));
	map64_done(&m);
	assert_int_equal(m.len, 0);
}

static void test_value_range(void **state)
{
	struct map64 m = {0};
	uint32_t v;

	assert_true(map64_put(&m, 1, UINT32_MAX - 2));
	assert_true(map64_get(&m, 1, &v));
	assert_int_equal(v, UINT32_MAX - 2);
	assert_false(map64_put(&m, 2, UINT32_MAX - 1));
	assert_false(map64_put(&m, 2, UINT32_MAX));
	assert_false(map64_get(&m, 2, &v));
	map64_done(&m);
}

static void test_put_replaces(void **state)
{
	struct map64 m = {0};
	uint32_t v;

	assert_true(map64_put(&m, 5, 1));
	assert_true(map64_put(&m, 5, 2));
	assert_int_equal(m.len, 1);
	assert_true(map64_get(&m, 5, &v));
	assert_int_equal(v, 2);
	map64_done(&m);
}

static void test_load_stays_below_three_quarters(void **state)
{
	struct map64 m = {0};

	for (uint32_t i = 0; i < 100000; i++) {
		assert_true(map64_put(&m, i, i));
		assert_true(m.len * 4 <= m.cap * 3);
		assert_true((m.cap & (m.cap - 1)) == 0);
	}
	assert_true(m.cap <= 262144);
	map64_done(&m);
}

/* A reference that cannot be wrong: all keys lie below KEYS. */
enum { KEYS = 700, STEPS = 1000000 };

static void test_random_against_an_array(void **state)
{
	static uint32_t ref[KEYS]; /* value + 1 */
	struct map64 m = {0};
	uint64_t rnd = 1;
	size_t len = 0;

	memset(ref, 0, sizeof(ref));
	for (int i = 0; i < STEPS; i++) {
		uint32_t val, got = 0, k;
		uint64_t key;

		rnd = rnd * 6364136223846793005ULL + 1442695040888963407ULL;
		k = (uint32_t)(rnd >> 40) % KEYS;
		val = (uint32_t)(rnd >> 20) & 0xffffff;
		/* Spread over the whole range: neighbours, multiples of big powers of two. */
		key = (uint64_t)k << (k % 50);
		key = key * 1024 + k;
		switch ((rnd >> 33) % 3) {
		case 0:
			assert_true(map64_put(&m, key, val));
			len += !ref[k];
			ref[k] = val + 1;
			break;
		case 1:
			assert_int_equal(map64_del(&m, key), ref[k] != 0);
			len -= ref[k] != 0;
			ref[k] = 0;
			break;
		default:
			assert_int_equal(map64_get(&m, key, &got), ref[k] != 0);
			if (ref[k])
				assert_int_equal(got, ref[k] - 1);
		}
		assert_int_equal(m.len, len);
		/* Now and then all of them: a broken probe chain hides keys not touched. */
		if (i % 5000)
			continue;
		for (uint32_t j = 0; j < KEYS; j++) {
			uint64_t kj = ((uint64_t)j << (j % 50)) * 1024 + j;

			assert_int_equal(map64_get(&m, kj, &got), ref[j] != 0);
			if (ref[j])
				assert_int_equal(got, ref[j] - 1);
		}
	}
	map64_done(&m);
}

static void test_mix_is_a_bijection_on_a_sample(void **state)
{
	struct map64 m = {0};

	assert_int_not_equal(map64_mix(1), map64_mix(2));
	for (uint32_t i = 0; i < 100000; i++) {
		assert_false(map64_get(&m, map64_mix(i), NULL));
		assert_true(map64_put(&m, map64_mix(i), i));
	}
	map64_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_every_key_is_allowed),
		cmocka_unit_test(test_value_range),
		cmocka_unit_test(test_put_replaces),
		cmocka_unit_test(test_load_stays_below_three_quarters),
		cmocka_unit_test(test_random_against_an_array),
		cmocka_unit_test(test_mix_is_a_bijection_on_a_sample),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
