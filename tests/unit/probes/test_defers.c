/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Panics and defers of a goroutine: memory of our own plays its g, its stack and its heap, whole
 * and broken. Nothing that contradicts itself is told, and whatever is there, reading ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include "base/err.h"
#include "golin/layout.h"
#include "golin/offsets.h"
#include "memory/defers.h"

enum { WORDS = 4096, CODE = 4096, GOID = 7, MINOR = 26, OLD = 21, FUNC = 64, HEAP_DEFERS = 400 };

/* As in no Go version. */
struct fake_g {
	uint64_t hi, lo, goid;
	uint32_t status;
	uint8_t pad[3], reason;
	uint64_t startpc, gopc, sp, bp, pc, waiting, panic, defer, m, locked;
};

struct fake_panic {
	uint64_t link, type, data;
	uint8_t recovered, aborted, goexit, pad[5];
};

struct fake_defer {
	uint64_t pc, sp, fn, link, head;
	uint8_t heap, started, open, range, pad[4];
};

struct fake_m {
	uint64_t pad, procid;
};

static uint64_t stack[WORDS];
static uint8_t code[CODE] __attribute__((aligned(16)));
static uint64_t funcs[CODE / FUNC]; /* func values */
static struct fake_g g;
static struct fake_m m1;
static struct fake_defer heap[HEAP_DEFERS];
static uint64_t head;
static struct golin_image_info info;
static struct golin_layout layout;
static struct golin_memory m;
static struct mem_defers got;
/* Function k stands at code[k * FUNC]; what is known of it. */
static struct golin_func_defers known[CODE / FUNC];
static int learned, fail_learn, meddle;

static void set(enum golin_field_id id, size_t off, uint32_t size)
{
	layout.fields[id].offset = (uint32_t)off;
	layout.fields[id].size = size;
	layout.fields[id].source = GOLIN_FROM_DWARF;
}

#define G(id, member, size) set(GOLIN_F_G_##id, offsetof(struct fake_g, member), size)
#define P(id, member, size) set(GOLIN_F_PANIC_##id, offsetof(struct fake_panic, member), size)
#define D(id, member, size) set(GOLIN_F_DEFER_##id, offsetof(struct fake_defer, member), size)

static uint64_t addr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* A place in function k. */
static uint64_t pc(unsigned k)
{
	return addr(code) + k * FUNC + 32;
}

static uint64_t fn(unsigned k)
{
	return addr(&funcs[k]);
}

static int learn(void *arg, const uint64_t *pcs, size_t n)
{
	learned++;
	if (meddle) /* it goes on meanwhile */
		g.defer = addr(&heap[learned]);
	return fail_learn;
}

static const struct golin_func_defers *find(void *arg, uint64_t at)
{
	uint64_t k = (at - info.text) / FUNC;

	return k < CODE / FUNC && known[k].hi ? &known[k] : NULL;
}

static const struct defer_info info_of_file = {.learn = learn, .find = find};

/* Function k has a frame of that many words. */
static struct golin_func_defers *func(unsigned k, int words)
{
	known[k] = (struct golin_func_defers){
		.lo = addr(code) + k * FUNC, .hi = addr(code) + (k + 1) * FUNC, .frame = 8 * words};
	return &known[k];
}

/*
 * Frames from word 100 on: 10 words of function 1, 20 of 2, 30 of 3, then where it begins. The
 * return addresses stand at words 110, 131, 162.
 */
