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

/* How many items the table does not know of in this layout. */
static int unknown_items(const struct golin_layout *l)
{
	int n = 0;

	for (int f = 0; f < GOLIN_F_MAX; f++)
		n += !l->fields[f].source && l->fields[f].offset == LAYOUT_UNKNOWN;
	return n;
}

/*
 * Of each release on each architecture the first and the last patch release are known whole; what
 * lies between is served, or refused because of a struct that changed meanwhile; what lies beyond
 * is refused.
 */
static void test_patches(void **state)
{
	struct golin_table_release releases[256];
	size_t n = golin_table_releases(releases, 256);
	int refused = 0, served = 0;

	assert_in_range(n, 15, 256);
	for (size_t i = 0; i < n; i++) {
		const struct golin_table_release *t = &releases[i];

		assert_int_equal(t->from_patch, 0);
		assert_in_range(t->to_patch, 1, 40);
		for (int patch = t->from_patch; patch <= t->to_patch + 1; patch++) {
			struct golin_err err = {0};
			enum golin_field_id a, b;
			struct golin_layout l;
			char text[32], who[96];
			int r;

			snprintf(text, sizeof(text), "go1.%d.%d", t->minor, patch);
			struct golin_go_version v = version(text);
			r = layout_from_table(&v, t->arch, &l, &err);
			if (patch > t->to_patch) {
				assert_int_equal(r, -ENODATA);
				snprintf(who, sizeof(who), " for %s, and this is %s", t->arch,
					 text);
				assert_non_null(strstr(err.msg, who));
				continue;
			}
			if (r) {
				assert_int_equal(r, -ENODATA);
				snprintf(who, sizeof(who),
					 "golin's table does not know all of %s on %s: ", text,
					 t->arch);
				assert_memory_equal(err.msg, who, strlen(who));
				assert_true(patch != t->from_patch && patch != t->to_patch);
				refused++;
				continue;
			}
			served++;
			assert_int_equal(golin_layout_check(&l, &err), 0);
			assert_false(layout_overlap(&l, &a, &b));
			if (patch == t->from_patch || patch == t->to_patch)
				assert_int_equal(unknown_items(&l), 0);
		}
	}
	print_message("%d releases on their architectures served, %d refused\n", served, refused);
	assert_true(served > 100 * refused);
}

/* Members lie within their struct, and a pointer has the size of the architecture's. */
static void test_arches(void **state)
{
	static const struct {
		const char *name;
		int first, pointer;
	} arches[] = {
		{"386", 13, 4},	    {"amd64", 13, 8}, {"arm", 13, 4},	  {"arm64", 13, 8},
		{"loong64", 19, 8}, {"mips", 13, 4},  {"mips64", 13, 8},  {"mips64le", 13, 8},
		{"mipsle", 13, 4},  {"ppc64", 13, 8}, {"ppc64le", 13, 8}, {"riscv64", 14, 8},
		{"s390x", 13, 8},
	};
	struct golin_table_release releases[256];
	size_t n = golin_table_releases(releases, 256), i = 0;

	for (size_t k = 0; k < sizeof(arches) / sizeof(arches[0]); k++) {
		unsigned int pointer = arches[k].pointer;

		for (int minor = arches[k].first; minor <= 27; minor++, i++) {
			struct golin_go_version v;
			struct golin_layout l;
			char text[32];

			assert_true(i < n);
			assert_string_equal(releases[i].arch, arches[k].name);
			assert_int_equal(releases[i].minor, minor);
			snprintf(text, sizeof(text), "1.%d", minor);
			assert_int_equal(golin_table_layout(text, arches[k].name, &v, &l, NULL), 0);
			assert_int_equal(v.patch, releases[i].to_patch);
			assert_int_equal(l.fields[GOLIN_F_STACK_hi].offset, pointer);
			assert_int_equal(l.fields[GOLIN_F_G_m].size, pointer);
			assert_int_equal(l.structs[GOLIN_S_EFACE].size, 2 * pointer);
			assert_int_equal(l.fields[GOLIN_F_G_goid].size, 8);
			for (int f = 0; f < GOLIN_F_MAX; f++)
				assert_true(!l.fields[f].source ||
					    l.fields[f].offset + l.fields[f].size <=
						    l.structs[golin_field_struct(f)].size);
		}
	}
	assert_int_equal(i, n);
	/* What is left over of the room is not touched. */
	releases[1].minor = 777;
	assert_int_equal(golin_table_releases(releases, 1), n);
	assert_int_equal(releases[1].minor, 777);
	assert_int_equal(golin_table_releases(NULL, 0), n);
}

