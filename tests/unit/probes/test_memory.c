/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading goroutines from a memory that this program makes up: its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <cmocka.h>

#include "base/err.h"
#include "fake_g.h"

static void test_states_and_fields(void **state)
{
	struct fixture *f = *state;
	struct golin_err err = {0};
	struct fake_g *g;
	struct timespec ts;
	struct result r;

	g = add_g(f, 9, 4);
	g->waitreason = 19; /* chan receive in 1.26 */
	g->waitsince = 12345;
	g->parent = 1;
	g = add_g(f, 1, 2 | 0x1000); /* being scanned by the collector */
	g->gopc = 0;
	g->waitreason = 19; /* old: it is not waiting */
	g->waitsince = 5;
	add_g(f, 5, 6);
	add_g(f, 6, 11);
	add_g(f, 7, 0);
	add_g(f, 8, 1);
	add_g(f, 10, 8);
	add_g(f, 11, 9);
	g = add_g(f, 12, 10);
	g->waitreason = 20;
	g = add_g(f, 13, 3);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	g->waitsince = ((uint64_t)ts.tv_sec + 3600) * 1000000000; /* a time to come */
	add_g(f, 0, 4);

	assert_int_equal(run(f, &r, &err), 0);
	assert_int_equal(r.unread, 0);
	assert_int_equal(r.n, 7);
	assert_int_equal(r.v[0].goid, 1);
	assert_int_equal(r.v[0].state, GOLIN_GS_RUNNING);
	assert_int_equal(r.v[0].gopc, 0);
	assert_int_equal(r.v[0].startpc, 0x401001);
	assert_string_equal(r.v[0].wait, "");
	assert_int_equal(r.v[0].wait_since, 0);
	assert_int_equal(r.v[1].goid, 8);
	assert_int_equal(r.v[1].state, GOLIN_GS_RUNNABLE);
	assert_int_equal(r.v[2].goid, 9);
	assert_int_equal(r.v[2].state, GOLIN_GS_WAITING);
	assert_string_equal(r.v[2].wait, "chan receive");
	assert_int_equal(r.v[2].wait_since, 12345);
	assert_int_equal(r.v[2].parent, 1);
	assert_true(r.v[2].parent_known);
	assert_int_equal(r.v[2].startpc, 0x401009);
	assert_int_equal(r.v[2].gopc, 0x402009);
	assert_int_equal(r.v[2].g, (uint64_t)(uintptr_t)&f->g[0]);
	assert_int_equal(r.v[3].state, GOLIN_GS_COPYSTACK);
	assert_int_equal(r.v[4].state, GOLIN_GS_PREEMPTED);
	assert_int_equal(r.v[5].state, GOLIN_GS_LEAKED);
	assert_string_equal(r.v[5].wait, "chan send");
	assert_int_equal(r.v[6].state, GOLIN_GS_SYSCALL);
	assert_int_equal(r.v[6].wait_since, 0);
}

static void test_parent_is_unknown_without_the_field(void **state)
{
	struct fixture *f = *state;
	struct golin_err err = {0};
	struct result r;

	add_g(f, 9, 4)->parent = 77;
	f->layout.fields[GOLIN_F_G_parentGoid].source = GOLIN_FROM_NONE;
	f->layout.fields[GOLIN_F_G_waitsince].source = GOLIN_FROM_NONE;
	assert_int_equal(run(f, &r, &err), 0);
	assert_int_equal(r.n, 1);
	assert_false(r.v[0].parent_known);
	assert_int_equal(r.v[0].parent, 0);
	f->layout.fields[GOLIN_F_G_startpc].source = GOLIN_FROM_NONE;
	assert_int_equal(run(f, &r, &err), -ENODATA);
	assert_string_equal(err.msg, "the layout of runtime.g lacks a field that reading needs");
}

static void test_runtime_not_started(void **state)
{
	struct fixture *f = *state;
	struct golin_err err = {0};
	struct result r;

	f->allgs = (struct fake_slice){0};
	assert_int_equal(run(f, &r, &err), 0);
	assert_int_equal(r.n, 0);
	assert_int_equal(r.unread, 0);
}

