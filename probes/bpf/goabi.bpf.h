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

/*
 * The stack between lo and hi by its frame pointers, from the frame at bp; it begins with the
 * return address `first`, what lies before (systemstack's and newproc's own frames) is left out.
 * Returns its id, 0 for none. It is sent when it was not before; only then is it marked as sent.
 * Sets *partial when a frame could not be read, or the stack found no place in the ring.
 */
static __always_inline __u64 send_stack(__u64 lo, __u64 hi, __u64 bp, __u64 first, __u64 ts,
					__u32 *partial)
{
	__u64 base = 0, len = 0, h = generation + 1;
	__u32 n = 0, truncated = 0, one = 1, skip = 2;
	struct wire_stats *st;
	struct scratch *s;

	s = scratch_take();
	if (!s) {
		*partial = 1;
		return 0;
	}
	for (__u32 i = 0; i < WIRE_STACK_MAX + 2; i++) {
		__u64 off = bp - base, next, ret;

		if (bp < lo || bp + 16 > hi || bp & 7)
			break;
		if (n >= cfg.stack_depth) {
			truncated = 1;
			break;
		}
		if (!len || off > len - 16) {
			/* Many frames at once; one, where the rest is not to be had. */
			len = hi - bp;
			if (len > WIRE_CHUNK)
				len = WIRE_CHUNK;
			if (bpf_probe_read_user(s->chunk, len, (const void *)bp)) {
				len = 16;
				if (bpf_probe_read_user(s->chunk, 16, (const void *)bp)) {
					*partial = 1;
					break;
				}
			}
			base = bp;
			off = 0;
		}
		if (off > WIRE_CHUNK - 16)
			break;
		next = *(const __u64 *)(s->chunk + off);
		ret = *(const __u64 *)(s->chunk + off + 8);
		if (!ret)
			break;
		if (!n && ret != first && skip) {
			skip--;
		} else if (n < WIRE_STACK_MAX) {
			s->s.pcs[n++] = ret;
			h = stack_mix(h, ret);
		}
		if (next <= bp)
			break;
		bp = next;
	}
	if (!n) {
		h = 0;
		goto out;
	}
	h = stack_mix(h, (__u64)n << 1 | truncated);
	h |= h == 0;
	if (bpf_map_lookup_elem(&sent, &h))
		goto out;
	s->s.h.type = WIRE_STACK;
	s->s.h.size = WIRE_STACK_FIXED + 8 * n;
	s->s.h.flags = 0;
	s->s.h.ts = ts;
	s->s.id = h;
	s->s.n = n;
	s->s.truncated = truncated;
	st = my_stats();
	if (n > WIRE_STACK_MAX)
		goto out;
	if (bpf_ringbuf_output(&ring, &s->s, WIRE_STACK_FIXED + 8 * n, BPF_RB_NO_WAKEUP)) {
		COUNT(st, stacks_lost);
		*partial = 1;
		h = 0;
	} else {
		COUNT(st, stacks);
		bpf_map_update_elem(&sent, &h, &one, BPF_ANY);
	}
out:
	s->busy = 0;
	return h;
}

#endif
