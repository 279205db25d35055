/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Contexts: made by propagateCancel or WithValue, done by (*cancelCtx).cancel, handed to a
 * goroutine in what it starts with. What an itab is, and so of which kind a context is, user space
 * tells: it does not go away.
 */
#ifndef GOLIN_CONTEXT_BPF_H
#define GOLIN_CONTEXT_BPF_H

#include "ctx_trace.bpf.h"

/* The deadline that a goroutine is just asking for. */
struct ctx_asked {
	__u64 wall, ext; /* 0, 0: not known yet */
	__u64 timeout, has_timeout;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WIRE_CTX_ASKED);
	__type(key, __u64); /* goid */
	__type(value, struct ctx_asked);
} asked SEC(".maps");

/* How many are in it, at least: most contexts have no deadline and need not look there. */
__u64 asked_pending = 0;

/* The goroutine at a site on its own stack. */
struct here {
	__u64 goid, lo, hi;
};

static __always_inline int find_here(struct pt_regs *ctx, __u64 cookie, struct span *sp,
				     struct here *h)
{
	__u64 g;

	h->goid = h->lo = h->hi = 0;
	if (g_value(ctx, WIRE_COOKIE_G(cookie), &g) || span_read(sp, cfg.creator, g))
		return 1;
	h->goid = span_u64(sp, cfg.creator.goid);
	h->lo = span_u64(sp, cfg.creator.stack_lo);
	h->hi = span_u64(sp, cfg.creator.stack_hi);
	return 0;
}

static __always_inline __u32 finish(struct wire_hdr *h, __u32 bad)
{
	if (bad)
		h->flags |= WIRE_F_PARTIAL;
	return bad;
}

/*
 * What an itab says, before the first event with it. `like`: only where it is one of the same
 * interface as that one, for a word that may be anything; else 0. What does not get through is told
 * again with the next event.
 */
static __noinline void tell_itab(__u64 tab, __u64 like)
{
	__u64 mark = tab ^ generation << 48, *was;
	__u32 key = tab * 0x9e3779b97f4a7c15ULL >> 54;
	struct wire_itab e = {};
	__u64 mine, theirs;

	was = bpf_map_lookup_elem(&itabs, &key);
	if (!was || *was == mark || tab < 4096 || tab & 7 ||
	    bpf_probe_read_user(e.words, 16, (const void *)tab))
		return;
	if (like && (read_u64(&mine, tab + cfg.itab_inter) ||
		     read_u64(&theirs, like + cfg.itab_inter) || mine != theirs))
		return;
	e.h.type = WIRE_ITAB;
	e.h.size = sizeof(e);
	e.h.ts = bpf_ktime_get_ns();
	e.tab = tab;
	if (!bpf_ringbuf_output(&ring, &e, sizeof(e), BPF_RB_NO_WAKEUP))
		*was = mark;
}

/*
 * What an object is made of, which may be smaller and end where what is mapped does. Returns how
 * many bytes were read; size is a power of two.
 */
static __always_inline __u32 read_up_to(void *to, __u32 size, __u64 at)
{
	__u32 page = 4096 - (at & 4095);

	if (!bpf_probe_read_user(to, size, (const void *)at))
		return size;
	if (page >= size || bpf_probe_read_user(to, page & (size - 1), (const void *)at))
		return 0;
	return page;
}

/*
 * A string's header at an interface's data word, and its bytes, if it is one: nobody knows here.
 * Returns how many bytes. A constant's page may not be there yet: it is read later.
 */
static __always_inline __u32 read_text(struct wire_text *t, __u64 data)
{
	__u32 known = read_up_to(t, 16, data);
	__u64 len = t->len;

	if (known < 16) {
		t->len = WIRE_TEXT_CUT | known;
		return 0;
	}
	if (len & (WIRE_TEXT_CUT | WIRE_TEXT_LATE)) {
		t->len = 0; /* no string */
		return 0;
	}
	if (len > WIRE_TEXT)
		len = WIRE_TEXT;
	asm volatile("" : "+r"(len)); /* the check is to be on what is used */
	if (!len || len > WIRE_TEXT)
		return 0;
	if (!bpf_probe_read_user(t->b, len, (const void *)t->ptr))
		return len;
	t->len |= WIRE_TEXT_LATE;
	return 0;
}

