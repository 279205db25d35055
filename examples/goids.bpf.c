/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hands on the goid of each goroutine that calls the probed function. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "goids.h"

/* The registers at an uprobe on x86-64, as far as they are used. */
struct regs {
	__u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax;
	__u64 rip, cs, flags, rsp;
};

/* Set by the loader before it loads: constants for the verifier, nothing to look up at run time. */
const volatile struct offsets at;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

SEC("uprobe")
int on_call(struct regs *regs)
{
	__u64 goid, g = regs->r14, old_g = regs->rcx;

	/* At a branch to morestack: the stack grows first, and the call comes here once more. */
	if (regs->flags & at.drop_flags)
		return 0;
	/* Go's ABI has it in r14; up to Go 1.16 the stack check has just loaded it into rcx. */
	barrier_var(old_g); /* or clang reads one place that it has chosen: verifiers refuse that */
	if (at.g_reg != 14)
		g = old_g;
	if (bpf_probe_read_user(&goid, sizeof(goid), (void *)(g + at.goid)))
		return 0;
	bpf_ringbuf_output(&events, &goid, sizeof(goid), 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
