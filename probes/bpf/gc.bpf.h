/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The world stands still, from the entry of stopTheWorldWithSema to that of startTheWorldWithSema:
 * one event, when it goes on. Only one of the program's threads can do this at a time.
 */
#ifndef GOLIN_GC_BPF_H
#define GOLIN_GC_BPF_H

#include "context.bpf.h"

__u64 stw_since = 0, stw_generation = 0;
__u32 stw_reason = 0, stw_partial = 0;

static __always_inline void on_gc_stop(struct pt_regs *ctx, __u64 cookie)
{
	struct wire_stats *st = my_stats();
	__u64 reason = 0;

	stw_partial =
		cfg.has & WIRE_HAS_STW_REASON && arg_value(ctx, WIRE_COOKIE_A0(cookie), &reason);
	stw_reason = reason & 0xff;
	stw_generation = generation;
	stw_since = bpf_ktime_get_ns();
	COUNT(st, quiet);
}

static __always_inline void on_gc_go(void)
{
	struct wire_stats *st = my_stats();
	struct wire_gc_pause e = {};

	e.h.ts = bpf_ktime_get_ns();
	e.since = stw_since;
	stw_since = 0;
	/* It began before the probes were there, or before they were gone for a time. */
	if (!e.since || stw_generation != generation) {
		COUNT(st, quiet);
		return;
	}
	e.reason = stw_reason;
	finish(&e.h, stw_partial);
	send(&e.h, WIRE_GC_PAUSE, sizeof(e));
}

#endif
