/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/strbuf.h"

static void test_empty(void **state)
{
	struct strbuf b = {0};

	assert_string_equal(strbuf_cstr(&b), "");
	strbuf_clear(&b);
	strbuf_add(&b, NULL, 0);
	assert_string_equal(strbuf_cstr(&b), "");
	strbuf_done(&b);
}

static void test_adds_in_order(void **state)
{
	struct strbuf b = {0};

	strbuf_adds(&b, "one ");
	strbuf_add(&b, "twoXX", 3);
	strbuf_addf(&b, " %d %s", 3, "four");
	assert_string_equal(strbuf_cstr(&b), "one two 3 four");
	assert_int_equal(b.len, 14);
	strbuf_clear(&b);
	assert_string_equal(strbuf_cstr(&b), "");
	strbuf_addf(&b, "%s", "again");
	assert_string_equal(strbuf_cstr(&b), "again");
	strbuf_done(&b);
}

/* Every length around the places where the buffer grows. */
static void test_growth(void **state)
{
	for (size_t step = 1; step < 200; step++) {
		struct strbuf a = {0}, f = {0};
		char piece[200];

		memset(piece, 'a' + (int)(step % 26), step);
		piece[step] = '\0';
		for (int i = 0; i < 20; i++) {
			strbuf_add(&a, piece, step);
			strbuf_addf(&f, "%s", piece);
			assert_int_equal(a.len, step * (size_t)(i + 1));
			assert_int_equal(strlen(a.s), a.len);
			assert_int_equal(f.len, a.len);
			assert_memory_equal(a.s, f.s, a.len + 1);
		}
		strbuf_done(&a);
		strbuf_done(&f);
	}
}

static void test_out_of_memory_keeps_the_text(void **state)
{
	struct strbuf b = {0};

	strbuf_adds(&b, "kept");
	strbuf_add(&b, "x", (size_t)-1 / 2);
	assert_true(b.oom);
	assert_string_equal(strbuf_cstr(&b), "kept");
	strbuf_adds(&b, "ignored");
	strbuf_addf(&b, "%d", 7);
	assert_string_equal(strbuf_cstr(&b), "kept");
	strbuf_clear(&b);
	assert_false(b.oom);
	strbuf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_adds_in_order),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_out_of_memory_keeps_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
