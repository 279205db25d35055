/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The timers of package time as events of their own: made, armed again, stopped, fired. Takes the
 * notes of timer.bpf.h as well, so that who armed what is known as without these events. Timers of
 * contexts are left out: what they run is a closure of WithDeadline.
 */
#ifndef GOLIN_TIMER_REC_BPF_H
#define GOLIN_TIMER_REC_BPF_H

#include "context.bpf.h"
#include "timer.bpf.h"

/* They stand one behind the other in each version's runtime.timer. */
struct timer_words {
	__u64 when, period, f, type, arg;
};

static __always_inline int of_context(__u64 arg, __u64 bias)
{
	__u64 code;

	return cfg.ctx_func && !read_u64(&code, arg) && code == bias + cfg.ctx_func;
}

/* A call from (*Timer).Reset, which until Go 1.14 begins with a stop, and until 1.13 starts anew.
 */
static __always_inline int from_reset(struct pt_regs *ctx, __u64 bias)
{
	__u64 ret;

	return cfg.reset_len && !read_u64(&ret, CTX(ctx, rsp)) &&
	       ret - (bias + cfg.reset) < cfg.reset_len;
}

/* Words of the arguments of time.newTimer's call, and of a function at its entry. */
static __always_inline int start_words(struct pt_regs *ctx, __u64 t, __u32 op,
				       struct timer_words *w)
{
	int bad;

	if (op == WIRE_OP_TIMER_ARM) {
		w->when = CTX(ctx, rbx);
		w->period = CTX(ctx, rcx);
		w->f = CTX(ctx, rdi);
		w->type = CTX(ctx, rsi);
		w->arg = CTX(ctx, r8);
		return 0;
	}
	bad = bpf_probe_read_user(w, sizeof(*w), (const void *)(t + cfg.timer_when));
	if (op == WIRE_OP_TIMER_START)
		return bad;
	bad |= abi_arg(ctx, 1, &w->when);
	if (op == WIRE_OP_TIMER_MOD || cfg.has & WIRE_HAS_RESET_PERIOD)
		bad |= abi_arg(ctx, 2, &w->period);
	return bad;
}

static __always_inline void rec_timer_start(struct pt_regs *ctx, __u64 cookie, __u32 op,
					    struct span *sp)
{
	__u64 bias = bias_at(CTX(ctx, rip), op), first = 0, t = 0;
	struct timer_words w = {};
	struct wire_timer_start *e;
	struct timer_note note;
	__u32 bad = 0, partial = 0;
	enum walk_from from = WALK_TOP;
	struct scratch *s;
	struct here at;

	bad |= !!arg_value(ctx, WIRE_COOKIE_A0(cookie), &t);
	t += WIRE_COOKIE_ADD(cookie);
	bad |= !!start_words(ctx, t, op, &w);
	if (of_context(w.arg, bias)) {
		on_timer_arm(ctx, cookie, op);
		return;
	}
	s = scratch_take();
	if (!s) {
		send_nothing(WIRE_TIMER_START);
		return;
	}
	e = &s->timer;
	__builtin_memset(e, 0, sizeof(*e));
	e->h.ts = bpf_ktime_get_ns();
	bad |= find_here(ctx, cookie, sp, &at);
	/* The func value's page may not be there yet: who reads the event looks again. */
	read_u64(&e->code, w.f);
	if (at.hi && (!e->code || e->code == bias + cfg.gofunc)) {
		note.goid = at.goid;
		note.gen = generation;
		bpf_map_update_elem(&timers, &t, &note, BPF_ANY);
	}
	e->goid = at.goid;
	e->timer = t;
	e->when = w.when;
	e->period = w.period;
	e->f = w.f;
	if (op == WIRE_OP_TIMER_RESET || op == WIRE_OP_TIMER_MOD || from_reset(ctx, bias)) {
		e->h.flags |= WIRE_F_AGAIN;
	} else if (at.hi) {
		/* newTimer has a frame of its own, startTimer's is not there yet. */
		if (op == WIRE_OP_TIMER_ARM)
			from = WALK_FRAME;
		else
			read_u64(&first, CTX(ctx, rsp));
		e->stack = send_stack(at.lo, at.hi, CTX(ctx, rbp), bias, first, from, e->h.ts,
				      &partial);
	}
	finish(&e->h, bad | partial);
	send(&e->h, WIRE_TIMER_START, sizeof(*e));
	s->busy = 0;
}

