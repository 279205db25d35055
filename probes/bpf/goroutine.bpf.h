/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Goroutines: created by a go statement, by a timer, as a coroutine; ended. */
#ifndef GOLIN_GOROUTINE_BPF_H
#define GOLIN_GOROUTINE_BPF_H

#include "context.bpf.h"
#include "gid.bpf.h"
#include "goabi.bpf.h"
#include "timer.bpf.h"

/* What a handler works in: one place for all, because a program's stack has 512 bytes. */
struct work {
	struct span sp;
	union {
		struct wire_create create;
		struct wire_exit exit;
	};
};

static __always_inline __u32 read_new(struct wire_create *e, struct span *sp, __u64 newg)
{
	e->g = newg;
	if (span_read(sp, cfg.create, newg))
		return 1;
	e->child = span_u64(sp, cfg.create.goid);
	e->gopc = span_u64(sp, cfg.create.gopc);
	e->startpc = span_u64(sp, cfg.create.startpc);
	if (cfg.has & WIRE_HAS_PARENT)
		e->parent = span_u64(sp, cfg.create.parent);
	return 0;
}

/* By the wrapper's entry, as linked. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1); /* as many as the program has */
	__type(key, __u64);
	__type(value, struct wire_late);
} late SEC(".maps");

/*
 * `go f(x)` with a variable f: the goroutine starts in a wrapper that calls what its closure holds.
 * That may be gone in a moment, so it is looked up here; only a page that is not there yet, which
 * then is one of the program's constants, is left to be read later.
 */
static __always_inline __u32 late_start(struct pt_regs *ctx, struct wire_create *e)
{
	__u64 entry = e->startpc - bias_at(CTX(ctx, rip), WIRE_OP_CREATE), p, code;
	struct wire_late *to = bpf_map_lookup_elem(&late, &entry);

	if (!to)
		return 0;
	if (read_u64(&p, e->g + cfg.g_sched_ctxt) || read_u64(&p, p + to->word))
		return 1;
	if (read_u64(&code, p + to->off)) {
		e->h.flags |= WIRE_F_LATE;
		e->startpc = p + to->off;
	} else {
		e->startpc = code;
	}
	return 0;
}

/*
 * `call runtime.runqput` in newproc's closure: the new g is complete, and no other thread can see
 * it yet. It runs on g0; whose go statement it is stands in m.curg, parked in systemstack with its
 * frames from sched.bp on.
 */
static __always_inline void on_create(struct pt_regs *ctx, __u64 cookie, struct work *w)
{
	struct wire_stats *st = my_stats();
	struct wire_create *e = &w->create;
	struct span *sp = &w->sp;
	__u32 bad = 0, partial = 0;
	__u64 newg, g0, m, curg;

	__builtin_memset(e, 0, sizeof(*e));
	e->h.ts = bpf_ktime_get_ns();
	if (st)
		st->create_ip = CTX(ctx, rip);
	if (arg_value(ctx, WIRE_COOKIE_A0(cookie), &newg))
		bad = 1;
	bad |= read_new(e, sp, newg);
	if (cfg.has & WIRE_HAS_LATE)
		bad |= late_start(ctx, e);
	if (cfg.has & WIRE_HAS_TIMER && gopc_in_gofunc(CTX(ctx, rip), e->gopc)) {
		e->h.flags |= WIRE_F_TIMER;
		e->parent = 0;
		e->ref = timer_armer();
		goto out;
	}
	if (cfg.has & WIRE_HAS_PARENT && !cfg.stack_depth)
		goto out;
	if (g_value(ctx, WIRE_COOKIE_G(cookie), &g0) || read_u64(&m, g0 + cfg.g_m) ||
	    read_u64(&curg, m + cfg.m_curg)) {
		bad = 1;
		goto out;
	}
	if (!curg) /* the main goroutine: made before any other */
		goto out;
	if (span_read(sp, cfg.creator, curg)) {
		bad = 1;
		goto out;
	}
	if (!(cfg.has & WIRE_HAS_PARENT))
		e->parent = span_u64(sp, cfg.creator.goid);
	if (!cfg.stack_depth)
		goto out;
	e->ref = send_stack(span_u64(sp, cfg.creator.stack_lo), span_u64(sp, cfg.creator.stack_hi),
			    span_u64(sp, cfg.creator.sched_bp),
			    bias_at(CTX(ctx, rip), WIRE_OP_CREATE), e->gopc, WALK_SKIP, e->h.ts,
			    &partial);
	bad |= partial;
out:
	if (bad)
		e->h.flags |= WIRE_F_PARTIAL;
	send(&e->h, WIRE_CREATE, sizeof(*e));
	if (cfg.has & WIRE_HAS_CONTEXTS)
		on_ctx_passed(e->g, e->child, e->parent);
}

