/* SPDX-License-Identifier: BSD-2-Clause */
/* What each record does to the model, one rule a test. */
#include "records.h"

#define ALIVE(goid) (!!(find(goid)->flags & GOLIN_GF_ALIVE))
#define GHOST(goid) (!!(find(goid)->flags & GOLIN_GF_GHOST))

static int setup(void **s)
{
	make_model(0);
	return 0;
}

static int teardown(void **s)
{
	check_tree();
	free_model();
	return 0;
}

static void test_create_then_exit(void **s)
{
	seen(0, 1);
	create(50, 1, 7);
	assert_true(ALIVE(7));
	assert_int_equal(find(7)->created, 50);
	assert_int_equal(above(7), 1);
	assert_int_equal(find(1)->nlive, 1);
	ended_full(90, 7, 0, 0, 0, GOLIN_HOW_GOEXIT);
	assert_false(ALIVE(7));
	assert_int_equal(find(7)->exited, 90);
	assert_int_equal(find(7)->how, GOLIN_HOW_GOEXIT);
	assert_int_equal(find(1)->nlive, 0);
	assert_int_equal(find(1)->nchild, 1);
	assert_int_equal(counts().created, 1);
	assert_int_equal(counts().exited, 1);
	assert_int_equal(counts().seen, 1);
	assert_int_equal(counts().events, 3);
	assert_int_equal(golin_model_now(M), 90);
	assert_int_equal(golin_model_first(M), 50);
}

static void test_seen_merges(void **s)
{
	create(50, 1, 7);
	seen(3, 7); /* memory says another parent: the creation was watched */
	assert_int_equal(find(7)->parent, 1);
	assert_int_equal(find(7)->created, 50);
	assert_string_equal(golin_goroutine_state_text(M, find(7)), "chan receive");
	assert_int_equal(counts().live, 1);
	assert_null(find(3));
}

static void test_seen_does_not_resurrect(void **s)
{
	create(50, 1, 7);
	ended(60, 7);
	seen(1, 7);
	assert_false(ALIVE(7));
	assert_string_equal(golin_goroutine_state_text(M, find(7)), "exited");
	assert_int_equal(counts().live, 0);
}

/* A later reading tells states; it is no event. */
static void test_seen_again(void **s)
{
	create(50, 1, 7);
	seen_full(1, 7, 0x1000, 0, GOLIN_GS_WAITING, "select", GOLIN_G_AGAIN);
	assert_string_equal(golin_goroutine_state_text(M, find(7)), "select");
	assert_int_equal(counts().events, 1);
	assert_int_equal(counts().seen, 0);
	assert_int_equal(find(7)->created, 50);
}

static void test_create_upgrades_seen(void **s)
{
	seen_full(0, 7, 0x1000, 0, GOLIN_GS_RUNNING, "", 0);
	assert_int_equal(above(7), 0);
	assert_int_equal(find(7)->via, 0);
	create_full(70, 4, 7, 0x1100, 0x2100, 99, GOLIN_VIA_COROUTINE, 0);
	assert_int_equal(find(7)->created, 70);
	assert_int_equal(find(7)->stack, 99);
	assert_int_equal(find(7)->startpc, 0x1100);
	assert_int_equal(find(7)->gopc, 0x2100);
	assert_int_equal(find(7)->via, GOLIN_VIA_COROUTINE);
	assert_int_equal(above(7), 4);
	assert_true(GHOST(4));
	assert_int_equal(counts().live, 1);
}

static void test_unknown_exit_adds_an_ended_one(void **s)
{
	seen(0, 1);
	ended_full(80, 7, 1, 0x1000, 0x2000, GOLIN_HOW_RETURN);
	assert_int_equal(find(7)->created, 0);
	assert_int_equal(find(7)->exited, 80);
	assert_int_equal(above(7), 1);
	assert_int_equal(counts().ended, 1);
	assert_int_equal(find(7)->startpc, 0x1000);
}

static void test_exit_before_create(void **s)
{
	ended(80, 7);
	create(50, 1, 7);
	assert_false(ALIVE(7));
	assert_int_equal(find(7)->created, 50);
	assert_int_equal(above(7), 1);
	assert_int_equal(counts().live, 0);
	assert_int_equal(counts().ended, 1);
}

