/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading goroutines while the program runs on: reuse, growth, half-made ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include <cmocka.h>

#include "base/err.h"
#include "fake_g.h"

static void *finish_newproc1(void *arg)
{
	struct fake_g *g = arg;
	struct timespec t = {.tv_nsec = 3000000};

	nanosleep(&t, NULL);
	g->goid = 900;
	return NULL;
}

/* Up to 1.23 a reused g is runnable before it has its goid; the maker's thread may be held up. */
static void test_runnable_before_its_goid(void **state)
{
	struct fixture *f = *state;
	struct golin_err err = {0};
	struct fake_g *g = add_g(f, 12, 1);
	struct result r;
	pthread_t th;

	f->info.go.minor = 20;
	assert_int_equal(pthread_create(&th, NULL, finish_newproc1, g), 0);
	assert_int_equal(run(f, &r, &err), 0);
	pthread_join(th, NULL);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.v[0].goid, 900);
}

/* ---- a program that runs on while it is read ---- */

struct churn {
	struct fixture *f;
	_Atomic bool stop;
	uint64_t goid;
	uint64_t ended, grown;
};

enum { PARKED = 16, BUSY = NG - PARKED };

static uint64_t start_of(uint64_t goid)
{
	return BIAS + 0x500000 + goid * 16;
}

/* As newproc1 does since 1.24: all the rest, then the goid, then runnable. */
static void *churn_reuse(void *arg)
{
	struct churn *c = arg;

	for (unsigned i = 0; !c->stop; i++) {
		struct fake_g *g = &c->f->g[PARKED + i % BUSY];

		g->status = 6;
		g->startpc = start_of(c->goid);
		g->gopc = start_of(c->goid) + 1;
		g->goid = c->goid++;
		g->status = 1 + i % 4;
		c->ended++;
	}
	return NULL;
}

static void test_reuse_while_reading(void **state)
{
	struct fixture *f = *state;
	struct churn c = {.f = f, .goid = 1000};
	struct golin_err err = {0};
	struct result r;
	uint64_t live = 0;
	pthread_t th;

	for (uint64_t i = 0; i < NG; i++) {
		struct fake_g *g = add_g(f, i + 1, 4);

		g->startpc = start_of(i + 1);
		g->gopc = start_of(i + 1) + 1;
	}
	assert_int_equal(pthread_create(&th, NULL, churn_reuse, &c), 0);
	for (int k = 0; k < 3000; k++) {
		assert_int_equal(run(f, &r, &err), 0);
		assert_true(r.n >= PARKED);
		for (size_t i = 0; i < r.n; i++) {
			if (i < PARKED)
				assert_int_equal(r.v[i].goid, i + 1);
			assert_int_equal(r.v[i].startpc, start_of(r.v[i].goid) - BIAS);
			assert_int_equal(r.v[i].gopc, start_of(r.v[i].goid) - BIAS);
		}
		live += r.n - PARKED;
	}
	c.stop = true;
	pthread_join(th, NULL);
	assert_true(c.ended > 0);
	assert_true(live > 0);
}

/*
 * As append() does, but the old array is not only garbage but gone at once. The new one may be
 * where the one before was, so it is full from the start.
 */
static void *churn_grow(void *arg)
{
	struct churn *c = arg;
	size_t bytes = 4096;
	uint64_t *old = NULL;
	int fd = memfd_create("array", MFD_CLOEXEC);

	if (write(fd, c->f->array, sizeof(c->f->array)) != sizeof(c->f->array))
		return NULL;
	while (!c->stop) {
		uint64_t *a = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);

		c->f->allgs.ptr = (uint64_t)(uintptr_t)a;
		if (old)
			munmap(old, bytes);
		old = a;
		c->grown++;
		usleep(20);
	}
	c->f->allgs.ptr = (uint64_t)(uintptr_t)c->f->array;
	munmap(old, bytes);
	close(fd);
	return NULL;
}

static void test_the_array_moves_while_reading(void **state)
{
	struct fixture *f = *state;
	struct churn c = {.f = f};
	struct golin_err err = {0};
	struct result r;
	pthread_t th;
	int good = 0;

	for (uint64_t i = 0; i < NG; i++)
		add_g(f, i + 1, 4);
	assert_int_equal(pthread_create(&th, NULL, churn_grow, &c), 0);
	for (int k = 0; k < 3000; k++) {
		int e = run(f, &r, &err);

		/* it may give up, but never be wrong */
		if (e == 0) {
			assert_int_equal(r.n, NG);
			assert_int_equal(r.unread, 0);
			good++;
		} else {
			assert_int_equal(e, -EBADMSG);
		}
	}
	c.stop = true;
	pthread_join(th, NULL);
	assert_true(c.grown > 10);
	assert_true(good > 2900);
}

/* Goroutines that are added while the others are read are found too. */
static void *add_more(void *arg)
{
	struct churn *c = arg;

	while (c->f->allgs.len < NG && !c->stop) {
		add_g(c->f, c->f->allgs.len + 1, 4);
		usleep(50);
	}
	return NULL;
}

static void test_additions_while_reading(void **state)
{
	struct fixture *f = *state;
	struct churn c = {.f = f};
	struct golin_err err = {0};
	struct result r;
	pthread_t th;

	add_g(f, 1, 4);
	assert_int_equal(pthread_create(&th, NULL, add_more, &c), 0);
	do {
		uint64_t before = f->allgs.len;

		assert_int_equal(run(f, &r, &err), 0);
		assert_int_equal(r.unread, 0);
		assert_true(r.n >= before);
		for (size_t i = 0; i < r.n; i++)
			assert_int_equal(r.v[i].goid, i + 1);
	} while (r.n < NG);
	pthread_join(th, NULL);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, fake_setup, fake_teardown)
	const struct CMUnitTest tests[] = {
		T(test_runnable_before_its_goid),
		T(test_reuse_while_reading),
		T(test_the_array_moves_while_reading),
		T(test_additions_while_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