static int setup(void **state)
{
	memset(stack, 0, sizeof(stack));
	memset(&layout, 0, sizeof(layout));
	memset(&info, 0, sizeof(info));
	memset(known, 0, sizeof(known));
	memset(heap, 0, sizeof(heap));
	learned = fail_learn = meddle = 0;
	head = 0;
	G(stack, hi, 16);
	set(GOLIN_F_STACK_hi, 0, 8);
	set(GOLIN_F_STACK_lo, 8, 8);
	G(goid, goid, 8);
	G(atomicstatus, status, 4);
	G(waitreason, reason, 1);
	G(startpc, startpc, 8);
	G(gopc, gopc, 8);
	G(sched, sp, 64);
	set(GOLIN_F_GOBUF_sp, 0, 8);
	set(GOLIN_F_GOBUF_bp, 8, 8);
	set(GOLIN_F_GOBUF_pc, 16, 8);
	G(waiting, waiting, 8);
	G(panic, panic, 8);
	G(defer, defer, 8);
	G(m, m, 8);
	G(lockedm, locked, 8);
	set(GOLIN_F_M_procid, 8, 8);
	set(GOLIN_F_EFACE_type, 0, 8);
	set(GOLIN_F_EFACE_data, 8, 8);
	P(link, link, 8);
	P(arg, type, 16);
	P(recovered, recovered, 1);
	P(aborted, aborted, 1);
	P(goexit, goexit, 1);
	D(pc, pc, 8);
	D(sp, sp, 8);
	D(fn, fn, 8);
	D(link, link, 8);
	D(heap, heap, 1);
	D(started, started, 1);
	D(openDefer, open, 1);
	D(rangefunc, range, 1);
	D(head, head, 8);
	info.go.minor = MINOR;
	info.text = addr(code);
	info.etext = info.text + CODE;
	for (unsigned k = 0; k < CODE / FUNC; k++)
		funcs[k] = addr(code) + k * FUNC;
	g = (struct fake_g){.hi = addr(stack + WORDS),
			    .lo = addr(stack),
			    .goid = GOID,
			    .status = GOLIN_GS_WAITING,
			    .sp = addr(stack + 100),
			    .bp = addr(stack + 109),
			    .pc = pc(1)};
	m1.procid = 4711;
	func(1, 10);
	func(2, 20);
	func(3, 30);
	func(4, 0)->outermost = 1;
	stack[110] = pc(2);
	stack[131] = pc(3);
	stack[162] = pc(4);
	m = (struct golin_memory){.mem_fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC),
				  .info = &info,
				  .layout = &layout};
	return m.mem_fd < 0;
}

static int teardown(void **state)
{
	close(m.mem_fd);
	return 0;
}

static void read_it(uint32_t flags, uint32_t npanics, uint32_t ndefers)
{
	assert_int_equal(mem_goroutine_defers(&m, addr(&g), GOID, &info_of_file, &got, NULL), 0);
	assert_int_equal(got.flags, flags);
	assert_int_equal(got.npanics, npanics);
	assert_int_equal(got.ndefers, ndefers);
}

static void is_defer(uint32_t i, unsigned k, size_t word, uint32_t flags)
{
	assert_int_equal(got.defers[i].pc, k ? addr(code) + k * FUNC : 0);
	assert_int_equal(got.defers[i].sp, addr(stack + word));
	assert_int_equal(got.defers[i].flags, flags);
}

/* Function k, whose frame begins at the word: bits and the first slot that many words below. */
static void open_coded(unsigned k, size_t word, uint8_t bits)
{
	struct golin_func_defers *d = &known[k];
	size_t varp = word + (size_t)d->frame / 8 - 1;

	d->open = GOLIN_OPEN_KNOWN;
	d->bits = 8 * 8 + 1;
	d->n = 8;
	for (uint32_t i = 0; i < 8; i++) {
		d->slots[i] = 8 * (8 - i);
		d->at[i] = i + 1;
		stack[varp - 8 + i] = fn(10 + i);
	}
	((uint8_t *)&stack[varp - 8])[-1] = bits;
}

static struct fake_panic *panic_at(size_t word, size_t link)
{
	struct fake_panic *p = (struct fake_panic *)&stack[word];

	*p = (struct fake_panic){.link = link ? addr(stack + link) : 0,
				 .type = 0x1000 + word,
				 .data = 0x2000 + word};
	return p;
}

static struct fake_defer *on_heap(unsigned i, size_t word, int link)
{
	heap[i] = (struct fake_defer){.pc = pc(20),
				      .sp = addr(stack + word),
				      .fn = fn(5),
				      .link = link >= 0 ? addr(&heap[link]) : 0,
				      .heap = 1};
	return &heap[i];
}

/* ---- what is whole ---- */

