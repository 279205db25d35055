/* SPDX-License-Identifier: BSD-2-Clause */
/* The timers that a runtime holds, in a memory that a test makes up: its own. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/err.h"
#include "golin/layout.h"
#include "golin/probes.h"

enum { BIAS = 0x10000, NP = 3, NT = 100, MANY = 20000 };

struct slice {
	uint64_t ptr, len, cap;
};

/* With their fields where no Go version has them. */
struct fake_timer {
	uint32_t status;
	uint8_t pad[3], state;
	uint64_t f;
	int64_t when;
	uint64_t more[2];
};

struct fake_when {
	int64_t when;
	uint64_t timer;
};

struct fake_p {
	uint64_t pad[5];
	struct slice heap;
};

struct fixture {
	struct golin_image_info info;
	struct golin_layout layout;
	struct golin_memory m;
	struct slice allp;
	uint64_t ps[NP];
	struct fake_p p[NP];
	uint64_t heap[NP][MANY];
	struct fake_when heap_when[NP][NT];
	struct fake_timer t[MANY];
	uint64_t gofunc, other; /* func values: what they begin with */
	uint64_t closure;
	struct golin_mem_timers got;
};

static uint64_t at(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static void field(struct fixture *f, enum golin_field_id id, size_t off, uint32_t size)
{
	f->layout.fields[id] = (struct golin_field){
		.offset = (uint32_t)off, .size = size, .source = GOLIN_FROM_DWARF};
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	field(f, GOLIN_F_TIMER_when, offsetof(struct fake_timer, when), 8);
	field(f, GOLIN_F_TIMER_f, offsetof(struct fake_timer, f), 8);
	field(f, GOLIN_F_TIMER_arg, offsetof(struct fake_timer, more), 16);
	field(f, GOLIN_F_TIMER_status, offsetof(struct fake_timer, status), 4);
	field(f, GOLIN_F_TIMER_state, offsetof(struct fake_timer, state), 1);
	field(f, GOLIN_F_P_timers, offsetof(struct fake_p, heap), 24);
	f->info.go.minor = 22;
	f->info.timer_heaps = at(&f->allp) - BIAS;
	f->m = (struct golin_memory){.mem_fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC),
				     .bias = BIAS,
				     .info = &f->info,
				     .layout = &f->layout};
	f->allp = (struct slice){at(f->ps), NP, NP};
	for (int i = 0; i < NP; i++) {
		f->ps[i] = at(&f->p[i]);
		f->p[i].heap = (struct slice){at(f->heap[i]), 0, MANY};
	}
	f->gofunc = BIAS + 0x4000;
	f->other = BIAS + 0x5000;
	for (int i = 0; i < MANY; i++)
		f->t[i] = (struct fake_timer){
			.status = 1, .state = 1, .when = 100 + i, .f = at(&f->gofunc)};
	*state = f;
	return f->m.mem_fd < 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	close(f->m.mem_fd);
	free(f->got.v);
	free(f);
	return 0;
}

static void add(struct fixture *f, int p, int t)
{
	f->heap[p][f->p[p].heap.len++] = at(&f->t[t]);
}

static int run(struct fixture *f, size_t max)
{
	const uint64_t funcs[] = {0x7000, 0x4000};

	free(f->got.v);
	return golin_memory_timers(&f->m, funcs, 2, 0x8000, max, &f->got, NULL);
}

static void test_heaps(void **state)
{
	struct fixture *f = *state;

	add(f, 0, 5);
	add(f, 2, 3);
	add(f, 2, 90);
	assert_int_equal(run(f, 10), 0);
	assert_int_equal(f->got.n, 3);
	assert_int_equal(f->got.v[0], at(&f->t[3]));
	assert_int_equal(f->got.v[1], at(&f->t[5]));
	assert_int_equal(f->got.v[2], at(&f->t[90]));
	assert_int_equal(f->got.unread, 0);
	assert_false(f->got.cut);
	/* Not all of them will fire, and not all are of package time. */
	f->t[3].status = 3;
	f->t[90].f = at(&f->other);
	assert_int_equal(run(f, 10), 0);
	assert_int_equal(f->got.n, 1);
	assert_int_equal(f->got.v[0], at(&f->t[5]));
}

/* Those of contexts are known by the closure that they run. */
static void test_without(void **state)
{
	struct fixture *f = *state;

	add(f, 0, 0);
	add(f, 0, 1);
	f->closure = BIAS + 0x8000;
	f->t[1].more[1] = at(&f->closure);
	assert_int_equal(run(f, 10), 0);
	assert_int_equal(f->got.n, 1);
	assert_int_equal(f->got.v[0], at(&f->t[0]));
	f->closure++;
	assert_int_equal(run(f, 10), 0);
	assert_int_equal(f->got.n, 2);
}

static void test_statuses(void **state)
{
	/* timerNoStatus ... timerMoving, and what is none */
	static const bool held[] = {0, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0};
	struct fixture *f = *state;

	add(f, 1, 0);
	for (uint32_t s = 0; s < sizeof(held) / sizeof(*held); s++) {
		f->t[0].status = s;
		assert_int_equal(run(f, 10), 0);
		assert_int_equal(f->got.n, held[s]);
	}
}

