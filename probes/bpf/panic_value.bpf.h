/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What the value of a panic is made of, copied at the event: the object, the strings in it, what it
 * points to, and so on along the errors that it wraps. Where the pointers of an object are, its
 * type's mask for the garbage collector tells; what the bytes mean, user space finds out.
 */
#ifndef GOLIN_PANIC_VALUE_BPF_H
#define GOLIN_PANIC_VALUE_BPF_H

#include "context.bpf.h"

enum {
	JOB_OBJECT = 1, /* tab and data word of an interface */
	JOB_BYTES = 2,
	JOB_SLICE = 3, /* bytes that may be interfaces */
	JOB_KIND = 0xff,
	JOB_LEVEL = 8, /* shift: how many interfaces it lies behind */
	LEVEL_MAX = 4,
	JOBS = 24, /* of one value */
	SLICE_LEN = 256,
	KIND_POINTER = 22,
	KIND_FUNC = 19,
	KIND_UNSAFE = 26,
	KIND_MASK = 31,
	KIND_DIRECT = 1 << 5,
	KIND_GCPROG = 1 << 6,
	TFLAG_MASK_ON_DEMAND = 1 << 4,
	TFLAG_DIRECT = 1 << 5,
};

/* What stands behind the data word of an interface with this type or itab. */
struct shape {
	__u64 key;  /* address and generation */
	__u64 mask; /* which of its words are pointers */
	__u32 size; /* 0: nothing that is known */
	__u32 itab;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WIRE_SHAPES);
	__type(key, __u32);
	__type(value, struct shape);
} shapes SEC(".maps");

/* The head of an abi.Type, and what follows it in that of a pointer type. */
struct type_head {
	__u64 size, ptrs;
	__u32 hash;
	__u8 tflag, align, field_align, kind;
	__u64 equal, gcdata;
	__u64 names;
	__u64 elem;
};

static __always_inline int read_type(struct type_head *t, __u64 addr)
{
	__u32 kind;

	if (addr < 4096 || addr & 7 || bpf_probe_read_user(t, sizeof(*t), (const void *)addr))
		return -1;
	kind = t->kind & KIND_MASK;
	return !kind || kind > KIND_UNSAFE || t->ptrs > t->size || t->align > 8 ||
	       t->field_align > 8 || !t->align;
}

__noinline int find_shape(__u64 tab, struct shape *ret)
{
	struct type_head t = {};
	__u32 kind;
	int itab;

	if (!ret)
		return -1;
	ret->mask = ret->size = ret->itab = 0;
	if (tab < 65536 || tab & 7 || bpf_probe_read_user(&t, sizeof(t), (const void *)tab))
		return -1;
	/* The first two words of an itab are addresses; those of a type are sizes. */
	itab = t.size > 65535 && t.ptrs > 65535;
	if (read_type(&t, itab ? t.ptrs : tab))
		return -1;
	ret->itab = itab;
	kind = t.kind & KIND_MASK;
	if (kind == KIND_POINTER) {
		if (read_type(&t, t.elem))
			return -1;
	} else if (kind == KIND_FUNC) {
		ret->size = 8; /* its code */
		return 0;
	} else if (cfg.has & WIRE_HAS_DIRECT_FLAG ? t.tflag & TFLAG_DIRECT : t.kind & KIND_DIRECT) {
		return 0;
	}
	ret->size = t.size < WIRE_OBJECT_COPY ? t.size : WIRE_OBJECT_COPY;
	/* Of what is large it is made when it is needed, or a program: not looked at. */
	if (t.ptrs && !(t.kind & KIND_GCPROG && !(cfg.has & WIRE_HAS_DIRECT_FLAG)) &&
	    !(cfg.has & WIRE_HAS_MASK_FLAG && t.tflag & TFLAG_MASK_ON_DEMAND) &&
	    !read_u64(&ret->mask, t.gcdata) && t.ptrs < 512)
		ret->mask &= (1ULL << (t.ptrs / 8)) - 1;
	return 0;
}

