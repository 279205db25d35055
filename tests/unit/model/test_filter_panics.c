/* SPDX-License-Identifier: BSD-2-Clause */
/* The filter language on panics. */
#include <stdio.h>

#include "base/err.h"
#include "model/filter.h"
#include "panic_records.h"

enum {
	GUARD = 0x1001,	  /* main.guard, a deferred function */
	RESUMED = 0x2001, /* in main.serve */
	STACK_JOB = 70,	  /* main.job at job.go:93, called by main.serve */
	STACK_HTTP = 71,  /* net/http.(*conn).serve */
	LOCKED = GOLIN_PANIC_LOCKED,
	HEAP = GOLIN_VALUE_HEAP,
};

static char second_id[GOLIN_PANIC_ID_MAX];

/*
 * 1: recovered by main.guard; 2: in a deferred call of that, the same wrapped; 3: a
 * Goexit on 8; 4: active on 9; 5: fatal on 1.
 */
static int setup(void **arg)
{
	static const uint64_t job[] = {0x3001, 0x3002}, http[] = {0x3003};
	static const struct test_value path[] = {
		{TYPE_ERROR, 0xc000010000, "open x: denied", HEAP, 0},
		{TYPE_INT, 13, "permission", 0, 0}};
	static const struct test_value wrap[] = {
		{TYPE_WRAP, 0xc000020000, "job: open x: denied", HEAP, 0},
		{TYPE_ERROR, 0xc000010000, "open x: denied", HEAP, 0}};
	static const struct test_value text = {TYPE_STRING, 0x500000, "no route", 0, 0};
	static const struct test_kept chain[] = {{"printed at the end", 0}};
	golin_pidx i;

	(void)arg;
	ticks = 1000;
	make_model(0);
	target(7, "orders");
	clock_at(1, 1700000000000000000);
	seen(0, 1);
	create(1, 1, 7);
	create_full(2, 7, 8, 0x4001, 0x4002, 0, GOLIN_VIA_TIMER, 0);
	name(GUARD, "main.guard", "/src/guard.go", 5);
	name(RESUMED, "main.serve", "/src/serve.go", 8);
	name(0x3001, "main.job", "/src/job.go", 93);
	name(0x3002, "main.serve", "/src/serve.go", 7);
	name(0x3003, "net/http.(*conn).serve", "/go/src/net/http/server.go", 1947);
	stack(STACK_JOB, job, 2);
	stack(STACK_HTTP, http, 1);
	type_name(TYPE_ERROR, "*fs.PathError");
	type_name(TYPE_INT, "syscall.Errno");
	type_name(TYPE_WRAP, "*fmt.wrapError");
	type_name(TYPE_STRING, "string");
	start_at(7, 0x100, 0, STACK_JOB, path, 2);
	deferred(7, GUARD, 0);
	i = start_at(7, 0x200, GOLIN_PANIC_NESTED | GOLIN_PANIC_UP_RECOVERED | LOCKED, STACK_HTTP,
		     wrap, 2);
	golin_panic_id(M, i, second_id);
	for (int k = 0; k < 3; k++)
		deferred(7, 0x5000, 0);
	ticks += 2000000;
	recovered(7, 0x6000, 0x80);
	goexit_at(8, 0x100, 0, STACK_JOB);
	start_at(9, 0x100, 0, STACK_HTTP, &text, 1);
	start_at(1, 0x100, 0, STACK_HTTP, &text, 1);
	fatal(1, chain, 1);
	return 0;
}

static int teardown(void **arg)
{
	(void)arg;
	free_model();
	return 0;
}

static struct golin_filter *parse(const char *expr)
{
	struct golin_filter *f = NULL;
	struct golin_err err = {0};

	if (golin_filter_parse(expr, &f, &err))
		fail_msg("%s: %s", expr, err.msg);
	return f;
}

/* The numbers of the panics that an expression lets through. */
static void panics(const char *expr, const char *want)
{
	struct golin_filter *f = parse(expr);
	char got[64] = "";

	for (uint64_t number = 1; number <= 5; number++) {
		golin_pidx i = golin_model_panic_find(M, number);

		if (golin_filter_match_panic(f, M, i))
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%lu",
				 (unsigned long)number);
	}
	golin_filter_free(f);
	if (strcmp(got, want))
		fail_msg("%s: \"%s\", not \"%s\"", expr, got, want);
}

static void test_of_panics(void **arg)
{
	char expr[128];

	(void)arg;
	panics("", "12345");
	panics("type:PathError", "12");
	panics("type:errno", "1");
	panics("value:denied", "12");
	panics("text:\"no route\"", "45");
	panics("value:printed", "5");
	panics("outcome:recovered", "12");
	panics("state:active", "34");
	panics("outcome:fatal", "5");
	panics("kind:goexit", "3");
	panics("kind:panic", "1245");
	panics("by:main.guard", "1");
	panics("by:guard.go:5", "1");
	panics("in:0x6000", "");
	panics("fn:main.job", "13");
	panics("at:job.go:93", "13");
	panics("file:guard.go", "1");
	panics("file:server.go", "245");
	panics("goid:7", "12");
	panics("relation:wrapped", "2");
	panics("relation:same", "");
	panics("nested:yes", "2");
	panics("nested:no", "1345");
	panics("locked:yes", "2");
	panics("defers>2", "2");
	panics("defers<1", "345");
	panics("took>1ms", "2");
	panics("took<1us", "1345");
	panics("age>1ms", "12");
	snprintf(expr, sizeof(expr), "id:%s", second_id);
	panics(expr, "2");
	panics("code:PathError-", "1");
}

static void test_words(void **arg)
{
	(void)arg;
	panics("job", "123");
	panics("denied", "12");
	panics("guard", "1");
	panics("goexit", "3");
	panics("/^net\\/http/", "245");
	panics("fatal | goexit", "35");
	panics("!type:string outcome:recovered", "12");
}

static void test_of_goroutines(void **arg)
{
	struct golin_filter *f;

	(void)arg;
	panics("via:timer", "3");
	panics("parent:1", "12");
	panics("under:7", "12");
	panics("alive:no", "");
	f = parse("outcome:recovered");
	assert_false(golin_filter_match(f, M, golin_model_goroutine(M, golin_model_find(M, 7))));
	golin_filter_free(f);
}

static void test_no_panic(void **arg)
{
	struct golin_filter *f = parse("fatal");

	(void)arg;
	assert_true(golin_filter_match_panic(NULL, M, GOLIN_PIDX_NONE));
	assert_false(golin_filter_match_panic(f, M, GOLIN_PIDX_NONE));
	golin_filter_free(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_of_panics),
		TEST(test_words),
		TEST(test_of_goroutines),
		TEST(test_no_panic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