static void test_told_twice(void **s)
{
	create(50, 1, 7);
	create(51, 2, 7);
	assert_int_equal(find(7)->parent, 1);
	assert_int_equal(counts().created, 1);
	ended(60, 7);
	ended_full(61, 7, 0, 0, 0, GOLIN_HOW_GOEXIT);
	assert_int_equal(find(7)->exited, 60);
	assert_int_equal(find(7)->how, GOLIN_HOW_RETURN);
	assert_int_equal(counts().exited, 1);
	assert_int_equal(counts().ended, 1);
}

static void test_child_before_parent(void **s)
{
	create(52, 7, 9);
	assert_true(GHOST(7));
	assert_int_equal(counts().live, 1);
	create(50, 1, 7);
	assert_false(GHOST(7));
	assert_true(ALIVE(7));
	assert_int_equal(above(9), 7);
	assert_int_equal(above(7), 1);
	assert_true(GHOST(1));
	seen_full(0, 1, 0x3000, 0, GOLIN_GS_WAITING, "select", GOLIN_G_PARENT_KNOWN);
	assert_false(GHOST(1));
	assert_int_equal(counts().live, 3);
}

static void test_ghost_leaves_with_its_last_child(void **s)
{
	seen(40, 41);
	assert_true(GHOST(40));
	gone(60, 41);
	assert_null(find(41));
	assert_null(find(40));
	/* And when its only child turns out to be another's. */
	seen(50, 51);
	create(61, 52, 51);
	assert_null(find(50));
	assert_int_equal(above(51), 52);
}

static void test_gone(void **s)
{
	seen(0, 1);
	seen(1, 7);
	gone(60, 7);
	assert_null(find(7));
	assert_int_equal(find(1)->nchild, 0);
	seen(1, 8);
	create(61, 8, 9);
	gone(62, 8); /* has a child: it stays as its parent */
	assert_true(GHOST(8));
	assert_int_equal(above(8), 1);
	assert_int_equal(above(9), 8);
	assert_int_equal(find(1)->nlive, 0);
	gone(63, 9); /* was created before our eyes: it has been */
	assert_int_equal(find(9)->exited, 63);
	assert_int_equal(find(9)->how, 0);
	gone(64, 9);
	gone(64, 12345);
	assert_int_equal(counts().live, 1);
	assert_int_equal(counts().exited, 0);
	ended(65, 9); /* and this is how */
	assert_int_equal(find(9)->how, GOLIN_HOW_RETURN);
	assert_int_equal(counts().exited, 1);
}

static void test_state(void **s)
{
	create(50, 1, 7);
	assert_string_equal(golin_goroutine_state_text(M, find(7)), "unknown");
	state(51, 7, GOLIN_GS_WAITING, "sleep");
	assert_string_equal(golin_goroutine_state_text(M, find(7)), "sleep");
	state(52, 7, GOLIN_GS_RUNNING, "");
	assert_string_equal(golin_goroutine_state_text(M, find(7)), "running");
	state(53, 7, 123456, "");
	assert_string_equal(golin_goroutine_state_text(M, find(7)), "unknown");
	state(54, 999, GOLIN_GS_RUNNING, "");
	assert_null(find(999));
	state(55, 7, GOLIN_GS_DEAD, "");
	assert_int_equal(find(7)->exited, 55);
	assert_int_equal(find(7)->how, 0);
}

static void test_timer_has_no_parent(void **s)
{
	seen(3, 7); /* Go 1.13: memory knows the goroutine that runs the timers */
	create_full(50, 0, 7, 0x1000, 0x2000, 0, GOLIN_VIA_TIMER, 5);
	assert_int_equal(above(7), 0);
	assert_int_equal(find(7)->parent, 0);
	assert_true(find(7)->flags & GOLIN_GF_PARENT_KNOWN);
	assert_int_equal(find(7)->armed_by, 5);
	assert_null(find(3));
}

static void test_exec_starts_an_epoch(void **s)
{
	seen(0, 1);
	create(50, 1, 7);
	exec(60, 1);
	assert_int_equal(counts().live, 0);
	assert_int_equal(counts().ended, 2);
	create_full(70, 0, 1, 0x1000, 0x2000, 0, GOLIN_VIA_GO, 0);
	assert_int_equal(counts().live, 1);
	assert_int_equal(find(1)->epoch, 1);
	assert_true(ALIVE(1));
	assert_int_equal(find(7)->epoch, 0);
	assert_false(golin_model_goroutine(M, golin_model_find_key(M, 1, 0, 1))->flags &
		     GOLIN_GF_ALIVE);
	assert_int_equal(golin_model_find_key(M, 1, 1, 7), GOLIN_GIDX_NONE);
	assert_int_equal(golin_model_find_key(M, 2, 0, 7), GOLIN_GIDX_NONE);
}

