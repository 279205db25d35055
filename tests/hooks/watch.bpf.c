/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* At each hit: the words that stand at the places that the site's specification names. */
#include <linux/bpf.h>
#include <asm/ptrace.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "watch.h"

struct thread_struct {
	unsigned long fsbase;
} __attribute__((preserve_access_index));

struct task_struct {
	struct thread_struct thread;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 32 << 20);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WATCH_SPECS);
	__type(key, __u32);
	__type(value, struct watch_spec);
} specs SEC(".maps");

__u64 lost = 0;

SEC("uprobe")
int watch(struct pt_regs *ctx)
{
	__u32 key = (__u32)bpf_get_attach_cookie(ctx);
	struct watch_spec *s = bpf_map_lookup_elem(&specs, &key);
	struct task_struct *t = (void *)bpf_get_current_task();
	__u64 r[32] = {};
	struct watch_hit *hit;

	if (!s || ctx->eflags & s->drop)
		return 0;
	hit = bpf_ringbuf_reserve(&ring, sizeof(*hit), 0);
	if (!hit) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	r[0] = ctx->rax;
	r[1] = ctx->rcx;
	r[2] = ctx->rdx;
	r[3] = ctx->rbx;
	r[4] = ctx->rsp;
	r[5] = ctx->rbp;
	r[6] = ctx->rsi;
	r[7] = ctx->rdi;
	r[8] = ctx->r8;
	r[9] = ctx->r9;
	r[10] = ctx->r10;
	r[11] = ctx->r11;
	r[12] = ctx->r12;
	r[13] = ctx->r13;
	r[14] = ctx->r14;
	r[15] = ctx->r15;
	r[WATCH_FS] = BPF_CORE_READ(t, thread.fsbase);
	hit->spec = key;
	hit->unread = 0;
	for (int i = 0; i < WATCH_PLACES; i++) {
		struct watch_place *p = &s->places[i];
		__u64 v = r[p->base & 31];

		hit->vals[i] = 0;
		if (i >= s->n)
			continue;
		for (int k = 0; k < WATCH_DEREFS; k++) {
			if (k >= p->nderef)
				break;
			if (bpf_probe_read_user(&v, sizeof(v), (void *)(v + p->off[k]))) {
				hit->unread |= 1u << i;
				break;
			}
		}
		hit->vals[i] = v + p->add;
	}
	bpf_ringbuf_submit(hit, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
