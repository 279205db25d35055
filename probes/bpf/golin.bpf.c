// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/*
 * One program for the probe sites of a family: the cookie of the attachment says what stands where.
 * One more for exec.
 */
#include "gc.bpf.h"
#include "goroutine.bpf.h"
#include "panic.bpf.h"
#include "timer_rec.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The target's, and a call. */
static __always_inline int is_hit(struct pt_regs *ctx, __u64 *ret_cookie)
{
	if (!is_target())
		return 0;
	*ret_cookie = bpf_get_attach_cookie(ctx);
	/* At the branch to morestack: taken, the stack grows and the function starts again. */
	return !(CTX(ctx, eflags) & WIRE_COOKIE_DROPS(*ret_cookie));
}

SEC("uprobe")
int on_site(struct pt_regs *ctx)
{
	__u64 cookie;
	struct work w;

	if (!is_hit(ctx, &cookie))
		return 0;
	switch (WIRE_COOKIE_OP(cookie)) {
	case WIRE_OP_CREATE:
		on_create(ctx, cookie, &w);
		break;
	case WIRE_OP_EXIT:
		on_exit(ctx, cookie, &w);
		break;
	case WIRE_OP_CORO:
		on_coro(ctx, cookie, &w);
		break;
	case WIRE_OP_TIMER_START:
		on_timer_arm(ctx, cookie, WIRE_OP_TIMER_START);
		break;
	case WIRE_OP_TIMER_RESET:
		on_timer_arm(ctx, cookie, WIRE_OP_TIMER_RESET);
		break;
	case WIRE_OP_TIMER_ARM:
		on_timer_arm(ctx, cookie, WIRE_OP_TIMER_ARM);
		break;
	case WIRE_OP_TIMER_FIRE:
		on_timer_fire(ctx, cookie);
		break;
	}
	return 0;
}

/* The sites of contexts: a program of its own, for what it keeps on the stack. */
SEC("uprobe")
int on_ctx_site(struct pt_regs *ctx)
{
	struct span sp;
	__u64 cookie;

	if (!is_hit(ctx, &cookie))
		return 0;
	switch (WIRE_COOKIE_OP(cookie)) {
	case WIRE_OP_CTX_CREATE:
		on_ctx_create(ctx, cookie, &sp);
		break;
	case WIRE_OP_CTX_ASKED:
		on_ctx_asked(ctx, cookie, &sp, WIRE_OP_CTX_ASKED);
		break;
	case WIRE_OP_CTX_TIMEOUT:
		on_ctx_asked(ctx, cookie, &sp, WIRE_OP_CTX_TIMEOUT);
		break;
	case WIRE_OP_CTX_VALUE:
		on_ctx_value(ctx, cookie, &sp);
		break;
	case WIRE_OP_CTX_CANCEL:
		on_ctx_cancel(ctx, cookie, &sp);
		break;
	}
	return 0;
}

/* The sites of timers, where they are events: a program of its own, so likewise. */
SEC("uprobe")
int on_timer_site(struct pt_regs *ctx)
{
	struct span sp;
	__u64 cookie;

	if (!is_hit(ctx, &cookie))
		return 0;
	switch (WIRE_COOKIE_OP(cookie)) {
	case WIRE_OP_TIMER_START:
	case WIRE_OP_TIMER_ARM:
	case WIRE_OP_TIMER_RESET:
	case WIRE_OP_TIMER_MOD:
		rec_timer_start(ctx, cookie, WIRE_COOKIE_OP(cookie), &sp);
		break;
	case WIRE_OP_TIMER_STOP:
		rec_timer_stop(ctx, cookie);
		break;
	case WIRE_OP_TIMER_FIRE:
	case WIRE_OP_TIMER_SEND:
		rec_timer_fire(ctx, cookie, WIRE_COOKIE_OP(cookie));
		break;
	}
	return 0;
}

/* The sites of panics. */
SEC("uprobe")
int on_panic_site(struct pt_regs *ctx)
{
	struct span sp;
	__u64 cookie;

	if (!cfg.filtered && !is_target())
		return 0;
	cookie = bpf_get_attach_cookie(ctx);
	if (CTX(ctx, eflags) & WIRE_COOKIE_DROPS(cookie))
		return 0;
	switch (WIRE_COOKIE_OP(cookie)) {
	case WIRE_OP_PANIC_START:
		on_panic_start(ctx, cookie);
		break;
	case WIRE_OP_PANIC_DEFER:
		on_panic_defer(ctx, cookie, WIRE_OP_PANIC_DEFER);
		break;
	case WIRE_OP_PANIC_DEFER_X:
		on_panic_defer(ctx, cookie, WIRE_OP_PANIC_DEFER_X);
		break;
	case WIRE_OP_PANIC_DEFER_G:
		on_panic_defer(ctx, cookie, WIRE_OP_PANIC_DEFER_G);
		break;
	case WIRE_OP_PANIC_DEFER_P:
		on_panic_defer(ctx, cookie, WIRE_OP_PANIC_DEFER_P);
		break;
	case WIRE_OP_PANIC_RECOVER:
		on_panic_recover(ctx, cookie, &sp);
		break;
	case WIRE_OP_PANIC_GOEXIT:
		on_panic_goexit(ctx, cookie);
		break;
	case WIRE_OP_PANIC_FATAL:
		on_panic_fatal(ctx, cookie);
		break;
	case WIRE_OP_PANIC_PRINT:
		on_panic_print(ctx, cookie);
		break;
	case WIRE_OP_PANIC_THROW:
	case WIRE_OP_PANIC_USER:
		on_panic_throw(ctx, cookie, WIRE_COOKIE_OP(cookie));
		break;
	}
	return 0;
}

/* The sites of pauses. */
SEC("uprobe")
int on_gc_site(struct pt_regs *ctx)
{
	__u64 cookie;

	if (!is_hit(ctx, &cookie))
		return 0;
	switch (WIRE_COOKIE_OP(cookie)) {
	case WIRE_OP_GC_STOP:
		on_gc_stop(ctx, cookie);
		break;
	case WIRE_OP_GC_GO:
		on_gc_go();
		break;
	}
	return 0;
}

SEC("raw_tp/sched_process_exec")
int on_exec(void *ctx)
{
	struct wire_exec e = {};

	if (!is_target())
		return 0;
	__sync_fetch_and_add(&generation, 1);
	e.h.ts = bpf_ktime_get_ns();
	send(&e.h, WIRE_EXEC, sizeof(e));
	return 0;
}
