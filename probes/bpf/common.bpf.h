/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Maps, configuration and output, for all families of events. */
#ifndef GOLIN_COMMON_BPF_H
#define GOLIN_COMMON_BPF_H

#include <linux/bpf.h>
#include <asm/ptrace.h>
#include <bpf/bpf_helpers.h>
#include "wire.h"

const volatile struct wire_cfg cfg = {};

/*
 * One more with each exec of the target and each time that groups are switched: what was noted
 * before (timers, stacks that were sent) does not count any more.
 */
__u64 generation = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 << 20);
} ring SEC(".maps");

/* Read by the peer through a mapping: no system call, no rights. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* CPUs */
	__type(key, __u32);
	__type(value, struct wire_stats);
} stats SEC(".maps");

/* Something that is to be copied of a value, see panic_value.bpf.h. */
struct copy_job {
	__u64 tab, addr;
	__u32 len, what;
};

/*
 * Where a stack is put together. A task may be preempted while it walks and another one on its
 * CPU may hit: hence several slots, each taken by an atomic exchange.
 */
struct scratch {
	__u64 busy;
	/* of the walk */
	__u64 lo, hi, bp, first, text, goexit, base, len, hash;
	__u64 top, sigpanic, sigpanic_len, sig_pc, trap, id;
	__u32 n, skip, partial, truncated;
	__u32 words, trapped, signal, _pad;
	struct wire_stack s;
	__u8 chunk[WIRE_CHUNK];
	/* of the events that are too large for a program's stack */
	union {
		struct wire_ctx_create create;
		struct wire_ctx_value value;
		struct wire_ctx_cancel cancel;
		struct wire_ctx_passed passed;
	} ctx;
	struct wire_timer_start timer;
	/* Of panics: an event's head stands at the end of its room, so that the copies follow it.
	 */
	__u64 mask;
	__u32 used, nqueue, next, level, at, nwords;
	__u8 g[WIRE_G_SPAN];
	struct copy_job queue[WIRE_QUEUE];
	__u8 head[sizeof(struct wire_panic_fatal)];
	__u8 copies[WIRE_COPIES + sizeof(struct wire_copy) + WIRE_COPY];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WIRE_SCRATCH);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

/* Stacks that are in the ring already, each at a place that its id gives. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WIRE_STACKS);
	__type(key, __u32);
	__type(value, __u64);
} sent SEC(".maps");

/* Itabs that are in the ring already, at a place that their address gives. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WIRE_ITABS);
	__type(key, __u32);
	__type(value, __u64);
} itabs SEC(".maps");

/* Bytes of the per-CPU counters are shared with tasks that preempt: atomic adds only. */
static __always_inline struct wire_stats *my_stats(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&stats, &cpu);
}

#define COUNT(st, member)                                                                          \
	do {                                                                                       \
		if (st)                                                                            \
			__sync_fetch_and_add(&(st)->member, 1);                                    \
	} while (0)

/* Is it the target that hit? Before Linux 6.10 a link's own filter is not enough. */
static __always_inline int is_target(void)
{
	struct bpf_pidns_info ns = {};

	if (!cfg.ns_ino)
		return (__u32)(bpf_get_current_pid_tgid() >> 32) == cfg.tgid;
	if (bpf_get_ns_current_pid_tgid(cfg.ns_dev, cfg.ns_ino, &ns, sizeof(ns)))
		return 0;
	return ns.tgid == cfg.tgid;
}

static __always_inline int read_u64(__u64 *ret, __u64 addr)
{
	if (!bpf_probe_read_user(ret, sizeof(*ret), (const void *)addr))
		return 0;
	*ret = 0;
	return -1;
}

/* A part of a g, and a field of it. */
struct span {
	__u8 b[WIRE_SPAN];
};

#define span_read(sp, cfg_span, g)                                                                 \
	bpf_probe_read_user((sp)->b, (cfg_span).len, (const void *)((g) + (cfg_span).off))
#define span_u64(sp, at) (*(const __u64 *)((sp)->b + (at)))

/* Counts the hit and sends it. The timestamp was taken before: ring order is what counts. */
static __always_inline void send(struct wire_hdr *h, __u32 type, __u32 size)
{
	struct wire_stats *st = my_stats();

	h->type = type;
	h->size = size;
	COUNT(st, hits[type & (WIRE_TYPES - 1)]);
	if (bpf_ringbuf_output(&ring, h, size, BPF_RB_NO_WAKEUP)) {
		COUNT(st, lost[type & (WIRE_TYPES - 1)]);
		return;
	}
	if (h->flags & WIRE_F_PARTIAL)
		COUNT(st, partial);
}

/* A hit for which there is no room to work in is lost, as one that finds the ring full. */
static __always_inline void send_nothing(__u32 type)
{
	struct wire_stats *st = my_stats();

	COUNT(st, hits[type & (WIRE_TYPES - 1)]);
	COUNT(st, lost[type & (WIRE_TYPES - 1)]);
}

#endif