static void nothing(void **state)
{
	read_it(GOLIN_DEFERS_OPEN, 0, 0);
	assert_int_equal(got.thread, 0);
	assert_int_equal(mem_goroutine_defers(&m, addr(&g), GOID, NULL, &got, NULL), 0);
	assert_int_equal(got.flags, 0);
	assert_int_equal(mem_goroutine_defers(&m, addr(&g), GOID + 1, &info_of_file, &got, NULL),
			 -ENOENT);
	assert_int_equal(got.flags, GOLIN_DEFERS_MOVED);
}

static void open_ones(void **state)
{
	func(20, 0)->call = GOLIN_DEFER_CALL_PROC;
	open_coded(2, 111, 0x83);
	open_coded(3, 132, 0x10);
	on_heap(0, 132, -1);
	g.defer = addr(&heap[0]);
	read_it(GOLIN_DEFERS_OPEN, 0, 5);
	/* The last statement first, inner frames before outer ones. */
	is_defer(0, 17, 111, GOLIN_DEFER_OPEN);
	is_defer(1, 11, 111, GOLIN_DEFER_OPEN);
	is_defer(2, 10, 111, GOLIN_DEFER_OPEN);
	is_defer(3, 5, 132, GOLIN_DEFER_HEAP);
	is_defer(4, 14, 132, GOLIN_DEFER_OPEN);
	assert_int_equal(got.defers[0].at, known[2].lo + 8);
	assert_int_equal(got.defers[2].at, known[2].lo + 1);
	assert_int_equal(got.defers[3].at, pc(20) - 1);
	/* None are there in that version. */
	info.go.minor = 13;
	read_it(GOLIN_DEFERS_OPEN, 0, 1);
}

static void threads(void **state)
{
	g.locked = addr(&m1);
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_LOCKED, 0, 0);
	assert_int_equal(got.thread, 4711);
	m1.procid = 1ull << 40; /* none that a kernel gives */
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_LOCKED, 0, 0);
	assert_int_equal(got.thread, 0);
	g.locked = 12; /* nor is there an m */
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_LOCKED, 0, 0);
	assert_int_equal(got.thread, 0);
}

static void panics(void **state)
{
	panic_at(115, 140)->recovered = 1;
	panic_at(140, 0)->goexit = 1;
	g.panic = addr(stack + 115);
	read_it(GOLIN_DEFERS_OPEN, 2, 0);
	assert_int_equal(got.panics[0].flags, GOLIN_KEPT_RECOVERED);
	assert_int_equal(got.panics[1].flags, GOLIN_KEPT_GOEXIT);
	assert_int_equal(got.panics[0].type, 0x1000 + 115);
	assert_int_equal(got.panics[0].data, 0x2000 + 115);
	assert_int_equal(got.panics[1].addr, addr(stack + 140));
	/* In whose frames they lie: it begins where the return address of that frame stands. */
	assert_int_equal(got.panics[0].frame, 1);
	assert_int_equal(got.panics[0].depth, 8 * (WORDS - 131));
	assert_int_equal(got.panics[1].frame, 2);
	assert_int_equal(got.panics[1].depth, 8 * (WORDS - 162));
	assert_int_equal(got.nframes, 4);
	assert_true(got.whole);
	assert_int_equal(got.frames[2].pc, pc(3) - 1);
	assert_int_equal(got.frames[2].sp, addr(stack + 132));
	known[2].trap = 1; /* by a signal: no call to go back behind */
	read_it(GOLIN_DEFERS_OPEN, 2, 0);
	assert_int_equal(got.frames[2].pc, pc(3));
	assert_int_equal(got.frames[1].pc, pc(2) - 1);
}

/* Up to Go 1.21: of a record that stands for a frame only the call that runs is one. */
static void stands_for_a_frame(void **state)
{
	info.go.minor = OLD;
	open_coded(3, 132, 0x02);
	on_heap(0, 132, 1)->open = 1;
	heap[0].fn = 0;
	on_heap(1, 170, -1)->started = 1;
	g.defer = addr(&heap[0]);
	read_it(GOLIN_DEFERS_OPEN, 0, 2);
	is_defer(0, 11, 132, GOLIN_DEFER_OPEN);
	is_defer(1, 5, 170, GOLIN_DEFER_HEAP | GOLIN_DEFER_STARTED);
	heap[0].started = 1;
	heap[0].fn = fn(6);
	read_it(GOLIN_DEFERS_OPEN, 0, 3);
	is_defer(0, 6, 132, GOLIN_DEFER_OPEN | GOLIN_DEFER_STARTED);
	is_defer(1, 11, 132, GOLIN_DEFER_OPEN);
}

