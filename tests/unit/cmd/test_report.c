/* SPDX-License-Identifier: BSD-2-Clause */
/* What is said on stderr: libraries' warnings too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "cmd.h"

static int old_stderr, pipe_fds[2];

static void catch_stderr(void)
{
	fflush(stderr);
	assert_int_equal(pipe(pipe_fds), 0);
	old_stderr = dup(STDERR_FILENO);
	dup2(pipe_fds[1], STDERR_FILENO);
	close(pipe_fds[1]);
}

static void caught(char *buf, size_t cap)
{
	ssize_t n;

	fflush(stderr);
	dup2(old_stderr, STDERR_FILENO);
	close(old_stderr);
	n = read(pipe_fds[0], buf, cap - 1);
	close(pipe_fds[0]);
	buf[n > 0 ? n : 0] = '\0';
}

static void test_library_warnings(void **state)
{
	char text[512];

	report_init(true);
	catch_stderr();
	golin_log(GOLIN_LOG_WARN, "'x': its mode cannot be set");
	golin_log(GOLIN_LOG_INFO, "not with --quiet");
	golin_log(GOLIN_LOG_DEBUG, "never");
	caught(text, sizeof(text));
	assert_string_equal(text, "golin: 'x': its mode cannot be set\n");
}

static void test_notes(void **state)
{
	char text[512];

	report_init(false);
	catch_stderr();
	report_note("one \033[2J");
	golin_log(GOLIN_LOG_INFO, "two");
	caught(text, sizeof(text));
	assert_string_equal(text, "golin: one \\x1b[2J\ngolin: two\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_library_warnings),
		cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