static void test_end_of_the_target(void **s)
{
	struct golin_rec_exit end,
		r = {.h = HEADER(GOLIN_REC_EXIT, r, 90, 0), .known = 1, .code = 3};

	create(50, 1, 7);
	assert_false(golin_model_exit(M, &end));
	put(&r.h);
	assert_true(golin_model_exit(M, &end));
	assert_int_equal(end.code, 3);
	assert_true(ALIVE(7)); /* it was alive at the end */
}

static void test_system_goroutines(void **s)
{
	static const struct test_frame wrapped[] = {
		{"runtime.GC", "/go/src/runtime/mgc.go", 400, GOLIN_FRAME_RUNTIME},
		{"main.main.gowrap1", "/src/main.go", 9, GOLIN_FRAME_WRAPPER},
	};

	name(0x5000, "runtime.forcegchelper", "/go/src/runtime/proc.go", 300);
	create_full(50, 1, 7, 0x5000, 0x2000, 0, GOLIN_VIA_GO, 0);
	assert_true(find(7)->flags & GOLIN_GF_SYSTEM);
	assert_int_equal(counts().system, 1);
	/* The name comes after the goroutine. */
	create_full(51, 1, 8, 0x6000, 0x2000, 0, GOLIN_VIA_GO, 0);
	create_full(51, 1, 9, 0x6000, 0x2000, 0, GOLIN_VIA_GO, 0);
	ended(52, 9);
	assert_int_equal(counts().system, 1);
	name(0x6000, "runtime.bgsweep", "/go/src/runtime/mgcsweep.go", 2);
	assert_int_equal(counts().system, 2);
	assert_true(find(9)->flags & GOLIN_GF_SYSTEM);
	/* The user's `go runtime.GC()` through a wrapper is the user's. */
	name_frames(0x7000, wrapped, 2);
	create_full(53, 1, 10, 0x7000, 0x2000, 0, GOLIN_VIA_GO, 0);
	assert_false(find(10)->flags & GOLIN_GF_SYSTEM);
	assert_string_equal(golin_model_start_func(M, find(10)).func, "runtime.GC");
	ended(60, 7);
	assert_int_equal(counts().system, 1);
	check_tree();
}

static void test_system_rule(void **s)
{
	assert_true(golin_is_system_func("runtime.bgsweep"));
	assert_true(golin_is_system_func("runtime.runfinq"));
	assert_true(golin_is_system_func("runtime.runFinalizers"));
	assert_true(golin_is_system_func("runtime.timerproc"));
	assert_true(golin_is_system_func("runtime.gcBgMarkStartWorkers.gowrap1"));
	assert_false(golin_is_system_func("runtime.main"));
	assert_false(golin_is_system_func("runtime.corostart"));
	assert_false(golin_is_system_func("runtime.handleAsyncEvent"));
	assert_false(golin_is_system_func("main.worker"));
	assert_false(golin_is_system_func("runtime/pprof.profileWriter"));
	assert_false(golin_is_system_func("os/signal.loop"));
	assert_false(golin_is_system_func(""));
}

static void test_names(void **s)
{
	static const struct test_frame wrapped[] = {
		{"main.worker", "/src/w.go", 20, 0},
		{"main.spawn.gowrap2", "/src/w.go", 12, GOLIN_FRAME_WRAPPER},
	};
	static const struct test_frame inlined[] = {
		{"main.(*Pool).start", "/src/pool.go", 33, 0},
		{"main.main", "/src/main.go", 8, 0},
	};
	const struct golin_frame *f;

	create_full(50, 1, 7, 0x5000, 0x6000, 0, GOLIN_VIA_GO, 0);
	assert_string_equal(golin_model_start_func(M, find(7)).func, "0x5000");
	assert_string_equal(golin_model_go_site(M, find(7)).func, "0x6000");
	assert_int_equal(golin_model_frames(M, 0x5000, &f), 0);
	name_frames(0x5000, NULL, 0); /* none to be had */
	assert_string_equal(golin_model_start_func(M, find(7)).func, "0x5000");
	name_frames(0x5000, wrapped, 2);
	name_frames(0x6000, inlined, 2);
	assert_string_equal(golin_model_start_func(M, find(7)).func, "main.worker");
	assert_int_equal(golin_model_start_func(M, find(7)).line, 20);
	assert_string_equal(golin_model_go_site(M, find(7)).func, "main.(*Pool).start");
	assert_string_equal(golin_model_go_site(M, find(7)).file, "/src/pool.go");
	assert_int_equal(golin_model_frames(M, 0x6000, &f), 2);
	assert_string_equal(f[1].func, "main.main");
	/* The main goroutine: runtime.main calls main.main, and nobody wrote its go statement. */
	name(0x7000, "runtime.main", "/go/src/runtime/proc.go", 150);
	name(0x7100, "runtime.rt0_go", "/go/src/runtime/asm_amd64.s", 350);
	seen_full(0, 1, 0x7000, 0x7100, GOLIN_GS_WAITING, "select", GOLIN_G_PARENT_KNOWN);
	assert_string_equal(golin_model_start_func(M, find(1)).func, "main.main");
	assert_string_equal(golin_model_go_site(M, find(1)).func, "");
	assert_false(find(1)->flags & GOLIN_GF_SYSTEM);
}