static void loops(void **state)
{
	on_heap(0, 111, 1)->range = 1;
	heap[0].head = addr(&head);
	on_heap(1, 132, -1);
	on_heap(2, 0, 3)->sp = 0;
	on_heap(3, 0, -1)->sp = 0;
	head = addr(&heap[2]);
	g.defer = addr(&heap[0]);
	read_it(GOLIN_DEFERS_OPEN, 0, 3);
	is_defer(0, 5, 111, GOLIN_DEFER_HEAP | GOLIN_DEFER_RANGE);
	is_defer(1, 5, 111, GOLIN_DEFER_HEAP | GOLIN_DEFER_RANGE);
	is_defer(2, 5, 132, GOLIN_DEFER_HEAP);
	head = 0; /* nothing so far */
	read_it(GOLIN_DEFERS_OPEN, 0, 1);
	head = 1; /* taken over */
	read_it(GOLIN_DEFERS_OPEN, 0, 1);
	/* What was taken over is known by the call that made the loop's record. */
	func(20, 0)->call = GOLIN_DEFER_CALL_RANGE;
	read_it(GOLIN_DEFERS_OPEN, 0, 1);
	is_defer(0, 5, 132, GOLIN_DEFER_HEAP | GOLIN_DEFER_RANGE);
	assert_int_equal(got.defers[0].at, 0);
}

/* One that runs: its lists, and nothing of its frames. */
static void running(void **state)
{
	open_coded(2, 111, 0xff);
	on_heap(0, 132, -1);
	panic_at(50, 0); /* where it stood last says nothing */
	g.panic = addr(stack + 50);
	g.defer = addr(&heap[0]);
	g.m = addr(&m1);
	g.status = GOLIN_GS_RUNNING;
	read_it(0, 1, 1);
	assert_int_equal(got.thread, 4711);
	assert_int_equal(got.panics[0].frame, UINT32_MAX);
	assert_int_equal(got.panics[0].depth, 0);
}

static void many(void **state)
{
	for (int i = 0; i < HEAP_DEFERS; i++)
		on_heap((unsigned)i, 132, i + 1 < HEAP_DEFERS ? i + 1 : -1);
	g.defer = addr(&heap[0]);
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_MORE, 0, GOLIN_DEFERS_MAX);
	open_coded(2, 111, 0xff); /* come before those */
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_MORE, 0, GOLIN_DEFERS_MAX);
	is_defer(7, 10, 111, GOLIN_DEFER_OPEN);
	is_defer(8, 5, 132, GOLIN_DEFER_HEAP);
	g.defer = 0;
	for (size_t i = 0; i < GOLIN_KEPT_MAX + 1; i++)
		panic_at(200 + 8 * i, i < GOLIN_KEPT_MAX ? 208 + 8 * i : 0);
	g.panic = addr(stack + 200);
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_MORE, GOLIN_KEPT_MAX, 8);
}

/* ---- what is broken ---- */

static void broken_panics(void **state)
{
	const uint64_t bad[] = {1,
				addr(stack + 115) + 4,
				addr(stack + 90),
				addr(stack) - 64,
				addr(stack + WORDS) - 8,
				addr(heap),
				0xffff800000000000,
				8};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		g.panic = bad[i];
		read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 0, 0);
		panic_at(115, 0)->link = bad[i];
		g.panic = addr(stack + 115);
		read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 1, 0);
	}
	panic_at(115, 115); /* circles */
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 1, 0);
	panic_at(140, 115);
	panic_at(115, 140);
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 2, 0);
	panic_at(115, 0)->recovered = 2; /* no bool */
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 0, 0);
}

