/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers in the model: sites, ends and starts again, what the runtime holds, the dump. */
#include "golin/timers.h"
#include "golin/dump.h"
#include "records.h"

enum { STACK_A = 0xa1, STACK_B = 0xb1, STACK_A2 = 0xa2, T = 0x10000 };

static int setup(void **s)
{
	static const uint64_t a[] = {0x5000, 0x1000}, b[] = {0x5000, 0x2000},
			      a2[] = {0x5100, 0x1000};

	make_model(0);
	name(0x5000, "time.NewTimer", "/go/src/time/sleep.go", 90);
	name(0x5100, "time.AfterFunc", "/go/src/time/sleep.go", 190);
	name(0x1000, "main.poll", "/src/poll.go", 12);
	name(0x2000, "main.retry", "/src/retry.go", 34);
	stack(STACK_A, a, 2);
	stack(STACK_B, b, 2);
	stack(STACK_A2, a2, 2);
	return 0;
}

static int teardown(void **s)
{
	free_model();
	return 0;
}

static void start_full(uint64_t ts, uint64_t timer, uint64_t stack_id, uint32_t kind, bool again,
		       int64_t when)
{
	struct golin_rec_timer_start r = {
		.h = HEADER(GOLIN_REC_TIMER_START, r, ts, 7),
		.timer = timer,
		.stack = stack_id,
		.when_ns = when,
		.kind = kind,
		.again = again,
	};

	put(&r.h);
}

static void start(uint64_t ts, uint64_t timer, uint64_t stack_id)
{
	start_full(ts, timer, stack_id, GOLIN_TIMER_CHAN, false, (int64_t)ts + 1);
}

static void again(uint64_t ts, uint64_t timer)
{
	start_full(ts, timer, 0, GOLIN_TIMER_CHAN, true, (int64_t)ts + 1);
}

static void end(uint64_t ts, uint64_t timer, uint32_t how)
{
	struct golin_rec_timer_end r = {
		.h = HEADER(GOLIN_REC_TIMER_END, r, ts, 7), .timer = timer, .how = how};

	put(&r.h);
}

static void held_part(uint64_t ts, uint64_t since, const uint64_t *v, uint32_t n, bool last,
		      uint32_t unread)
{
	struct golin_recbuf b = {0};
	struct golin_rec_timer_held *r =
		golin_recbuf_begin(&b, GOLIN_REC_TIMER_HELD, sizeof(*r) + n * sizeof(*v));

	r->h.target = 1;
	r->h.epoch = test_epoch;
	r->h.ts = ts;
	r->since = since;
	r->n = n;
	r->last = last;
	r->unread = unread;
	if (n)
		memcpy(r->timers, v, n * sizeof(*v));
	put(golin_recbuf_end(&b));
	golin_recbuf_done(&b);
}

static const struct golin_timer_site *site(uint32_t i)
{
	const struct golin_timer_site *s = golin_model_timer_site(M, i);

	assert_non_null(s);
	return s;
}

static void test_sites(void **s)
{
	start(100, T, STACK_A);
	start(110, T + 8, STACK_A);
	start(120, T + 16, STACK_B);
	/* The same place of the user's, of another kind. */
	start_full(130, T + 24, STACK_A2, GOLIN_TIMER_FUNC, false, 5000);
	assert_int_equal(golin_model_timer_sites(M), 3);
	assert_int_equal(site(0)->made, 2);
	assert_int_equal(site(0)->pending, 2);
	assert_int_equal(site(0)->stack, STACK_A);
	assert_int_equal(site(0)->goid, 7);
	assert_int_equal(site(0)->kind, GOLIN_TIMER_CHAN);
	assert_int_equal(site(0)->delay_max, 1);
	assert_int_equal(site(1)->made, 1);
	assert_int_equal(site(2)->kind, GOLIN_TIMER_FUNC);
	assert_int_equal(site(2)->delay_max, 5000 - 130);
	assert_null(golin_model_timer_site(M, 3));
	assert_int_equal(golin_model_timers_read(M), 0);
}

