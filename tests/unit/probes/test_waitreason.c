/* SPDX-License-Identifier: BSD-2-Clause */
/* The wait reasons against the source of every Go toolchain on this machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <ctype.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "golin/probes.h"

enum { REASONS = 256 };

struct reasons {
	char name[REASONS][64], text[REASONS][64];
	int n;
};

static void test_known(void **state)
{
	assert_string_equal(golin_wait_reason(13, 14), "chan receive");
	assert_string_equal(golin_wait_reason(13, 24), "GC worker (idle)");
	assert_string_equal(golin_wait_reason(13, 25), "");
	assert_string_equal(golin_wait_reason(14, 25), "preempted");
	assert_string_equal(golin_wait_reason(14, 26), "");
	assert_string_equal(golin_wait_reason(19, 26), "debug call");
	assert_string_equal(golin_wait_reason(20, 21), "sync.Mutex.Lock");
	assert_string_equal(golin_wait_reason(21, 31), "stopping the world");
	assert_string_equal(golin_wait_reason(21, 32), "");
	assert_string_equal(golin_wait_reason(22, 36), "coroutine");
	assert_string_equal(golin_wait_reason(24, 24), "sync.WaitGroup.Wait");
	assert_string_equal(golin_wait_reason(24, 43), "select (synctest)");
	assert_string_equal(golin_wait_reason(25, 18), "GOMAXPROCS updater (idle)");
	assert_string_equal(golin_wait_reason(26, 19), "chan receive");
	assert_string_equal(golin_wait_reason(27, 46), "cleanup wait");
	assert_string_equal(golin_wait_reason(27, 47), "");
}

static void test_unknown_versions_have_none(void **state)
{
	for (unsigned reason = 0; reason < 300; reason++) {
		assert_string_equal(golin_wait_reason(12, reason), "");
		assert_string_equal(golin_wait_reason(28, reason), "");
		assert_string_equal(golin_wait_reason(UINT_MAX, reason), "");
	}
	assert_string_equal(golin_wait_reason(26, UINT_MAX), "");
}

/*
 * Reads `const ( waitReasonZero waitReason = iota ...` for the numbers and `waitReasonStrings =
 * [...]string{ waitReasonZero: "", ...` for the texts.
 */
static int parse_source(const char *path, struct reasons *r)
{
	enum { NOWHERE, NUMBERS, TEXTS } where = NOWHERE;
	FILE *f = fopen(path, "re");
	char line[1024], name[64], text[64];

	memset(r, 0, sizeof(*r));
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		const char *s = line;

		while (isspace((unsigned char)*s))
			s++;
		if (strstr(line, "waitReason = iota"))
			where = NUMBERS;
		else if (strstr(line, "waitReasonStrings = [...]string{"))
			where = TEXTS;
		if (*s == ')' || *s == '}')
			where = NOWHERE;
		if (where == NUMBERS && sscanf(s, "%63[A-Za-z0-9]", name) == 1 && r->n < REASONS)
			strcpy(r->name[r->n++], name);
		text[0] = '\0';
		if (where == TEXTS && sscanf(s, "%63[A-Za-z0-9]: \"%63[^\"]\"", name, text) >= 1) {
			for (int i = 0; i < r->n; i++) {
				if (strcmp(r->name[i], name) == 0)
					strcpy(r->text[i], text);
			}
		}
	}
	fclose(f);
	return r->n;
}

static void add_output(const char *command, const char *suffix, glob_t *g)
{
	FILE *p = popen(command, "re");
	char line[4096], pattern[4200];

	if (p && fgets(line, sizeof(line), p)) {
		line[strcspn(line, "\n")] = '\0';
		snprintf(pattern, sizeof(pattern), "%s%s", line, suffix);
		glob(pattern, GLOB_APPEND | GLOB_NOSORT, NULL, g);
	}
	if (p)
		pclose(p);
}

static void test_against_the_toolchains(void **state)
{
	static struct reasons r;
	glob_t g = {0};
	int checked = 0;

	/* an empty first match makes GLOB_APPEND right for all that follow */
	glob("/nonexistent/x", 0, NULL, &g);
	add_output("go env GOROOT 2>/dev/null", "/VERSION", &g);
	add_output("go env GOMODCACHE 2>/dev/null", "/golang.org/toolchain@*/VERSION", &g);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		char path[4200], version[64] = "";
		FILE *f = fopen(g.gl_pathv[i], "re");
		unsigned minor = 0;

		if (f && fgets(version, sizeof(version), f))
			sscanf(version, "go1.%u", &minor);
		if (f)
			fclose(f);
		if (minor < 13 || minor > 27)
			continue;
		snprintf(path, sizeof(path), "%.*s/src/runtime/runtime2.go",
			 (int)(strlen(g.gl_pathv[i]) - strlen("/VERSION")), g.gl_pathv[i]);
		if (!parse_source(path, &r))
			continue;
		assert_in_range(r.n, 25, REASONS);
		for (int k = 0; k < r.n; k++) {
			if (strcmp(r.text[k], golin_wait_reason(minor, (unsigned)k)) != 0)
				fail_msg("%s: %s is %d, \"%s\", not \"%s\"", path, r.name[k], k,
					 r.text[k], golin_wait_reason(minor, (unsigned)k));
		}
		/* A text too many would be a guess, but for what only later patches have. */
		if (minor != 23)
			assert_string_equal(golin_wait_reason(minor, (unsigned)r.n), "");
		print_message("%.*s: %d wait reasons\n", (int)strcspn(version, "\n"), version, r.n);
		checked++;
	}
	globfree(&g);
	if (!checked)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_unknown_versions_have_none),
		cmocka_unit_test(test_against_the_toolchains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
