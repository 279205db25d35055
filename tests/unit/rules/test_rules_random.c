/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random streams: whatever comes, the rules do not crash, do not ask for more than they may, and
 * what they found only grows. Built with sanitizers this finds what reads beyond.
 */
#include "scene.h"

enum { STEPS = 60000, CTXS = 400, GS = 60 };

static uint64_t seed;

static uint32_t rnd(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)((seed >> 11) % n);
}

static uint64_t any_ctx(void)
{
	return 0xc000010000 + rnd(CTXS) * 64;
}

static void random_make(uint64_t ts)
{
	static const uint32_t kinds[] = {GOLIN_CTX_CANCEL, GOLIN_CTX_TIMER, GOLIN_CTX_VALUE,
					 GOLIN_CTX_AFTER_FUNC, GOLIN_CTX_WITHOUT_CANCEL};
	uint32_t parent = rnd(12);

	MAKE(.ts = ts, .goid = 1 + rnd(GS), .ctx = any_ctx(), .parent = parent < 9 ? any_ctx() : 0,
	     .kind = kinds[rnd(5)],
	     .parent_kind = parent < 9 ? 1 + rnd(8) : GOLIN_CTX_BACKGROUND + rnd(3),
	     .stack = rnd(AT_CONN + 3), .timeout = rnd(3) ? 0 : rnd(4000) * MS);
}

static void random_answer(uint64_t ts, uint64_t goid)
{
	static const char *const waits[] = {"select", "chan send", "chan receive",
					    "sleep",  "IO wait",   "sync.WaitGroup.Wait",
					    ""};
	const struct stands at = {.goid = goid,
				  .stack = rnd(AT_CONN + 3),
				  .gstate = rnd(4) ? 0 : rnd(10),
				  .wait = waits[rnd(7)],
				  .how = rnd(3),
				  .flags = rnd(8),
				  .ctx = any_ctx(),
				  .unsure = rnd(2)};

	answer(ts, &at);
}

static void step(uint64_t ts)
{
	switch (rnd(10)) {
	case 0:
		spawn(ts, 1 + rnd(GS), 1 + rnd(GS));
		break;
	case 1:
		ended(ts, 1 + rnd(GS));
		break;
	case 2:
	case 3:
		cancel(ts, 1 + rnd(GS), any_ctx(), rnd(5));
		break;
	case 4:
		passed(1 + rnd(GS), any_ctx());
		break;
	case 5:
		random_answer(ts, 1 + rnd(GS));
		break;
	default:
		random_make(ts);
	}
}

static void check_growth(uint32_t *count, uint64_t *generation)
{
	uint64_t now = golin_findings_generation(R);

	assert_true(golin_findings_count(R) >= *count);
	assert_true(now >= *generation);
	*count = golin_findings_count(R);
	*generation = now;
	for (uint32_t i = 0; i < *count; i++) {
		const struct golin_finding *f = golin_findings_get(R, i);

		assert_non_null(golin_rule(f->rule));
		assert_true(f->severity >= GOLIN_SEV_NOTE && f->severity <= GOLIN_SEV_ERROR);
		assert_true(f->count > 0 && *f->func && *f->message && *f->hint);
		assert_true(f->nevidence > 0 && f->nevidence <= GOLIN_EVIDENCE_MAX);
		assert_true(f->first <= f->last);
		for (uint32_t k = 0; k < f->nevidence; k++)
			assert_true(f->evidence[k].name && *f->evidence[k].name);
	}
}

static void run(uint64_t with)
{
	uint64_t ts = SEC, generation = 0;
	uint32_t count = 0;
	struct golin_ctl ctl;

	seed = with;
	assert_int_equal(scene_open(&(struct golin_rules_opts){.depth = 8, .width = 20}), 0);
	for (int i = 0; i < STEPS; i++) {
		uint32_t asked = 0;

		ts += rnd(1000) * 1000;
		step(ts);
		if (rnd(20))
			continue;
		assert_int_equal(golin_rules_check(R, ts), 0);
		while (golin_rules_ask(R, &ctl)) {
			assert_true(++asked <= 64);
			if (ctl.type == GOLIN_CTL_READ && rnd(4))
				random_answer(ts + 1, ctl.goid);
		}
		check_growth(&count, &generation);
		if (rnd(2000) == 0) {
			golin_model_reset(M);
			golin_rules_reset(R);
			clock_at(ts, UNIX0 + ts);
			scene_names();
			count = 0;
		}
		if (rnd(3000) == 0) {
			exec(ts, test_epoch + 1);
			clock_at(ts, UNIX0 + ts);
			scene_names();
		}
	}
	assert_int_equal(golin_rules_finish(R, ts + 10 * SEC), 0);
	check_growth(&count, &generation);
	teardown(NULL);
}

static void test_random(void **s)
{
	run(0x9e3779b97f4a7c15);
	run(0xd1b54a32d192ed03);
	run(0x2545f4914f6cdd1d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
