/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Who armed the timer that starts a goroutine: time.AfterFunc, and the contexts with a deadline
 * that use it. Arming notes (timer -> goroutine); time.goFunc, which runs on g0 and starts the
 * goroutine by a go statement of its own, notes (thread -> that goroutine), and the next creation
 * on the thread takes it. Nothing preempts between these two.
 */
#ifndef GOLIN_TIMER_BPF_H
#define GOLIN_TIMER_BPF_H

#include "goabi.bpf.h"

struct timer_note {
	__u64 goid, gen;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WIRE_TIMERS);
	__type(key, __u64); /* address of the runtime.timer */
	__type(value, struct timer_note);
} timers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WIRE_THREADS);
	__type(key, __u32);   /* thread */
	__type(value, __u64); /* goid that armed the timer which fires there; 0 unknown */
} firing SEC(".maps");

static __always_inline int gopc_in_gofunc(__u64 ip, __u64 gopc)
{
	return gopc - (bias_at(ip, WIRE_OP_CREATE) + cfg.gofunc) < cfg.gofunc_len;
}

static __always_inline __u64 timer_armer(void)
{
	__u32 tid = bpf_get_current_pid_tgid();
	__u64 *goid = bpf_map_lookup_elem(&firing, &tid);
	__u64 ret;

	if (!goid)
		return 0;
	ret = *goid;
	bpf_map_delete_elem(&firing, &tid);
	return ret;
}

static __always_inline void on_timer_arm(struct pt_regs *ctx, __u64 cookie, __u32 op)
{
	struct wire_stats *st = my_stats();
	struct timer_note note;
	__u64 t, f, code, g, goid;

	COUNT(st, quiet);
	if (arg_value(ctx, WIRE_COOKIE_A0(cookie), &t))
		return;
	t += WIRE_COOKIE_ADD(cookie);
	if (op == WIRE_OP_TIMER_ARM ? arg_value(ctx, WIRE_COOKIE_A1(cookie), &f)
				    : read_u64(&f, t + cfg.timer_f))
		return;
	/* The func value lies in a page that may not be there yet: then note it, the check at the
	 * firing makes sure. */
	if (!read_u64(&code, f) && code != bias_at(CTX(ctx, rip), op) + cfg.gofunc)
		return;
	if (g_value(ctx, WIRE_COOKIE_G(cookie), &g) || read_u64(&goid, g + cfg.g_goid))
		return;
	note.goid = goid;
	note.gen = generation;
	bpf_map_update_elem(&timers, &t, &note, BPF_ANY);
}

/* Is it a timer that we know, with this argument? */
static __always_inline int timer_at(__u64 slot, __u64 arg, __u64 *ret)
{
	struct timer_note *note;
	__u64 t, a;

	if (read_u64(&t, slot) || !t)
		return 0;
	note = bpf_map_lookup_elem(&timers, &t);
	if (!note || note->gen != generation)
		return 0;
	if (read_u64(&a, t + cfg.timer_arg + 8) || a != arg)
		return 0;
	*ret = note->goid;
	return 1;
}

/* time.goFunc: the function that runs timers has the timer in its frame or its arguments. */
static __always_inline void on_timer_fire(struct pt_regs *ctx, __u64 cookie)
{
	struct wire_stats *st = my_stats();
	__u32 tid = bpf_get_current_pid_tgid();
	__u64 arg, goid = 0, bp = CTX(ctx, rbp);

	COUNT(st, quiet);
	if (!arg_value(ctx, WIRE_COOKIE_A0(cookie), &arg)) {
		if (cfg.has & WIRE_SCAN_TIMERPROC) {
			/* timerproc's frame; its frame pointer is not what rbp holds */
			for (int i = 1; i <= 24; i++)
				if (timer_at(CTX(ctx, rsp) + 8 * i, arg, &goid))
					break;
		} else if (!timer_at(bp + 24, arg, &goid) && !timer_at(bp + 16, arg, &goid)) {
			timer_at(bp - 8, arg, &goid);
		}
	}
	bpf_map_update_elem(&firing, &tid, &goid, BPF_ANY);
}

#endif
