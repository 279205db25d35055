/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "golin/offsets.h"

static void test_versions(void **state)
{
	static const struct {
		const char *text;
		int minor, patch;
		bool devel;
		const char *brief;
	} good[] = {
		{"go1.26.8", 26, 8, false, "go1.26.8"},
		{"go1.26", 26, 0, false, "go1.26"},
		{"go1.13.15", 13, 15, false, "go1.13.15"},
		{"go1.26.8 X:nodwarf5", 26, 8, false, "go1.26.8"},
		{"go1.26.8-X:nodwarf5,jsonv2", 26, 8, false, "go1.26.8"},
		{"go1.26-X:nodwarf5", 26, 0, false, "go1.26"},
		{"go1.26rc1-X:nodwarf5", 26, 0, true, "go1.26rc1-X:nodwarf5"},
		{"go1.21.3 (Red Hat 1.21.3-1.el9)", 21, 3, false, "go1.21.3"},
		{"go1.27rc1", 27, 0, true, "go1.27rc1"},
		{"go1.9beta2", 9, 0, true, "go1.9beta2"},
		{"go1.22-20240109-RC01 cl/596950294", 22, 0, true, "go1.22-20240109-RC01"},
		{"go1.25.0-custom", 25, 0, true, "go1.25.0-custom"},
		{"devel go1.28-0a1b2c3d4e Tue Nov 3 2026", 28, 0, true, "go1.28-0a1b2c3d4e"},
		{"devel go1.28", 28, 0, true, "go1.28"},
		{"go1.0", 0, 0, false, "go1.0"},
		{"go1.999.999", 999, 999, false, "go1.999.999"},
	};
	static const char *const bad[] = {
		"",	     "go",	  "go1",      "go1.",	     "go2.1",
		"go1.x",     "1.26.8",	  "unknown",  "devel +a1b2", "devel",
		"go1.26.",   "go1.26.x",  "go1.1000", "go1.26.1000", "go1.026",
		"go1.26.08", " go1.26.8", "go1.-1",   "go 1.26.8",   "devel  go1.28",
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct golin_go_version v;

		assert_true(golin_go_version_parse(good[i].text, &v));
		assert_int_equal(v.minor, good[i].minor);
		assert_int_equal(v.patch, good[i].patch);
		assert_int_equal(v.devel, good[i].devel);
		assert_string_equal(v.text, good[i].text);
		assert_string_equal(v.short_, good[i].brief);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct golin_go_version v = {.minor = 77};

		assert_false(golin_go_version_parse(bad[i], &v));
		assert_int_equal(v.minor, 77); /* untouched */
	}
}

static void test_long(void **state)
{
	struct golin_go_version v;
	char text[300];

	memset(text, 'x', sizeof(text));
	memcpy(text, "go1.26.8 X:", 11);
	text[sizeof(text) - 1] = '\0';
	assert_true(golin_go_version_parse(text, &v));
	assert_true(strlen(v.text) < sizeof(v.text));
	assert_non_null(strstr(v.text, "...(+"));
	memset(text + 8, 'y', 100);
	assert_true(golin_go_version_parse(text, &v));
	assert_true(v.devel);
	assert_true(strlen(v.short_) < sizeof(v.short_));
}

static void test_dirty(void **state)
{
	struct golin_go_version v;

	assert_true(golin_go_version_parse("go1.26.8 \x1b[31m", &v));
	assert_string_equal(v.text, "go1.26.8 \\x1b[31m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_dirty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
