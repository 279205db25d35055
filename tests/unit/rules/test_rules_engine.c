/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine: the table, options, caps, resets, changes that are missed. */
#include "scene.h"
#include <stdio.h>
#include "base/err.h"

enum { CTX0 = 0xc100000000 };

static void deep_chain(uint64_t at, uint64_t ts)
{
	for (uint32_t i = 0; i < 70; i++)
		MAKE(.ts = ts + i, .goid = 1, .ctx = at + i * 64,
		     .parent = i ? at + (i - 1) * 64 : 0, .parent_kind = i ? GOLIN_CTX_VALUE : 0,
		     .stack = ST_VALUE_F, .kind = GOLIN_CTX_VALUE);
}

static void test_table(void **s)
{
	static const char *const names[] = {
		"detached-context",    "ignored-cancel",  "value-only",	  "masked-timeout",
		"lost-cancel",	       "foreign-context", "deep-context", "wide-context",
		"timer-pileup",	       "panic-swallowed", "repanic",	  "panic-in-defer",
		"goexit-during-panic", "panic-loop"};
	enum { N = sizeof(names) / sizeof(names[0]) };

	assert_int_equal(golin_rule_count(), N);
	for (uint32_t k = 0; k < N; k++) {
		uint32_t rule = golin_rule_find(names[k]);

		assert_int_not_equal(rule, UINT32_MAX);
		assert_string_equal(golin_rule(rule)->name, names[k]);
		assert_true(*golin_rule(rule)->what && *golin_rule(rule)->hint);
		assert_true(golin_rule(rule)->groups != 0);
	}
	assert_null(golin_rule(N));
	assert_int_equal(golin_rule_find("no-such"), UINT32_MAX);
	assert_string_equal(golin_severity_name(GOLIN_SEV_WARNING), "warning");
	assert_string_equal(golin_severity_name(77), "unknown");
}

static void open_with(struct golin_rules_opts o)
{
	assert_int_equal(scene_open(&o), 0);
	spawn(1 * MS, 0, 1);
	deep_chain(CTX0, 10 * MS);
	look(100 * MS, 200 * MS);
}

static void test_limits(void **s)
{
	open_with((struct golin_rules_opts){.depth = 70});
	assert_int_equal(golin_findings_count(R), 0);
	teardown(NULL);
	open_with((struct golin_rules_opts){.depth = 69});
	must("deep-context", "main.f", GOLIN_SEV_WARNING);
	teardown(NULL);
	open_with((struct golin_rules_opts){.grace_ns = SEC}); /* 0: the default */
	must("deep-context", "main.f", GOLIN_SEV_WARNING);
	teardown(NULL);
}

static void test_allow(void **s)
{
	open_with(
		(struct golin_rules_opts){.allow = (const char *[]){"deep-context"}, .nallow = 1});
	assert_int_equal(golin_findings_count(R), 0);
	teardown(NULL);
	open_with((struct golin_rules_opts){
		.allow = (const char *[]){"wide-context", "deep-context:main.f"}, .nallow = 2});
	assert_int_equal(golin_findings_count(R), 0);
	teardown(NULL);
	open_with((struct golin_rules_opts){.allow = (const char *[]){"deep-context:main.ff"},
					    .nallow = 1});
	assert_int_equal(golin_findings_count(R), 1);
	teardown(NULL);
}

static void test_warn(void **s)
{
	struct golin_rules_opts o = {.warn = (const char *[]){"foreign-context"}, .nwarn = 1};

	assert_int_equal(scene_open(&o), 0);
	spawn(1 * MS, 0, 1);
	create_full(2 * MS, 1, 10, PC_WAITER, PC_PROPAGATE, ST_WAITER, GOLIN_VIA_GO, 0);
	look(2 * SEC, 3 * SEC);
	must("foreign-context", "main.f", GOLIN_SEV_WARNING);
	teardown(NULL);
}

static void test_bad_names(void **s)
{
	struct golin_rules_opts o = {.allow = (const char *[]){"deep"}, .nallow = 1};
	struct golin_err err = {0};
	struct golin_rules *r = NULL;

	make_model(0);
	assert_int_equal(golin_rules_new(&o, M, &r, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "'deep'"));
	assert_null(r);
	o = (struct golin_rules_opts){.warn = (const char *[]){"deep-context-x:f"}, .nwarn = 1};
	assert_int_equal(golin_rules_new(&o, M, &r, &err), -EINVAL);
	free_model();
}

