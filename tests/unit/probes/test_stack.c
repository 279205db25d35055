/* SPDX-License-Identifier: BSD-2-Clause */
/* Stacks by frame pointers: arrays of our own memory play them, whole and broken ones. */
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
#include "golin/offsets.h"
#include "memory/stack.h"

enum { WORDS = 65536, CODE = 4096 };

static uint64_t stack[WORDS];
static uint8_t code[CODE] __attribute__((aligned(16)));
static struct golin_image_info info;
static struct golin_memory m;
static struct stack_pcs pcs;

static int setup(void **s)
{
	memset(stack, 0, sizeof(stack));
	memset(code, 0x90, sizeof(code));
	memset(&info, 0, sizeof(info));
	info.go.minor = 26;
	info.text = (uint64_t)(uintptr_t)code;
	info.etext = info.text + CODE;
	m = (struct golin_memory){.mem_fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC),
				  .info = &info};
	return m.mem_fd < 0;
}

static int teardown(void **s)
{
	close(m.mem_fd);
	return 0;
}

static uint64_t at(size_t i)
{
	return (uint64_t)(uintptr_t)&stack[i];
}

static uint64_t pc(size_t i)
{
	return info.text + i;
}

static struct stack_at parked(size_t sp, size_t bp)
{
	return (struct stack_at){
		.lo = at(0), .hi = at(WORDS), .sp = at(sp), .pc = pc(100), .bp = at(bp)};
}

/* Frames of `step` words each, from word `first` on; the last one's caller is none. */
static void frames(size_t first, size_t step, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		stack[first + k * step] = k + 1 < n ? at(first + (k + 1) * step) : 0;
		stack[first + k * step + 1] = pc(101 + k);
	}
}

static void expect(size_t n, bool truncated)
{
	assert_int_equal(pcs.n, n);
	assert_int_equal(pcs.truncated, truncated);
	for (size_t k = 0; k < n; k++)
		assert_int_equal(pcs.v[k], pc(100 + k));
}

static void test_whole(void **s)
{
	struct stack_at a = parked(10, 12);

	frames(12, 5, 20);
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	expect(21, false);
}

/* Frames further from each other than what is read at once. */
static void test_far(void **s)
{
	struct stack_at a = parked(10, 12);

	frames(12, 3000, 21);
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	expect(22, false);
}

static void test_deep(void **s)
{
	struct stack_at a = parked(10, 12);

	frames(12, 4, 1000);
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	expect(GOLIN_STACK_MAX, true);
}

static void test_broken(void **s)
{
	struct stack_at a = parked(10, 12);

	frames(12, 4, 5);
	stack[12 + 2 * 4] = 7; /* below: ends there */
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	expect(4, false);
	stack[12 + 2 * 4] = at(12); /* a circle */
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	expect(4, false);
	stack[12 + 2 * 4] = at(WORDS) - 8; /* out of the stack */
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	expect(4, true);
	stack[12 + 2 * 4] = at(12 + 3 * 4) + 4; /* crooked */
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	expect(4, true);
	frames(12, 4, 5);
	stack[12 + 2 * 4 + 1] = 12345; /* C's code */
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	expect(3, true);
	a.bp = 0;
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	expect(1, true);
}

static void test_no_stack(void **s)
{
	struct stack_at a = parked(10, 12);

	frames(12, 4, 5);
	a.pc = 12345;
	assert_int_equal(stack_walk(&m, &a, &pcs), -EFAULT);
	a = parked(10, 12);
	a.sp = a.hi;
	assert_int_equal(stack_walk(&m, &a, &pcs), -EFAULT);
	a = parked(10, 12);
	a.sp = a.lo - 8;
	assert_int_equal(stack_walk(&m, &a, &pcs), -EFAULT);
	a = parked(10, 12);
	a.hi = a.lo + 8;
	assert_int_equal(stack_walk(&m, &a, &pcs), -EFAULT);
	a = (struct stack_at){.lo = 1ull << 62, .hi = UINT64_MAX, .sp = 1ull << 62, .pc = pc(1)};
	assert_int_equal(stack_walk(&m, &a, &pcs), 0); /* no frame pointer: only where it is */
	a.bp = a.sp;
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	assert_true(pcs.truncated);
}

/* Up to Go 1.22 the frame pointer stands where the last function called from there has put it. */
static void test_syscall(void **s)
{
	struct stack_at a = parked(10, 0);

	info.go.minor = 20;
	a.bp = 0;
	a.syscall = true;
	frames(12, 4, 5);
	stack[8] = at(12);
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	expect(6, false);
	stack[8] = pc(5); /* no frame pointer */
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	expect(1, true);
}

/* Up to Go 1.18 syscall.Syscall has no frame: its caller's return address is at the stack pointer.
 */
static void test_syscall_without_frame(void **s)
{
	struct stack_at a = parked(10, 0);
	size_t entry = 160;
	int32_t rel;

	info.go.minor = 16;
	a.bp = 0;
	a.syscall = true;
	a.pc = pc(entry + 5);
	stack[8] = at(12);
	stack[10] = pc(600);
	code[600 - 5] = 0xe8;
	rel = (int32_t)entry - 600;
	memcpy(code + 600 - 4, &rel, sizeof(rel));
	frames(12, 4, 2);
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	assert_int_equal(pcs.n, 4);
	assert_int_equal(pcs.v[0], pc(entry + 5));
	assert_int_equal(pcs.v[1], pc(600));
	assert_int_equal(pcs.v[2], pc(101));
	/* Called through a pointer: padding before the entry tells. */
	code[600 - 5] = 0x90;
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	assert_int_equal(pcs.n, 3);
	code[entry - 1] = 0xcc;
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	assert_int_equal(pcs.n, 4);
	/* In Go code since. */
	info.go.minor = 19;
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	assert_int_equal(pcs.n, 3);
}

/* Up to Go 1.15 nanotime leaves the address of its return slot in the frame pointer. */
static void test_clobbered(void **s)
{
	static const uint8_t prologue[] = {0x48, 0x3b, 0x61, 0x10, 0x0f, 0x86, 0,
					   0,	 0,    0,    0x48, 0x83, 0xec, 0x48};
	static const uint8_t large[] = {0x48, 0x81, 0xec, 0x48, 0, 0, 0};
	struct stack_at a = parked(10, 12);

	info.go.minor = 13;
	memcpy(code + 50, prologue, sizeof(prologue));
	stack[12] = at(13);
	stack[13] = pc(101);
	/* The frame of 0x48 bytes ends with its caller's frame pointer. */
	stack[14 + 9 - 1] = 0;
	stack[14 + 9] = pc(102);
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	expect(3, false);
	memcpy(code + 60, large, sizeof(large));
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	expect(3, false);
	memset(code + 50, 0x90, 40);
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	assert_int_equal(pcs.n, 2);
	info.go.minor = 16;
	assert_int_equal(stack_walk(&m, &a, &pcs), 0);
	assert_int_equal(pcs.n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_far, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deep, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_stack, setup, teardown),
		cmocka_unit_test_setup_teardown(test_syscall, setup, teardown),
		cmocka_unit_test_setup_teardown(test_syscall_without_frame, setup, teardown),
		cmocka_unit_test_setup_teardown(test_clobbered, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