static void test_names_belong_to_an_epoch(void **s)
{
	name(0x5000, "main.old", "/old.go", 1);
	create_full(50, 0, 7, 0x5000, 0, 0, GOLIN_VIA_GO, 0);
	exec(60, 1);
	name(0x5000, "main.new", "/new.go", 1);
	create_full(70, 0, 8, 0x5000, 0, 0, GOLIN_VIA_GO, 0);
	assert_string_equal(golin_model_start_func(M, find(7)).func, "main.old");
	assert_string_equal(golin_model_start_func(M, find(8)).func, "main.new");
}

static void test_stacks(void **s)
{
	const uint64_t pcs[] = {10, 20, 30}, *got;
	bool truncated = true;
	struct {
		struct golin_rec_stack r;
		uint64_t pc;
	} cut = {.r = {.h = HEADER(GOLIN_REC_STACK, cut, 1, 0), .id = 79, .n = 1, .truncated = 1},
		 .pc = 5};

	stack(77, pcs, 3);
	assert_int_equal(golin_model_stack(M, 77, &got, &truncated), 3);
	assert_memory_equal(got, pcs, sizeof(pcs));
	assert_false(truncated);
	assert_int_equal(golin_model_stack(M, 78, &got, &truncated), 0);
	assert_int_equal(golin_model_stack(M, 0, &got, NULL), 0);
	put(&cut.r.h);
	assert_int_equal(golin_model_stack(M, 79, &got, &truncated), 1);
	assert_true(truncated);
}

static void test_caps_of_names_and_stacks(void **s)
{
	const struct golin_model_opts opts = {.max_stacks = 2, .max_names = 3};
	const uint64_t pcs[] = {1}, *got;

	free_model();
	assert_int_equal(golin_model_new(&opts, &M), 0);
	for (uint64_t k = 1; k <= 5; k++) {
		stack(k, pcs, 1);
		stack(k, pcs, 1); /* again is no more */
		name(0x1000 * k, "main.f", "/f.go", 1);
		name(0x1000 * k, "main.f", "/f.go", 1);
	}
	assert_int_equal(golin_model_stack(M, 2, &got, NULL), 1);
	assert_int_equal(golin_model_stack(M, 3, &got, NULL), 0);
	assert_int_equal(counts().dropped_stacks, 6);
	assert_int_equal(counts().dropped_names, 4);
}

static void test_clock_and_target(void **s)
{
	struct golin_target_info t;

	assert_false(golin_model_target(M, &t));
	assert_int_equal(golin_model_unix(M, 5), 0);
	target(4213, "orders");
	clock_at(1000, 1700000000000000000ull);
	assert_true(golin_model_target(M, &t));
	assert_int_equal(t.pid, 4213);
	assert_string_equal(t.exe, "/srv/bin/orders");
	assert_string_equal(t.go, "go1.26.8");
	assert_string_equal(t.build_id, "");
	assert_int_equal(golin_model_unix(M, 1500), 1700000000000000500ull);
	assert_int_equal(golin_model_unix(M, 900), 1699999999999999900ull);
	assert_int_equal(golin_model_unix(M, 0), 0);
}

