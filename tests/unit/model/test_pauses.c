/* SPDX-License-Identifier: BSD-2-Clause */
/* Pauses of the world in the model: how much of a time they took, the newest of them, dumps. */
#include "golin/dump.h"
#include "golin/panic.h"
#include "records.h"

enum { KEPT = 4096 };

static int setup(void **state)
{
	(void)state;
	make_model(0);
	target(1, "x");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free_model();
	return 0;
}

static void pause_at(uint64_t ts, uint64_t duration, const char *reason)
{
	struct golin_recbuf b = {0};
	struct golin_rec_gc_pause *r = golin_recbuf_begin(&b, GOLIN_REC_GC_PAUSE, sizeof(*r));

	r->h.target = 1;
	r->h.ts = ts;
	r->duration_ns = duration;
	golin_recbuf_str(&b, offsetof(struct golin_rec_gc_pause, reason), reason, strlen(reason));
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

static void overlaps(void **state)
{
	(void)state;
	assert_int_equal(golin_model_paused(M, 0, UINT64_MAX), 0);
	pause_at(100, 10, "");
	pause_at(200, 50, "GOMAXPROCS");
	pause_at(300, 1, "");
	assert_int_equal(golin_model_paused(M, 0, UINT64_MAX), 61);
	assert_int_equal(golin_model_paused(M, 105, 210), 5 + 10);
	assert_int_equal(golin_model_paused(M, 110, 200), 0);
	assert_int_equal(golin_model_paused(M, 220, 230), 10);
	assert_int_equal(golin_model_paused(M, 301, 400), 0);
	assert_int_equal(golin_model_paused(M, 250, 200), 0);
}

static void newest_first(void **state)
{
	struct golin_pause v[3];

	(void)state;
	pause_at(100, 10, "GC sweep termination");
	pause_at(200, 20, "");
	/* One that began before its predecessor is none. */
	pause_at(150, 5, "");
	assert_int_equal(golin_model_pauses(M, v, 3), 2);
	assert_int_equal(v[0].ts, 200);
	assert_string_equal(golin_model_string(M, v[0].reason), "");
	assert_int_equal(v[1].duration, 10);
	assert_string_equal(golin_model_string(M, v[1].reason), "GC sweep termination");
	assert_int_equal(golin_model_pauses(M, v, 1), 1);
}

/* The newest are kept; one that never ends takes no more than there is. */
static void many(void **state)
{
	static struct golin_pause v[KEPT + 1];

	(void)state;
	for (uint64_t i = 0; i < KEPT + 100; i++)
		pause_at(1000 + 10 * i, 3, "GOMAXPROCS");
	assert_int_equal(golin_model_pauses(M, v, KEPT + 1), KEPT);
	assert_int_equal(v[0].ts, 1000 + 10 * (KEPT + 99));
	assert_int_equal(v[KEPT - 1].ts, 2000);
	assert_int_equal(golin_model_paused(M, 0, UINT64_MAX), 3 * KEPT);
	pause_at(1 << 20, UINT64_MAX, "");
	assert_int_equal(golin_model_paused(M, 1 << 20, (1 << 20) + 7), 7);
	assert_true(golin_model_paused(M, 0, UINT64_MAX) > UINT64_MAX / 2);
}

static int apply(void *arg, const struct golin_rec *rec)
{
	return golin_model_apply(arg, rec);
}

static void dumped(void **state)
{
	struct golin_pause v[3];
	struct golin_model *copy;
	const struct golin_model_opts opts = {0};

	(void)state;
	pause_at(100, 10, "read mem stats");
	pause_at(200, 20, "");
	assert_int_equal(golin_model_new(&opts, &copy), 0);
	assert_int_equal(golin_model_dump(M, &(struct golin_sink){.put = apply, .arg = copy}), 0);
	assert_int_equal(golin_model_pauses(copy, v, 3), 2);
	assert_int_equal(v[0].ts, 200);
	assert_int_equal(v[1].duration, 10);
	assert_string_equal(golin_model_string(copy, v[1].reason), "read mem stats");
	assert_int_equal(golin_model_paused(copy, 0, 205), 15);
	golin_model_free(copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(overlaps, setup, teardown),
		cmocka_unit_test_setup_teardown(newest_first, setup, teardown),
		cmocka_unit_test_setup_teardown(many, setup, teardown),
		cmocka_unit_test_setup_teardown(dumped, setup, teardown),
	};

	return cmocka_run_group_tests_name("pauses", tests, NULL, NULL);
}
