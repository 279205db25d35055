/* SPDX-License-Identifier: BSD-2-Clause */
/* Which instruction is probed for what in which Go version, and what stands where there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "bpf/wire.h"
#include "golin/record.h"
#include "plan.h"
#include "plan_build.h"

/* Those that probes/live attaches. */
#define ALL (GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_TIMERS)

static struct golin_image_info image(unsigned int minor)
{
	struct golin_image_info info = {.arch = "amd64", .tls_g = -8};

	info.go.minor = (uint16_t)minor;
	snprintf(info.go.short_, sizeof(info.go.short_), "go1.%u", minor);
	return info;
}

static struct golin_layout layout(bool coro)
{
	struct golin_layout l = {.source = GOLIN_FROM_DWARF};

	for (int i = 0; i < GOLIN_F_MAX; i++)
		l.fields[i] =
			(struct golin_field){.offset = 8 * (uint32_t)i, .source = GOLIN_FROM_DWARF};
	l.fields[GOLIN_F_G_coroarg].offset = 384;
	if (!coro)
		l.fields[GOLIN_F_G_coroarg].source = GOLIN_FROM_NONE;
	return l;
}

/* "event func kind[:target] op a0 a1 g +add", one a line: what is attached, and the places. */
static const char *text(unsigned int minor, uint32_t groups)
{
	static const char *const kinds[] = {"?",     "prologue", "call",   "store",
					    "entry", "barrier",	 "result", "once"};
	static const char *const ops[] = {"none",  "create", "coro",  "exit",
					  "start", "arm",    "reset", "fire"};
	static const char *const gs[] = {"-", "r14", "rcx", "tls"};
	static char out[4096];
	struct golin_image_info info = image(minor);
	struct golin_layout l = layout(minor >= 22);
	struct golin_plan p;
	size_t len = 0;

	out[0] = 0;
	assert_int_equal(golin_plan_make(&info, &l, groups, &p, NULL), 0);
	for (size_t i = 0; i < p.n; i++) {
		const struct golin_plan_hook *h = &p.hooks[i];
		uint64_t c = h->cookie;

		assert_true(h->lost && *h->lost);
		assert_int_equal(h->site.error, -ENODATA);
		assert_true(h->want.kind < sizeof(kinds) / sizeof(kinds[0]));
		if (!h->place && WIRE_COOKIE_OP(c) == WIRE_OP_NONE)
			continue;
		len += (size_t)snprintf(
			out + len, sizeof(out) - len, "%s%s %s %s%s%s %s %x %x %s +%u\n", h->event,
			h->required ? "!" : "", h->want.func, kinds[h->want.kind],
			*h->want.target ? ":" : "", h->want.target, ops[WIRE_COOKIE_OP(c)],
			WIRE_COOKIE_A0(c), WIRE_COOKIE_A1(c), gs[WIRE_COOKIE_G(c)],
			WIRE_COOKIE_ADD(c));
		assert_true(len < sizeof(out));
	}
	return out;
}

/* Places that events of timers need. */
#define CONTEXT_OLD "timer.context context.WithDeadline.func2 entry none 0 0 - +0\n"
#define CONTEXT_NEW "timer.context context.WithDeadlineCause.func2 entry none 0 0 - +0\n"
#define RESET_FROM "timer.reset.from time.(*Timer).Reset entry none 0 0 - +0\n"

