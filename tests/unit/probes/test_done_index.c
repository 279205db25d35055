/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose Done channel it is: objects of our own memory play the contexts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>
#include "live/done_index.h"

enum { OBJECTS = 3 * DONE_STEP, CHANS = 64 };

struct object {
	uint64_t parent[2], mu, type, done, rest[5];
};

static struct object *objects;
static uint64_t chans[CHANS];
static struct done_index *d;
static uint64_t now_ns;

static uint64_t at(size_t i)
{
	return (uint64_t)(uintptr_t)&objects[i];
}

static uint64_t chan(size_t i)
{
	return (uint64_t)(uintptr_t)&chans[i];
}

static int setup(void **s)
{
	objects = calloc(OBJECTS, sizeof(*objects));
	d = calloc(1, sizeof(*d));
	d->mem_fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	d->offset = offsetof(struct object, done);
	now_ns = 1;
	return !objects || !d || d->mem_fd < 0;
}

static int teardown(void **s)
{
	close(d->mem_fd);
	done_index_free(d);
	free(d);
	free(objects);
	return 0;
}

/* A whole round, as it is done for an answer that waits. */
static void look(void)
{
	uint64_t round = done_round(d);

	now_ns += 60ull * 1000000000;
	for (int k = 0; k < 100 && d->ended < round; k++)
		done_step(d, round, now_ns);
	assert_true(d->ended >= round);
}

static uint64_t find(size_t i)
{
	const struct done_context *c = done_find(d, chan(i));

	return c ? c->ctx : 0;
}

static void test_found(void **s)
{
	done_add(d, at(0), at(0));
	done_add(d, 7000, at(1)); /* known by another object */
	look();
	assert_int_equal(find(0), 0);
	objects[0].done = chan(0);
	objects[1].done = chan(1);
	assert_int_equal(find(0), 0); /* not looked at since */
	look();
	assert_int_equal(find(0), at(0));
	assert_int_equal(find(1), 7000);
	assert_int_equal(find(2), 0);
}

/* The address is another context's now, or the memory something else's. */
static void test_addresses_used_again(void **s)
{
	done_add(d, at(0), at(0));
	objects[0].done = chan(0);
	look();
	assert_int_equal(find(0), at(0));
	objects[0].done = chan(1);
	assert_int_equal(find(0), 0);
	look();
	assert_int_equal(find(1), at(0));
	done_add(d, 5000, at(0));
	assert_int_equal(find(1), 0);
	look();
	assert_int_equal(find(1), 5000);
	/* Two objects that name one channel: it is the newer one's. */
	objects[1].done = chan(1);
	done_add(d, at(1), at(1));
	look();
	assert_int_equal(find(1), at(1));
}

/* A round takes as many steps as it must, and sees all that were there when it began. */
static void test_many(void **s)
{
	uint64_t round;
	int steps = 0;

	for (size_t i = 0; i < OBJECTS; i++)
		done_add(d, at(i), at(i));
	objects[0].done = chan(0);
	objects[OBJECTS / 2].done = chan(1);
	objects[OBJECTS - 1].done = chan(2);
	round = done_round(d);
	done_step(d, round, now_ns);
	assert_int_equal(d->ended, 0);
	assert_int_equal(find(2), at(OBJECTS - 1));
	assert_int_equal(find(0), 0);
	/* One that leaves in the meantime hides nobody. */
	done_cancelled(d, at(OBJECTS - 7));
	for (; d->ended < round && steps < 100; steps++)
		done_step(d, round, now_ns);
	assert_int_equal(steps, OBJECTS / DONE_STEP - 1);
	assert_int_equal(find(0), at(0));
	assert_int_equal(find(1), at(OBJECTS / 2));
	/* The next round waits a while. */
	done_step(d, done_round(d), now_ns + 1000);
	assert_int_equal(d->begun, round);
}

/* Cancelled ones are found for a while, and then leave; those that took their address stay. */
static void test_cancelled(void **s)
{
	objects[0].done = chan(0);
	done_add(d, at(0), at(0));
	done_add(d, at(1), at(1));
	objects[1].done = chan(1);
	look();
	done_cancelled(d, at(0));
	done_cancelled(d, at(0));
	done_cancelled(d, 12345); /* nobody's */
	assert_int_equal(find(0), at(0));
	done_cancelled(d, at(1));
	done_add(d, 9000, at(1));
	for (size_t i = 2; i < DONE_CANCELLED + 10; i++) {
		done_add(d, at(i), at(i));
		done_cancelled(d, at(i));
	}
	look();
	assert_int_equal(find(0), 0);
	assert_int_equal(find(1), 9000);
	assert_true(d->v.len <= DONE_CANCELLED + 1);
}

/* Memory that cannot be read, and words that are no addresses. */
static void test_rubbish(void **s)
{
	done_add(d, 4096, 4096);
	done_add(d, 1, 1ull << 60);
	done_add(d, at(0), at(0));
	done_add(d, at(1), at(1));
	objects[0].done = 12345;
	objects[1].done = chan(1);
	look();
	assert_int_equal(find(1), at(1));
	assert_null(done_find(d, 12345));
	assert_true(done_is_whole(d));
}

/* Without the layout nothing is claimed. */
static void test_no_layout(void **s)
{
	d->offset = UINT32_MAX;
	done_add(d, at(0), at(0));
	objects[0].done = chan(0);
	assert_int_equal(find(0), 0);
	assert_int_equal(done_round(d), 0);
	assert_false(done_is_whole(d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_found, setup, teardown),
		cmocka_unit_test_setup_teardown(test_addresses_used_again, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancelled, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rubbish, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_layout, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
