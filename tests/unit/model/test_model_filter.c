/* SPDX-License-Identifier: BSD-2-Clause */
/* The filter language: what matches, and what a mistake looks like. */
#include "records.h"

#include <stdio.h>
#include "base/err.h"
#include "model/filter.h"

static int make(void **s)
{
	make_model(0);
	target(1, "x");
	name(0x100, "runtime.main", "/go/src/runtime/proc.go", 150);
	name(0x200, "net/http.(*conn).serve", "/go/src/net/http/server.go", 1900);
	name(0x201, "net/http.(*Server).Serve", "/go/src/net/http/server.go", 3454);
	name(0x300, "main.worker", "/src/app/worker.go", 20);
	name(0x301, "main.spawn", "/src/app/main.go", 41);
	name(0x400, "runtime.bgsweep", "/go/src/runtime/mgc.go", 1);
	seen_full(0, 1, 0x100, 0, GOLIN_GS_WAITING, "chan receive", GOLIN_G_PARENT_KNOWN);
	seen_full(1, 2, 0x400, 0, GOLIN_GS_WAITING, "GC sweep wait", GOLIN_G_PARENT_KNOWN);
	seen_full(1, 18, 0x200, 0x201, GOLIN_GS_WAITING, "select", GOLIN_G_PARENT_KNOWN);
	create_full(2000000000, 1, 20, 0x300, 0x301, 0, GOLIN_VIA_GO, 0);
	create_full(3000000000, 20, 21, 0x300, 0x301, 0, GOLIN_VIA_COROUTINE, 0);
	create_full(9000000000, 0, 22, 0x300, 0x301, 0, GOLIN_VIA_TIMER, 20);
	ended_full(9500000000, 21, 0, 0, 0, GOLIN_HOW_GOEXIT);
	state(10000000000, 20, GOLIN_GS_RUNNING, "");
	return 0;
}

static int unmake(void **s)
{
	free_model();
	return 0;
}

static const struct {
	const char *expr;
	const char *goids; /* that match */
} matches[] = {
	{"", "1 2 18 20 21 22"},
	{"   ", "1 2 18 20 21 22"},
	{"worker", "20 21 22"},
	{"WORKER", ""}, /* a capital makes it exact */
	{"Conn", ""},
	{"conn", "18"},
	{"fn:(*conn).serve", "18"},
	{"(fn:(*conn).serve)", "18"},
	{"main.main", "1"},
	{"select", "18"},
	{"\"chan receive\"", "1"},
	{"state:\"chan receive\"", "1"},
	{"chan receive", "1"},
	{"receive chan", "1"},
	{"main.go:41", "20 21 22"},
	{"/^main\\.w/", "20 21 22"},
	{"/MAIN/", ""},
	{"/main\\.go:4[12]$/", "20 21 22"},
	{"/http\\/server/", "18"},
	{"!worker", "1 2 18"},
	{"!!worker", "20 21 22"},
	{"!(worker | select)", "1 2"},
	{"worker | select", "18 20 21 22"},
	{"worker !via:timer | select", "18 20 21"},
	{"(worker | select) !via:timer", "18 20 21"},
	{"goid:20", "20"},
	{"parent:1", "2 18 20"},
	{"parent:0", "1 22"},
	{"under:20", "20 21"},
	{"under:1", "1 2 18 20 21"},
	{"under:99", ""},
	{"alive:yes", "1 2 18 20 22"},
	{"alive:no", "21"},
	{"state:exited", "21"},
	{"system:yes", "2"},
	{"system:no alive:no", "21"},
	{"via:timer", "22"},
	{"via:go", "20"},
	{"how:goexit", "21"},
	{"how:return", ""},
	{"wait:sweep", "2"},
	{"at:main.spawn", "20 21 22"},
	{"at:server.go:3454", "18"},
	{"file:server.go", "18"},
	{"file:/src/app", "20 21 22"},
	{"children>2", "1"},
	{"children>0", "1 20"},
	{"children<1", "2 18 21 22"},
	{"depth>1", "21"},
	{"depth<1", "1 22"},
	{"age>5s", "1 2 18 20 21"}, /* before the attach: older than the watch; 21 lived 6.5 s */
	{"age<2s", "22"},
	{"age<1h", "20 21 22"}, /* the age of the others is not known */
	{"age>7.5s", "1 2 18 20"},
};

static void test_matches(void **s)
{
	for (size_t k = 0; k < sizeof(matches) / sizeof(matches[0]); k++) {
		static const uint64_t all[] = {1, 2, 18, 20, 21, 22};
		struct golin_filter *f = NULL;
		struct golin_err err = {0};
		char got[128] = "";

		if (golin_filter_parse(matches[k].expr, &f, &err))
			fail_msg("%s: %s", matches[k].expr, err.msg);
		for (size_t n = 0; n < 6; n++)
			if (golin_filter_match(f, M, find(all[n])))
				snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%d",
					 *got ? " " : "", (int)all[n]);
		if (strcmp(got, matches[k].goids))
			fail_msg("%s: matches '%s', not '%s'", matches[k].expr, got,
				 matches[k].goids);
		golin_filter_free(f);
	}
	assert_true(golin_filter_match(NULL, M, find(1)));
}

