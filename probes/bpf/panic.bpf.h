/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Panics: begun, their deferred calls, recovered from, not recovered from; Goexit and throw. What
 * goes through a panic often (begun, a deferred call, recovered) reads little: each read costs more
 * than the bytes that it copies.
 */
#ifndef GOLIN_PANIC_BPF_H
#define GOLIN_PANIC_BPF_H

#include "gid.bpf.h"
#include "panic_value.bpf.h"

/* There was a panic(nil): what became of it, g._panic.arg tells when it runs deferred calls. */
__u64 nil_seen = 0;

/* The head of an event that copies follow. */
#define HEAD(s, tag) ((struct wire_panic_##tag *)((s)->copies - sizeof(struct wire_panic_##tag)))

#define G_U64(s, field) (*(const __u64 *)((s)->g + cfg.p.field))

/* A flag of a _panic, which stands in the chunk. */
static __always_inline __u32 p_flag(const struct scratch *s, __u32 off, __u32 flag)
{
	return off < 128 && s->chunk[off & 127] ? flag : 0;
}

static __always_inline int read_panic(struct scratch *s, __u64 p)
{
	s->base = s->len = 0;
	return bpf_probe_read_user(s->chunk, cfg.p.p_len, (const void *)p);
}

#define P_U64(s, field) (*(const __u64 *)((s)->chunk + cfg.p.field))

static __always_inline __u32 read_g(struct pt_regs *ctx, __u64 cookie, struct scratch *s, __u64 *g)
{
	__u64 page;

	if (g_value(ctx, WIRE_COOKIE_G(cookie), g))
		goto none;
	if (!bpf_probe_read_user(s->g, cfg.p.g_len, (const void *)*g))
		return 0;
	/* The main thread's g0 is a variable: the last of it may lie on a page without content. */
	__builtin_memset(s->g, 0, sizeof(s->g));
	page = 4096 - (*g & 4095);
	if (page >= cfg.p.core_len && page < sizeof(s->g) &&
	    !bpf_probe_read_user(s->g, page, (const void *)*g))
		return 0;
none:
	__builtin_memset(s->g, 0, sizeof(s->g));
	return 1;
}

/* The panic or Goexit that was active before. */
static __always_inline __u32 flags_up(struct scratch *s, __u32 *bad)
{
	__u64 p = G_U64(s, panic);

	if (!p)
		return 0;
	if (read_panic(s, p)) {
		*bad |= 1;
		return WIRE_F_NESTED;
	}
	return WIRE_F_NESTED | p_flag(s, cfg.p.recovered, WIRE_F_UP_RECOVERED) |
	       p_flag(s, cfg.p.aborted, WIRE_F_UP_ABORTED) |
	       p_flag(s, cfg.p.goexit, WIRE_F_UP_GOEXIT);
}

/* The stack of who is just entered. */
static __always_inline __u64 stack_here(struct pt_regs *ctx, struct scratch *s, __u32 op, __u64 ts,
					__u32 *bad)
{
	__u64 lo = G_U64(s, lo), hi = G_U64(s, hi), first;
	__u32 partial = 0;
	__u64 id;

	if (!cfg.stack_depth || !hi || chunk_u64(s, CTX(ctx, rsp), &first))
		return 0;
	id = send_stack_words(s, lo, hi, CTX(ctx, rsp), CTX(ctx, rbp), bias_at(CTX(ctx, rip), op),
			      first, G_U64(s, sigpc), ts, &partial);
	*bad |= partial;
	return id;
}

