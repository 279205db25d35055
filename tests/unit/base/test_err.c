/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"

static void test_set(void **state)
{
	struct golin_err err = {0};

	assert_int_equal(golin_err_set(&err, -ENOENT, "cannot open '%s': %s", "/x", "ENOENT"),
			 -ENOENT);
	assert_int_equal(err.code, -ENOENT);
	assert_string_equal(err.msg, "cannot open '/x': ENOENT");
	assert_string_equal(err.hint, "");
	assert_int_equal(golin_err_set(NULL, -EPERM, "nobody listens"), -EPERM);
}

static void test_set_clears_the_hint(void **state)
{
	struct golin_err err = {0};

	golin_err_set(&err, -EPERM, "one");
	golin_err_hint(&err, "needs %s", "CAP_BPF");
	assert_string_equal(err.hint, "needs CAP_BPF");
	golin_err_set(&err, -EPERM, "two");
	assert_string_equal(err.hint, "");
}

static void test_context_goes_in_front(void **state)
{
	struct golin_err err = {0};

	golin_err_set(&err, -EBADMSG, "section 7: too long");
	golin_err_hint(&err, "keep me");
	golin_err_ctx(&err, "reading '%s'", "a.out");
	golin_err_ctx(&err, "pid %d", 7);
	assert_string_equal(err.msg, "pid 7: reading 'a.out': section 7: too long");
	assert_string_equal(err.hint, "keep me");
	assert_int_equal(err.code, -EBADMSG);
	golin_err_ctx(NULL, "x");
	golin_err_hint(NULL, "x");
}

static void test_messages_are_clean_and_bounded(void **state)
{
	struct golin_err err = {0};
	char big[4000];

	golin_err_set(&err, -EBADMSG, "'%s'", "a\033]0;owned\a\nb");
	assert_string_equal(err.msg, "'a\\x1b]0;owned\\x07\\nb'");

	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	golin_err_set(&err, -EBADMSG, "%s", big);
	assert_true(strlen(err.msg) < sizeof(err.msg));
	assert_non_null(strstr(err.msg, "...(+"));
	golin_err_ctx(&err, "%s", big);
	assert_true(strlen(err.msg) < sizeof(err.msg));
	golin_err_hint(&err, "%s", big);
	assert_true(strlen(err.hint) < sizeof(err.hint));
}

static void test_errno_names(void **state)
{
	assert_string_equal(golin_errno_name(EPERM), "EPERM");
	assert_string_equal(golin_errno_name(-ENOSPC), "ENOSPC");
	assert_string_equal(golin_errno_name(99999), "unknown error");
}

static void test_exit_codes(void **state)
{
	static const struct {
		int code;
		enum golin_exit exit;
	} want[] = {
		{0, GOLIN_EXIT_OK},
		{-EINVAL, GOLIN_EXIT_USAGE},
		{-ENOENT, GOLIN_EXIT_TARGET},
		{-ESRCH, GOLIN_EXIT_TARGET},
		{-ENOEXEC, GOLIN_EXIT_TARGET},
		{-EBADMSG, GOLIN_EXIT_TARGET},
		{-ENODATA, GOLIN_EXIT_TARGET},
		{-EOPNOTSUPP, GOLIN_EXIT_TARGET},
		{-EPERM, GOLIN_EXIT_PERMISSION},
		{-ENOSYS, GOLIN_EXIT_PERMISSION},
		{-ESTALE, GOLIN_EXIT_INCOMPLETE},
		{-EPIPE, GOLIN_EXIT_OUTPUT},
		{-ENOMEM, GOLIN_EXIT_INTERNAL},
		{-EIO, GOLIN_EXIT_INTERNAL},
	};

	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		struct golin_err err = {.code = want[i].code};

		assert_int_equal(golin_err_exit(&err), want[i].exit);
	}
	assert_int_equal(golin_err_exit(NULL), GOLIN_EXIT_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_set_clears_the_hint),
		cmocka_unit_test(test_context_goes_in_front),
		cmocka_unit_test(test_messages_are_clean_and_bounded),
		cmocka_unit_test(test_errno_names),
		cmocka_unit_test(test_exit_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
