// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>
#include "edit.h"
#include "keymap.h"

static void type(struct edit *e, const char *text)
{
	while (*text)
		edit_key(e, *text++);
}

static void typing_and_moving(void **state)
{
	struct edit e = {0};

	type(&e, "fn:work");
	edit_key(&e, UI_KEY_HOME);
	edit_key(&e, UI_KEY_RIGHT);
	edit_key(&e, UI_KEY_DELETE);
	assert_string_equal(e.text, "f:work");
	edit_key(&e, UI_KEY_END);
	edit_key(&e, UI_KEY_BACKSPACE);
	type(&e, "d");
	assert_string_equal(e.text, "f:word");
	edit_key(&e, UI_KEY_LEFT);
	edit_key(&e, UI_CTRL('k'));
	assert_string_equal(e.text, "f:wor");
	edit_key(&e, UI_CTRL('u'));
	assert_string_equal(e.text, "");
	assert_false(edit_key(&e, UI_KEY_BACKSPACE));
	assert_false(edit_key(&e, UI_KEY_DELETE));
	edit_key(&e, UI_KEY_LEFT);
	edit_key(&e, UI_KEY_RIGHT);
	assert_int_equal(e.at, 0);
}

static void words_are_deleted_backwards(void **state)
{
	struct edit e;

	edit_set(&e, "one two  ");
	edit_key(&e, UI_CTRL('w'));
	assert_string_equal(e.text, "one ");
	edit_key(&e, UI_CTRL('w'));
	assert_string_equal(e.text, "");
	edit_key(&e, UI_CTRL('w'));
	assert_string_equal(e.text, "");
}

static void characters_are_whole(void **state)
{
	struct edit e = {0};

	edit_key(&e, 0x6f22); /* three bytes */
	edit_key(&e, 'x');
	edit_key(&e, UI_KEY_LEFT);
	edit_key(&e, UI_KEY_LEFT);
	assert_int_equal(e.at, 0);
	edit_key(&e, UI_KEY_DELETE);
	assert_string_equal(e.text, "x");
}

static void what_is_not_clean_cannot_be_typed(void **state)
{
	struct edit e = {0};

	assert_false(edit_key(&e, 1));
	assert_false(edit_key(&e, 0x9b));   /* C1 */
	assert_false(edit_key(&e, 0x202e)); /* right-to-left override */
	assert_false(edit_key(&e, 0xd800)); /* half of a pair */
	assert_false(edit_key(&e, UI_KEY_F1));
	assert_int_equal(e.len, 0);
}

static void it_fills_up(void **state)
{
	struct edit e = {0};

	for (int i = 0; i < 1000; i++)
		edit_key(&e, 'a');
	assert_int_equal(e.len, sizeof(e.text) - 1);
	assert_int_equal(strlen(e.text), e.len);
	edit_key(&e, UI_KEY_BACKSPACE);
	edit_key(&e, 0x6f22);
	assert_int_equal(e.len, sizeof(e.text) - 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(typing_and_moving),
		cmocka_unit_test(words_are_deleted_backwards),
		cmocka_unit_test(characters_are_whole),
		cmocka_unit_test(what_is_not_clean_cannot_be_typed),
		cmocka_unit_test(it_fills_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