static const struct {
	const char *expr, *msg;
} mistakes[] = {
	{"abc fnn:x", "bad filter at column 5: unknown key 'fnn'"},
	{"fn:", "bad filter at column 4: a word is missing"},
	{"fn:\"abc", "bad filter at column 4: the quote is not closed"},
	{"\"\"", "bad filter at column 2: a word is missing"},
	{"alive:maybe", "bad filter at column 7: alive is yes or no, not 'maybe'"},
	{"goid:x7", "bad filter at column 6: goid wants a number, not 'x7'"},
	{"goid:-7", "bad filter at column 6: goid wants a number, not '-7'"},
	{"goid:99999999999999999999",
	 "bad filter at column 6: goid wants a number, not '99999999999999999999'"},
	{"children:5", "bad filter at column 9: this key is compared with > or <"},
	{"fn>5", "bad filter at column 3: this key is followed by a colon"},
	{"age>soon", "bad filter at column 5: age wants a time such as 5s or 250ms, not 'soon'"},
	{"a | ", "bad filter at column 5: a term is missing"},
	{"| a", "bad filter at column 1: a term is missing"},
	{"!", "bad filter at column 2: a term is missing"},
	{"(a", "bad filter at column 1: the parenthesis is not closed"},
	{"a)", "bad filter at column 2: this parenthesis was never opened"},
	{"/a", "bad filter at column 1: the regular expression is not closed with /"},
	{"//", "bad filter at column 1: the regular expression is empty"},
	{"/(/", "bad filter at column 1: Unmatched ( or \\("},
	{"\xc3\xa4\xc3\xb6 nope:1", "bad filter at column 4: unknown key 'nope'"},
	{"/((a{200}){200}){200}/",
	 "bad filter at column 1: the repetitions of the expression multiply to over 1000"},
};

static void test_mistakes(void **s)
{
	for (size_t k = 0; k < sizeof(mistakes) / sizeof(mistakes[0]); k++) {
		struct golin_filter *f = (void *)1;
		struct golin_err err = {0};

		assert_int_equal(golin_filter_parse(mistakes[k].expr, &f, &err), -EINVAL);
		assert_string_equal(err.msg, mistakes[k].msg);
		assert_string_equal(
			err.hint,
			"keys: fn: at: file: state: wait: via: how: goid: parent: "
			"under: alive: system: kind: key: reason: lineage: rule: severity: "
			"type: value: outcome: trace: id: by: in: code: relation: nested: locked: "
			"children> depth> age> deadline> holders> defers> took>");
		assert_ptr_equal(f, (void *)1);
	}
}

static void test_limits(void **s)
{
	struct golin_err err = {0};
	struct golin_filter *f;
	char expr[2048] = "";

	memset(expr, '(', 40);
	assert_int_equal(golin_filter_parse(expr, &f, &err), -EINVAL);
	assert_string_equal(err.msg, "bad filter at column 33: parentheses nested deeper than 32");
	memset(expr, 0, sizeof(expr));
	for (int k = 0; k < 65; k++)
		strcat(expr, "a ");
	assert_int_equal(golin_filter_parse(expr, &f, &err), -EINVAL);
	assert_string_equal(err.msg, "bad filter at column 129: more than 64 terms");
	memset(expr, 0, sizeof(expr));
	expr[0] = '/';
	memset(expr + 1, 'a', 300);
	expr[301] = '/';
	assert_int_equal(golin_filter_parse(expr, &f, &err), -EINVAL);
	assert_string_equal(err.msg,
			    "bad filter at column 1: the expression is longer than 256 bytes");
	memset(expr, 'a', 1025);
	assert_int_equal(golin_filter_parse(expr, &f, &err), -EINVAL);
	assert_string_equal(err.msg, "bad filter: longer than 1024 bytes");
	expr[1024] = 0;
	assert_int_equal(golin_filter_parse(expr, &f, &err), 0);
	golin_filter_free(f);
	golin_filter_free(NULL);
}

/* Any bytes: an error or a filter, never more. */
static void test_noise(void **s)
{
	static const char bits[] = "()!|/\"\\ :<>{}[]*+?^$afngoid:under:7\x80\xff\x01";
	uint64_t seed = 88172645463325252ull;

	for (int round = 0; round < 20000; round++) {
		struct golin_filter *f = NULL;
		char expr[40];
		size_t len;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		len = seed % (sizeof(expr) - 1);
		for (size_t k = 0; k < len; k++)
			expr[k] = bits[(seed >> k % 50) * (k + 7) % (sizeof(bits) - 1)];
		expr[len] = 0;
		if (!golin_filter_parse(expr, &f, NULL))
			golin_filter_match(f, M, find(1));
		golin_filter_free(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_matches, make, unmake),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_limits),
		cmocka_unit_test_setup_teardown(test_noise, make, unmake),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
