/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Goroutines: created by a go statement, by a timer, as a coroutine; ended. */
#ifndef GOLIN_GOROUTINE_BPF_H
#define GOLIN_GOROUTINE_BPF_H

#include "goabi.bpf.h"
#include "timer.bpf.h"

static __always_inline __u32 read_new(struct wire_create *e, __u64 newg)
{
	__u32 bad = 0;

	e->g = newg;
	bad |= !!read_u64(&e->child, newg + cfg.g_goid);
	bad |= !!read_u64(&e->gopc, newg + cfg.g_gopc);
	bad |= !!read_u64(&e->startpc, newg + cfg.g_startpc);
	return bad;
}

/*
 * `call runtime.runqput` in newproc's closure: the new g is complete, and no other thread can see
 * it yet. It runs on g0; whose go statement it is stands in m.curg, parked in systemstack with its
 * frames from sched.bp on.
 */
static __always_inline void on_create(struct pt_regs *ctx, __u64 cookie)
{
	struct wire_stats *st = my_stats();
	struct wire_create e = {};
	__u32 bad = 0, partial = 0;
	__u64 newg, g0, m, curg, bp;

	if (st)
		st->create_ip = CTX(ctx, rip);

	e.h.ts = bpf_ktime_get_ns();
	if (arg_value(ctx, WIRE_COOKIE_A0(cookie), &newg))
		bad = 1;
	bad |= read_new(&e, newg);
	if (cfg.has & WIRE_HAS_TIMER && gopc_in_gofunc(CTX(ctx, rip), e.gopc)) {
		e.h.flags |= WIRE_F_TIMER;
		e.ref = timer_armer();
		goto out;
	}
	if (cfg.has & WIRE_HAS_PARENT)
		bad |= !!read_u64(&e.parent, newg + cfg.g_parent);
	if (cfg.has & WIRE_HAS_PARENT && !cfg.stack_depth)
		goto out;
	if (g_value(ctx, WIRE_COOKIE_G(cookie), &g0) || read_u64(&m, g0 + cfg.g_m) ||
	    read_u64(&curg, m + cfg.m_curg)) {
		bad = 1;
		goto out;
	}
	if (!curg) /* the main goroutine: made before any other */
		goto out;
	if (!(cfg.has & WIRE_HAS_PARENT))
		bad |= !!read_u64(&e.parent, curg + cfg.g_goid);
	if (!cfg.stack_depth)
		goto out;
	if (read_u64(&bp, curg + cfg.g_sched_bp)) {
		bad = 1;
		goto out;
	}
	e.ref = send_stack(curg, bp, e.gopc, e.h.ts, &partial);
	bad |= partial;
out:
	if (bad)
		e.h.flags |= WIRE_F_PARTIAL;
	send(&e.h, WIRE_CREATE, sizeof(e));
}

/*
 * The store to gp.coroarg in runtime.newcoro, on the creator's own stack. newproc1 made the
 * goroutine; it starts in corostart, which calls coro.f.
 */
static __always_inline void on_coro(struct pt_regs *ctx, __u64 cookie)
{
	struct wire_create e = {};
	__u32 bad = 0, partial = 0;
	__u64 newg, coro, g, f, code;

	e.h.ts = bpf_ktime_get_ns();
	e.h.flags = WIRE_F_CORO;
	if (arg_value(ctx, WIRE_COOKIE_A0(cookie), &newg) ||
	    arg_value(ctx, WIRE_COOKIE_A1(cookie), &coro) ||
	    g_value(ctx, WIRE_COOKIE_G(cookie), &g))
		return;
	bad |= read_new(&e, newg);
	if (cfg.has & WIRE_HAS_CORO) {
		if (!read_u64(&f, coro + cfg.coro_f) && !read_u64(&code, f))
			e.startpc = code;
		else
			bad = 1;
	}
	bad |= !!read_u64(&e.parent, g + cfg.g_goid);
	if (cfg.stack_depth) {
		e.ref = send_stack(g, CTX(ctx, rbp), e.gopc, e.h.ts, &partial);
		bad |= partial;
	}
	if (bad)
		e.h.flags |= WIRE_F_PARTIAL;
	send(&e.h, WIRE_CREATE, sizeof(e));
}

/* goexit0 (gdestroy since 1.22), on g0, with the ended goroutine as its argument. */
static __always_inline void on_exit(struct pt_regs *ctx, __u64 cookie)
{
	struct wire_exit e = {};
	__u32 bad = 0;
	__u64 v;

	e.h.ts = bpf_ktime_get_ns();
	if (arg_value(ctx, WIRE_COOKIE_A0(cookie), &e.g))
		bad = 1;
	bad |= !!read_u64(&e.goid, e.g + cfg.g_goid);
	bad |= !!read_u64(&e.gopc, e.g + cfg.g_gopc);
	bad |= !!read_u64(&e.startpc, e.g + cfg.g_startpc);
	if (cfg.has & WIRE_HAS_PARENT)
		bad |= !!read_u64(&e.parent, e.g + cfg.g_parent);
	if (cfg.has & WIRE_HAS_GOEXIT) {
		if (read_u64(&v, e.g + cfg.g_panic))
			bad = 1;
		else if (v)
			e.h.flags |= WIRE_F_GOEXIT;
	} else if (read_u64(&v, e.g + cfg.g_sched_bp) || read_u64(&e.ret, v + 8)) {
		/* mcall saved goexit1's frame: it was called by goexit or by Goexit */
		bad = 1;
	}
	if (bad)
		e.h.flags |= WIRE_F_PARTIAL;
	send(&e.h, WIRE_EXIT, sizeof(e));
}

#endif
