/* SPDX-License-Identifier: BSD-2-Clause */
/* Where goroutines live: against a plain array, with slots that are used again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "live/whereis.h"

enum { GOIDS = 512, STEPS = 200000 };

static void test_random(void **state)
{
	uint64_t want[GOIDS] = {0}, g;
	struct whereis w = {0};

	srand(7);
	for (int i = 0; i < STEPS; i++) {
		uint64_t goid = (uint64_t)(rand() % GOIDS);

		if (rand() % 2) {
			want[goid] = 0xc000000000 + (uint64_t)rand() * 8;
			whereis_put(&w, goid, want[goid]);
		} else {
			want[goid] = 0;
			whereis_del(&w, goid);
		}
		goid = (uint64_t)(rand() % GOIDS);
		assert_int_equal(whereis_get(&w, goid, &g), want[goid] != 0);
		if (want[goid])
			assert_int_equal(g, want[goid]);
	}
	/* What ended gave its slot back. */
	assert_true(w.g.len <= GOIDS);
	whereis_done(&w);
	assert_false(whereis_get(&w, 1, &g));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