static __always_inline void on_panic_start(struct pt_regs *ctx, __u64 cookie)
{
	struct scratch *s = scratch_take();
	struct wire_panic_start *e;
	__u64 g, sp = CTX(ctx, rsp);
	__u32 bad;

	if (!s) {
		send_nothing(WIRE_PANIC_START);
		return;
	}
	e = HEAD(s, start);
	__builtin_memset(e, 0, sizeof(*e));
	e->h.ts = bpf_ktime_get_ns();
	bad = read_g(ctx, cookie, s, &g);
	e->goid = G_U64(s, goid);
	if (!bad)
		e->depth = G_U64(s, hi) - sp;
	if (G_U64(s, lockedm))
		e->h.flags |= WIRE_F_LOCKED;
	load_chunk(s, sp, G_U64(s, lo), G_U64(s, hi));
	if (cfg.has & WIRE_HAS_STACK_ARGS) {
		bad |= !!chunk_u64(s, sp + 8, &e->value.tab);
		bad |= !!chunk_u64(s, sp + 16, &e->value.data);
	} else {
		e->value.tab = CTX(ctx, rax);
		e->value.data = CTX(ctx, rbx);
	}
	e->stack = stack_here(ctx, s, WIRE_OP_PANIC_START, e->h.ts, &bad);
	if (s->signal && *(const __u32 *)(s->g + cfg.p.sig)) {
		e->h.flags |= WIRE_F_SIGNAL;
		e->sig_pc = G_U64(s, sigpc);
		e->sig_addr = G_U64(s, sigcode1);
		if (s->trap)
			bad |= !!chunk_u64(s, s->trap + 16, &e->sig_word);
	}
	e->h.flags |= flags_up(s, &bad);
	if (!bad)
		gid_note(g, e->goid);
	copy_begin(s);
	if (!e->value.tab) {
		if (cfg.has & WIRE_HAS_NIL_ERROR)
			nil_seen = 1;
	} else if (cfg.has & WIRE_HAS_COPIES &&
		   copy_simple(s, e->value.tab, e->value.data,
			       bias_at(CTX(ctx, rip), WIRE_OP_PANIC_START))) {
		copy_all(s, JOBS);
	}
	e->copied = s->used;
	finish(&e->h, bad);
	send_copies(s, &e->h, WIRE_PANIC_START, sizeof(*e));
	s->busy = 0;
}

static __always_inline void on_panic_goexit(struct pt_regs *ctx, __u64 cookie)
{
	struct scratch *s = scratch_take();
	struct wire_panic_goexit e = {};
	__u64 g;
	__u32 bad;

	if (!s) {
		send_nothing(WIRE_PANIC_GOEXIT);
		return;
	}
	e.h.ts = bpf_ktime_get_ns();
	bad = read_g(ctx, cookie, s, &g);
	e.goid = G_U64(s, goid);
	if (!bad)
		e.depth = G_U64(s, hi) - CTX(ctx, rsp);
	if (G_U64(s, lockedm))
		e.h.flags |= WIRE_F_LOCKED;
	load_chunk(s, CTX(ctx, rsp), G_U64(s, lo), G_U64(s, hi));
	if (!bad)
		gid_note(g, e.goid);
	e.stack = stack_here(ctx, s, WIRE_OP_PANIC_GOEXIT, e.h.ts, &bad);
	e.h.flags |= flags_up(s, &bad);
	finish(&e.h, bad);
	send(&e.h, WIRE_PANIC_GOEXIT, sizeof(e));
	s->busy = 0;
}

/* A func value: it begins with its code. A constant, and what is not to be had, is read later. */
static __always_inline void code_of(struct wire_panic_defer *e, __u64 fn, __u64 bias)
{
	if (!fn || (!is_const(fn, bias) && !read_u64(&e->pc, fn)))
		return;
	e->pc = fn;
	e->h.flags |= WIRE_F_LATE;
}

