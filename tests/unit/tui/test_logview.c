// SPDX-License-Identifier: BSD-2-Clause
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "logview.h"

static void feed(struct logview *v, const char *text)
{
	logview_feed(v, text, strlen(text));
}

static const char *line(const struct logview *v, uint32_t i)
{
	static char buf[LOG_LINE_BYTES];

	return logview_line(v, i, buf, sizeof(buf));
}

static void lines_come_in_pieces(void **state)
{
	struct logview v;

	assert_true(logview_init(&v));
	feed(&v, "one\ntw");
	assert_int_equal(logview_count(&v), 2);
	assert_string_equal(line(&v, 1), "tw");
	feed(&v, "o\r\n");
	assert_int_equal(logview_count(&v), 2);
	assert_string_equal(line(&v, 0), "one");
	assert_string_equal(line(&v, 1), "two");
	feed(&v, "three");
	logview_close(&v);
	assert_int_equal(logview_count(&v), 3);
	assert_string_equal(line(&v, 2), "three");
	assert_true(v.closed);
	logview_done(&v);
}

static void lines_are_cleaned(void **state)
{
	struct logview v;

	assert_true(logview_init(&v));
	feed(&v, "a\033[2J\tb\n\xff\n");
	assert_string_equal(line(&v, 0), "a\\x1b[2J\\tb");
	assert_string_equal(line(&v, 1), "\\xff");
	logview_done(&v);
}

static void a_line_without_end_is_bounded(void **state)
{
	struct logview v;
	char big[8192];

	assert_true(logview_init(&v));
	memset(big, 'x', sizeof(big));
	for (int i = 0; i < 100; i++)
		logview_feed(&v, big, sizeof(big));
	assert_int_equal(v.part_len, LOG_LINE_BYTES);
	feed(&v, "\nnext\n");
	assert_true(strlen(line(&v, 0)) < LOG_LINE_BYTES);
	assert_string_equal(line(&v, 1), "next");
	logview_done(&v);
}

static void the_oldest_go_and_are_counted(void **state)
{
	struct logview v;
	char text[32];

	assert_true(logview_init(&v));
	for (int i = 0; i < LOG_LINES + 10; i++) {
		snprintf(text, sizeof(text), "line %d\n", i);
		feed(&v, text);
	}
	assert_int_equal(logview_count(&v), LOG_LINES);
	assert_int_equal(v.dropped, 10);
	assert_string_equal(line(&v, 0), "line 10");
	logview_done(&v);
}

static void the_end_is_followed_until_one_scrolls(void **state)
{
	struct logview v;

	assert_true(logview_init(&v));
	v.height = 2;
	feed(&v, "1\n2\n3\n4\n");
	assert_int_equal(v.top, 2);
	logview_scroll(&v, -1);
	assert_int_equal(v.top, 1);
	feed(&v, "5\n6\n");
	assert_int_equal(v.top, 1);
	logview_scroll(&v, 100);
	assert_int_equal(v.top, 4);
	feed(&v, "7\n");
	assert_int_equal(v.top, 5);
	logview_done(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_in_pieces),
		cmocka_unit_test(lines_are_cleaned),
		cmocka_unit_test(a_line_without_end_is_bounded),
		cmocka_unit_test(the_oldest_go_and_are_counted),
		cmocka_unit_test(the_end_is_followed_until_one_scrolls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