/* Found before the reset, forgotten with it, found again; the generation only grows. */
static void test_reset(void **s)
{
	uint64_t generation;

	spawn(1 * MS, 0, 1);
	deep_chain(CTX0, 10 * MS);
	look(100 * MS, 200 * MS);
	assert_int_equal(golin_findings_count(R), 1);
	generation = golin_findings_generation(R);
	assert_true(generation > 0);
	golin_model_reset(M);
	golin_rules_reset(R);
	assert_int_equal(golin_findings_count(R), 0);
	assert_true(golin_findings_generation(R) > generation);
	clock_at(1, UNIX0);
	scene_names();
	look(50 * MS, 60 * MS);
	assert_int_equal(golin_findings_count(R), 0);
	spawn(1 * MS, 0, 1);
	deep_chain(CTX0, 10 * MS);
	look(100 * MS, 200 * MS);
	assert_int_equal(golin_findings_count(R), 1);
}

/* What is told stays told: texts are the rules' own, not the model's. */
static void test_texts_outlive_the_model(void **s)
{
	const struct golin_finding *f;

	spawn(1 * MS, 0, 1);
	deep_chain(CTX0, 10 * MS);
	look(100 * MS, 200 * MS);
	golin_model_reset(M);
	f = golin_findings_get(R, 0);
	assert_string_equal(f->func, "main.f");
	assert_string_equal(f->file, "/src/app/f.go");
	assert_non_null(strstr(f->message, "main.f"));
	assert_null(golin_findings_get(R, 1));
}

/* Without names there is no place, and no finding. */
static void test_no_names(void **s)
{
	make_model(0);
	assert_int_equal(golin_rules_new(NULL, M, &R, NULL), 0);
	spawn(1 * MS, 0, 1);
	deep_chain(CTX0, 10 * MS);
	look(100 * MS, 200 * MS);
	assert_int_equal(golin_findings_count(R), 0);
	teardown(NULL);
}

/* More changes than are kept between two checks: the newest are looked at, nothing breaks. */
static void test_missed_changes(void **s)
{
	spawn(1 * MS, 0, 1);
	for (uint32_t i = 0; i < 200000; i++)
		MAKE(.ts = 2 * MS + i, .goid = 1, .ctx = CTX0 + i * 64, .stack = ST_F,
		     .kind = GOLIN_CTX_CANCEL);
	deep_chain(CTX0 + 300000 * 64ull, 300 * MS);
	look(400 * MS, 500 * MS);
	must("deep-context", "main.f", GOLIN_SEV_WARNING);
}

/* One finding for each place, up to a cap. */
static void test_many_places(void **s)
{
	char func[32];

	spawn(1 * MS, 0, 1);
	for (uint32_t k = 0; k < 5000; k++) {
		uint64_t pc = 0x10000 + k, pcs[] = {PC_TIMEOUT, pc}, at = CTX0 + k * 1024;

		snprintf(func, sizeof(func), "main.f%u", k);
		name(pc, func, "/src/app/many.go", k);
		stack(0x10000 + k, pcs, 2);
		MAKE(.ts = 2 * MS + k, .goid = 1, .ctx = at, .stack = 0x10000 + k,
		     .kind = GOLIN_CTX_CANCEL, .timeout = SEC);
		if (k % 1000 == 0)
			golin_rules_check(R, 3 * MS + k);
	}
	look(SEC, 2 * SEC);
	assert_int_equal(golin_findings_count(R), 4096);
	assert_int_equal(golin_findings_get(R, 4095)->severity, GOLIN_SEV_NOTE);
}

/* A clock that goes back does not silence the rules. */
static void test_clock_back(void **s)
{
	look(1000 * SEC, 1000 * SEC);
	spawn(1 * MS, 0, 1);
	create_full(2 * MS, 1, 10, PC_WAITER, PC_PROPAGATE, ST_WAITER, GOLIN_VIA_GO, 0);
	look(2 * SEC, 3 * SEC);
	must("foreign-context", "main.f", GOLIN_SEV_NOTE);
}

static void test_finish(void **s)
{
	spawn(1 * MS, 0, 1);
	for (uint32_t i = 0; i < 5; i++)
		MAKE(.ts = 10 * MS + i, .goid = 1, .ctx = CTX0 + i * 64, .stack = ST_TF,
		     .kind = GOLIN_CTX_CANCEL, .timeout = SEC);
	look(20 * MS, 20 * MS);
	assert_null(found("masked-timeout", "main.f"));
	assert_int_equal(golin_rules_finish(R, 30 * MS), 0);
	must("masked-timeout", "main.f", GOLIN_SEV_WARNING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_allow),
		cmocka_unit_test(test_warn),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test_setup_teardown(test_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(test_texts_outlive_the_model, setup, teardown),
		cmocka_unit_test(test_no_names),
		cmocka_unit_test_setup_teardown(test_missed_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_places, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clock_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_finish, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
