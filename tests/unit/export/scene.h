/* SPDX-License-Identifier: BSD-2-Clause */
/* A small program as records: what the golden outputs show. */
#ifndef GOLIN_TESTS_SCENE_H
#define GOLIN_TESTS_SCENE_H

#include "records.h"

#define SEC 1000000000ull
#define UNIX0 1700000000000000000ull

enum {
	PC_MAIN = 0x100,
	PC_RT0 = 0x101,
	PC_SERVE = 0x200,
	PC_CONN = 0x201,
	PC_SERVE_SITE = 0x202,
	PC_MAIN_SITE = 0x203,
	PC_WORKER = 0x300,
	PC_SPAWN_SITE = 0x301,
	PC_TICK = 0x302,
	PC_SWEEP = 0x400,
	PC_GCENABLE = 0x401,
	PC_NEWPROC = 0x402,
};

UNUSED_FN void scene_names(void)
{
	static const struct test_frame worker[] = {
		{"main.worker", "/src/app/worker.go", 20, 0},
		{"main.spawn.gowrap1", "/src/app/main.go", 41, GOLIN_FRAME_WRAPPER},
	};
	static const struct test_frame spawn[] = {
		{"main.(*Pool).start", "/src/app/pool.go", 12, 0},
		{"main.spawn", "/src/app/main.go", 41, 0},
	};

	name(PC_MAIN, "runtime.main", "/go/src/runtime/proc.go", 150);
	name(PC_RT0, "runtime.rt0_go", "/go/src/runtime/asm_amd64.s", 350);
	name(PC_SERVE, "net/http.(*Server).Serve", "/go/src/net/http/server.go", 3400);
	name(PC_CONN, "net/http.(*conn).serve", "/go/src/net/http/server.go", 1900);
	name(PC_SERVE_SITE, "net/http.(*Server).Serve", "/go/src/net/http/server.go", 3454);
	name(PC_MAIN_SITE, "main.main", "/src/app/main.go", 30);
	name_frames(PC_WORKER, worker, 2);
	name_frames(PC_SPAWN_SITE, spawn, 2);
	name(PC_TICK, "main.tick", "/src/app/tick.go", 5);
	name(PC_SWEEP, "runtime.bgsweep", "/go/src/runtime/mgcsweep.go", 280);
	name(PC_GCENABLE, "runtime.gcenable", "/go/src/runtime/mgc.go", 200);
	name(PC_NEWPROC, "runtime.newproc", "/go/src/runtime/proc.go", 5000);
}

/* main, a server with connections, a worker that starts another, a timer's goroutine. */
UNUSED_FN void scene(void)
{
	const uint64_t pcs[] = {PC_NEWPROC, PC_SPAWN_SITE, PC_MAIN_SITE, 0x999, PC_MAIN};

	make_model(0);
	target(4213, "orders");
	clock_at(1000, UNIX0);
	scene_names();
	stack(77, pcs, 5);
	seen_full(0, 1, PC_MAIN, PC_RT0, GOLIN_GS_WAITING, "chan receive", GOLIN_G_PARENT_KNOWN);
	seen_full(1, 2, PC_SWEEP, PC_GCENABLE, GOLIN_GS_WAITING, "GC sweep wait",
		  GOLIN_G_PARENT_KNOWN);
	seen_full(1, 18, PC_SERVE, PC_MAIN_SITE, GOLIN_GS_WAITING, "IO wait", GOLIN_G_PARENT_KNOWN);
	for (uint64_t k = 30; k < 36; k++)
		create_full(1 * SEC + k, 18, k, PC_CONN, PC_SERVE_SITE, 0, GOLIN_VIA_GO, 0);
	state(1 * SEC + 50, 30, GOLIN_GS_RUNNING, "");
	state(1 * SEC + 50, 31, GOLIN_GS_WAITING, "select");
	state(1 * SEC + 50, 32, GOLIN_GS_WAITING, "select");
	ended(2 * SEC, 33);
	create_full(3 * SEC, 1, 40, PC_WORKER, PC_SPAWN_SITE, 77, GOLIN_VIA_GO, 0);
	create_full(4 * SEC, 40, 41, PC_WORKER, PC_SPAWN_SITE, 0, GOLIN_VIA_COROUTINE, 0);
	ended_full(6 * SEC, 41, 0, 0, 0, GOLIN_HOW_GOEXIT);
	create_full(7 * SEC, 0, 50, PC_TICK, PC_MAIN_SITE, 0, GOLIN_VIA_TIMER, 40);
	create_full(8 * SEC, 9, 51, PC_TICK, PC_MAIN_SITE, 0, GOLIN_VIA_GO, 0);
	create_full(10 * SEC, 40, 52, 0x777, 0x778, 0, GOLIN_VIA_GO, 0);
}

#endif
