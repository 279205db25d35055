/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contexts that were there before golin came, as parked goroutines hold them: an interface value is
 * two words, an itab and an address, which stand side by side on a stack or in a closure. A word on
 * a stack may be left over from a call that has ended: who holds what is not sure. That it is a
 * context is: see ctx_is_sound().
 */
#ifndef GOLIN_PROBES_CONTEXT_STACKS_H
#define GOLIN_PROBES_CONTEXT_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/array.h"
#include "base/map64.h"
#include "bpf/wire.h"
#include "golin/probes.h"

struct golin_sink;
struct live;
struct mem_waits;

struct stack_context {
	uint64_t goid;
	struct wire_iface v;
};

/* What was found at the snapshot and is to be told. */
struct stack_contexts {
	ARRAY_OF(struct stack_context) found;
	size_t next;
	uint64_t ts, left_out; /* goroutines that were not looked at: there were too many */
	struct map64 coming;   /* contexts whose creation is in the ring: they tell of themselves */
};

void stack_contexts_reset(struct stack_contexts *s);
/* Looks at the stacks of goroutines that were read, those that are parked. */
void live_stack_contexts_read(struct live *l, const struct golin_mem_goroutine *v, size_t n);
/* Yields what was found, about `max` records; how many. 0: all is told. */
int live_stack_contexts_put(struct live *l, const struct golin_sink *sink, int max);
/* The contexts that one goroutine holds; how many. */
size_t live_stack_contexts_look(struct live *l, const struct golin_mem_goroutine *g,
				struct wire_iface *ret, size_t max);
/*
 * Marks the channels that are the Done of a context whose address stands on the stack, without the
 * word that would tell its kind.
 */
void live_stack_contexts_mark(struct live *l, const struct golin_mem_goroutine *g,
			      struct mem_waits *w);
/* Yields those that are not known; how many records. */
int live_stack_contexts_tell(struct live *l, const struct golin_sink *sink, uint64_t goid,
			     const struct wire_iface *v, size_t n, uint64_t ts);

#endif