static void test_stack_abi(void **state)
{
	/* 81: the word at 8(%rsp); 82: 16(%rsp) */
	assert_string_equal(
		text(13, ALL),
		"goroutine.create! runtime.newproc1 call:runtime.runqput create 81 0 "
		"tls +0\n"
		"goroutine.exit! runtime.goexit0 prologue exit 81 0 - +0\n"
		"goroutine.exit.how runtime.Goexit entry none 0 0 - +0\n"
		"goroutine.create.stack runtime.goexit entry none 0 0 - +0\n"
		"timer.func time.goFunc entry none 0 0 - +0\n"
		"timer.start time.startTimer prologue start 81 0 rcx +0\n"
		"timer.fire time.goFunc prologue fire 82 0 - +0\n" CONTEXT_OLD RESET_FROM);
	assert_string_equal(
		text(14, ALL),
		"goroutine.create! runtime.newproc1 call:runtime.runqput create 81 0 "
		"tls +0\n"
		"goroutine.exit! runtime.goexit0 prologue exit 81 0 - +0\n"
		"goroutine.create.stack runtime.goexit entry none 0 0 - +0\n"
		"timer.func time.goFunc entry none 0 0 - +0\n"
		"timer.start time.startTimer prologue start 81 0 rcx +0\n"
		"timer.reset time.resetTimer prologue reset 81 0 rcx +0\n"
		"timer.fire time.goFunc prologue fire 82 0 - +0\n" CONTEXT_OLD RESET_FROM);
	for (unsigned int minor = 15; minor <= 16; minor++)
		assert_string_equal(
			text(minor, ALL),
			"goroutine.create! runtime.newproc.func1 call:runtime.runqput create "
			"81 0 tls +0\n"
			"goroutine.exit! runtime.goexit0 prologue exit 81 0 - +0\n"
			"goroutine.create.stack runtime.goexit entry none 0 0 - +0\n"
			"timer.func time.goFunc entry none 0 0 - +0\n"
			"timer.start time.startTimer prologue start 81 0 rcx +0\n"
			"timer.reset time.resetTimer prologue reset 81 0 rcx +0\n"
			"timer.fire time.goFunc prologue fire 82 0 - +0\n" CONTEXT_OLD);
}

static void test_register_abi(void **state)
{
	/* x86 numbers: 0 rax, 3 rbx, 7 rdi */
	for (unsigned int minor = 17; minor <= 20; minor++)
		assert_string_equal(
			text(minor, ALL),
			"goroutine.create! runtime.newproc.func1 call:runtime.runqput create "
			"3 0 r14 +0\n"
			"goroutine.exit! runtime.goexit0 prologue exit 0 0 - +0\n"
			"goroutine.create.stack runtime.goexit entry none 0 0 - +0\n"
			"timer.func time.goFunc entry none 0 0 - +0\n"
			"timer.start time.startTimer prologue start 0 0 r14 +0\n"
			"timer.reset time.resetTimer prologue reset 0 0 r14 +0\n"
			"timer.fire time.goFunc prologue fire 3 0 - +0\n" CONTEXT_OLD);
	assert_string_equal(text(21, ALL),
			    "goroutine.create! runtime.newproc.func1 call:runtime.runqput create "
			    "3 0 r14 +0\n"
			    "goroutine.exit! runtime.goexit0 prologue exit 0 0 - +0\n"
			    "goroutine.create.stack runtime.goexit entry none 0 0 - +0\n"
			    "timer.func time.goFunc entry none 0 0 - +0\n"
			    "timer.start time.startTimer prologue start 0 0 r14 +0\n"
			    "timer.reset time.resetTimer prologue reset 0 0 r14 +0\n"
			    "timer.fire time.goFunc prologue fire 3 0 - +0\n" CONTEXT_NEW);
	assert_string_equal(text(22, ALL),
			    "goroutine.create! runtime.newproc.func1 call:runtime.runqput create "
			    "3 0 r14 +0\n"
			    "goroutine.exit! runtime.gdestroy prologue exit 0 0 - +0\n"
			    "goroutine.create.coroutine runtime.newcoro store coro 0 0 r14 +0\n"
			    "goroutine.create.stack runtime.goexit entry none 0 0 - +0\n"
			    "timer.func time.goFunc entry none 0 0 - +0\n"
			    "timer.start time.startTimer prologue start 0 0 r14 +0\n"
			    "timer.reset time.resetTimer prologue reset 0 0 r14 +0\n"
			    "timer.fire time.goFunc prologue fire 3 0 - +0\n" CONTEXT_NEW);
	for (unsigned int minor = 23; minor <= 27; minor++)
		assert_string_equal(
			text(minor, ALL),
			"goroutine.create! runtime.newproc.func1 call:runtime.runqput create "
			"3 0 r14 +0\n"
			"goroutine.exit! runtime.gdestroy prologue exit 0 0 - +0\n"
			"goroutine.create.coroutine runtime.newcoro store coro 0 0 r14 +0\n"
			"goroutine.create.stack runtime.goexit entry none 0 0 - +0\n"
			"timer.func time.goFunc entry none 0 0 - +0\n"
			"timer.start time.newTimer call:runtime.(*timer).modify arm 0 7 r14 +0\n"
			"timer.reset time.resetTimer prologue reset 0 0 r14 +16\n"
			"timer.fire time.goFunc prologue fire 3 0 - +0\n" CONTEXT_NEW);
}