/* Since 1.23 a heap's elements are pairs, and a timer has bits. */
static void test_pairs(void **state)
{
	static const struct {
		uint8_t state;
		int64_t when;
		bool held;
	} cases[] = {{1, 5, true},  {3, 5, true},  {0, 5, false}, {5, 5, false},
		     {7, 0, false}, {1, 0, false}, {1, -1, false}};
	struct fixture *f = *state;

	f->info.go.minor = 26;
	field(f, GOLIN_F_P_timers, offsetof(struct fake_p, pad[1]), 64);
	field(f, GOLIN_F_TIMERS_heap,
	      offsetof(struct fake_p, heap) - offsetof(struct fake_p, pad[1]), 24);
	field(f, GOLIN_F_TIMER_WHEN_timer, offsetof(struct fake_when, timer), 8);
	f->layout.structs[GOLIN_S_TIMER_WHEN].size = sizeof(struct fake_when);
	for (int i = 0; i < NP; i++)
		f->p[i].heap = (struct slice){at(f->heap_when[i]), 0, NT};
	for (int i = 0; i < NT; i++)
		f->heap_when[1][i] = (struct fake_when){7, at(&f->t[i])};
	f->p[1].heap.len = NT;
	assert_int_equal(run(f, 1000), 0);
	assert_int_equal(f->got.n, NT);
	f->p[1].heap.len = 1;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		f->t[0].state = cases[i].state;
		f->t[0].when = cases[i].when;
		assert_int_equal(run(f, 10), 0);
		assert_int_equal(f->got.n, cases[i].held);
	}
}

/* Up to 1.13: 64 buckets, each padded by what is left of a cache line, or by a whole one. */
static void test_buckets(void **state)
{
	struct fixture *f = *state;
	uint64_t(*buckets)[16] = calloc(64, sizeof(*buckets)); /* 128 bytes each */

	assert_non_null(buckets);
	f->info.go.minor = 13;
	f->info.timer_heaps = at(buckets) - BIAS;
	f->layout.structs[GOLIN_S_TIMERS_BUCKET].size = 64;
	field(f, GOLIN_F_TIMERS_BUCKET_t, 40, 24);
	for (int i = 0; i < 64; i++) {
		const struct slice s = {at(&f->heap[0][i]), 1, 1};

		f->heap[0][i] = at(&f->t[i]);
		memcpy(&buckets[i][5], &s, sizeof(s));
	}
	assert_int_equal(run(f, 1000), 0);
	assert_int_equal(f->got.n, 64);
	free(buckets);
}

static void test_many(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < MANY; i++)
		add(f, i % NP, MANY - 1 - i);
	assert_int_equal(run(f, MANY), 0);
	assert_int_equal(f->got.n, MANY);
	assert_false(f->got.cut);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(f->got.v[i], at(&f->t[i]));
	assert_int_equal(run(f, MANY - 1), 0);
	assert_int_equal(f->got.n, MANY - 1);
	assert_true(f->got.cut);
}

/* What a target can have there. */
static void test_hostile(void **state)
{
	struct fixture *f = *state;

	add(f, 0, 0);
	f->p[1].heap = (struct slice){8, 10, 10}; /* not mapped */
	f->p[2].heap = (struct slice){at(f->heap[2]), UINT64_MAX, UINT64_MAX};
	f->heap[0][1] = 3;
	f->heap[0][2] = UINT64_MAX - 7;
	f->heap[0][3] = 4096;
	f->heap[0][4] = at(&f->t[0]);
	f->p[0].heap.len = 5;
	assert_int_equal(run(f, 10), 0);
	assert_int_equal(f->got.n, 1);
	assert_true(f->got.unread > 0);
	f->ps[0] = 16;
	f->ps[1] = 0; /* one that is being made */
	assert_int_equal(run(f, 10), 0);
	assert_int_equal(f->got.n, 0);
	f->allp.len = UINT64_MAX;
	assert_int_equal(run(f, 10), -EBADMSG);
	f->allp = (struct slice){16, 4, 4};
	assert_int_equal(run(f, 10), -EBADMSG);
	f->info.timer_heaps = 0;
	assert_int_equal(run(f, 10), -ENODATA);
	assert_null(f->got.v);
}

static void test_unknown_layout(void **state)
{
	static const enum golin_field_id needed[] = {GOLIN_F_TIMER_when, GOLIN_F_TIMER_f,
						     GOLIN_F_TIMER_arg, GOLIN_F_TIMER_status,
						     GOLIN_F_P_timers};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		f->layout.fields[needed[i]].source = GOLIN_FROM_NONE;
		assert_int_equal(run(f, 10), -ENODATA);
		f->layout.fields[needed[i]].source = GOLIN_FROM_DWARF;
	}
	assert_int_equal(run(f, 10), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_heaps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without, setup, teardown),
		cmocka_unit_test_setup_teardown(test_statuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pairs, setup, teardown),
		cmocka_unit_test_setup_teardown(test_buckets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_layout, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