/* Two ways to the same line are one site; without names each stack is one. */
static void test_site_of_stacks(void **s)
{
	static const uint64_t other[] = {0x5000, 0x1000, 0x2000}, bare[] = {0x7000, 0x7100};

	stack(0xa3, other, 3);
	stack(0xc1, bare, 2);
	start(100, T, STACK_A);
	start(110, T + 8, 0xa3);
	assert_int_equal(golin_model_timer_sites(M), 1);
	assert_int_equal(site(0)->pending, 2);
	start(120, T + 16, 0xc1);
	start(130, T + 24, 0xc2); /* which the model has not */
	start(140, T + 32, 0xc2);
	start(150, T + 40, 0);
	assert_int_equal(golin_model_timer_sites(M), 4);
	assert_int_equal(site(2)->made, 2);
}

static void test_ends(void **s)
{
	start(100, T, STACK_A);
	start(100, T + 8, STACK_A);
	end(200, T, GOLIN_TIMER_STOPPED);
	end(210, T, GOLIN_TIMER_STOPPED);
	assert_int_equal(site(0)->stopped, 1);
	end(220, T + 8, GOLIN_TIMER_FIRED);
	end(230, T + 8, GOLIN_TIMER_STOPPED);  /* defer t.Stop() */
	end(240, T + 16, GOLIN_TIMER_STOPPED); /* made before golin came */
	assert_int_equal(site(0)->stopped, 1);
	assert_int_equal(site(0)->fired, 1);
	assert_int_equal(site(0)->pending, 0);
	assert_int_equal(site(0)->delay_max, 0);
}

/* Stop's event comes before it looks, the fire's when it runs: that one tells what was. */
static void test_stop_that_came_late(void **s)
{
	start(100, T, STACK_A);
	end(200, T, GOLIN_TIMER_STOPPED);
	end(201, T, GOLIN_TIMER_FIRED);
	assert_int_equal(site(0)->stopped, 0);
	assert_int_equal(site(0)->fired, 1);
	assert_int_equal(site(0)->pending, 0);
}

static void test_again(void **s)
{
	start(100, T, STACK_A);
	again(150, T);
	assert_int_equal(site(0)->made, 1);
	assert_int_equal(site(0)->pending, 1);
	end(200, T, GOLIN_TIMER_FIRED);
	again(250, T);
	assert_int_equal(site(0)->pending, 1);
	end(300, T, GOLIN_TIMER_FIRED);
	assert_int_equal(site(0)->fired, 2);
	again(400, T + 8); /* of a timer that nobody knows */
	assert_int_equal(golin_model_timer_sites(M), 1);
	assert_int_equal(site(0)->pending, 0);
}

/* Reset comes before it takes effect: the fire is of the time before. */
static void test_again_while_it_fires(void **s)
{
	start_full(100, T, STACK_A, GOLIN_TIMER_FUNC, false, 200);
	start_full(201, T, 0, GOLIN_TIMER_FUNC, true, 500);
	end(202, T, GOLIN_TIMER_FIRED);
	assert_int_equal(site(0)->fired, 1);
	assert_int_equal(site(0)->pending, 1);
	end(500, T, GOLIN_TIMER_FIRED);
	assert_int_equal(site(0)->fired, 2);
	assert_int_equal(site(0)->pending, 0);
	/* Never, and a clock that began in the year 2000 (testing/synctest). */
	start_full(600, T, STACK_A, GOLIN_TIMER_FUNC, false, INT64_MAX);
	end(700, T, GOLIN_TIMER_FIRED); /* contradictory: it stays */
	assert_int_equal(site(0)->pending, 1);
	start_full(800, T, STACK_A, GOLIN_TIMER_FUNC, false, 946684801000000000);
	end(900, T, GOLIN_TIMER_FIRED);
	assert_int_equal(site(0)->pending, 0);
}

/* What a reading found gone was stopped or fired just before: its event was on its way. */
static void test_end_behind_the_reading(void **s)
{
	start(100, T, STACK_A);
	start(110, T + 8, STACK_A);
	held_part(2000, 1900, NULL, 0, true, 0);
	assert_int_equal(site(0)->pending, 0);
	end(1890, T, GOLIN_TIMER_STOPPED);
	end(1891, T + 8, GOLIN_TIMER_FIRED);
	assert_int_equal(site(0)->stopped, 1);
	assert_int_equal(site(0)->fired, 1);
	end(2100, T, GOLIN_TIMER_STOPPED);
	assert_int_equal(site(0)->stopped, 1);
	again(2200, T);
	assert_int_equal(site(0)->pending, 1);
}

