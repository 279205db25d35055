/* SPDX-License-Identifier: BSD-2-Clause */
/* The events of timers as text and JSON. */
#include "scene.h"

#include "base/strbuf.h"
#include "export/export.h"
#include "model/filter.h"

enum { PC_NEWTIMER = 0x500, PC_POLL = 0x501, STACK = 500, T = 0x5000 };

static struct strbuf out;
static struct golin_export_opts opts;

static int setup(void **s)
{
	static const uint64_t pcs[] = {PC_NEWTIMER, PC_POLL, PC_MAIN_SITE};
	static const struct test_frame poll[] = {
		{"time.After", "/go/src/time/sleep.go", 202, 0},
		{"main.poll", "/src/app/poll.go", 31, 0},
	};

	make_model(0);
	target(4213, "orders");
	clock_at(1000, UNIX0);
	scene_names();
	name(PC_NEWTIMER, "time.NewTimer", "/go/src/time/sleep.go", 149);
	name_frames(PC_POLL, poll, 2);
	stack(STACK, pcs, 3);
	create_full(2000, 1, 40, PC_WORKER, PC_MAIN_SITE, 0, GOLIN_VIA_GO, 0);
	create_full(2000, 1, 41, PC_SWEEP, PC_GCENABLE, 0, GOLIN_VIA_GO, 0);
	opts = (struct golin_export_opts){0};
	return 0;
}

static int teardown(void **s)
{
	strbuf_done(&out);
	out = (struct strbuf){0};
	free_model();
	return 0;
}

static void event(const struct golin_rec *r, bool json)
{
	put(r);
	if (json)
		golin_export_event_json(M, &opts, r, &out);
	else
		golin_export_event_text(M, &opts, r, &out);
}

static void start(bool json, uint64_t goid, uint32_t kind, bool again, int64_t when, int64_t period)
{
	struct golin_rec_timer_start r = {
		.h = HEADER(GOLIN_REC_TIMER_START, r, 10 * SEC, goid),
		.timer = T,
		.stack = again ? 0 : STACK,
		.when_ns = when,
		.period_ns = period,
		.kind = kind,
		.again = again,
	};

	event(&r.h, json);
}

static void end(bool json, uint64_t goid, uint32_t how)
{
	struct golin_rec_timer_end r = {
		.h = HEADER(GOLIN_REC_TIMER_END, r, 11 * SEC, goid), .timer = T, .how = how};

	event(&r.h, json);
}

static void test_text(void **s)
{
	start(false, 40, GOLIN_TIMER_CHAN, false, 15 * SEC, 0);
	start(false, 40, GOLIN_TIMER_CHAN, true, 12 * SEC, 0);
	start(false, 40, GOLIN_TIMER_TICKER, false, 11 * SEC, SEC);
	start(false, 0, GOLIN_TIMER_FUNC, true, INT64_MAX, 0);
	start(false, 40, GOLIN_TIMER_FUNC, true, -5, 0);
	end(false, 40, GOLIN_TIMER_STOPPED);
	end(false, 0, GOLIN_TIMER_FIRED);
	start(false, 41, GOLIN_TIMER_FUNC, false, 15 * SEC, 0); /* the runtime's: hidden */
	assert_string_equal(
		strbuf_cstr(&out),
		"newtimer: tgid=4213, goid=40, timer=0x5000, kind=chan, func=time.After, "
		"at=/src/app/poll.go:31, in=5s\n"
		"resettimer: tgid=4213, goid=40, timer=0x5000, kind=chan, in=2s\n"
		"newtimer: tgid=4213, goid=40, timer=0x5000, kind=ticker, func=time.After, "
		"at=/src/app/poll.go:31, in=1s, every=1s\n"
		"resettimer: tgid=4213, goid=-, timer=0x5000, kind=func, in=never\n"
		"resettimer: tgid=4213, goid=40, timer=0x5000, kind=func, in=0ns\n"
		"endtimer: tgid=4213, goid=40, timer=0x5000, how=stopped\n"
		"endtimer: tgid=4213, goid=-, timer=0x5000, how=fired\n");
}

static void test_json(void **s)
{
	start(true, 40, GOLIN_TIMER_CHAN, false, 15 * SEC, 0);
	start(true, 40, GOLIN_TIMER_TICKER, true, INT64_MAX, SEC);
	end(true, 0, GOLIN_TIMER_FIRED);
	assert_string_equal(
		strbuf_cstr(&out),
		"{\"type\":\"timer.start\",\"ts\":\"1700000009999999000\",\"goid\":40,"
		"\"timer\":\"0x5000\",\"kind\":\"chan\",\"again\":false,\"func\":\"time.After\","
		"\"at\":{\"func\":\"main.poll\",\"file\":\"/src/app/poll.go\",\"line\":31},"
		"\"delay_ns\":5000000000,\"period_ns\":null,"
		"\"stack\":[{\"func\":\"time.NewTimer\",\"file\":\"/go/src/time/sleep.go\","
		"\"line\":149},"
		"{\"func\":\"time.After\",\"file\":\"/go/src/time/sleep.go\",\"line\":202},"
		"{\"func\":\"main.poll\",\"file\":\"/src/app/poll.go\",\"line\":31},"
		"{\"func\":\"main.main\",\"file\":\"/src/app/main.go\",\"line\":30}]}\n"
		"{\"type\":\"timer.start\",\"ts\":\"1700000009999999000\",\"goid\":40,"
		"\"timer\":\"0x5000\",\"kind\":\"ticker\",\"again\":true,\"func\":null,\"at\":null,"
		"\"delay_ns\":null,\"period_ns\":1000000000,\"stack\":[]}\n"
		"{\"type\":\"timer.end\",\"ts\":\"1700000010999999000\",\"goid\":null,"
		"\"timer\":\"0x5000\",\"how\":\"fired\"}\n");
}

/* A filter speaks of goroutines: of what none did there is nothing to show. */
static void test_filter(void **s)
{
	struct golin_filter *f = NULL;

	assert_int_equal(golin_filter_parse("goid:40", &f, NULL), 0);
	opts.filter = f;
	start(false, 40, GOLIN_TIMER_CHAN, true, 15 * SEC, 0);
	start(false, 1, GOLIN_TIMER_CHAN, true, 15 * SEC, 0);
	end(false, 0, GOLIN_TIMER_FIRED);
	assert_string_equal(strbuf_cstr(&out),
			    "resettimer: tgid=4213, goid=40, timer=0x5000, kind=chan, in=5s\n");
	golin_filter_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text, setup, teardown),
		cmocka_unit_test_setup_teardown(test_json, setup, teardown),
		cmocka_unit_test_setup_teardown(test_filter, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