/* The lines that events of timers add to those that note who armed which. */
static const char *timer_events(unsigned int minor)
{
	static char out[1024];
	struct golin_image_info info = image(minor);
	struct golin_layout l = layout(false);
	struct golin_plan p;
	size_t len = 0;

	out[0] = 0;
	assert_int_equal(golin_plan_make(&info, &l, GOLIN_GROUP_TIMERS, &p, NULL), 0);
	golin_plan_timer_events(&p, &info);
	for (size_t i = 0; i < p.n; i++) {
		const struct golin_plan_hook *h = &p.hooks[i];

		if (WIRE_COOKIE_OP(h->cookie) >= WIRE_OP_TIMER_STOP)
			len += (size_t)snprintf(
				out + len, sizeof(out) - len, "%s %s %u %x g%u +%u\n", h->event,
				h->want.func, WIRE_COOKIE_OP(h->cookie), WIRE_COOKIE_A0(h->cookie),
				WIRE_COOKIE_G(h->cookie), WIRE_COOKIE_ADD(h->cookie));
	}
	return out;
}

static void test_timer_events(void **state)
{
	/* 13 stop, 14 send, 15 mod */
	for (unsigned int minor = 13; minor <= 14; minor++)
		assert_string_equal(timer_events(minor), "timer.stop time.stopTimer 13 81 g2 +0\n"
							 "timer.send time.sendTime 14 82 g0 +0\n");
	for (unsigned int minor = 15; minor <= 16; minor++)
		assert_string_equal(timer_events(minor),
				    "timer.reset.ticker time.modTimer 15 81 g2 +0\n"
				    "timer.stop time.stopTimer 13 81 g2 +0\n"
				    "timer.send time.sendTime 14 82 g0 +0\n");
	for (unsigned int minor = 17; minor <= 22; minor++)
		assert_string_equal(timer_events(minor),
				    "timer.reset.ticker time.modTimer 15 0 g1 +0\n"
				    "timer.stop time.stopTimer 13 0 g1 +0\n"
				    "timer.send time.sendTime 14 3 g0 +0\n");
	for (unsigned int minor = 23; minor <= 27; minor++)
		assert_string_equal(timer_events(minor), "timer.stop time.stopTimer 13 0 g1 +16\n"
							 "timer.send time.sendTime 14 3 g0 +0\n");
}

static void test_groups(void **state)
{
	assert_string_equal(text(26, 0), "");
	assert_null(strstr(text(26, GOLIN_GROUP_GOROUTINES), "timer.start"));
	/* That a timer started a goroutine is known without the timers' own probes. */
	assert_non_null(strstr(text(26, GOLIN_GROUP_GOROUTINES), "timer.func"));
	assert_null(strstr(text(26, GOLIN_GROUP_TIMERS), "goroutine."));
}

static void test_store(void **state)
{
	struct golin_image_info info = image(26);
	struct golin_layout l = layout(true);
	struct golin_plan p;
	size_t found = 0;

	assert_int_equal(golin_plan_make(&info, &l, ALL, &p, NULL), 0);
	for (size_t i = 0; i < p.n; i++) {
		if (p.hooks[i].want.kind != GOLIN_SITE_STORE)
			continue;
		found++;
		assert_int_equal(p.hooks[i].want.disp, 384);
	}
	assert_int_equal(found, 1);
}