/* From Go 1.23 on: it was collected, and its address used again. */
static void test_address_again(void **s)
{
	start(100, T, STACK_A);
	start(200, T, STACK_B);
	assert_int_equal(site(0)->made, 1);
	assert_int_equal(site(0)->pending, 0);
	assert_int_equal(site(1)->pending, 1);
	end(300, T, GOLIN_TIMER_FIRED);
	assert_int_equal(site(0)->fired, 0);
	assert_int_equal(site(1)->fired, 1);
}

static void test_held(void **s)
{
	const uint64_t one[] = {T, T + 8}, two[] = {T + 8, T + 16}, later[] = {T + 8, T + 24};

	start(100, T, STACK_A);
	start(110, T + 8, STACK_A);
	start(120, T + 16, STACK_B);
	start(130, T + 24, STACK_B);
	start(290, T + 32, STACK_B); /* while it was read */
	held_part(300, 250, one, 2, false, 0);
	assert_int_equal(site(0)->held, 0);
	held_part(300, 250, two, 2, true, 0);
	assert_int_equal(golin_model_timers_read(M), 250);
	assert_int_equal(site(0)->held, 2);
	assert_int_equal(site(0)->held_first, 2);
	assert_int_equal(site(0)->held_before, 0);
	assert_int_equal(site(0)->oldest, 100);
	assert_int_equal(site(1)->held, 1);
	assert_int_equal(site(1)->oldest, 120);
	assert_int_equal(site(1)->pending, 2); /* T + 24 was collected */
	end(310, T, GOLIN_TIMER_STOPPED);
	assert_int_equal(site(0)->held, 1);
	assert_int_equal(site(0)->pending, 1);
	held_part(400, 400, later, 1, true, 0);
	assert_int_equal(site(0)->held_before, 2);
	assert_int_equal(site(0)->held_first, 2);
	assert_int_equal(site(0)->held, 1);
	assert_int_equal(site(0)->oldest, 110);
	assert_int_equal(site(1)->held, 0);
	assert_int_equal(site(1)->oldest, 0);
	assert_int_equal(site(1)->pending, 0);
	assert_int_equal(site(1)->held_first, 1);
}

/* When not all could be read, who is not named may still be there. */
static void test_held_partly(void **s)
{
	const uint64_t v[] = {T};

	start(100, T, STACK_A);
	start(110, T + 8, STACK_A);
	held_part(300, 250, v, 1, true, 1);
	assert_int_equal(site(0)->pending, 2);
	assert_int_equal(site(0)->held, 0);
	assert_int_equal(golin_model_timers_read(M), 0);
	assert_int_equal(counts().unread, 1);
	held_part(400, 350, v, 1, true, 0);
	assert_int_equal(site(0)->pending, 1);
	assert_int_equal(site(0)->held, 1);
	held_part(500, 450, NULL, 0, true, 0);
	assert_int_equal(site(0)->pending, 0);
	assert_int_equal(site(0)->held, 0);
}

/* Armed again by one goroutine while it fired: the runtime knows better. */
static void test_held_but_ended(void **s)
{
	const uint64_t v[] = {T};

	start(100, T, STACK_A);
	start_full(200, T, 0, GOLIN_TIMER_CHAN, true, 200);
	end(201, T, GOLIN_TIMER_FIRED);
	assert_int_equal(site(0)->pending, 0);
	held_part(300, 250, v, 1, true, 0);
	assert_int_equal(site(0)->pending, 1);
	assert_int_equal(site(0)->held, 1);
	assert_int_equal(site(0)->oldest, 201);
	assert_int_equal(site(0)->fired, 1);
	end(400, T, GOLIN_TIMER_STOPPED);
	assert_int_equal(site(0)->stopped, 1);
	/* It ended after that reading began. */
	held_part(500, 390, v, 1, true, 0);
	assert_int_equal(site(0)->pending, 0);
}

static void test_exec(void **s)
{
	start(100, T, STACK_A);
	exec(200, 1);
	assert_int_equal(site(0)->pending, 0);
	start(300, T, STACK_A);
	assert_int_equal(golin_model_timer_sites(M), 2);
	assert_int_equal(site(1)->pending, 1);
}

