/* SPDX-License-Identifier: BSD-2-Clause */
/* The source that is shown: which lines, and of which files only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/err.h"
#include "code.h"

static char dir[64], shown[4096];

static void line(void *arg, uint32_t n, const char *text)
{
	size_t len = strlen(shown);

	(*(int *)arg)++;
	snprintf(shown + len, sizeof(shown) - len, "%u:%s\n", n, text);
}

static const char *path(const char *name)
{
	static char ret[128];

	snprintf(ret, sizeof(ret), "%s/%s", dir, name);
	return ret;
}

static void put(const char *name, const char *text, size_t len)
{
	FILE *f = fopen(path(name), "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
}

static int show(const char *file, uint32_t at, uint32_t around, struct golin_err *err)
{
	int n = 0, r;

	shown[0] = 0;
	*err = (struct golin_err){0};
	r = code_read(file, at, around, line, &n, err);
	return r ? r : n;
}

static void test_lines_around(void **state)
{
	static const char text[] = "one\ntwo\n\tthree\r\nfour\nfive";
	struct golin_err err;

	put("a.go", text, sizeof(text) - 1);
	assert_int_equal(show(path("a.go"), 3, 1, &err), 3);
	assert_string_equal(shown, "2:two\n3:        three\n4:four\n");
	assert_int_equal(show(path("a.go"), 1, 1, &err), 2);
	assert_int_equal(show(path("a.go"), 5, 10, &err), 5);
	/* the file is another one by now */
	assert_int_equal(show(path("a.go"), 9, 2, &err), -ENODATA);
	assert_non_null(strstr(err.msg, "no line 9"));
}

static void test_a_long_line_is_one(void **state)
{
	char text[3000];
	struct golin_err err;

	memset(text, 'x', sizeof(text));
	memcpy(text, "a\n", 2);
	memcpy(text + 2900, "\nb\n", 3);
	put("long.go", text, 2903);
	assert_int_equal(show(path("long.go"), 3, 1, &err), 2);
	assert_non_null(strstr(shown, "\n3:b\n"));
}

static void test_unclean_bytes(void **state)
{
	struct golin_err err;

	put("odd.go", "a\x1b[31mb\x9b\n", 9);
	assert_int_equal(show(path("odd.go"), 1, 1, &err), 1);
	assert_null(strchr(shown, '\x1b'));
}

/* Names come from the program. */
static void test_not_read(void **state)
{
	struct golin_err err;

	put("secret", "key\n", 4);
	assert_true(show(path("secret"), 1, 1, &err) < 0);
	assert_true(show("", 1, 1, &err) < 0);
	assert_true(show("net/http/server.go", 1, 1, &err) < 0);
	assert_non_null(strstr(err.msg, "-trimpath"));
	assert_int_equal(show(path("none.go"), 1, 1, &err), -ENOENT);
	assert_int_equal(mkfifo(path("pipe.go"), 0600), 0);
	assert_true(show(path("pipe.go"), 1, 1, &err) < 0);
	assert_int_equal(mkdir(path("dir.go"), 0700), 0);
	assert_true(show(path("dir.go"), 1, 1, &err) < 0);
	assert_string_equal(shown, "");
}

static int begin(void **state)
{
	strcpy(dir, "/tmp/golin-code-XXXXXX");
	return !mkdtemp(dir);
}

static int end(void **state)
{
	static const char *const names[] = {"a.go", "long.go", "odd.go", "secret", "pipe.go"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(path(names[i]));
	rmdir(path("dir.go"));
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_around),
		cmocka_unit_test(test_a_long_line_is_one),
		cmocka_unit_test(test_unclean_bytes),
		cmocka_unit_test(test_not_read),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