static void test_absent_fields(void **state)
{
	struct golin_image_info info = image(26);
	struct golin_layout l = layout(false);
	static struct golin_plan p;

	l.fields[GOLIN_F_TIMER_arg].source = GOLIN_FROM_NONE;
	assert_int_equal(golin_plan_make(&info, &l, ALL, &p, NULL), 0);
	for (size_t i = 0; i < p.n; i++) {
		assert_int_not_equal(p.hooks[i].want.kind, GOLIN_SITE_STORE);
		if (p.hooks[i].group == GOLIN_GROUP_TIMERS)
			assert_int_equal(p.hooks[i].cookie, 0);
	}
	/* An item of what stands where is left out with its field. */
	l.fields[GOLIN_F_POLL_FD_Sysfd].source = GOLIN_FROM_NONE;
	assert_int_equal(golin_plan_make(&info, &l, GOLIN_GROUP_IO, &p, NULL), 0);
	assert_string_equal(p.hooks[0].event, "io.read");
	assert_string_equal(p.hooks[0].where, "buf=rbx len=rcx g=@g");
}

/* What stands where, of a hook that was found at such a site; "absent", "not told". */
static const char *where(unsigned int minor, const char *event, const struct golin_site *site)
{
	static struct golin_plan p;
	struct golin_image_info info = image(minor);
	struct golin_layout l = layout(true);
	struct golin_plan_hook *found = NULL;

	l.fields[GOLIN_F_G_defer].offset = 40;
	l.fields[GOLIN_F_DEFER_fn].offset = 24;
	l.fields[GOLIN_F_POLL_FD_Sysfd].offset = 16;
	assert_int_equal(golin_plan_make(&info, &l, GOLIN_GROUP_ALL_KNOWN, &p, NULL), 0);
	for (size_t i = 0; i < p.n; i++) {
		if (strcmp(p.hooks[i].event, event))
			continue;
		assert_null(found);
		found = &p.hooks[i];
	}
	if (!found)
		return "absent";
	found->site = *site;
	plan_complete(found, &info);
	return found->site.error ? found->site.why : found->where;
}

/* A prologue's branch, as it is in this version. */
static const char *at_prologue(unsigned int minor, const char *event)
{
	const struct golin_site s = {.insn = GOLIN_INSN_JBE,
				     .base_reg = GOLIN_REG_NONE,
				     .value_reg = GOLIN_REG_NONE,
				     .g_reg = minor >= 17 ? 14 : 1};

	return where(minor, event, &s);
}

/* Anywhere else. */
static const char *at(unsigned int minor, const char *event)
{
	const struct golin_site s = {
		.insn = GOLIN_INSN_CALL, .base_reg = RCX, .value_reg = 2, .g_reg = GOLIN_REG_NONE};

	return where(minor, event, &s);
}

static void test_where_contexts(void **state)
{
	assert_string_equal(at_prologue(16, "context.create"),
			    "parent=8(%rsp),16(%rsp) child=24(%rsp),32(%rsp) g=rcx");
	assert_string_equal(at_prologue(17, "context.create"),
			    "parent=rax,rbx child=rcx,rdi g=r14");
	assert_string_equal(at_prologue(20, "context.create"),
			    "parent=rax,rbx child=rcx,rdi g=r14");
	for (unsigned int minor = 21; minor <= 27; minor++)
		assert_string_equal(at_prologue(minor, "context.create"),
				    "ctx=rax parent=rbx,rcx child=rdi,rsi g=r14");
	assert_string_equal(at(16, "context.create.value"),
			    "ctx=rcx parent=16(%rbp),24(%rbp) key=32(%rbp),40(%rbp) "
			    "val=48(%rbp),56(%rbp) g=%fs:-8");
	assert_string_equal(at(27, "context.create.value"),
			    "ctx=rcx parent=16(%rbp),24(%rbp) key=32(%rbp),40(%rbp) "
			    "val=48(%rbp),56(%rbp) g=r14");
	assert_string_equal(at_prologue(13, "context.create.deadline"),
			    "parent=8(%rsp),16(%rsp) deadline=24(%rsp),32(%rsp),40(%rsp) g=rcx");
	assert_string_equal(at_prologue(21, "context.create.deadline"),
			    "parent=rax,rbx deadline=rcx,rdi,rsi cause=r8,r9 g=r14");
	assert_string_equal(at_prologue(20, "context.create.timeout"),
			    "parent=rax,rbx timeout=rcx g=r14");
	assert_string_equal(at_prologue(20, "context.create.timeout.cause"), "absent");
	assert_string_equal(at_prologue(21, "context.create.timeout.cause"),
			    "parent=rax,rbx timeout=rcx cause=rdi,rsi g=r14");
	assert_string_equal(at_prologue(16, "context.cancel"),
			    "ctx=8(%rsp) remove=16(%rsp) err=24(%rsp),32(%rsp) g=rcx");
	assert_string_equal(at_prologue(19, "context.cancel.timer"),
			    "ctx=rax remove=rbx err=rcx,rdi g=r14");
	assert_string_equal(at_prologue(20, "context.cancel"),
			    "ctx=rax remove=rbx err=rcx,rdi cause=rsi,r8 g=r14");
	assert_string_equal(at_prologue(20, "context.cancel.afterfunc"), "absent");
	assert_string_equal(at_prologue(16, "context.detach"),
			    "parent=8(%rsp),16(%rsp) child=24(%rsp),32(%rsp) g=rcx");
}

