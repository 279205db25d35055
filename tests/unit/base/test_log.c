/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/log.h"
#include "base/strbuf.h"

static void collect(enum golin_log_level level, const char *text, void *arg)
{
	strbuf_addf(arg, "[%d]%s;", (int)level, text);
}

static void test_lines_and_levels(void **state)
{
	struct strbuf b = {0};

	golin_log(GOLIN_LOG_ERROR, "nobody listens");
	golin_log_set(collect, &b, GOLIN_LOG_INFO);
	golin_log(GOLIN_LOG_WARN, "pid %d", 7);
	golin_log(GOLIN_LOG_DEBUG, "not wanted");
	golin_log(GOLIN_LOG_INFO, "one\ntwo\033[2J\n");
	assert_string_equal(strbuf_cstr(&b), "[1]pid 7;[2]one;[2]two\\x1b[2J;");
	golin_log_set(NULL, NULL, GOLIN_LOG_DEBUG);
	golin_log(GOLIN_LOG_ERROR, "nobody listens any more");
	assert_string_equal(strbuf_cstr(&b), "[1]pid 7;[2]one;[2]two\\x1b[2J;");
	strbuf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_lines_and_levels)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
