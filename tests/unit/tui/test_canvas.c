// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "canvas.h"

static void assert_text(const struct canvas *c, const char *want)
{
	struct strbuf b = {0};

	canvas_text(c, &b);
	assert_string_equal(strbuf_cstr(&b), want);
	strbuf_done(&b);
}

static void text_is_cut_at_its_columns(void **state)
{
	struct canvas c = {0};

	assert_true(canvas_resize(&c, 10, 1));
	assert_int_equal(canvas_put(&c, 0, 0, 4, ROLE_NORMAL, "abcd"), 4);
	assert_text(&c, "abcd\n");
	assert_int_equal(canvas_put(&c, 0, 0, 4, ROLE_NORMAL, "abcde"), 4);
	assert_text(&c, "abc…\n");
	assert_int_equal(canvas_put(&c, 0, 8, 100, ROLE_NORMAL, "xyz"), 2);
	assert_text(&c, "abc…    x…\n");
	c.ascii = true;
	canvas_put(&c, 0, 0, 3, ROLE_NORMAL, "long");
	assert_text(&c, "lo~…    x…\n");
	canvas_done(&c);
}

static void outside_is_nothing(void **state)
{
	struct canvas c = {0};

	assert_true(canvas_resize(&c, 3, 2));
	assert_int_equal(canvas_put(&c, -1, 0, 3, ROLE_NORMAL, "a"), 0);
	assert_int_equal(canvas_put(&c, 2, 0, 3, ROLE_NORMAL, "a"), 0);
	assert_int_equal(canvas_put(&c, 0, 3, 3, ROLE_NORMAL, "a"), 0);
	assert_int_equal(canvas_put(&c, 0, -1, 3, ROLE_NORMAL, "a"), 0);
	assert_int_equal(canvas_put(&c, 0, 0, -4, ROLE_NORMAL, "a"), 0);
	canvas_flag(&c, 0, 2, 100, CELL_SELECTED);
	canvas_blank(&c, 7, 0, 100, ROLE_NORMAL);
	canvas_fill(&c, 1, 2, 100, ROLE_NORMAL, GLYPH_RULE);
	assert_text(&c, "\n  ─\n");
	assert_false(canvas_resize(&c, 0, 5));
	assert_false(canvas_resize(&c, 5, 100000));
	assert_int_equal(c.w, 3);
	canvas_done(&c);
}

static void wide_characters_stay_whole(void **state)
{
	struct canvas c = {0};

	assert_true(canvas_resize(&c, 6, 1));
	assert_int_equal(canvas_put(&c, 0, 0, 6, ROLE_NORMAL, "漢字"), 4);
	assert_text(&c, "漢字\n");
	/* over the second half of the first: its first half goes too */
	canvas_put(&c, 0, 1, 1, ROLE_NORMAL, "x");
	assert_text(&c, " x字\n");
	/* over the first half of the second */
	canvas_put(&c, 0, 2, 1, ROLE_NORMAL, "y");
	assert_text(&c, " xy\n");
	/* no half of one at the edge */
	canvas_clear(&c);
	assert_int_equal(canvas_put(&c, 0, 0, 4, ROLE_NORMAL, "a漢字"), 4);
	assert_text(&c, "a漢…\n");
	canvas_done(&c);
}

static void combining_marks_belong_to_their_character(void **state)
{
	struct canvas c = {0};

	assert_true(canvas_resize(&c, 4, 1));
	assert_int_equal(canvas_put(&c, 0, 0, 4, ROLE_NORMAL, "e\u0301x"), 2);
	assert_text(&c, "e\u0301x\n");
	c.ascii = true;
	assert_int_equal(canvas_put(&c, 0, 0, 4, ROLE_NORMAL, "e\u0301\u00fc漢"), 4);
	assert_text(&c, "e???\n");
	canvas_done(&c);
}

static void right_aligned(void **state)
{
	struct canvas c = {0};

	assert_true(canvas_resize(&c, 8, 1));
	canvas_put_right(&c, 0, 1, 6, ROLE_NORMAL, "42");
	assert_text(&c, "     42\n");
	canvas_put_right(&c, 0, 1, 3, ROLE_NORMAL, "12345");
	assert_text(&c, " 12… 42\n");
	canvas_done(&c);
}

static void every_glyph_has_the_width_it_should(void **state)
{
	struct canvas c = {0};

	assert_true(canvas_resize(&c, 8, 1));
	for (int ascii = 0; ascii < 2; ascii++) {
		c.ascii = ascii;
		for (int g = 0; g < GLYPH_MAX; g++) {
			int want = g <= GLYPH_BREAK_LAST ? 2 : 1;

			canvas_clear(&c);
			assert_int_equal(canvas_put(&c, 0, 0, 8, ROLE_NORMAL,
						    canvas_glyph(&c, (enum glyph)g)),
					 want);
		}
	}
	canvas_done(&c);
}

static void roles_and_flags(void **state)
{
	struct canvas c = {0};
	struct strbuf b = {0};

	assert_true(canvas_resize(&c, 5, 1));
	canvas_put(&c, 0, 0, 5, ROLE_FUNC, "abc");
	canvas_role(&c, 0, 1, 1, ROLE_MATCH);
	canvas_flag(&c, 0, 0, 2, CELL_SELECTED);
	canvas_roles(&c, &b);
	assert_string_equal(strbuf_cstr(&b), "fMf..\n");
	assert_int_equal(c.cells[1].flags, CELL_SELECTED);
	assert_int_equal(c.cells[2].flags, 0);
	strbuf_done(&b);
	canvas_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_cut_at_its_columns),
		cmocka_unit_test(outside_is_nothing),
		cmocka_unit_test(wide_characters_stay_whole),
		cmocka_unit_test(combining_marks_belong_to_their_character),
		cmocka_unit_test(right_aligned),
		cmocka_unit_test(every_glyph_has_the_width_it_should),
		cmocka_unit_test(roles_and_flags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