static void test_where_panics(void **state)
{
	assert_string_equal(at_prologue(14, "panic.start"), "type=8(%rsp) data=16(%rsp) g=rcx");
	assert_string_equal(at_prologue(17, "panic.start"), "type=rax data=rbx g=r14");
	assert_string_equal(at_prologue(16, "panic.recover"), "gp=8(%rsp) g0=rcx");
	assert_string_equal(at_prologue(17, "panic.recover"), "gp=rax g0=r14");
	assert_string_equal(at(16, "panic.recover.call"), "argp=8(%rsp) g=%fs:-8");
	assert_string_equal(at(25, "panic.recover.call"), "argp=rax g=r14");
	assert_string_equal(at_prologue(26, "panic.recover.call"), "g=r14");
	for (unsigned int minor = 13; minor <= 16; minor++)
		assert_string_equal(at(minor, "panic.defer"), "fn=8(%rsp) g=%fs:-8");
	for (unsigned int minor = 17; minor <= 21; minor++)
		assert_string_equal(at(minor, "panic.defer"), "fn=24(40(%r14)) g=r14");
	for (unsigned int minor = 22; minor <= 27; minor++)
		assert_string_equal(at(minor, "panic.defer"), "fn=rax g=r14");
	assert_string_equal(at(13, "panic.defer.open"), "absent");
	assert_string_equal(at_prologue(16, "panic.defer.open"), "panic=8(%rsp) fn=16(%rsp) g=rcx");
	assert_string_equal(at_prologue(21, "panic.defer.open"), "panic=rax fn=rbx g=r14");
	assert_string_equal(at(22, "panic.defer.open"), "absent");
	assert_string_equal(at(13, "panic.defer.goexit"), "fn=8(%rsp) g=%fs:-8");
	assert_string_equal(at(14, "panic.defer.goexit"), "absent");
	assert_string_equal(at(22, "panic.defer.goexit"), "fn=rax g=r14");
	assert_string_equal(at_prologue(27, "panic.signal"), "pc=0(%rsp) g=r14");
	assert_string_equal(at(16, "panic.fatal"), "panic=8(%rsp) g=%fs:-8");
	assert_string_equal(at(16, "panic.throw"), "text=8(%rsp),16(%rsp)");
	assert_string_equal(at(18, "panic.throw.user"), "absent");
	assert_string_equal(at(19, "panic.throw.user"), "text=rax,rbx");
}

/* The cookie of an event of panics in a version; 0 where it has none. */
static uint64_t panic_cookie(unsigned int minor, const char *event, const char *func)
{
	struct golin_image_info info = image(minor);
	struct golin_layout l = layout(minor >= 22);
	struct golin_plan p;

	assert_int_equal(golin_plan_make(&info, &l, GOLIN_GROUP_PANICS, &p, NULL), 0);
	for (size_t i = 0; i < p.n; i++)
		if (!strcmp(p.hooks[i].event, event) && !strcmp(p.hooks[i].want.func, func))
			return p.hooks[i].cookie;
	return 0;
}

