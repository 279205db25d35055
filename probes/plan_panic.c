/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Panics. The runtime runs the deferred calls of a panic and of a Goexit, and each Go version has
 * its own ways; those of normal returns are not among them.
 */
#include <string.h>
#include "bpf/wire.h"
#include "plan_build.h"

static const struct plan_row rows[] = {
	PLAN_ROW("panic.start", 13, 27, GOLIN_SITE_PROLOGUE, PLAN_REQUIRED, "runtime.gopanic",
		 "type=@0 data=@1", "panics"),
	PLAN_ROW("panic.recover", 13, 27, GOLIN_SITE_PROLOGUE, PLAN_REQUIRED | PLAN_ON_G0,
		 "runtime.recovery", "gp=@0", "that a panic was recovered from"),
	/* Takes effect iff argp is that of the innermost panic; since 1.26 it has no argument. */
	PLAN_ROW("panic.recover.call", 13, 25, GOLIN_SITE_ENTRY, 0, "runtime.gorecover", "argp=@0",
		 "which function called recover"),
	PLAN_ROW("panic.recover.call", 26, 27, GOLIN_SITE_PROLOGUE, 0, "runtime.gorecover", "",
		 "which function called recover"),

	/* fn is a func value: its first word is the code. */
	PLAN_ROW("panic.defer", 13, 16, GOLIN_SITE_CALL, 0, "runtime.gopanic", "fn=#1",
		 "the deferred calls of a panic", .target = "runtime.reflectcall"),
	PLAN_ROW("panic.defer.goexit", 13, 13, GOLIN_SITE_CALL, 0, "runtime.Goexit", "fn=#1",
		 "the deferred calls of a Goexit", .target = "runtime.reflectcall"),
	/* A call through a register follows, which the kernel does not emulate. */
	PLAN_ROW("panic.defer", 17, 21, GOLIN_SITE_CALL, 0, "runtime.gopanic", "fn=$2($1(%r14))",
		 "the deferred calls of a panic", .target = "runtime.getargp",
		 .f1 = GOLIN_F_G_defer, .f2 = GOLIN_F_DEFER_fn),
	/* Those of a frame with open-coded defers, and all of a Goexit. With panic 0 it is what is
	 * left of such a frame after a recover: a normal return. */
	PLAN_ROW("panic.defer.open", 14, 16, GOLIN_SITE_PROLOGUE, 0, "runtime.reflectcallSave",
		 "panic=@0 fn=@1", "the deferred calls of a panic or Goexit that are open-coded"),
	PLAN_ROW("panic.defer.open", 17, 21, GOLIN_SITE_PROLOGUE, 0, "runtime.deferCallSave",
		 "panic=@0 fn=@1", "the deferred calls of a panic or Goexit that are open-coded"),
	PLAN_ROW("panic.defer", 22, 27, GOLIN_SITE_RESULT, 0, "runtime.gopanic", "fn=rax",
		 "the deferred calls of a panic", .target = "runtime.(*_panic).nextDefer"),
	PLAN_ROW("panic.defer.goexit", 22, 27, GOLIN_SITE_RESULT, 0, "runtime.Goexit", "fn=rax",
		 "the deferred calls of a Goexit", .target = "runtime.(*_panic).nextDefer"),

	PLAN_ROW("panic.goexit", 13, 27, GOLIN_SITE_PROLOGUE, 0, "runtime.Goexit", "",
		 "when a goroutine ends itself"),
	/* At its entry stands the pc that faulted, not one to return to. */
	PLAN_ROW("panic.signal", 13, 27, GOLIN_SITE_PROLOGUE, 0, "runtime.sigpanic", "pc=0(%rsp)",
		 "which instruction faulted"),
	PLAN_ROW("panic.fatal.print", 13, 27, GOLIN_SITE_PROLOGUE, 0, "runtime.preprintpanics",
		 "panic=@0", "the values of a fatal panic, before they become text"),
	PLAN_ROW("panic.fatal", 13, 27, GOLIN_SITE_ENTRY, 0, "runtime.fatalpanic", "panic=@0",
		 "that nothing recovered from a panic"),
	PLAN_ROW("panic.throw", 13, 27, GOLIN_SITE_ENTRY, PLAN_NO_G, "runtime.throw", "text=@0,@1",
		 "fatal errors of the runtime"),
	/* Concurrent map writes, deadlocks and the like. */
	PLAN_ROW("panic.throw.user", 19, 27, GOLIN_SITE_ENTRY, PLAN_NO_G, "runtime.fatal",
		 "text=@0,@1", "fatal errors of the program"),
};

/* In the thread's own memory up to 1.16, where a site is no prologue. */
static unsigned int g_anywhere(unsigned int minor)
{
	return minor >= PLAN_MINOR_REGABI ? WIRE_G_R14 : WIRE_G_TLS;
}

static uint64_t cookie_of(const struct plan_build *b, const struct golin_plan_hook *h)
{
	const unsigned int minor = b->minor;
	const unsigned int a0 = plan_arg(minor, 0), a1 = plan_arg(minor, 1);
	const unsigned int here = plan_g(minor), any = g_anywhere(minor);
	const bool goexit = !strcmp(h->want.func, "runtime.Goexit");

	if (!strcmp(h->event, "panic.start"))
		return WIRE_COOKIE(WIRE_OP_PANIC_START, a0, a1, here, 0);
	if (!strcmp(h->event, "panic.recover"))
		return WIRE_COOKIE(WIRE_OP_PANIC_RECOVER, a0, 0, WIRE_G_NONE, 0);
	if (!strcmp(h->event, "panic.defer") && minor >= 17 && minor <= 21)
		return WIRE_COOKIE(WIRE_OP_PANIC_DEFER_G, 0, 0, WIRE_G_R14, 0);
	if (!strcmp(h->event, "panic.defer") || !strcmp(h->event, "panic.defer.goexit"))
		return WIRE_COOKIE(goexit ? WIRE_OP_PANIC_DEFER_X : WIRE_OP_PANIC_DEFER,
				   minor >= 22 ? RAX : WIRE_AT_STACK | 1, 0, any, 0);
	if (!strcmp(h->event, "panic.defer.open"))
		return WIRE_COOKIE(WIRE_OP_PANIC_DEFER_P, a0, a1, here, 0);
	if (!strcmp(h->event, "panic.goexit"))
		return WIRE_COOKIE(WIRE_OP_PANIC_GOEXIT, 0, 0, here, 0);
	if (!strcmp(h->event, "panic.fatal"))
		return WIRE_COOKIE(WIRE_OP_PANIC_FATAL, a0, 0, any, 0);
	/* What a panic(nil) is made into. */
	if (!strcmp(h->event, "panic.fatal.print") && minor >= 21)
		return WIRE_COOKIE(WIRE_OP_PANIC_PRINT, a0, 0, here, 0);
	if (!strcmp(h->event, "panic.throw"))
		return WIRE_COOKIE(WIRE_OP_PANIC_THROW, a0, a1, any, 0);
	if (!strcmp(h->event, "panic.throw.user"))
		return WIRE_COOKIE(WIRE_OP_PANIC_USER, a0, a1, any, 0);
	return 0;
}

void plan_panics(struct plan_build *b)
{
	size_t first = b->plan->n;

	plan_rows(b, GOLIN_GROUP_PANICS, rows, sizeof(rows) / sizeof(rows[0]));
	for (size_t i = first; i < b->plan->n; i++)
		b->plan->hooks[i].cookie = cookie_of(b, &b->plan->hooks[i]);
}