static void broken_defers(void **state)
{
	const uint64_t bad[] = {1, addr(&heap[1]) + 4, 8, 0xffff800000000000,
				addr(stack + WORDS) - 8};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		g.defer = bad[i];
		read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 0, 0);
		on_heap(0, 132, -1)->link = bad[i];
		g.defer = addr(&heap[0]);
		read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 0, 1);
	}
	on_heap(0, 132, 0); /* circles */
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 0, 1);
	on_heap(0, 132, 1);
	on_heap(1, 132, 0);
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 0, 2);
	on_heap(0, 132, 1);
	on_heap(1, 111, -1); /* inwards */
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 0, 1);
	on_heap(0, 90, -1); /* of a frame that is gone */
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 0, 0);
	on_heap(0, 132, -1)->heap = 0; /* it does not lie where it says */
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 0, 0);
	on_heap(0, 132, -1)->started = 7;
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 0, 0);
	on_heap(0, 132, -1)->fn = addr(&m1); /* no code */
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 0, 1);
	is_defer(0, 0, 132, GOLIN_DEFER_HEAP);
	on_heap(0, 132, -1)->fn = 0; /* a nil func */
	read_it(GOLIN_DEFERS_OPEN, 0, 1);
}

static void broken_loops(void **state)
{
	on_heap(0, 111, 1)->range = 1;
	on_heap(1, 132, -1);
	on_heap(2, 111, 2);
	g.defer = addr(&heap[0]);
	heap[0].head = 12;
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 0, 0);
	heap[0].head = addr(&head);
	head = addr(&heap[2]); /* a circle */
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 0, 1);
	head = addr(&heap[0]); /* itself */
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 0, 0);
	head = addr(stack + 200); /* none is on the stack */
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 0, 0);
}

static void broken_frames(void **state)
{
	open_coded(2, 111, 0x01);
	open_coded(3, 132, 0x01);
	known[3].n = 2;
	known[3].open = GOLIN_OPEN_UNKNOWN;
	read_it(0, 0, 1);
	known[3].open = GOLIN_OPEN_KNOWN;
	read_it(GOLIN_DEFERS_OPEN, 0, 2);
	((uint8_t *)&stack[161 - 8])[-1] = 0x04; /* a bit that means nothing */
	read_it(0, 0, 1);
	((uint8_t *)&stack[161 - 8])[-1] = 0x01;
	known[3].bits = 8 * 30; /* beyond the frame */
	read_it(0, 0, 1);
	known[3].bits = 8 * 8 + 1;
	known[3].slots[0] = 8 * 30;
	read_it(0, 0, 1);
	known[3].slots[0] = 8 * 8;
	stack[153] = 7; /* no func value */
	read_it(GOLIN_DEFERS_OPEN | GOLIN_DEFERS_PARTIAL, 0, 2);
	stack[153] = fn(10);
	known[3].frame = -1;
	read_it(0, 0, 1);
	known[3].frame = 8 * 30;
	stack[162] = 12345; /* it returns to nowhere */
	read_it(0, 0, 2);
	stack[162] = pc(4);
	known[3].frame = 8 * WORDS; /* out of the stack */
	read_it(0, 0, 1);
	known[3].frame = 8 * 30;
	known[2].hi = 0; /* not known */
	read_it(0, 0, 0);
	fail_learn = -EBADMSG;
	read_it(0, 0, 0);
	g.sp = addr(stack) - 8;
	read_it(0, 0, 0);
}

/* What differs between two readings is not told. */
static void moves_on(void **state)
{
	for (unsigned i = 0; i < HEAP_DEFERS; i++)
		on_heap(i, 132, -1);
	meddle = 1;
	read_it(GOLIN_DEFERS_MOVED, 0, 0);
	meddle = 0;
	g.defer = addr(&heap[0]);
	read_it(GOLIN_DEFERS_OPEN, 0, 1);
	assert_true(mem_defers_hold(&m, &got));
	g.sp += 8;
	assert_false(mem_defers_hold(&m, &got));
	g.sp -= 8;
	g.panic = addr(stack + 115);
	assert_false(mem_defers_hold(&m, &got));
	g.panic = 0;
	g.goid++;
	assert_false(mem_defers_hold(&m, &got));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing),
		TEST(open_ones),
		TEST(threads),
		TEST(panics),
		TEST(stands_for_a_frame),
		TEST(loops),
		TEST(running),
		TEST(many),
		TEST(broken_panics),
		TEST(broken_defers),
		TEST(broken_loops),
		TEST(broken_frames),
		TEST(moves_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