static void test_panic_cookies(void **state)
{
	static const struct {
		uint8_t from, to;
		const char *event, *func;
		uint64_t cookie;
	} want[] = {
		{13, 16, "panic.start", "runtime.gopanic",
		 WIRE_COOKIE(WIRE_OP_PANIC_START, 0x81, 0x82, WIRE_G_RCX, 0)},
		{17, 27, "panic.start", "runtime.gopanic",
		 WIRE_COOKIE(WIRE_OP_PANIC_START, RAX, RBX, WIRE_G_R14, 0)},
		/* The call of reflectcall is in the middle: rcx may be anything there. */
		{13, 16, "panic.defer", "runtime.gopanic",
		 WIRE_COOKIE(WIRE_OP_PANIC_DEFER, 0x81, 0, WIRE_G_TLS, 0)},
		{17, 21, "panic.defer", "runtime.gopanic",
		 WIRE_COOKIE(WIRE_OP_PANIC_DEFER_G, 0, 0, WIRE_G_R14, 0)},
		{22, 27, "panic.defer", "runtime.gopanic",
		 WIRE_COOKIE(WIRE_OP_PANIC_DEFER, RAX, 0, WIRE_G_R14, 0)},
		{13, 13, "panic.defer.goexit", "runtime.Goexit",
		 WIRE_COOKIE(WIRE_OP_PANIC_DEFER_X, 0x81, 0, WIRE_G_TLS, 0)},
		{22, 27, "panic.defer.goexit", "runtime.Goexit",
		 WIRE_COOKIE(WIRE_OP_PANIC_DEFER_X, RAX, 0, WIRE_G_R14, 0)},
		{14, 16, "panic.defer.open", "runtime.reflectcallSave",
		 WIRE_COOKIE(WIRE_OP_PANIC_DEFER_P, 0x81, 0x82, WIRE_G_RCX, 0)},
		{17, 21, "panic.defer.open", "runtime.deferCallSave",
		 WIRE_COOKIE(WIRE_OP_PANIC_DEFER_P, RAX, RBX, WIRE_G_R14, 0)},
		{13, 16, "panic.fatal", "runtime.fatalpanic",
		 WIRE_COOKIE(WIRE_OP_PANIC_FATAL, 0x81, 0, WIRE_G_TLS, 0)},
		{19, 27, "panic.throw.user", "runtime.fatal",
		 WIRE_COOKIE(WIRE_OP_PANIC_USER, RAX, RBX, WIRE_G_R14, 0)},
		/* Until 1.20 nil is nil: nobody asks what it has become. */
		{21, 27, "panic.fatal.print", "runtime.preprintpanics",
		 WIRE_COOKIE(WIRE_OP_PANIC_PRINT, RAX, 0, WIRE_G_R14, 0)},
		{13, 20, "panic.fatal.print", "runtime.preprintpanics", 0},
		/* fmt calls it all the time. */
		{13, 27, "panic.recover.call", "runtime.gorecover", 0},
	};

	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		for (unsigned int minor = want[i].from; minor <= want[i].to; minor++)
			assert_int_equal(panic_cookie(minor, want[i].event, want[i].func),
					 want[i].cookie);
}