static void test_hostile_slices(void **state)
{
	struct fixture *f = *state;
	uint64_t ptr = f->allgs.ptr;
	struct fake_slice bad[] = {
		{ptr, 1ULL << 60, 1ULL << 60},
		{ptr, UINT64_MAX, UINT64_MAX},
		{ptr, 3, 2},
		{ptr + 1, 3, 4},
		{0xffff888000000000, 3, 4},
		{0x8000000000000000, 3, 4},
		{0x7ffffffff000, 1000000, 1000000},
		{8, 3, 4},
		{ptr, 50000001, 50000001},
	};
	struct golin_err err = {0};
	struct result r;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char want[200];

		f->allgs.ptr = bad[i].ptr;
		f->allgs.len = bad[i].len;
		f->allgs.cap = bad[i].cap;
		snprintf(want, sizeof(want),
			 "runtime.allgs is not a list of goroutines (address 0x%llx, length %llu)",
			 (unsigned long long)bad[i].ptr, (unsigned long long)bad[i].len);
		assert_int_equal(run(f, &r, &err), -EBADMSG);
		assert_string_equal(err.msg, want);
		assert_int_equal(r.n, 0);
	}
}

static void test_garbage_pointers_are_counted(void **state)
{
	struct fixture *f = *state;
	struct golin_err err = {0};
	struct result r;
	void *hole = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t edge;

	/* the second page of two is not there: a g may not reach into it */
	assert_int_equal(mprotect(hole, 4096, PROT_READ | PROT_WRITE), 0);
	assert_int_equal(munmap((char *)hole + 4096, 4096), 0);
	edge = (uint64_t)(uintptr_t)hole + 4096 - 16;

	add_g(f, 1, 4);
	add_pointer(f, 0);
	add_pointer(f, 7);
	add_pointer(f, (uint64_t)(uintptr_t)&f->g[0] + 4);
	add_pointer(f, 0xffffffff81000000);
	add_pointer(f, 0x0000800000000000);
	add_pointer(f, (uint64_t)(uintptr_t)hole + 4096);
	add_pointer(f, edge);
	add_pointer(f, 0x00007fffffffeff8);
	assert_int_equal(f->allgs.len, 9);
	assert_int_equal(run(f, &r, &err), 0);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.v[0].goid, 1);
	assert_int_equal(r.unread, 8);
	munmap(hole, 4096);
}

static void test_a_bad_neighbour_spoils_no_other(void **state)
{
	struct fixture *f = *state;
	struct golin_err err = {0};
	struct result r;
	char *page =
		mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct fake_g *a = (void *)(page + 4096 - sizeof(*a)), *b = (void *)(page + 8192);

	*a = *add_g(f, 1, 4);
	*b = *a;
	b->goid = 2;
	f->array[0] = (uint64_t)(uintptr_t)a;
	/* between two good ones, near enough to be read in one go, a hole */
	add_pointer(f, (uint64_t)(uintptr_t)page + 4096 + 1024);
	add_pointer(f, (uint64_t)(uintptr_t)page + 4096 + 2048);
	add_pointer(f, (uint64_t)(uintptr_t)page + 4096 + 3072);
	add_pointer(f, (uint64_t)(uintptr_t)b);
	assert_int_equal(munmap(page + 4096, 4096), 0);
	assert_int_equal(run(f, &r, &err), 0);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.v[0].goid, 1);
	assert_int_equal(r.v[1].goid, 2);
	assert_int_equal(r.unread, 3);
	munmap(page, 3 * 4096);
}

static void test_implausible_gs_are_counted(void **state)
{
	struct fixture *f = *state;
	struct golin_err err = {0};
	struct fake_g *g;
	struct result r;

	add_g(f, 1, 4);
	add_g(f, 2, 5);
	add_g(f, 3, 7);
	add_g(f, 4, 77);
	g = add_g(f, 5, 4);
	g->stack_lo = g->stack_hi;
	g = add_g(f, 6, 4);
	g->stack_hi = 0xffff888000000000;
	add_g(f, 0x8000000000000007, 4);
	assert_int_equal(run(f, &r, &err), 0);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.unread, 6);
}

static void test_repetitions_are_counted(void **state)
{
	struct fixture *f = *state;
	struct golin_err err = {0};
	struct result r;

	add_g(f, 1, 4);
	add_pointer(f, f->array[0]);
	add_pointer(f, f->array[0]);
	assert_int_equal(run(f, &r, &err), 0);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.unread, 2);
	add_g(f, 1, 4); /* another g that claims the same goid */
	assert_int_equal(run(f, &r, &err), 0);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.unread, 3);
}

