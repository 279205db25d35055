/* SPDX-License-Identifier: BSD-2-Clause */
/* Goroutines: made, ended, parked, woken, labelled. */
#include "bpf/wire.h"
#include "plan_build.h"

static const struct plan_row create_row =
	PLAN_ROW("goroutine.create", 15, 27, GOLIN_SITE_CALL, PLAN_REQUIRED | PLAN_ON_G0,
		 "runtime.newproc.func1", "newg=#1", "the creation of goroutines",
		 .target = "runtime.runqput");
static const struct plan_row create_row_old = PLAN_ROW(
	"goroutine.create", 13, 14, GOLIN_SITE_CALL, PLAN_REQUIRED | PLAN_ON_G0, "runtime.newproc1",
	"newg=#1", "the creation of goroutines", .target = "runtime.runqput");
static const struct plan_row exit_row =
	PLAN_ROW("goroutine.exit", 22, 27, GOLIN_SITE_PROLOGUE, PLAN_REQUIRED | PLAN_ON_G0,
		 "runtime.gdestroy", "gp=@0", "the end of goroutines");
static const struct plan_row exit_row_old =
	PLAN_ROW("goroutine.exit", 13, 21, GOLIN_SITE_PROLOGUE, PLAN_REQUIRED | PLAN_ON_G0,
		 "runtime.goexit0", "gp=@0", "the end of goroutines");
static const struct plan_row coro_row =
	PLAN_ROW("goroutine.create.coroutine", 22, 27, GOLIN_SITE_STORE, 0, "runtime.newcoro",
		 "newg=@b coro=@v", "the creation of coroutines (iter.Pull)");

/* These only tell where a function lies: whence a call came, where a stack ends. */
static const struct plan_row places[] = {
	PLAN_ROW("goroutine.exit.how", 13, 13, GOLIN_SITE_ENTRY, PLAN_NO_G, "runtime.Goexit", "",
		 "whether a goroutine ended by runtime.Goexit"),
	PLAN_ROW("goroutine.create.stack", 13, 27, GOLIN_SITE_ENTRY, PLAN_NO_G, "runtime.goexit",
		 "", "where the stack of a creation ends"),
	PLAN_ROW("timer.func", 13, 27, GOLIN_SITE_ENTRY, PLAN_NO_G, "time.goFunc", "",
		 "which goroutines timers started"),
};

static const struct plan_row others[] = {
	/* Both are passed very often. */
	PLAN_ROW("goroutine.park", 13, 27, GOLIN_SITE_PROLOGUE, 0, "runtime.gopark",
		 "lock=@1 reason=@2", "when a goroutine begins to wait, and why"),
	PLAN_ROW("goroutine.ready", 13, 27, GOLIN_SITE_PROLOGUE, PLAN_NO_G, "runtime.ready",
		 "gp=@0", "when a goroutine is woken"),
	PLAN_ROW("goroutine.labels", 13, 27, GOLIN_SITE_ONCE, 0,
		 "runtime/pprof.runtime_setProfLabel", "labels=@0",
		 "when a goroutine's labels change"),
};

void plan_goroutines(struct plan_build *b)
{
	const uint32_t g = GOLIN_GROUP_GOROUTINES;
	const unsigned int minor = b->minor;
	struct golin_plan_hook *h;
	uint32_t off;

	/* runqput(p, newg, next): no return address yet at the call itself. */
	h = plan_row(b, g, minor >= 15 ? &create_row : &create_row_old);
	if (h)
		h->cookie =
			minor >= PLAN_MINOR_REGABI
				? WIRE_COOKIE(WIRE_OP_CREATE, RBX, 0, WIRE_G_R14, 0)
				: WIRE_COOKIE(WIRE_OP_CREATE, WIRE_AT_STACK | 1, 0, WIRE_G_TLS, 0);
	h = plan_row(b, g, minor >= 22 ? &exit_row : &exit_row_old);
	if (h)
		h->cookie = WIRE_COOKIE(WIRE_OP_EXIT, plan_arg(minor, 0), 0, WIRE_G_NONE, 0);
	/* The store's registers are added when the site is known. */
	if (golin_layout_get(b->layout, GOLIN_F_G_coroarg, &off)) {
		h = plan_row(b, g, &coro_row);
		if (h) {
			h->want.disp = (int32_t)off;
			h->cookie = WIRE_COOKIE(WIRE_OP_CORO, 0, 0, WIRE_G_R14, 0);
		}
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		h = plan_row(b, g, &places[i]);
		if (h)
			h->place = true;
	}
	plan_rows(b, g, others, sizeof(others) / sizeof(others[0]));
}