static void test_where_others(void **state)
{
	assert_string_equal(at(16, "goroutine.create"), "newg=8(%rsp) g0=%fs:-8");
	assert_string_equal(at(17, "goroutine.create"), "newg=rbx g0=r14");
	assert_string_equal(at(22, "goroutine.create.coroutine"), "newg=rcx coro=rdx g=r14");
	assert_string_equal(at_prologue(16, "goroutine.labels"), "labels=8(%rsp) g=rcx");
	assert_string_equal(at(16, "goroutine.labels"), "labels=8(%rsp) g=%fs:-8");
	assert_string_equal(at_prologue(16, "goroutine.park"),
			    "lock=16(%rsp) reason=24(%rsp) g=rcx");
	assert_string_equal(at_prologue(13, "timer.fire"), "arg=8(%rsp),16(%rsp) g=rcx");
	assert_string_equal(at_prologue(14, "timer.fire"), "arg=8(%rsp),16(%rsp) g0=rcx");
	assert_string_equal(at(23, "timer.start"),
			    "timer=rax when=rbx period=rcx f=rdi arg=rsi,r8 g=r14");
	assert_string_equal(at_prologue(13, "timer.reset"), "absent");
	assert_string_equal(at_prologue(22, "timer.reset"), "timer=rax when=rbx g=r14");
	assert_string_equal(at_prologue(23, "timer.reset"),
			    "timer=rax+16 when=rbx period=rcx g=r14");
	assert_string_equal(at_prologue(16, "io.read"),
			    "fd=16(8(%rsp)) buf=16(%rsp) len=24(%rsp) g=rcx");
	assert_string_equal(at_prologue(17, "io.read"), "fd=16(%rax) buf=rbx len=rcx g=r14");
	assert_string_equal(at_prologue(17, "io.read.from4"), "absent");
	assert_string_equal(at_prologue(18, "io.read.at"),
			    "fd=16(%rax) buf=rbx len=rcx off=rsi g=r14");
	assert_string_equal(at_prologue(16, "io.resolve"),
			    "ctx=16(%rsp),24(%rsp) network=32(%rsp),40(%rsp) "
			    "host=48(%rsp),56(%rsp) g=rcx");
	assert_string_equal(at_prologue(27, "http.client.dial_conn"),
			    "transport=rax ctx=rbx,rcx proxy=rdi scheme=rsi,r8 addr=r9,r10 g=r14");
	assert_string_equal(at_prologue(16, "http.client.get_conn"),
			    "transport=8(%rsp) treq=16(%rsp) proxy=24(%rsp) "
			    "scheme=32(%rsp),40(%rsp) addr=48(%rsp),56(%rsp) g=rcx");
	assert_string_equal(at_prologue(27, "http.server.request"),
			    "server=rax writer=rbx,rcx req=rdi g=r14");
	assert_string_equal(at_prologue(20, "gc.stw.begin"), "g0=r14");
	assert_string_equal(at_prologue(21, "gc.stw.begin"), "reason=rax g0=r14");
}

static void test_where_g_is_not(void **state)
{
	/* A prologue that has loaded g into another register, or from which it cannot be told. */
	const struct golin_site odd = {.insn = GOLIN_INSN_JBE, .g_reg = 3},
				none = {.insn = GOLIN_INSN_JBE, .g_reg = GOLIN_REG_NONE};

	assert_string_equal(where(16, "timer.start", &odd),
			    "its stack check does not show where g stands");
	assert_string_equal(where(26, "context.cancel", &none),
			    "its stack check does not show where g stands");
	assert_string_equal(where(16, "context.cancel", &odd),
			    "ctx=8(%rsp) remove=16(%rsp) err=24(%rsp),32(%rsp) g=rbx");
}

/* In each version: names are unique but for versions, nothing is cut, the required are there. */
static void test_all_versions(void **state)
{
	for (unsigned int minor = PLAN_MINOR_FIRST; minor <= PLAN_MINOR_LAST; minor++) {
		struct golin_image_info info = image(minor);
		struct golin_layout l = layout(minor >= 22);
		static struct golin_plan p;
		uint32_t required = 0, groups = 0;

		assert_int_equal(golin_plan_make(&info, &l, GOLIN_GROUP_ALL_KNOWN, &p, NULL), 0);
		assert_in_range(p.n, 60, GOLIN_PLAN_MAX - 1);
		for (size_t i = 0; i < p.n; i++) {
			const struct golin_plan_hook *h = &p.hooks[i];

			assert_true(strlen(h->where) < sizeof(h->where) - 1);
			assert_true(strlen(h->want.func) < sizeof(h->want.func) - 1);
			assert_true(h->lost && *h->lost);
			assert_non_null(strchr(h->want.func, '.'));
			groups |= h->group;
			if (h->required)
				required |= h->group;
			if (h->group & ~ALL)
				assert_int_equal(WIRE_COOKIE_OP(h->cookie) == WIRE_OP_NONE,
						 !h->cookie);
			for (size_t k = 0; k < i; k++)
				assert_string_not_equal(p.hooks[k].event, h->event);
		}
		assert_int_equal(groups, GOLIN_GROUP_ALL_KNOWN);
		assert_int_equal(required, GOLIN_GROUP_GOROUTINES | GOLIN_GROUP_CONTEXTS |
						   GOLIN_GROUP_PANICS);
	}
}

