/* SPDX-License-Identifier: BSD-2-Clause */
/* The funcdata of open-coded defers in the formats of Go 1.14, 1.18 and 1.22, and damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "func_defers.h"

static struct golin_func_defers d;

#define DECODE(minor, ...)                                                                         \
	({                                                                                         \
		const uint8_t bytes[] = {__VA_ARGS__};                                             \
                                                                                                   \
		memset(&d, 0, sizeof(d));                                                          \
		open_defers_decode(minor, bytes, sizeof(bytes), &d);                               \
	})

static void expect(uint32_t bits, uint32_t n, const uint32_t *slots)
{
	assert_int_equal(d.bits, bits);
	assert_int_equal(d.n, n);
	assert_memory_equal(d.slots, slots, n * sizeof(*slots));
}

/* Most bytes of arguments; bits; how many; of each, the last first: width, closure, arguments. */
static void with_arguments(void **state)
{
	assert_true(DECODE(14, 24, 65, 2, 16, 0xb0, 1, 2, 48, 16, 0, 0x80, 1, 8, 16, 0, 40, 0));
	expect(65, 2, (const uint32_t[]){40, 176});
	assert_true(DECODE(17, 0, 9, 1, 0, 8, 0));
	expect(9, 1, (const uint32_t[]){8});
}

static void as_a_list(void **state)
{
	assert_true(DECODE(18, 25, 3, 24, 16, 8));
	expect(25, 3, (const uint32_t[]){8, 16, 24});
	assert_true(DECODE(21, 0x81, 0x01, 1, 8));
	expect(129, 1, (const uint32_t[]){8});
}

/* How many there are is not told: as many as lie below varp, at most eight. */
static void in_a_row(void **state)
{
	assert_true(DECODE(22, 33, 32));
	expect(33, 4, (const uint32_t[]){32, 24, 16, 8});
	assert_true(DECODE(27, 0xa1, 1, 0x90, 1));
	expect(161, 8, (const uint32_t[]){144, 136, 128, 120, 112, 104, 96, 88});
}

/* The same bytes mean something else in another version. */
static void by_version(void **state)
{
	assert_false(DECODE(13, 33, 32));
	assert_true(DECODE(22, 9, 16, 8));
	expect(9, 2, (const uint32_t[]){16, 8});
	assert_false(DECODE(21, 9, 16, 8));
	assert_true(DECODE(21, 9, 2, 16, 8));
	expect(9, 2, (const uint32_t[]){8, 16});
	assert_false(DECODE(17, 9, 2, 16, 8));
}

static void damaged(void **state)
{
	assert_false(open_defers_decode(26, (const uint8_t *)"", 0, &d));
	assert_false(DECODE(26, 33));					  /* cut */
	assert_false(DECODE(26, 33, 0x80));				  /* within a number */
	assert_false(DECODE(26, 33, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01)); /* too long a number */
	assert_false(DECODE(26, 0, 32));				  /* bits at varp itself */
	assert_false(DECODE(26, 33, 7));				  /* a slot beyond varp */
	assert_false(DECODE(26, 33, 0xff, 0xff, 0xff, 0xff, 0x0f));	  /* beyond any stack */
	assert_false(DECODE(20, 33, 0, 8));				  /* none of them */
	assert_false(DECODE(20, 33, 9, 8, 8, 8, 8, 8, 8, 8, 8, 8));	  /* more than bits */
	assert_false(DECODE(20, 33, 2, 8));				  /* one is missing */
	assert_false(DECODE(16, 0, 33, 1, 0, 8, 1, 8, 8));		  /* half an argument */
	assert_false(DECODE(16, 0, 33, 1, 0, 8, 0xff, 0xff, 0xff, 0x7f)); /* arguments for ever */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_arguments), cmocka_unit_test(as_a_list),
		cmocka_unit_test(in_a_row),	  cmocka_unit_test(by_version),
		cmocka_unit_test(damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
