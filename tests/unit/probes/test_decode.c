/* SPDX-License-Identifier: BSD-2-Clause */
/* From the wire to records. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "live/decode.h"

static const struct decoder dec = {.target = 3, .epoch = 2, .bias = 0x555500000000};

#define AT(x) (dec.bias + (x))

static struct wire_create create(uint32_t flags)
{
	return (struct wire_create){
		.h = {.type = WIRE_CREATE, .size = 64, .flags = flags, .ts = 77},
		.child = 12,
		.parent = 5,
		.startpc = AT(0x1000),
		.gopc = AT(0x2005),
		.g = 0xc000001000,
		.ref = 99,
	};
}

static void test_create(void **state)
{
	struct wire_create w = create(0);
	union decoded r;

	assert_true(decode_record(&dec, &w.h, &r));
	assert_true(golin_record_check(&r.h, r.h.size));
	assert_int_equal(r.h.type, GOLIN_REC_GOROUTINE_CREATE);
	assert_int_equal(r.h.target, 3);
	assert_int_equal(r.h.epoch, 2);
	assert_int_equal(r.h.ts, 77);
	assert_int_equal(r.h.goid, 5);
	assert_int_equal(r.create.child, 12);
	assert_int_equal(r.create.startpc, 0x1000);
	assert_int_equal(r.create.gopc, 0x2004);
	assert_int_equal(r.create.stack, 99);
	assert_int_equal(r.create.armed_by, 0);
	assert_int_equal(r.create.via, GOLIN_VIA_GO);
	assert_int_equal(r.create.flags, GOLIN_G_PARENT_KNOWN);
}

static void test_timer(void **state)
{
	struct wire_create w = create(WIRE_F_TIMER);
	union decoded r;

	assert_true(decode_record(&dec, &w.h, &r));
	assert_int_equal(r.h.goid, 0);
	assert_int_equal(r.create.via, GOLIN_VIA_TIMER);
	assert_int_equal(r.create.armed_by, 99);
	assert_int_equal(r.create.stack, 0);
}

static void test_coroutine(void **state)
{
	struct wire_create w = create(WIRE_F_CORO);
	union decoded r;

	assert_true(decode_record(&dec, &w.h, &r));
	assert_int_equal(r.create.via, GOLIN_VIA_COROUTINE);
	assert_int_equal(r.h.goid, 5);
	assert_int_equal(r.create.stack, 99);
}

static struct wire_timer_start timer_start(uint32_t flags)
{
	return (struct wire_timer_start){
		.h = {.type = WIRE_TIMER_START,
		      .size = sizeof(struct wire_timer_start),
		      .flags = flags,
		      .ts = 81},
		.goid = 5,
		.timer = 0xc000100010,
		.when = 5081,
		.f = AT(0x9000),
		.code = AT(0x4000),
		.stack = 99,
	};
}

static void test_timer_start(void **state)
{
	struct wire_timer_start w = timer_start(0);
	struct decoder d = dec;
	union decoded r;

	assert_false(decode_record(&d, &w.h, &r)); /* it runs something else */
	d.gofunc = 0x4000;
	d.sendtime = 0x5000;
	assert_true(decode_record(&d, &w.h, &r));
	assert_true(golin_record_check(&r.h, r.h.size));
	assert_int_equal(r.h.type, GOLIN_REC_TIMER_START);
	assert_int_equal(r.h.ts, 81);
	assert_int_equal(r.h.goid, 5);
	assert_int_equal(r.timer_start.timer, 0xc000100010);
	assert_int_equal(r.timer_start.when_ns, 5081);
	assert_int_equal(r.timer_start.kind, GOLIN_TIMER_FUNC);
	assert_int_equal(r.timer_start.stack, 99);
	assert_int_equal(r.timer_start.again, 0);
	assert_int_equal(r.timer_start.flags, 0);
	w = timer_start(WIRE_F_AGAIN | WIRE_F_PARTIAL);
	w.code = AT(0x5000);
	assert_true(decode_record(&d, &w.h, &r));
	assert_int_equal(r.timer_start.kind, GOLIN_TIMER_CHAN);
	assert_int_equal(r.timer_start.again, 1);
	assert_int_equal(r.timer_start.flags, GOLIN_TIMER_PARTIAL);
	w.period = 10;
	assert_true(decode_record(&d, &w.h, &r));
	assert_int_equal(r.timer_start.kind, GOLIN_TIMER_TICKER);
	w.h.size -= 8;
	assert_false(decode_record(&d, &w.h, &r));
}

