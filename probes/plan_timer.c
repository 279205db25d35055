/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timers of package time. Sleeping goroutines and the deadlines of connections have timers as
 * well, which do not come by here.
 */
#include <string.h>
#include "bpf/wire.h"
#include "plan_build.h"

/* startTimer(t): when, period, f and arg stand in it already. */
static const struct plan_row start_row =
	PLAN_ROW("timer.start", 13, 22, GOLIN_SITE_PROLOGUE, 0, "time.startTimer", "timer=@0",
		 "which goroutine armed a timer");
/* (*timer).modify(t, when, period, f, arg, seq) */
static const struct plan_row arm_row =
	PLAN_ROW("timer.start", 23, 27, GOLIN_SITE_CALL, 0, "time.newTimer",
		 "timer=#0 when=#1 period=#2 f=#3 arg=#4,#5", "which goroutine armed a timer",
		 .target = "runtime.(*timer).modify");
/* In 1.13 a reset is a stop and a start. */
static const struct plan_row reset_row_old =
	PLAN_ROW("timer.reset", 14, 22, GOLIN_SITE_PROLOGUE, 0, "time.resetTimer",
		 "timer=@0 when=@1", "which goroutine reset a timer");
/* From 1.23 on it takes the *time.Timer: the runtime's lies 16 bytes in. */
static const struct plan_row reset_row =
	PLAN_ROW("timer.reset", 23, 27, GOLIN_SITE_PROLOGUE, 0, "time.resetTimer",
		 "timer=@0+16 when=@1 period=@2", "which goroutine reset a timer");
static const struct plan_row fire_row =
	PLAN_ROW("timer.fire", 14, 27, GOLIN_SITE_PROLOGUE, PLAN_ON_G0, "time.goFunc", "arg=@0,@1",
		 "which goroutine armed a timer");
/* Until 1.13 a goroutine of the runtime runs what timers do. */
static const struct plan_row fire_row_13 =
	PLAN_ROW("timer.fire", 13, 13, GOLIN_SITE_PROLOGUE, 0, "time.goFunc", "arg=@0,@1",
		 "which goroutine armed a timer");

/* These only tell where a function lies. */
static const struct plan_row places[] = {
	PLAN_ROW("timer.context", 13, 20, GOLIN_SITE_ENTRY, PLAN_NO_G, "context.WithDeadline.func2",
		 "", "which timers are those of contexts"),
	PLAN_ROW("timer.context", 21, 27, GOLIN_SITE_ENTRY, PLAN_NO_G,
		 "context.WithDeadlineCause.func2", "", "which timers are those of contexts"),
	/* Begins with a stop, and in 1.13 starts the timer anew. */
	PLAN_ROW("timer.reset.from", 13, 14, GOLIN_SITE_ENTRY, PLAN_NO_G, "time.(*Timer).Reset", "",
		 "which stops and starts of timers are resets"),
};

static const struct plan_row others[] = {
	PLAN_ROW("timer.reset.ticker", 15, 22, GOLIN_SITE_PROLOGUE, 0, "time.modTimer",
		 "timer=@0 when=@1 period=@2 f=@3 arg=@4,@5", "which goroutine reset a ticker"),
	PLAN_ROW("timer.stop", 13, 22, GOLIN_SITE_PROLOGUE, 0, "time.stopTimer", "timer=@0",
		 "that a timer was stopped"),
	PLAN_ROW("timer.stop", 23, 27, GOLIN_SITE_PROLOGUE, 0, "time.stopTimer", "timer=@0+16",
		 "that a timer was stopped"),
	PLAN_ROW("timer.send", 13, 13, GOLIN_SITE_PROLOGUE, 0, "time.sendTime", "chan=@1",
		 "that a timer or ticker sent the time"),
	/* From 1.23 on also on the stack of the goroutine that looks into the channel. */
	PLAN_ROW("timer.send", 14, 27, GOLIN_SITE_PROLOGUE, PLAN_ON_G0, "time.sendTime", "chan=@1",
		 "that a timer or ticker sent the time"),
};

void plan_timers(struct plan_build *b)
{
	const uint32_t g = GOLIN_GROUP_TIMERS;
	const unsigned int minor = b->minor;
	struct golin_plan_hook *start, *reset, *fire;
	uint32_t off;

	start = plan_row(b, g, minor >= 23 ? &arm_row : &start_row);
	reset = plan_row(b, g, minor >= 23 ? &reset_row : &reset_row_old);
	fire = plan_row(b, g, minor >= 14 ? &fire_row : &fire_row_13);
	plan_rows(b, g, others, sizeof(others) / sizeof(others[0]));
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct golin_plan_hook *h = plan_row(b, g, &places[i]);

		if (h)
			h->place = true;
	}
	/* To attach them, what stands in a timer has to be known. */
	if (!golin_layout_get(b->layout, GOLIN_F_TIMER_f, &off) ||
	    !golin_layout_get(b->layout, GOLIN_F_TIMER_arg, &off))
		return;
	if (start)
		start->cookie = minor >= 23
					? WIRE_COOKIE(WIRE_OP_TIMER_ARM, RAX, RDI, WIRE_G_R14, 0)
					: WIRE_COOKIE(WIRE_OP_TIMER_START, plan_arg(minor, 0), 0,
						      plan_g(minor), 0);
	if (reset)
		reset->cookie = WIRE_COOKIE(WIRE_OP_TIMER_RESET, plan_arg(minor, 0), 0,
					    plan_g(minor), minor >= 23 ? 16 : 0);
	/* goFunc(arg interface{}, ...): the data word */
	if (fire)
		fire->cookie =
			WIRE_COOKIE(WIRE_OP_TIMER_FIRE, plan_arg(minor, 1), 0, WIRE_G_NONE, 0);
}

void golin_plan_timer_events(struct golin_plan *plan, const struct golin_image_info *info)
{
	unsigned int minor = info->go.minor;

	for (size_t i = 0; i < plan->n; i++) {
		struct golin_plan_hook *h = &plan->hooks[i];

		if (!strcmp(h->event, "timer.reset.ticker"))
			h->cookie = WIRE_COOKIE(WIRE_OP_TIMER_MOD, plan_arg(minor, 0), 0,
						plan_g(minor), 0);
		else if (!strcmp(h->event, "timer.stop"))
			h->cookie = WIRE_COOKIE(WIRE_OP_TIMER_STOP, plan_arg(minor, 0), 0,
						plan_g(minor), minor >= 23 ? 16 : 0);
		else if (!strcmp(h->event, "timer.send"))
			h->cookie = WIRE_COOKIE(WIRE_OP_TIMER_SEND, plan_arg(minor, 1), 0,
						WIRE_G_NONE, 0);
	}
}
