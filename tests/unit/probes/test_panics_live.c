/* SPDX-License-Identifier: BSD-2-Clause */
/* Events of panics to records, of a program whose memory nobody can read. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "live/decode.h"
#include "live/panic_copies.h"
#include "live/panics.h"

enum { BIAS = 0x10000000 };

static struct decoder dec = {.target = 3, .epoch = 2, .bias = BIAS, .mem_fd = -1};
static struct golin_image_info info = {.nsegments = 1};
static struct panics_live panics;

/* The records that came out, one behind the other. */
static union {
	uint64_t align;
	uint8_t b[1 << 16];
} out;
static size_t out_len;
static int nout;

static int take(void *arg, const struct golin_rec *rec)
{
	assert_true(golin_record_check(rec, rec->size));
	assert_true(golin_record_is_clean(rec));
	assert_true(out_len + rec->size <= sizeof(out));
	memcpy(out.b + out_len, rec, rec->size);
	out_len += rec->size;
	nout++;
	return 0;
}

static const struct golin_sink sink = {.put = take};

static const void *record(int n)
{
	const struct golin_rec *r = (const void *)out.b;

	assert_true(n < nout);
	while (n-- > 0)
		r = (const void *)((const char *)r + r->size);
	return r;
}

static int setup(void **state)
{
	const struct golin_memory mem = {.mem_fd = -1, .bias = BIAS, .info = &info};

	info.go.minor = 22;
	info.segments[0] = (struct golin_segment){.vaddr = 0x400000, .mem_size = 0x100000};
	panics_open(&panics, &mem, &dec, NULL, GOLIN_TRACE_HLC, false);
	out_len = 0;
	nout = 0;
	return 0;
}

static int teardown(void **state)
{
	panics_close(&panics);
	return 0;
}

static struct wire_panic_start start(uint64_t goid, uint64_t type)
{
	return (struct wire_panic_start){
		.h = {.type = WIRE_PANIC_START, .size = sizeof(struct wire_panic_start), .ts = 77},
		.goid = goid,
		.depth = 640,
		.stack = 99,
		.value = {type, type ? 0xc000010020 : 0},
	};
}

static struct wire_panic_defer defer(uint64_t goid, uint32_t flags)
{
	return (struct wire_panic_defer){
		.h = {.type = WIRE_PANIC_DEFER,
		      .size = sizeof(struct wire_panic_defer),
		      .flags = flags,
		      .ts = 78},
		.goid = goid,
		.pc = BIAS + 0x401000,
		.value = {BIAS + 0x480000, BIAS + 0x490000},
	};
}

static void test_start(void **state)
{
	struct wire_panic_start w = start(7, BIAS + 0x450000);
	const struct golin_rec_panic_start *r;

	w.h.flags = WIRE_F_NESTED | WIRE_F_UP_RECOVERED | WIRE_F_LOCKED | WIRE_F_PARTIAL;
	assert_int_equal(panics_put(&panics, &w.h, &sink), 1);
	r = record(0);
	assert_int_equal(r->h.type, GOLIN_REC_PANIC_START);
	assert_int_equal(r->h.target, 3);
	assert_int_equal(r->h.epoch, 2);
	assert_int_equal(r->h.goid, 7);
	assert_int_equal(r->h.ts, 77);
	assert_int_equal(r->depth, 640);
	assert_int_equal(r->stack, 99);
	assert_int_equal(r->flags, GOLIN_PANIC_NESTED | GOLIN_PANIC_UP_RECOVERED |
					   GOLIN_PANIC_LOCKED | GOLIN_PANIC_PARTIAL);
	assert_int_equal(r->trace_kind, GOLIN_TRACE_HLC);
	assert_true(r->trace[0]);
	assert_int_equal(r->n, 1);
	assert_int_equal(r->values[0].type, 0x450000);
	assert_int_equal(r->values[0].data, 0xc000010020);
	/* No type can be told here: it is said to be no more than partly known. */
	assert_int_equal(r->values[0].flags, GOLIN_VALUE_PARTIAL);
}

static void test_signal(void **state)
{
	struct wire_panic_start w = start(7, BIAS + 0x450000);
	const struct golin_rec_panic_start *r;

	w.h.flags = WIRE_F_SIGNAL;
	w.sig_pc = BIAS + 0x402005;
	w.sig_addr = 8;
	assert_int_equal(panics_put(&panics, &w.h, &sink), 1);
	r = record(0);
	/* It is not an address that something returns to. */
	assert_int_equal(r->fault_pc, 0x402005);
	assert_int_equal(r->fault_addr, 8);
	assert_int_equal(r->flags, GOLIN_PANIC_SIGNAL);
	assert_int_equal(r->stack, 99);
}

/* The ids of two panics are ordered as they began. */
static void test_trace(void **state)
{
	struct wire_panic_start w = start(7, BIAS + 0x450000);
	const struct golin_rec_panic_start *a, *b;

	panics_put(&panics, &w.h, &sink);
	panics_put(&panics, &w.h, &sink);
	a = record(0);
	b = record(1);
	assert_true(a->trace[0] < b->trace[0]);
}