static __always_inline void on_panic_defer(struct pt_regs *ctx, __u64 cookie, __u32 op)
{
	struct wire_stats *st = my_stats();
	struct wire_panic_defer e = {};
	__u64 g = 0, fn = 0, p = 0;
	__u32 bad = 0;
	__u8 goexit = 0;

	e.h.ts = bpf_ktime_get_ns();
	bad |= !!g_value(ctx, WIRE_COOKIE_G(cookie), &g);
	if (op == WIRE_OP_PANIC_DEFER_P) {
		bad |= !!arg_value(ctx, WIRE_COOKIE_A0(cookie), &p);
		/* What is left of a frame when its panic was recovered from: a normal return. */
		if (!p && !bad) {
			COUNT(st, quiet);
			return;
		}
		bad |= !!arg_value(ctx, WIRE_COOKIE_A1(cookie), &fn);
		if (cfg.p.goexit < 128 &&
		    bpf_probe_read_user(&goexit, 1, (const void *)(p + cfg.p.goexit)))
			bad = 1;
		e.h.flags |= goexit ? WIRE_F_OF_GOEXIT : WIRE_F_OPEN;
	} else if (op == WIRE_OP_PANIC_DEFER_G) {
		bad |= !!read_u64(&fn, g + cfg.p.g_defer) || !!read_u64(&fn, fn + cfg.p.defer_fn);
	} else {
		bad |= !!arg_value(ctx, WIRE_COOKIE_A0(cookie), &fn);
		if (op == WIRE_OP_PANIC_DEFER_X)
			e.h.flags |= WIRE_F_OF_GOEXIT;
	}
	bad |= !!gid_find(g, &e.goid);
	code_of(&e, fn, bias_at(CTX(ctx, rip), op));
	if (nil_seen && !read_u64(&p, g + cfg.p.panic) && p &&
	    !bpf_probe_read_user(&e.value, sizeof(e.value), (const void *)(p + cfg.p.arg)))
		e.h.flags |= WIRE_F_VALUE;
	finish(&e.h, bad);
	send(&e.h, WIRE_PANIC_DEFER, sizeof(e));
}

/* recovery(gp), on g0: where it goes on stands in g, since 1.22 in the panic. */
static __always_inline int read_recovery(struct wire_panic_recover *e, __u64 g, struct span *sp)
{
	__u64 hi;

	if (bpf_probe_read_user(sp->b, cfg.p.recover_len, (const void *)g))
		return -1;
	e->goid = span_u64(sp, cfg.p.goid);
	hi = span_u64(sp, cfg.p.hi);
	if (cfg.has & WIRE_HAS_SIGCODE) {
		e->depth = hi - span_u64(sp, cfg.p.sigcode0);
		e->pc = span_u64(sp, cfg.p.sigcode1);
		return 0;
	}
	if (bpf_probe_read_user(sp->b, cfg.p.p_len, (const void *)span_u64(sp, cfg.p.panic)))
		return -1;
	e->depth = hi - span_u64(sp, cfg.p.sp);
	e->pc = span_u64(sp, cfg.p.retpc);
	__builtin_memcpy(&e->value, sp->b + cfg.p.arg, sizeof(e->value));
	e->h.flags |= WIRE_F_VALUE;
	return 0;
}

static __always_inline void on_panic_recover(struct pt_regs *ctx, __u64 cookie, struct span *sp)
{
	struct wire_panic_recover e = {};
	__u64 g = 0;

	e.h.ts = bpf_ktime_get_ns();
	if (arg_value(ctx, WIRE_COOKIE_A0(cookie), &g) || read_recovery(&e, g, sp))
		finish(&e.h, 1);
	send(&e.h, WIRE_PANIC_RECOVER, sizeof(e));
}

/* One of the panics that the program prints: the innermost comes first. */
static long keep_panic(__u32 i, struct walk *w)
{
	struct scratch *s = w->s;
	struct wire_panic_fatal *e = HEAD(s, fatal);
	struct wire_kept *k = &e->panics[i & (WIRE_KEPT - 1)];

	if (i >= WIRE_KEPT || !s->top)
		return 1;
	e->n = i + 1;
	k->addr = s->top;
	if (read_panic(s, s->top)) {
		k->partial = 1;
		s->partial = 1;
		return 1;
	}
	__builtin_memcpy(&k->value, s->chunk + cfg.p.arg, sizeof(k->value));
	/* enum golin_kept_flags */
	k->flags = p_flag(s, cfg.p.recovered, 1 << 0) | p_flag(s, cfg.p.aborted, 1 << 1) |
		   p_flag(s, cfg.p.goexit, 1 << 2) | p_flag(s, cfg.p.repanicked, 1 << 3);
	if (cfg.has & WIRE_HAS_COPIES && k->value.tab)
		push(s, JOB_OBJECT, 0, k->value.tab, k->value.data, 0);
	s->top = P_U64(s, link);
	return 0;
}