static void test_lost_and_unread(void **s)
{
	struct golin_rec_gap gap = {.h = HEADER(GOLIN_REC_GAP, gap, 70, 0), .duration_ns = 5};
	struct golin_rec_snapshot snap = {.h = HEADER(GOLIN_REC_SNAPSHOT, snap, 71, 0),
					  .phase = GOLIN_SNAPSHOT_END,
					  .unread = 2};
	struct golin_rec_goroutine_create part = {
		.h = HEADER(GOLIN_REC_GOROUTINE_CREATE, part, 72, 0),
		.child = 9,
		.flags = GOLIN_G_PARTIAL};

	lost(GOLIN_LOST_RING, 5);
	lost(GOLIN_LOST_RING, 7);
	lost(GOLIN_LOST_MISSED, 2);
	lost(GOLIN_LOST_CUT, 300);
	put(&gap.h);
	put(&snap.h);
	put(&part.h);
	assert_int_equal(counts().lost_ring, 12);
	assert_int_equal(counts().lost_missed, 2);
	assert_int_equal(counts().lost_cut, 300);
	assert_int_equal(counts().gaps, 1);
	assert_int_equal(counts().unread, 3);
}

static void test_nonsense_is_absorbed(void **s)
{
	struct golin_rec unknown = header(200, sizeof(unknown), 99, 7);
	uint64_t generation = golin_model_generation(M);

	put(&unknown);
	assert_int_equal(golin_model_generation(M), generation);
	create(50, 7, 7); /* its own parent */
	assert_int_equal(above(7), 0);
	create(51, 7, 8);
	seen(8, 9);
	create(52, 9, 10);
	seen_full(0, 20, 0, 0, GOLIN_GS_RUNNING, "", 0);
	create(53, 20, 21);
	create(54, 21, 20); /* a circle */
	assert_int_equal(above(20), 0);
	assert_int_equal(above(21), 20);
	create(55, 1, 0);
	create(56, 1, UINT64_MAX);
	create(57, UINT64_MAX, 30);
	assert_int_equal(above(30), 0);
	assert_null(find(UINT64_MAX));
	assert_int_equal(counts().unread, 2);
	create_full(58, 1, 31, UINT64_MAX, UINT64_MAX, UINT64_MAX, 77, UINT64_MAX);
	assert_int_equal(find(31)->via, 0);
	assert_string_equal(golin_model_start_func(M, find(31)).func, "0xffffffffffffffff");
}

static void test_epochs_are_bounded(void **s)
{
	for (test_epoch = 0; test_epoch < 5000; test_epoch++)
		create(50 + test_epoch, 0, 7);
	assert_int_equal(counts().live, 4096);
	assert_int_equal(counts().unread, 5000 - 4096);
	assert_int_equal(find(7)->epoch, 4095);
}

static void test_reset(void **s)
{
	uint64_t generation;

	target(1, "x");
	create(50, 1, 7);
	lost(GOLIN_LOST_RING, 5);
	generation = golin_model_generation(M);
	golin_model_reset(M);
	assert_true(golin_model_generation(M) > generation);
	assert_null(find(7));
	assert_int_equal(counts().events, 0);
	assert_int_equal(counts().lost_ring, 0);
	assert_int_equal(golin_model_roots(M), GOLIN_GIDX_NONE);
	create(60, 1, 7);
	assert_true(ALIVE(7));
}

static void test_order_of_children(void **s)
{
	static const uint64_t goids[] = {9, 5, 7, 6};
	const struct golin_goroutine *g;

	for (int k = 0; k < 4; k++)
		create(50, 1, goids[k]);
	g = golin_model_goroutine(M, find(1)->first);
	for (int k = 0; k < 4; k++, g = golin_model_goroutine(M, g->next))
		assert_int_equal(g->goid, goids[k]);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_create_then_exit),
		T(test_seen_merges),
		T(test_seen_does_not_resurrect),
		T(test_seen_again),
		T(test_create_upgrades_seen),
		T(test_unknown_exit_adds_an_ended_one),
		T(test_exit_before_create),
		T(test_told_twice),
		T(test_child_before_parent),
		T(test_ghost_leaves_with_its_last_child),
		T(test_gone),
		T(test_state),
		T(test_timer_has_no_parent),
		T(test_exec_starts_an_epoch),
		T(test_end_of_the_target),
		T(test_system_goroutines),
		T(test_system_rule),
		T(test_names),
		T(test_names_belong_to_an_epoch),
		T(test_stacks),
		T(test_caps_of_names_and_stacks),
		T(test_clock_and_target),
		T(test_lost_and_unread),
		T(test_nonsense_is_absorbed),
		T(test_epochs_are_bounded),
		T(test_reset),
		T(test_order_of_children),
	};

	return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
