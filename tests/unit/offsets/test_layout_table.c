/* SPDX-License-Identifier: BSD-2-Clause */
/* golin's own table: what it says of each Go minor, and what it refuses to say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "base/err.h"
#include "expected.h"
#include "layout.h"

static struct golin_go_version version(const char *text)
{
	struct golin_go_version v;

	assert_true(golin_go_version_parse(text, &v));
	return v;
}

static void test_expected(void **state)
{
	static struct expected lines[MAX_EXPECTED];
	int n = expected_read("layouts_expected.tsv", lines, MAX_EXPECTED), minors = 0;

	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		struct golin_err err = {0};
		struct golin_layout l;

		if (i && lines[i].go.minor == lines[i - 1].go.minor)
			continue;
		minors++;
		assert_int_equal(layout_from_table(&lines[i].go, "amd64", &l, &err), 0);
		assert_int_equal(l.source, GOLIN_FROM_TABLE);
		assert_int_equal(expected_compare(lines, n, &lines[i].go, &l), 0);
		assert_int_equal(golin_layout_check(&l, &err), 0);
	}
	assert_int_equal(minors, 15); /* 1.13 to 1.27 */
}

/* All patch releases of a minor agree on every member; newer ones than known are served. */
static void test_patches(void **state)
{
	for (int minor = 13; minor <= 27; minor++) {
		struct golin_layout first, l;
		char text[32];

		for (int patch = 0; patch < 40; patch++) {
			struct golin_go_version v;

			snprintf(text, sizeof(text), "go1.%d.%d", minor, patch);
			v = version(text);
			assert_int_equal(layout_from_table(&v, "amd64", &l, NULL), 0);
			/* The size of runtime.m is the one thing that is left open, in one release.
			 */
			if (strcmp(text, "go1.14.1"))
				assert_int_equal(l.structs[GOLIN_S_M].source, GOLIN_FROM_TABLE);
			else
				assert_int_equal(l.structs[GOLIN_S_M].source, GOLIN_FROM_NONE);
			if (!patch)
				first = l;
			memcpy(l.structs, first.structs, sizeof(l.structs));
			assert_int_equal(layout_differences(&first, &l), 0);
		}
	}
}

static void test_absent(void **state)
{
	struct golin_go_version old = version("go1.20.14"), new = version("go1.21.0");
	struct golin_layout l;
	bool absent[GOLIN_S_MAX];
	uint32_t offset = 77;

	assert_int_equal(layout_from_table(&old, "amd64", &l, NULL), 0);
	assert_false(golin_layout_get(&l, GOLIN_F_G_parentGoid, &offset));
	assert_int_equal(offset, 77);
	assert_int_equal(l.structs[GOLIN_S_CORO].source, GOLIN_FROM_NONE);
	layout_table_absent(&old, "amd64", absent);
	assert_true(absent[GOLIN_S_CORO]);
	assert_false(absent[GOLIN_S_G]);
	layout_table_absent(&old, "mips", absent);
	assert_false(absent[GOLIN_S_CORO]);
	layout_table_absent(&new, "amd64", absent);
	assert_true(absent[GOLIN_S_CORO]); /* since 1.22 */
	/* A real offset of 0 is not absent. */
	assert_true(golin_layout_get(&l, GOLIN_F_G_stack, &offset));
	assert_int_equal(offset, 0);
	assert_int_equal(layout_from_table(&new, "amd64", &l, NULL), 0);
	assert_true(golin_layout_get(&l, GOLIN_F_G_parentGoid, &offset));
	assert_int_equal(offset, 272);
	assert_string_equal(l.fields[GOLIN_F_G_parentGoid].type, "uint64");
}

static void expect_refused(const char *text, const char *arch, const char *msg)
{
	struct golin_go_version v = version(text);
	struct golin_err err = {0};
	struct golin_layout l;

	assert_int_equal(layout_from_table(&v, arch, &l, &err), -ENODATA);
	assert_string_equal(err.msg, msg);
}

static void test_refused(void **state)
{
	expect_refused("go1.28.0", "amd64",
		       "golin's table has go1.13 to go1.27 for amd64, and this is go1.28.0");
	expect_refused("go1.12.17", "amd64",
		       "golin's table has go1.13 to go1.27 for amd64, and this is go1.12.17");
	expect_refused("go1.26.8", "s390x", "golin's table has nothing for s390x");
	expect_refused("go1.26rc1", "amd64",
		       "golin's table has releases only, and 'go1.26rc1' is none");
	expect_refused("devel go1.27-abcdef", "amd64",
		       "golin's table has releases only, and 'devel go1.27-abcdef' is none");
	expect_refused("go1.26.8 X:staticlockranking", "amd64",
		       "golin's table does not serve builds with GOEXPERIMENT 'staticlockranking' "
		       "(go1.26.8 X:staticlockranking)");
	expect_refused(
		"go1.26.8 X:nodwarf5,unheardof", "amd64",
		"golin's table does not serve builds with GOEXPERIMENT 'unheardof' (go1.26.8 "
		"X:nodwarf5,unheardof)");
}

static void test_neutral(void **state)
{
	struct golin_go_version plain = version("go1.26.8"),
				x = version("go1.26.8 X:nodwarf5,jsonv2");
	struct golin_layout a, b;

	assert_int_equal(layout_from_table(&plain, "amd64", &a, NULL), 0);
	assert_int_equal(layout_from_table(&x, "amd64", &b, NULL), 0);
	assert_int_equal(layout_differences(&a, &b), 0);
}

static void test_check(void **state)
{
	struct golin_go_version v = version("go1.26.8");
	struct golin_err err = {0};
	struct golin_layout l;

	assert_int_equal(layout_from_table(&v, "amd64", &l, NULL), 0);
	l.fields[GOLIN_F_G_coroarg].source = GOLIN_FROM_NONE; /* optional */
	assert_int_equal(golin_layout_check(&l, &err), 0);
	l.fields[GOLIN_F_G_goid].source = GOLIN_FROM_NONE;
	l.fields[GOLIN_F_M_curg].source = GOLIN_FROM_NONE;
	assert_int_equal(golin_layout_check(&l, &err), -ENODATA);
	assert_string_equal(err.msg, "the layout lacks runtime.g.goid, runtime.m.curg");
}

static void test_names(void **state)
{
	assert_int_equal(golin_struct_find("runtime.g"), GOLIN_S_G);
	assert_int_equal(golin_struct_find("runtime.gg"), GOLIN_S_MAX);
	assert_int_equal(golin_struct_find(""), GOLIN_S_MAX);
	assert_int_equal(golin_field_find(GOLIN_S_G, "goid"), GOLIN_F_G_goid);
	assert_int_equal(golin_field_find(GOLIN_S_M, "goid"), GOLIN_F_MAX);
	assert_string_equal(golin_struct_name(GOLIN_S_GOBUF), "runtime.gobuf");
	assert_string_equal(golin_field_name(GOLIN_F_G_panic), "_panic");
	assert_int_equal(golin_field_struct(GOLIN_F_M_curg), GOLIN_S_M);
	assert_true(golin_field_required(GOLIN_F_G_goid));
	assert_false(golin_field_required(GOLIN_F_G_parentGoid));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expected), cmocka_unit_test(test_patches),
		cmocka_unit_test(test_absent),	 cmocka_unit_test(test_refused),
		cmocka_unit_test(test_neutral),	 cmocka_unit_test(test_check),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
