/* SPDX-License-Identifier: BSD-2-Clause */
/* Names looked up in one pass: the same answers as a search for each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "name_set.h"

/* The places of "\0name\0", and of "name\0" at the begin. */
static int search(const uint8_t *t, size_t len, const char *name, uint32_t *ret)
{
	size_t n = strlen(name) + 1;
	int k = 0;

	for (size_t i = 0; i + n <= len && k < NAME_SET_SAME; i++)
		if ((!i || !t[i - 1]) && !memcmp(t + i, name, n))
			ret[k++] = i;
	return k;
}

static void check(const uint8_t *t, size_t len, const char *const *names, size_t n)
{
	struct name_set *s = name_set_new(t, len, names, n);

	assert_non_null(s);
	for (size_t i = 0; i < n; i++) {
		uint32_t want[NAME_SET_SAME], got[NAME_SET_SAME];
		int k = search(t, len, names[i], want), m = -1;

		assert_true(name_set_get(s, names[i], got, NAME_SET_SAME, &m));
		assert_int_equal(m, k);
		assert_memory_equal(got, want, k * sizeof(*got));
	}
	name_set_free(s);
}

static void finds(void **state)
{
	static const uint8_t table[] = "runtime.main\0main.main\0main.mai\0runtime.main\0"
				       "main.main.func1\0\0\0abc\0xruntime.main\0main.cut";
	static const char *const names[] = {"runtime.main", "main.main",   "main.mai",
					    "main.ma",	    "abc",	   "main.cut",
					    "none",	    "runtime.main"};
	struct name_set *s;
	uint32_t at[2];
	int n = -1;

	/* Without the last NUL: main.cut does not end within. */
	check(table, sizeof(table) - 1, names, 8);
	check(table, sizeof(table), names, 8);
	check(table, 0, names, 8);
	check((const uint8_t *)"abc", 4, names, 8);
	s = name_set_new(table, sizeof(table), names, 8);
	assert_true(name_set_get(s, "runtime.main", at, 1, &n));
	assert_int_equal(n, 1);
	assert_int_equal(at[0], 0);
	/* Not looked for, which is not the same as absent. */
	assert_false(name_set_get(s, "main.main.func1", at, 2, &n));
	assert_false(name_set_get(s, "", at, 2, &n));
	assert_false(name_set_get(NULL, "abc", at, 2, &n));
	name_set_free(s);
	name_set_free(NULL);
}

static void short_names_are_left_out(void **state)
{
	static const char *const names[] = {"", "a", "ab", "abc"};
	struct name_set *s = name_set_new((const uint8_t *)"a\0ab\0abc", 9, names, 4);
	uint32_t at[1];
	int n = -1;

	assert_non_null(s);
	for (int i = 0; i < 3; i++)
		assert_false(name_set_get(s, names[i], at, 1, &n));
	assert_true(name_set_get(s, "abc", at, 1, &n));
	assert_int_equal(at[0], 5);
	name_set_free(s);
}

/* All that are asked for, thousands of times each, among others that begin alike. */
static void many(void **state)
{
	static char text[NAME_SET_MAX][16];
	const char *names[NAME_SET_MAX + 1];
	size_t len = 0, cap = 4 << 20;
	uint8_t *table = malloc(cap);
	uint64_t seed = 7;

	assert_non_null(table);
	for (int i = 0; i < NAME_SET_MAX; i++) {
		snprintf(text[i], sizeof(text[i]), "main.f%d", i * 7);
		names[i] = text[i];
	}
	while (len + 32 < cap) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		len += sprintf((char *)table + len, "main.f%d",
			       (int)(seed >> 33) % (NAME_SET_MAX * 9)) +
		       1;
	}
	check(table, len, names, 64);
	check(table, len / 2, names + NAME_SET_MAX - 64, 64);
	check(table, 4096, names, NAME_SET_MAX);
	names[NAME_SET_MAX] = "one more";
	assert_null(name_set_new(table, len, names, NAME_SET_MAX + 1));
	free(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
		cmocka_unit_test(short_names_are_left_out),
		cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