/* Whether a stop has something to stop; not known (Go 1.13) counts as so. */
static __always_inline int is_pending(__u64 t, __u64 when)
{
	__u32 status;

	if (cfg.has & WIRE_HAS_TIMER_WHEN)
		return (__s64)when > 0;
	if (!cfg.timer_status ||
	    bpf_probe_read_user(&status, sizeof(status), (const void *)(t + cfg.timer_status)))
		return 1;
	/* timerNoStatus, timerDeleted, timerRemoving, timerRemoved (runtime/time.go) */
	return status > 5 || !(1u << status & (1 << 0 | 1 << 3 | 1 << 4 | 1 << 5));
}

static __always_inline void rec_timer_stop(struct pt_regs *ctx, __u64 cookie)
{
	__u64 bias = bias_at(CTX(ctx, rip), WIRE_OP_TIMER_STOP), g;
	struct wire_stats *st = my_stats();
	struct wire_timer_end e = {};
	struct timer_words w = {};
	__u32 bad = 0;

	e.h.ts = bpf_ktime_get_ns();
	bad |= !!arg_value(ctx, WIRE_COOKIE_A0(cookie), &e.timer);
	e.timer += WIRE_COOKIE_ADD(cookie);
	if (bpf_probe_read_user(&w, sizeof(w), (const void *)(e.timer + cfg.timer_when))) {
		bad = 1;
	} else if (!is_pending(e.timer, w.when) || of_context(w.arg, bias) ||
		   from_reset(ctx, bias)) {
		COUNT(st, quiet);
		return;
	}
	bad |= g_value(ctx, WIRE_COOKIE_G(cookie), &g) || read_u64(&e.goid, g + cfg.g_goid);
	finish(&e.h, bad);
	send(&e.h, WIRE_TIMER_END, sizeof(e));
}

/* Is it a timer with this argument, which runs the function that begins just before ip? */
static __always_inline int fires(__u64 slot, __u64 arg, __u64 ip, __u64 *ret, struct timer_words *w)
{
	__u64 code;

	if (read_u64(ret, slot) || !*ret || *ret & 7 ||
	    bpf_probe_read_user(w, sizeof(*w), (const void *)(*ret + cfg.timer_when)))
		return 0;
	return w->arg == arg && !read_u64(&code, w->f) && ip - code < WIRE_PROLOGUE;
}

/* It stands in the frame or the arguments of the function that runs timers. */
static __always_inline int find_fired(struct pt_regs *ctx, __u64 arg, __u64 *ret,
				      struct timer_words *w)
{
	__u64 bp = CTX(ctx, rbp), ip = CTX(ctx, rip);

	if (!(cfg.has & WIRE_SCAN_TIMERPROC))
		return fires(bp + 24, arg, ip, ret, w) || fires(bp + 16, arg, ip, ret, w) ||
		       fires(bp - 8, arg, ip, ret, w);
	for (int i = 1; i <= 24; i++)
		if (fires(CTX(ctx, rsp) + 8 * i, arg, ip, ret, w))
			return 1;
	return 0;
}

/* time.goFunc, time.sendTime */
static __always_inline void rec_timer_fire(struct pt_regs *ctx, __u64 cookie, __u32 op)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct wire_stats *st = my_stats();
	struct wire_timer_end e = {};
	struct timer_words w = {};
	struct timer_note *note;
	__u64 arg = 0, t = 0, goid = 0;
	int found;

	e.h.ts = bpf_ktime_get_ns();
	found = !arg_value(ctx, WIRE_COOKIE_A0(cookie), &arg) && find_fired(ctx, arg, &t, &w);
	if (op == WIRE_OP_TIMER_FIRE) {
		note = found ? bpf_map_lookup_elem(&timers, &t) : 0;
		if (note && note->gen == generation)
			goid = note->goid;
		bpf_map_update_elem(&firing, &tid, &goid, BPF_ANY);
	}
	if ((found && w.period) ||
	    (op == WIRE_OP_TIMER_FIRE && of_context(arg, bias_at(CTX(ctx, rip), op)))) {
		COUNT(st, quiet);
		return;
	}
	e.timer = found ? t : 0;
	e.h.flags |= WIRE_F_FIRED;
	finish(&e.h, !found);
	send(&e.h, WIRE_TIMER_END, sizeof(e));
}

#endif
