/* SPDX-License-Identifier: BSD-2-Clause */
/* The stack of a goroutine that stands still: its return addresses, by frame pointers. */
#ifndef GOLIN_PROBES_STACK_H
#define GOLIN_PROBES_STACK_H

#include <stdbool.h>
#include <stdint.h>
#include "golin/probes.h"
#include "golin/record.h"

/* Where a goroutine stands, as its g says. */
struct stack_at {
	uint64_t lo, hi; /* its stack */
	uint64_t sp, pc, bp;
	bool syscall; /* left behind by entersyscall; bp 0: it was not noted */
};

struct stack_pcs {
	uint64_t v[GOLIN_STACK_MAX]; /* in the process; return addresses, the innermost first */
	uint32_t n;
	bool truncated;
};

/* 0, or -errno of a read: -EFAULT when the stack is not what it should be. */
int stack_walk(const struct golin_memory *m, const struct stack_at *at, struct stack_pcs *ret);

#endif
