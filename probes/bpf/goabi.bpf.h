/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Registers, arguments, the current g and stacks of Go code on amd64. */
#ifndef GOLIN_GOABI_BPF_H
#define GOLIN_GOABI_BPF_H

#include "common.bpf.h"

/*
 * A register of the context. In assembly, because the compiler would merge the branches of
 * reg_value() into one load at a computed offset, which the verifier refuses.
 */
#define CTX(ctx, reg)                                                                              \
	({                                                                                         \
		__u64 ctx_v;                                                                       \
		asm volatile("%0 = *(u64 *)(%1 + %2)"                                              \
			     : "=r"(ctx_v)                                                         \
			     : "r"(ctx), "i"(__builtin_offsetof(struct pt_regs, reg)));            \
		ctx_v;                                                                             \
	})

static __always_inline __u64 reg_value(struct pt_regs *ctx, __u32 n)
{
	switch (n) {
	case 0:
		return CTX(ctx, rax);
	case 1:
		return CTX(ctx, rcx);
	case 2:
		return CTX(ctx, rdx);
	case 3:
		return CTX(ctx, rbx);
	case 4:
		return CTX(ctx, rsp);
	case 5:
		return CTX(ctx, rbp);
	case 6:
		return CTX(ctx, rsi);
	case 7:
		return CTX(ctx, rdi);
	case 8:
		return CTX(ctx, r8);
	case 9:
		return CTX(ctx, r9);
	case 10:
		return CTX(ctx, r10);
	case 11:
		return CTX(ctx, r11);
	case 12:
		return CTX(ctx, r12);
	case 13:
		return CTX(ctx, r13);
	case 14:
		return CTX(ctx, r14);
	}
	return CTX(ctx, r15);
}

static __always_inline int arg_value(struct pt_regs *ctx, __u32 place, __u64 *ret)
{
	if (place & WIRE_AT_STACK)
		return read_u64(ret, CTX(ctx, rsp) + 8 * (place & 0x7f));
	*ret = reg_value(ctx, place);
	return 0;
}

/* The n-th word of a function's arguments at its entry. */
static __always_inline int abi_arg(struct pt_regs *ctx, __u32 n, __u64 *ret)
{
	if (cfg.has & WIRE_HAS_STACK_ARGS)
		return read_u64(ret, CTX(ctx, rsp) + 8 + 8 * n);
	switch (n) {
	case 0:
		*ret = CTX(ctx, rax);
		return 0;
	case 1:
		*ret = CTX(ctx, rbx);
		return 0;
	case 2:
		*ret = CTX(ctx, rcx);
		return 0;
	case 3:
		*ret = CTX(ctx, rdi);
		return 0;
	case 4:
		*ret = CTX(ctx, rsi);
		return 0;
	}
	*ret = CTX(ctx, r8);
	return 0;
}

static __always_inline int abi_iface(struct pt_regs *ctx, __u32 n, struct wire_iface *ret)
{
	return abi_arg(ctx, n, &ret->tab) | abi_arg(ctx, n + 1, &ret->data);
}

/* How far from where it was linked the program lies, told by a hit at the site of an operation. */
static __always_inline __u64 bias_at(__u64 ip, __u32 op)
{
	return ip - cfg.site[op & (WIRE_OP_MAX - 1)];
}

/* The thread's g from its TLS slot: works everywhere, needs to know where Linux keeps fsbase. */
static __always_inline int g_from_tls(__u64 *ret)
{
	__u64 base = 0;

	*ret = 0;
	if (!cfg.fsbase)
		return -1;
	if (bpf_probe_read_kernel(&base, sizeof(base),
				  (const void *)(bpf_get_current_task() + cfg.fsbase)))
		return -1;
	return read_u64(ret, base + (__s64)cfg.tls_g);
}

static __always_inline int g_value(struct pt_regs *ctx, __u32 src, __u64 *ret)
{
	switch (src) {
	case WIRE_G_R14:
		*ret = CTX(ctx, r14);
		return 0;
	case WIRE_G_RCX:
		*ret = CTX(ctx, rcx);
		return 0;
	case WIRE_G_TLS:
		return g_from_tls(ret);
	}
	*ret = 0;
	return -1;
}

