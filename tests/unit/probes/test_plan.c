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

/* "event func kind[:target] op a0 a1 g +add", one a line. */
static const char *text(unsigned int minor, uint32_t groups)
{
	static const char *const kinds[] = {"?", "prologue", "call", "store", "entry"};
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

static void test_stack_abi(void **state)
{
	/* 81: the word at 8(%rsp); 82: 16(%rsp) */
	assert_string_equal(text(13, ALL),
			    "goroutine.create! runtime.newproc1 call:runtime.runqput create 81 0 "
			    "tls +0\n"
			    "goroutine.exit! runtime.goexit0 prologue exit 81 0 - +0\n"
			    "goroutine.exit.how runtime.Goexit entry none 0 0 - +0\n"
			    "goroutine.create.stack runtime.goexit entry none 0 0 - +0\n"
			    "timer.func time.goFunc entry none 0 0 - +0\n"
			    "timer.start time.startTimer prologue start 81 0 rcx +0\n"
			    "timer.fire time.goFunc prologue fire 82 0 - +0\n");
	assert_string_equal(text(14, ALL),
			    "goroutine.create! runtime.newproc1 call:runtime.runqput create 81 0 "
			    "tls +0\n"
			    "goroutine.exit! runtime.goexit0 prologue exit 81 0 - +0\n"
			    "goroutine.create.stack runtime.goexit entry none 0 0 - +0\n"
			    "timer.func time.goFunc entry none 0 0 - +0\n"
			    "timer.start time.startTimer prologue start 81 0 rcx +0\n"
			    "timer.reset time.resetTimer prologue reset 81 0 rcx +0\n"
			    "timer.fire time.goFunc prologue fire 82 0 - +0\n");
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
			"timer.fire time.goFunc prologue fire 82 0 - +0\n");
}

static void test_register_abi(void **state)
{
	/* x86 numbers: 0 rax, 3 rbx, 7 rdi */
	for (unsigned int minor = 17; minor <= 21; minor++)
		assert_string_equal(
			text(minor, ALL),
			"goroutine.create! runtime.newproc.func1 call:runtime.runqput create "
			"3 0 r14 +0\n"
			"goroutine.exit! runtime.goexit0 prologue exit 0 0 - +0\n"
			"goroutine.create.stack runtime.goexit entry none 0 0 - +0\n"
			"timer.func time.goFunc entry none 0 0 - +0\n"
			"timer.start time.startTimer prologue start 0 0 r14 +0\n"
			"timer.reset time.resetTimer prologue reset 0 0 r14 +0\n"
			"timer.fire time.goFunc prologue fire 3 0 - +0\n");
	assert_string_equal(text(22, ALL),
			    "goroutine.create! runtime.newproc.func1 call:runtime.runqput create "
			    "3 0 r14 +0\n"
			    "goroutine.exit! runtime.gdestroy prologue exit 0 0 - +0\n"
			    "goroutine.create.coroutine runtime.newcoro store coro 0 0 r14 +0\n"
			    "goroutine.create.stack runtime.goexit entry none 0 0 - +0\n"
			    "timer.func time.goFunc entry none 0 0 - +0\n"
			    "timer.start time.startTimer prologue start 0 0 r14 +0\n"
			    "timer.reset time.resetTimer prologue reset 0 0 r14 +0\n"
			    "timer.fire time.goFunc prologue fire 3 0 - +0\n");
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
			"timer.fire time.goFunc prologue fire 3 0 - +0\n");
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
	struct golin_plan p;

	l.fields[GOLIN_F_TIMER_arg].source = GOLIN_FROM_NONE;
	assert_int_equal(golin_plan_make(&info, &l, ALL, &p, NULL), 0);
	for (size_t i = 0; i < p.n; i++) {
		assert_int_not_equal(p.hooks[i].want.kind, GOLIN_SITE_STORE);
		assert_int_not_equal(p.hooks[i].group, GOLIN_GROUP_TIMERS);
	}
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
		cmocka_unit_test(test_stack_abi),     cmocka_unit_test(test_register_abi),
		cmocka_unit_test(test_groups),	      cmocka_unit_test(test_store),
		cmocka_unit_test(test_absent_fields), cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