/*
 * WithTimeout(parent, timeout) calls WithDeadline(parent, d), which with a parent that ends earlier
 * becomes WithCancel(parent), and d is forgotten: noted until the propagateCancel that follows on
 * the same goroutine.
 */
static __always_inline void on_ctx_asked(struct pt_regs *ctx, __u64 cookie, struct span *sp,
					 __u32 op)
{
	struct wire_stats *st = my_stats();
	struct ctx_asked a = {}, *was;
	struct here at;

	COUNT(st, quiet);
	if (find_here(ctx, cookie, sp, &at))
		return;
	if (op == WIRE_OP_CTX_TIMEOUT) {
		if (abi_arg(ctx, 2, &a.timeout))
			return;
		a.has_timeout = 1;
	} else if (abi_arg(ctx, 2, &a.wall) || abi_arg(ctx, 3, &a.ext)) {
		return;
	}
	was = bpf_map_lookup_elem(&asked, &at.goid);
	if (op != WIRE_OP_CTX_TIMEOUT && was && !was->wall && !was->ext) {
		a.timeout = was->timeout;
		a.has_timeout = was->has_timeout;
	}
	if (!was)
		__sync_fetch_and_add(&asked_pending, 1);
	bpf_map_update_elem(&asked, &at.goid, &a, BPF_ANY);
}

enum { CHILD_SPAN = 256 }; /* bytes at the start of a context, with its deadline */

/* propagateCancel(parent Context, child canceler), since 1.21 a method of the child. */
static __always_inline void on_ctx_create(struct pt_regs *ctx, __u64 cookie, struct span *sp)
{
	__u32 bad = 0, n = WIRE_COOKIE_A0(cookie), partial = 0;
	struct scratch *s = scratch_take();
	struct wire_ctx_create *e;
	struct ctx_asked *a;
	struct here at;
	__u64 first;

	if (!s) {
		send_nothing(WIRE_CTX_CREATE);
		return;
	}
	e = &s->ctx.create;
	__builtin_memset(e, 0, sizeof(*e));
	e->h.ts = bpf_ktime_get_ns();
	bad |= find_here(ctx, cookie, sp, &at);
	e->goid = at.goid;
	bad |= !!abi_iface(ctx, n, &e->parent);
	bad |= !!abi_iface(ctx, n + 2, &e->child);
	/*
	 * Behind a cancelCtx there is something else, which nobody will look at. All zeros yet, it
	 * may be a page that is not there yet.
	 */
	if (cfg.ctx_deadline <= CHILD_SPAN - 16 &&
	    !bpf_probe_read_user(s->chunk, CHILD_SPAN, (const void *)e->child.data)) {
		e->inner = *(const __u64 *)s->chunk;
		__builtin_memcpy(&e->wall, s->chunk + cfg.ctx_deadline, 16);
	} else {
		read_u64(&e->inner, e->child.data);
		bpf_probe_read_user(&e->wall, 16, (const void *)(e->child.data + cfg.ctx_deadline));
	}
	bpf_probe_read_user(&e->up, sizeof(e->up), (const void *)e->parent.data);
	tell_itab(e->parent.tab, 0);
	tell_itab(e->child.tab, 0);
	tell_itab(e->up.tab, e->parent.tab);
	a = asked_pending ? bpf_map_lookup_elem(&asked, &at.goid) : 0;
	if (a) {
		e->asked_wall = a->wall;
		e->asked_ext = a->ext;
		e->timeout = a->timeout;
		e->has_timeout = a->has_timeout;
		if (!bpf_map_delete_elem(&asked, &at.goid))
			__sync_fetch_and_sub(&asked_pending, 1);
	}
	load_chunk(s, CTX(ctx, rsp), at.lo, at.hi);
	if (at.hi && !chunk_u64(s, CTX(ctx, rsp), &first))
		e->stack = send_stack_in(s, at.lo, at.hi, CTX(ctx, rbp),
					 bias_at(CTX(ctx, rip), WIRE_OP_CTX_CREATE), first,
					 WALK_TOP, e->h.ts, &partial);
	finish(&e->h, bad | partial);
	send(&e->h, WIRE_CTX_CREATE, sizeof(*e));
	s->busy = 0;
}

