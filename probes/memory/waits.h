/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a goroutine stands and on which channels it waits, read while the program runs. */
#ifndef GOLIN_PROBES_WAITS_H
#define GOLIN_PROBES_WAITS_H

#include "golin/probes.h"
#include "golin/record.h"
#include "memory/stack.h"

struct golin_err;

struct mem_wait {
	uint64_t chan;	   /* address of the runtime.hchan */
	uint64_t elemtype; /* address of the type; 0 not known */
	uint32_t elemsize;
	uint32_t how; /* enum golin_wait_how */
	uint64_t cap; /* of its buffer */
	bool timer;   /* Go 1.23+: it is a timer's */
	bool done;    /* for the reader's use: it is a context's, which is not known */
};

struct mem_waits {
	uint32_t flags; /* enum golin_waits_flags */
	struct stack_pcs stack;
	struct mem_wait v[GOLIN_WAITS_MAX];
	uint32_t n;
};

/*
 * The goroutine whose g is at that address, and what of *w is sure: it was parked on the same
 * things, at the same place, before and after. 0, -ENOENT: another goroutine lives there, or none.
 */
int mem_goroutine_waits(const struct golin_memory *m, uint64_t g, uint64_t goid,
			struct golin_mem_goroutine *ret, struct mem_waits *w,
			struct golin_err *err);
/*
 * The words of a parked goroutine's stack, from where it stands outwards, at most max; *ret_whole:
 * to its end. 0, -EAGAIN: it does not stand still, or a read's -errno.
 */
int mem_goroutine_stack(const struct golin_memory *m, uint64_t g, uint64_t goid, uint64_t *words,
			size_t max, size_t *ret_n, bool *ret_whole);

#endif