/* What a panic(nil) became since Go 1.21 is told by its next event; that of another is none. */
static void test_nil(void **state)
{
	struct wire_panic_start w = start(7, 0);
	struct wire_panic_defer other = defer(8, WIRE_F_VALUE), d = defer(7, WIRE_F_VALUE);
	const struct golin_rec_panic_start *r;

	assert_int_equal(panics_put(&panics, &w.h, &sink), 0);
	assert_int_equal(panics_put(&panics, &other.h, &sink), 1);
	assert_int_equal(panics_put(&panics, &d.h, &sink), 2);
	r = record(0);
	assert_int_equal(r->h.goid, 8);
	r = record(1);
	assert_int_equal(r->h.type, GOLIN_REC_PANIC_START);
	assert_int_equal(r->h.goid, 7);
	assert_int_equal(r->values[0].type, 0x480000);
	assert_int_equal(((const struct golin_rec *)record(2))->type, GOLIN_REC_PANIC_DEFER);
	assert_int_equal(panics.nnil, 0);
}

/* With GODEBUG=panicnil=1 it stays nil; and one whose next event never comes is not kept. */
static void test_nil_stays(void **state)
{
	struct wire_panic_start w = start(7, 0), late = start(9, 0);
	struct wire_panic_defer d = defer(7, 0);
	const struct golin_rec_panic_start *r;

	late.h.ts = 1000;
	panics_put(&panics, &w.h, &sink);
	panics_put(&panics, &late.h, &sink);
	assert_int_equal(panics_put(&panics, &d.h, &sink), 2);
	r = record(0);
	assert_int_equal(r->values[0].type, 0);
	assert_int_equal(panics_flush(&panics, &sink, 1000, 0), 0);
	assert_int_equal(panics_flush(&panics, &sink, 1001, 8), 0);
	assert_int_equal(panics_flush(&panics, &sink, 1001, 0), 1);
	r = record(2);
	assert_int_equal(r->h.goid, 9);
}

/* More of them than are held: the oldest gives way, in order. */
static void test_nil_many(void **state)
{
	for (uint64_t i = 1; i <= PANICS_NIL + 3; i++) {
		struct wire_panic_start w = start(i, 0);

		assert_int_equal(panics_put(&panics, &w.h, &sink), i > PANICS_NIL ? 1 : 0);
	}
	assert_int_equal(nout, 3);
	assert_int_equal(((const struct golin_rec *)record(2))->goid, 3);
	assert_int_equal(panics_flush(&panics, &sink, UINT64_MAX, 0), PANICS_NIL);
}

/* Before Go 1.21 nil is nil. */
static void test_nil_old(void **state)
{
	struct wire_panic_start w = start(7, 0);

	info.go.minor = 20;
	assert_int_equal(panics_put(&panics, &w.h, &sink), 1);
}

static void test_defer(void **state)
{
	struct wire_panic_defer w = defer(7, WIRE_F_OPEN | WIRE_F_OF_GOEXIT);
	const struct golin_rec_panic_defer *r;

	assert_int_equal(panics_put(&panics, &w.h, &sink), 1);
	r = record(0);
	assert_int_equal(r->pc, 0x401000);
	assert_int_equal(r->flags, GOLIN_PANIC_OPEN | GOLIN_PANIC_OF_GOEXIT);
	/* A constant that cannot be read is not guessed. */
	w.h.flags = WIRE_F_LATE;
	assert_int_equal(panics_put(&panics, &w.h, &sink), 1);
	r = record(1);
	assert_int_equal(r->pc, 0);
	assert_int_equal(r->flags, GOLIN_PANIC_PARTIAL);
}

struct fatal {
	struct wire_panic_fatal f;
	struct wire_copy c;
	uint8_t b[8];
};

static void test_fatal(void **state)
{
	static struct fatal w;
	const struct golin_rec_panic_fatal *r;

	w = (struct fatal){.f = {.h = {.type = WIRE_PANIC_FATAL, .size = sizeof(w), .ts = 5},
				 .goid = 7,
				 .n = 2,
				 .copied = 24}};
	w.f.panics[0] = (struct wire_kept){.addr = 0xc000001000, .flags = GOLIN_KEPT_REPANICKED};
	w.f.panics[1] = (struct wire_kept){.addr = 0xc000002000, .flags = GOLIN_KEPT_RECOVERED};
	assert_int_equal(panics_put(&panics, &w.f.h, &sink), 1);
	r = record(0);
	/* The first one first, as the program prints them. */
	assert_int_equal(r->n, 2);
	assert_int_equal(r->panics[0].addr, 0xc000002000);
	assert_int_equal(r->panics[0].flags, GOLIN_KEPT_RECOVERED);
	assert_int_equal(r->panics[1].addr, 0xc000001000);
}

