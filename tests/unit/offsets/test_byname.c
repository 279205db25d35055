/* SPDX-License-Identifier: BSD-2-Clause */
/* Layouts by name: every name of layout.def finds its own thing, and absent is told from unknown.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "golin/layout.h"

static const struct {
	enum golin_struct_id id;
	const char *name, *other;
} structs[] = {
#define GOLIN_STRUCT(id, n, o) {GOLIN_S_##id, n, o},
#define GOLIN_FIELD(s, id, m, o, need)
#include "golin/layout.def"
#undef GOLIN_STRUCT
#undef GOLIN_FIELD
};

static const struct {
	enum golin_struct_id structure;
	enum golin_field_id id;
	const char *member, *other;
} fields[] = {
#define GOLIN_STRUCT(id, n, o)
#define GOLIN_FIELD(s, id, m, o, need) {GOLIN_S_##s, GOLIN_F_##s##_##id, m, o},
#include "golin/layout.def"
#undef GOLIN_STRUCT
#undef GOLIN_FIELD
};

/* A layout in which every value tells whose it is. */
static struct golin_layout *full(void)
{
	struct golin_layout *l = golin_layout_new();

	assert_non_null(l);
	for (int i = 0; i < GOLIN_S_MAX; i++)
		l->structs[i] = (struct golin_struct){.size = 1000 + i, .source = GOLIN_FROM_DWARF};
	for (int i = 0; i < GOLIN_F_MAX; i++)
		l->fields[i] = (struct golin_field){.offset = 5000 + i, .source = GOLIN_FROM_TABLE};
	l->source = GOLIN_FROM_DWARF;
	return l;
}

/* The next of |-separated names; false behind the last. */
static bool next_name(const char **list, char *dst, size_t cap)
{
	size_t len = strcspn(*list, "|");

	if (!**list)
		return false;
	assert_true(len < cap);
	memcpy(dst, *list, len);
	dst[len] = '\0';
	*list += len + ((*list)[len] == '|');
	return true;
}

static void test_every_struct(void **state)
{
	struct golin_layout *l = full();
	struct golin_struct s;
	char name[128];

	(void)state;
	for (size_t i = 0; i < sizeof(structs) / sizeof(structs[0]); i++) {
		const char *other = structs[i].other;

		assert_int_equal(golin_layout_struct(l, structs[i].name, &s), 0);
		assert_int_equal(s.size, 1000 + structs[i].id);
		while (next_name(&other, name, sizeof(name))) {
			assert_int_equal(golin_layout_struct(l, name, &s), 0);
			assert_int_equal(s.size, 1000 + structs[i].id);
		}
		assert_string_equal(golin_wanted_struct(i), structs[i].name);
	}
	assert_null(golin_wanted_struct(GOLIN_S_MAX));
	assert_null(golin_wanted_struct(UINT32_MAX));
	golin_layout_free(l);
}

static void test_every_member(void **state)
{
	struct golin_layout *l = full();
	struct golin_field f;
	uint32_t j = 0;
	char name[128];

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *of = structs[fields[i].structure].name, *other = fields[i].other;

		assert_int_equal(golin_layout_field(l, of, fields[i].member, &f), 0);
		assert_int_equal(f.offset, 5000 + fields[i].id);
		while (next_name(&other, name, sizeof(name))) {
			assert_int_equal(golin_layout_field(l, of, name, &f), 0);
			assert_int_equal(f.offset, 5000 + fields[i].id);
		}
		if (i && fields[i].structure != fields[i - 1].structure) {
			assert_null(golin_wanted_member(fields[i - 1].structure, j));
			j = 0;
		}
		assert_string_equal(golin_wanted_member(fields[i].structure, j++),
				    fields[i].member);
	}
	assert_null(golin_wanted_member(GOLIN_S_MAX, 0));
	assert_null(golin_wanted_member(0, UINT32_MAX));
	golin_layout_free(l);
}

static void test_absent_and_unknown(void **state)
{
	struct golin_layout *l = golin_layout_new();
	struct golin_field f = {.offset = 7};
	struct golin_struct s = {.size = 7};

	(void)state;
	assert_int_equal(golin_layout_source(l), GOLIN_FROM_NONE);
	assert_int_equal(golin_layout_struct(l, "runtime.g", &s), -ENODATA);
	assert_int_equal(golin_layout_field(l, "runtime.g", "goid", &f), -ENODATA);
	assert_int_equal(golin_layout_struct(l, "runtime.G", &s), -ENOENT);
	assert_int_equal(golin_layout_struct(l, "", &s), -ENOENT);
	assert_int_equal(golin_layout_field(l, "runtime.g", "goi", &f), -ENOENT);
	assert_int_equal(golin_layout_field(l, "runtime.g", "", &f), -ENOENT);
	assert_int_equal(golin_layout_field(l, "runtime.none", "goid", &f), -ENOENT);
	/* A member of another struct. */
	assert_int_equal(golin_layout_field(l, "runtime.stack", "goid", &f), -ENOENT);
	assert_int_equal(f.offset, 7);
	assert_int_equal(s.size, 7);
	golin_layout_free(l);
	golin_layout_free(NULL);
}

static void test_sources(void **state)
{
	(void)state;
	assert_string_equal(golin_value_source_name(GOLIN_FROM_NONE), "absent");
	assert_string_equal(golin_value_source_name(GOLIN_FROM_DWARF), "dwarf");
	assert_string_equal(golin_value_source_name(GOLIN_FROM_TABLE), "table");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_struct),
		cmocka_unit_test(test_every_member),
		cmocka_unit_test(test_absent_and_unknown),
		cmocka_unit_test(test_sources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
