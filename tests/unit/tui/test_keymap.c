// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "keymap.h"

static void no_key_has_two_meanings(void **state)
{
	enum keymap_view v1, v2;
	enum action a1, a2;
	int k1, k2;

	for (size_t i = 0; keymap_entry(i, &v1, &k1, &a1); i++)
		for (size_t j = i + 1; keymap_entry(j, &v2, &k2, &a2); j++)
			if (v1 == v2 && k1 == k2)
				fail_msg("key %d twice in %s: %s, %s", k1, keymap_view_name(v1),
					 action_name(a1), action_name(a2));
}

/* A view may give a common key another meaning only if the action is named for both. */
static void views_hide_no_common_key(void **state)
{
	enum keymap_view v1, v2;
	enum action a1, a2;
	int k1, k2;

	for (size_t i = 0; keymap_entry(i, &v1, &k1, &a1); i++)
		for (size_t j = 0; keymap_entry(j, &v2, &k2, &a2); j++)
			if (v1 == KM_COMMON && v2 != KM_COMMON && k1 == k2)
				fail_msg("%s hides %s", action_name(a2), action_name(a1));
}

static void every_action_has_a_key_a_name_and_a_help_text(void **state)
{
	bool has[ACT_MAX] = {false};
	enum keymap_view v;
	enum action a;
	int k;

	for (size_t i = 0; keymap_entry(i, &v, &k, &a); i++)
		has[a] = true;
	for (int i = ACT_NONE + 1; i < ACT_MAX; i++) {
		if (!has[i])
			fail_msg("no key for %s", action_name((enum action)i));
		assert_true(action_name((enum action)i)[0]);
		assert_true(action_help((enum action)i)[0]);
		assert_true(action_section((enum action)i)[0]);
		for (int j = i + 1; j < ACT_MAX; j++)
			assert_string_not_equal(action_name((enum action)i),
						action_name((enum action)j));
	}
}

static void key_names_go_both_ways(void **state)
{
	enum keymap_view v;
	enum action a;
	char name[16];
	int k;

	for (size_t i = 0; keymap_entry(i, &v, &k, &a); i++)
		assert_int_equal(ui_key_parse(ui_key_name(k, name, sizeof(name))), k);
	assert_int_equal(ui_key_parse("Ctrl-L"), 12);
	assert_int_equal(ui_key_parse("Space"), ' ');
	assert_int_equal(ui_key_parse("Nonsense"), 0);
	assert_int_equal(ui_key_parse(""), 0);
}

static void a_view_comes_before_common(void **state)
{
	assert_int_equal(keymap_lookup(KM_LINEAGE, 'l'), ACT_EXPAND);
	assert_int_equal(keymap_lookup(KM_LOG, 'l'), ACT_NONE);
	assert_int_equal(keymap_lookup(KM_LINEAGE, 'q'), ACT_QUIT);
	assert_int_equal(keymap_lookup(KM_HELP, 'j'), ACT_DOWN);
	assert_int_equal(keymap_lookup(KM_HELP, 0x1f600), ACT_NONE);
}

static void hints_name_the_first_key(void **state)
{
	char buf[64];

	assert_string_equal(keymap_key(KM_LINEAGE, ACT_EXPAND, buf, sizeof(buf)), "Right");
	assert_string_equal(keymap_keys(KM_LINEAGE, ACT_EXPAND, buf, sizeof(buf)), "Right l");
	assert_string_equal(keymap_keys(KM_LOG, ACT_EXPAND, buf, sizeof(buf)), "");
	assert_string_equal(keymap_keys(KM_LINEAGE, ACT_EXPAND, buf, 4), "Rig");
}

static void the_manual_lists_every_action(void **state)
{
	struct strbuf b = {0};
	const char *s;
	int entries = 0;

	keymap_man(&b);
	for (s = strbuf_cstr(&b); (s = strstr(s, ".TP\n")); s++)
		entries++;
	assert_int_equal(entries, ACT_MAX - 1);
	assert_non_null(strstr(strbuf_cstr(&b), ".SS Moving\n"));
	assert_non_null(strstr(strbuf_cstr(&b), "\\&\\fBUp k\\fR\n\\&the line above\n"));
	assert_non_null(strstr(strbuf_cstr(&b), "\\&\\fB\\-\\fR\n"));
	strbuf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_key_has_two_meanings),
		cmocka_unit_test(views_hide_no_common_key),
		cmocka_unit_test(every_action_has_a_key_a_name_and_a_help_text),
		cmocka_unit_test(key_names_go_both_ways),
		cmocka_unit_test(a_view_comes_before_common),
		cmocka_unit_test(hints_name_the_first_key),
		cmocka_unit_test(the_manual_lists_every_action),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