/* Remembered: a type is a constant. */
__noinline int shape_of(__u64 tab, struct shape *ret)
{
	__u64 key = tab ^ generation << 48;
	__u32 at = tab * 0x9e3779b97f4a7c15ULL >> 54;
	struct shape *s = bpf_map_lookup_elem(&shapes, &at);

	if (!s || !ret)
		return -1;
	ret->key = s->key;
	barrier();
	ret->mask = s->mask;
	ret->size = s->size;
	ret->itab = s->itab;
	barrier();
	if (ret->key == key && s->key == key)
		return 0;
	if (find_shape(tab, ret))
		return -1;
	s->key = 0;
	barrier();
	s->mask = ret->mask;
	s->size = ret->size;
	s->itab = ret->itab;
	barrier();
	s->key = key;
	return 0;
}

static __always_inline void push(struct scratch *s, __u32 what, __u32 level, __u64 tab, __u64 addr,
				 __u64 len)
{
	__u32 n = s->nqueue;

	if (n >= WIRE_QUEUE || addr < 4096)
		return;
	s->queue[n & (WIRE_QUEUE - 1)] =
		(struct copy_job){tab, addr, len, what | level << JOB_LEVEL};
	s->nqueue = n + 1;
}

/* Where the bytes stand in the copies; 0: there is nothing. */
static __always_inline __u32 put_copy(struct scratch *s, __u64 addr, __u32 want)
{
	__u64 at = s->used, len = want;
	struct wire_copy *c;

	if (len > WIRE_COPY)
		len = WIRE_COPY;
	asm volatile("" : "+r"(at), "+r"(len)); /* the checks are to be on what is used */
	if (at > WIRE_COPIES || !len || len > WIRE_COPY)
		return 0;
	c = (void *)(s->copies + at);
	if (bpf_probe_read_user(c + 1, len, (const void *)addr)) {
		__u64 page = 4096 - (addr & 4095);

		if (page >= len)
			return 0;
		len = page & (WIRE_COPY - 1);
		asm volatile("" : "+r"(len));
		if (!len || len > WIRE_COPY || bpf_probe_read_user(c + 1, len, (const void *)addr))
			return 0;
	}
	c->addr = addr;
	c->len = len;
	c->_pad = 0;
	s->used = at + sizeof(*c) + ((len + 7) & ~7ULL);
	return at + sizeof(*c);
}

/* A word of what was copied. */
static __always_inline __u64 copied_word(const struct scratch *s, __u32 at, __u32 i)
{
	__u64 off = at + 8 * (__u64)i;

	asm volatile("" : "+r"(off));
	if (off > WIRE_COPIES)
		return 0;
	return *(const __u64 *)(s->copies + off);
}

/* An interface of which these are the words, unless they are something else. */
static __always_inline int push_iface(struct scratch *s, __u64 tab, __u64 data)
{
	struct shape shape;

	if (tab < 65536 || tab & 7 || s->level >= LEVEL_MAX || shape_of(tab, &shape))
		return 0;
	if (shape.itab)
		tell_itab(tab, 0);
	push(s, JOB_OBJECT, s->level + 1, tab, data, 0);
	return 1;
}

/* Word i of an object, if it is a pointer. */
static long scan_word(__u32 i, struct walk *w)
{
	struct scratch *s = w->s;
	__u64 v, next, len;
	__u32 last = i + 1 >= s->nwords;

	if (i > 63 || !(s->mask >> i & 1))
		return 0;
	v = copied_word(s, s->at, i);
	if (v < 4096)
		return 0;
	if (i && !(s->mask >> (i - 1) & 1) && push_iface(s, copied_word(s, s->at, i - 1), v))
		return 0;
	next = last ? 0 : copied_word(s, s->at, i + 1);
	if (last || s->mask >> ((i + 1) & 63) & 1 || next >> 32) {
		push(s, JOB_BYTES, s->level, 0, v, WIRE_POINTED);
		return 0;
	}
	len = next < WIRE_COPY ? next : WIRE_COPY;
	/* With a capacity behind it, it is a slice, of what nobody knows here. */
	if (i + 2 < s->nwords && !(s->mask >> ((i + 2) & 63) & 1) && len &&
	    copied_word(s, s->at, i + 2) >= next && len < SLICE_LEN)
		push(s, JOB_SLICE, s->level, 0, v, SLICE_LEN < 16 * len ? SLICE_LEN : 16 * len);
	else if (len)
		push(s, JOB_BYTES, s->level, 0, v, len);
	return 0;
}

