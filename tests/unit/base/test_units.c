/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/text.h"

static const char *dur(unsigned long long ns)
{
	static char buf[64];

	return golin_text_duration(buf, sizeof(buf), ns);
}

static void test_durations(void **state)
{
	assert_string_equal(dur(0), "0ns");
	assert_string_equal(dur(12), "12ns");
	assert_string_equal(dur(999), "999ns");
	assert_string_equal(dur(1000), "1us");
	assert_string_equal(dur(3400), "3.4us");
	assert_string_equal(dur(9999), "9.9us");
	assert_string_equal(dur(999999), "999us");
	assert_string_equal(dur(15000000), "15ms");
	assert_string_equal(dur(2500000000ULL), "2.5s");
	assert_string_equal(dur(59999999999ULL), "59s");
	assert_string_equal(dur(60000000000ULL), "1m");
	assert_string_equal(dur(724000000000ULL), "12m4s");
	assert_string_equal(dur(3599000000000ULL), "59m59s");
	assert_string_equal(dur(10920000000000ULL), "3h2m");
	assert_string_equal(dur(356400000000000ULL), "4d3h");
	assert_string_equal(dur(86400000000000ULL * 999 + 82800000000000ULL), "999d23h");
	assert_string_equal(dur(86400000000000ULL * 1000 + 82800000000000ULL), "1000d");
	assert_string_equal(dur(UINT64_MAX), "213503d");
}

static void test_durations_take_seven_columns(void **state)
{
	for (unsigned long long ns = 1; ns < 1ULL << 63; ns += 1 + ns / 777)
		assert_true(strlen(dur(ns)) <= 7);
}

static void test_parse_duration(void **state)
{
	static const struct {
		const char *s;
		unsigned long long ns;
	} good[] = {
		{"10s", 10000000000ULL},
		{"1.5m", 90000000000ULL},
		{"250ms", 250000000},
		{"1h", 3600000000000ULL},
		{"7", 7000000000ULL},
		{"0.5", 500000000},
		{"0", 0},
		{"3us", 3000},
		{"9ns", 9},
		{"2d", 172800000000000ULL},
		{"1m30s", 90000000000ULL},
		{"1h2m3.5s", 3723500000000ULL},
		{"0.0000000001s", 0},
		{"213503d", 18446659200000000000ULL},
	};
	static const char *const bad[] = {
		"",	 "s",	 "-1s",	    " 1s",	   "1 s",   "1x",
		"1.s",	 ".5s",	 "1s ",	    "1m30",	   "1e3s",  "1S",
		"1..5s", "+1s",	 "213504d", "18446744074", "0x10s", "99999999999999999999",
		"nan",	 "1s\n", "1h-3m",
	};
	unsigned long long v;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(golin_text_parse_duration(good[i].s, &v));
		assert_true(v == good[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		v = 4711;
		if (golin_text_parse_duration(bad[i], &v))
			fail_msg("'%s' was taken as %llu ns", bad[i], v);
		assert_int_equal(v, 4711);
	}
}

/* What golin prints, golin reads. */
static void test_printed_durations_parse(void **state)
{
	unsigned long long v;

	for (unsigned long long ns = 1; ns < 1ULL << 63; ns += 1 + ns / 99) {
		assert_true(golin_text_parse_duration(dur(ns), &v));
		assert_true(v <= ns && ns - v <= ns / 10);
	}
}

static void test_parse_size(void **state)
{
	static const struct {
		const char *s;
		unsigned long long v;
	} good[] = {
		{"4096", 4096},	   {"4k", 4096},       {"4K", 4096},
		{"64M", 67108864}, {"1G", 1073741824}, {"1.5k", 1536},
		{"0", 0},	   {"2MiB", 2097152},  {"2MB", 2097152},
		{"512B", 512},	   {"1t", 1ULL << 40}, {"16777215T", 16777215ULL << 40},
	};
	static const char *const bad[] = {"",
					  "k",
					  "-1",
					  "1.5",
					  "1kk",
					  "1 k",
					  "M64",
					  "0x40",
					  "1iB",
					  "1kb",
					  "16777216T",
					  "1k ",
					  "99999999999999999999"};
	unsigned long long v;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(golin_text_parse_size(good[i].s, &v));
		assert_true(v == good[i].v);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		v = 4711;
		if (golin_text_parse_size(bad[i], &v))
			fail_msg("'%s' was taken as %llu", bad[i], v);
		assert_int_equal(v, 4711);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_durations_take_seven_columns),
		cmocka_unit_test(test_parse_duration),
		cmocka_unit_test(test_printed_durations_parse),
		cmocka_unit_test(test_parse_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