static __always_inline void on_panic_fatal(struct pt_regs *ctx, __u64 cookie)
{
	struct scratch *s = scratch_take();
	struct wire_panic_fatal *e;
	struct walk w = {.s = s};
	__u32 bad;
	__u64 g;

	if (!s) {
		send_nothing(WIRE_PANIC_FATAL);
		return;
	}
	e = HEAD(s, fatal);
	__builtin_memset(e, 0, 64);
	e->h.ts = bpf_ktime_get_ns();
	bad = read_g(ctx, cookie, s, &g);
	e->goid = G_U64(s, goid);
	if (G_U64(s, lockedm))
		e->h.flags |= WIRE_F_LOCKED;
	e->n = 0;
	s->partial = 0;
	copy_begin(s);
	bad |= !!arg_value(ctx, WIRE_COOKIE_A0(cookie), &s->top);
	bpf_loop(WIRE_KEPT, keep_panic, &w, 0);
	bad |= s->partial;
	copy_all(s, WIRE_QUEUE);
	e->copied = s->used;
	finish(&e->h, bad);
	send_copies(s, &e->h, WIRE_PANIC_FATAL, sizeof(*e));
	s->busy = 0;
}

/* preprintpanics(p): what a panic(nil) without deferred calls has become. */
static __always_inline void on_panic_print(struct pt_regs *ctx, __u64 cookie)
{
	struct wire_stats *st = my_stats();
	struct wire_panic_defer e = {};
	__u64 g = 0, p = 0;

	if (!nil_seen) {
		COUNT(st, quiet);
		return;
	}
	e.h.ts = bpf_ktime_get_ns();
	if (!arg_value(ctx, WIRE_COOKIE_A0(cookie), &p) &&
	    !bpf_probe_read_user(&e.value, sizeof(e.value), (const void *)(p + cfg.p.arg)))
		e.h.flags |= WIRE_F_VALUE;
	if (g_value(ctx, WIRE_COOKIE_G(cookie), &g) || read_u64(&e.goid, g + cfg.p.goid))
		finish(&e.h, 1);
	send(&e.h, WIRE_PANIC_PRINT, sizeof(e));
}

/* throw(text), fatal(text): on any stack. */
static __always_inline void on_panic_throw(struct pt_regs *ctx, __u64 cookie, __u32 op)
{
	struct scratch *s = scratch_take();
	struct wire_panic_throw *e;
	__u64 g = 0, m, curg;
	__u32 bad;

	if (!s) {
		send_nothing(WIRE_PANIC_THROW);
		return;
	}
	e = HEAD(s, throw);
	__builtin_memset(e, 0, sizeof(*e));
	e->h.ts = bpf_ktime_get_ns();
	if (op == WIRE_OP_PANIC_USER)
		e->h.flags |= WIRE_F_USER;
	bad = read_g(ctx, cookie, s, &g);
	e->goid = G_U64(s, goid);
	if (!bad && G_U64(s, lockedm))
		e->h.flags |= WIRE_F_LOCKED;
	/* The thread's own stack: the goroutine that it stands for. */
	if (!bad && !e->goid && !read_u64(&m, g + cfg.g_m) && !read_u64(&curg, m + cfg.m_curg) &&
	    curg)
		read_u64(&e->goid, curg + cfg.p.goid);
	bad |= !!abi_arg(ctx, 0, &e->text);
	bad |= !!abi_arg(ctx, 1, &e->len);
	load_chunk(s, CTX(ctx, rsp), G_U64(s, lo), G_U64(s, hi));
	e->stack = stack_here(ctx, s, op, e->h.ts, &bad);
	copy_begin(s);
	if (e->len)
		put_copy(s, e->text, e->len < WIRE_COPY ? e->len : WIRE_COPY);
	e->copied = s->used;
	finish(&e->h, bad);
	send_copies(s, &e->h, WIRE_PANIC_THROW, sizeof(*e));
	s->busy = 0;
}

#endif