static void test_by_name(void **state)
{
	static const struct {
		const char *asked, *is;
	} good[] = {
		{"go1.26.8", "go1.26.8"}, {"1.26.8", "go1.26.8"}, {"1.20", "go1.20.14"},
		{"go1.20", "go1.20.14"},  {"1.20.0", "go1.20.0"}, {"go1.13.15", "go1.13.15"},
	};
	static const char *const none[] = {"",	     "go",    "26.8",	 "1",
					   "latest", "go2.1", "v1.26.8", "1.x"};
	static const char *const unknown[] = {
		"1.12.17", "1.28", "1.26.99", "go1.26rc1", "devel go1.27-abcdef", "1.999.999"};
	struct golin_go_version v;
	struct golin_layout l;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(golin_table_layout(good[i].asked, "amd64", &v, &l, NULL), 0);
		assert_string_equal(v.short_, good[i].is);
		assert_string_equal(v.text, good[i].is);
		assert_int_equal(l.source, GOLIN_FROM_TABLE);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(golin_table_layout(none[i], "amd64", &v, &l, NULL), -EINVAL);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_int_equal(golin_table_layout(unknown[i], "amd64", NULL, &l, NULL), -ENODATA);
	assert_int_equal(golin_table_layout("1.26", "vax", NULL, &l, NULL), -ENODATA);
	assert_int_equal(golin_table_layout("1.18", "loong64", NULL, &l, NULL), -ENODATA);
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
	layout_table_absent(&old, "vax", absent);
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

/*
 * Releases between two that differ, of which nobody has a toolchain: a member that appeared
 * meanwhile is neither there nor absent, and without its size a struct is not known at all.
 */
static void test_gaps(void **state)
{
	static const struct {
		const char *go;
		bool there, unknown;
	} parking[] = {
		{"go1.14.7", false, false}, {"go1.14.8", false, true},	{"go1.14.14", false, true},
		{"go1.14.15", true, false}, {"go1.15.2", false, false}, {"go1.15.3", true, false},
	};
	struct golin_go_version m = version("go1.14.1"), p = version("go1.16.5");
	struct golin_err err = {0};
	struct golin_layout l;

	for (size_t i = 0; i < sizeof(parking) / sizeof(parking[0]); i++) {
		struct golin_go_version v = version(parking[i].go);
		const struct golin_field *f = &l.fields[GOLIN_F_G_parkingOnChan];

		assert_int_equal(layout_from_table(&v, "amd64", &l, NULL), 0);
		assert_int_equal(f->source != GOLIN_FROM_NONE, parking[i].there);
		assert_int_equal(layout_is_unknown(f), parking[i].unknown);
		assert_int_equal(l.structs[GOLIN_S_G].source, GOLIN_FROM_TABLE);
	}
	assert_int_equal(layout_from_table(&p, "amd64", &l, NULL), 0);
	assert_int_equal(l.structs[GOLIN_S_P].source, GOLIN_FROM_NONE);
	assert_true(layout_is_unknown(&l.fields[GOLIN_F_P_id]));

	assert_int_equal(layout_from_table(&m, "amd64", &l, &err), -ENODATA);
	assert_string_equal(err.msg, "golin's table does not know all of go1.14.1 on amd64: the "
				     "layout lacks runtime.m.g0, runtime.m.curg");
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
	expect_refused("go1.18.1", "loong64",
		       "golin's table has go1.19 to go1.27 for loong64, and this is go1.18.1");
	expect_refused("go1.20.15", "arm64",
		       "golin's table has go1.20.0 to go1.20.14 for arm64, and this is go1.20.15");
	expect_refused("go1.26.8", "vax", "golin's table has nothing for vax");
	expect_refused("go1.26rc1", "amd64",
		       "golin's table has releases only, and 'go1.26rc1' is none");
	expect_refused("devel go1.27-abcdef", "amd64",
		       "golin's table has releases only, and 'devel go1.27-abcdef' is none");
	/* Not looked at: whether it moves anything is not known. */
	expect_refused(
		"go1.26.8-X:nodwarf5,unheardof", "amd64",
		"golin's table does not know what GOEXPERIMENT 'unheardof' does in go1.26.8");
	expect_refused(
		"go1.20.14 X:nodwarf5", "amd64", /* since 1.25 */
		"golin's table does not know what GOEXPERIMENT 'nodwarf5' does in go1.20.14");
	expect_refused("go1.25.1 X:", "amd64",
		       "golin's table does not know what GOEXPERIMENT '' does in go1.25.1");
}

/* A list that does not fit into the text of the version is refused, not cut. */
static void test_many_experiments(void **state)
{
	struct golin_go_version v = version("go1.25.14 X:nodwarf5,nodwarf5,nodwarf5,nodwarf5,"
					    "nodwarf5,nodwarf5,staticlockranking");
	struct golin_err err = {0};
	struct golin_layout l;

	assert_int_equal(layout_from_table(&v, "amd64", &l, &err), -ENODATA);
}

/* Experiments that move nothing, and those that do: then of what they move nothing is said. */
static void test_experiments(void **state)
{
	struct golin_go_version plain = version("go1.24.13"), x = version("go1.24.13 X:loopvar"),
				maps = version("go1.24.13 X:noswissmap,loopvar"),
				ranks = version("go1.24.13 X:staticlockranking"),
				dash = version("go1.26.8-X:nodwarf5,jsonv2");
	bool absent[GOLIN_S_MAX];
	struct golin_layout a, b;
	struct golin_err err = {0};

	assert_int_equal(layout_from_table(&plain, "amd64", &a, NULL), 0);
	assert_int_equal(layout_from_table(&x, "amd64", &b, NULL), 0);
	assert_int_equal(layout_differences(&a, &b), 0);

	assert_int_equal(layout_from_table(&maps, "amd64", &b, NULL), 0);
	assert_int_equal(a.structs[GOLIN_S_MAP].source, GOLIN_FROM_TABLE);
	assert_int_equal(b.structs[GOLIN_S_MAP].source, GOLIN_FROM_NONE);
	assert_int_equal(b.fields[GOLIN_F_MAP_used].source, GOLIN_FROM_NONE);
	assert_int_equal(b.fields[GOLIN_F_MAP_used].offset, LAYOUT_UNKNOWN);
	assert_int_equal(a.fields[GOLIN_F_HMAP_count].offset, 0); /* absent */
	assert_int_equal(b.fields[GOLIN_F_HMAP_count].offset, LAYOUT_UNKNOWN);
	assert_memory_equal(&a.fields[GOLIN_F_G_goid], &b.fields[GOLIN_F_G_goid],
			    sizeof(a.fields[0]));
	/* Nor is anything absent for good then. */
	layout_table_absent(&plain, "amd64", absent);
	assert_true(absent[GOLIN_S_HMAP]);
	layout_table_absent(&maps, "amd64", absent);
	assert_false(absent[GOLIN_S_HMAP]);

	/* A rank in every lock moves what is required. */
	assert_int_equal(layout_from_table(&ranks, "amd64", &b, &err), -ENODATA);
	assert_non_null(strstr(err.msg,
			       "does not know all of go1.24.13 X:staticlockranking on amd64: "
			       "the layout lacks "));
	assert_int_equal(layout_from_table(&dash, "amd64", &b, &err), 0);
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
		cmocka_unit_test(test_expected),    cmocka_unit_test(test_patches),
		cmocka_unit_test(test_arches),	    cmocka_unit_test(test_by_name),
		cmocka_unit_test(test_absent),	    cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_refused),	    cmocka_unit_test(test_many_experiments),
		cmocka_unit_test(test_experiments), cmocka_unit_test(test_check),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