/*
 * In WithValue, at the branch behind the check for the write barrier: the object is there, but for
 * its words; the arguments stand in their slots of the caller's frame.
 */
static __always_inline void on_ctx_value(struct pt_regs *ctx, __u64 cookie, struct span *sp)
{
	struct scratch *s = scratch_take();
	struct wire_ctx_value *e;
	__u32 bad = 0, partial = 0;
	struct here at;
	__u64 what;

	if (!s) {
		send_nothing(WIRE_CTX_VALUE);
		return;
	}
	e = &s->ctx.value;
	__builtin_memset(e, 0, WIRE_CTX_VALUE_FIXED);
	e->h.ts = bpf_ktime_get_ns();
	bad |= find_here(ctx, cookie, sp, &at);
	e->goid = at.goid;
	bad |= !!arg_value(ctx, WIRE_COOKIE_A0(cookie), &e->ctx);
	if (load_chunk(s, CTX(ctx, rbp), at.lo, at.hi))
		bad |= !!bpf_probe_read_user(&e->parent, 48, (const void *)(CTX(ctx, rbp) + 16));
	else
		__builtin_memcpy(&e->parent, s->chunk + 16, 48);
	bpf_probe_read_user(&e->up, sizeof(e->up), (const void *)e->parent.data);
	tell_itab(e->parent.tab, 0);
	tell_itab(e->up.tab, e->parent.tab);
	if (at.hi)
		e->stack = send_stack_in(s, at.lo, at.hi, CTX(ctx, rbp),
					 bias_at(CTX(ctx, rip), WIRE_OP_CTX_VALUE), 0, WALK_FRAME,
					 e->h.ts, &partial);
	finish(&e->h, bad | partial);
	if (cfg.has & WIRE_HAS_VALUES) {
		read_text(&e->key_text, e->key.data);
		read_text(&e->value_text, e->value.data);
		e->object_len = read_up_to(e->object, WIRE_OBJECT, e->value.data);
		send(&e->h, WIRE_CTX_VALUE, sizeof(*e));
		s->busy = 0;
		return;
	}
	what = trace_in(e, bias_at(CTX(ctx, rip), WIRE_OP_CTX_VALUE));
	if (what != VALUE_OTHER) {
		e->h.flags |= WIRE_F_TRACE;
		if (what == VALUE_SPAN)
			e->object_len = read_up_to(e->object, WIRE_OBJECT, e->value.data);
		send(&e->h, WIRE_CTX_VALUE, sizeof(*e));
	} else {
		send(&e->h, WIRE_CTX_VALUE, WIRE_CTX_VALUE_FIXED);
	}
	s->busy = 0;
}

/* From the frame pointer of (*cancelCtx).cancel on. */
struct cancel_frame {
	__u64 bp, ret, c, remove;
	struct wire_iface err, cause;
};

/*
 * In (*cancelCtx).cancel, at the branch behind the first check for the write barrier: it has the
 * lock, and the context was not done yet. So one of several that race gets here, and once.
 */