/* The func value's page was not there for BPF: it is one of the program's constants. */
static void test_timer_late(void **state)
{
	struct wire_timer_start w = timer_start(0);
	struct decoder d = dec;
	union decoded r;
	uint64_t code = AT(0x5000);

	d.mem_fd = open("/proc/self/mem", O_RDONLY);
	assert_true(d.mem_fd >= 0);
	d.sendtime = 0x5000;
	w.code = 0;
	w.f = (uint64_t)(uintptr_t)&code;
	assert_true(decode_record(&d, &w.h, &r));
	assert_int_equal(r.timer_start.kind, GOLIN_TIMER_CHAN);
	w.f = 8;
	assert_false(decode_record(&d, &w.h, &r));
	close(d.mem_fd);
}

static void test_timer_end(void **state)
{
	struct wire_timer_end w = {
		.h = {.type = WIRE_TIMER_END, .size = sizeof(w), .ts = 82},
		.goid = 5,
		.timer = 0xc000100010,
	};
	union decoded r;

	assert_true(decode_record(&dec, &w.h, &r));
	assert_true(golin_record_check(&r.h, r.h.size));
	assert_int_equal(r.h.goid, 5);
	assert_int_equal(r.timer_end.how, GOLIN_TIMER_STOPPED);
	w.h.flags = WIRE_F_FIRED | WIRE_F_PARTIAL;
	w.timer = w.goid = 0;
	assert_true(decode_record(&dec, &w.h, &r));
	assert_int_equal(r.timer_end.how, GOLIN_TIMER_FIRED);
	assert_int_equal(r.timer_end.flags, GOLIN_TIMER_PARTIAL);
}

/* What could not be read is not claimed: no parent is then not "none". */
static void test_partial(void **state)
{
	struct wire_create w = create(WIRE_F_PARTIAL);
	union decoded r;

	w.startpc = w.gopc = 0;
	assert_true(decode_record(&dec, &w.h, &r));
	assert_int_equal(r.create.flags, GOLIN_G_PARTIAL | GOLIN_G_PARENT_KNOWN);
	assert_int_equal(r.create.startpc, 0);
	assert_int_equal(r.create.gopc, 0);
	w.parent = 0;
	assert_true(decode_record(&dec, &w.h, &r));
	assert_int_equal(r.create.flags, GOLIN_G_PARTIAL);
}

static void test_exit(void **state)
{
	struct decoder d = dec;
	struct wire_exit w = {
		.h = {.type = WIRE_EXIT, .size = 64, .ts = 78},
		.goid = 12,
		.parent = 5,
		.startpc = AT(0x1000),
		.gopc = AT(0x2005),
		.ret = AT(0x3010),
	};
	union decoded r;

	assert_true(decode_record(&d, &w.h, &r));
	assert_true(golin_record_check(&r.h, r.h.size));
	assert_int_equal(r.h.goid, 12);
	assert_int_equal(r.exit.parent, 5);
	assert_int_equal(r.exit.how, GOLIN_HOW_RETURN);
	assert_int_equal(r.exit.gopc, 0x2004);
	w.h.flags = WIRE_F_GOEXIT;
	assert_true(decode_record(&d, &w.h, &r));
	assert_int_equal(r.exit.how, GOLIN_HOW_GOEXIT);
	/* Go 1.13: by where goexit1 returns to */
	w.h.flags = 0;
	d.goexit_lo = 0x3000;
	d.goexit_hi = 0x3011;
	assert_true(decode_record(&d, &w.h, &r));
	assert_int_equal(r.exit.how, GOLIN_HOW_GOEXIT);
	d.goexit_hi = 0x3010;
	assert_true(decode_record(&d, &w.h, &r));
	assert_int_equal(r.exit.how, GOLIN_HOW_RETURN);
}