/* Fifty million times the same pointer in a file-backed hole: bounded in memory and in time. */
static void test_a_long_array_of_nothing(void **state)
{
	struct fixture *f = *state;
	struct golin_err err = {0};
	size_t len = 50000000, bytes = len * 8;
	uint64_t *a =
		mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct result r;

	assert_ptr_not_equal(a, MAP_FAILED);
	f->allgs.ptr = (uint64_t)(uintptr_t)a;
	f->allgs.len = f->allgs.cap = len;
	assert_int_equal(run(f, &r, &err), 0);
	assert_int_equal(r.n, 0);
	assert_int_equal(r.unread, len);
	munmap(a, bytes);
}

static void test_what_cannot_be_read(void **state)
{
	struct fixture *f = *state;
	struct golin_err err = {0};
	struct result r;
	int fd = f->m.mem_fd;

	add_g(f, 1, 4);
	f->info.allgs = 0;
	assert_int_equal(run(f, &r, &err), -ENODATA);
	assert_string_equal(err.msg,
			    "the list of goroutines (runtime.allgs) was not found in the program");
	f->info.allgs = 0x1000;
	assert_int_equal(run(f, &r, &err), -EBADMSG);
	assert_string_equal(err.msg, "runtime.allgs does not lie in the memory of the process");
	f->m.mem_fd = -1;
	assert_int_equal(run(f, &r, &err), -EPERM);
	assert_string_equal(err.msg, "golin has no right to read the memory of the process");
	assert_string_equal(err.hint, "run golin as root (sudo), or give it CAP_SYS_PTRACE");
	f->m.mem_fd = fd;
}

static void test_the_process_has_ended(void **state)
{
	struct fixture *f = *state;
	struct golin_mem_goroutine one;
	struct golin_err err = {0};
	struct result r;
	char path[64];
	pid_t pid;

	add_g(f, 1, 4);
	pid = fork();
	if (pid == 0) {
		for (;;)
			pause();
	}
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	close(f->m.mem_fd);
	f->m.mem_fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(f->m.mem_fd >= 0);
	assert_int_equal(run(f, &r, &err), 0); /* the fork has the same memory */
	assert_int_equal(r.n, 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(run(f, &r, &err), -ESRCH);
	assert_string_equal(err.msg, "the process has ended");
	assert_int_equal(golin_memory_goroutine(&f->m, f->array[0], 1, &one, &err), -ESRCH);
}

static void test_the_callback_can_stop(void **state)
{
	struct fixture *f = *state;
	struct result r = {.stop_after = 2, .stop_with = -ECANCELED};

	for (uint64_t i = 1; i <= 5; i++)
		add_g(f, i, 4);
	assert_int_equal(golin_memory_goroutines(&f->m, take, &r, NULL, NULL), -ECANCELED);
	assert_int_equal(r.n, 2);
}

static void test_one_goroutine(void **state)
{
	struct fixture *f = *state;
	struct golin_mem_goroutine one;
	struct golin_err err = {0};
	uint64_t g;

	add_g(f, 41, 4)->waitreason = 14;
	g = f->array[0];
	assert_int_equal(golin_memory_goroutine(&f->m, g, 41, &one, &err), 0);
	assert_string_equal(one.wait, "sleep");
	assert_int_equal(golin_memory_goroutine(&f->m, g, 42, &one, &err), -ENOENT);
	assert_string_equal(err.msg, "goroutine 42 has ended");
	f->g[0].status = 6;
	assert_int_equal(golin_memory_goroutine(&f->m, g, 41, &one, &err), -ENOENT);
	assert_int_equal(golin_memory_goroutine(&f->m, g + 1, 41, &one, &err), -ENOENT);
	assert_int_equal(golin_memory_goroutine(&f->m, 0, 41, &one, &err), -ENOENT);
	assert_int_equal(golin_memory_goroutine(&f->m, 0xffff888000000000, 41, &one, &err),
			 -ENOENT);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, fake_setup, fake_teardown)
	const struct CMUnitTest tests[] = {
		T(test_states_and_fields),
		T(test_parent_is_unknown_without_the_field),
		T(test_runtime_not_started),
		T(test_hostile_slices),
		T(test_garbage_pointers_are_counted),
		T(test_a_bad_neighbour_spoils_no_other),
		T(test_implausible_gs_are_counted),
		T(test_repetitions_are_counted),
		T(test_a_long_array_of_nothing),
		T(test_what_cannot_be_read),
		T(test_the_process_has_ended),
		T(test_the_callback_can_stop),
		T(test_one_goroutine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