static __always_inline void on_ctx_cancel(struct pt_regs *ctx, __u64 cookie, struct span *sp)
{
	__u32 bad = 0, partial = 0;
	struct scratch *s = scratch_take();
	struct cancel_frame f = {};
	struct wire_ctx_cancel *e;
	struct here at;
	__u32 len;

	if (!s) {
		send_nothing(WIRE_CTX_CANCEL);
		return;
	}
	e = &s->ctx.cancel;
	__builtin_memset(e, 0, WIRE_CTX_CANCEL_FIXED);
	e->h.ts = bpf_ktime_get_ns();
	bad |= find_here(ctx, cookie, sp, &at);
	e->goid = at.goid;
	if (load_chunk(s, CTX(ctx, rbp), at.lo, at.hi))
		bad |= !!bpf_probe_read_user(&f, sizeof(f), (const void *)CTX(ctx, rbp));
	else
		__builtin_memcpy(&f, s->chunk, sizeof(f));
	e->ctx = f.c;
	e->ret[0] = f.ret;
	chunk_u64(s, f.bp + 8, &e->ret[1]);
	e->err = f.err;
	tell_itab(f.err.tab, 0);
	if (at.hi)
		e->stack = send_stack_in(s, at.lo, at.hi, CTX(ctx, rbp),
					 bias_at(CTX(ctx, rip), WIRE_OP_CTX_CANCEL), 0, WALK_FRAME,
					 e->h.ts, &partial);
	finish(&e->h, bad | partial);
	len = read_text(&e->err_text, f.err.data);
	if (cfg.has & WIRE_HAS_CAUSE && f.cause.tab &&
	    (f.cause.tab != f.err.tab || f.cause.data != f.err.data)) {
		tell_itab(f.cause.tab, 0);
		e->cause = f.cause;
		read_text(&e->cause_text, f.cause.data);
		send(&e->h, WIRE_CTX_CANCEL, sizeof(*e));
	} else {
		len = (len + 7) & ~7U;
		if (len <= WIRE_TEXT)
			send(&e->h, WIRE_CTX_CANCEL, WIRE_CTX_CANCEL_FIXED + len);
	}
	s->busy = 0;
}

/*
 * The arguments of a new goroutine, up to Go 1.16: newproc1 (runtime/proc.go) puts them below four
 * words that it leaves free at the top of the stack, and a return address to goexit below them.
 * What stands in the four words is of who had the stack before.
 */
static __always_inline void read_args(struct wire_ctx_passed *e, __u64 g)
{
	__u64 sp, hi, len;

	if (read_u64(&sp, g + cfg.g_sched_sp) ||
	    read_u64(&hi, g + cfg.creator.off + cfg.creator.stack_hi))
		return;
	sp += 8;
	len = hi - 32 - sp;
	if (hi - 32 < sp || !len)
		return;
	read_up_to(e->args, WIRE_NESTED_LEN, sp);
	for (__u32 i = 0; i < WIRE_NESTED_LEN / 8; i++)
		if (8 * i >= len)
			e->args[i] = 0;
}

/* The new g at `call runtime.runqput`, which nobody runs yet. */
static __noinline void on_ctx_passed(__u64 g, __u64 child, __u64 parent)
{
	struct scratch *s = scratch_take();
	struct wire_ctx_passed *e;
	__u64 closure;

	if (!s) {
		send_nothing(WIRE_CTX_PASSED);
		return;
	}
	e = &s->ctx.passed;
	__builtin_memset(e, 0, sizeof(*e));
	e->h.ts = bpf_ktime_get_ns();
	e->child = child;
	e->parent = parent;
	if (read_u64(&closure, g + cfg.g_sched_ctxt) ||
	    !read_up_to(e->words, WIRE_CLOSURE, closure))
		e->h.flags |= WIRE_F_PARTIAL;
	else
		e->closure = closure;
	if (cfg.has & WIRE_HAS_STACK_ARGS)
		read_args(e, g);
	for (int i = 0; i < WIRE_NESTED; i++) {
		__u64 at = e->args[i] > 4096 ? e->args[i] : e->words[i + 1];

		if (at > 4096)
			read_up_to(e->nested[i], WIRE_NESTED_LEN, at);
	}
	send(&e->h, WIRE_CTX_PASSED, sizeof(*e));
	s->busy = 0;
}

#endif