static int pcs[WIRE_STACK_MAX + 1], npcs;

static void keep(void *arg, uint64_t pc)
{
	pcs[npcs++] = (int)pc;
}

static void test_stack(void **state)
{
	struct wire_stack w = {
		.h = {.type = WIRE_STACK, .ts = 5}, .id = 42, .n = 3, .truncated = 1};
	union decoded r;

	for (uint32_t i = 0; i < WIRE_STACK_MAX; i++)
		w.pcs[i] = AT(0x100 * (i + 1));
	w.h.size = WIRE_STACK_FIXED + 8 * 3;
	assert_true(decode_record(&dec, &w.h, &r));
	assert_true(golin_record_check(&r.h, r.h.size));
	assert_int_equal(r.stack.id, 42);
	assert_int_equal(r.stack.n, 3);
	assert_int_equal(r.stack.truncated, 1);
	assert_int_equal(r.stack.pcs[0], 0xff);
	assert_int_equal(r.stack.pcs[2], 0x2ff);
	npcs = 0;
	decode_pcs(&dec, &w.h, keep, NULL);
	assert_int_equal(npcs, 3);
	assert_int_equal(pcs[1], 0x1ff);

	w.n = WIRE_STACK_MAX;
	w.h.size = sizeof(w);
	assert_true(decode_record(&dec, &w.h, &r));
	assert_true(golin_record_check(&r.h, r.h.size));
}

/* Where BPF met a page that was not there yet, the start function is read from the target. */
static void test_late_start(void **state)
{
	const uint64_t constant = AT(0x4242);
	struct wire_create w = create(WIRE_F_LATE);
	struct decoder d = dec;
	union decoded r;

	d.mem_fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	assert_true(d.mem_fd >= 0);
	w.startpc = (uint64_t)(uintptr_t)&constant;
	assert_true(decode_record(&d, &w.h, &r));
	assert_int_equal(r.create.startpc, 0x4242);
	npcs = 0;
	decode_pcs(&d, &w.h, keep, NULL);
	assert_int_equal(pcs[0], 0x4242);

	w.startpc = 8; /* nothing is mapped there */
	assert_true(decode_record(&d, &w.h, &r));
	assert_int_equal(r.create.startpc, 0);
	close(d.mem_fd);
}

/* A wire record whose sizes do not agree is nothing, whoever wrote it. */
static void test_not_whole(void **state)
{
	struct wire_create w = create(0);
	struct wire_stack s = {.h = {.type = WIRE_STACK, .size = WIRE_STACK_FIXED + 8}, .n = 2};
	union decoded r;

	w.h.size = 56;
	assert_false(decode_record(&dec, &w.h, &r));
	w.h.type = WIRE_EXEC;
	assert_false(decode_record(&dec, &w.h, &r));
	w.h.type = 200;
	assert_false(decode_record(&dec, &w.h, &r));
	assert_false(decode_record(&dec, &s.h, &r));
	s.n = 0xffffffff;
	assert_false(decode_record(&dec, &s.h, &r));
	npcs = 0;
	decode_pcs(&dec, &s.h, keep, NULL);
	decode_pcs(&dec, &w.h, keep, NULL);
	assert_int_equal(npcs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),	    cmocka_unit_test(test_timer),
		cmocka_unit_test(test_timer_start), cmocka_unit_test(test_timer_late),
		cmocka_unit_test(test_timer_end),   cmocka_unit_test(test_coroutine),
		cmocka_unit_test(test_partial),	    cmocka_unit_test(test_exit),
		cmocka_unit_test(test_stack),	    cmocka_unit_test(test_late_start),
		cmocka_unit_test(test_not_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