static void test_check(void **state)
{
	struct golin_image_info info = image(26);
	struct golin_layout l = layout(true);
	static struct golin_plan p;
	struct golin_err err = {0};

	assert_int_equal(golin_plan_make(&info, &l, GOLIN_GROUP_ALL_KNOWN, &p, NULL), 0);
	for (size_t i = 0; i < p.n; i++)
		p.hooks[i].site.error = 0;
	assert_int_equal(golin_plan_check(&p, GOLIN_GROUP_ALL_KNOWN, &err), 0);
	for (size_t i = 0; i < p.n; i++) {
		if (strcmp(p.hooks[i].event, "context.cancel") &&
		    strcmp(p.hooks[i].event, "panic.start"))
			continue;
		p.hooks[i].site.error = -ENODATA;
		strcpy(p.hooks[i].site.why, "because");
	}
	assert_int_equal(golin_plan_check(&p, ALL, &err), 0);
	assert_int_equal(golin_plan_check(&p, GOLIN_GROUP_ALL_KNOWN, &err), -ENODATA);
	assert_string_equal(err.msg, "no probe point for context.cancel in "
				     "context.(*cancelCtx).cancel (because), panic.start in "
				     "runtime.gopanic (because)");
	/* What the linker left out is never called; but a program cannot be without gopanic. */
	for (size_t i = 0; i < p.n; i++)
		if (p.hooks[i].site.error)
			p.hooks[i].site.error = -ENOENT;
	assert_int_equal(golin_plan_check(&p, GOLIN_GROUP_CONTEXTS, &err), 0);
	assert_int_equal(golin_plan_check(&p, GOLIN_GROUP_PANICS, &err), -ENODATA);
}

static void refused(const struct golin_image_info *info, int code, const char *msg,
		    const char *hint)
{
	struct golin_layout l = layout(true);
	struct golin_err err = {0};
	struct golin_plan p;

	assert_int_equal(golin_plan_make(info, &l, ALL, &p, &err), code);
	assert_int_equal(err.code, code);
	assert_string_equal(err.msg, msg);
	assert_string_equal(err.hint, hint);
}

static void test_refused(void **state)
{
	struct golin_image_info info = image(12);

	refused(&info, -EOPNOTSUPP, "cannot probe a program built by go1.12",
		"golin knows the probe points of Go 1.13 to 1.27");
	info = image(28);
	refused(&info, -EOPNOTSUPP, "cannot probe a program built by go1.28",
		"golin knows the probe points of Go 1.13 to 1.27");
	info = image(17);
	snprintf(info.go.text, sizeof(info.go.text), "go1.17.13 X:noregabiargs");
	refused(&info, -EOPNOTSUPP, "cannot probe a program built by go1.17.13 X:noregabiargs",
		"built without noregabi in GOEXPERIMENT it can be probed");
	info = image(26);
	strcpy(info.arch, "arm64");
	refused(&info, -EOPNOTSUPP, "cannot probe a program for arm64",
		"live probes work on linux/amd64 only");
	info = image(16);
	info.tls_g = 0;
	refused(&info, -ENODATA,
		"cannot tell where a thread of this go1.16 program keeps its goroutine", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stack_abi),    cmocka_unit_test(test_register_abi),
		cmocka_unit_test(test_timer_events), cmocka_unit_test(test_groups),
		cmocka_unit_test(test_store),	     cmocka_unit_test(test_absent_fields),
		cmocka_unit_test(test_refused),	     cmocka_unit_test(test_where_contexts),
		cmocka_unit_test(test_where_panics), cmocka_unit_test(test_panic_cookies),
		cmocka_unit_test(test_where_others), cmocka_unit_test(test_where_g_is_not),
		cmocka_unit_test(test_all_versions), cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