/*
 * The store to gp.coroarg in runtime.newcoro, on the creator's own stack. newproc1 made the
 * goroutine; it starts in corostart, which calls coro.f.
 */
static __always_inline void on_coro(struct pt_regs *ctx, __u64 cookie, struct work *w)
{
	struct wire_create *e = &w->create;
	struct span *sp = &w->sp;
	__u32 bad = 0, partial = 0;
	__u64 newg, coro, g, f, code;

	__builtin_memset(e, 0, sizeof(*e));
	e->h.ts = bpf_ktime_get_ns();
	e->h.flags = WIRE_F_CORO;
	bad |= !!arg_value(ctx, WIRE_COOKIE_A0(cookie), &newg);
	bad |= !!arg_value(ctx, WIRE_COOKIE_A1(cookie), &coro);
	bad |= !!g_value(ctx, WIRE_COOKIE_G(cookie), &g);
	bad |= read_new(e, sp, newg);
	if (cfg.has & WIRE_HAS_CORO) {
		if (!read_u64(&f, coro + cfg.coro_f) && !read_u64(&code, f))
			e->startpc = code;
		else
			bad = 1;
	}
	if (span_read(sp, cfg.creator, g)) {
		bad = 1;
	} else {
		e->parent = span_u64(sp, cfg.creator.goid);
		if (cfg.stack_depth)
			e->ref = send_stack(span_u64(sp, cfg.creator.stack_lo),
					    span_u64(sp, cfg.creator.stack_hi), CTX(ctx, rbp),
					    bias_at(CTX(ctx, rip), WIRE_OP_CORO), e->gopc,
					    WALK_SKIP, e->h.ts, &partial);
		bad |= partial;
	}
	if (bad)
		e->h.flags |= WIRE_F_PARTIAL;
	send(&e->h, WIRE_CREATE, sizeof(*e));
}

/* goexit0 (gdestroy since 1.22), on g0, with the ended goroutine as its argument. */
static __always_inline void on_exit(struct pt_regs *ctx, __u64 cookie, struct work *w)
{
	struct wire_exit *e = &w->exit;
	struct span *sp = &w->sp;
	__u32 bad = 0;

	__builtin_memset(e, 0, sizeof(*e));
	e->h.ts = bpf_ktime_get_ns();
	if (arg_value(ctx, WIRE_COOKIE_A0(cookie), &e->g))
		bad = 1;
	if (span_read(sp, cfg.exit, e->g)) {
		bad = 1;
		goto out;
	}
	e->goid = span_u64(sp, cfg.exit.goid);
	if (cfg.has & WIRE_HAS_PANICS)
		gid_forget(e->g);
	e->gopc = span_u64(sp, cfg.exit.gopc);
	e->startpc = span_u64(sp, cfg.exit.startpc);
	if (cfg.has & WIRE_HAS_PARENT)
		e->parent = span_u64(sp, cfg.exit.parent);
	if (cfg.has & WIRE_HAS_GOEXIT) {
		if (span_u64(sp, cfg.exit.panic))
			e->h.flags |= WIRE_F_GOEXIT;
	} else if (read_u64(&e->ret, span_u64(sp, cfg.exit.sched_bp) + 8)) {
		/* mcall saved goexit1's frame: it was called by goexit or by Goexit */
		bad = 1;
	}
out:
	if (bad)
		e->h.flags |= WIRE_F_PARTIAL;
	send(&e->h, WIRE_EXIT, sizeof(*e));
}

#endif