/* Ended ones are kept for a while, and not for ever. */
static void test_many(void **s)
{
	enum { MANY = 200000 };
	uint64_t bytes;

	for (uint64_t i = 0; i < MANY; i++) {
		start(100 + i, T + 64 * i, STACK_A);
		end(101 + i, T + 64 * i, GOLIN_TIMER_FIRED);
	}
	assert_int_equal(site(0)->fired, MANY);
	assert_int_equal(site(0)->pending, 0);
	bytes = counts().bytes;
	for (uint64_t i = MANY; i < 2 * MANY; i++) {
		start(100 + i, T + 64 * i, STACK_A);
		end(101 + i, T + 64 * i, GOLIN_TIMER_FIRED);
	}
	assert_int_equal(counts().bytes, bytes);
	again(9000000, T); /* forgotten */
	assert_int_equal(site(0)->pending, 0);
	again(9000000, T + 64 * (2 * MANY - 1));
	assert_int_equal(site(0)->pending, 1);
	assert_int_equal(counts().unread, 0);
}

static void test_cap(void **s)
{
	for (uint64_t i = 0; i < (1 << 20) + 5; i++)
		start(100, T + 64 * i, STACK_A);
	assert_int_equal(site(0)->made, (1 << 20) + 5);
	assert_int_equal(site(0)->pending, 1 << 20);
	assert_int_equal(counts().unread, 5);
	start(100, T, STACK_B); /* an address that is used again takes no room */
	assert_int_equal(counts().unread, 5);
}

/* Numbers from a hostile recording. */
static void test_hostile(void **s)
{
	const uint64_t v[] = {T, T, 0, UINT64_MAX};

	start_full(UINT64_MAX, T, STACK_A, GOLIN_TIMER_CHAN, false, INT64_MIN);
	start_full(0, T + 8, STACK_A, 99, false, INT64_MAX);
	start_full(0, UINT64_MAX, STACK_A, GOLIN_TIMER_FUNC, false, 0);
	start_full(0, T + 16, STACK_A, GOLIN_TIMER_FUNC, true, 0);
	end(0, T, 99);
	end(0, UINT64_MAX, GOLIN_TIMER_FIRED);
	assert_int_equal(golin_model_timer_sites(M), 1);
	assert_int_equal(site(0)->pending, 1);
	held_part(0, 0, v, 4, true, 0);
	assert_int_equal(site(0)->held, 1);
	held_part(0, 0, NULL, 0, true, 0);
	assert_int_equal(site(0)->held, 0);
}

static void test_check(void **s)
{
	struct {
		struct golin_rec_timer_held r;
		uint64_t v[4];
	} b = {.r = {.h = HEADER(GOLIN_REC_TIMER_HELD, b, 1, 0), .n = 4}};

	assert_true(golin_record_check(&b.r.h, sizeof(b)));
	b.r.n = 5;
	assert_false(golin_record_check(&b.r.h, sizeof(b)));
	b.r.n = UINT32_MAX;
	assert_false(golin_record_check(&b.r.h, sizeof(b)));
	b.r.n = 4;
	b.r.h.size = sizeof(b.r) - 8;
	assert_false(golin_record_check(&b.r.h, sizeof(b)));
	assert_string_equal(golin_rec_type_name(GOLIN_REC_TIMER_START), "timer.start");
	assert_string_equal(golin_rec_type_name(GOLIN_REC_TIMER_END), "timer.end");
	assert_string_equal(golin_timer_kind_name(GOLIN_TIMER_TICKER), "ticker");
	assert_string_equal(golin_timer_kind_name(0), "unknown");
	assert_string_equal(golin_timer_end_name(GOLIN_TIMER_FIRED), "fired");
}

/* ---- the dump ---- */

static int apply_to(void *arg, const struct golin_rec *rec)
{
	assert_true(golin_record_check(rec, rec->size));
	return golin_model_apply(arg, rec);
}