static __always_inline void copy_object(struct scratch *s, const struct copy_job *j, struct walk *w)
{
	struct shape shape;

	if (shape_of(j->tab, &shape) || !shape.size)
		return;
	s->at = put_copy(s, j->addr, shape.size);
	if (!s->at)
		return;
	s->mask = shape.mask;
	s->nwords = shape.size / 8;
	if (shape.mask)
		bpf_loop(s->nwords, scan_word, w, 0);
}

static long copy_next(__u32 i, struct walk *w)
{
	struct scratch *s = w->s;
	__u32 n = s->next, at;
	struct copy_job j;

	if (n >= s->nqueue || n >= WIRE_QUEUE)
		return 1;
	j = s->queue[n & (WIRE_QUEUE - 1)];
	s->next = n + 1;
	s->level = j.what >> JOB_LEVEL;
	if ((j.what & JOB_KIND) == JOB_OBJECT) {
		copy_object(s, &j, w);
		return 0;
	}
	at = put_copy(s, j.addr, j.len);
	if (at && (j.what & JOB_KIND) == JOB_SLICE) {
		for (__u32 k = 0; k < 4; k++)
			if (16 * k < j.len)
				push_iface(s, copied_word(s, at, 2 * k),
					   copied_word(s, at, 2 * k + 1));
	}
	return 0;
}

static __always_inline void copy_begin(struct scratch *s)
{
	s->used = s->nqueue = s->next = 0;
}

/* A constant of the program: user space reads it itself. */
static __always_inline int is_const(__u64 addr, __u64 bias)
{
	return addr - (bias + cfg.p.ro) < cfg.p.ro_len;
}

/*
 * A value: what is simple at once, without what a loop costs. Returns whether there is more, in the
 * queue.
 */
static __always_inline int copy_simple(struct scratch *s, __u64 tab, __u64 data, __u64 bias)
{
	struct shape shape;
	__u64 ptr, len;

	if (is_const(data, bias) || shape_of(tab, &shape) || !shape.size)
		return 0;
	if (shape.mask > 1 || shape.size > 16) {
		push(s, JOB_OBJECT, 0, tab, data, 0);
		return 1;
	}
	s->at = put_copy(s, data, shape.size);
	if (!s->at || !shape.mask || shape.size != 16)
		return 0;
	ptr = copied_word(s, s->at, 0);
	len = copied_word(s, s->at, 1);
	if (ptr > 4096 && !is_const(ptr, bias))
		put_copy(s, ptr, len < WIRE_COPY ? len : WIRE_COPY);
	return 0;
}

/* All that waits in the queue, and what it leads to. Not static: verified once. */
__noinline int copy_all(struct scratch *s, __u32 jobs)
{
	struct walk w = {.s = s};

	if (!s)
		return 0;
	bpf_loop(jobs, copy_next, &w, 0);
	return 0;
}

/* An event and the copies behind it. */
static __always_inline void send_copies(struct scratch *s, struct wire_hdr *h, __u32 type,
					__u32 fixed)
{
	__u64 len = s->used;

	asm volatile("" : "+r"(len));
	if (len > WIRE_COPIES + sizeof(struct wire_copy) + WIRE_COPY)
		len = 0;
	send(h, type, fixed + len);
}

#endif