/* What is not whole is no event. */
static void test_not_whole(void **state)
{
	struct wire_panic_start w = start(7, BIAS + 0x450000);
	struct wire_panic_defer d = defer(7, 0);
	static struct fatal f;

	w.copied = 8;
	assert_int_equal(panics_put(&panics, &w.h, &sink), 0);
	w.copied = 0xfffffff8;
	assert_int_equal(panics_put(&panics, &w.h, &sink), 0);
	w.copied = 0;
	w.h.size--;
	assert_int_equal(panics_put(&panics, &w.h, &sink), 0);
	d.h.size = sizeof(struct wire_hdr);
	assert_int_equal(panics_put(&panics, &d.h, &sink), 0);
	f = (struct fatal){.f = {.h = {.type = WIRE_PANIC_FATAL, .size = sizeof(f)},
				 .n = WIRE_KEPT + 1,
				 .copied = 24}};
	assert_int_equal(panics_put(&panics, &f.f.h, &sink), 0);
	assert_int_equal(nout, 0);
}

struct thrown {
	struct wire_panic_throw t;
	struct wire_copy c;
	char text[24];
};

static void test_throw(void **state)
{
	struct thrown w = {
		.t = {.h = {.type = WIRE_PANIC_THROW, .size = sizeof(w), .flags = WIRE_F_USER},
		      .stack = 5,
		      .text = 0x1000,
		      .len = 21,
		      .copied = sizeof(w) - sizeof(w.t)},
		.c = {0x1000, 21, 0},
		.text = "concurrent\x1b[31m \xffwrite",
	};
	const struct golin_rec_panic_throw *r;

	assert_int_equal(panics_put(&panics, &w.t.h, &sink), 1);
	r = record(0);
	assert_int_equal(r->h.goid, 0);
	assert_int_equal(r->flags, GOLIN_PANIC_FATAL_ERROR);
	assert_true(!strncmp(golin_rec_text(&r->h, r->text), "concurrent", 10));
	/* Of what was not copied nothing is said. */
	w.t.text = 0x1001;
	assert_int_equal(panics_put(&panics, &w.t.h, &sink), 1);
	r = record(1);
	assert_string_equal(golin_rec_text(&r->h, r->text), "");
}

static void test_copies(void **state)
{
	struct {
		struct wire_copy a;
		char x[8];
		struct wire_copy b;
		char y[8];
	} v = {{0x1000, 5, 0}, "abcde", {0x1005, 8, 0}, "fghijklm"};
	struct copies c = {(const uint8_t *)&v, sizeof(v), NULL};
	char buf[16] = "";

	assert_int_equal(copies_read(&c, 0x1001, buf, 3), 0);
	assert_memory_equal(buf, "bcd", 3);
	/* From two that lie side by side. */
	assert_int_equal(copies_read(&c, 0x1003, buf, 10), 0);
	assert_memory_equal(buf, "defghijklm", 10);
	assert_int_equal(copies_read(&c, 0x1003, buf, 11), -EFAULT);
	assert_int_equal(copies_read(&c, 0xfff, buf, 1), -EFAULT);
	assert_int_equal(copies_read(&c, UINT64_MAX, buf, 2), -EFAULT);
	/* A length that does not fit ends it. */
	v.b.len = 9;
	assert_int_equal(copies_read(&c, 0x1005, buf, 1), -EFAULT);
	v.b.len = UINT32_MAX;
	assert_int_equal(copies_read(&c, 0x1005, buf, 1), -EFAULT);
	v.a.len = UINT32_MAX - 3;
	assert_int_equal(copies_read(&c, 0x1001, buf, 1), -EFAULT);
	c.len = 7;
	assert_int_equal(copies_read(&c, 0x1000, buf, 1), -EFAULT);
}

static void test_words(void **state)
{
	struct wire_stack w = {
		.h = {.type = WIRE_STACK, .size = WIRE_STACK_FIXED + 24, .flags = WIRE_F_WORDS},
		.id = 5,
		.n = 3,
		.pcs = {BIAS + 0x401001 + (4ULL << 48), BIAS + 0x402001 + (0xffffULL << 48),
			BIAS + 0x403001},
	};
	union decoded r;

	assert_true(decode_record(&dec, &w.h, &r));
	assert_true(golin_record_check(&r.h, r.h.size));
	assert_int_equal(r.stack.pcs[0], 0x401000);
	assert_int_equal(r.stack.pcs[1], 0x402000);
	assert_int_equal(r.stack.pcs[2], 0x403000);
	assert_non_null(golin_rec_stack_words(&r.stack));
	assert_int_equal(golin_rec_stack_words(&r.stack)[0], 4);
	assert_int_equal(golin_rec_stack_words(&r.stack)[1], 0xffff);
	assert_int_equal(golin_rec_stack_words(&r.stack)[2], 0);
	w.h.flags = 0;
	w.pcs[0] &= 0xffffffffffff;
	assert_true(decode_record(&dec, &w.h, &r));
	assert_null(golin_rec_stack_words(&r.stack));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_start),     TEST(test_signal),    TEST(test_trace),	TEST(test_nil),
		TEST(test_nil_stays), TEST(test_nil_many),  TEST(test_nil_old), TEST(test_defer),
		TEST(test_fatal),     TEST(test_not_whole), TEST(test_throw),	TEST(test_copies),
		TEST(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