static void test_dump(void **s)
{
	const uint64_t v[] = {T, T + 8}, w[] = {T + 8};
	struct golin_model *copy, *was = M;
	struct golin_sink sink = {.put = apply_to};

	start(100, T, STACK_A);
	start_full(110, T + 8, STACK_A, GOLIN_TIMER_CHAN, false, INT64_MAX);
	start(120, T + 16, STACK_B);
	start(125, T + 24, STACK_B);
	start(126, T + 32, STACK_B);
	start(114, T + 40, STACK_B); /* which the reading finds gone */
	held_part(130, 115, v, 2, true, 0);
	end(140, T + 16, GOLIN_TIMER_STOPPED);
	end(141, T + 24, GOLIN_TIMER_FIRED);
	end(142, T, GOLIN_TIMER_FIRED);
	held_part(150, 118, w, 1, true, 0);
	assert_int_equal(golin_model_new(NULL, &copy), 0);
	sink.arg = copy;
	assert_int_equal(golin_model_dump(M, &sink), 0);
	assert_int_equal(golin_model_timers_read(copy), 118);
	assert_int_equal(golin_model_timer_sites(copy), 2);
	for (uint32_t i = 0; i < 2; i++)
		assert_memory_equal(golin_model_timer_site(copy, i), golin_model_timer_site(M, i),
				    sizeof(struct golin_timer_site));
	/* And goes on alike. */
	for (int k = 0; k < 2; k++) {
		M = k ? copy : was;
		again(200, T + 24);
		end(210, T + 16, GOLIN_TIMER_FIRED); /* what was stopped did fire */
		end(211, T + 40, GOLIN_TIMER_STOPPED);
		end(220, T + 8, GOLIN_TIMER_STOPPED);
		held_part(230, 225, v, 1, true, 0);
	}
	M = was;
	for (uint32_t i = 0; i < 2; i++)
		assert_memory_equal(golin_model_timer_site(copy, i), golin_model_timer_site(M, i),
				    sizeof(struct golin_timer_site));
	assert_int_equal(site(1)->stopped, 1);
	assert_int_equal(site(1)->fired, 2);
	golin_model_free(copy);
}

/* ---- anything, in any order ---- */

static uint32_t dice(uint32_t n)
{
	static uint64_t x = 88172645463325252ull;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 11) % n;
}

static void any_record(uint64_t ts)
{
	static const uint64_t stacks[] = {STACK_A, STACK_B, STACK_A2, 0xdd};
	uint64_t v[8], timer = T + 8 * dice(40), armed = ts - dice(3);
	uint32_t n = dice(8);

	switch (dice(8)) {
	case 0:
	case 1:
		start_full(armed, timer, stacks[dice(4)], 1 + dice(3), false,
			   (int64_t)(ts + dice(9)));
		break;
	case 2:
		start_full(armed, timer, 0, 1 + dice(3), true, (int64_t)(ts + dice(9)));
		break;
	case 3:
	case 4:
		end(armed, timer, GOLIN_TIMER_STOPPED);
		break;
	case 5:
		end(armed, timer, GOLIN_TIMER_FIRED);
		break;
	default:
		for (uint32_t i = 0; i < n; i++)
			v[i] = T + 8 * dice(40);
		held_part(ts, ts - dice(9), v, n, dice(3) != 0, dice(9) == 0);
	}
}

/* What was counted adds up, and a dump makes the same of it, now and later. */
static void test_random(void **s)
{
	for (int round = 0; round < 40; round++) {
		struct golin_sink sink = {.put = apply_to};
		struct golin_model *copy;
		uint64_t ts = 1000;

		for (int i = 0; i < 300; i++)
			any_record(ts++);
		/* A reading whose parts are still to come is not dumped. */
		held_part(ts, ts, NULL, 0, true, 1);
		for (uint32_t i = 0; i < golin_model_timer_sites(M); i++) {
			assert_true(site(i)->held <= site(i)->pending);
			assert_true(site(i)->pending <= site(i)->made);
			assert_true(site(i)->made <= 300);
			assert_true(site(i)->stopped <= 300 && site(i)->fired <= 300);
			assert_int_equal(site(i)->pending == 0 && site(i)->held, 0);
		}
		assert_int_equal(golin_model_new(NULL, &copy), 0);
		sink.arg = copy;
		assert_int_equal(golin_model_dump(M, &sink), 0);
		assert_int_equal(golin_model_timer_sites(copy), golin_model_timer_sites(M));
		for (uint32_t i = 0; i < golin_model_timer_sites(M); i++)
			assert_memory_equal(golin_model_timer_site(copy, i),
					    golin_model_timer_site(M, i),
					    sizeof(struct golin_timer_site));
		golin_model_free(copy);
		teardown(s);
		setup(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sites, setup, teardown),
		cmocka_unit_test_setup_teardown(test_site_of_stacks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stop_that_came_late, setup, teardown),
		cmocka_unit_test_setup_teardown(test_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_again_while_it_fires, setup, teardown),
		cmocka_unit_test_setup_teardown(test_end_behind_the_reading, setup, teardown),
		cmocka_unit_test_setup_teardown(test_address_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_held, setup, teardown),
		cmocka_unit_test_setup_teardown(test_held_partly, setup, teardown),
		cmocka_unit_test_setup_teardown(test_held_but_ended, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exec, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_check, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dump, setup, teardown),
		cmocka_unit_test_setup_teardown(test_random, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