static __always_inline __u64 stack_mix(__u64 h, __u64 pc)
{
	h = (h ^ pc) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

static __always_inline struct scratch *scratch_take(void)
{
	for (__u32 i = 0; i < WIRE_SCRATCH; i++) {
		__u32 key = i;
		struct scratch *s = bpf_map_lookup_elem(&scratch, &key);

		if (s && !__sync_val_compare_and_swap(&s->busy, 0, 1))
			return s;
	}
	return 0;
}

struct walk {
	struct scratch *s;
};

/* From a frame pointer to that of the caller, above the bits of a pc. */
static __always_inline __u64 words_between(__u64 from, __u64 to)
{
	__u64 n = (to - from) >> 3;

	return to > from && n <= 0xffff ? n << 48 : 0;
}

static __always_inline long walk_frame(struct scratch *s)
{
	__u64 at = s->bp, off = at - s->base, len, next, ret;
	__u32 n = s->n;

	if (at < s->lo || at + 16 > s->hi || at & 7)
		return 1;
	if (n >= cfg.stack_depth) {
		s->truncated = 1;
		return 1;
	}
	if (!s->len || off > s->len - 16) {
		/* Many frames at once; one, where the rest is not to be had. */
		len = s->hi - at;
		if (len > WIRE_CHUNK)
			len = WIRE_CHUNK;
		if (bpf_probe_read_user(s->chunk, len, (const void *)at)) {
			len = 16;
			if (bpf_probe_read_user(s->chunk, 16, (const void *)at)) {
				s->partial = 1;
				return 1;
			}
		}
		s->base = at;
		s->len = len;
		off = 0;
	}
	if (off > WIRE_CHUNK - 16)
		return 1;
	next = *(const __u64 *)(s->chunk + off);
	ret = *(const __u64 *)(s->chunk + off + 8);
	/* Where Go's code is left, the stack ends: 0, or what no frame pointer led to (Go 1.13). */
	if (ret - s->text >= cfg.text_len)
		return 1;
	if (!n && ret != s->first && s->skip) {
		s->skip--;
	} else {
		__u64 pc = ret;

		if (n >= WIRE_STACK_MAX)
			return 1;
		if (s->sigpanic_len) {
			if (s->trapped && (n > 4 || !s->words || ret == s->sig_pc))
				pc++;
			if (s->trapped && s->words && n <= 4 && ret == s->sig_pc)
				s->trap = at;
			s->trapped = ret - s->sigpanic < s->sigpanic_len;
			if (s->trapped && n < 4)
				s->signal = 1;
		}
		if (s->words)
			pc |= words_between(at, next);
		s->s.pcs[n] = pc;
		s->n = n + 1;
		s->hash = stack_mix(s->hash, pc);
	}
	s->bp = next;
	/* Behind goexit there is nothing, whatever the frame pointer says (Go 1.13). */
	return next <= at || ret == s->goexit;
}

/* Some frames. A function that a helper calls is proved once, a loop as often as it runs. */
static long walk_frames(__u32 i, struct walk *w)
{
	struct scratch *s = w->s;

	return walk_frame(s) || walk_frame(s) || walk_frame(s) || walk_frame(s) || walk_frame(s) ||
	       walk_frame(s) || walk_frame(s) || walk_frame(s);
}

enum walk_from {
	WALK_SKIP,  /* `first` stands behind the first frames: systemstack's and newproc's own */
	WALK_TOP,   /* `first` comes before the first frame: at a prologue */
	WALK_FRAME, /* the first frame is the first: `first` does not count */
};

/*
 * What stands at an address of the stack, as the walk's first chunk: who wants to look at it there
 * saves a read. 0, or nothing is there to be had.
 */
static __always_inline int load_chunk(struct scratch *s, __u64 at, __u64 lo, __u64 hi)
{
	__u64 len = hi - at;

	s->base = s->len = 0;
	if (at < lo || at >= hi || at & 7)
		return -1;
	if (len > WIRE_CHUNK)
		len = WIRE_CHUNK;
	asm volatile("" : "+r"(len)); /* the check is to be on what is used */
	if (len < 64 || len > WIRE_CHUNK || bpf_probe_read_user(s->chunk, len, (const void *)at))
		return -1;
	s->base = at;
	s->len = len;
	return 0;
}

/* A word of the stack, from the chunk where it is there. */
static __always_inline int chunk_u64(const struct scratch *s, __u64 at, __u64 *ret)
{
	__u64 off = at - s->base;

	if (s->len < 8 || off > s->len - 8 || off > WIRE_CHUNK - 8)
		return read_u64(ret, at);
	asm volatile("" : "+r"(off));
	if (off > WIRE_CHUNK - 8)
		return -1;
	*ret = *(const __u64 *)(s->chunk + off);
	return 0;
}

/*
 * Walks the stack as s says, and sends it when it was not before; only then is it marked as sent.
 * s->id is its id, 0 for none. Not static: so it is verified once, not at every call.
 */
__noinline int walk_prepared(struct scratch *s, __u64 ts)
{
	struct walk w = {.s = s};
	struct wire_stats *st;
	__u64 h, size, *was;
	__u32 n, key;

	if (!s)
		return 0;
	s->id = 0;
	bpf_loop((WIRE_STACK_MAX + 7) / 8 + 1, walk_frames, &w, 0);
	n = s->n;
	h = s->hash;
	if (!n)
		return 0;
	h = stack_mix(h, (__u64)n << 1 | s->truncated);
	h |= h == 0;
	s->id = h;
	key = h & (WIRE_STACKS - 1);
	was = bpf_map_lookup_elem(&sent, &key);
	if (!was || *was == h)
		return 0;
	s->s.h.type = WIRE_STACK;
	s->s.h.size = WIRE_STACK_FIXED + 8 * n;
	s->s.h.flags = (s->words ? WIRE_F_WORDS : 0) | (s->trap ? WIRE_F_SIGNAL : 0);
	s->s.h.ts = ts;
	s->s.id = h;
	s->s.n = n;
	s->s.truncated = s->truncated;
	st = my_stats();
	size = n;
	asm volatile("" : "+r"(size)); /* the check is to be on what is used */
	if (size > WIRE_STACK_MAX)
		return 0;
	size = WIRE_STACK_FIXED + 8 * size;
	if (bpf_ringbuf_output(&ring, &s->s, size, BPF_RB_NO_WAKEUP)) {
		COUNT(st, stacks_lost);
		s->partial = 1;
		s->id = 0;
		return 0;
	}
	COUNT(st, stacks);
	*was = h;
	return 0;
}

/*
 * The stack between lo and hi by its frame pointers, from the frame at bp. Returns its id, 0 for
 * none. Sets *partial when a frame could not be read, or the stack found no place in the ring.
 */
static __always_inline __u64 walk_and_send(struct scratch *s, __u64 lo, __u64 hi, __u64 bp,
					   __u64 bias, __u64 first, enum walk_from from, __u64 ts,
					   __u32 *partial)
{
	s->lo = lo;
	s->hi = hi;
	s->bp = bp;
	s->first = first;
	s->text = bias + cfg.text;
	s->goexit = bias + cfg.goexit + 1;
	s->hash = generation + 1;
	s->n = s->partial = s->truncated = s->trapped = s->signal = 0;
	s->trap = 0;
	s->sigpanic = bias + cfg.p.sigpanic;
	s->sigpanic_len = cfg.p.sigpanic_len;
	s->skip = from == WALK_SKIP ? 2 : 0;
	if (from == WALK_TOP) {
		s->trapped = s->sigpanic_len && first - s->sigpanic < s->sigpanic_len;
		s->signal = s->trapped;
		/* The function that is just entered will put its frame pointer below. */
		if (s->words)
			first |= words_between(s->top, bp);
		s->s.pcs[0] = first;
		s->n = 1;
		s->hash = stack_mix(s->hash, first);
	}
	walk_prepared(s, ts);
	*partial |= s->partial;
	return s->id;
}

static __always_inline __u64 send_stack_in(struct scratch *s, __u64 lo, __u64 hi, __u64 bp,
					   __u64 bias, __u64 first, enum walk_from from, __u64 ts,
					   __u32 *partial)
{
	s->words = 0;
	return walk_and_send(s, lo, hi, bp, bias, first, from, ts, partial);
}

/*
 * As from a prologue at sp, with the words between the frames. sig_pc: what a signal came at, where
 * the stack says that one did.
 */
static __always_inline __u64 send_stack_words(struct scratch *s, __u64 lo, __u64 hi, __u64 sp,
					      __u64 bp, __u64 bias, __u64 first, __u64 sig_pc,
					      __u64 ts, __u32 *partial)
{
	s->words = 1;
	s->top = sp - 8;
	s->sig_pc = sig_pc;
	return walk_and_send(s, lo, hi, bp, bias, first, WALK_TOP, ts, partial);
}

/* With a place of its own to be put together. */
static __always_inline __u64 send_stack(__u64 lo, __u64 hi, __u64 bp, __u64 bias, __u64 first,
					enum walk_from from, __u64 ts, __u32 *partial)
{
	struct scratch *s = scratch_take();
	__u64 h;

	if (!s) {
		*partial = 1;
		return 0;
	}
	s->base = s->len = 0;
	h = send_stack_in(s, lo, hi, bp, bias, first, from, ts, partial);
	s->busy = 0;
	return h;
}

#endif
